"""Personal data: kept no longer than they are used, shown to whom they are about, erased on demand.

An account that nobody uses is warned 90, 60 and 30 days ahead and then erased; nobody is erased without
thirty days of warning, however long the service stood still. What an organisation entered stays its own:
needs, solutions and what was agreed are kept, without the person who typed them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.rights.policy import Role
from service.rights.viewer import ANONYMOUS, Viewer
from service.store import audit
from service.store.tables import (
    AuditRow,
    Base,
    CycleRow,
    DeliveryRow,
    EditRow,
    FeedbackRow,
    FollowerRow,
    InterestRow,
    JobRow,
    MessageRow,
    OrganisationRow,
    QuestionRow,
    RecordRow,
    RoomRow,
    SavedSearchRow,
    SessionRow,
    StageRow,
    TokenRow,
    UserRow,
    VersionRow,
)

WARNINGS = (90, 60, 30)
"""Days ahead of the end of an account that its user is told of it."""
ERASED = "erased"
"""Stands for a person where a column needs a value."""
SECRET = frozenset({"password_hash", "digest", "csrf", "secret", "feed_digest", "unsubscribe_digest"})
"""Columns that nobody is shown, not even the person they belong to."""

_EMPTIED: Sequence[InstrumentedAttribute[str | None]] = (
    OrganisationRow.vetted_by,
    RecordRow.created_by,
    VersionRow.by,
)
_REPLACED: Sequence[InstrumentedAttribute[Any]] = (
    StageRow.by,
    InterestRow.by,
    InterestRow.withdrawn_by,
    QuestionRow.by,
    QuestionRow.answered_by,
    EditRow.by,
    CycleRow.by,
)
_OWN: Sequence[type[Base]] = (
    SessionRow, TokenRow, SavedSearchRow, MessageRow, FeedbackRow, FollowerRow, JobRow,
)  # fmt: skip
"""Rows that belong to a user and go with the account (by foreign key)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An account that will be erased unless somebody uses it."""

    user_id: str
    email: str
    locale: str
    days_left: int
    erased_on: datetime


def last_used(session: Session, user: UserRow) -> datetime:
    """When the user last came in, by password, browser or token; when the account was made, if never."""
    token = session.scalar(select(func.max(TokenRow.last_used_at)).where(TokenRow.user_id == user.id))
    seen = session.scalar(select(func.max(SessionRow.seen_at)).where(SessionRow.user_id == user.id))
    return max(moment for moment in (user.created_at, user.last_login_at, token, seen) if moment is not None)


def warn(session: Session, moment: datetime, dormant_days: int) -> list[Ending]:
    """The users who have to be told now that their account will end; each is told once at each stage.

    Telling them is the caller's part, in the same transaction.
    """
    endings = []
    for user, used in _unused(session, moment, dormant_days - _stages(dormant_days)[0]):
        end = used + timedelta(days=dormant_days)
        stage = min(
            (days for days in _stages(dormant_days) if moment >= end - timedelta(days=days)), default=None
        )
        if stage is None:
            continue
        if user.warned_at is not None and user.warned_at >= end - timedelta(days=stage):
            continue
        erased_on = max(end, moment + timedelta(days=_stages(dormant_days)[-1]))
        user.warned_at = moment
        left = -(-(erased_on - moment) // timedelta(days=1))
        endings.append(Ending(user.id, user.email, user.locale, left, erased_on))
    session.flush()
    return endings


def erase_dormant(session: Session, moment: datetime, dormant_days: int) -> list[str]:
    """Erase the accounts that nobody used, and whose last warning was long enough ago; returns their ids.

    The last active administrator stays: nobody else could let others in.
    """
    last_stage = timedelta(days=_stages(dormant_days)[-1])
    erased = []
    for user, used in _unused(session, moment, dormant_days):
        end = used + timedelta(days=dormant_days)
        warned = user.warned_at
        if warned is None or warned < end - last_stage or moment < warned + last_stage:
            continue
        if user.role == Role.ADMINISTRATOR and user.active and _administrators(session) == 1:
            continue
        erase_user(session, user.id, reason="dormant")
        erased.append(user.id)
    return erased


def erase_user(session: Session, user_id: str, by: Viewer = ANONYMOUS, *, reason: str = "") -> bool:
    """Erase a person: account, sessions, tokens, searches, messages, feedback, jobs, and the name elsewhere.

    In the audit log the actor is taken out; that the account with this random id was erased stays. False
    where there is no such user.
    """
    user = session.get(UserRow, user_id)
    if user is None:
        return False
    email, names = user.email, frozenset({user.id, user.email} | ({user.name} if user.name else set()))
    for column in _EMPTIED:
        _set(session, column, user_id, None)
    for column in _REPLACED:
        _set(session, column, user_id, ERASED)
    for room in session.scalars(select(RoomRow)):
        room.checklist = _without(room.checklist, names)
        room.agreement = _without(room.agreement, names)
    for edit in session.scalars(select(EditRow)):
        if edit.edit.get("who") in names:
            edit.edit = edit.edit | {"who": ERASED}
    for organisation in session.scalars(select(OrganisationRow).where(OrganisationRow.contact == email)):
        organisation.contact = ""
    for delivery in session.scalars(select(DeliveryRow)):
        if delivery.target == email:
            session.delete(delivery)
    session.delete(user)
    session.flush()
    session.expire_all()
    audit.record(session, action="user.erase", viewer=by, kind="user", id=user_id, reason=reason)
    session.flush()
    audit.forget_actor(session, user_id)
    return True


def personal_data(session: Session, user_id: str) -> dict[str, Any]:
    """All that is kept about a person, as plain values; empty where there is no such user.

    Secrets and their digests are left out; of records only the ids of those that the person entered.
    """
    user = session.get(UserRow, user_id)
    if user is None:
        return {}
    found: dict[str, Any] = {"account": _shown(user), "organisation": user.organisation.name}
    for table in _OWN:
        found[table.__tablename__] = _all(session, table, table.user_id == user_id)  # type: ignore[attr-defined]
    found["records"] = list(session.scalars(select(RecordRow.id).where(RecordRow.created_by == user_id)))
    found["versions"] = [
        {"record_id": row.record_id, "version": row.version, "at": row.at.isoformat()}
        for row in session.scalars(select(VersionRow).where(VersionRow.by == user_id))
    ]
    for table, columns in (
        (StageRow, (StageRow.by,)),
        (InterestRow, (InterestRow.by, InterestRow.withdrawn_by)),
        (QuestionRow, (QuestionRow.by, QuestionRow.answered_by)),
        (EditRow, (EditRow.by,)),
        (AuditRow, (AuditRow.actor_id,)),
    ):
        found[table.__tablename__] = _all(session, table, or_(*(column == user_id for column in columns)))
    found["cycles"] = list(session.scalars(select(CycleRow.name).where(CycleRow.by == user_id)))
    found["deliveries"] = _all(session, DeliveryRow, DeliveryRow.target == user.email)
    return found


def _stages(dormant_days: int) -> tuple[int, ...]:
    """Days ahead that are warned of, most first; an end that is near is warned of halfway.

    >>> _stages(120), _stages(60), _stages(30)
    ((90, 60, 30), (30,), (15,))
    """
    return tuple(days for days in WARNINGS if days < dormant_days) or (dormant_days // 2,)


def _unused(session: Session, moment: datetime, days: int) -> list[tuple[UserRow, datetime]]:
    """Users who did not come in for so many days, and when they last did."""
    since = moment - timedelta(days=days)
    users = session.scalars(
        select(UserRow)
        .where(UserRow.created_at <= since)
        .where(or_(UserRow.last_login_at.is_(None), UserRow.last_login_at <= since))
        .order_by(UserRow.id)
    ).all()
    used = [(user, last_used(session, user)) for user in users]
    return [(user, at) for user, at in used if at <= since]


def _administrators(session: Session) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(UserRow)
            .where(UserRow.role == Role.ADMINISTRATOR.value, UserRow.active.is_(True))
        )
        or 0
    )


def _set(session: Session, column: InstrumentedAttribute[Any], user_id: str, value: str | None) -> None:
    session.execute(
        update(column.class_)
        .where(column == user_id)
        .values({column: value})
        .execution_options(synchronize_session=False)
    )


def _without(value: Any, names: frozenset[str]) -> Any:
    """Plain values, with the word that stands for a person where a name was."""
    if isinstance(value, dict):
        return {key: _without(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    return ERASED if isinstance(value, str) and value in names else value


def _all(session: Session, table: type[Base], where: ColumnElement[bool]) -> list[dict[str, Any]]:
    return [_shown(row) for row in session.scalars(select(table).where(where))]


def _shown(row: Base) -> dict[str, Any]:
    """The columns of a row as plain values, without secrets."""
    found = {}
    for column in row.__table__.columns:
        if column.name not in SECRET:
            value = getattr(row, column.key)
            found[column.name] = value.isoformat() if hasattr(value, "isoformat") else value
    return found
