"""Groups of needs, and what analysts change about them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query
from fastapi import Path as PathParam
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.errors import RecordUnknown, ReviewConflict
from matcher.identity import Cluster
from matcher.phrases import phrase
from matcher.records import Need
from matcher.review import Edit, Review, line
from service.access import BackendIn, require
from service.backend import Backend
from service.confidentiality.audience import Audience
from service.paging import PagingIn
from service.problems import conflict, not_found
from service.projection.views import Cooperation
from service.records.noting import noted
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import audience_of
from service.schemas.analysis import ClusterDetail, ClusterOut, ClustersOut, EditIn, EditOut, NearCluster
from service.schemas.forms import Key, Page
from service.schemas.matching import need_brief
from service.store import audit
from service.store.tables import EditRow, UserRow

router = APIRouter(prefix="/clusters", tags=["clusters"])
NEAR = 5
"""Other clusters named beside one."""
NEED_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@router.get("", response_model=ClustersOut)
def clusters(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
    singles: Annotated[bool, Query(description="Also needs without partners.")] = False,
    least: Annotated[int, Query(ge=1, le=1000, description="Least number of needs.")] = 2,
    q: Annotated[str | None, Query(max_length=200, description="In its name, a title, or its id.")] = None,
    country: Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="A member's country.")] = None,
    level: Annotated[
        Literal["A", "B", "C", "none"] | None,
        Query(description="Of the joint candidate that it is; `none`: it is none."),
    ] = None,
    locked: Annotated[bool | None, Query(description="Whether its needs stay as they are.")] = None,
    sort: Annotated[
        Literal["size", "cohesion", "loose", "countries", "level"],
        Query(description="What comes first; `loose` has those first that are least alike."),
    ] = "size",
) -> ClustersOut:
    """Groups of the needs that the one who asks may see, the largest first; ids last from run to run."""
    audience = audience_of(viewer)
    view = held.views.cooperation(audience, held.today)
    wanted = 1 if singles else max(least, 2)
    levels = levels_of(view)
    found = [
        one
        for one in view.clusters
        if len(one.members) >= wanted
        and (locked is None or one.locked is locked)
        and (level is None or levels.get(one.id, "none") == level)
    ]
    states: dict[str, int] = {}
    if q or country or sort == "countries":
        read = {one.id: needs_of(held, audience, one.members) for one in found}
        if country:
            found = [one for one in found if any(need.country == country for need in read[one.id])]
        if q:
            found = [one for one in found if _says(one, read[one.id], q)]
        states = {id_: len({need.country for need in needs} - {None}) for id_, needs in read.items()}
    first: Callable[[Cluster], Any] = {
        "size": lambda one: -len(one.members),
        "cohesion": lambda one: -one.cohesion,
        "loose": lambda one: one.cohesion,
        "countries": lambda one: -states[one.id],
        "level": lambda one: levels.get(one.id, "none"),
    }[sort]
    found.sort(key=lambda one: (first(one), -len(one.members), one.id))
    start = paging.number() or 0
    places, following = paging.cut(
        [*range(start, min(start + paging.limit + 1, len(found)))], lambda place: [str(place + 1)]
    )
    members = [needs_of(held, audience, found[place].members) for place in places]
    noted(held, viewer, "clusters", (need for each in members for need in each))
    return ClustersOut(
        items=[_shown(found[place], each, levels) for place, each in zip(places, members, strict=True)],
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
        called = _names(session, rows)
    listed = [_edit(row, place, place in standing, called) for place, row in enumerate(rows, 1)]
    shown = [one for one in listed if all(each in needs for each in (*one.need_ids, *one.apart))]
    named = dict.fromkeys(each for one in shown for each in (*one.need_ids, *one.apart))
    noted(held, viewer, "edits", needs_of(held, audience, named))
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
    members = needs_of(held, audience, found.members)
    candidate = next((one for one in view.candidates if one.id == found.id), None)
    label = held.views.named(audience, candidate).label if candidate is not None else None
    seen = held.catalogue.engines[audience].needs
    events = [each.sentence for each in view.identities.log if found.id in (each.id, *each.others)]
    told = dict.fromkeys(need_id for sentence in events for need_id in NEED_ID.findall(sentence))
    near = _near(held, audience, view, found)
    beside = [needs_of(held, audience, one.members) for one, _ in near]
    noted(
        held,
        viewer,
        "cluster",
        [*members, *needs_of(held, audience, told), *(need for each in beside for need in each)],
    )
    levels = levels_of(view)
    return ClusterDetail(
        cluster=_shown(found, members, levels),
        needs=[need_brief(one) for one in members],
        likeness=held.views.likeness(audience, [one.id for one in members]),
        phrases={tongue: list(said) for tongue, said in label.phrases.items()} if label else {},
        events=[
            NEED_ID.sub(lambda told: told[0] if told[0] in seen else "a need that is gone", sentence)
            for sentence in events
        ],
        near=[
            NearCluster(cluster=_shown(one, needs, levels), likeness=likeness)
            for (one, likeness), needs in zip(near, beside, strict=True)
        ],
    )


def levels_of(view: Cooperation) -> Mapping[str, str]:
    """Id of each cluster that is a joint candidate to the candidate's level."""
    return {one.id: one.score.level.value for one in view.candidates}


