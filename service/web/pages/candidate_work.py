"""The workspace of a joint candidate: interest, stages, steps, agreement, questions; all by forms."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from matcher.phrases import Phrase, phrase
from service.cooperation.stages import NEEDED, ORDER, Stage
from service.paging import Paging
from service.problems import FieldError, Problem
from service.rights.policy import Permission
from service.routes import candidates as resource
from service.routes import questions as questions_resource
from service.routes.seeing import place_for
from service.schemas.cooperation import (
    AgreementIn,
    AnswerIn,
    ChecklistIn,
    InterestIn,
    MoveIn,
    QuestionIn,
    RoomOut,
    Step,
    WithdrawalIn,
)
from service.schemas.forms import Key, Line, Note, Text
from service.versions import etag
from service.web import words
from service.web.page import PageRoute, Visit, door
from service.web.pages.candidates import WORDS, CandidatePage, paged

router = APIRouter(route_class=PageRoute)
P = Permission
PER_PAGE = 100
SHOWN = {409, 412, 422}
"""Refusals that the page itself shows, with what was typed."""
CHANGED = phrase(
    "Somebody changed it meanwhile. This is how it stands now; your words are still in the form."
)
OURS = {
    "now participant": phrase("Takes part now"),
    "now observer": phrase("Observes now"),
}
"""Reasons of withdrawals that the service gives by itself."""
NOT_SAVED = phrase("Not saved: see the fields that are marked.")
Version = Annotated[int, Form(ge=0)]


@router.get("/candidates/{candidate_id}/work")
def work(candidate_id: Key, visit: Visit = door(P.READ_CANDIDATES)) -> Response:
    """Who takes part, how far it is, what is left to do, and questions."""
    return show(visit, candidate_id)


@router.post("/candidates/{candidate_id}/interest")
def express(
    candidate_id: Key,
    visit: Visit = door(P.JOIN_CANDIDATES),
    kind: Annotated[Literal["participant", "observer"], Form()] = "participant",
    conditions: Annotated[Note, Form()] = "",
) -> Response:
    """Take part, or observe."""
    said = phrase("Your organisation takes part. This binds nobody, and you can withdraw.")
    if kind == "observer":
        said = phrase("Your organisation observes. You can withdraw.")
    return done(
        visit, candidate_id, said, "interest", {"kind": kind, "conditions": conditions},
        lambda: resource.express(
            candidate_id, InterestIn(kind=kind, conditions=conditions), visit.held, Response(), visit.viewer
        ),
    )  # fmt: skip


@router.post("/candidates/{candidate_id}/withdraw")
def withdraw(
    candidate_id: Key, visit: Visit = door(P.JOIN_CANDIDATES), reason: Annotated[Note, Form()] = ""
) -> Response:
    """End one's interest."""
    said = phrase("Your interest is withdrawn. The score is computed again; the history stays.")
    return done(
        visit, candidate_id, said, "interest", {"withdrawal": reason},
        lambda: resource.withdraw(
            candidate_id, WithdrawalIn(reason=reason), visit.held, Response(), visit.viewer
        ),
    )  # fmt: skip


@router.post("/candidates/{candidate_id}/follow")
def follow(candidate_id: Key, visit: Visit = door(P.READ_CANDIDATES)) -> Response:
    """Follow."""
    said = phrase("You follow this candidate: answers and changes of stage come to your inbox.")
    return done(
        visit, candidate_id, said, "follow", {},
        lambda: resource.follow(candidate_id, visit.held, visit.viewer),
    )  # fmt: skip


@router.post("/candidates/{candidate_id}/unfollow")
def unfollow(candidate_id: Key, visit: Visit = door(P.READ_CANDIDATES)) -> Response:
    """Follow no more."""
    said = phrase("You do not follow this candidate any more.")
    return done(
        visit, candidate_id, said, "follow", {},
        lambda: resource.unfollow(candidate_id, visit.held, visit.viewer),
    )  # fmt: skip


