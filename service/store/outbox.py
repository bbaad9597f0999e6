"""The order in which records changed: what indexes follow.

Numbers have no gaps and follow the order of commits: whoever takes a number holds the counter's row until the
transaction ends, and a rollback gives the number back. So a follower that has taken in number n has missed
nothing before it.

`compact` drops changes that a later change of the same record repeats, and keeps the last one of every
record, erased ones included. A follower reads what records are now, not what they were; wherever it stands,
each record that changed after its place still has a row after its place. So it needs no notice of a
compaction; only who checks that there are no gaps begins at `floor`.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from service.store.tables import ChangeRow, CounterRow, now

COMPANION = "companion"
"""Under this a writing session carries what follows every change at once."""
COUNTER = "outbox"
FLOOR = "outbox_floor"
EPOCH = "epoch"

_TAKEN = text(
    "INSERT INTO counters (name, value) VALUES (:name, :count) "
    "ON CONFLICT (name) DO UPDATE SET value = counters.value + :count RETURNING value"
)


@dataclass(frozen=True, slots=True)
class Change:
    """One record that changed, came or went."""

    sequence: int
    record_id: str
    kind: str
    at: datetime


class Companion(Protocol):
    """What is kept of records beside them, and written in the same transaction: all of it, or nothing."""

    def follow(self, session: Session, record_ids: Sequence[str], sequence: int) -> None:
        """Take in what these records are now; `sequence` is the number of the last of their changes."""


def append(session: Session, kind: str, record_id: str) -> int:
    """Note that a record changed; returns the number of the change."""
    return append_all(session, [(kind, record_id)])


def append_all(session: Session, changed: Iterable[tuple[str, str]]) -> int:
    """Note changes of (kind, record id) in this order; returns the number of the last one."""
    pairs = list(changed)
    if not pairs:
        return last(session)
    at = now()
    with session.no_autoflush:  # what is noted may be written after its number is taken: it is one commit
        end: int = session.execute(_TAKEN, {"name": COUNTER, "count": len(pairs)}).scalar_one()
        session.execute(
            insert(ChangeRow),
            [
                {"sequence": end - len(pairs) + place, "kind": kind, "record_id": record_id, "at": at}
                for place, (kind, record_id) in enumerate(pairs, 1)
            ],
        )
    companion: Companion | None = session.info.get(COMPANION)
    if companion is not None:
        companion.follow(session, [record_id for _, record_id in pairs], end)
    return end


def since(session: Session, sequence: int, limit: int) -> list[Change]:
    """The next changes after a number, at most `limit`, in order."""
    rows = session.execute(
        select(ChangeRow.sequence, ChangeRow.record_id, ChangeRow.kind, ChangeRow.at)
        .where(ChangeRow.sequence > sequence)
        .order_by(ChangeRow.sequence)
        .limit(limit)
    )
    return [Change(*row) for row in rows]


def last(session: Session) -> int:
    """The number of the last change; 0 where there was none."""
    return _value(session, COUNTER)


def floor(session: Session) -> int:
    """The number up to which repeated changes were dropped; after it there are no gaps."""
    return _value(session, FLOOR)


def compact(session: Session, keep: int = 100_000) -> int:
    """Drop changes that a later one repeats, except the newest `keep` numbers; returns how many went."""
    upto = last(session) - keep
    if upto <= floor(session):
        return 0
    newest = select(func.max(ChangeRow.sequence)).group_by(ChangeRow.record_id)
    gone = session.execute(
        delete(ChangeRow)
        .where(ChangeRow.sequence <= upto, ChangeRow.sequence.not_in(newest))
        .execution_options(synchronize_session=False)
    )
    session.merge(CounterRow(name=FLOOR, value=upto))
    session.flush()
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a DELETE gives a CursorResult


def gaps(session: Session) -> int:
    """How many numbers are missing above the floor; 0 in a sound database."""
    low, high = floor(session), last(session)
    there = session.scalar(
        select(func.count())
        .select_from(ChangeRow)
        .where(ChangeRow.sequence > low, ChangeRow.sequence <= high)
    )
    beyond = session.scalar(select(func.count()).select_from(ChangeRow).where(ChangeRow.sequence > high))
    return high - low - (there or 0) + (beyond or 0)


def epoch(session: Session) -> int:
    """The number of this history of the database, given on first use (in a writing session).

    A restored database has another one, so that followers make their index again.
    """
    known = _value(session, EPOCH)
    if known:
        return known
    return new_epoch(session)


def new_epoch(session: Session) -> int:
    """Begin another history."""
    number = 1 + secrets.randbits(62)
    session.merge(CounterRow(name=EPOCH, value=number))
    session.flush()
    return number


def _value(session: Session, name: str) -> int:
    return session.scalar(select(CounterRow.value).where(CounterRow.name == name)) or 0
