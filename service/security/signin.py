"""Signing in with a password: right, wrong, locked and unknown look the same from outside."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.problems import Problem
from service.rights.viewer import ANONYMOUS
from service.security import passwords, sessions
from service.security.identify import viewer_of
from service.security.sessions import Started
from service.settings import ServerSettings
from service.store import audit
from service.store.database import Database
from service.store.tables import UserRow

WRONG = phrase("The e-mail address or the password is wrong, or the account is locked for a while.")


def sign_in(
    database: Database,
    settings: ServerSettings,
    email: str,
    password: str,
    now: datetime,
    *,
    before: str | None = None,
) -> tuple[UserRow, Started]:
    """A user with a new session. Raises `Problem` 401, always with the same words and after the same work.

    The session of the cookie `before`, which the browser had until now, ends.
    Wrong passwords are counted in the account; at `failures_allowed` it takes no password for
    `lockout_minutes`. Running sessions and tokens are not touched: nobody can lock another one out of work.
    """
    with database.read() as session:
        found = of_email(session, email)
        kept = found.password_hash if found else None
    right = passwords.matches(password, kept)
    # hashing is slow, and is done before the writer's turn is taken
    fresh = passwords.hashed(password) if right and kept and passwords.outdated(kept) else None
    with database.write() as session:
        user = session.scalars(
            select(UserRow).where(UserRow.email == folded(email)).with_for_update(of=UserRow)
        ).one_or_none()
        reason = "unknown"
        if user is not None:
            right = right and user.password_hash == kept
            reason = _refused(user, settings, right=right, now=now)
            if not reason:
                user.password_hash = fresh or user.password_hash
                return user, welcome(session, settings, user, now, how="password", before=before)
        audit.record(
            session,
            action="session.refuse",
            viewer=ANONYMOUS,
            kind="user",
            id=user.id if user else "",
            reason=reason,
        )
    raise Problem(401, "unauthenticated", WRONG)


def welcome(
    session: Session,
    settings: ServerSettings,
    user: UserRow,
    now: datetime,
    *,
    how: str,
    before: str | None = None,
) -> Started:
    """Start the session of a user who has shown who they are, however they did; end that of `before`."""
    if before:
        sessions.end(session, before)
    user.failures, user.locked_until = 0, None
    user.last_login_at, user.warned_at = now, None
    started = sessions.start(session, user, settings, now)
    audit.record(session, action="session.start", viewer=viewer_of(user), kind="user", id=user.id, reason=how)
    return started


def folded(email: str) -> str:
    """An e-mail address as it is kept.

    >>> folded(" Ana@Example.EU ")
    'ana@example.eu'
    """
    return email.strip().lower()


def of_email(session: Session, email: str) -> UserRow | None:
    """The user of an e-mail address."""
    return session.scalars(select(UserRow).where(UserRow.email == folded(email))).one_or_none()


def _refused(user: UserRow, settings: ServerSettings, *, right: bool, now: datetime) -> str:
    """Why an account is not let in, counting the failure; empty where it is."""
    if user.locked_until is not None and user.locked_until > now:
        return "locked"
    if right and user.active:
        return ""
    user.failures += 1
    if user.failures >= settings.failures_allowed:
        user.failures, user.locked_until = 0, now + timedelta(minutes=settings.lockout_minutes)
    return "wrong" if user.active else "deactivated"
