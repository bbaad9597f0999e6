"""Needs and solutions that are read: one by one, and in lists, each as far as the one who asks may see it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from matcher.phrases import phrase
from matcher.records import Kind, Nature, Need, Record, Visibility
from service.backend import Backend
from service.confidentiality.audience import Audience
from service.paging import Paging
from service.problems import forbidden, not_found
from service.projection.entry import MATCHED, Entry
from service.projection.follower import entry_of_row
from service.records.noting import noted
from service.rights.viewer import Viewer
from service.store import records
from service.store.shown import shown_to
from service.store.tables import RecordRow, ShareRow, VersionRow

Part = Select[str, datetime, int]
Line = Row[str, datetime, int]
"""Id, time and version of a record."""
SCANNED = 500
"""Rows looked at together while a list is made."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records a list is of."""

    mine: bool = False
    status: str | None = None
    country: str | None = None
    cpv: str | None = None
    """Prefix of a code."""
    nature: Nature | None = None
    q: str | None = None
    """Part of the title."""
    updated_after: datetime | None = None

    def admits(self, record: Record, status: str) -> bool:
        """Whether a record, as it is seen, is among them: what is not seen matches nothing."""
        if self.status is not None and status != self.status:
            return False
        if self.country is not None and record.country != self.country:
            return False
        if self.cpv is not None and not any(code.startswith(self.cpv) for code in record.cpv):
            return False
        if self.nature is not None and (not isinstance(record, Need) or record.nature is not self.nature):
            return False
        return self.q is None or self.q.casefold() in record.title.casefold()


def find(session: Session, held: Backend, viewer: Viewer, kind: Kind, key: str) -> RecordRow:
    """The row of an id, or of an organisation's own id for it. Raises 404 for what is not to be seen."""
    row = records.get(session, key)
    if row is not None and row.kind == kind.value and _seen(row, held, viewer) is not None:
        return row
    if viewer.organisation_id is not None:
        row = records.by_ref(session, kind.value, viewer.organisation_id, key)
        if row is not None:
            return row
    raise not_found(kind.value, key)


def get(held: Backend, viewer: Viewer, kind: Kind, key: str) -> RecordRow:
    """The row of a record; that somebody of another organisation saw what is restricted is written down."""
    with held.database.read() as session:
        row = find(session, held, viewer, kind, key)
    noted(held, viewer, "view", _others([row], viewer))
    return row


def listed(
    held: Backend, viewer: Viewer, kind: Kind, wanted: Wanted, paging: Paging
) -> tuple[list[RecordRow], str | None]:
    """Records that the viewer may see, by last change: newest first, or oldest first after a moment.

    Of other organisations only what is open, by the last change of what the viewer is shown; filters look at
    records as the viewer sees them.
    """
    found: list[tuple[str, datetime]] = []
    with held.database.read() as session:
        for row_id, at in _matching(session, held, viewer, kind, wanted, paging):
            found.append((row_id, at))
            if len(found) > paging.limit:
                break
        shown, following = paging.cut(found, lambda each: [each[1].isoformat(), each[0]])
        rows = records.of_ids(session, [row_id for row_id, _ in shown])
    noted(held, viewer, "list", _others(rows, viewer))
    return rows, following


def own(session: Session, held: Backend, viewer: Viewer, kind: Kind, key: str) -> RecordRow:
    """As `find`, for a record that the viewer may change. Raises 403 for another organisation's."""
    row = find(session, held, viewer, kind, key)
    if not viewer.owns(row.organisation_id):
        raise forbidden(
            phrase("Only its owner's organisation may change this need.")
            if kind is Kind.NEED
            else phrase("Only its owner's organisation may change this solution.")
        )
    return row


def history(held: Backend, viewer: Viewer, kind: Kind, key: str) -> list[VersionRow]:
    """Every version of one's own record, the oldest first. Raises 403 and 404."""
    with held.database.read() as session:
        return records.history(session, own(session, held, viewer, kind, key).id)


# -- inside -----------------------------------------------------------------------------------


