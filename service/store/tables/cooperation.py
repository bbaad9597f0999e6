"""What people do with candidates and clusters: interest, stages, questions, edits, cycles."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables.columns import ID, Base, Versioned, key, now


class RoomRow(Versioned, Base):
    """The workspace of a candidate: how far it has come, and what was agreed."""

    __tablename__ = "rooms"

    candidate_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    stage: Mapped[str] = mapped_column(String(30), default="detected")
    checklist: Mapped[list[Any]] = mapped_column(default=list)
    """`[{"step", "item", "owner", "due", "done"}]`."""
    agreement: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """responsibilities, applicable_law, internal_organisation, named_users, max_value_eur, framework."""
    need_ids: Mapped[list[Any]] = mapped_column(default=list)
    """Members when somebody last acted: what a room is about, should its cluster dissolve."""


class StageRow(Base):
    """One change of a candidate's stage."""

    __tablename__ = "stages"

    id: Mapped[str] = key()
    candidate_id: Mapped[str] = mapped_column(ForeignKey("rooms.candidate_id"), index=True)
    before: Mapped[str] = mapped_column(String(30))
    after: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(ID))
    organisation_id: Mapped[str] = mapped_column(String(ID))
    at: Mapped[datetime] = mapped_column(default=now)


class InterestRow(Base):
    """An organisation's interest in a candidate, not binding; kept when it is withdrawn."""

    __tablename__ = "interests"

    id: Mapped[str] = key()
    candidate_id: Mapped[str] = mapped_column(ForeignKey("rooms.candidate_id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """participant or observer."""
    need_id: Mapped[str | None] = mapped_column(String(ID))
    conditions: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(ID))
    at: Mapped[datetime] = mapped_column(default=now)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What each need of the organisation said of buying together until then, by its id."""
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(ID))
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")


class QuestionRow(Versioned, Base):
    """A question about a need or a candidate; its answer goes to all followers at once."""

    __tablename__ = "questions"
    __table_args__ = (Index("ix_questions_subject", "subject_kind", "subject_id"),)

    id: Mapped[str] = key()
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(60))
    organisation_id: Mapped[str] = mapped_column(String(ID))
    """Who asks; not shown to other followers."""
    by: Mapped[str] = mapped_column(String(ID))
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(2))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(String(ID))
    answered_at: Mapped[datetime | None]


class FollowerRow(Base):
    """A user who follows a need or a candidate and gets every answer given on it."""

    __tablename__ = "followers"

    subject_kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class EditRow(Base):
    """An analyst's change of an audience's clusters (`matcher.review.Edit`), in order."""

    __tablename__ = "edits"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    audience: Mapped[str] = mapped_column(String(20), index=True)
    edit: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(String(ID))
    at: Mapped[datetime] = mapped_column(default=now)


class CycleRow(Base):
    """The state of an audience on a day, kept to be compared (`matcher.cycle.Cycle`)."""

    __tablename__ = "cycles"

    id: Mapped[str] = key()
    audience: Mapped[str] = mapped_column(String(20), index=True)
    name: Mapped[str] = mapped_column(String(200))
    day: Mapped[date] = mapped_column(Date)
    state: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(String(ID))
    at: Mapped[datetime] = mapped_column(default=now)
