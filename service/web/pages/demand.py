"""Demand: needs by text, and for a solution of one's own, with what keeps it from answering more."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Response

from matcher.feedback import Verdict
from matcher.records import Nature
from service.paging import Paging
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import matching, needs, solutions
from service.schemas.forms import Key, Note
from service.schemas.judging import FeedbackOut, Reason, Subject
from service.schemas.matching import MatchOut, WhyNotOut
from service.schemas.records import NeedOut
from service.schemas.searching import NeedSearch
from service.web import words
from service.web.narrowing import Narrowing, countries, languages, narrowing, wrong
from service.web.page import PageRoute, Visit, door
from service.web.pages.matches import SAID, say_of, standing

router = APIRouter(route_class=PageRoute)
DEMAND = Permission.DEMAND
LONGEST = 2_000
"""Characters of a search that an address can carry."""
NAMED = 20
"""Needs left out that are named, and kinds of gaps that are told, at most."""
LEADING = 5
OfNature = Annotated[str, Query(max_length=10)]


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a solution does not state, and in how many of its results it counts against it."""

    kind: Literal["standard", "country", "field"]
    what: str
    results: int
    effect: str = ""


@router.get("/demand")
def search(
    visit: Visit = door(DEMAND),
    text: Annotated[str, Query(max_length=20_000)] = "",
    language: Annotated[str, Query(max_length=2)] = "",
    nature: OfNature = "",
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """Needs by text in any language; without a text the latest ones."""
    asked, bought, found, latest = Narrowing(), _nature(nature), None, None
    errors: dict[str, str] = {}
    try:
        asked = narrowing(visit.request.query_params)
        if len(text) > LONGEST:
            text = text[:LONGEST]
        if text.strip():
            found = matching.search_needs(
                NeedSearch(
                    text=text.strip(), language=language or visit.language_of(text), k=asked.k,
                    min_level=asked.min_level, countries=list(asked.countries),
                    languages=list(asked.languages), cpv=asked.codes, nature=bought,
                ),
                visit.held,
                visit.viewer,
            )  # fmt: skip
        else:
            latest = needs.list_needs(
                visit.held, Paging(cursor), visit.viewer, mine=False, status=None, nature=bought,
                country=asked.countries[0] if len(asked.countries) == 1 else None,
                cpv=asked.codes[0] if len(asked.codes) == 1 else None, q=None, updated_after=None,
            )  # fmt: skip
    except Problem as problem:
        if problem.status != 422:
            raise
        errors = dict(wrong(problem))
    return visit.show(
        "demand/search.html", status=422 if errors else 200, text=text, language=language,
        nature=nature, asked=asked, found=found, latest=latest, errors=errors, words=words,
        save=_to_save(text, language, asked, nature), mine=_own(visit),
        wide=len(asked.countries) > 1 or len(asked.codes) > 1 or bool(asked.languages),
        countries=countries(visit.spoken, asked.countries),
        language_choices=languages(visit.spoken, asked.languages),
        tongues=languages(visit.spoken),
    )  # fmt: skip


@router.get("/solutions/{solution_id}/needs")
def for_solution(solution_id: Key, visit: Visit = door(DEMAND), nature: OfNature = "") -> Response:
    """The needs that a solution may answer, and what keeps it from answering more."""
    return show_demand(visit, solution_id, nature)


@router.post("/solutions/{solution_id}/needs/{need_id}/verdict")
def judge(
    solution_id: Key,
    need_id: Key,
    verdict: Annotated[Literal["relevant", "not_relevant", "unsure", "undo"], Form()],
    visit: Visit = door(Permission.FEEDBACK),
    reason: Annotated[Reason, Form()] = Reason.NONE,
    comment: Annotated[Note, Form()] = "",
    rank: Annotated[int | None, Form(ge=1, le=10_000)] = None,
) -> Response:
    """Say of a need whether it is relevant for a solution, or take that back."""
    say_of(visit, Subject.DEMAND, (solution_id, need_id), verdict, (reason, comment, rank))
    query = visit.request.url.query
    place = "" if verdict == "not_relevant" else f"#match-{need_id}"
    where = f"/solutions/{solution_id}/needs{'?' + query if query else ''}{place}"
    return visit.go(where, SAID[verdict])


def show_demand(visit: Visit, solution_id: str, nature: str) -> Response:
    """The page of demand for a solution."""
    offer = solutions.show_solution(solution_id, Response(), visit.held, visit.viewer)
    asked, found, errors = Narrowing(), None, {}
    absent, absent_problem, named = None, "", visit.request.query_params.get("need", "").strip()[:400]
    closed = False
    try:
        asked = narrowing(visit.request.query_params)
        found = matching.needs(
            offer.id, visit.held, visit.viewer, k=asked.k, min_level=asked.min_level, rerank=asked.rerank,
            countries=asked.filters["countries"], languages=asked.filters["languages"],
            cpv=asked.filters["cpv"], nature=_nature(nature),
        )  # fmt: skip
    except Problem as problem:
        if problem.status == 422 or (problem.status == 409 and asked.rerank):
            errors = dict(wrong(problem)) or {"rerank": problem.detail}
        elif problem.status == 404:
            closed = True  # it is there, but takes no part in matching
        else:
            raise
    if named and not closed:
        absent, absent_problem = _absent(visit, offer.id, named, asked, nature)
    said = standing(visit, Subject.DEMAND, offer.id) if visit.may("feedback") else {}
    return visit.show(
        "demand/solution.html", status=422 if errors else 200, solution=offer, asked=asked,
        found=found, errors=errors, closed=closed, nature=nature, words=words, named=named, absent=absent,
        absent_problem=absent_problem, left_out=_left_out(visit, said),
        lacks=lacks(found.items) if found is not None and offer.own else [],
        countries=countries(visit.spoken, asked.countries),
        language_choices=languages(visit.spoken, asked.languages),
    )  # fmt: skip


def lacks(items: Iterable[MatchOut]) -> list[Lack]:
    """What keeps a solution from answering these needs better, what counts most often first."""
    standards: Counter[str] = Counter()
    places: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    effects: dict[str, str] = {}
    for match in items:
        for gap in match.gaps:
            values = getattr(gap, "values", {})
            if "standards" in values:
                standards.update(one.strip() for one in str(values["standards"]).split(","))
            elif "country" in values and match.need is not None and match.need.country:
                places[match.need.country] += 1
        for one in match.missing:
            if one.kind == "solution":
                fields[one.field] += 1
                effects[one.field] = one.effect
    found = [Lack("standard", name, n) for name, n in _first(standards)]
    found += [Lack("country", name, n) for name, n in _first(places)]
    return found + [Lack("field", name, n, effects[name]) for name, n in _first(fields)]


# -- inside ---------------------------------------------------------------------------------------


def _first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:LEADING]


