"""Every page of the service: who opens it, and at which record; tests of what all must hold go through it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from service.analyses import ANALYSES
from service.store.database import Database
from service.store.tables import RecordRow, UserRow
from service.web.pages import mounted
from service.web.pages.guide import TOPICS

FILES = (".csv", ".json", "{ending}", "/file", "/dossier", "/clusters/of/{need_id}")
"""How the addresses end that give a file to keep, or lead to another page."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as one role opens it."""

    role: str | None
    route: str
    """The address of its route, with the names of what is put in."""
    query: str = ""
    at: Mapping[str, str] | None = None
    """What is put in, where it is none of the world's records."""

    def path(self, world: "World") -> str:
        """The address to open."""
        known = {**world.names(self.role), **(self.at or {})}
        return (self.route + self.query).format(**known)

    def path_words(self) -> str:
        """The address in the name of a test."""
        return self.route + self.query + "".join(f" {value}" for value in (self.at or {}).values())


@dataclass(frozen=True, slots=True)
class World:
    """Records by their role's organisation, and what came of them."""

    own: Mapping[str, Mapping[str, str]]
    """Role to the names that its own records go by in addresses."""
    shared: Mapping[str, str]
    """The same of what is nobody's own."""

    def names(self, role: str | None) -> dict[str, str]:
        """What an address is filled with for a role."""
        return {**self.shared, **self.own.get(role or "", {})}


PAGES: Sequence[Seen] = (
    Seen(None, "/"),
    Seen("prescriber", "/"),
    Seen(None, "/login"),
    Seen(None, "/help"),
    *(Seen(None, "/help/{topic}", at={"topic": topic}) for topic in TOPICS),
    Seen("prescriber", "/needs"),
    Seen("procurer", "/needs", "?mine=true"),
    Seen("prescriber", "/needs/new"),
    Seen("procurer", "/needs/{need_id}"),
    Seen("procurer", "/needs/{need_id}/edit"),
    Seen("procurer", "/needs/{need_id}/erase"),
    Seen("procurer", "/needs/{need_id}/step/{name}", at={"name": "withdraw"}),
    Seen("procurer", "/needs/{need_id}/history"),
    Seen("procurer", "/needs/{need_id}/solutions"),
    Seen("procurer", "/needs/{need_id}/solutions/{solution_id}"),
    Seen("procurer", "/needs/{need_id}/compare", "?solutions={solution_id}&solutions={other_solution_id}"),
    Seen("procurer", "/needs/{need_id}/why-not", "?solution={solution_id}"),
    Seen("procurer", "/needs/{need_id}/similar"),
    Seen("procurer", "/needs/{need_id}/questions"),
    Seen("procurer", "/search", "?text=ballistic+vests"),
    Seen("procurer", "/candidates"),
    Seen("procurer", "/candidates/not-joined"),
    Seen("procurer", "/candidates/{candidate_id}"),
    Seen("procurer", "/candidates/{candidate_id}/evidence"),
    Seen("procurer", "/candidates/{candidate_id}/work"),
    Seen("procurer", "/candidates/{candidate_id}/what-if"),
    Seen("procurer", "/candidates/{candidate_id}/print"),
    Seen("industry", "/solutions"),
    Seen("industry", "/solutions/new"),
    Seen("industry", "/solutions/{solution_id}"),
    Seen("industry", "/solutions/{solution_id}/edit"),
    Seen("industry", "/solutions/{solution_id}/erase"),
    Seen("industry", "/solutions/{solution_id}/needs"),
    Seen("industry", "/demand"),
    Seen("industry", "/demand", "?text=kuulivestid"),
    Seen("industry", "/demand/map"),
    Seen("industry", "/demand/gaps"),
    Seen("industry", "/saved-searches"),
    Seen("industry", "/saved-searches/new"),
    Seen("industry", "/saved-searches/{search_id}"),
    Seen("industry", "/saved-searches/{search_id}/delete"),
    Seen("industry", "/inbox"),
    Seen("analyst", "/clusters"),
    Seen("analyst", "/clusters/map"),
    Seen("analyst", "/clusters/history"),
    Seen("analyst", "/clusters/ranking"),
    Seen("analyst", "/clusters/{cluster_id}"),
    Seen("analyst", "/cycles"),
    Seen("analyst", "/cycles/compare", "?before={before_id}&after={after_id}"),
    Seen("analyst", "/market"),
    *(Seen("analyst", "/market/{name}", at={"name": name}) for name in ANALYSES),
    Seen("administrator", "/administration"),
    Seen("administrator", "/administration/organisations"),
    Seen("administrator", "/administration/organisations/new"),
    Seen("administrator", "/administration/organisations/{organisation_id}"),
    Seen("administrator", "/administration/organisations/{organisation_id}/edit"),
    Seen("administrator", "/administration/users"),
    Seen("administrator", "/administration/users/new"),
    Seen("administrator", "/administration/users/{user_id}"),
    Seen("administrator", "/administration/audit"),
    Seen("administrator", "/administration/jobs"),
    Seen("administrator", "/administration/models"),
    Seen("administrator", "/imports"),
    Seen("administrator", "/exports"),
    Seen("administrator", "/jobs"),
    Seen("administrator", "/jobs/{job_id}"),
    Seen("procurer", "/account"),
    Seen("procurer", "/account/sign-in"),
    Seen("procurer", "/account/tokens"),
    Seen("procurer", "/account/data"),
    Seen("procurer", "/account/feedback"),
    Seen("procurer", "/account/organisation"),
)


def routes() -> set[str]:
    """The addresses of all routes that give a page."""
    every = {route.path for router in mounted() for route in router.routes if "GET" in route.methods}
    return {path for path in every if not path.endswith(FILES)}


def own_records(database: Database) -> dict[str, dict[str, str]]:
    """Role to `need_id` or `solution_id` of a record that its sample user may change."""
    found: dict[str, dict[str, str]] = {}
    with database.read() as session:
        for user in session.scalars(select(UserRow).where(UserRow.email.endswith("@demo.example"))):
            rows = select(RecordRow).where(RecordRow.organisation_id == user.organisation_id)
            for row in session.scalars(rows.order_by(RecordRow.ref)):
                found.setdefault(user.role, {}).setdefault(f"{row.kind}_id", row.id)
    return found
