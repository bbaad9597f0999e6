"""A database with two organisations and their users, and a clock that tests move."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from service.security import accounts, passwords
from service.security.accounts import OPERATOR
from service.settings import ServerSettings
from service.store.database import Database
from service.store.tables import UserRow

PASSWORD = "seven green lamps at noon"


@dataclass
class Clock:
    """A moment that moves when it is told to."""

    now: datetime = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def pass_(self, **much: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**much)
        return self.now


@dataclass(frozen=True)
class People:
    """Ids of those who are in the database."""

    authority: str
    supplier: str
    ana: str
    root: str


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash with the least work: how hard it is to guess is not what these tests ask."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


@pytest.fixture
def clock() -> Clock:
    """The clock."""
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    """Settings of a service in the test's folder."""
    return ServerSettings(data=tmp_path, failures_allowed=3, lockout_minutes=15, session_hours=12)


@pytest.fixture
def people(database: Database, clock: Clock) -> People:
    """An authority with Ana, a procurer, and the administrator; and a supplier that waits to be vetted."""
    kept = passwords.hashed(PASSWORD)
    with database.write() as session:
        authority = accounts.add_organisation(
            session,
            OPERATOR,
            {"name": "Civil Rescue", "kind": "contracting_authority", "country": "MT"},
            clock.now,
            vetted=True,
        )
        supplier = accounts.add_organisation(
            session,
            OPERATOR,
            {"name": "Laagland Pompen", "kind": "supplier", "country": "NL"},
            clock.now,
            vetted=False,
        )
        users = [
            accounts.add_user(
                session,
                OPERATOR,
                {"organisation_id": authority.id, "email": email, "role": role},
                clock.now,
                password_hash=kept,
            )
            for email, role in (("ana@rescue.example", "procurer"), ("root@rescue.example", "administrator"))
        ]
        return People(authority.id, supplier.id, users[0].id, users[1].id)


@pytest.fixture
def ana(database: Database, people: People) -> UserRow:
    """Ana as she is in the database."""
    with database.read() as session:
        found = session.get(UserRow, people.ana)
    assert found is not None
    return found
