"""Snapshots of what an audience sees, kept to be compared."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from sqlalchemy import select

from matcher.cycle import Cycle, diff
from service import plain
from service.access import BackendIn, require
from service.backend import Backend
from service.paging import PagingIn
from service.problems import not_found
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.latest import older
from service.routes.seeing import audience_of
from service.schemas.analysis import ChangesOut, CycleIn, CycleOut
from service.schemas.forms import Key, Page
from service.store import audit
from service.store.tables import CycleRow

router = APIRouter(prefix="/cycles", tags=["cycles"])
_CYCLE = TypeAdapter(Cycle)


@router.post("", status_code=201, response_model=CycleOut)
def keep(given: CycleIn, held: BackendIn, viewer: Viewer = require(Permission.REVIEW_CLUSTERS)) -> CycleOut:
    """Keep the state of today under a name."""
    audience = audience_of(viewer)
    cycle = held.views.cycle(audience, held.today)
    with held.database.write() as session:
        row = CycleRow(
            audience=audience.value,
            name=given.name,
            day=cycle.day,
            state=_CYCLE.dump_python(cycle, mode="json"),
            by=viewer.user_id or "",
            at=held.clock(),
        )
        session.add(row)
        session.flush()
        audit.record(session, action="cycle.kept", viewer=viewer, kind="cycle", id=row.id, after=given.name)
        return _shown(row)


@router.get("", response_model=Page[CycleOut])
def cycles(
    held: BackendIn, paging: PagingIn, viewer: Viewer = require(Permission.REVIEW_CLUSTERS)
) -> Page[CycleOut]:
    """Snapshots of one's audience, the latest first."""
    query = select(CycleRow).where(CycleRow.audience == audience_of(viewer).value)
    if (after := older(paging, CycleRow.at, CycleRow.id)) is not None:
        query = query.where(after)
    query = query.order_by(CycleRow.at.desc(), CycleRow.id.desc()).limit(paging.limit + 1)
    with held.database.read() as session:
        rows, following = paging.cut(session.scalars(query).all(), lambda row: (row.at.isoformat(), row.id))
        return Page(items=[_shown(row) for row in rows], next=following)


@router.get("/diff", response_model=ChangesOut, responses={404: {}})
def compare(
    held: BackendIn,
    before: Annotated[Key, Query(description="Id of the earlier one.")],
    after: Annotated[Key, Query(description="Id of the later one.")],
    viewer: Viewer = require(Permission.REVIEW_CLUSTERS),
) -> ChangesOut:
    """What changed between two snapshots: needs, clusters, candidates, and versions that may explain it."""
    earlier, later = kept(held, viewer, before, after)
    changes = diff(earlier[1], later[1])
    return ChangesOut(
        before=earlier[0],
        after=later[0],
        sentences=list(changes.sentences),
        changes=plain.plain(changes),
    )


def kept(held: Backend, viewer: Viewer, *ids: str) -> list[tuple[CycleOut, Cycle]]:
    """Snapshots of one's audience with what they hold. Raises `Problem` 404."""
    found = []
    with held.database.read() as session:
        for one in ids:
            row = session.get(CycleRow, one)
            if row is None or row.audience != audience_of(viewer).value:
                raise not_found("cycle", one)
            found.append((_shown(row), _CYCLE.validate_python(row.state)))
    return found


def _shown(row: CycleRow) -> CycleOut:
    state = row.state
    return CycleOut(
        id=row.id,
        name=row.name,
        day=row.day,
        needs=len(state.get("needs", {})),
        clusters=len(state.get("clusters", {})),
        candidates=len(state.get("candidates", {})),
        at=row.at,
    )
