"""Runs saved searches: what is new or changed since it was last told, with the rights of this moment."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from corpora.columns import flatten
from matcher.calibrate import Level
from matcher.explain import Match
from matcher.filters import Filter
from matcher.records import Nature, Need, Record, Solution
from service.backend import Backend
from service.language import language
from service.notify import digest as digests
from service.notify.deliveries import send_later
from service.notify.digest import Digest, Item
from service.notify.messages import FEED, tell
from service.projection.search import MOST
from service.rights.viewer import Viewer
from service.security.identify import viewer_of
from service.store.audit import digest as digest_of
from service.store.records import RUNNING
from service.store.tables import RecordRow, SavedSearchRow, UserRow

LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class News:
    """What a run found: the digest, and what to remember once it is told."""

    digest: Digest
    seen: Mapping[str, str]


def run(held: Backend, search_id: str, *, at: datetime, tell_it: bool = True) -> Digest | None:
    """Run a saved search and tell what is new; None where there is nothing new, or nobody to be told.

    Of several workers that run it at once, one tells. With `tell_it` false nothing is told nor remembered.
    """
    held.follower.catch_up()
    with held.database.read() as session:
        search = session.get(SavedSearchRow, search_id)
        user = session.get(UserRow, search.user_id) if search is not None else None
        if search is None or user is None or not user.active:
            return None
        viewer, address, tongue = viewer_of(user), user.email, user.locale
    news = find(held, viewer, search)
    if not tell_it:
        return news.digest
    with held.database.write() as session:
        row = session.get(SavedSearchRow, search_id, with_for_update=True)
        if row is None or (row.version, row.last_run_at) != (search.version, search.last_run_at):
            return None  # another worker told it, or its owner changed it meanwhile
        row.last_run_at = at
        if not news.digest.items:
            return None
        row.seen = dict(news.seen)
        _hand_on(held, session, row, (address, tongue), news.digest, at)
    return news.digest


def find(held: Backend, viewer: Viewer, search: SavedSearchRow) -> News:
    """What there is to tell of a saved search now."""
    ended = _ended(held)
    visible = _visible(held, viewer, search.seen)
    unchanged = {id_ for id_, record in visible.items() if fingerprint(record) == search.seen[id_]}
    told_keys = {key for record in visible.values() for key in same_notice(record)}
    fresh: list[tuple[Item, list[str]]] = []
    places: dict[tuple[str, ...], int] = {}
    for match in _matches(held, viewer, search, frozenset(unchanged)):
        record = match.record
        if record.id in ended or _over(record, held) or viewer.owns(_owner(held, record)):
            continue
        keys = same_notice(record)
        place = next((places[key] for key in keys if key in places), None)
        changed = record.id in search.seen or not told_keys.isdisjoint(keys)
        item = Item(record, "changed" if changed else "new", match.level.value if match.level else None)
        if place is None:
            place = len(fresh)
            fresh.append((item, [record.id]))
        else:
            known, ids = fresh[place]
            fresh[place] = (item if _newer(record, known.record) else known, [*ids, record.id])
        places |= dict.fromkeys(keys, place)
    shown = fresh[: search.max_items]
    seen = {id_: mark for id_, mark in search.seen.items() if id_ in held.catalogue.entries}
    for _, ids in shown:
        for id_ in ids:
            entry = held.catalogue.get(id_)
            record_now = entry.to_viewer(viewer, held.today) if entry is not None else None
            if record_now is not None:
                seen[id_] = fingerprint(record_now)
    return News(Digest(search.id, search.name, tuple(i for i, _ in shown), len(fresh) - len(shown)), seen)


def fingerprint(record: Record) -> str:
    """A digest of everything that is seen of a record, so that a change is told and nothing else is.

    >>> fingerprint(Need(id="1", title="Vests")) == fingerprint(Need(id="2", title="Vests"))
    True
    """
    return digest_of({name: value for name, value in flatten(record).items() if name != "id"})[:16]


def same_notice(record: Record) -> list[tuple[str, ...]]:
    """What two versions of one notice have in common, as far as the reader sees it; any one of these will do.

    >>> one = Need(id="1", title="Vests ", extra={"procedure_id": "P-7"})
    >>> two = Need(id="2", title="Vests, changed", extra={"procedure_id": "P-7"})
    >>> set(same_notice(one)) & set(same_notice(two))
    {('procedure_id', 'P-7')}
    """
    keys: list[tuple[str, ...]] = [
        (name, record.extra[name]) for name in ("procedure_id", "ocid") if record.extra.get(name)
    ]
    title = " ".join(record.title.casefold().split())
    if record.url:
        keys.append(("url", record.url, title))
    owner = record.organisation if isinstance(record, Need) else record.vendor
    words = " ".join(record.text.casefold().split())
    keys.append(("text", record.country or "", owner, sha256(words.encode()).hexdigest()))
    return keys


def unsubscribe_token(secret: str, search_id: str) -> str:
    """The token in the links of a saved search's e-mails; it needs the search's secret, and lasts as long."""
    return hmac.new(secret.encode(), f"unsubscribe:{search_id}".encode(), sha256).hexdigest()


def filter_of(filters: Mapping[str, Any]) -> Filter:
    """The filter of a saved search.

    >>> filter_of({"countries": ["FR"], "trl_min": 6}).countries
    ('FR',)
    """
    return Filter(
        countries=tuple(filters.get("countries", ())),
        languages=tuple(filters.get("languages", ())),
        cpv=tuple(filters.get("cpv", ())),
        nature=Nature(filters["nature"]) if filters.get("nature") else None,
        trl_min=filters.get("trl_min"),
    )


# -- inside ---------------------------------------------------------------------------------------


def _matches(held: Backend, viewer: Viewer, search: SavedSearchRow, exclude: frozenset[str]) -> list[Match]:
    """What matches, best first; nothing where the record it goes by is not there for the viewer any more."""
    where = replace(filter_of(search.filters), exclude=exclude)
    asked: Record | str
    if search.example_id:
        entry = held.catalogue.get(search.example_id)
        shown = entry.to_viewer(viewer, held.today) if entry is not None else None
        if shown is None:
            return []
        asked = shown
    else:
        asked = search.query_text
    if search.searched == "needs":
        if isinstance(asked, Need):
            found = held.searches.similar(viewer, asked, MOST, where)
        else:
            found = held.searches.needs(viewer, asked, MOST, where, search.language)
    else:
        need = asked if isinstance(asked, Need) else _as_need(asked, search.language)
        found = held.searches.solutions(viewer, need, MOST, where)
    least = LEVELS.index(Level(search.min_level))
    return [m for m in found.items if m.level is None or LEVELS.index(m.level) <= least]


def _as_need(asked: Solution | str, language: str | None) -> Need:
    text = asked if isinstance(asked, str) else asked.text
    return Need(id="", title=text, language=language)


def _visible(held: Backend, viewer: Viewer, ids: Iterable[str]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for id_ in ids:
        entry = held.catalogue.get(id_)
        record = entry.to_viewer(viewer, held.today) if entry is not None else None
        if record is not None:
            found[id_] = record
    return found


def _ended(held: Backend) -> frozenset[str]:
    """Ids of records whose time is over, though the clock has not ended them yet."""
    over = select(RecordRow.id).where(RecordRow.expires_at <= held.clock(), RecordRow.status.in_(RUNNING))
    with held.database.read() as session:
        return frozenset(session.scalars(over))


def _over(record: Record, held: Backend) -> bool:
    """Whether nobody can answer it any more."""
    entry = held.catalogue.get(record.id)
    if entry is None or not entry.matched:
        return True
    return isinstance(record, Need) and record.window_end is not None and record.window_end < held.today


def _owner(held: Backend, record: Record) -> str:
    entry = held.catalogue.get(record.id)
    return entry.organisation_id if entry is not None else ""


def _newer(one: Record, other: Record) -> bool:
    """Whether a record is a later version of a notice than another."""
    return _version(one) > _version(other)


def _version(record: Record) -> tuple[str, int, str, str]:
    number = record.extra.get("notice_version", "")
    return (
        record.extra.get("published", ""),
        int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0,
        number,
        record.id,
    )


def _hand_on(
    held: Backend, session: Session, row: SavedSearchRow, to: tuple[str, str], digest: Digest, at: datetime
) -> None:
    """Tell a digest over the channel of its search; `to` are the address and the language of its owner."""
    address, tongue = to
    base = digests.public_url(held.settings)
    if row.channel in ("inbox", "feed"):
        kind = FEED if row.channel == "feed" else "digest"
        tell(session, [row.user_id], kind, digest.subject, digest.kept(), at=at, saved_search_id=row.id)
        return
    way_out = f"{base}/api/v1/unsubscribe/{unsubscribe_token(row.secret, row.id)}"
    if row.channel == "email":
        spoken = language(tongue)
        say = spoken.say
        payload: dict[str, Any] = {
            "subject": say(digest.subject),
            "text": digests.as_text(digest, base, way_out, say),
            "html": digests.as_html(digest, base, way_out, say, spoken.code),
            "unsubscribe": way_out,
        }
        send_later(session, "email", address, payload, saved_search_id=row.id, at=at)
        return
    payload = {
        "type": "digest",
        "saved_search": {"id": row.id, "name": row.name},
        "at": at.isoformat().replace("+00:00", "Z"),
        "items": digests.as_json(base, digest.items),
        "waiting": digest.waiting,
        "unsubscribe": way_out,
    }
    send_later(session, "webhook", row.target, payload, secret=row.secret, saved_search_id=row.id, at=at)