def needs_of(held: Backend, audience: Audience, ids: Iterable[str]) -> list[Need]:
    """The needs of some ids that the audience sees now, without one that has just been hidden."""
    collection = held.catalogue.engines[audience].needs
    with collection.reading():
        rows = [collection.row(one) for one in ids if one in collection]
        return [need for row in rows if isinstance(need := collection.record(row), Need)]


# -- inside -----------------------------------------------------------------------------------


def _says(cluster: Cluster, members: Sequence[Need], asked: str) -> bool:
    """Whether a cluster is of an id, or has all words of what is asked in its name or one of its titles."""
    words = asked.casefold().split()
    said = [
        cluster.id,
        cluster.name,
        *(title for one in members for title in (one.title, *one.titles.values())),
    ]
    return any(all(word in text.casefold() for word in words) for text in said)


def _near(
    held: Backend, audience: Audience, view: Cooperation, cluster: Cluster
) -> list[tuple[Cluster, float]]:
    """The other clusters whose medoids are nearest, with the probability that these ask for the same."""
    collection = held.catalogue.engines[audience].needs
    with collection.reading():
        others = [one for one in view.clusters if one.id != cluster.id and one.medoid in collection]
        if cluster.medoid not in collection or not others:
            return []
        rows = np.array([collection.row(one.medoid) for one in (cluster, *others)], dtype=np.int64)
        vectors = collection.centroids(rows)
    order = np.argsort(-(vectors[1:] @ vectors[0]), kind="stable")[:NEAR].tolist()
    nearest = [others[place] for place in order]
    try:
        alike = held.views.likeness(audience, [cluster.medoid, *(one.medoid for one in nearest)])[0][1:]
    except RecordUnknown:  # hidden just now
        return []
    return sorted(zip(nearest, alike, strict=True), key=lambda pair: (-pair[1], pair[0].id))


def _shown(cluster: Cluster, members: Sequence[Need], levels: Mapping[str, str]) -> ClusterOut:
    medoid = next((one for one in members if one.id == cluster.medoid), None)
    return ClusterOut(
        id=cluster.id,
        name=cluster.name,
        title=medoid.title if medoid else "",
        language=medoid.language if medoid else None,
        need_ids=[one.id for one in members],
        medoid=cluster.medoid,
        cohesion=round(cluster.cohesion, 4),
        locked=cluster.locked,
        countries=sorted({one.country for one in members if one.country}),
        level=levels.get(cluster.id),
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
            raise conflict(phrase("It contradicts an earlier edit.")) from error
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
        return _edit(row, len(rows) + 1, True, _names(session, [row]))


def _names(session: Session, rows: Iterable[EditRow]) -> Mapping[str, str]:
    """User id to name, of those who made some edits."""
    asked = select(UserRow.id, UserRow.name).where(UserRow.id.in_({row.by for row in rows}))
    return {row.id: row.name for row in session.execute(asked)}


def _edit(row: EditRow, number: int, stands: bool, called: Mapping[str, str]) -> EditOut:
    kept = row.edit
    return EditOut(
        number=number,
        op=kept["op"],
        need_ids=list(kept.get("need_ids") or ()),
        apart=list(kept.get("apart") or ()),
        name=kept.get("name") or "",
        why=kept.get("why") or "",
        undoes=kept.get("undoes"),
        who=called.get(row.by, ""),
        at=row.at,
        stands=stands,
    )
