"""What users said of results: kept with what was shown, taken into account for that user alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from matcher.feedback import Feedback, Judgement, Verdict
from service.rights.viewer import Viewer
from service.store.database import Database
from service.store.tables import FeedbackRow

LEARNED_FROM = 500
"""Latest judgements of a user that an order is learned from."""


def judged(database: Database, viewer: Viewer, subject: str, query_id: str) -> dict[str, Verdict]:
    """Document id to verdict: what a user said of the results for one record, the latest word of each."""
    if viewer.user_id is None:
        return {}
    with database.read() as session:
        rows = session.execute(
            select(FeedbackRow.document_id, FeedbackRow.verdict)
            .where(
                FeedbackRow.user_id == viewer.user_id,
                FeedbackRow.subject == subject,
                FeedbackRow.query_id == query_id,
                FeedbackRow.undone_at.is_(None),
            )
            .order_by(FeedbackRow.at)
        ).all()
    return {document_id: Verdict(verdict) for document_id, verdict in rows}


def refused(said: Mapping[str, Verdict]) -> frozenset[str]:
    """Ids that the user marked as not relevant: they leave that user's list."""
    return frozenset(one for one, verdict in said.items() if verdict is Verdict.NOT_RELEVANT)


def feedback_of(database: Database, viewer: Viewer, subject: str) -> Feedback:
    """All that a user said of results of one kind, as the engine learns from it."""
    if viewer.user_id is None:
        return Feedback(())
    with database.read() as session:
        rows = session.scalars(
            select(FeedbackRow)
            .where(
                FeedbackRow.user_id == viewer.user_id,
                FeedbackRow.subject == subject,
                FeedbackRow.undone_at.is_(None),
            )
            .order_by(FeedbackRow.at.desc())
            .limit(LEARNED_FROM)
        ).all()
    found = Feedback(())
    for row in reversed(rows):
        if row.features:
            found = found.add(judgement_of(row))
    return found


def judgement_of(row: FeedbackRow) -> Judgement:
    """A stored word as the engine reads it."""
    return Judgement(
        query_id=row.query_id,
        document_id=row.document_id,
        verdict=Verdict(row.verdict),
        features=tuple(float(value) for value in row.features),
        rank_shown=row.rank_shown or 0,
        model_version=row.model_version,
        at=row.at,
        reason=row.reason,
    )


def take_back(rows: Sequence[FeedbackRow], at: datetime) -> None:
    """Words that no longer stand; they are kept."""
    for row in rows:
        row.undone_at = at
