"""What users said of results, what they wait for, and what was sent to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables.columns import ID, Base, Versioned, key, now


class FeedbackRow(Base):
    """A user's word on one result, with what was shown; taken back by setting `undone_at`."""

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_user_id_subject", "user_id", "subject", "query_id"),)

    id: Mapped[str] = key()
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    organisation_id: Mapped[str] = mapped_column(String(ID))
    role: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(20))
    """match, demand, similar, candidate, cpv or cluster."""
    query_id: Mapped[str] = mapped_column(String(60))
    document_id: Mapped[str] = mapped_column(String(60))
    verdict: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(30), default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    features: Mapped[list[Any]] = mapped_column(default=list)
    rank_shown: Mapped[int | None]
    score_shown: Mapped[float | None]
    model_version: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(default=now)
    undone_at: Mapped[datetime | None]


class SavedSearchRow(Versioned, Base):
    """A search that is run again and tells of what is new."""

    __tablename__ = "saved_searches"

    id: Mapped[str] = key()
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    searched: Mapped[str] = mapped_column(String(10))
    """needs or solutions."""
    query_text: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str | None] = mapped_column(String(2))
    example_id: Mapped[str | None] = mapped_column(String(ID))
    """A record of one's own that stands for the text."""
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    min_level: Mapped[str] = mapped_column(String(10), default="possible")
    frequency: Mapped[str] = mapped_column(String(10), default="daily")
    max_items: Mapped[int] = mapped_column(default=10)
    channel: Mapped[str] = mapped_column(String(10), default="inbox")
    """inbox, email, webhook or feed."""
    target: Mapped[str] = mapped_column(String(1000), default="")
    secret: Mapped[str] = mapped_column(String(100), default="")
    """Signs webhooks."""
    feed_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    unsubscribe_digest: Mapped[str] = mapped_column(String(64), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]
    seen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Id to digest of what was last told of a record."""


class MessageRow(Base):
    """Something in a user's inbox or feed."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_user_id_at_id", "user_id", "at", "id"),)

    id: Mapped[str] = key()
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    """digest, answer, interest, stage, account."""
    subject: Mapped[str] = mapped_column(String(300))
    """In English."""
    said: Mapped[dict[str, Any] | None]
    """What the subject is made of, for the reader's language; none where an earlier version kept it."""
    body: Mapped[dict[str, Any]]
    saved_search_id: Mapped[str | None] = mapped_column(
        ForeignKey("saved_searches.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]


class DeliveryRow(Base):
    """Something to be sent out of the house, tried until it arrives or is given up."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_due", "done_at", "next_at"),)

    id: Mapped[str] = key()
    channel: Mapped[str] = mapped_column(String(10))
    """email or webhook."""
    target: Mapped[str] = mapped_column(String(1000))
    secret: Mapped[str] = mapped_column(String(100), default="")
    payload: Mapped[dict[str, Any]]
    saved_search_id: Mapped[str | None] = mapped_column(
        ForeignKey("saved_searches.id", ondelete="CASCADE"), index=True
    )
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
