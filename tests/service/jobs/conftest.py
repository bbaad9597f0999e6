"""A service with two police forces and a vendor, whose jobs run when a test says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from matcher.records import Kind, Need, Solution, Visibility
from service.app import create_app
from service.backend import Backend, open_backend
from service.jobs.runner import Runner
from service.rights.policy import Scope
from service.rights.viewer import Viewer
from service.security import identify, tokens
from service.security.identify import viewer_of
from service.settings import ServerSettings
from service.store import records
from service.store.records import RecordDraft
from service.store.rows import body_of
from service.store.tables import OrganisationRow, UserRow

START = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
PEOPLE = (
    ("ana", "procurer", "police", "EE", "vetted"),
    ("bea", "procurer", "guard", "FI", "vetted"),
    ("ivo", "industry", "vendor", "DE", "vetted"),
    ("eva", "procurer", "newcomer", "LT", "none"),
    ("nat", "national_contact", "ministry", "EE", "vetted"),
    ("adi", "administrator", "office", "BE", "vetted"),
    ("ari", "analyst", "institute", "FR", "vetted"),
)


@dataclass
class House:
    """The service, its clock, and who uses it."""

    held: Backend
    client: TestClient
    runner: Runner
    moment: list[datetime]
    secrets: dict[str, str] = field(default_factory=dict)

    def pass_(self, **much: float) -> None:
        """Let time pass."""
        self.moment[0] += timedelta(**much)

    def user(self, name: str) -> UserRow:
        """A user's row."""
        with self.held.database.read() as session:
            found = session.get(UserRow, name)
            assert found is not None
            return found

    def viewer(self, name: str) -> Viewer:
        """A user as who asks."""
        return viewer_of(self.user(name))

    def ask(self, name: str | None, method: str, path: str, **rest: Any) -> Any:
        """A request by somebody."""
        headers = {**rest.pop("headers", {})}
        if name is not None:
            headers["Authorization"] = f"Bearer {self.secrets[name]}"
        return self.client.request(method, f"/api/v1{path}", headers=headers, **rest)

    def enter(
        self, name: str, record: Need | Solution, *, ref: str | None = None, status: str = "open"
    ) -> str:
        """Keep a record of somebody's organisation; its id."""
        viewer = self.viewer(name)
        with self.held.database.write() as session:
            row = records.create(
                session,
                RecordDraft(
                    kind=record.kind.value,
                    organisation_id=viewer.organisation_id or "",
                    body=body_of(record),
                    status=status,
                    visibility=record.visibility.value,
                    ref=ref,
                ),
                viewer,
            )
        self.held.follower.catch_up()
        return row.id

    def change(self, record_id: str, **changes: Any) -> None:
        """Change columns of a record."""
        with self.held.database.write() as session:
            records.change(session, record_id, None, changes, records.SYSTEM)
        self.held.follower.catch_up()

    def import_file(self, name: str, content: bytes, file: str = "needs.csv", **query: Any) -> dict[str, Any]:
        """Import a file and do the job; the job as it is shown then."""
        asked = self.ask(
            name, "POST", "/imports", params={"kind": "needs", **query}, files={"file": (file, content)}
        )
        assert asked.status_code == 202, asked.text
        while self.runner.once():
            pass
        job: dict[str, Any] = self.ask(name, "GET", f"/jobs/{asked.json()['id']}").json()
        return job

    def own(self, name: str, kind: Kind = Kind.NEED) -> dict[str | None, Any]:
        """The rows of somebody's organisation, by ref."""
        with self.held.database.read() as session:
            ids = records.all_ids(session, kind.value)
            rows = records.of_ids(session, ids)
        return {row.ref: row for row in rows if row.organisation_id == self.user(name).organisation_id}


def people(session: Session) -> None:
    """The organisations and users of the tests."""
    for name, role, organisation, country, vetting in PEOPLE:
        session.add(
            OrganisationRow(
                id=organisation, name=organisation.title(), kind="agency", country=country, vetting=vetting
            )
        )
        session.flush()
        session.add(
            UserRow(
                id=name, organisation_id=organisation, email=f"{name}@example.eu", role=role,
                created_at=START, last_login_at=START,
            )
        )  # fmt: skip
    session.flush()


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> ServerSettings:
    """Settings of a service in a folder of its own."""
    return ServerSettings(
        model="hashing", data=tmp_path / "data", cache=tmp_path / "cache", database=sqlite_url, jobs=False,
        public_url="https://match.example", _env_file=None,
    )  # fmt: skip


@pytest.fixture
def house(settings: ServerSettings) -> Iterator[House]:
    """The service, open."""
    moment = [START]
    held = open_backend(settings, clock=lambda: moment[0])
    held.start()
    with held.database.write() as session:
        people(session)
        secrets = {}
        for name, *_ in PEOPLE:
            user = session.get(UserRow, name)
            assert user is not None
            scopes = set(Scope) if name in ("adi", "nat") else {Scope.READ, Scope.WRITE}
            secrets[name] = tokens.create(session, user, name="test", scopes=scopes, now=moment[0])[1]
    identify.forget(held.database)
    with TestClient(create_app(held)) as client:
        yield House(held, client, Runner(held), moment, secrets)


@pytest.fixture
def vest() -> Callable[..., Need]:
    """A need for vests, open to the network unless said."""

    def make(title: str = "Ballistic vests for dog handlers", **fields: Any) -> Need:
        fields = {"language": "en", "visibility": Visibility.NETWORK, **fields}
        return Need(id="", title=title, **fields)

    return make
