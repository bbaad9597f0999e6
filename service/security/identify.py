"""Who sends a request: from its token or its session cookie to a viewer."""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.problems import unauthenticated
from service.rights.policy import Role, Scope
from service.rights.viewer import ANONYMOUS, Viewer
from service.security import sessions, tokens
from service.settings import ServerSettings
from service.store.database import Database
from service.store.tables import SessionRow, TokenRow, UserRow

TRUSTED_S = 2.0
"""How long an answer of the database holds: what another process revokes ends within this time."""
MOST_KNOWN = 10_000
SETTLED_S = 30.0
"""How long uses are gathered before they are written down together."""
USED = timedelta(minutes=5)
"""Uses closer together are noted as one."""

logger = logging.getLogger("needmatch")


@dataclass(frozen=True, slots=True)
class _Known:
    viewer: Viewer
    csrf: str | None
    """Of a session; None for a token."""
    expires_at: datetime | None
    used_at: datetime | None
    read: float


@dataclass
class _Memory:
    """What this process knows of one database's tokens and sessions."""

    known: dict[str, _Known] = field(default_factory=dict)
    used: dict[str, datetime] = field(default_factory=dict)
    settled: float = field(default_factory=time.monotonic)
    lock: Lock = field(default_factory=Lock)


_memories: WeakKeyDictionary[Database, _Memory] = WeakKeyDictionary()


def identify(
    database: Database,
    settings: ServerSettings,
    *,
    authorization: str | None,
    cookie: str | None,
    csrf: str | None,
    at: datetime,
) -> Viewer:
    """The viewer behind a request's `Authorization` header, else its cookie, else nobody.

    `csrf` is what a changing request sends (empty if it sends nothing), None for a safe one. Raises
    `Problem`: 401 for a token that is not good, 403 for a session without its CSRF token. A session that has
    ended is nobody: the browser may still read what is public.
    """
    if authorization is not None:
        known = _find(database, settings, tokens.digest(bearer(authorization)), at)
        if known is None or known.csrf is not None:
            raise unauthenticated("This token is unknown, expired or revoked. Ask for a new one.")
        return known.viewer
    known = _find(database, settings, tokens.digest(cookie), at) if cookie else None
    if known is None or known.csrf is None:
        return ANONYMOUS
    if csrf is not None:
        sessions.check_csrf(known.csrf, csrf)
    return known.viewer


def bearer(authorization: str) -> str:
    """The token of an `Authorization` header. Raises `Problem` 401 for any other scheme.

    >>> bearer("Bearer nm_abc")
    'nm_abc'
    """
    scheme, _, secret = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise unauthenticated("The header Authorization is of the form 'Bearer nm_...'.")
    return secret.strip()


def viewer_of(user: UserRow, scopes: frozenset[Scope] = frozenset(Scope)) -> Viewer:
    """A user as the one who asks."""
    organisation = user.organisation
    return Viewer(
        user_id=user.id,
        organisation_id=user.organisation_id,
        role=Role(user.role),
        vetted=organisation.vetting == "vetted",
        country=organisation.country,
        scopes=scopes,
        locale=user.locale,
    )


def forget(database: Database) -> None:
    """Ask the database again for everybody: after accounts, tokens or sessions were changed."""
    memory = _memory(database)
    with memory.lock:
        memory.known.clear()


def settle(database: Database, settings: ServerSettings) -> int:
    """Write down when tokens and sessions were used, and move the end of sessions; how many there were."""
    memory = _memory(database)
    with memory.lock:
        used = dict(memory.used)
        memory.used.clear()
        memory.settled = time.monotonic()
    if used:
        with database.write() as session:
            for digest, at in used.items():
                _note(session, settings, digest, at)
    return len(used)


def _memory(database: Database) -> _Memory:
    return _memories.setdefault(database, _Memory())


def _find(database: Database, settings: ServerSettings, digest: str, at: datetime) -> _Known | None:
    memory, moment = _memory(database), time.monotonic()
    known = memory.known.get(digest)
    if known is None or moment - known.read > TRUSTED_S:
        with database.read() as session:
            known = _read(session, digest, moment)
        with memory.lock:
            if known is None:
                memory.known.pop(digest, None)
                return None
            if len(memory.known) >= MOST_KNOWN:
                memory.known.clear()
            memory.known[digest] = known
    if known.expires_at is not None and known.expires_at <= at:
        return None
    if known.used_at is None or at - known.used_at > USED:
        with memory.lock:
            memory.used[digest] = at
    if memory.used and moment - memory.settled > SETTLED_S:
        try:
            settle(database, settings)
        except SQLAlchemyError as error:  # a request is not refused because its time could not be noted
            logger.warning("uses not noted", extra={"reason": type(error).__name__})
    return known


def _read(session: Session, digest: str, moment: float) -> _Known | None:
    token = session.scalars(select(TokenRow).where(TokenRow.digest == digest)).one_or_none()
    if token is not None:
        if token.revoked_at is not None or not token.user.active:
            return None
        scopes = frozenset(Scope(scope) for scope in token.scopes)
        return _Known(viewer_of(token.user, scopes), None, token.expires_at, token.last_used_at, moment)
    row = session.get(SessionRow, digest)
    if row is None or not row.user.active:
        return None
    return _Known(viewer_of(row.user), row.csrf, row.expires_at, row.seen_at, moment)


def _note(session: Session, settings: ServerSettings, digest: str, at: datetime) -> None:
    token = session.scalars(select(TokenRow).where(TokenRow.digest == digest)).one_or_none()
    row = None if token is not None else session.get(SessionRow, digest)
    if token is not None:
        token.last_used_at = at
    elif row is not None:
        row.expires_at = sessions.renewed(row, settings, at)
        row.seen_at = at
