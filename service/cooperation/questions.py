"""Questions about a need or a candidate: one answer, to all who follow it, at the same moment.

Equal treatment in preliminary market consultations (Directive 2014/24/EU, Articles 40 and 41).
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.cooperation.rooms import follow, followers
from service.notify.messages import tell
from service.problems import conflict
from service.rights.viewer import Viewer
from service.store import audit
from service.store.tables import QuestionRow


def ask(
    session: Session,
    viewer: Viewer,
    kind: str,
    subject_id: str,
    text: str,
    language: str | None,
    at: datetime,
) -> QuestionRow:
    """Put a question; who asks follows from then on, and is not named to others."""
    assert viewer.user_id is not None
    assert viewer.organisation_id is not None
    row = QuestionRow(
        subject_kind=kind,
        subject_id=subject_id,
        organisation_id=viewer.organisation_id,
        by=viewer.user_id,
        text=text,
        language=language,
        created_at=at,
        updated_at=at,
    )
    session.add(row)
    follow(session, viewer, kind, subject_id)
    session.flush()
    audit.record(session, action="question.asked", viewer=viewer, kind=kind, id=subject_id, after=row.id)
    return row


def answer(
    session: Session,
    viewer: Viewer,
    row: QuestionRow,
    text: str,
    at: datetime,
    ids: Sequence[str],
    sees: Callable[[Viewer], bool],
) -> list[str]:
    """Publish the answer: each follower who `sees` what it is about gets the same words at the same time.

    `ids` are all that what it is about goes by.

    Returns who was told. Raises `Problem` 409 for a question that has its answer: a correction is a new
    question and answer.
    """
    if row.answer is not None:
        raise conflict(
            phrase("The question has its answer; followers have read it. Ask and answer a new one.")
        )
    row.answer, row.answered_by, row.answered_at = text, viewer.user_id, at
    row.version += 1
    row.updated_at = at
    told = followers(session, row.subject_kind, ids, sees)
    body = {
        "question_id": row.id,
        "subject_kind": row.subject_kind,
        "subject_id": row.subject_id,
        "question": row.text,
        "answer": text,
        "answered_at": at.isoformat(),
    }
    tell(session, told, "answer", phrase("A question was answered"), body)
    audit.record(
        session,
        action="question.answered",
        viewer=viewer,
        kind=row.subject_kind,
        id=row.subject_id,
        after={"answer": text, "told": told},
        reason=f"sent to {len(told)} followers",
    )
    return told


def of_subject(session: Session, kind: str, ids: Sequence[str]) -> Sequence[QuestionRow]:
    """Questions on something under any of its ids, oldest first."""
    query = select(QuestionRow).where(QuestionRow.subject_kind == kind, QuestionRow.subject_id.in_(ids))
    return session.scalars(query.order_by(QuestionRow.created_at, QuestionRow.id)).all()
