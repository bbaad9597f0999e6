"""What keeps the service going: jobs and their files, the audit log, answers to repeated requests."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables.columns import ID, Base, key, now


class Status(StrEnum):
    """Where a job is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobRow(Base):
    """Work that outlives its request; taken up again when its worker died."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_status_created_at", "status", "created_at"),)

    id: Mapped[str] = key()
    kind: Mapped[str] = mapped_column(String(30))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[str | None] = mapped_column(String(ID))
    status: Mapped[str] = mapped_column(String(12), default=Status.QUEUED.value)
    """A `Status`."""
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    """In English."""
    error_said: Mapped[dict[str, Any] | None]
    """What the error is made of, to be said in the reader's language."""
    worker: Mapped[str | None] = mapped_column(String(80))
    heartbeat_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]


class FileRow(Base):
    """What a job reads or what it made."""

    __tablename__ = "files"

    id: Mapped[str] = key()
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    media_type: Mapped[str] = mapped_column(String(100))
    made: Mapped[bool] = mapped_column(default=False)
    """Made by the job, not given to it."""
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class AuditRow(Base):
    """Who did what, and who saw what; rows are only ever added."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_object", "object_kind", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    actor_id: Mapped[str | None] = mapped_column(String(ID), index=True)
    organisation_id: Mapped[str | None] = mapped_column(String(ID))
    action: Mapped[str] = mapped_column(String(60))
    object_kind: Mapped[str] = mapped_column(String(30), default="")
    object_id: Mapped[str] = mapped_column(String(60), default="")
    before_hash: Mapped[str | None] = mapped_column(String(64))
    after_hash: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Model and fitted values, where a result was shown."""
    request_id: Mapped[str] = mapped_column(String(ID), default="")


class AnswerRow(Base):
    """The answer to a write that carried an idempotency key, given again when the write comes again."""

    __tablename__ = "answers"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    body: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(default=now, index=True)
