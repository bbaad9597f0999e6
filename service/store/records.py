"""Needs and solutions in the database: a write makes a version, a change for the indexes, and an audit row.

All functions work in a session that the caller opened and commits; none commits. Who sees what is not decided
here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from service.rights.viewer import ANONYMOUS, Viewer
from service.store import audit, outbox, shown
from service.store.errors import RecordGone, RefTaken, Stale
from service.store.tables import RecordRow, ShareRow, VersionRow, new_id, now

RUNNING = ("open", "in_candidate", "paused")
"""Statuses that end by themselves when the day has come."""
CHANGEABLE = frozenset({"ref", "status", "visibility", "tlp", "body", "redactions", "expires_at", "shares"})
SYSTEM = ANONYMOUS
"""Who acts when nobody does: expiry, the end of redactions."""
AT_ONCE = 500
"""Ids in one question to the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDraft:
    """A record before it is in the database: the columns of `RecordRow` that are its owner's to give."""

    kind: str
    organisation_id: str
    body: Mapping[str, Any]
    status: str = "draft"
    visibility: str = "network"
    ref: str | None = None
    tlp: str | None = None
    redactions: Sequence[Mapping[str, Any]] = ()
    expires_at: datetime | None = None
    shares: Sequence[str] = ()
    """Organisations that may see it while its visibility is `group`."""
    id: str = field(default_factory=new_id)


def create(session: Session, draft: RecordDraft, by: Viewer, *, reason: str = "") -> RecordRow:
    """Add a record. Raises `RefTaken` when the organisation has a record of the kind with its `ref`."""
    return create_all(session, [draft], by, reason=reason)[0]


def create_all(
    session: Session, drafts: Sequence[RecordDraft], by: Viewer, *, reason: str = ""
) -> list[RecordRow]:
    """Add records together, much faster than one by one. Raises `RefTaken`; then none is added."""
    _refuse_taken(session, drafts)
    rows = []
    at = now()
    for draft in drafts:
        row = RecordRow(
            id=draft.id,
            kind=str(draft.kind),
            organisation_id=draft.organisation_id,
            ref=draft.ref,
            status=str(draft.status),
            visibility=str(draft.visibility),
            tlp=None if draft.tlp is None else str(draft.tlp),
            body=dict(draft.body),
            redactions=[dict(one) for one in draft.redactions],
            redacted_until=next_end(draft.redactions, at.date()),
            expires_at=draft.expires_at,
            created_by=by.user_id,
            version=1,
            created_at=at,
            updated_at=at,
            shown_public_at=at,
            shown_network_industry_at=at,
            shown_network_at=at,
            shares=[ShareRow(organisation_id=each, shown_at=at) for each in sorted(set(draft.shares))],
        )
        session.add(row)
        rows.append(row)
    session.flush()
    for row in rows:
        _keep(session, row, by, None, f"{row.kind}.create", reason)
    outbox.append_all(session, [(row.kind, row.id) for row in rows])
    session.flush()
    return rows


def get(session: Session, row_id: str, *, for_update: bool = False) -> RecordRow | None:
    """The record of an id; `for_update` holds it until the transaction ends."""
    if for_update:
        return session.get(RecordRow, row_id, with_for_update={"of": RecordRow}, populate_existing=True)
    return session.get(RecordRow, row_id)


def change(
    session: Session,
    row_id: str,
    expected_version: int | None,
    changes: Mapping[str, Any],
    by: Viewer,
    *,
    action: str = "change",
    reason: str = "",
) -> RecordRow:
    """Change columns named in `CHANGEABLE`; None for the version changes whatever is there.

    What changes nothing makes no version. Raises `RecordGone`, `Stale` and `RefTaken`.
    """
    if unknown := changes.keys() - CHANGEABLE:
        raise TypeError(f"{sorted(unknown)} cannot be changed: expected {sorted(CHANGEABLE)}")
    row = _held(session, row_id, expected_version)
    before = state_of(row)
    ref = changes.get("ref")
    if ref not in (None, row.ref) and by_ref(session, row.kind, row.organisation_id, ref) is not None:
        raise RefTaken(ref)
    at = now()
    sights = shown.sights(row, shown.day_told(row, at.date()))
    for name, value in changes.items():
        if name == "shares":
            _share(row, value, at)
        elif name == "body":
            row.body = dict(value)
        elif name == "redactions":
            row.redactions = [dict(one) for one in value]
        else:
            setattr(row, name, str(value) if name in ("status", "visibility") else value)
    if state_of(row) == before:
        return row
    shown.tell(row, sights, at.date(), at)
    row.redacted_until = next_end(row.redactions, at.date())
    row.version += 1
    row.updated_at = max(at, row.updated_at)
    session.flush()
    _keep(session, row, by, before, f"{row.kind}.{action}", reason)
    outbox.append(session, row.kind, row.id)
    session.flush()
    return row


