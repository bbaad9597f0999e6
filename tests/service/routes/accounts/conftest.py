"""A service of accounts over HTTP: real tokens, cookies and limits, without the engine."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.projection.attendance import Attendance
from service.rights.policy import Role, Scope
from service.routes import auth, organisations, tokens, users
from service.security import accounts, passwords
from service.security import tokens as kept_tokens
from service.security.accounts import OPERATOR
from service.security.limits import Limiter
from service.settings import ServerSettings
from service.store import migrate
from service.store.database import Database, open_database
from service.store.tables import UserRow
from service.surround import surround

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "seven green lamps at noon"
ORGANISATIONS = {
    "rescue-mt": ("Civil Rescue", "contracting_authority", "MT", True),
    "port-mt": ("Port of Għajn Bella", "contracting_authority", "MT", False),
    "police-at": ("Police of Oberau", "contracting_authority", "AT", False),
    "pumps-nl": ("Laagland Pompen", "supplier", "NL", True),
    "office": ("Network office", "network", None, True),
}
PEOPLE = {
    "ana": ("rescue-mt", Role.PROCURER),
    "pia": ("rescue-mt", Role.LEGAL),
    "kai": ("rescue-mt", Role.NATIONAL_CONTACT),
    "uno": ("port-mt", Role.PROCURER),
    "ivo": ("pumps-nl", Role.INDUSTRY),
    "root": ("office", Role.ADMINISTRATOR),
}


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


@dataclass
class House:
    """The service, and ways to come to it."""

    app: FastAPI
    database: Database
    clock: Clock
    settings: ServerSettings
    ids: dict[str, str]
    secrets: dict[str, str]

    def browser(self, base: str = "http://testserver") -> TestClient:
        """A browser with its own cookies."""
        return TestClient(self.app, base_url=base)

    def by_token(self, who: str = "") -> TestClient:
        """A program with one of the people's tokens, or without one."""
        headers = {"Authorization": f"Bearer {self.secrets[who]}"} if who else {}
        return TestClient(self.app, headers=headers)

    def signed_in(self, who: str, password: str = PASSWORD) -> TestClient:
        """A browser that has signed in, and sends the CSRF token."""
        browser = self.browser()
        answer = browser.post(
            "/api/v1/auth/login", json={"email": f"{who}@people.example", "password": password}
        )
        assert answer.status_code == 200, answer.text
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return browser


Open = Callable[..., House]


@dataclass(frozen=True)
class Filled:
    """A database with its people, made once and copied for each test."""

    file: Path
    ids: dict[str, str]
    secrets: dict[str, str]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The database that each test begins with."""
    file = tmp_path_factory.mktemp("people") / "needmatch.db"
    database = open_database(f"sqlite:///{file}")
    migrate.up(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", QUICK)
        ids, secrets = _filled(database, Clock().now)
    database.close()
    return Filled(file, ids, secrets)


@pytest.fixture
def open_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filled: Filled) -> Iterator[Open]:
    """Opens a service with these settings."""
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    passwords._nobody.cache_clear()
    opened: list[Database] = []

    def made(**given: object) -> House:
        asked = {"data": tmp_path, "logins_per_minute": 1000, "failures_allowed": 3} | given
        settings = ServerSettings(**asked)
        shutil.copyfile(filled.file, tmp_path / "needmatch.db")
        database = open_database(settings.database_url)
        opened.append(database)
        clock = Clock()
        backend = SimpleNamespace(
            settings=settings, database=database, clock=clock, limiter=Limiter(), attendance=Attendance()
        )
        app = FastAPI()
        app.state.backend = backend
        surround(app, backend)
        for router in (auth.router, tokens.router, users.router, organisations.router):
            app.include_router(router, prefix="/api/v1")
        return House(app, database, clock, settings, filled.ids, filled.secrets)

    yield made
    passwords._nobody.cache_clear()
    for database in opened:
        database.close()


@pytest.fixture
def house(open_house: Open) -> House:
    """A service with its people."""
    return open_house()


def _filled(database: Database, now: datetime) -> tuple[dict[str, str], dict[str, str]]:
    ids, secrets = {}, {}
    kept = passwords.hashed(PASSWORD)
    with database.write() as session:
        for id_, (name, kind, country, vetted) in ORGANISATIONS.items():
            values = {
                "id": id_,
                "name": name,
                "kind": kind,
                "country": country,
                "contact": f"tenders@{id_}.example",
            }
            accounts.add_organisation(session, OPERATOR, values, now, vetted=vetted)
        for who, (organisation, role) in PEOPLE.items():
            values = {"organisation_id": organisation, "email": f"{who}@people.example", "role": role.value}
            user: UserRow = accounts.add_user(session, OPERATOR, values, now, password_hash=kept)
            scopes = set(Scope) if role in (Role.ADMINISTRATOR, Role.NATIONAL_CONTACT) else {"read", "write"}
            ids[who] = user.id
            secrets[who] = kept_tokens.create(
                session, user, name="test", scopes=[Scope(scope) for scope in scopes], now=now
            )[1]
    return ids, secrets
