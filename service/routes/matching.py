"""Recommendations both ways, searches by text, and why or why not."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from matcher.calibrate import Level, LogisticCalibrator
from matcher.explain import Match
from matcher.filters import Filter
from matcher.phrases import Phrase, joined, phrase
from matcher.records import Need, Record
from matcher.whynot import CONDITIONS, WhyNot
from service import plain
from service.access import BackendIn, require
from service.backend import Backend
from service.judging import feedback_of, judged, refused
from service.problems import conflict, invalid
from service.projection.catalogue import SHARED_MARK
from service.projection.search import Found
from service.records.noting import noted
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import (
    Codes,
    Countries,
    Languages,
    LeastTrl,
    Most,
    OfNature,
    filter_of,
    need_for,
    solution_for,
)
from service.schemas.forms import Key
from service.schemas.matching import (
    BehindOut,
    MatchesOut,
    PairOut,
    WhyNotOut,
    match_out,
    matches_out,
)
from service.schemas.searching import NeedSearch, SolutionSearch

router = APIRouter(tags=["matching"])
Least = Annotated[Level | None, Query(description="Least level shown.")]
HIDING: Mapping[str, str] = {**CONDITIONS, "exclude": phrase("what you marked as not relevant")}
"""What the conditions of a filter are called, those that a user never states included."""
Rerank = Annotated[bool, Query(description="Order by what this user said of results before.")]


@router.get("/needs/{need_id}/solutions", response_model=MatchesOut, responses={409: {}})
def solutions(
    need_id: Key,
    held: BackendIn,
    viewer: Viewer = require(Permission.MATCH),
    k: Most = 10,
    min_level: Least = None,
    rerank: Rerank = False,
    countries: Countries = None,
    languages: Languages = None,
    cpv: Codes = None,
    trl_min: LeastTrl = None,
) -> MatchesOut:
    """The solutions that answer a need best, with reasons, gaps and evidence."""
    _, need = need_for(held, viewer, need_id)
    said = judged(held.database, viewer, "match", need.id)
    out = refused(said)
    where = filter_of(countries, languages, cpv, None, trl_min, out)
    found = held.searches.solutions(viewer, need, k, where)
    items = _reranked(held, viewer, need.id, found.items, "match") if rerank else None
    shown = matches_out(
        found,
        need,
        held.versions,
        verdicts=said,
        min_level=min_level,
        refused=len(out),
        reranked=rerank,
        items=items,
    )
    noted(held, viewer, "match", [need, *_records(found, shown)])
    return shown


@router.get("/solutions/{solution_id}/needs", response_model=MatchesOut, responses={409: {}})
def needs(
    solution_id: Key,
    held: BackendIn,
    viewer: Viewer = require(Permission.DEMAND),
    k: Most = 10,
    min_level: Least = None,
    rerank: Rerank = False,
    countries: Countries = None,
    languages: Languages = None,
    cpv: Codes = None,
    nature: OfNature = None,
) -> MatchesOut:
    """The needs that a solution would answer, as far as the one who asks may see them."""
    _, solution = solution_for(held, viewer, solution_id)
    said = judged(held.database, viewer, "demand", solution.id)
    out = refused(said)
    where = filter_of(countries, languages, cpv, nature, None, out)
    found = held.searches.needs(viewer, solution, k, where)
    items = _reranked(held, viewer, solution.id, found.items, "demand") if rerank else None
    shown = matches_out(
        found,
        solution,
        held.versions,
        verdicts=said,
        min_level=min_level,
        refused=len(out),
        reranked=rerank,
        items=items,
    )
    noted(held, viewer, "demand", [solution, *_records(found, shown)])
    return shown


@router.post("/search/needs", response_model=MatchesOut)
def search_needs(
    asked: NeedSearch, held: BackendIn, viewer: Viewer = require(Permission.READ_NEEDS)
) -> MatchesOut:
    """Needs by free text in any language."""
    where = filter_of(asked.countries, asked.languages, asked.cpv, asked.nature, at="/")
    found = held.searches.needs(viewer, asked.text, asked.k, where, asked.language)
    shown = matches_out(found, asked.text, held.versions, min_level=asked.min_level)
    noted(held, viewer, "search", _records(found, shown))
    return shown


@router.post("/search/solutions", response_model=MatchesOut)
def search_solutions(
    asked: SolutionSearch, held: BackendIn, viewer: Viewer = require(Permission.READ_SOLUTIONS)
) -> MatchesOut:
    """Solutions by free text in any language, as if it were a need."""
    need = Need(id="", title=asked.text, language=asked.language)
    where = filter_of(asked.countries, asked.languages, asked.cpv, None, asked.trl_min, at="/")
    found = held.searches.solutions(viewer, need, asked.k, where)
    shown = matches_out(found, need, held.versions, min_level=asked.min_level)
    noted(held, viewer, "search", _records(found, shown))
    return shown


@router.get("/explain", response_model=PairOut, responses={404: {}, 409: {}})
def explain(
    held: BackendIn,
    need: Annotated[Key, Query(description="Id of a need.")],
    solution: Annotated[Key, Query(description="Id of a solution.")],
    viewer: Viewer = require(Permission.SUGGEST),
) -> PairOut:
    """One pair in full: what each score brought, what both texts say, what is unmet or not known."""
    _, wanted = need_for(held, viewer, need)
    _, offered = solution_for(held, viewer, solution)
    match = held.searches.pair(viewer, wanted, offered)
    if match is None:
        raise conflict(
            phrase("One of the two is not open, so they are not matched. Submit or renew it first.")
        )
    noted(held, viewer, "explain", [wanted, offered])
    said = judged(held.database, viewer, "match", wanted.id).get(offered.id)
    return PairOut(
        match=match_out(match, wanted, said), need=plain.need(wanted), solution=plain.solution(offered)
    )


@router.get("/why-not", response_model=WhyNotOut, responses={404: {}, 409: {}})
def why_not(
    held: BackendIn,
    need: Annotated[Key, Query(description="Id of a need.")],
    solution: Annotated[Key, Query(description="Id of a solution.")],
    viewer: Viewer = require(Permission.SUGGEST),
    asks: Annotated[
        Literal["need", "solution"], Query(description="Whose results are meant: those of the need, or ...")
    ] = "need",
    k: Most = 10,
    countries: Countries = None,
    languages: Languages = None,
    cpv: Codes = None,
    nature: OfNature = None,
    trl_min: LeastTrl = None,
) -> WhyNotOut:
    """Why a record is not among the results: filter, place, score that holds it back, and what to change."""
    _, wanted = need_for(held, viewer, need)
    _, offered = solution_for(held, viewer, solution)
    subject = "match" if asks == "need" else "demand"
    asked, other = (wanted, offered) if asks == "need" else (offered, wanted)
    out = refused(judged(held.database, viewer, subject, asked.id))
    where = filter_of(countries, languages, cpv, nature, trl_min, out)
    found = held.searches.why_not(viewer, asked, other, k, where)
    if found is None:
        raise conflict(
            phrase("It takes no part in matching: it is not open. Ask its owner to submit or renew it.")
        )
    noted(held, viewer, "why_not", [wanted, offered])
    hidden = [HIDING.get(name, name) for name in found.hidden_by]
    return WhyNotOut(
        id=other.id,
        sentence=_sentence(found, hidden),
        rank=found.rank,
        shown=found.shown,
        hidden_by=hidden,
        behind=[
            BehindOut(feature=b.feature, value=round(b.value, 4), needed=round(b.needed, 4), words=b.words)
            for b in found.behind
        ],
        gaps=list(found.gaps),
        uncovered=list(found.uncovered),
        change=_change(hidden, found.gaps, found.uncovered, bool(found.behind)),
    )


@router.get("/needs/{need_id}/compare", response_model=MatchesOut, responses={409: {}})
def compare(
    need_id: Key,
    held: BackendIn,
    solutions: Annotated[
        str, Query(description="Two to four ids, comma-separated.", min_length=3, max_length=1000)
    ],
    viewer: Viewer = require(Permission.MATCH),
) -> MatchesOut:
    """Two to four solutions side by side for one need."""
    _, need = need_for(held, viewer, need_id)
    ids = list(dict.fromkeys(part.strip() for part in solutions.split(",") if part.strip()))
    if not 2 <= len(ids) <= 4:
        raise invalid(
            "query.solutions", phrase("expected two to four different ids, got {number}", number=len(ids))
        )
    offered = [solution_for(held, viewer, one)[0].id for one in ids]
    only = frozenset(offered) | {one + SHARED_MARK for one in offered}
    found = held.searches.solutions(viewer, need, len(offered), Filter(only=only))
    if len(found.items) < len(offered):
        raise conflict(phrase("Not all of them are open, so they cannot be compared."))
    noted(held, viewer, "compare", [need, *(match.record for match in found.items)])
    return matches_out(found, need, held.versions, verdicts=judged(held.database, viewer, "match", need.id))


# -- inside -----------------------------------------------------------------------------------


def _records(found: Found, shown: MatchesOut) -> list[Record]:
    """The records of the results that are shown: some may be below the level asked for."""
    ids = {brief.id for one in shown.items if (brief := one.need or one.solution) is not None}
    return [match.record for match in found.items if match.record.id in ids]


def _reranked(
    held: Backend, viewer: Viewer, query_id: str, items: Sequence[Match], subject: str
) -> list[Match]:
    calibrator = held.tuning.calibrator
    if not isinstance(calibrator, LogisticCalibrator):
        raise conflict(phrase("The model in use has no calibrator, so results cannot be reordered."))
    return feedback_of(held.database, viewer, subject).reorder(query_id, items, calibrator)


def _sentence(found: WhyNot, hidden: Sequence[str]) -> str:
    """The answer in words, with what hides it as users call it."""
    said = found.sentence
    if not hidden or not isinstance(said, Phrase):
        return said
    return phrase(said.template, **{**said.values, "conditions": joined(hidden, ", ")})


def _change(hidden: Sequence[str], gaps: Sequence[str], uncovered: Sequence[str], behind: bool) -> str:
    if hidden:
        return phrase("Take away: {conditions}.", conditions=joined(hidden, ", "))
    if gaps:
        return phrase("Settle this: {gap}.", gap=gaps[0])
    if uncovered:
        return phrase("Let the offer say how it meets: “{sentence}”.", sentence=uncovered[0])
    if behind:
        return phrase("State more on both sides: codes, standards, requirements.")
    return phrase("Nothing: it is shown.")
