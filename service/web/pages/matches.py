"""Recommendations for a need: the list, what its reader says of it, and the list as a file."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Response

from matcher.feedback import Verdict
from matcher.phrases import phrase
from service.jobs import exports
from service.jobs.formats import MEDIA_TYPES
from service.jobs.sheets import write_rows
from service.paging import Paging
from service.problems import Problem
from service.records.noting import Sightings
from service.rights.policy import Permission
from service.routes import feedback, matching, needs, solutions
from service.schemas.forms import Key, Note
from service.schemas.jobs import What
from service.schemas.judging import FeedbackIn, FeedbackOut, Reason, Subject
from service.schemas.matching import MatchesOut, MatchOut
from service.schemas.records import NeedOut
from service.web.narrowing import Narrowing, countries, languages, narrowing, wrong
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
PARTS = 10
"""Parts of one's feedback that are looked through for what was said of one record."""
NAMED = 20
"""Results left out that are named, at most."""
SAID: Mapping[str, str] = {
    "relevant": phrase("Noted as relevant. Choose to order by what you said to have it count here."),
    "not_relevant": phrase("Noted as not relevant: it has left your list. You can take that back below."),
    "unsure": phrase("Noted as unsure. That changes nothing in the order."),
    "undo": phrase("Taken back."),
}
COLUMNS = (
    "rank", "level", "probability", "score", "id", "name", "vendor", "country", "size", "trl", "availability",
    "delivery_countries", "standards", "cpv", "matched", "gaps", "uncovered", "missing", "assumptions",
    "next_question", "need_language", "need_sentence", "solution_language", "solution_sentence", "verdict",
    "model_version",
)  # fmt: skip


@router.get("/needs/{need_id}/solutions")
def listed(need_id: Key, visit: Visit = door(Permission.MATCH)) -> Response:
    """The solutions that answer a need best, with reasons, gaps and evidence."""
    return show_list(visit, need_id)


@router.get("/needs/{need_id}/solutions.{ending}")
def file(need_id: Key, ending: Literal["csv", "xlsx"], visit: Visit = door(Permission.MATCH)) -> Response:
    """The same list as a table for a spreadsheet, in the reader's language."""
    wish = exports.Wish(What.MATCHES, ending)
    exports.check(wish, visit.viewer)
    need = need_of(visit, need_id)
    found = results(visit, need, narrowing(visit.request.query_params))
    rows = [_cells(visit, match, found) for match in found.items]
    with TemporaryDirectory(prefix="needmatch-") as folder:
        path = Path(folder) / f"recommendations.{ending}"
        write_rows(COLUMNS, rows, path, ending)
        content = path.read_bytes()
    with visit.held.database.write() as session:
        # what of it is restricted was written down with the list
        exports.note(session, visit.viewer, wish, len(rows), Sightings(visit.held, visit.viewer))
    name = f'attachment; filename="recommendations.{ending}"'
    return Response(content, media_type=MEDIA_TYPES[ending], headers={"Content-Disposition": name})


@router.post("/needs/{need_id}/solutions/{solution_id}/verdict")
def judge(
    need_id: Key,
    solution_id: Key,
    verdict: Annotated[Literal["relevant", "not_relevant", "unsure", "undo"], Form()],
    visit: Visit = door(Permission.FEEDBACK),
    reason: Annotated[Reason, Form()] = Reason.NONE,
    comment: Annotated[Note, Form()] = "",
    rank: Annotated[int | None, Form(ge=1, le=10_000)] = None,
    back: Annotated[Literal["list", "pair"], Form()] = "list",
) -> Response:
    """Say of a solution whether it is relevant, or take that back."""
    say_of(visit, Subject.MATCH, (need_id, solution_id), verdict, (reason, comment, rank))
    if visit.partly and back == "list":
        return show_list(visit, need_id, told=SAID[verdict])
    query = visit.request.url.query
    where = f"/needs/{need_id}/solutions"
    if back == "pair":
        return visit.go(f"{where}/{solution_id}", SAID[verdict])
    place = "" if verdict == "not_relevant" else f"#match-{solution_id}"
    return visit.go(f"{where}{'?' + query if query else ''}{place}", SAID[verdict])


# -- for pages of this family -------------------------------------------------------------------


def need_of(visit: Visit, need_id: str) -> NeedOut:
    """The need that a page is about, as the visitor sees it."""
    return needs.show_need(need_id, Response(), visit.held, visit.viewer)


