"""One's own account, and all accounts for administrators."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.access import BackendIn, require
from service.paging import PagingIn
from service.problems import Problem, forbidden, invalid, not_found, unauthenticated
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.schemas.accounts import (
    MeOut,
    MePatch,
    PasswordIn,
    PersonalData,
    UserIn,
    UserOut,
    UserPatch,
    me_out,
    user_out,
)
from service.schemas.forms import Key, Page
from service.security import accounts, identify, passwords, sessions
from service.store import audit, retention
from service.store.tables import SessionRow, UserRow
from service.versions import IfMatch, tag, unchanged

router = APIRouter(tags=["account"])


@router.get("/me", response_model=MeOut)
def me(
    request: Request, response: Response, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)
) -> MeOut:
    """Who one is, what one may do, and the CSRF token of a browser's session."""
    response.headers["Cache-Control"] = "no-store"
    with held.database.read() as session:
        user = _self(session, viewer)
        tag(response, user.version)
        return me_out(user, viewer, _session_row(request, held, session))


@router.patch("/me", response_model=MeOut)
def change_me(
    given: MePatch,
    request: Request,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.ACCOUNT),
    if_match: IfMatch = None,
) -> MeOut:
    """Change one's name or language."""
    with held.database.write() as session:
        user = _self(session, viewer, lock=True)
        unchanged(if_match, user.version)
        accounts.change_user(session, viewer, user, given.columns(), held.clock())
        tag(response, user.version)
        shown = me_out(user, viewer, _session_row(request, held, session))
    identify.forget(held.database)
    return shown


@router.post("/me/password", status_code=204)
def change_password(
    given: PasswordIn,
    request: Request,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.ACCOUNT),
) -> None:
    """Take another password; all other browsers are signed out, tokens stay as they are.

    The browser at hand goes on with a new cookie, and with the CSRF token in the header X-CSRF-Token.
    """
    held.limiter.take(f"password {viewer.user_id}", held.settings.logins_per_minute)
    cookie = request.cookies.get(sessions.COOKIE) if "Authorization" not in request.headers else None
    with held.database.read() as session:
        user = _self(session, viewer)
    kept = user.password_hash
    if kept is None and cookie is None:
        raise forbidden(
            phrase("A token cannot give its user a first password. Ask the administrator for one.")
        )
    current = given.current.get_secret_value() if given.current else ""
    if kept is not None and not passwords.matches(current, kept):
        raise invalid("/current", phrase("This is not the current password."))
    fresh = accounts.hashed(given.new.get_secret_value(), user.email, "/new")
    with held.database.write() as session:
        user = _self(session, viewer, lock=True)
        if user.password_hash != kept:
            raise Problem(
                409, "conflict", phrase("The password was changed meanwhile. Try again with the new one.")
            )
        goes_on = cookie is not None and sessions.current(session, cookie, held.clock()) is not None
        accounts.set_password(session, viewer, user, fresh, held.clock())
        if goes_on:
            # a cookie that somebody else may know is worth nothing from now on
            started = sessions.start(session, user, held.settings, held.clock())
            sessions.give(response, started, held.settings)
            response.headers[sessions.CSRF_HEADER] = started.csrf
    identify.forget(held.database)


@router.get("/me/data", response_model=PersonalData)
def my_data(
    response: Response, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)
) -> PersonalData:
    """All that the service keeps about one's person (GDPR, article 15)."""
    response.headers["Cache-Control"] = "no-store"
    with held.database.write() as session:
        user = _self(session, viewer)
        found = retention.personal_data(session, user.id)
        audit.record(session, action="user.access", viewer=viewer, kind="user", id=user.id)
    return PersonalData(at=held.clock(), data=found)


