"""All tables, by what they are about."""

from service.store.tables.attention import DeliveryRow, FeedbackRow, MessageRow, SavedSearchRow
from service.store.tables.columns import Base, new_id, now
from service.store.tables.cooperation import (
    CycleRow,
    EditRow,
    FollowerRow,
    InterestRow,
    QuestionRow,
    RoomRow,
    StageRow,
)
from service.store.tables.operation import AnswerRow, AuditRow, FileRow, JobRow
from service.store.tables.people import OrganisationRow, SessionRow, TokenRow, UserRow
from service.store.tables.records import (
    ChangeRow,
    CounterRow,
    ProjectionRow,
    RecordRow,
    ShareRow,
    VersionRow,
)

__all__ = [
    "AnswerRow",
    "AuditRow",
    "Base",
    "ChangeRow",
    "CounterRow",
    "CycleRow",
    "DeliveryRow",
    "EditRow",
    "FeedbackRow",
    "FileRow",
    "FollowerRow",
    "InterestRow",
    "JobRow",
    "MessageRow",
    "OrganisationRow",
    "ProjectionRow",
    "QuestionRow",
    "RecordRow",
    "RoomRow",
    "SavedSearchRow",
    "SessionRow",
    "ShareRow",
    "StageRow",
    "TokenRow",
    "UserRow",
    "VersionRow",
    "new_id",
    "now",
]
