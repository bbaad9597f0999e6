"""One cluster as an analyst reviews it, what was changed about clusters, and how it is undone."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Response

from matcher.errors import NeedmatchError
from matcher.phrases import phrase, renamed
from service.problems import Problem, not_found
from service.rights.policy import Permission
from service.routes import clusters as resource
from service.routes import similar as nearness
from service.routes.seeing import audience_of
from service.schemas.analysis import EditIn, EditOut
from service.schemas.forms import Key
from service.schemas.matching import SimilarOut
from service.surround.answers import problem_of
from service.web import clusters as told
from service.web import forms
from service.web.page import PageRoute, Visit, door
from service.web.pages.clusters import READ, WORDS, file, table

router = APIRouter(route_class=PageRoute)
REVIEW = Permission.REVIEW_CLUSTERS
SEARCHED = 50
"""Needs like the typical one that are looked through for what members say alike."""
EVENTS = 20
"""Things that happened to a cluster, the latest."""
Op = Literal["merge", "split", "lock", "unlock", "rename"]
DONE = {
    "merge": phrase("The clusters are merged. Every later run keeps to it."),
    "split": phrase("The needs are taken out. Every later run keeps to it."),
    "lock": phrase("The cluster is locked: nothing joins or leaves it."),
    "unlock": phrase("The cluster is no longer locked."),
    "rename": phrase("The cluster has its name."),
}
Text = Annotated[str, Form(max_length=2_000)]
Ids = Annotated[list[str], Form(max_length=1_000)]


@router.get("/clusters/history")
def history(visit: Visit = door(REVIEW), page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    """Everything that analysts changed, the latest first."""
    return _history(visit, page)


@router.post("/clusters/edits/{number}/undo")
def undo(number: int, visit: Visit = door(REVIEW), back: Text = "") -> Response:
    """Take a change back, or bring it back."""
    if not 1 <= number <= 10**9:
        raise not_found("edit", str(number))
    try:
        resource.undo(number, visit.held, visit.viewer)
    except (Problem, NeedmatchError) as error:
        problem = problem_of(error)
        forms.again(problem)
        return _history(visit, 1, problem=problem)
    where = f"/clusters/of/{back}" if back and "/" not in back else "/clusters/history"
    return visit.go(where, phrase("The change is undone. Clusters follow."))


@router.get("/clusters/{cluster_id}")
def review(cluster_id: Key, visit: Visit = door(READ)) -> Response:
    """A cluster with all that speaks for and against it."""
    return _show(visit, cluster_id)


@router.get("/clusters/{cluster_id}/members.csv")
def members(cluster_id: Key, visit: Visit = door(READ)) -> Response:
    """Its members as a file, with how alike they are."""
    found = resource.cluster(cluster_id, visit.held, visit.viewer)
    shown = told.members(found)
    pairs = {(one.id, other.id): found.likeness[i][j] for i, one in enumerate(found.needs)
             for j, other in enumerate(found.needs)}  # fmt: skip
    columns = ["number", "id", "title", "language", "country", "organisation", "cpv", "mean",
               *(f"likeness_{one.number}" for one in shown)]  # fmt: skip
    rows = [
        one.need.model_dump(mode="json")
        | {"number": one.number, "mean": None if one.mean is None else round(one.mean, 4)}
        | {f"likeness_{other.number}": pairs[one.need.id, other.need.id] for other in shown}
        for one in shown
    ]
    return file(table(columns, rows), f"cluster-{found.cluster.id}.csv")


@router.post("/clusters/{cluster_id}/edits")
def edit(
    cluster_id: Key,
    visit: Visit = door(REVIEW),
    op: Annotated[Op, Form()] = "lock",
    need: Ids = [],  # noqa: B006 - FastAPI copies it
    leaving: Ids = [],  # noqa: B006 - FastAPI copies it
    other: Text = "",
    other_id: Text = "",
    name: Text = "",
    why: Text = "",
) -> Response:
    """Merge, split, lock, unlock or name it, as it was when the form was shown."""
    values = {"leaving": leaving, "other": other, "other_id": other_id, "name": name, "why": why, "op": op}
    try:
        made = _edit(visit, op, need, leaving, other_id.strip() or other, name.strip(), why.strip())
        resource.edit(made, visit.held, visit.viewer)
    except (Problem, NeedmatchError) as error:
        problem = problem_of(error)
        if problem.status != 404:
            forms.again(problem)
        return _show(visit, cluster_id, status=problem.status, problem=problem, values=values)
    stay = made.apart[0] if op == "split" else made.need_ids[0]
    return visit.go(f"/clusters/of/{stay}", DONE[op])


# -- inside -----------------------------------------------------------------------------------


def _edit(
    visit: Visit, op: Op, need: list[str], leaving: list[str], other: str, name: str, why: str
) -> EditIn:
    """The change that a form asks for. Raises `Problem` 422."""
    if op == "split":
        stay = [one for one in need if one not in leaving]
        if not leaving or not stay:
            raise Problem(422, "invalid", phrase("Tick the needs that leave; at least one has to stay."))
        return forms.taken(EditIn, {"op": op, "need_ids": leaving, "apart": stay, "why": why})
    if op == "merge":
        if not other:
            raise Problem(422, "invalid", phrase("Choose the cluster to merge with."))
        view = visit.held.views.cooperation(audience_of(visit.viewer), visit.held.today)
        added = view.cluster(other).members
        together = list(dict.fromkeys([*need, *added]))
        if len(together) == len(set(need)):
            raise Problem(422, "invalid", phrase("Choose another cluster: this one is that one already."))
        return forms.taken(EditIn, {"op": op, "need_ids": together, "why": why})
    return forms.taken(
        EditIn, {"op": op, "need_ids": need, "why": why, **({"name": name} if op == "rename" else {})}
    )


def _show(
    visit: Visit,
    cluster_id: str,
    *,
    status: int = 200,
    problem: Problem | None = None,
    values: dict[str, Any] | None = None,
) -> Response:
    held, viewer = visit.held, visit.viewer
    found = resource.cluster(cluster_id, held, viewer)
    shown = told.members(found)
    cluster = found.cluster
    view = held.views.cooperation(audience_of(viewer), held.today)
    events = [one.sentence for one in view.identities.log if cluster.id in (one.id, *one.others)]
    own = set(cluster.need_ids)
    edits = _edits(visit) if visit.may(REVIEW) else []
    named = [each for one in edits for each in (*one.need_ids, *one.apart)]
    called = titles(visit, [*cluster.need_ids, *named, *_ids(events)])
    called[cluster.id] = phrase("This cluster")
    if problem is not None:
        problem.detail = renamed(problem.detail, called)
    return visit.show(
        "clusters/review.html", status=status, problem=problem, found=found, cluster=cluster,
        name=told.name(cluster), cohesion=told.sure(cluster.cohesion), members=shown,
        matrix=told.matrix(found, shown), drawn=told.DRAWN, outside=[one for one in shown if one.outside],
        evidence=_evidence(visit, cluster.medoid, own), events=told.told(events[-EVENTS:], called),
        near=[(one.cluster, told.name(one.cluster), told.sure(one.likeness)) for one in found.near],
        edits=[_line(one, edits, called) for one in edits if own & {*one.need_ids, *one.apart}],
        sure=told.sure,
        values={"leaving": [], "other": "", "other_id": "", "name": cluster.name, "why": "", "op": "",
                **(values or {})},
        requested=cluster_id, W=WORDS,
    )  # fmt: skip


def _evidence(visit: Visit, medoid: str, own: set[str]) -> list[SimilarOut]:
    """What members say alike to the typical need, where the viewer may match."""
    if len(own) < 2 or not visit.may(Permission.MATCH):
        return []
    try:
        found = nearness.similar(medoid, visit.held, visit.viewer, SEARCHED, None, None, None, None, False)
    except Problem:  # hidden just now
        return []
    return [one for one in found.items if one.need.id in own]


def _edits(visit: Visit) -> list[EditOut]:
    return resource.edits(visit.held, visit.viewer).items


def _line(one: EditOut, edits: list[EditOut], called: told.Titles) -> dict[str, Any]:
    """A change with what can be done about it: undone, or brought back by undoing what undid it."""
    of = next((told.done(each, called) for each in edits if each.number == one.undoes), None)
    undone = [each.number for each in edits if each.op == "undo" and each.undoes == one.number]
    again = None if one.stands or one.op == "undo" else (undone[-1] if undone else None)
    return {"edit": one, "said": told.done(one, called), "of": of, "again": again, "why": one.why}


def _history(visit: Visit, page: int, *, problem: Problem | None = None) -> Response:
    edits = _edits(visit)
    called = titles(visit, [each for one in edits for each in (*one.need_ids, *one.apart)])
    if problem is not None:
        problem.detail = renamed(problem.detail, called)
    lines = [_line(one, edits, called) for one in reversed(edits)]
    start = (page - 1) * EVENTS
    return visit.show(
        "clusters/history.html", status=problem.status if problem else 200, problem=problem,
        lines=lines[start : start + EVENTS], total=len(lines),
        next=page + 1 if start + EVENTS < len(lines) else None, W=WORDS,
    )  # fmt: skip


def titles(visit: Visit, ids: list[str]) -> told.Titles:
    """What sentences call some needs, as far as the viewer sees them now; others are gone."""
    needs = resource.needs_of(visit.held, audience_of(visit.viewer), dict.fromkeys(ids))
    known = told.Titles(dict.fromkeys(ids, told.GONE))
    known.update({need.id: told.titled(need.title) for need in needs})
    return known


def _ids(sentences: list[str]) -> list[str]:
    """Ids of needs that sentences name."""
    return [found for one in sentences for found in resource.NEED_ID.findall(one)]
