"""What leaves the house: e-mails and webhooks, tried until they arrive or are given up.

A delivery is taken by one worker for a while, sent, and noted. One whose worker dies in between is sent
again: receivers know it by its id.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.notify import mail, webhooks
from service.notify.mail import NotSent
from service.notify.messages import tell
from service.settings import ServerSettings
from service.store.database import Database
from service.store.tables import DeliveryRow, SavedSearchRow, UserRow, now

AT_ONCE = 10
TAKEN = timedelta(minutes=10)
"""How long a worker has for what it took."""
ATTEMPTS = 8
FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=6)

logger = logging.getLogger("needmatch.notify")


def send_later(
    session: Session,
    channel: str,
    target: str,
    payload: Mapping[str, Any],
    *,
    secret: str = "",
    saved_search_id: str | None = None,
    at: datetime | None = None,
) -> DeliveryRow:
    """Have something sent, once the caller's transaction is committed."""
    moment = at or now()
    row = DeliveryRow(
        channel=channel,
        target=target,
        secret=secret,
        payload=dict(payload),
        saved_search_id=saved_search_id,
        next_at=moment,
        created_at=moment,
    )
    session.add(row)
    session.flush()
    return row


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, each time four times as long, at most six hours.

    >>> [pause(n).total_seconds() / 60 for n in (1, 2, 3, 9)]
    [1.0, 4.0, 16.0, 360.0]
    """
    return min(FIRST * int(4 ** min(attempts - 1, 10)), LONGEST)


def deliver_due(
    database: Database,
    settings: ServerSettings,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due; returns how many arrived."""
    arrived = 0
    while not stopping():
        taken = _take(database, clock())
        for row in taken:
            if stopping():
                return arrived  # what was taken is due again by itself
            arrived += _deliver(database, settings, clock, row)
        if len(taken) < AT_ONCE:
            break
    return arrived


def state_of(row: DeliveryRow) -> str:
    """waiting, arrived or given up."""
    if row.done_at is None:
        return "waiting"
    return "given_up" if row.error else "arrived"


def _take(database: Database, at: datetime) -> list[DeliveryRow]:
    due = (
        select(DeliveryRow)
        .where(DeliveryRow.done_at.is_(None), DeliveryRow.next_at <= at)
        .order_by(DeliveryRow.next_at, DeliveryRow.id)
        .limit(AT_ONCE)
    )
    with database.read() as session:
        if not session.scalars(due).all():
            return []
    with database.write() as session:
        rows = session.scalars(due.with_for_update(skip_locked=True)).all()
        for row in rows:
            row.next_at = at + TAKEN
            row.attempts += 1
        return list(rows)


def _deliver(
    database: Database, settings: ServerSettings, clock: Callable[[], datetime], row: DeliveryRow
) -> bool:
    refusal = _unwanted(database, row)
    error, final = refusal, bool(refusal)
    if not refusal:
        try:
            _send(settings, row, clock())
        except NotSent as failure:
            error, final = str(failure), failure.final
        except Exception as failure:  # a payload that cannot be sent must not stop the others
            logger.exception("delivery failed", extra={"delivery_id": row.id})
            error, final = f"It cannot be sent ({type(failure).__name__}).", True
    at = clock()
    with database.write() as session:
        held = session.get(DeliveryRow, row.id, with_for_update=True)
        if held is None or held.done_at is not None or held.attempts != row.attempts:
            return False
        held.error = error
        if not error:
            held.done_at = at
        elif final or held.attempts >= ATTEMPTS:
            held.done_at = at
            if not refusal:
                _say_so(session, held, at)
        else:
            held.next_at = at + pause(held.attempts)
        if held.done_at is not None:
            held.payload = {}  # what was sent is not kept
    return not error


def _send(settings: ServerSettings, row: DeliveryRow, at: datetime) -> None:
    if row.channel == "email":
        made = mail.message(settings.mail_from, row.target, row.payload, delivery_id=row.id, at=at)
        mail.send(settings, made)
    else:
        webhooks.send(
            row.target,
            row.secret,
            row.payload,
            delivery_id=row.id,
            at=at,
            private_too=settings.webhook_private,
        )


def _unwanted(database: Database, row: DeliveryRow) -> str:
    """Why nobody wants it any more, or nothing."""
    if row.saved_search_id is None:
        return ""
    with database.read() as session:
        search = session.get(SavedSearchRow, row.saved_search_id)
        user = session.get(UserRow, search.user_id) if search is not None else None
        if search is None or not search.active:
            return "The saved search was ended before this could be sent."
        if user is None or not user.active:
            return "The account is no longer active."
    return ""


def _say_so(session: Session, row: DeliveryRow, at: datetime) -> None:
    search = session.get(SavedSearchRow, row.saved_search_id) if row.saved_search_id else None
    if search is not None:
        tell(
            session,
            [search.user_id],
            "account",
            phrase("{name}: a digest could not be delivered", name=search.name),
            {"channel": row.channel, "error": row.error, "saved_search_id": search.id},
            at=at,
        )