def _nature(given: str) -> Nature | None:
    return Nature(given) if given in list(Nature) else None


def _own(visit: Visit) -> list[Any]:
    """Solutions of one's own that demand can be asked for."""
    if not visit.may("write_solutions"):
        return []
    return solutions.list_solutions(
        visit.held, Paging(None, 8), visit.viewer, mine=True, status="open", country=None, cpv=None, q=None,
        updated_after=None,
    ).items  # fmt: skip


def _to_save(text: str, language: str, asked: Narrowing, nature: str) -> str:
    """Where a search can be saved."""
    told = [
        ("text", text.strip()), ("language", language), ("nature", nature), ("cpv", asked.cpv),
        ("min_level", asked.min_level or ""),
        *(("countries", code) for code in asked.countries),
        *(("languages", code) for code in asked.languages),
    ]  # fmt: skip
    return "/saved-searches/new?" + urlencode([(name, value) for name, value in told if value])


def _absent(
    visit: Visit, solution_id: str, named: str, asked: Narrowing, nature: str
) -> tuple[tuple[NeedOut, WhyNotOut] | None, str]:
    """Why a need is not in the list; an address of the need will do."""
    need_id = named.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    try:
        need = needs.show_need(need_id, Response(), visit.held, visit.viewer)
        why = matching.why_not(
            visit.held, need.id, solution_id, visit.viewer, asks="solution", k=asked.k,
            countries=asked.filters["countries"], languages=asked.filters["languages"],
            cpv=asked.filters["cpv"], nature=_nature(nature), trl_min=None,
        )  # fmt: skip
    except Problem as problem:
        if problem.status not in {404, 409, 422}:
            raise
        return None, problem.detail
    return (need, why), ""


def _left_out(visit: Visit, said: dict[str, FeedbackOut]) -> list[NeedOut]:
    """Needs that the visitor marked as not relevant, as far as they are to be seen still."""
    found: list[NeedOut] = []
    for document_id, one in said.items():
        if one.verdict is not Verdict.NOT_RELEVANT or len(found) == NAMED:
            continue
        try:
            found.append(needs.show_need(document_id, Response(), visit.held, visit.viewer))
        except Problem as problem:
            if problem.status != 404:
                raise
    return found
