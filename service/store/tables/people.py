"""Who uses the service: organisations, their users, and what users come in with."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.store.tables.columns import ID, Base, Versioned, key, now


class OrganisationRow(Versioned, Base):
    """A buyer, a supplier or an agency; all its users share what is its own."""

    __tablename__ = "organisations"

    id: Mapped[str] = key()
    name: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(40))
    country: Mapped[str | None] = mapped_column(String(2))
    buyer_type: Mapped[str] = mapped_column(String(60), default="")
    size: Mapped[str] = mapped_column(String(20), default="")
    website: Mapped[str] = mapped_column(String(500), default="")
    contact: Mapped[str] = mapped_column(String(320), default="")
    """A role mailbox: the route by which others reach it."""
    is_cpb: Mapped[bool] = mapped_column(default=False)
    languages: Mapped[list[Any]] = mapped_column(default=list)
    identifiers: Mapped[list[Any]] = mapped_column(default=list)
    """`[{"scheme": ..., "id": ...}]` (eForms BT-501)."""
    vetting: Mapped[str] = mapped_column(String(20), default="none")
    """none, pending, vetted or refused."""
    vetted_by: Mapped[str | None] = mapped_column(String(ID))
    vetted_at: Mapped[datetime | None]


class UserRow(Versioned, Base):
    """A person with one role in one organisation."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject"),)

    id: Mapped[str] = key()
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    """Folded to lower case."""
    name: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(300))
    oidc_issuer: Mapped[str | None] = mapped_column(String(500))
    oidc_subject: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    """Wrong passwords since the last right one."""
    locked_until: Mapped[datetime | None]
    locale: Mapped[str] = mapped_column(String(2), default="en")
    last_login_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    """When the user was told that a dormant account will be erased."""

    organisation: Mapped[OrganisationRow] = relationship(lazy="joined")


class TokenRow(Base):
    """What a program comes in with; only its digest is kept."""

    __tablename__ = "tokens"

    id: Mapped[str] = key()
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    user: Mapped[UserRow] = relationship(lazy="joined")


class SessionRow(Base):
    """A browser that is signed in; only the digest of its cookie is kept."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_expires_at", "expires_at"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]

    user: Mapped[UserRow] = relationship(lazy="joined")