@router.post("/candidates/{candidate_id}/stage")
def move(
    candidate_id: Key,
    visit: Visit = door(P.ADVANCE_CANDIDATES),
    stage: Annotated[Stage, Form()] = Stage.DETECTED,
    reason: Annotated[Note, Form()] = "",
    version: Version = 0,
) -> Response:
    """Go to another stage."""
    said = phrase("The stage is now: {stage}.", stage=words.STAGES[stage.value])
    return done(
        visit, candidate_id, said, "stage", {"stage": stage.value, "reason": reason},
        lambda: resource.move(
            candidate_id, MoveIn(stage=stage, reason=reason), visit.held, Response(), visit.viewer,
            etag(version),
        ),
    )  # fmt: skip


@router.post("/candidates/{candidate_id}/checklist/{step}")
def check(
    candidate_id: Key,
    step: Step,
    visit: Visit = door(P.ADVANCE_CANDIDATES),
    done_: Annotated[bool, Form(alias="done")] = False,
    owner: Annotated[Line, Form()] = "",
    due: Annotated[str, Form(max_length=10)] = "",
    note: Annotated[Note, Form()] = "",
    version: Version = 0,
) -> Response:
    """Say who does a step, until when, and whether it is done."""
    typed = {"step": step, "done": done_, "owner": owner, "due": due, "note": note}

    def write() -> RoomOut:
        given = ChecklistIn(done=done_, owner=owner, due=_day(due), note=note)
        return resource.check(candidate_id, step, given, visit.held, Response(), visit.viewer, etag(version))

    said = phrase("Saved: {step}.", step=words.STEPS[step])
    return done(visit, candidate_id, said, f"step-{step}", typed, write)


@router.post("/candidates/{candidate_id}/agreement")
def agree(
    candidate_id: Key,
    visit: Visit = door(P.ADVANCE_CANDIDATES),
    responsibilities: Annotated[Text, Form()] = "",
    applicable_law: Annotated[Note, Form()] = "",
    internal_organisation: Annotated[Text, Form()] = "",
    framework: Annotated[bool, Form()] = False,
    named_users: Annotated[Text, Form()] = "",
    max_value_eur: Annotated[str, Form(max_length=40)] = "",
    max_quantity: Annotated[Note, Form()] = "",
    version: Version = 0,
) -> Response:
    """Write down what participants agreed; nothing has to be complete before the stage says so."""
    typed = {
        "responsibilities": responsibilities, "applicable_law": applicable_law,
        "internal_organisation": internal_organisation, "framework": framework, "named_users": named_users,
        "max_value_eur": max_value_eur, "max_quantity": max_quantity,
    }  # fmt: skip

    def write() -> RoomOut:
        given = AgreementIn(
            responsibilities=responsibilities.strip() or None,
            applicable_law=applicable_law.strip() or None,
            internal_organisation=internal_organisation.strip() or None,
            framework=framework,
            named_users=[one.strip() for one in named_users.splitlines() if one.strip()] or None,
            max_value_eur=_amount(max_value_eur),
            max_quantity=max_quantity.strip() or None,
        )
        return resource.agree(candidate_id, given, visit.held, Response(), visit.viewer, etag(version))

    return done(visit, candidate_id, phrase("The agreement is saved."), "agreement", typed, write)


@router.post("/candidates/{candidate_id}/questions")
def ask(
    candidate_id: Key,
    visit: Visit = door(P.READ_CANDIDATES),
    text: Annotated[Text, Form()] = "",
    language: Annotated[str, Form(pattern="^([a-z]{2})?$")] = "",
) -> Response:
    """Ask those who take part."""

    def write() -> object:
        if not text.strip():
            raise _wrong("text", phrase("Write your question."))
        given = QuestionIn(text=text.strip(), language=language or None)
        return questions_resource.ask_candidate(candidate_id, given, visit.held, visit.viewer)

    said = phrase("Your question is asked. Nobody is told who asked it.")
    return done(visit, candidate_id, said, "questions", {"text": text, "language": language}, write)


@router.post("/candidates/{candidate_id}/questions/{question_id}/answer")
def answer(
    candidate_id: Key,
    question_id: Key,
    visit: Visit = door(P.ANSWER),
    text: Annotated[Text, Form(alias="answer")] = "",
) -> Response:
    """Answer a question, the same for all."""

    def write() -> object:
        if not text.strip():
            raise _wrong(f"answer-{question_id}", phrase("Write the answer."))
        return questions_resource.answer(question_id, AnswerIn(answer=text.strip()), visit.held, visit.viewer)

    said = phrase("Answered: all who follow got the same words at the same moment.")
    typed = {"question": question_id, "answer": text}
    return done(visit, candidate_id, said, "questions", typed, write)


