"""Saved searches: run again by the clock, and told of what is new or changed."""

from ipaddress import ip_address
from secrets import token_urlsafe
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.calibrate import Level
from matcher.phrases import phrase
from matcher.records import EU_LANGUAGES, Kind
from service.access import BackendIn, require
from service.backend import Backend
from service.jobs import digests
from service.notify.deliveries import state_of
from service.notify.digest import as_json, public_url
from service.notify.webhooks import private, target_of
from service.paging import PagingIn
from service.problems import conflict, invalid, not_found, told
from service.records.noting import noted
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.exports import as_options
from service.routes.latest import older
from service.schemas.forms import Key, Page
from service.schemas.jobs import Filters
from service.schemas.saved_searches import (
    DeliveryOut,
    DigestOut,
    SavedSearchIn,
    SavedSearchOut,
    SavedSearchPatch,
)
from service.security.tokens import digest
from service.store import audit
from service.store.tables import DeliveryRow, SavedSearchRow, new_id
from service.versions import IfMatch, tag, unchanged

router = APIRouter(prefix="/saved-searches", tags=["saved searches"])
MOST = 100
"""Saved searches of one user."""


@router.post("", status_code=201, response_model=SavedSearchOut)
def create(
    given: SavedSearchIn,
    held: BackendIn,
    response: Response,
    viewer: Viewer = require(Permission.SAVE_SEARCHES),
) -> SavedSearchOut:
    """Save a search. A webhook's secret and a feed's address are in this answer only."""
    search_id, secret = new_id(), token_urlsafe(32)
    example = _example(held, viewer, given.searched, given.example_id)
    at = held.clock()
    row = SavedSearchRow(
        id=search_id,
        user_id=viewer.user_id,
        name=given.name,
        searched=given.searched,
        query_text=given.query_text.strip(),
        language=_language(given.language),
        example_id=example,
        filters=as_options(given.filters),
        min_level=given.min_level.value,
        frequency=given.frequency,
        max_items=given.max_items,
        channel=given.channel,
        target=_target(held, given.channel, given.target),
        secret=secret,
        unsubscribe_digest=digest(digests.unsubscribe_token(secret, search_id)),
        active=True,
        expires_at=given.expires_at,
        seen={},
        version=1,
        created_at=at,
        updated_at=at,
    )
    feed = _feed(row)
    with held.database.write() as session:
        number = session.scalar(
            select(func.count()).select_from(SavedSearchRow).where(SavedSearchRow.user_id == viewer.user_id)
        )
        if (number or 0) >= MOST:
            raise conflict(
                phrase(
                    "There are {number} saved searches, the most a user can have. Delete one first.",
                    number=number,
                )
            )
        session.add(row)
        session.flush()
        audit.record(session, action="saved_search.create", viewer=viewer, kind="saved_search", id=row.id)
        found = _out(held, session, row, secret=secret if given.channel == "webhook" else None, feed=feed)
    response.headers["Location"] = f"/api/v1/saved-searches/{search_id}"
    response.headers["Cache-Control"] = "no-store"
    tag(response, row.version)
    return found


@router.get("", response_model=Page[SavedSearchOut])
def mine(
    held: BackendIn, paging: PagingIn, viewer: Viewer = require(Permission.SAVE_SEARCHES)
) -> Page[SavedSearchOut]:
    """One's saved searches, the latest first."""
    asked = select(SavedSearchRow).where(SavedSearchRow.user_id == viewer.user_id)
    if (rest := older(paging, SavedSearchRow.created_at, SavedSearchRow.id)) is not None:
        asked = asked.where(rest)
    asked = asked.order_by(SavedSearchRow.created_at.desc(), SavedSearchRow.id.desc()).limit(paging.limit + 1)
    with held.database.read() as session:
        rows = session.scalars(asked).all()
        shown, following = paging.cut(rows, lambda row: [row.created_at.isoformat(), row.id])
        return Page(items=[_out(held, session, row) for row in shown], next=following)