@router.delete("/me", status_code=204)
def erase_me(
    response: Response,
    held: BackendIn,
    confirm: Annotated[str, Query(description="One's own id, so that it is meant.", max_length=36)],
    viewer: Viewer = require(Permission.ACCOUNT),
) -> None:
    """Erase one's account and personal data; what belongs to the organisation stays, without the name."""
    with held.database.write() as session:
        user = _self(session, viewer, lock=True)
        if confirm != user.id:
            raise invalid("query.confirm", phrase("Give your own id, as GET /api/v1/me tells it."))
        accounts.keep_an_administrator(session, user)
        retention.erase_user(session, user.id, viewer)
    identify.forget(held.database)
    sessions.take_back(response, held.settings)


@router.get("/users", response_model=Page[UserOut])
def users(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.MANAGE_USERS),
    organisation_id: Annotated[Key | None, Query(description="Only of this organisation.")] = None,
    active: Annotated[bool | None, Query(description="Only active ones, or only others.")] = None,
) -> Page[UserOut]:
    """All users, by id."""
    del viewer
    asked = select(UserRow).order_by(UserRow.id).limit(paging.limit + 1)
    after = paging.place(str)
    if after is not None:
        asked = asked.where(UserRow.id > after[0])
    if organisation_id is not None:
        asked = asked.where(UserRow.organisation_id == organisation_id)
    if active is not None:
        asked = asked.where(UserRow.active.is_(active))
    with held.database.read() as session:
        shown, following = paging.cut(session.scalars(asked).all(), lambda row: [row.id])
        return Page(items=[user_out(row) for row in shown], next=following)


@router.post("/users", status_code=201, response_model=UserOut)
def add_user(
    given: UserIn, response: Response, held: BackendIn, viewer: Viewer = require(Permission.MANAGE_USERS)
) -> UserOut:
    """Make a user."""
    kept = accounts.hashed(given.password.get_secret_value(), given.email) if given.password else None
    with held.database.write() as session:
        row = accounts.add_user(session, viewer, given.columns(), held.clock(), password_hash=kept)
        tag(response, row.version)
        response.headers["Location"] = f"/api/v1/users/{row.id}"
        return user_out(row)


@router.get("/users/{user_id}", response_model=UserOut)
def user(
    user_id: Key, response: Response, held: BackendIn, viewer: Viewer = require(Permission.MANAGE_USERS)
) -> UserOut:
    """One user."""
    del viewer
    with held.database.read() as session:
        row = _of_id(session, user_id)
        tag(response, row.version)
        return user_out(row)


@router.patch("/users/{user_id}", response_model=UserOut)
def change_user(
    user_id: Key,
    given: UserPatch,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.MANAGE_USERS),
    if_match: IfMatch = None,
) -> UserOut:
    """Change a user's name, language, role or password; deactivate, activate or unlock it."""
    with held.database.read() as session:
        email = _of_id(session, user_id).email
    kept = accounts.hashed(given.password.get_secret_value(), email) if given.password else None
    now = held.clock()
    with held.database.write() as session:
        row = _of_id(session, user_id, lock=True)
        unchanged(if_match, row.version)
        if kept is not None:
            accounts.set_password(session, viewer, row, kept, now)
        if given.unlock:
            row.failures, row.locked_until = 0, None
        accounts.change_user(session, viewer, row, given.columns(), now)
        tag(response, row.version)
        shown = user_out(row)
    identify.forget(held.database)
    return shown


def _self(session: Session, viewer: Viewer, *, lock: bool = False) -> UserRow:
    row = _found(session, viewer.user_id or "", lock=lock)
    if row is None:
        raise unauthenticated()
    return row


def _of_id(session: Session, user_id: str, *, lock: bool = False) -> UserRow:
    row = _found(session, user_id, lock=lock)
    if row is None:
        raise not_found("user", user_id)
    return row


def _found(session: Session, user_id: str, *, lock: bool) -> UserRow | None:
    asked = select(UserRow).where(UserRow.id == user_id)
    return session.scalars(asked.with_for_update(of=UserRow) if lock else asked).one_or_none()


def _session_row(request: Request, held: BackendIn, session: Session) -> SessionRow | None:
    if "Authorization" in request.headers:
        return None
    return sessions.current(session, request.cookies.get(sessions.COOKIE), held.clock())
