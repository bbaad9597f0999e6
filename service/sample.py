"""The sample corpus as a network that can be walked through: organisations, a user for each role, records."""

from dataclasses import dataclass
from secrets import token_urlsafe

from corpora import load_sample
from matcher.records import Need, Record
from service.rights.policy import Role
from service.security import accounts
from service.store import migrate, records
from service.store.database import Database
from service.store.records import SYSTEM, RecordDraft
from service.store.rows import body_of
from service.store.tables import OrganisationRow, UserRow

AT_ONCE = 100
PEOPLE: tuple[tuple[Role, str, str], ...] = (
    (Role.PRESCRIBER, "EE", "Kadri Tamm"),
    (Role.PROCURER, "FI", "Aino Lehto"),
    (Role.LEGAL, "DE", "Jonas Weber"),
    (Role.INDUSTRY, "FR", "Claire Morel"),
    (Role.ANALYST, "PT", "Rui Antunes"),
    (Role.NATIONAL_CONTACT, "LT", "Rasa Kairys"),
    (Role.ADMINISTRATOR, "BE", "Sofie Claes"),
)
"""Invented users: each is at the first organisation of a country that has any of the sample's records."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the sample, and how to sign in."""

    email: str
    password: str
    role: Role
    name: str
    organisation: str


def fill(database: Database) -> list[Account]:
    """Put the sample into an empty database; the users, each with a password made up now."""
    migrate.up(database)
    sample = load_sample()
    every: list[Record] = [*sample.needs, *sample.solutions]
    with database.write() as session:
        homes = {_home(record): OrganisationRow(**_columns(record)) for record in every}
        session.add_all(homes.values())
        session.flush()
        ids = {home: row.id for home, row in homes.items()}
    for start in range(0, len(every), AT_ONCE):
        drafts = [
            RecordDraft(
                kind=record.kind.value,
                organisation_id=ids[_home(record)],
                body=body_of(record),
                status="open",
                visibility=record.visibility.value,
                ref=record.id,
            )
            for record in every[start : start + AT_ONCE]
        ]
        with database.write() as session:
            records.create_all(session, drafts, SYSTEM)
    return _people(database, ids)


def _home(record: Record) -> tuple[str, str, str]:
    buys = isinstance(record, Need)
    name = record.organisation if isinstance(record, Need) else record.vendor
    return ("contracting_authority" if buys else "supplier", record.country or "", name)


def _columns(record: Record) -> dict[str, str | None]:
    kind, country, name = _home(record)
    return {"name": name, "kind": kind, "country": country or None, "vetting": "vetted"}


def _people(database: Database, ids: dict[tuple[str, str, str], str]) -> list[Account]:
    found = []
    with database.write() as session:
        for role, country, name in PEOPLE:
            kind = "supplier" if role is Role.INDUSTRY else "contracting_authority"
            home = min(home for home in ids if home[0] == kind and home[1] == country)
            email, password = f"{role.value.replace('_', '-')}@demo.example", token_urlsafe(9)
            session.add(
                UserRow(
                    organisation_id=ids[home],
                    email=email,
                    role=role.value,
                    name=name,
                    password_hash=accounts.hashed(password, email),
                    locale="en",
                )
            )
            found.append(Account(email, password, role, name, home[2]))
    return found
