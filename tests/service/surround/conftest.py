"""A small application in its surroundings: a database with two users, routes that do what a test needs."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, Request, Response, UploadFile
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.exc import OperationalError

from matcher.errors import ClusterUnknown, RecordInvalid, RecordUnknown, ReviewConflict, SettingInvalid
from service.access import BackendIn, require
from service.projection.attendance import Attendance
from service.rights.policy import Permission, Scope
from service.rights.viewer import Viewer
from service.routes import health
from service.security import tokens
from service.security.limits import Limiter
from service.settings import ServerSettings
from service.store import audit, migrate
from service.store.database import Database, open_database
from service.store.tables import OrganisationRow, UserRow
from service.surround import surround

START = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
SECRET = "hunter2-hunter2"


@dataclass
class Stub:
    """As much of a backend as the surroundings ask for."""

    settings: ServerSettings
    database: Database
    limiter: Limiter = field(default_factory=lambda: Limiter(clock=lambda: 0.0))
    now: datetime = START
    ready: threading.Event = field(default_factory=threading.Event)
    catalogue: Any = field(default_factory=lambda: SimpleNamespace(sequence=0, entries={}))
    attendance: Attendance = field(default_factory=Attendance)
    runs: list[str] = field(default_factory=list)
    """What routes were really run for."""

    def clock(self) -> datetime:
        """The moment."""
        return self.now

    def pass_(self, **much: float) -> None:
        """Let time pass."""
        self.now += timedelta(**much)


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    password: str = "longenough"
    count: Annotated[int, Field(ge=0)] = 0

    @field_validator("password")
    @classmethod
    def _long(cls, value: str) -> str:
        if len(value) < 5:
            raise ValueError(f"{value} is too short")
        return value


def raising() -> Exception:
    """Replaced by the error that `GET /api/v1/raise` raises."""
    raise NotImplementedError


ERRORS: dict[str, Callable[[], Exception]] = {
    "record": lambda: RecordUnknown("need", "N1"),
    "cluster": lambda: ClusterUnknown("C1"),
    "invalid": lambda: RecordInvalid("a title is missing"),
    "setting": lambda: SettingInvalid("k is 0"),
    "review": lambda: ReviewConflict("it is locked"),
    "busy": lambda: OperationalError("SELECT secret", {}, Exception("server closed the connection")),
    "bug": lambda: ZeroDivisionError(f"with {SECRET} in it"),
    "overflow": lambda: OverflowError("too large"),
}


def routed(app: FastAPI, stub: Stub) -> None:
    """Routes of all kinds."""

    @app.get("/api/v1/raise/{what}")
    def fail(what: str) -> None:
        raise ERRORS[what]()

    @app.get("/api/v1/things/{thing_id}")
    def thing(thing_id: str, request: Request, response: Response, k: int = 1) -> dict[str, Any]:
        response.headers["ETag"] = '"3"'
        return {"id": thing_id, "k": k, "locale": request.state.locale}

    @app.get("/api/v1/large")
    def large() -> dict[str, str]:
        return {"text": "word " * 1000}

    @app.post("/api/v1/things", status_code=201)
    def make(
        given: Given, response: Response, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)
    ) -> dict[str, str]:
        stub.runs.append(given.title)
        if given.title == "refuse":
            raise RecordInvalid("no such title")
        if given.title == "break":
            raise ZeroDivisionError
        with held.database.write() as session:
            audit.record(session, action="thing.make", viewer=viewer, kind="thing", id="T1")
        response.headers["Location"] = "/api/v1/things/1"
        return {"title": given.title, "run": str(len(stub.runs))}

    @app.post("/api/v1/imports", status_code=202)
    async def take(file: UploadFile, viewer: Viewer = require(Permission.ACCOUNT)) -> dict[str, int]:
        stub.runs.append("import")
        return {"bytes": len(await file.read()), "run": len(stub.runs)}

    @app.post("/api/v1/things/bulk")
    async def bulk(request: Request) -> dict[str, int]:
        return {"bytes": sum([len(part) async for part in request.stream()])}

    @app.post("/api/v1/raw")
    async def raw(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.post("/api/v1/deep")
    def deep(given: Annotated[Any, Body()]) -> dict[str, str]:
        return {"kind": type(given).__name__}

    @app.get("/api/v1/mine")
    def mine(viewer: Viewer = require(Permission.ACCOUNT)) -> dict[str, str | None]:
        """Who asks.

        More about it.
        """
        return {"id": viewer.user_id}

    @app.get("/api/v1/open")
    def open_(viewer: Viewer = require(Permission.OPEN)) -> dict[str, str | None]:
        return {"id": viewer.user_id}


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    """A backend with an empty database."""
    settings = ServerSettings(
        data=tmp_path, max_body_bytes=2_000, max_upload_bytes=20_000, requests_per_minute=200
    )
    database = open_database(settings.database_url)
    migrate.up(database)
    found = Stub(settings, database)
    found.ready.set()
    yield found
    database.close()


@pytest.fixture
def app(stub: Stub) -> FastAPI:
    """The application."""
    made = FastAPI(openapi_url="/api/v1/openapi.json")
    made.state.backend = stub
    surround(made, stub)  # type: ignore[arg-type]  # a stand-in
    made.include_router(health.router)
    routed(made, stub)
    return made


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Somebody unknown."""
    return TestClient(app, raise_server_exceptions=False)


@dataclass(frozen=True)
class Person:
    """A user with a token."""

    id: str
    headers: dict[str, str]


@pytest.fixture
def people(stub: Stub) -> dict[str, Person]:
    """A procurer and an administrator."""
    found = {}
    with stub.database.write() as session:
        organisation = OrganisationRow(name="Civil Rescue", kind="ministry", country="MT", vetting="vetted")
        session.add(organisation)
        session.flush()
        for role in ("procurer", "administrator"):
            user = UserRow(organisation_id=organisation.id, email=f"{role}@rescue.example", role=role)
            session.add(user)
            session.flush()
            scopes = set(Scope) if role == "administrator" else {Scope.READ, Scope.WRITE}
            _, secret = tokens.create(session, user, name="test", scopes=scopes, now=stub.now)
            found[role] = Person(user.id, {"Authorization": f"Bearer {secret}"})
    return found


@pytest.fixture
def ana(people: dict[str, Person]) -> Person:
    """The procurer."""
    return people["procurer"]


@pytest.fixture
def root(people: dict[str, Person]) -> Person:
    """The administrator."""
    return people["administrator"]