def say_of(
    visit: Visit, subject: Subject, about: tuple[str, str], verdict: str, said: tuple[Reason, str, int | None]
) -> None:
    """Note what somebody says of a result, `about` being ids of what was asked with and found."""
    reason, comment, rank = said
    query_id, document_id = about
    if verdict == "undo":
        earlier = standing(visit, subject, query_id).get(document_id)
        if earlier is not None:  # taken back twice is taken back
            feedback.undo(earlier.id, visit.held, visit.viewer)
        return
    given = FeedbackIn(
        subject=subject,
        query_id=query_id,
        document_id=document_id,
        verdict=Verdict(verdict),
        reason=reason if verdict == "not_relevant" else Reason.NONE,
        comment=comment,
        rank_shown=rank,
    )
    feedback.judge(given, visit.held, Response(), visit.viewer)


def standing(visit: Visit, subject: Subject, query_id: str) -> dict[str, FeedbackOut]:
    """Document id to what the visitor said of it as a result for one record, as far as it stands."""
    found: dict[str, FeedbackOut] = {}
    cursor: str | None = None
    for _ in range(PARTS):
        part = feedback.mine(visit.held, Paging(cursor, 100), visit.viewer, subject)
        for one in part.items:
            if one.query_id == query_id and one.undone_at is None:
                found.setdefault(one.document_id, one)
        cursor = part.next
        if cursor is None:
            break
    return found


def results(visit: Visit, need: NeedOut, asked: Narrowing) -> MatchesOut:
    """The recommendations that an address asks for. Raises `Problem` 422 and 409 as the interface does."""
    return matching.solutions(
        need.id,
        visit.held,
        visit.viewer,
        k=asked.k,
        min_level=asked.min_level,
        rerank=asked.rerank,
        **asked.filters,
    )


# -- inside -------------------------------------------------------------------------------------


def show_list(visit: Visit, need_id: str, told: str = "") -> Response:
    """The page of recommendations; `told` is what has just happened to them."""
    need = need_of(visit, need_id)
    asked, found, errors, status = Narrowing(), None, {}, 200
    try:
        asked = narrowing(visit.request.query_params)
        found = results(visit, need, asked)
    except Problem as problem:
        if problem.status == 409 and asked.rerank:
            errors, status = {"rerank": problem.detail}, 409
        elif problem.status == 422:
            errors, status = dict(wrong(problem)), 422
        else:
            raise
    said = standing(visit, Subject.MATCH, need.id) if visit.may("feedback") else {}
    return visit.show(
        "matches/list.html",
        status=status,
        part="results",
        need=need,
        tab="solutions",
        asked=asked,
        found=found,
        errors=errors,
        told=told,
        left_out=_left_out(visit, said),
        adequate=found is None or any(match.level != "weak" for match in found.items),
        country_choices=countries(visit.spoken, asked.countries),
        language_choices=languages(visit.spoken, asked.languages),
    )


def _left_out(visit: Visit, said: Mapping[str, FeedbackOut]) -> list[tuple[FeedbackOut, str]]:
    """What the visitor marked as not relevant, with its name as far as it is to be seen still."""
    found: list[tuple[FeedbackOut, str]] = []
    for document_id, one in said.items():
        if one.verdict is not Verdict.NOT_RELEVANT or len(found) == NAMED:
            continue
        try:
            offer = solutions.show_solution(document_id, Response(), visit.held, visit.viewer)
        except Problem as problem:
            if problem.status != 404:
                raise
            continue
        found.append((one, offer.name))
    return found


def _cells(visit: Visit, match: MatchOut, found: MatchesOut) -> dict[str, object]:
    """One result as a row of a table."""
    assert match.solution is not None
    say = visit.spoken.say
    best = match.evidence[0] if match.evidence else None
    return {
        **{name: getattr(match.solution, name) for name in COLUMNS[4:14]},
        "rank": match.rank,
        "level": match.level.value if match.level else None,
        "probability": match.probability,
        "score": match.score,
        "matched": [say(reason) for reason in match.matched],
        "gaps": [say(gap) for gap in match.gaps],
        "uncovered": [one.text for one in match.uncovered],
        "missing": [f"{one.kind.value}.{one.field}" for one in match.missing],
        "assumptions": [say(one) for one in match.assumptions],
        "next_question": say(match.next_question),
        "need_language": best.need.language if best else None,
        "need_sentence": best.need.text if best else None,
        "solution_language": best.solution.language if best else None,
        "solution_sentence": best.solution.text if best else None,
        "verdict": match.verdict.value if match.verdict else None,
        "model_version": found.versions.get("model", ""),
    }
