"""Exports: exactly what their user may see at the moment they are made, masked as everywhere."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from corpora.formats import write_records
from matcher.errors import InputError, SettingInvalid
from matcher.filters import Filter
from matcher.phrases import phrase
from matcher.records import Kind, Need, Record, Solution
from service import plain
from service.backend import Backend
from service.confidentiality.audience import Audience
from service.jobs import queue
from service.jobs.digests import filter_of
from service.jobs.formats import MEDIA_TYPES, TABLES, file_name
from service.jobs.queue import Upload
from service.jobs.sheets import Row, write_rows
from service.jobs.work import Work
from service.problems import Problem, forbidden
from service.projection.views import Cooperation, everybody
from service.records.noting import Sightings
from service.rights.policy import Permission, may
from service.rights.viewer import Viewer
from service.schemas.jobs import What
from service.store import audit
from service.store.tables import FeedbackRow

KIND = "export"
MATCHES_EACH = 10
"""Results of each own record in an export of matches."""
PATIENCE = 10
"""Times that the candidates are asked for while they are being computed."""


EVERYTHING = Filter()
RECORDS: Mapping[What, Kind] = {What.NEEDS: Kind.NEED, What.SOLUTIONS: Kind.SOLUTION}
NEEDED: Mapping[What, frozenset[Permission]] = {
    What.NEEDS: frozenset({Permission.READ_NEEDS}),
    What.SOLUTIONS: frozenset({Permission.READ_SOLUTIONS}),
    What.MATCHES: frozenset({Permission.MATCH, Permission.DEMAND}),
    What.FEEDBACK: frozenset({Permission.FEEDBACK}),
    What.CANDIDATES: frozenset({Permission.READ_CANDIDATES}),
}
"""Permissions of which one is needed beside EXPORT."""
COLUMNS: Mapping[What, tuple[str, ...]] = {
    What.MATCHES: (
        "query_kind", "query_id", "query_title", "rank", "id", "title", "country", "owner", "level",
        "probability", "score", "matched", "gaps", "model_version",
    ),
    What.FEEDBACK: (
        "id", "subject", "query_id", "document_id", "verdict", "reason", "comment", "role", "rank_shown",
        "score_shown", "model_version", "at", "undone_at",
    ),
    What.CANDIDATES: (
        "id", "title", "level", "score", "rank_score", "completeness", "members", "countries", "observers",
        "declined", "value_eur", "values_missing", "value_eur_min", "value_eur_max", "factors", "gates",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants exported."""

    what: What
    format: str
    where: Filter = EVERYTHING
    own: bool = False
    """Only what belongs to one's own organisation."""


def wish_of(options: Mapping[str, Any]) -> Wish:
    """The wish that the options of a job hold."""
    filters = options.get("filters") or {}
    return Wish(What(options["what"]), options["format"], filter_of(filters), bool(options.get("own")))


def check(wish: Wish, viewer: Viewer) -> None:
    """Raises `Problem` (403) without the right, and `SettingInvalid` for what a format cannot hold."""
    if not any(may(viewer.role, permission) for permission in NEEDED[wish.what]):
        raise forbidden(phrase("Your role may not export {what}.", what=wish.what.value))
    known = TABLES + (("ocds",) if wish.what is What.NEEDS else ())
    if wish.format not in known:
        raise SettingInvalid(
            phrase(
                "{what} are not written as {format}. Known formats: {known}.",
                what=wish.what.value,
                format=repr(wish.format),
                known=", ".join(known),
            )
        )


def run(work: Work) -> None:
    """Make the file of an export job."""
    held, wish = work.backend, wish_of(work.options)
    viewer = work.viewer(Permission.EXPORT)
    check(wish, viewer)
    held.follower.catch_up()
    with TemporaryDirectory(prefix="needmatch-") as folder:
        name = file_name(wish.what.value, wish.format)
        path = Path(folder) / name
        seen = Sightings(held, viewer)
        rows = write(held, viewer, wish, path, seen, work)
        work.check()
        with held.database.write() as session, path.open("rb") as file:
            queue.hold(session, work.lease)
            size = queue.put_file(
                session, work.lease.job_id, Upload(name, MEDIA_TYPES[wish.format], file), made=True
            )
            note(session, viewer, wish, rows, seen)
            result = {
                "what": wish.what.value,
                "format": wish.format,
                "rows": rows,
                "bytes": size,
                "file": name,
            }
            queue.finish(session, work.lease, result, held.clock())


def write(
    held: Backend, viewer: Viewer, wish: Wish, path: Path, seen: Sightings, work: Work | None = None
) -> int:
    """Write what a viewer wishes for into a file; returns how many rows. `seen` takes in what they show."""
    if wish.what in RECORDS:
        records: Iterable[Record] = _watched(visible(held, viewer, RECORDS[wish.what], wish), seen)
        if work is not None:
            records = _stepping(records, work)
        return write_records(records, path, wish.format)
    rows = {What.MATCHES: _matches, What.FEEDBACK: _feedback, What.CANDIDATES: _candidates}[wish.what]
    found: Iterable[Row] = rows(held, viewer, wish, seen)
    if work is not None:
        found = _stepping(found, work)
    return write_rows(COLUMNS[wish.what], found, path, wish.format)


