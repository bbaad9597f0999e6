"""Who did what, and who saw what: rows that are only ever added.

The database itself refuses to change or delete them (triggers of migration 0002), with one exception: the
actor of a row may be taken out, and nothing else with it, when a person's data are erased. What a record was
is kept here as a digest only, so that an erased record is gone.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from service.rights.viewer import Viewer
from service.store.paging import Page, cursor, place
from service.store.tables import AuditRow

REQUEST = "request_id"
"""Key of `Session.info` under which a request's id is left for all rows that it writes."""


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON: keys sorted, no spaces, UTF-8.

    >>> digest({"b": 1, "a": "é"}) == digest({"a": "é", "b": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def record(
    session: Session,
    *,
    action: str,
    viewer: Viewer,
    kind: str = "",
    id: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
    request_id: str = "",
    versions: Mapping[str, Any] | None = None,
) -> AuditRow:
    """Add a row: `action` as `noun.verb`, what it was done to, and digests of it before and after.

    The id of the request is that of the session (`session.info["request_id"]`) unless given.
    """
    row = AuditRow(
        action=action,
        actor_id=viewer.user_id,
        organisation_id=viewer.organisation_id,
        object_kind=kind,
        object_id=id,
        before_hash=None if before is None else digest(before),
        after_hash=None if after is None else digest(after),
        reason=reason,
        request_id=request_id or str(session.info.get(REQUEST, "")),
        versions=dict(versions or {}),
    )
    session.add(row)
    return row


def page(
    session: Session,
    *,
    where: Sequence[ColumnElement[bool]] = (),
    after: str | None = None,
    limit: int = 20,
) -> Page[AuditRow]:
    """Rows that meet all conditions, newest first, from a cursor on. Raises `CursorInvalid`."""
    asked = select(AuditRow).where(*where).order_by(AuditRow.id.desc()).limit(limit + 1)
    if after is not None:
        (number,) = place(after, int)
        asked = asked.where(AuditRow.id < number)
    rows = session.scalars(asked).all()
    return Page(tuple(rows[:limit]), cursor([rows[limit - 1].id]) if len(rows) > limit else None)


def forget_actor(session: Session, user_id: str) -> int:
    """Take a person out of the rows, the only change that they allow; returns of how many."""
    done = session.execute(
        update(AuditRow)
        .where(AuditRow.actor_id == user_id)
        .values(actor_id=None)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"no plain form of {type(value).__name__}")
