"""Tokens: what programs come in with. A token is shown once; its digest is kept."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.problems import Problem, conflict, invalid, not_found
from service.rights.policy import ADMINISTERING, ALLOWED, Role, Scope
from service.store.tables import TokenRow, UserRow

PREFIX = "nm_"
MOST = 50
"""Tokens that one user may have at a time."""


def made() -> str:
    """A new token: 256 random bits behind a prefix that scanners for leaked secrets can look for.

    >>> len(made())
    46
    """
    return PREFIX + token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a token or a cookie; 256 random bits need no slow hash."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def create(
    session: Session,
    user: UserRow,
    *,
    name: str,
    scopes: Iterable[Scope],
    now: datetime,
    expires_at: datetime | None = None,
    within: frozenset[Scope] = frozenset(Scope),
    until: datetime | None = None,
) -> tuple[TokenRow, str]:
    """A new token of a user, and its secret, which is not to be had again; it ends by `until` at the latest.

    Raises `Problem`: scopes beyond `within` (what the caller came in with) or without use for the role, an
    end that has passed, a name in use, or too many tokens.
    """
    wanted = frozenset(scopes)
    if not wanted:
        raise invalid("/scopes", phrase("Give at least one of read, write, admin."))
    if not wanted <= within:
        raise Problem(403, "forbidden", phrase("A token cannot make one that may do more than itself."))
    if Scope.ADMIN in wanted and not ALLOWED[Role(user.role)] & ADMINISTERING:
        raise invalid(
            "/scopes", phrase("The role {role} has nothing to do with the scope 'admin'.", role=user.role)
        )
    if expires_at is not None and expires_at <= now:
        raise invalid(
            "/expires_at", phrase("{moment} has passed. Give a later moment.", moment=expires_at.isoformat())
        )
    valid = of(session, user.id, now)
    if len(valid) >= MOST:
        raise conflict(
            phrase(
                "There are {number} tokens, the most a user can have. Revoke one first.", number=len(valid)
            )
        )
    if any(row.name == name for row in valid):
        raise conflict(
            phrase("There is a token named {name!r}. Revoke it first, or take another name.", name=name)
        )
    if until is not None:
        expires_at = until if expires_at is None else min(expires_at, until)
    secret = made()
    row = TokenRow(
        user_id=user.id,
        name=name,
        digest=digest(secret),
        scopes=sorted(scope.value for scope in wanted),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return row, secret


def of(session: Session, user_id: str, now: datetime) -> list[TokenRow]:
    """A user's tokens that are valid, oldest first."""
    rows = session.scalars(
        select(TokenRow)
        .where(TokenRow.user_id == user_id, TokenRow.revoked_at.is_(None))
        .order_by(TokenRow.created_at, TokenRow.id)
    )
    return [row for row in rows if row.expires_at is None or row.expires_at > now]


def end_of(session: Session, secret: str | None) -> datetime | None:
    """When a token ends; None for one without an end, and where there is none."""
    if secret is None:
        return None
    return session.scalar(select(TokenRow.expires_at).where(TokenRow.digest == digest(secret)))


def revoke(session: Session, user_id: str, token_id: str, now: datetime) -> TokenRow:
    """End one of a user's tokens. Raises `Problem` (404) for any other."""
    row = session.get(TokenRow, token_id)
    if row is None or row.user_id != user_id or row.revoked_at is not None:
        raise not_found("token", token_id)
    row.revoked_at = now
    return row


def revoke_all(session: Session, user_id: str, now: datetime) -> int:
    """End all tokens of a user; how many there were."""
    rows = of(session, user_id, now)
    for row in rows:
        row.revoked_at = now
    return len(rows)