def set_status(
    session: Session,
    row_id: str,
    expected_version: int | None,
    status: str,
    by: Viewer,
    *,
    reason: str = "",
    expires_at: datetime | None = None,
) -> RecordRow:
    """Move a record on in its life; `expires_at` sets a new end with it. Raises `RecordGone` and `Stale`."""
    changes: dict[str, Any] = {"status": status}
    if expires_at is not None:
        changes["expires_at"] = expires_at
    return change(session, row_id, expected_version, changes, by, action=f"status.{status}", reason=reason)


def erase(
    session: Session, row_id: str, expected_version: int | None, by: Viewer, *, reason: str = ""
) -> None:
    """Remove a record with all its versions; only its audit rows and digests remain.

    To take a record out of matching and keep it, set its status to withdrawn. Raises `RecordGone`, `Stale`.
    """
    row = _held(session, row_id, expected_version)
    kind, before = row.kind, state_of(row)
    session.delete(row)
    session.flush()
    audit.record(
        session, action=f"{kind}.erase", viewer=by, kind=kind, id=row_id, before=before, reason=reason
    )
    outbox.append(session, kind, row_id)
    session.flush()


def of_ids(session: Session, ids: Iterable[str]) -> list[RecordRow]:
    """The records of these ids that are there, in their order, each once."""
    wanted = list(dict.fromkeys(ids))
    found = {
        row.id: row
        for part in _parts(wanted)
        for row in session.scalars(select(RecordRow).where(RecordRow.id.in_(part)))
    }
    return [found[each] for each in wanted if each in found]


def every(session: Session) -> Iterator[tuple[Row[Any], list[str]]]:
    """All records in the order of their ids, each with the organisations that it is shared with.

    Only the columns that matching needs are read, and no objects are made: a start waits for this.
    """
    shared: dict[str, list[str]] = defaultdict(list)
    for record_id, organisation_id in session.execute(select(ShareRow.record_id, ShareRow.organisation_id)):
        shared[record_id].append(organisation_id)
    r = RecordRow
    asked = select(
        r.id, r.kind, r.organisation_id, r.status, r.version, r.visibility, r.body, r.redactions
    ).order_by(r.id)
    for row in session.execute(asked).yield_per(AT_ONCE):
        yield row, shared.get(row.id, [])


def all_ids(session: Session, kind: str | None = None) -> list[str]:
    """The ids of all records, or of a kind, sorted."""
    asked = select(RecordRow.id)
    if kind is not None:
        asked = asked.where(RecordRow.kind == str(kind))
    return sorted(session.scalars(asked))


def by_ref(session: Session, kind: str, organisation_id: str, ref: str) -> RecordRow | None:
    """The record that an organisation knows under an id of its own."""
    return session.scalars(
        select(RecordRow).where(
            RecordRow.kind == str(kind), RecordRow.organisation_id == organisation_id, RecordRow.ref == ref
        )
    ).one_or_none()


def history(session: Session, row_id: str) -> list[VersionRow]:
    """Every version of a record, first to last; empty for one that is not there."""
    return list(
        session.scalars(select(VersionRow).where(VersionRow.record_id == row_id).order_by(VersionRow.version))
    )


