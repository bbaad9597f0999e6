"""Sessions: what a browser comes in with. The cookie is random; its digest is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import compare_digest, token_urlsafe

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from matcher.phrases import phrase
from service.problems import Problem
from service.security.tokens import digest
from service.settings import ServerSettings
from service.store.tables import SessionRow, UserRow

COOKIE = "needmatch_session"
CSRF_HEADER = "X-CSRF-Token"
MOST = 20
"""Browsers that one user may be signed in with at a time; the one unused for longest gives way."""
LONGEST = timedelta(days=30)
"""When to sign in again, however busy the browser was."""


@dataclass(frozen=True, slots=True)
class Started:
    """A new session: what goes into the cookie, and what scripts send back in `X-CSRF-Token`."""

    cookie: str
    csrf: str
    expires_at: datetime


def start(session: Session, user: UserRow, settings: ServerSettings, now: datetime) -> Started:
    """Sign a user's browser in."""
    session.execute(delete(SessionRow).where(SessionRow.user_id == user.id, SessionRow.expires_at <= now))
    rows = session.scalars(
        select(SessionRow)
        .where(SessionRow.user_id == user.id)
        .order_by(SessionRow.seen_at.desc(), SessionRow.digest)
    ).all()
    for row in rows[MOST - 1 :]:
        session.delete(row)
    started = Started(token_urlsafe(32), token_urlsafe(32), now + timedelta(hours=settings.session_hours))
    session.add(
        SessionRow(
            digest=digest(started.cookie),
            user_id=user.id,
            csrf=started.csrf,
            created_at=now,
            seen_at=now,
            expires_at=started.expires_at,
        )
    )
    session.flush()
    return started


def renewed(row: SessionRow, settings: ServerSettings, now: datetime) -> datetime:
    """When a session that is in use ends: it never moves back, and not beyond `LONGEST`."""
    slid = min(now + timedelta(hours=settings.session_hours), row.created_at + LONGEST)
    return max(slid, row.expires_at)


def current(session: Session, cookie: str | None, now: datetime) -> SessionRow | None:
    """The session behind a cookie, while it lasts."""
    row = session.get(SessionRow, digest(cookie)) if cookie else None
    return row if row is not None and row.expires_at > now else None


def end(session: Session, cookie: str) -> str | None:
    """Sign one browser out; whose it was."""
    row = session.get(SessionRow, digest(cookie))
    if row is None:
        return None
    session.delete(row)
    return row.user_id


def end_all(session: Session, user_id: str) -> int:
    """Sign all browsers of a user out; how many there were."""
    gone = delete(SessionRow).where(SessionRow.user_id == user_id)
    return len(session.execute(gone.returning(SessionRow.digest)).all())


def check_csrf(expected: str, given: str) -> None:
    """Refuse a changing request that only carries the cookie, as another site's form would."""
    if not compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        detail = phrase(
            "A signed-in browser sends its CSRF token in {header}: GET /api/v1/me tells it.",
            header=CSRF_HEADER,
        )
        raise Problem(403, "forbidden", detail)


def give(response: Response, started: Started, settings: ServerSettings) -> None:
    """Set the cookie: never for scripts, never with another site's writes. The service ends the session."""
    response.set_cookie(
        COOKIE,
        started.cookie,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=secure(settings),
    )


def take_back(response: Response, settings: ServerSettings) -> None:
    """Delete the cookie."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=secure(settings))


def secure(settings: ServerSettings) -> bool:
    """Whether browsers send cookies over TLS only."""
    return settings.public_url.lower().startswith("https://")
