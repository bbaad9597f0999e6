"""What users find in their inbox."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import Phrase, as_json, from_json
from service.store.tables import MessageRow, UserRow, now

FEED = "feed"
"""Kind of messages that stand in the feed of a saved search, and not in the inbox."""
SUBJECT_MAX = 300


def tell(
    session: Session,
    user_ids: Iterable[str],
    kind: str,
    subject: str,
    body: Mapping[str, Any],
    *,
    at: datetime | None = None,
    saved_search_id: str | None = None,
) -> list[MessageRow]:
    """Put the same message into several inboxes, in the caller's transaction, all at one moment.

    Users who are gone or no longer active are left out; each is told once. A subject that is a phrase is read
    in the language of who reads it.
    """
    moment = at or now()
    wanted = sorted(set(user_ids))
    there = set(session.scalars(select(UserRow.id).where(UserRow.id.in_(wanted), UserRow.active)))
    rows = [
        MessageRow(
            user_id=user_id,
            kind=kind,
            subject=shortened(subject),
            said=_made_of(subject),
            body=dict(body),
            saved_search_id=saved_search_id,
            at=moment,
        )
        for user_id in wanted
        if user_id in there
    ]
    session.add_all(rows)
    session.flush()
    return rows


def subject_of(row: MessageRow) -> str:
    """The subject of a message, as a phrase where it is kept as one."""
    return from_json(row.said) if row.said else row.subject


def _made_of(subject: str) -> dict[str, Any] | None:
    if not isinstance(subject, Phrase):
        return None
    made: dict[str, Any] = as_json(subject)
    line = shortened(subject)
    return made if line == subject else made | {"said": line}


def shortened(subject: str) -> str:
    r"""A subject on one line that fits its column.

    >>> shortened("Two\nlines")
    'Two lines'
    """
    line = " ".join(subject.split())
    return line if len(line) <= SUBJECT_MAX else f"{line[: SUBJECT_MAX - 1]}…"
