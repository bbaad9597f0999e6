"""Tokens: made once, kept as digests, limited and revoked."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.problems import Problem
from service.rights.policy import Scope
from service.security import tokens
from service.store.tables import TokenRow, UserRow

READ = frozenset({Scope.READ})


def made(database, people, clock, **changes):
    """A token of Ana's."""
    given = {"name": "script", "scopes": READ, "now": clock.now} | changes
    with database.write() as session:
        return tokens.create(session, session.get(UserRow, people.ana), **given)


def test_a_token_has_256_bits_and_is_not_kept(database, people, clock):
    """It has the prefix, 43 letters that need no escaping, and only its digest is in the database."""
    _, secret = made(database, people, clock)
    assert re.fullmatch(r"nm_[A-Za-z0-9_-]{43}", secret)
    with database.read() as session:
        kept = session.scalars(select(TokenRow)).one()
        assert kept.digest == tokens.digest(secret)
        assert all(secret not in str(getattr(kept, column.key)) for column in TokenRow.__table__.columns)
    assert len({tokens.made() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"scopes": frozenset()}, 422),
        ({"scopes": frozenset({Scope.ADMIN})}, 422),
        ({"scopes": frozenset(Scope), "within": READ}, 403),
        ({"scopes": frozenset({Scope.WRITE}), "within": READ}, 403),
        ({"expires_at": "now"}, 422),
    ],
)
def test_tokens_that_may_not_be(database, people, clock, changes, status):
    """None without scope, beyond its maker or its role, or that has ended before it begins."""
    if "expires_at" in changes:
        changes = {"expires_at": clock.now}
    with pytest.raises(Problem) as refused:
        made(database, people, clock, **changes)
    assert refused.value.status == status


def test_valid_tokens_have_different_names_and_are_not_too_many(database, people, clock, monkeypatch):
    """A name is free again when its token has ended; there is a most."""
    first, _ = made(database, people, clock, expires_at=clock.now + timedelta(days=1))
    with pytest.raises(Problem, match="script") as refused:
        made(database, people, clock)
    assert refused.value.status == 409
    clock.pass_(days=2)
    second, _ = made(database, people, clock)
    with database.write() as session:
        assert [row.id for row in tokens.of(session, people.ana, clock.now)] == [second.id]
        tokens.revoke(session, people.ana, second.id, clock.now)
    third, _ = made(database, people, clock)
    monkeypatch.setattr(tokens, "MOST", 1)
    with pytest.raises(Problem, match="the most") as refused:
        made(database, people, clock, name="other")
    assert len({first.id, second.id, third.id}) == 3


def test_only_ones_own_token_is_revoked_and_only_once(database, people, clock):
    """Another user's token is as little there as one that is revoked."""
    row, _ = made(database, people, clock)
    for user_id in (people.root, people.ana, people.ana):
        with database.write() as session:
            if user_id == people.ana and session.get(TokenRow, row.id).revoked_at is None:
                assert tokens.revoke(session, user_id, row.id, clock.now).revoked_at == clock.now
                continue
            with pytest.raises(Problem) as refused:
                tokens.revoke(session, user_id, row.id, clock.now)
            assert refused.value.status == 404
