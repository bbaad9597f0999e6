"""The inbox, feeds, and the way out of e-mails."""

from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.access import BackendIn, require
from service.backend import Backend
from service.jobs.digests import unsubscribe_token
from service.language import DEFAULT, Language, language
from service.notify.digest import as_json, public_url, read_again
from service.notify.feeds import ENTRIES, MEDIA_TYPE, FeedEntry, feed
from service.notify.messages import FEED, subject_of
from service.paging import PagingIn
from service.problems import not_found
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.latest import older
from service.schemas.forms import Key, Page
from service.schemas.inbox import MessageOut
from service.security.identify import viewer_of
from service.security.tokens import digest
from service.store import audit
from service.store.tables import MessageRow, SavedSearchRow, UserRow

router = APIRouter(tags=["inbox"])
PAGE_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""The page needs nothing but its one form."""
STOPPED = phrase("These e-mails are stopped.")


@router.get("/inbox", response_model=Page[MessageOut])
def inbox(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.ACCOUNT),
    unread: Annotated[bool, Query(description="Only what was not read yet.")] = False,
) -> Page[MessageOut]:
    """One's messages, the latest first. Records in digests are shown as you may see them now."""
    asked = select(MessageRow).where(MessageRow.user_id == viewer.user_id, MessageRow.kind != FEED)
    if unread:
        asked = asked.where(MessageRow.read_at.is_(None))
    if (rest := older(paging, MessageRow.at, MessageRow.id)) is not None:
        asked = asked.where(rest)
    with held.database.read() as session:
        rows = session.scalars(
            asked.order_by(MessageRow.at.desc(), MessageRow.id.desc()).limit(paging.limit + 1)
        ).all()
    shown, following = paging.cut(rows, lambda row: [row.at.isoformat(), row.id])
    return Page(items=[_out(held, viewer, row) for row in shown], next=following)


@router.post("/inbox/{message_id}/read", response_model=MessageOut)
def read(message_id: Key, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)) -> MessageOut:
    """Mark a message as read; one that was stays so."""
    with held.database.write() as session:
        row = session.get(MessageRow, message_id)
        if row is None or row.user_id != viewer.user_id or row.kind == FEED:
            raise not_found("message", message_id)
        if row.read_at is None:
            row.read_at = held.clock()
    return _out(held, viewer, row)


@router.get("/feeds/{token}.atom", responses={200: {"content": {"application/atom+xml": {}}}})
def atom(token: Key, held: BackendIn) -> Response:
    """The Atom feed of a saved search, for those who know its address; with its owner's rights now."""
    with held.database.read() as session:
        search = session.scalars(
            select(SavedSearchRow).where(SavedSearchRow.feed_digest == digest(token))
        ).one_or_none()
        user = session.get(UserRow, search.user_id) if search is not None else None
        if search is None or user is None or not user.active or not search.active:
            raise not_found("feed", "…")
        rows = session.scalars(
            select(MessageRow)
            .where(MessageRow.saved_search_id == search.id, MessageRow.kind == FEED)
            .order_by(MessageRow.at.desc(), MessageRow.id.desc())
            .limit(ENTRIES)
        ).all()
        viewer = viewer_of(user)
    entries = [
        FeedEntry(row.id, row.at, item)
        for row in rows
        for item in read_again(held.catalogue, viewer, held.today, row.body)
    ]
    base = public_url(held.settings)
    content = feed(
        search_id=search.id,
        name=search.name,
        address=f"{base}/api/v1/feeds/{token}.atom",
        public_url=base,
        entries=entries,
        since=search.created_at,
        # in English as it always was
        say=str if viewer.locale == DEFAULT else language(viewer.locale).say,
    )
    return Response(content, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, no-store"})


@router.get("/unsubscribe/{token}", response_class=HTMLResponse)
def ask(token: Key, held: BackendIn) -> HTMLResponse:
    """A page with one button. Programs that look into e-mails follow links, so that this changes nothing."""
    with held.database.read() as session:
        search = _subscribed(session, token)
        name, active, spoken = search.name, search.active, _spoken(session, search)
    button = escape(spoken.say(phrase("Stop them")))
    form = f'<form method="post"><button type="submit">{button}</button></form>' if active else ""
    heading = phrase("Stop these e-mails?") if active else STOPPED
    return _page(spoken, heading, f"<p>{escape(name)}</p>{form}")


@router.post("/unsubscribe/{token}", response_class=HTMLResponse)
def unsubscribe(token: Key, held: BackendIn) -> HTMLResponse:
    """End a saved search, without signing in: one click (RFC 8058)."""
    with held.database.write() as session:
        search = _subscribed(session, token)
        if search.active:
            search.active = False
            search.version += 1
            search.updated_at = held.clock()
            owner = Viewer(user_id=search.user_id)
            audit.record(
                session, action="saved_search.unsubscribe", viewer=owner, kind="saved_search", id=search.id
            )
        name, spoken = search.name, _spoken(session, search)
    return _page(spoken, STOPPED, f"<p>{escape(name)}</p>")


def _subscribed(session: Session, token: str) -> SavedSearchRow:
    search = session.scalars(
        select(SavedSearchRow).where(SavedSearchRow.unsubscribe_digest == digest(token))
    ).one_or_none()
    if search is None or unsubscribe_token(search.secret, search.id) != token:
        raise not_found("subscription", "…")
    return search


def _spoken(session: Session, search: SavedSearchRow) -> Language:
    """The language of whose search it is."""
    user = session.get(UserRow, search.user_id)
    return language(user.locale if user is not None else DEFAULT)


def _out(held: Backend, viewer: Viewer, row: MessageRow) -> MessageOut:
    body: dict[str, Any] = dict(row.body)
    if row.kind == "digest":
        items = read_again(held.catalogue, viewer, held.today, body)
        body["items"] = as_json(public_url(held.settings), items)
    return MessageOut(
        id=row.id,
        kind=row.kind,
        subject=subject_of(row),
        body=body,
        at=row.at,
        read_at=row.read_at,
        saved_search_id=row.saved_search_id,
    )


def _page(spoken: Language, heading: str, content: str) -> HTMLResponse:
    said = escape(spoken.say(heading))
    page = (
        f'<!DOCTYPE html><html lang="{spoken.code}"><head><meta charset="utf-8"><title>{said}</title></head>'
        f"<body><main><h1>{said}</h1>{content}</main></body></html>"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"})
