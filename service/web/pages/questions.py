"""Questions on a need and their answers: the same for all who follow it, at the same time."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from pydantic import ValidationError

from matcher.phrases import phrase
from service.cooperation import rooms
from service.language import CODES
from service.paging import Paging
from service.problems import Problem, invalid
from service.rights.policy import Permission
from service.routes import questions as resource
from service.schemas.cooperation import AnswerIn, QuestionIn
from service.schemas.forms import Key
from service.web.narrowing import languages
from service.web.page import PageRoute, Visit, door
from service.web.pages.matches import need_of

router = APIRouter(route_class=PageRoute)
Words = Annotated[str, Form(max_length=40_000)]
LONGEST = 20_000
"""Characters of a question or an answer."""


@router.get("/needs/{need_id}/questions")
def listed(
    need_id: Key,
    visit: Visit = door(Permission.ASK),
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """Questions with their answers, the oldest first; who asked is shown to nobody."""
    return _page(visit, need_id, cursor)


@router.post("/needs/{need_id}/questions")
def ask(
    need_id: Key,
    visit: Visit = door(Permission.ASK),
    text: Words = "",
    language: Annotated[str, Form(max_length=2)] = "",
) -> Response:
    """Ask the owner of a need."""
    try:
        _check(text)
        given = QuestionIn(text=text.strip(), language=language if language in CODES else None)
        resource.ask_need(need_id, given, visit.held, visit.viewer)
    except (Problem, ValidationError) as problem:
        return _refused(visit, need_id, problem, "text", {"text": text, "language": language})
    return visit.go(
        f"/needs/{need_id}/questions",
        phrase("Your question was sent to the owner. You follow this need now and will get the answer."),
    )


@router.post("/needs/{need_id}/questions/{question_id}/answer")
def answer(
    need_id: Key, question_id: Key, visit: Visit = door(Permission.ANSWER), answer: Words = ""
) -> Response:
    """Answer a question: all who follow get the same words at the same time."""
    try:
        _check(answer)
        resource.answer(question_id, AnswerIn(answer=answer.strip()), visit.held, visit.viewer)
    except (Problem, ValidationError) as problem:
        return _refused(visit, need_id, problem, f"answer-{question_id}", {f"answer-{question_id}": answer})
    return visit.go(
        f"/needs/{need_id}/questions#question-{question_id}",
        phrase("Your answer was sent to everybody who follows this need."),
    )


@router.post("/needs/{need_id}/follow")
def follow(need_id: Key, visit: Visit = door(Permission.ASK)) -> Response:
    """Get every answer from now on."""
    resource.follow_need(need_id, visit.held, visit.viewer)
    return visit.go(f"/needs/{need_id}/questions", phrase("You will get every answer given on this need."))


@router.post("/needs/{need_id}/unfollow")
def unfollow(need_id: Key, visit: Visit = door(Permission.ASK)) -> Response:
    """Get none from now on."""
    try:
        resource.unfollow_need(need_id, visit.held, visit.viewer)
    except Problem as problem:
        need_of(visit, need_id)  # it must be there to be seen
        if problem.status != 404:
            raise
    return visit.go(f"/needs/{need_id}/questions", phrase("You follow this need no longer."))


# -- inside -------------------------------------------------------------------------------------


def _check(text: str) -> None:
    if not text.strip():
        raise invalid("/text", phrase("Write something first."))
    if len(text.strip()) > LONGEST:
        raise invalid("/text", phrase("This is too long: at most {most:,.0f} characters.", most=LONGEST))


def _refused(
    visit: Visit, need_id: str, problem: Problem | ValidationError, field: str, kept: dict[str, str]
) -> Response:
    """The page again with what was written; other problems are pages of their own."""
    if isinstance(problem, Problem) and problem.status not in {409, 422}:
        raise problem
    if isinstance(problem, ValidationError):
        problem = invalid("/text", phrase("The text holds characters that cannot be kept."))
    return _page(visit, need_id, None, problem=problem, errors={field: problem.detail}, kept=kept)


def _page(
    visit: Visit,
    need_id: str,
    cursor: str | None,
    *,
    problem: Problem | None = None,
    errors: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> Response:
    need = need_of(visit, need_id)
    found = resource.of_need(need.id, visit.held, Paging(cursor, 50), visit.viewer)
    with visit.held.database.read() as session:
        following = bool(rooms.follows(session, visit.viewer, resource.NEED, [need.id]))
    return visit.show(
        "matches/questions.html",
        status=problem.status if problem else 200,
        need=need,
        tab="questions",
        found=found,
        following=following,
        answers=need.own and visit.may("answer"),
        problem=problem,
        errors=errors or {},
        kept=kept or {},
        language_choices=languages(visit.spoken),
    )