@router.get("/{search_id}", response_model=SavedSearchOut)
def one(
    search_id: Key, held: BackendIn, response: Response, viewer: Viewer = require(Permission.SAVE_SEARCHES)
) -> SavedSearchOut:
    """A saved search, when it last ran, and where its last digest is."""
    with held.database.read() as session:
        row = _own(session, viewer, search_id)
        tag(response, row.version)
        return _out(held, session, row)


@router.patch("/{search_id}", response_model=SavedSearchOut)
def change(
    search_id: Key,
    given: SavedSearchPatch,
    held: BackendIn,
    response: Response,
    if_match: IfMatch = None,
    viewer: Viewer = require(Permission.SAVE_SEARCHES),
) -> SavedSearchOut:
    """Change a saved search; what is left out stays. Asking for something else begins anew what was told."""
    with held.database.write() as session:
        row = _own(session, viewer, search_id, for_update=True)
        unchanged(if_match, row.version)
        named = given.model_fields_set
        asked_before = _asked(row)
        for name in ("name", "query_text", "frequency", "max_items", "active"):
            if name in named:
                _set(row, name, getattr(given, name))
        if "language" in named:
            row.language = _language(given.language)
        if "expires_at" in named:
            row.expires_at = given.expires_at
        if "example_id" in named:
            row.example_id = _example(held, viewer, row.searched, given.example_id)
        if given.min_level is not None:
            row.min_level = given.min_level.value
        if given.filters is not None:
            row.filters = as_options(given.filters)
        if bool(row.query_text.strip()) == (row.example_id is not None):
            raise invalid(
                "/query_text", phrase("Give query_text or example_id, one of the two; empty the other.")
            )
        secret, feed = _send_by(held, row, given)
        if _asked(row) != asked_before:
            row.seen, row.last_run_at = {}, None
        row.version += 1
        row.updated_at = held.clock()
        session.flush()
        audit.record(session, action="saved_search.change", viewer=viewer, kind="saved_search", id=row.id)
        tag(response, row.version)
        return _out(held, session, row, secret=secret, feed=feed)


@router.delete("/{search_id}", status_code=204)
def delete(
    search_id: Key,
    held: BackendIn,
    if_match: IfMatch = None,
    viewer: Viewer = require(Permission.SAVE_SEARCHES),
) -> None:
    """Delete a saved search, with what it told."""
    with held.database.write() as session:
        row = _own(session, viewer, search_id, for_update=True)
        unchanged(if_match, row.version)
        session.delete(row)
        audit.record(session, action="saved_search.delete", viewer=viewer, kind="saved_search", id=search_id)


@router.post("/{search_id}/run", response_model=DigestOut)
def run(
    search_id: Key,
    held: BackendIn,
    viewer: Viewer = require(Permission.SAVE_SEARCHES),
    preview: Annotated[bool, Query(description="Only show what a run would tell; nothing is sent.")] = False,
) -> DigestOut:
    """Run a saved search now, as the clock would: what is new is sent by its channel, and shown here."""
    with held.database.read() as session:
        row = _own(session, viewer, search_id)
    if not preview and not row.active:
        raise conflict(
            phrase("The saved search is not active. Set active to true first, or ask for a preview.")
        )
    found = digests.run(held, search_id, at=held.clock(), tell_it=not preview)
    if found is None:
        return DigestOut(items=[], waiting=0, told=False)
    noted(held, viewer, "saved_search", (item.record for item in found.items))
    items: list[Any] = as_json(public_url(held.settings), found.items)
    return DigestOut(items=items, waiting=found.waiting, told=not preview)


# -- inside ---------------------------------------------------------------------------------------


def _own(session: Session, viewer: Viewer, search_id: str, *, for_update: bool = False) -> SavedSearchRow:
    row = session.get(SavedSearchRow, search_id, with_for_update=True if for_update else None)
    if row is None or row.user_id != viewer.user_id:
        raise not_found("saved search", search_id)
    return row


def _asked(row: SavedSearchRow) -> tuple[Any, ...]:
    """What makes it another search; how and how often it is told does not."""
    return row.query_text, row.language, row.example_id, row.filters


def _set(row: SavedSearchRow, name: str, value: Any) -> None:
    if value is None and name != "query_text":
        raise invalid(f"/{name}", phrase("This cannot be empty; leave it out to keep what is there."))
    setattr(row, name, (value or "").strip() if name == "query_text" else value)


