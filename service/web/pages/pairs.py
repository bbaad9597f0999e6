"""One need and one solution in full, several solutions side by side, and why one is not shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from matcher.calibrate import FEATURES
from service.paging import Paging
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import matching, solutions
from service.schemas.forms import Key
from service.schemas.matching import ContributionOut, WhyNotOut
from service.schemas.records import NeedOut, SolutionOut
from service.schemas.searching import SolutionSearch
from service.web.narrowing import MOST, Narrowing, narrowing
from service.web.page import PageRoute, Visit, door
from service.web.pages.matches import need_of

router = APIRouter(route_class=PageRoute)
OFFERED = 8
"""Solutions to choose from where a name was entered, at most."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one score brought to a pair."""

    feature: str
    share: float
    """Of what the strongest score brought."""
    stated: bool

    @property
    def weight(self) -> str:
        """A code for how much it brought."""
        if not self.stated:
            return "unstated"
        if self.share <= 0:
            return "nothing"
        return "much" if self.share >= 0.5 else "some" if self.share >= 0.1 else "little"


@router.get("/needs/{need_id}/solutions/{solution_id}")
def pair(need_id: Key, solution_id: Key, visit: Visit = door(Permission.MATCH)) -> Response:
    """One pair: what each score brought, what both texts say, what is open, and what to ask next."""
    need = need_of(visit, need_id)
    found = matching.explain(visit.held, need.id, solution_id, visit.viewer)
    offer = _offer(visit, solution_id)
    return visit.show(
        "matches/pair.html",
        need=need,
        tab="solutions",
        match=found.match,
        offer=offer,
        parts=parts_of(found.match.contributions),
    )


@router.get("/needs/{need_id}/compare")
def compare(
    need_id: Key,
    visit: Visit = door(Permission.MATCH),
    solutions: Annotated[list[Key] | None, Query(max_length=100)] = None,
) -> Response:
    """Two to four solutions side by side."""
    need = need_of(visit, need_id)
    ids = list(dict.fromkeys(one for given in solutions or () for one in given.split(",") if one))
    if not 2 <= len(ids) <= 4:
        return visit.show(
            "matches/compare.html", status=422, need=need, tab="solutions", chosen=len(ids), columns=[]
        )
    found = matching.compare(need.id, visit.held, ",".join(ids), visit.viewer)
    columns = [(match, _offer(visit, match.solution.id)) for match in found.items if match.solution]
    return visit.show("matches/compare.html", need=need, tab="solutions", chosen=len(ids), columns=columns)


@router.get("/needs/{need_id}/why-not")
def why_not(
    need_id: Key,
    visit: Visit = door(Permission.MATCH),
    solution: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """Why a solution is not among the recommendations: its place, filter or score, and what to change."""
    need = need_of(visit, need_id)
    asked = narrowing(visit.request.query_params)
    text = solution.strip()
    found, offer, choices, problem = None, None, [], None
    if text:
        try:
            offer = _offer(visit, text)
            found = _why_not(visit, need, offer, asked)
        except Problem as caught:
            if caught.status == 404:
                choices = _called(visit, text)
            elif caught.status == 409:
                problem = caught
            else:
                raise
    return visit.show(
        "matches/why_not.html",
        need=need,
        tab="solutions",
        asked=asked,
        text=text,
        found=found,
        offer=offer,
        choices=choices,
        problem=problem,
        enough=_enough(found),
        filters=list(filter_fields(asked)),
    )


def parts_of(contributions: Sequence[ContributionOut]) -> list[Part]:
    """Every score with what it brought, in the order of the model; those that brought nothing too.

    >>> found = [ContributionOut(feature="details", value=0.5, logit=4.0, stated=True)]
    >>> [(part.feature, part.weight) for part in parts_of(found)][:2]
    [('meaning', 'nothing'), ('details', 'much')]
    """
    brought = {str(one.feature): one for one in contributions}
    weights = {name: one.value if one.logit is None else one.logit for name, one in brought.items()}
    most = max((weight for weight in weights.values() if weight > 0), default=1.0)
    return [
        Part(name, max(0.0, weights.get(name, 0.0)) / most, brought[name].stated if name in brought else True)
        for name in FEATURES
    ]


def filter_fields(asked: Narrowing) -> Iterator[tuple[str, Any]]:
    """Name and value of each field of a form that keeps the filters."""
    for name, value in (
        ("countries", ",".join(asked.countries)),
        ("languages", ",".join(asked.languages)),
        ("cpv", asked.cpv),
        ("trl_min", asked.trl_min),
    ):
        if value:
            yield name, value


# -- inside -------------------------------------------------------------------------------------


def _offer(visit: Visit, solution_id: str) -> SolutionOut:
    return solutions.show_solution(solution_id, Response(), visit.held, visit.viewer)


def _why_not(visit: Visit, need: NeedOut, offer: SolutionOut, asked: Narrowing) -> WhyNotOut:
    return matching.why_not(
        visit.held,
        need.id,
        offer.id,
        visit.viewer,
        asks="need",
        k=asked.k,
        nature=None,
        **asked.filters,
    )


def _enough(found: WhyNotOut | None) -> int | None:
    """How many results to ask for so that it is among them; None where no list is long enough."""
    if found is None or found.rank is None or found.rank > MOST:
        return None
    return min(MOST, -(-found.rank // 10) * 10)


def _called(visit: Visit, text: str) -> list[tuple[str, str, str | None, str]]:
    """Id, name, its language and vendor of solutions that somebody may have meant."""
    listed = solutions.list_solutions(
        visit.held,
        Paging(limit=OFFERED),
        visit.viewer,
        mine=False,
        status=None,
        country=None,
        cpv=None,
        q=text[:200],
        updated_after=None,
    )
    found = {one.id: (one.id, one.name, one.language, one.vendor) for one in listed.items}
    if not found:
        asked = SolutionSearch(text=text, k=OFFERED, countries=[], languages=[], cpv=[])
        near = matching.search_solutions(asked, visit.held, visit.viewer)
        for match in near.items:
            if (one := match.solution) is not None:
                found[one.id] = (one.id, one.name, one.language, one.vendor)
    return list(found.values())