def note(session: Session, viewer: Viewer, wish: Wish, rows: int, seen: Sightings) -> None:
    """An export is in the audit log, with how much went out, and which restricted records of others."""
    seen.write(session, "export")
    audit.record(
        session,
        action=f"{wish.what.value}.export",
        viewer=viewer,
        kind=wish.what.value,
        reason=f"{rows} rows as {wish.format}",
    )


def visible(held: Backend, viewer: Viewer, kind: Kind, wish: Wish) -> Iterator[Record]:
    """The records of a kind that a viewer may see, as the viewer sees them, by id.

    Of others those that are matched; of one's own organisation all, drafts and ended ones included.
    """
    catalogue, day = held.catalogue, held.today
    with catalogue.changing:
        ids = sorted(id_ for id_, entry in catalogue.entries.items() if entry.kind is kind)
    for id_ in ids:
        entry = catalogue.get(id_, kind)
        if entry is None:
            continue  # gone meanwhile
        own = viewer.owns(entry.organisation_id)
        if not own and (wish.own or not entry.matched):
            continue
        record = entry.to_viewer(viewer, day)
        if record is not None and not wish.where.why_not(record):
            yield record


def _watched(records: Iterable[Record], seen: Sightings) -> Iterator[Record]:
    for record in records:
        seen.add(record)
        yield record


def _matches(held: Backend, viewer: Viewer, wish: Wish, seen: Sightings) -> Iterator[Row]:
    model = held.versions.get("model", "")
    asked: list[Record] = []
    if may(viewer.role, Permission.MATCH):
        asked += visible(held, viewer, Kind.NEED, Wish(What.NEEDS, wish.format, own=True))
    if may(viewer.role, Permission.DEMAND):
        asked += visible(held, viewer, Kind.SOLUTION, Wish(What.SOLUTIONS, wish.format, own=True))
    for query in asked:
        entry = held.catalogue.get(query.id)
        if entry is None or not entry.matched:
            continue
        if isinstance(query, Need):
            found = held.searches.solutions(viewer, query, MATCHES_EACH, wish.where)
        else:
            found = held.searches.needs(viewer, query, MATCHES_EACH, wish.where)
        for match in found.items:
            record = match.record
            seen.add(record)
            yield {
                "query_kind": query.kind.value,
                "query_id": query.id,
                "query_title": query.title,
                "rank": match.rank,
                "id": record.id,
                "title": record.title,
                "country": record.country,
                "owner": record.vendor if isinstance(record, Solution) else record.organisation,
                "level": match.level.value if match.level else None,
                "probability": plain.plain(match.probability),
                "score": plain.plain(match.score),
                "matched": list(match.explanation.reasons),
                "gaps": list(match.explanation.gaps),
                "model_version": model,
            }


def _feedback(held: Backend, viewer: Viewer, _: Wish, __: Sightings) -> Iterator[Row]:
    """One's own words, the latest last; those of colleagues are theirs."""
    with held.database.read() as session:
        rows = session.scalars(
            select(FeedbackRow)
            .where(FeedbackRow.user_id == viewer.user_id)
            .order_by(FeedbackRow.at, FeedbackRow.id)
        ).all()
    for row in rows:
        found = {column: getattr(row, column) for column in COLUMNS[What.FEEDBACK]}
        yield found | {name: _moment(found[name]) for name in ("at", "undone_at")}


def _candidates(held: Backend, viewer: Viewer, _: Wish, seen: Sightings) -> Iterator[Row]:
    """The candidates of one's audience, best first."""
    shown = _cooperation(held, Audience(viewer.open_to.value))
    for candidate in shown.candidates:
        score, totals = candidate.score, candidate.totals
        for need in everybody(candidate):
            seen.add(need)
        yield {
            "id": candidate.id,
            "title": candidate.label.title if candidate.label else candidate.medoid.title,
            "level": score.level.value,
            "score": plain.plain(score.total),
            "rank_score": plain.plain(score.rank),
            "completeness": plain.plain(score.completeness),
            "members": [need.id for need in candidate.members],
            "countries": list(candidate.countries),
            "observers": [need.id for need in candidate.observers],
            "declined": [need.id for need in candidate.declined],
            "value_eur": totals.value_eur,
            "values_missing": totals.values_missing,
            "value_eur_min": totals.value_min_eur,
            "value_eur_max": totals.value_max_eur,
            "factors": plain.plain(score.factors),
            "gates": plain.plain(candidate.gates),
        }


def _cooperation(held: Backend, audience: Audience) -> Cooperation:
    """The candidates; a job has more patience than a request."""
    for _ in range(PATIENCE):
        try:
            return held.views.cooperation(audience, held.today)
        except Problem as problem:
            if problem.status != 503:
                raise
    raise InputError(
        phrase("The candidates could not be computed in time. Ask again when less is being changed.")
    )


def _moment(value: Any) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value is not None else None


def _stepping(items: Iterable[Any], work: Work) -> Iterator[Any]:
    for number, item in enumerate(items):
        work.step(number)
        yield item
