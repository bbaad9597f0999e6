"""Feedback as it is sent and shown."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from matcher.feedback import Verdict
from service.schemas.forms import Answer, Key, Model, Note, UtcDateTime
from service.store.tables import FeedbackRow


class Subject(StrEnum):
    """What was judged."""

    MATCH = "match"
    DEMAND = "demand"
    SIMILAR = "similar"
    CANDIDATE = "candidate"
    CPV = "cpv"
    CLUSTER = "cluster"


class Reason(StrEnum):
    """Why something is not relevant."""

    NONE = ""
    WRONG_FUNCTION = "wrong_function"
    WRONG_SCALE = "wrong_scale"
    WRONG_TIME = "wrong_time"
    WRONG_PLACE = "wrong_place"
    LEGAL = "legal"
    SECURITY = "security"
    DUPLICATE = "duplicate"
    OUTDATED = "outdated"
    ALREADY_KNOWN = "already_known"
    OTHER = "other"


class FeedbackIn(Model):
    """One word on one result."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "subject": "match",
                    "query_id": "3f1c2f6e-5d0a-4c69-9a8b-0d6f5b1f9a11",
                    "document_id": "a7d4c1de-51cb-4a4f-8a0c-5b0d7c0f1a22",
                    "verdict": "not_relevant",
                    "reason": "wrong_function",
                    "rank_shown": 3,
                }
            ]
        },
    )

    subject: Subject = Subject.MATCH
    query_id: Key = Field(
        description="What was asked with: a need or a solution, or the candidate or cluster itself."
    )
    document_id: Key = Field(description="What was shown: a record, a candidate, a cluster, or a CPV code.")
    verdict: Verdict
    reason: Reason = Reason.NONE
    comment: Note = ""
    rank_shown: int | None = Field(default=None, ge=1, le=10_000)


class FeedbackOut(Answer):
    """A word that was taken down, with what was shown."""

    id: str
    subject: Subject
    query_id: str
    document_id: str
    verdict: Verdict
    reason: Reason
    comment: str
    rank_shown: int | None
    score_shown: float | None
    model_version: str
    at: UtcDateTime
    undone_at: UtcDateTime | None


def feedback_out(row: FeedbackRow) -> FeedbackOut:
    """A stored word as it is shown to who said it."""
    return FeedbackOut(
        id=row.id,
        subject=Subject(row.subject),
        query_id=row.query_id,
        document_id=row.document_id,
        verdict=Verdict(row.verdict),
        reason=Reason(row.reason),
        comment=row.comment,
        rank_shown=row.rank_shown,
        score_shown=row.score_shown,
        model_version=row.model_version,
        at=row.at,
        undone_at=row.undone_at,
    )
