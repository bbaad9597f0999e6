"""A whole service with a small network of organisations, asked over HTTP without a server between."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from matcher.records import Need, Solution
from service.app import create_app
from service.backend import Backend, open_backend
from service.rights.policy import ADMINISTERING, ALLOWED, Role, Scope
from service.security import identify, tokens
from service.settings import ServerSettings, Settings
from service.store import records
from service.store.records import RecordDraft
from service.store.rows import body_of
from service.store.tables import OrganisationRow, UserRow

MOMENT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ORGANISATIONS = {
    "police-ee": ("Police of Saaremaa", "contracting_authority", "EE", "vetted"),
    "police-fi": ("Police of Savonia", "contracting_authority", "FI", "vetted"),
    "police-lt": ("Police of Girele", "contracting_authority", "LT", "vetted"),
    "guard-ee": ("Border guard of Narva", "contracting_authority", "EE", "vetted"),
    "police-fr": ("Gendarmerie du Valmont", "contracting_authority", "FR", "vetted"),
    "police-new": ("Police of Hiiumaa", "contracting_authority", "EE", "pending"),
    "vendor": ("Vests of Tartu", "supplier", "DE", "vetted"),
    "vendor-new": ("Boats of Narva", "supplier", "PL", "pending"),
    "network": ("Network office", "network", "BE", "vetted"),
}
"""Id to name, kind, country and vetting."""
PEOPLE = {
    "ana": ("police-ee", Role.PROCURER),
    "pia": ("police-ee", Role.PRESCRIBER),
    "eero": ("police-fi", Role.PROCURER),
    "lina": ("police-lt", Role.PROCURER),
    "gert": ("guard-ee", Role.PROCURER),
    "paul": ("police-fr", Role.PROCURER),
    "lea": ("police-fr", Role.LEGAL),
    "uno": ("police-new", Role.PROCURER),
    "ivo": ("vendor", Role.INDUSTRY),
    "nils": ("vendor-new", Role.INDUSTRY),
    "ari": ("network", Role.ANALYST),
    "kai": ("guard-ee", Role.NATIONAL_CONTACT),
    "root": ("network", Role.ADMINISTRATOR),
}
"""User to organisation and role."""


@dataclass
class House:
    """The service, its clock, and those who use it."""

    held: Backend
    app: FastAPI
    client: TestClient
    moment: list[datetime]
    secrets: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str | None, method: str, path: str, **rest: Any) -> Response:
        """A request by somebody, or by nobody."""
        headers = dict(rest.pop("headers", {}))
        if who:
            headers["Authorization"] = f"Bearer {self.secrets[who]}"
        found: Response = self.client.request(method, f"/api/v1{path}", headers=headers, **rest)
        return found

    def get(self, who: str | None, path: str, status: int = 200, **query: Any) -> Any:
        """What is read."""
        found = self.ask(who, "GET", path, params=query)
        assert found.status_code == status, found.text
        return found.json()

    def post(self, who: str | None, path: str, body: Any, status: int = 201, **rest: Any) -> Any:
        """What comes of a write."""
        found = self.ask(who, "POST", path, json=body, **rest)
        assert found.status_code == status, found.text
        return found.json()

    def enter(self, who: str, record: Need | Solution, **columns: Any) -> str:
        """Keep a record of somebody's organisation as it is; its id, that of the record where it has one."""
        return self.enter_all([(who, record, columns)])[0]

    def enter_all(self, given: Sequence[tuple[str, Need | Solution, dict[str, Any]]]) -> list[str]:
        """The same of many, read by the model together."""
        found = []
        with self.held.database.write() as session:
            for who, record, columns in given:
                own = {"id": record.id} if record.id else {}
                draft = RecordDraft(
                    kind=record.kind.value,
                    organisation_id=PEOPLE[who][0],
                    body=body_of(record),
                    **{"status": "open", "visibility": record.visibility.value, **own, **columns},
                )
                found.append(records.create(session, draft, records.SYSTEM).id)
        self.held.follower.catch_up()
        return found

    def change(self, record_id: str, **columns: Any) -> None:
        """Change columns of a record."""
        with self.held.database.write() as session:
            records.change(session, record_id, None, columns, records.SYSTEM)
        self.held.follower.catch_up()


@contextmanager
def opened(folder: Path, *, model: str = "hashing", **settings: Any) -> Iterator[House]:
    """A service on an SQLite file in a folder, with everybody in it."""
    moment = [MOMENT]
    cache = folder / "cache"
    cache.mkdir()
    if model != "hashing":  # converted once a machine; vectors are read anew
        (cache / "models").symlink_to(Settings().cache / "models")
    made = ServerSettings(
        model=model, data=folder / "data", cache=cache, jobs=False, requests_per_minute=1_000_000,
        anonymous_per_minute=1_000_000, _env_file=None, **settings,
    )  # fmt: skip
    held = open_backend(made, clock=lambda: moment[0])
    held.follower.folder = None
    held.start()
    secrets = {}
    with held.database.write() as session:
        for id_, (name, kind, country, vetting) in ORGANISATIONS.items():
            session.add(
                OrganisationRow(
                    id=id_, name=name, kind=kind, country=country, vetting=vetting,
                    contact=f"buying@{id_}.example", created_at=MOMENT, updated_at=MOMENT,
                )
            )  # fmt: skip
        session.flush()
        for name, (organisation, role) in PEOPLE.items():
            user = UserRow(
                id=name, organisation_id=organisation, email=f"{name}@{organisation}.example",
                role=role.value, created_at=MOMENT, updated_at=MOMENT, last_login_at=MOMENT,
            )  # fmt: skip
            session.add(user)
            session.flush()
            scopes = set(Scope) if ALLOWED[role] & ADMINISTERING else {Scope.READ, Scope.WRITE}
            token, secrets[name] = tokens.create(session, user, name="test", scopes=scopes, now=MOMENT)
            token.id = f"token-{name}"
    identify.forget(held.database)
    app = create_app(held)
    with TestClient(app) as client:
        yield House(held, app, client, moment, secrets)
