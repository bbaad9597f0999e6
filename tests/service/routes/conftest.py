"""A service with a small network of users, asked without a server between."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from httpx import Response

from service import access
from service.backend import Backend, open_backend
from service.rights.policy import Role, Scope
from service.rights.viewer import ANONYMOUS, Viewer
from service.settings import ServerSettings
from service.store import migrate
from service.store.database import open_database
from service.store.tables import OrganisationRow
from service.surround import answers

ALL = frozenset(Scope)
ORGANISATIONS = {
    "police-ee": ("Police of Saaremaa", "contracting_authority", "EE", "vetted"),
    "police-fi": ("Police of Savonia", "contracting_authority", "FI", "vetted"),
    "police-new": ("Police of Hiiumaa", "contracting_authority", "EE", "pending"),
    "vendor": ("Vests of Tartu", "supplier", "EE", "vetted"),
    "network": ("Network office", "network", "FR", "vetted"),
}
PEOPLE = {
    "ana": ("police-ee", Role.PROCURER),
    "pia": ("police-ee", Role.LEGAL),
    "eero": ("police-fi", Role.PROCURER),
    "uno": ("police-new", Role.PROCURER),
    "ivo": ("vendor", Role.INDUSTRY),
    "root": ("network", Role.ADMINISTRATOR),
    "kai": ("police-ee", Role.NATIONAL_CONTACT),
}
"""User to organisation and role."""


@dataclass
class Clock:
    """A moment that moves when it is told to."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def pass_(self, **much: float) -> None:
        """Let time pass."""
        self.now += timedelta(**much)


def viewer_of(name: str) -> Viewer:
    """One of the people; nobody for an empty name."""
    if not name:
        return ANONYMOUS
    organisation, role = PEOPLE[name]
    _, _, country, vetting = ORGANISATIONS[organisation]
    return Viewer(name, organisation, role, vetting == "vetted", country, ALL)


@pytest.fixture
def clock() -> Clock:
    """The clock."""
    return Clock()


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the organisations, made once and copied for each test."""
    path = tmp_path_factory.mktemp("settled") / "needmatch.db"
    database = open_database(f"sqlite:///{path}")
    migrate.up(database)
    with database.write() as session:
        for id_, (name, kind, country, vetting) in ORGANISATIONS.items():
            session.add(OrganisationRow(id=id_, name=name, kind=kind, country=country, vetting=vetting))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def held(tmp_path: Path, clock: Clock, settled: Path) -> Iterator[Backend]:
    """A started backend on a database of its own; its index is not written to disk."""
    settings = ServerSettings(model="hashing", cache=tmp_path / "cache", data=tmp_path / "data")
    settings.data.mkdir()
    shutil.copy(settled, settings.data / "needmatch.db")
    backend = open_backend(settings, clock=clock)
    backend.follower.folder = None
    backend.start()
    yield backend
    backend.stop()


Ask = Callable[..., Response]


@pytest.fixture
def asking(held: Backend) -> Callable[..., Ask]:
    """Makes an application of some routers; gives what asks it: method, path, who, and what httpx takes."""

    def made(*routers: Any) -> Ask:
        app = FastAPI()
        app.state.backend = held
        answers.install(app)
        for router in routers:
            app.include_router(router, prefix="/api/v1")

        def whoever(request: Request) -> Viewer:
            return viewer_of(request.headers.get("X-Who", ""))

        app.dependency_overrides[access.viewer] = whoever
        client = TestClient(app)

        def ask(method: str, path: str, who: str = "", **more: Any) -> Response:
            headers = {"X-Who": who, **more.pop("headers", {})}
            return client.request(method, f"/api/v1{path}", headers=headers, **more)

        return ask

    return made
