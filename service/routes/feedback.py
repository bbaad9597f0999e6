"""Feedback: relevant, not relevant or unsure, with a reason; can be taken back."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from matcher.feedback import scores_of
from matcher.phrases import phrase
from service.access import BackendIn, require
from service.backend import Backend
from service.judging import take_back
from service.paging import PagingIn
from service.problems import forbidden, invalid, not_found
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.latest import older
from service.routes.seeing import audience_of, candidate_for, need_for, solution_for
from service.schemas.forms import Key, Page
from service.schemas.judging import FeedbackIn, FeedbackOut, Subject, feedback_out
from service.store import audit
from service.store.tables import FeedbackRow

router = APIRouter(prefix="/feedback", tags=["feedback"])
CPV = re.compile("[0-9]{8}")


@router.post("", status_code=201, response_model=FeedbackOut, responses={404: {}})
def judge(
    given: FeedbackIn, held: BackendIn, response: Response, viewer: Viewer = require(Permission.FEEDBACK)
) -> FeedbackOut:
    """Say of a result whether it is relevant; a later word on the same result replaces the earlier."""
    query_id, document_id, features, score = _shown(held, viewer, given)
    assert viewer.user_id is not None
    assert viewer.organisation_id is not None
    assert viewer.role is not None
    with held.database.write() as session:
        earlier = session.scalars(
            select(FeedbackRow).where(
                FeedbackRow.user_id == viewer.user_id,
                FeedbackRow.subject == given.subject.value,
                FeedbackRow.query_id == query_id,
                FeedbackRow.document_id == document_id,
                FeedbackRow.undone_at.is_(None),
            )
        ).all()
        take_back(earlier, held.clock())
        row = FeedbackRow(
            user_id=viewer.user_id,
            organisation_id=viewer.organisation_id,
            role=viewer.role.value,
            subject=given.subject.value,
            query_id=query_id,
            document_id=document_id,
            verdict=given.verdict.value,
            reason=given.reason.value,
            comment=given.comment,
            features=features,
            rank_shown=given.rank_shown,
            score_shown=score,
            model_version=held.versions.get("model", ""),
            at=held.clock(),
        )
        session.add(row)
        session.flush()
        audit.record(session, action="feedback.given", viewer=viewer, kind="feedback", id=row.id)
        response.headers["Location"] = f"/api/v1/feedback/{row.id}"
        return feedback_out(row)


@router.get("", response_model=Page[FeedbackOut])
def mine(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.FEEDBACK),
    subject: Annotated[Subject | None, Query(description="Only of this kind.")] = None,
) -> Page[FeedbackOut]:
    """What one said, the latest first, with rank, score and model at the time; also what was taken back."""
    query = select(FeedbackRow).where(FeedbackRow.user_id == viewer.user_id)
    if subject is not None:
        query = query.where(FeedbackRow.subject == subject.value)
    if (after := older(paging, FeedbackRow.at, FeedbackRow.id)) is not None:
        query = query.where(after)
    query = query.order_by(FeedbackRow.at.desc(), FeedbackRow.id.desc()).limit(paging.limit + 1)
    with held.database.read() as session:
        rows, following = paging.cut(session.scalars(query).all(), lambda row: (row.at.isoformat(), row.id))
        return Page(items=[feedback_out(row) for row in rows], next=following)


@router.delete("/{feedback_id}", status_code=204)
def undo(feedback_id: Key, held: BackendIn, viewer: Viewer = require(Permission.FEEDBACK)) -> None:
    """Take a word back: the result shows again, and the order forgets it."""
    with held.database.write() as session:
        row = session.get(FeedbackRow, feedback_id)
        if row is None or row.user_id != viewer.user_id or row.undone_at is not None:
            raise not_found("feedback", feedback_id)
        take_back([row], held.clock())
        audit.record(session, action="feedback.undone", viewer=viewer, kind="feedback", id=row.id)


def _shown(held: Backend, viewer: Viewer, given: FeedbackIn) -> tuple[str, str, list[float], float | None]:
    """Ids of what was judged, its scores, and the score by which it was shown."""
    if given.subject is Subject.MATCH:
        _, need = need_for(held, viewer, given.query_id)
        _, solution = solution_for(held, viewer, given.document_id)
        match = held.searches.pair(viewer, need, solution)
        ids = need.id, solution.id
    elif given.subject is Subject.DEMAND:
        _, solution = solution_for(held, viewer, given.query_id)
        _, need = need_for(held, viewer, given.document_id)
        match = held.searches.pair(viewer, solution, need)
        ids = solution.id, need.id
    elif given.subject is Subject.SIMILAR:
        ids = (
            need_for(held, viewer, given.query_id)[0].id,
            need_for(held, viewer, given.document_id)[0].id,
        )
        match = None
    else:
        return (*_other(held, viewer, given), [], None)
    features = [] if match is None else [float(value) for value in scores_of(match)]
    return *ids, features, None if match is None else round(match.score, 4)


def _other(held: Backend, viewer: Viewer, given: FeedbackIn) -> tuple[str, str]:
    """Ids of a suggested code, a candidate or a cluster, with the need that it was shown for, if any."""
    if given.subject is Subject.CPV:
        if not CPV.fullmatch(given.document_id):
            raise invalid(
                "/document_id",
                phrase("{document_id!r} is no CPV code: expected 8 digits.", document_id=given.document_id),
            )
        return need_for(held, viewer, given.query_id)[0].id, given.document_id
    if Permission.READ_CANDIDATES not in viewer.permissions:
        raise forbidden(phrase("Your role reads no candidates, so it cannot judge any."))
    if given.subject is Subject.CANDIDATE:
        own = candidate_for(held, viewer, given.document_id).id
    else:
        own = held.views.cooperation(audience_of(viewer), held.today).cluster(given.document_id).id
    if given.query_id == given.document_id:
        return own, own
    return need_for(held, viewer, given.query_id)[0].id, own
