"""Needs and solutions, every version of them, and the order in which they changed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.store.tables.columns import ID, Base, Versioned, key, now
from service.store.tables.people import OrganisationRow


class RecordRow(Versioned, Base):
    """A need or a solution, whole, as its owner entered it."""

    __tablename__ = "records"
    __table_args__ = (
        UniqueConstraint("kind", "organisation_id", "ref"),
        Index("ix_records_kind_visibility_status", "kind", "visibility", "status"),
        Index("ix_records_kind_updated_at_id", "kind", "updated_at", "id"),
        Index("ix_records_of_organisation", "kind", "organisation_id", "updated_at", "id"),
        *(
            Index(f"ix_records_kind_shown_{audience}_at_id", "kind", f"shown_{audience}_at", "id")
            for audience in ("public", "network_industry", "network")
        ),
    )

    id: Mapped[str] = key()
    kind: Mapped[str] = mapped_column(String(10))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    ref: Mapped[str | None] = mapped_column(String(200))
    """The owner's own id for it, unique within the organisation and known to it alone."""
    status: Mapped[str] = mapped_column(String(20))
    """draft, open, in_candidate, paused, fulfilled, withdrawn or expired."""
    visibility: Mapped[str] = mapped_column(String(20))
    tlp: Mapped[str | None] = mapped_column(String(20))
    body: Mapped[dict[str, Any]]
    """The flat row of contracts.md; `None` fields left out."""
    redactions: Mapped[list[Any]] = mapped_column(default=list)
    redacted_until: Mapped[date | None] = mapped_column(Date, index=True)
    """The next day on which a redaction ends."""
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    created_by: Mapped[str | None] = mapped_column(String(ID))
    shown_public_at: Mapped[datetime] = mapped_column(default=now)
    """When what this audience is shown of it last changed (`store.shown`); so with the next two."""
    shown_network_industry_at: Mapped[datetime] = mapped_column(default=now)
    shown_network_at: Mapped[datetime] = mapped_column(default=now)

    organisation: Mapped[OrganisationRow] = relationship(lazy="joined")
    shares: Mapped[list["ShareRow"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )


class ShareRow(Base):
    """An organisation that may see a record of visibility `group`."""

    __tablename__ = "shares"

    record_id: Mapped[str] = mapped_column(ForeignKey("records.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    shown_at: Mapped[datetime] = mapped_column(default=now)
    """When what the organisation is shown of it last changed."""


class VersionRow(Base):
    """What a record was at one version."""

    __tablename__ = "record_versions"

    record_id: Mapped[str] = mapped_column(ForeignKey("records.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]]
    """Ref, status, visibility, tlp, body, redactions, end and shares (`records.state_of`)."""
    by: Mapped[str | None] = mapped_column(String(ID))
    at: Mapped[datetime] = mapped_column(default=now)


class ChangeRow(Base):
    """One change of a record: what indexes follow, in order and without gaps."""

    __tablename__ = "outbox"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    record_id: Mapped[str] = mapped_column(String(ID))
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(default=now)


class CounterRow(Base):
    """A number that only grows; who raises it holds it until the transaction ends."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class ProjectionRow(Base):
    """The lasting ids of an audience's clusters, shared by all workers."""

    __tablename__ = "projections"

    audience: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int]
    identities: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=now)