def _example(held: Backend, viewer: Viewer, searched: str, example_id: str | None) -> str | None:
    """The id of a record that a search may go by. Raises 422 for what is not there to see."""
    if example_id is None:
        return None
    entry = held.catalogue.get(example_id)
    if entry is None or entry.to_viewer(viewer, held.today) is None:
        raise invalid("/example_id", phrase("No record with this id is there for you to see."))
    if entry.kind is Kind.SOLUTION and searched == "solutions":
        raise invalid("/example_id", phrase("Solutions are searched by a need or a text, not by a solution."))
    return example_id


def _language(given: str | None) -> str | None:
    if given is not None and given not in EU_LANGUAGES:
        raise invalid(
            "/language", phrase("{given!r} is none of {known}.", given=given, known=", ".join(EU_LANGUAGES))
        )
    return given


def _target(held: Backend, channel: str, target: str) -> str:
    if channel != "webhook":
        if target:
            raise invalid("/target", phrase("Only a webhook has a target; e-mails go to your own address."))
        return ""
    try:
        host = target_of(target).host
    except ValueError as error:
        raise invalid("/target", told(error)) from None
    if len(target) > 1_000:
        raise invalid("/target", phrase("The address has more than 1,000 characters."))
    try:
        inside = private(ip_address(host))
    except ValueError:
        inside = False  # a name is resolved and looked at each time something is sent
    if inside and not held.settings.webhook_private:
        raise invalid("/target", phrase("The address is in a private network, which is not allowed here."))
    return target


def _send_by(held: Backend, row: SavedSearchRow, given: SavedSearchPatch) -> tuple[str | None, str | None]:
    """Change how a search is told; returns a new secret and a new feed's token, where there are any."""
    if given.channel is None and "target" not in given.model_fields_set:
        return None, None
    channel = given.channel or row.channel
    target = given.target if "target" in given.model_fields_set else row.target
    row.target = _target(held, channel, (target or "") if channel == "webhook" else given.target or "")
    row.channel = channel
    if given.channel is None:
        return None, None
    if channel == "webhook":
        row.secret = token_urlsafe(32)
        row.unsubscribe_digest = digest(digests.unsubscribe_token(row.secret, row.id))
    return row.secret if channel == "webhook" else None, _feed(row)


def _feed(row: SavedSearchRow) -> str | None:
    """A new address of a feed; the old one ends."""
    row.feed_digest = None
    if row.channel != "feed":
        return None
    token = token_urlsafe(32)
    row.feed_digest = digest(token)
    return token


def _out(
    held: Backend,
    session: Session,
    row: SavedSearchRow,
    *,
    secret: str | None = None,
    feed: str | None = None,
) -> SavedSearchOut:
    last = session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.saved_search_id == row.id)
        .order_by(DeliveryRow.created_at.desc(), DeliveryRow.id.desc())
        .limit(1)
    ).one_or_none()
    base = public_url(held.settings)
    return SavedSearchOut(
        id=row.id,
        version=row.version,
        name=row.name,
        searched=row.searched,  # type: ignore[arg-type]  # checked when it was saved
        query_text=row.query_text,
        language=row.language,
        example_id=row.example_id,
        filters=Filters(**row.filters),
        min_level=Level(row.min_level),
        frequency=row.frequency,  # type: ignore[arg-type]
        max_items=row.max_items,
        channel=row.channel,  # type: ignore[arg-type]
        target=row.target,
        active=row.active,
        expires_at=row.expires_at,
        last_run_at=row.last_run_at,
        told=len(row.seen),
        last_delivery=_delivery(last),
        created_at=row.created_at,
        secret=secret,
        feed_url=f"{base}/api/v1/feeds/{feed}.atom" if feed else None,
    )


def _delivery(row: DeliveryRow | None) -> DeliveryOut | None:
    if row is None:
        return None
    return DeliveryOut(
        state=state_of(row),  # type: ignore[arg-type]  # one of the three
        attempts=row.attempts,
        next_at=row.next_at if row.done_at is None else None,
        error=row.error,
    )