def _others(rows: Iterable[RecordRow], viewer: Viewer) -> list[Record]:
    """What another organisation's rows hold; the catalogue may not know them yet."""
    return [entry_of_row(row).record for row in rows if not viewer.owns(row.organisation_id)]


def _seen(row: RecordRow, held: Backend, viewer: Viewer) -> Record | None:
    return entry_of_row(row).to_viewer(viewer, held.today)


def _matching(
    session: Session, held: Backend, viewer: Viewer, kind: Kind, wanted: Wanted, paging: Paging
) -> Iterator[tuple[str, datetime]]:
    """Ids and times of what the list is of, in its order, from the cursor on."""
    after, place = wanted.updated_after, paging.moment_and_id()
    lines = merge(
        *(_read(session, part, at, after, place) for part, at in _parts(viewer, kind, wanted.mine)),
        key=lambda line: (line[1], line[0]),
        reverse=after is None,
    )
    while rows := list(islice(lines, SCANNED)):
        entries = _entries(session, held, {row_id: version for row_id, _, version in rows})
        for row_id, at, _ in rows:
            entry = entries.get(row_id)
            record = entry.to_viewer(viewer, held.today) if entry else None
            if entry is None or record is None:
                continue
            own = viewer.owns(entry.organisation_id)
            if (own or entry.matched) and wanted.admits(record, _shown_status(entry, record, own)):
                yield row_id, at


def _parts(viewer: Viewer, kind: Kind, mine: bool) -> Iterator[tuple[Part, InstrumentedAttribute[datetime]]]:
    """What may be seen at all, for the database, no record twice, with when it last changed for the viewer.

    The rest is decided record by record.
    """

    def of(at: InstrumentedAttribute[datetime], *where: ColumnElement[bool]) -> Part:
        return select(RecordRow.id, at, RecordRow.version).where(RecordRow.kind == kind.value, *where)

    of_viewer = viewer.organisation_id or ""
    if viewer.organisation_id is not None:
        yield of(RecordRow.updated_at, RecordRow.organisation_id == of_viewer), RecordRow.updated_at
    if mine:
        return
    others = RecordRow.organisation_id != of_viewer
    open_to = [each.value for each in Visibility if each.rank >= viewer.open_to.rank]
    open_ = and_(RecordRow.visibility.in_(open_to), RecordRow.status.in_(sorted(MATCHED)))
    at = shown_to(Audience(viewer.open_to.value))
    yield of(at, open_, others), at
    if viewer.organisation_id is not None:
        shared = and_(RecordRow.visibility == Visibility.GROUP.value, ShareRow.organisation_id == of_viewer)
        yield of(ShareRow.shown_at, shared, others).join(RecordRow.shares), ShareRow.shown_at


def _read(
    session: Session,
    asked: Part,
    at: InstrumentedAttribute[datetime],
    after: datetime | None,
    place: tuple[datetime, str] | None,
) -> Iterator[Line]:
    """Ids, times and versions of a part, from a place on: newest first, or oldest first after a moment."""
    id_ = RecordRow.id
    if after is None:
        asked = asked.order_by(at.desc(), id_.desc())
    else:
        asked = asked.where(at > after).order_by(at, id_)
    while True:
        part = asked
        if place is not None:
            moment, last = place
            later, same = (at < moment, id_ < last) if after is None else (at > moment, id_ > last)
            part = asked.where(or_(later, and_(at == moment, same)))
        rows = session.execute(part.limit(SCANNED)).all()
        yield from rows
        if len(rows) < SCANNED:
            return
        place = rows[-1][1], rows[-1][0]


def _entries(session: Session, held: Backend, versions: Mapping[str, int]) -> dict[str, Entry]:
    """Entries at just these versions; from the catalogue where it has them."""
    known = {
        row_id: entry
        for row_id, version in versions.items()
        if (entry := held.catalogue.entries.get(row_id)) is not None and entry.version == version
    }
    missing = [row_id for row_id in versions if row_id not in known]
    return known | {row.id: entry_of_row(row) for row in records.of_ids(session, missing)}


def _shown_status(entry: Entry, record: Record, own: bool) -> str:
    return record.status if isinstance(record, Need) and not own else entry.status
