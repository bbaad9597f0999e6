"""Groups of needs, and what analysts change about them."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathParam
from sqlalchemy import select

from matcher.errors import ReviewConflict
from matcher.identity import Cluster
from matcher.records import Need
from matcher.review import Edit, Review, line
from service.access import BackendIn, require
from service.backend import Backend
from service.confidentiality.audience import Audience
from service.paging import PagingIn
from service.problems import conflict, not_found
from service.records.noting import noted
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import audience_of
from service.schemas.analysis import ClusterDetail, ClusterOut, ClustersOut, EditIn, EditOut
from service.schemas.forms import Key, Page
from service.schemas.matching import need_brief
from service.store import audit
from service.store.tables import EditRow

router = APIRouter(prefix="/clusters", tags=["clusters"])
NEED_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@router.get("", response_model=ClustersOut)
def clusters(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
    singles: Annotated[bool, Query(description="Also needs without partners.")] = False,
    least: Annotated[int, Query(ge=1, le=1000, description="Least number of needs.")] = 2,
) -> ClustersOut:
    """Groups of the needs that the one who asks may see, the largest first; ids last from run to run."""
    audience = audience_of(viewer)
    view = held.views.cooperation(audience, held.today)
    wanted = 1 if singles else max(least, 2)
    found = sorted(
        (one for one in view.clusters if len(one.members) >= wanted),
        key=lambda one: (-len(one.members), one.id),
    )
    start = paging.number() or 0
    places, following = paging.cut(
        [*range(start, min(start + paging.limit + 1, len(found)))], lambda place: [str(place + 1)]
    )
    members = [_members(held, audience, found[place]) for place in places]
    noted(held, viewer, "clusters", (need for each in members for need in each))
    return ClustersOut(
        items=[_shown(found[place], each) for place, each in zip(places, members, strict=True)],
        next=following,
        total=len(found),
        singles=sum(1 for one in view.clusters if len(one.members) == 1),
        versions=held.versions,
    )


@router.get("/edits", response_model=Page[EditOut])
def edits(held: BackendIn, viewer: Viewer = require(Permission.REVIEW_CLUSTERS)) -> Page[EditOut]:
    """Everything that analysts changed, in order; what was taken back is marked."""
    audience = audience_of(viewer)
    needs = held.catalogue.engines[audience].needs
    standing = {number for number, _ in held.views.review(audience).standing}
    with held.database.read() as session:
        rows = session.scalars(
            select(EditRow).where(EditRow.audience == audience.value).order_by(EditRow.number)
        ).all()
    listed = [_edit(row, place, place in standing) for place, row in enumerate(rows, 1)]
    shown = [one for one in listed if all(each in needs for each in (*one.need_ids, *one.apart))]
    named = dict.fromkeys(each for one in shown for each in (*one.need_ids, *one.apart))
    noted(held, viewer, "edits", _needs(held, audience, named))
    return Page(items=shown)


@router.post("/edits", status_code=201, response_model=EditOut, responses={404: {}})
def edit(given: EditIn, held: BackendIn, viewer: Viewer = require(Permission.REVIEW_CLUSTERS)) -> EditOut:
    """Merge, split, lock, name or tie needs: kept with who, when and why; holds for every later run."""
    needs = held.catalogue.engines[audience_of(viewer)].needs
    for need_id in (*given.need_ids, *given.apart):
        if need_id not in needs:
            raise not_found("need", need_id)
    made = Edit(
        who=viewer.user_id or "",
        when=held.clock(),
        op=given.op,
        need_ids=tuple(given.need_ids),
        why=given.why,
        name=given.name,
        apart=tuple(given.apart),
    )
    return _kept(held, viewer, made)


@router.post("/edits/{number}/undo", status_code=201, response_model=EditOut)
def undo(
    number: Annotated[int, PathParam(ge=1, le=10**9)],
    held: BackendIn,
    viewer: Viewer = require(Permission.REVIEW_CLUSTERS),
) -> EditOut:
    """Take a change back; undoing an undo brings it back."""
    return _kept(held, viewer, Edit(who=viewer.user_id or "", when=held.clock(), op="undo", undoes=number))


@router.get("/{cluster_id}", response_model=ClusterDetail)
def cluster(
    cluster_id: Key, held: BackendIn, viewer: Viewer = require(Permission.READ_CANDIDATES)
) -> ClusterDetail:
    """A group with its members, how alike they are, what sets it apart, and what happened to it."""
    audience = audience_of(viewer)
    view = held.views.cooperation(audience, held.today)
    found = view.cluster(cluster_id)
    members = _members(held, audience, found)
    candidate = next((one for one in view.candidates if one.id == found.id), None)
    label = held.views.named(audience, candidate).label if candidate is not None else None
    seen = held.catalogue.engines[audience].needs
    events = [each.sentence for each in view.identities.log if found.id in (each.id, *each.others)]
    told = dict.fromkeys(need_id for sentence in events for need_id in NEED_ID.findall(sentence))
    noted(held, viewer, "cluster", [*members, *_needs(held, audience, told)])
    return ClusterDetail(
        cluster=_shown(found, members),
        needs=[need_brief(one) for one in members],
        likeness=held.views.likeness(audience, [one.id for one in members]),
        phrases={tongue: list(said) for tongue, said in label.phrases.items()} if label else {},
        events=[
            NEED_ID.sub(lambda told: told[0] if told[0] in seen else "a need that is gone", sentence)
            for sentence in events
        ],
    )


# -- inside -----------------------------------------------------------------------------------


def _members(held: Backend, audience: Audience, cluster: Cluster) -> list[Need]:
    """The needs of a cluster, without one that has just been hidden."""
    return _needs(held, audience, cluster.members)


def _needs(held: Backend, audience: Audience, ids: Iterable[str]) -> list[Need]:
    """The needs of some ids that the audience sees now."""
    collection = held.catalogue.engines[audience].needs
    with collection.reading():
        rows = [collection.row(one) for one in ids if one in collection]
        return [need for row in rows if isinstance(need := collection.record(row), Need)]


def _shown(cluster: Cluster, members: Sequence[Need]) -> ClusterOut:
    return ClusterOut(
        id=cluster.id,
        name=cluster.name,
        title=next((one.title for one in members if one.id == cluster.medoid), ""),
        need_ids=[one.id for one in members],
        medoid=cluster.medoid,
        cohesion=round(cluster.cohesion, 4),
        locked=cluster.locked,
        countries=sorted({one.country for one in members if one.country}),
    )


def _kept(held: Backend, viewer: Viewer, made: Edit) -> EditOut:
    """Keep an edit that contradicts none that stands. Raises `ReviewConflict` and `RecordInvalid`."""
    audience = audience_of(viewer)
    with held.database.write() as session:
        # one writer at a time: the edits that are checked against are all there are
        rows = session.scalars(
            select(EditRow).where(EditRow.audience == audience.value).order_by(EditRow.number)
        ).all()
        text = "\n".join(json.dumps(row.edit, ensure_ascii=False) for row in rows)
        review = Review.from_jsonl(text)
        needs = held.catalogue.engines[audience].needs
        hidden = {
            number
            for number, edit in enumerate(review.edits, 1)
            if any(one not in needs for one in (*edit.need_ids, *edit.apart))
        }
        if made.undoes is not None and (made.undoes > len(rows) or made.undoes in hidden):
            raise not_found("edit", str(made.undoes))
        try:
            review.add(made)
        except ReviewConflict as error:
            if hidden.isdisjoint(error.earlier):
                raise
            # which needs it is about, and who said what of them, is not for this audience
            raise conflict("It contradicts an earlier edit.") from error
        row = EditRow(
            audience=audience.value, edit=json.loads(line(made)), by=viewer.user_id or "", at=made.when
        )
        session.add(row)
        session.flush()
        audit.record(
            session,
            action=f"cluster.{made.op}",
            viewer=viewer,
            kind="edit",
            id=str(row.number),
            after=row.edit,
        )
        return _edit(row, len(rows) + 1, True)


def _edit(row: EditRow, number: int, stands: bool) -> EditOut:
    kept = row.edit
    return EditOut(
        number=number,
        op=kept["op"],
        need_ids=list(kept.get("need_ids") or ()),
        apart=list(kept.get("apart") or ()),
        name=kept.get("name") or "",
        why=kept.get("why") or "",
        undoes=kept.get("undoes"),
        at=row.at,
        stands=stands,
    )
