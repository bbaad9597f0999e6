"""Cycles: the state of a day kept under a name, and what changed between two of them."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response

from matcher.cycle import Changes, Cycle, diff
from matcher.phrases import phrase
from service.paging import Paging
from service.problems import Problem, invalid
from service.records.noting import noted
from service.rights.policy import Permission
from service.routes import clusters as clusters_resource
from service.routes import cycles as resource
from service.routes.seeing import audience_of
from service.schemas.analysis import CycleIn, CycleOut
from service.web import clusters as told
from service.web import forms
from service.web.page import PageRoute, Visit, door
from service.web.pages.clusters import file, table

router = APIRouter(route_class=PageRoute)
REVIEW = Permission.REVIEW_CLUSTERS
PER_PAGE = 20
NAME = 200
"""Characters of a name."""
LINES = 200
"""Rows of the table of changes on the page; the file has all."""
KINDS = {
    "new": phrase("Need appeared"),
    "changed": phrase("Need says something else"),
    "closed": phrase("Need closed or gone"),
    "reopened": phrase("Need open again"),
    "births": phrase("Cluster appeared"),
    "deaths": phrase("Cluster vanished"),
    "merges": phrase("Clusters merged"),
    "splits": phrase("Cluster split"),
    "resized": phrase("Cluster grew or shrank"),
    "candidates_new": phrase("Candidate appeared"),
    "candidates_gone": phrase("Candidate vanished"),
    "moved": phrase("Candidate moved to another level"),
}
Id = Annotated[str, Query(max_length=200)]


@router.get("/cycles")
def listed(
    visit: Visit = door(REVIEW), cursor: Annotated[str | None, Query(max_length=2_000)] = None
) -> Response:
    """The snapshots that were kept."""
    return _listed(visit, cursor)


@router.post("/cycles")
def keep(visit: Visit = door(REVIEW), name: Annotated[str, Form(max_length=2_000)] = "") -> Response:
    """Keep the state of today."""
    try:
        if len(name.strip()) > NAME:
            raise invalid("/name", phrase("Use at most {most:,} characters.", most=NAME))
        kept = resource.keep(forms.taken(CycleIn, {"name": name.strip()}), visit.held, visit.viewer)
    except Problem as problem:
        forms.again(problem)
        return _listed(visit, None, name=name, problem=problem)
    return visit.go("/cycles", phrase("The state of today is kept as “{name}”.", name=kept.name))


@router.get("/cycles/compare")
def compare(visit: Visit = door(REVIEW), before: Id = "", after: Id = "") -> Response:
    """What changed from one snapshot to another."""
    if not before or not after or before == after:
        problem = Problem(422, "invalid", phrase("Choose two different snapshots to compare."))
        return _listed(visit, None, problem=problem, chosen=(before, after))
    (earlier, old), (later, new) = _two(visit, before, after)
    changes = diff(old, new)
    called = _called(visit, old, new, changes)
    rows = _rows(changes, called)
    return visit.show(
        "clusters/compare.html", earlier=earlier, later=later,
        sections=[(heading, told.told(said, called)) for heading, said in changes.sections],
        counts=[(words, len(getattr(changes, name))) for name, words in KINDS.items()],
        rows=rows[:LINES], total=len(rows),
    )  # fmt: skip


@router.get("/cycles/compare.csv")
def compare_file(before: Id, after: Id, visit: Visit = door(REVIEW)) -> Response:
    """The same as a file."""
    (_, old), (_, new) = _two(visit, before, after)
    changes = diff(old, new)
    rows = _rows(changes, _called(visit, old, new, changes))
    columns = ("kind", "id", "what", "before", "after")
    plain = [{**row, "what": str(row["what"]), "before": str(row["before"]), "after": str(row["after"])}
             for row in rows]  # fmt: skip
    return file(table(columns, plain), "changes.csv")


# -- inside -----------------------------------------------------------------------------------


def _listed(
    visit: Visit, cursor: str | None, *, name: str = "", problem: Problem | None = None,
    chosen: tuple[str, str] = ("", ""),
) -> Response:  # fmt: skip
    found = resource.cycles(visit.held, Paging(cursor, PER_PAGE), visit.viewer)
    view = visit.held.views.cooperation(audience_of(visit.viewer), visit.held.today)
    return visit.show(
        "clusters/cycles.html", status=problem.status if problem else 200, found=found, name=name,
        problem=problem, errors=forms.errors(problem), chosen=chosen, today=visit.held.today,
        groups=sum(len(one.members) > 1 for one in view.clusters), candidates=len(view.candidates),
    )  # fmt: skip


def _two(visit: Visit, before: str, after: str) -> list[tuple[CycleOut, Cycle]]:
    """Two snapshots, the one of the earlier day first."""
    return sorted(resource.kept(visit.held, visit.viewer, before, after), key=lambda pair: pair[0].day)


def _called(visit: Visit, old: Cycle, new: Cycle, changes: Changes) -> told.Titles:
    """What sentences call needs, and clusters by a need of theirs; what is gone is not named."""
    held, audience = visit.held, audience_of(visit.viewer)
    concerned = {*changes.new, *changes.changed, *changes.closed, *changes.reopened}
    groups = _groups(changes)
    homes: dict[str, tuple[str, ...]] = {
        one: new.clusters.get(one) or old.clusters.get(one, ()) for one in groups
    }
    joined = {need for one in changes.resized for need in (*one.joined, *one.left)}
    firsts = {need for held_ in homes.values() for need in held_}
    needs = clusters_resource.needs_of(held, audience, sorted(concerned | joined | firsts))
    noted(held, visit.viewer, "clusters", needs)
    titles = {need.id: told.titled(need.title) for need in needs}
    called = told.Titles(dict.fromkeys(concerned | joined, told.GONE))
    called.update(titles)
    names = {one.id: (one.name, one.medoid) for one in held.views.cooperation(audience, held.today).clusters}
    for group, members in homes.items():
        name, medoid = names.get(group, ("", ""))
        shown = next((titles[one] for one in (medoid, *members) if one in titles), None)
        if name or shown:
            called[group] = phrase("{title} ({id})", title=told.titled(name) if name else shown, id=group)
    return called


def _groups(changes: Changes) -> set[str]:
    found = {*changes.births, *changes.deaths, *changes.candidates_new, *changes.candidates_gone}
    found |= {one.id for one in changes.moved}
    found |= {id_ for one in changes.resized for id_ in (one.id, one.now)}
    found |= {id_ for one in (*changes.splits, *changes.merges) for id_ in (one.id, *one.others)}
    return found


def _rows(changes: Changes, called: told.Titles) -> list[dict[str, Any]]:
    """Every change as a row: what happened, to what, and the state before and after."""
    rows: list[dict[str, Any]] = []

    def add(kind: str, ids: Iterable[tuple[str, str, str]], where: str) -> None:
        for id_, before, after in ids:
            rows.append(
                {"kind": kind, "words": KINDS[kind], "id": id_, "what": called[id_], "before": before,
                 "after": after, "href": f"{where}{id_}"}
            )  # fmt: skip

    for kind in ("births", "deaths"):
        add(kind, ((one, "", "") for one in getattr(changes, kind)), "/clusters/")
    add("merges", ((one.id, _said(one.others, called), "") for one in changes.merges), "/clusters/")
    add("splits", ((one.id, "", _said(one.others, called)) for one in changes.splits), "/clusters/")
    add(
        "resized",
        ((one.now, _said(one.left, called), _said(one.joined, called)) for one in changes.resized),
        "/clusters/",
    )
    for kind in ("candidates_new", "candidates_gone"):
        add(kind, ((one, "", "") for one in getattr(changes, kind)), "/candidates/")
    add("moved", ((one.id, _judged(one.before), _judged(one.after)) for one in changes.moved), "/candidates/")
    for kind in ("new", "changed", "closed", "reopened"):
        add(kind, ((one, "", "") for one in getattr(changes, kind)), "/needs/")
    return rows


def _said(ids: Iterable[str], called: told.Titles) -> str:
    from matcher.phrases import listed as enumerated

    shown = [called[one] for one in ids]
    return enumerated(shown) if shown else ""


def _judged(state: Any) -> str:
    return phrase("level {level}, score {score:.1f}", level=state.level, score=state.score)
