"""Questions on needs and candidates: the same answer for all who follow, at the same time."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter

from matcher.phrases import phrase
from matcher.records import Kind
from service.access import BackendIn, require
from service.backend import Backend
from service.cooperation import questions, rooms
from service.paging import Paging, PagingIn
from service.problems import Problem, forbidden, not_found
from service.records.noting import noted
from service.rights.policy import Permission, Role
from service.rights.viewer import Viewer
from service.routes.seeing import candidate_for, need_for, network_only, place_for
from service.schemas.cooperation import AnswerIn, FollowOut, QuestionIn, QuestionOut
from service.schemas.forms import Key, Page
from service.store.tables import QuestionRow

router = APIRouter(tags=["questions"])
NEED = Kind.NEED.value


@router.get("/needs/{need_id}/questions", response_model=Page[QuestionOut])
def of_need(
    need_id: Key, held: BackendIn, paging: PagingIn, viewer: Viewer = require(Permission.ASK)
) -> Page[QuestionOut]:
    """Questions on a need with their answers; unanswered ones only for its owner and who asked."""
    entry, need = need_for(held, viewer, need_id)
    noted(held, viewer, "questions", [need])
    return _listed(held, viewer, NEED, [need.id], paging, unanswered=viewer.owns(entry.organisation_id))


@router.post("/needs/{need_id}/questions", status_code=201, response_model=QuestionOut)
def ask_need(
    need_id: Key, given: QuestionIn, held: BackendIn, viewer: Viewer = require(Permission.ASK)
) -> QuestionOut:
    """Ask the owner of a need; also the way to an owner who is not named."""
    _, need = need_for(held, viewer, need_id)
    return _asked(held, viewer, NEED, need.id, given)


@router.put("/needs/{need_id}/follow", response_model=FollowOut)
def follow_need(need_id: Key, held: BackendIn, viewer: Viewer = require(Permission.ASK)) -> FollowOut:
    """Get every answer given on a need from now on."""
    _, need = need_for(held, viewer, need_id)
    with held.database.write() as session:
        rooms.follow(session, viewer, NEED, need.id)
    return FollowOut(following=True)


@router.delete("/needs/{need_id}/follow", response_model=FollowOut)
def unfollow_need(need_id: Key, held: BackendIn, viewer: Viewer = require(Permission.ASK)) -> FollowOut:
    """Get none from now on."""
    _, need = need_for(held, viewer, need_id)
    with held.database.write() as session:
        rooms.unfollow(session, viewer, NEED, [need.id])
    return FollowOut(following=False)


@router.get("/candidates/{candidate_id}/questions", response_model=Page[QuestionOut])
def of_candidate(
    candidate_id: Key,
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
) -> Page[QuestionOut]:
    """Questions on a candidate with their answers."""
    network_only(viewer)
    _, place = place_for(held, viewer, candidate_id)
    return _listed(held, viewer, rooms.CANDIDATE, place.ids, paging, unanswered=True)


@router.post("/candidates/{candidate_id}/questions", status_code=201, response_model=QuestionOut)
def ask_candidate(
    candidate_id: Key,
    given: QuestionIn,
    held: BackendIn,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
) -> QuestionOut:
    """Ask those who take part in a candidate."""
    network_only(viewer)
    found = candidate_for(held, viewer, candidate_id)
    return _asked(held, viewer, rooms.CANDIDATE, found.id, given)


@router.post("/questions/{question_id}/answer", response_model=QuestionOut)
def answer(
    question_id: Key, given: AnswerIn, held: BackendIn, viewer: Viewer = require(Permission.ANSWER)
) -> QuestionOut:
    """Answer a question: all who follow get the same answer at the same time, and it is logged."""
    with held.database.read() as session:
        asked = session.get(QuestionRow, question_id)
    if asked is None:
        raise not_found("question", question_id)
    try:
        ids, sees, may_answer = _about(held, viewer, asked)
    except Problem as problem:
        if problem.status == 503:
            raise
        # what it is about is not to be seen, so neither is the question
        raise not_found("question", question_id) from None
    with held.database.write() as session:
        row = session.get(QuestionRow, question_id, with_for_update=True)
        if row is None:
            raise not_found("question", question_id)
        may_answer()
        questions.answer(session, viewer, row, given.answer, held.clock(), ids, sees)
        return _shown(viewer, row)


def _about(
    held: Backend, viewer: Viewer, asked: QuestionRow
) -> tuple[Sequence[str], Callable[[Viewer], bool], Callable[[], None]]:
    """The ids of what it is about, who may read the answer, and what passes for those who may give it."""
    if asked.subject_kind == NEED:
        entry, _ = need_for(held, viewer, asked.subject_id)

        def own() -> None:
            if not viewer.owns(entry.organisation_id) and viewer.role is not Role.ADMINISTRATOR:
                raise forbidden(phrase("Only the owner of the need answers questions on it."))

        return [entry.id], (lambda reader: entry.to_viewer(reader, held.today) is not None), own
    network_only(viewer)
    found, place = place_for(held, viewer, asked.subject_id)

    def acts() -> None:
        rooms.may_act(viewer, found, held.catalogue.entries, held.today)

    return place.ids, rooms.sees_candidates, acts


def _asked(held: Backend, viewer: Viewer, kind: str, subject_id: str, given: QuestionIn) -> QuestionOut:
    with held.database.write() as session:
        row = questions.ask(session, viewer, kind, subject_id, given.text, given.language, held.clock())
        return _shown(viewer, row)


def _listed(
    held: Backend, viewer: Viewer, kind: str, ids: Sequence[str], paging: Paging, *, unanswered: bool
) -> Page[QuestionOut]:
    """A part of the questions on something, the oldest first; `unanswered` shows those of others too."""
    place = paging.moment_and_id()
    with held.database.read() as session:
        rows = questions.of_subject(session, kind, ids)
    # what is not shown goes first, so that no part is shorter for it
    seen = [row for row in rows if unanswered or row.answer is not None or row.by == viewer.user_id]
    later = [row for row in seen if place is None or (row.created_at, row.id) > place]
    shown, following = paging.cut(later, lambda row: [row.created_at.isoformat(), row.id])
    return Page(items=[_shown(viewer, row) for row in shown], next=following)


def _shown(viewer: Viewer, row: QuestionRow) -> QuestionOut:
    return QuestionOut(
        id=row.id,
        text=row.text,
        language=row.language,
        asked_at=row.created_at,
        mine=row.by == viewer.user_id,
        answer=row.answer,
        answered_at=row.answered_at,
    )