# -- inside -----------------------------------------------------------------------------------


def done(
    visit: Visit, candidate_id: str, said: Phrase, place: str, typed: dict[str, Any],
    write: Callable[[], object],
) -> Response:  # fmt: skip
    """Do it and go back to where the form is; where it is refused, show the page with what was typed."""
    try:
        write()
    except Problem as problem:
        if problem.status not in SHOWN:
            raise
        return show(visit, candidate_id, problem, place, typed)
    except ValidationError as error:
        errors = [
            FieldError("/" + "/".join(str(part) for part in one["loc"]), one["msg"]) for one in error.errors()
        ]
        return show(visit, candidate_id, Problem(422, "invalid", NOT_SAVED, errors), place, typed)
    try:
        place_for(visit.held, visit.viewer, candidate_id)
    except Problem:  # what was withdrawn or said has ended it
        return visit.go("/candidates", said)
    return visit.go(f"/candidates/{candidate_id}/work#{place}", said)


def show(
    visit: Visit, candidate_id: str, problem: Problem | None = None, place: str = "",
    typed: dict[str, Any] | None = None,
) -> Response:  # fmt: skip
    """The workspace, perhaps with what is wrong with a form of it."""
    page = paged(visit, candidate_id)
    if page.found.room is None:
        return visit.show("candidates/no_work.html", page=page, W=WORDS)
    status = problem.status if problem else 200
    if problem is not None and status == 412:
        problem = Problem(412, "stale", CHANGED)
    questions = questions_resource.of_candidate(
        candidate_id, visit.held, Paging(None, PER_PAGE), visit.viewer
    ).items
    answers = visit.may("answer") and page.concerned
    return visit.show(
        "candidates/work.html", status=status, page=page, room=page.found.room, questions=questions,
        answers=answers, problem=problem, place=place,
        typed=typed or {}, errors=_errors(problem), next_stage=_next(page),
        stages=[one.value for one in ORDER],
        names=_organisations(visit, page), needed=list(NEEDED), ours=OURS, W=WORDS,
    )  # fmt: skip


def _errors(problem: Problem | None) -> dict[str, str]:
    """What is wrong, by the field that it stands at."""
    if problem is None:
        return {}
    return {
        one.pointer.removeprefix("/agreement").strip("/").partition("/")[0]: one.detail
        for one in problem.errors
    }


def _next(page: CandidatePage) -> str:
    """The stage that follows; from the last ones there is none."""
    assert page.found.room is not None
    at = ORDER.index(page.found.room.stage)
    return ORDER[at + 1].value if at + 1 < len(ORDER) - 1 else ""


def _organisations(visit: Visit, page: CandidatePage) -> dict[str, str]:
    """The names of those who acted, as far as the page knows them."""
    assert page.found.room is not None
    known = page.found.room.interests
    found = {one.organisation_id: one.organisation for one in known if one.organisation_id}
    if visit.viewer.organisation_id:
        found[visit.viewer.organisation_id] = visit.organisation
    return found


def _wrong(field: str, said: Phrase) -> Problem:
    return Problem(422, "invalid", NOT_SAVED, [FieldError(f"/{field}", said)])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _wrong("due", phrase("Give a day as it stands in the calendar: 2027-03-31.")) from None


def _amount(text: str) -> float | None:
    """An amount as people write it; a dot or comma before one or two last digits are the cents.

    >>> _amount("1 250 000"), _amount("1.250.000,50"), _amount("")
    (1250000.0, 1250000.5, None)
    """
    kept = "".join(text.replace("€", "").replace("'", "").split())
    if not kept:
        return None
    whole, point, cents = _parted(kept)
    digits = whole.replace(",", "").replace(".", "")
    if not digits.isascii() or not digits.isdigit() or not (cents.isdigit() or not point):
        raise _wrong("max_value_eur", phrase("Give an amount in euro: 5000000."))
    return float(f"{digits}.{cents or 0}")


def _parted(text: str) -> tuple[str, str, str]:
    at = max(text.rfind(","), text.rfind("."))
    if at < 0 or len(text) - at > 3:
        return text, "", ""
    return text[:at], text[at], text[at + 1 :]