def expire(session: Session, moment: datetime, limit: int = AT_ONCE) -> list[str]:
    """End the records whose time is over, at most `limit` at once; returns their ids."""
    due = session.scalars(
        select(RecordRow.id)
        .where(RecordRow.expires_at <= moment, RecordRow.status.in_(RUNNING))
        .order_by(RecordRow.expires_at, RecordRow.id)
        .limit(limit)
    ).all()
    for row_id in due:
        change(session, row_id, None, {"status": "expired"}, SYSTEM, action="status.expired")
    return list(due)


def unredacted(session: Session, day: date, limit: int = AT_ONCE) -> list[str]:
    """Let the indexes read again the records of which a redaction has ended; returns their ids.

    The records are as they were, and keep their version: only what others see of them is more.
    """
    at = now()
    rows = session.scalars(
        select(RecordRow)
        .where(RecordRow.redacted_until <= day)
        .order_by(RecordRow.redacted_until, RecordRow.id)
        .limit(limit)
        .with_for_update(of=RecordRow)
    ).all()
    for row in rows:
        sights = shown.sights(row, shown.day_told(row, day))
        shown.tell(row, sights, day, at)
        row.redacted_until = next_end(row.redactions, day)
        audit.record(session, action=f"{row.kind}.unredact", viewer=SYSTEM, kind=row.kind, id=row.id)
    outbox.append_all(session, [(row.kind, row.id) for row in rows])
    session.flush()
    return [row.id for row in rows]


def next_end(redactions: Iterable[Mapping[str, Any]], day: date) -> date | None:
    """The first day after `day` on which a redaction ends; None where none will.

    >>> next_end([{"until": "2027-03-01"}, {"until": None}, {"until": "2026-01-01"}], date(2026, 5, 1))
    datetime.date(2027, 3, 1)
    """
    ends = (date.fromisoformat(one["until"]) for one in redactions if one.get("until"))
    return min((end for end in ends if end > day), default=None)


def state_of(row: RecordRow) -> dict[str, Any]:
    """What is kept of a version, as plain values."""
    return {
        "ref": row.ref,
        "status": row.status,
        "visibility": row.visibility,
        "tlp": row.tlp,
        "body": dict(row.body),
        "redactions": list(row.redactions),
        "expires_at": row.expires_at.astimezone(UTC).isoformat() if row.expires_at else None,
        "shares": sorted(share.organisation_id for share in row.shares),
    }


def _keep(
    session: Session, row: RecordRow, by: Viewer, before: Mapping[str, Any] | None, action: str, reason: str
) -> None:
    """The version and the audit row of a write."""
    state = state_of(row)
    session.add(
        VersionRow(record_id=row.id, version=row.version, state=state, by=by.user_id, at=row.updated_at)
    )
    audit.record(
        session, action=action, viewer=by, kind=row.kind, id=row.id, before=before, after=state, reason=reason
    )


def _held(session: Session, row_id: str, expected: int | None) -> RecordRow:
    row = get(session, row_id, for_update=True)
    if row is None:
        raise RecordGone(row_id)
    if expected is not None and row.version != expected:
        raise Stale(expected, row.version)
    return row


def _share(row: RecordRow, wanted: Iterable[str], at: datetime) -> None:
    """Bring the shares to what is wanted, leaving alone those that stay."""
    after = set(wanted)
    for share in [share for share in row.shares if share.organisation_id not in after]:
        row.shares.remove(share)
    there = {share.organisation_id for share in row.shares}
    row.shares.extend(ShareRow(organisation_id=each, shown_at=at) for each in sorted(after - there))


def _refuse_taken(session: Session, drafts: Sequence[RecordDraft]) -> None:
    seen = set()
    asked: dict[tuple[str, str], list[str]] = {}
    for draft in drafts:
        if draft.ref is None:
            continue
        known = (str(draft.kind), draft.organisation_id, draft.ref)
        if known in seen:
            raise RefTaken(draft.ref)
        seen.add(known)
        asked.setdefault(known[:2], []).append(draft.ref)
    for (kind, organisation_id), refs in asked.items():
        for part in _parts(refs):
            taken = session.scalars(
                select(RecordRow.ref)
                .where(RecordRow.kind == kind, RecordRow.organisation_id == organisation_id)
                .where(RecordRow.ref.in_(part))
                .order_by(RecordRow.ref)
            ).first()
            if taken is not None:
                raise RefTaken(taken)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
