"""Requests that are made from the service's own description, and what is wrong with the answers.

Every operation is asked by everybody: nobody, each role, and one of an organisation that is not vetted. Ids
are real ones more often than not. What changes accounts is undone before the next request.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.python import asgi
from schemathesis.specs.openapi import checks as of_openapi
from starlette.types import ASGIApp, Receive, Scope, Send

from service.analyses import ANALYSES
from service.backend import Backend
from service.jobs.digests import unsubscribe_token
from service.jobs.runner import Runner
from service.problems import MEDIA_TYPE, TYPES
from service.rights.policy import Role
from service.rights.policy import Scope as TokenScope
from service.security import identify, tokens
from service.store.tables import Base, OrganisationRow, SavedSearchRow, TokenRow, UserRow

NOBODY = "nobody"
UNVETTED = "unvetted"
ACTORS = (NOBODY, UNVETTED, *(role.value for role in Role))
ORGANISATIONS = {
    "buyer": ("Police of Saaremaa", "contracting_authority", "EE", "vetted"),
    "other": ("Police of Savonia", "contracting_authority", "FI", "vetted"),
    "newcomer": ("Police of Hiiumaa", "contracting_authority", "EE", "pending"),
    "vendor": ("Vests of Tartu", "supplier", "EE", "vetted"),
}
TEXT = {
    "description": "Vests protect dog handlers without hindering them; the cover can be washed.",
    "language": "en",
    "cpv": ["35815100"],
}
NEED = {
    **TEXT,
    "title": "Ballistic vests for dog handlers, class four, washable cover, VPAM tested",
    "nature": "supplies",
    "value": 200_000.0,
    "currency": "EUR",
    "window_start": "2031-03-01",
    "window_end": "2031-09-30",
    "joint_interest": "yes",
}
SOLUTION = {**TEXT, "name": "Vest of class four", "trl": 8}
SEARCH = {"name": "vests", "searched": "needs", "query_text": "ballistic vests"}
EDIT = {"op": "rename", "name": "Vests", "why": "shorter"}
CHECKS = (
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_headers_conformance,
    of_openapi.response_schema_conformance,
    of_openapi.negative_data_rejection,
)
KINDS = {
    "ServerError": "fault",
    "AcceptedNegativeData": "accepted",
}
"""What schemathesis calls it to what we call it; anything else is `undocumented`."""
STREAMS = (
    "application/x-ndjson",
    "application/jsonl",
    "text/tab-separated-values",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
"""Types of bodies that schemathesis cannot write by itself."""
VERSIONS = ('"1"', '"2"', '"3"', "*")
ORDER = ("GET", "POST", "PATCH", "PUT", "DELETE")
QUIET = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with an answer."""

    kind: str
    """fault, undocumented, accepted, formless (an error that is no problem detail) or admitted."""
    operation: str
    actor: str
    message: str
    curl: str

    def __str__(self) -> str:
        return f"{self.operation} as {self.actor}: {self.message}\n    {self.curl[:1500]}"


@dataclass
class Fuzzer:
    """A service with people and data, and what was found out about it."""

    app: ASGIApp
    described: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)
    ids: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """Name of a parameter to values that are there."""
    before: Callable[[str], None] = lambda path: None
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    statuses: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def run(self, examples: int, only: str = "") -> None:
        """Ask every operation, or those whose path holds a text, so many times."""
        load_all_checks()
        schema = schemathesis.openapi.from_dict(dict(self.described))
        schema.config.generation.with_security_parameters = False
        schema.app = lifeless(self.app)
        with asgi.get_client(schema.app) as client:
            operations = [found.ok() for found in schema.get_all_operations()]
            # what takes away comes last
            for operation in sorted(operations, key=lambda one: ORDER.index(one.method.upper())):
                if only in operation.path:
                    self._ask(operation, client, examples)

    def _ask(self, operation: Any, client: Any, examples: int) -> None:
        good, bad = (
            operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )
        both = st.one_of(good, good, bad) if _can_be_wrong(operation) else good
        seen = False

        @settings(QUIET, max_examples=examples)
        @given(
            case=both,
            actor=st.sampled_from(ACTORS),
            real=st.integers(0, 3),
            # the first of all ids is one that most may see
            chosen=st.lists(st.one_of(st.just(0), st.integers(0, 999)), min_size=6, max_size=6),
        )
        def asked(case: Any, actor: str, real: int, chosen: list[int]) -> None:
            nonlocal seen
            plain = case.meta.generation.mode.is_positive and (real > 1 or not seen)
            if plain:
                self._plain(case, chosen)
            if real or plain:
                self._named(case, chosen)
            # one that is likely to be good is asked by everybody, so that none is left to chance
            for who in ACTORS if plain and not seen else (actor,):
                self._once(operation, case, client, who)
            seen = seen or plain

        asked()

    def _plain(self, case: Any, chosen: list[int]) -> None:
        """Leave out what may be left out, and say what the description gives as an example."""
        raw = case.operation.definition.raw
        needed = {one["name"] for one in raw.get("parameters", []) if one.get("required")}
        case.query = {name: value for name, value in (case.query or {}).items() if name in needed}
        body = raw.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        name = body.get("$ref", "").rpartition("/")[2]
        examples = self.described["components"]["schemas"].get(name, body).get("examples")
        if examples and isinstance(case.body, dict):
            case.body = deepcopy(examples[chosen[0] % len(examples)])

    def _named(self, case: Any, chosen: list[int]) -> None:
        """Put ids that are there where ids go."""
        at = iter(chosen)
        for place in (case.path_parameters, case.query):
            for name in list(place or ()):
                if known := self.ids.get(name):
                    place[name] = known[next(at, 0) % len(known)]
        if isinstance(case.body, dict):
            for name, value in case.body.items():
                # a word that a body may not hold must stay one: only ids are put right
                if name.endswith("_id") and isinstance(value, str) and (known := self.ids.get(name)):
                    case.body[name] = known[next(at, 0) % len(known)]
        headers = {p["name"] for p in case.operation.definition.raw.get("parameters", []) if "name" in p}
        if "If-Match" in headers:
            case.headers["If-Match"] = VERSIONS[chosen[-1] % len(VERSIONS)]

    def _once(self, operation: Any, case: Any, client: Any, actor: str) -> None:
        self.before(operation.path)
        headers = {} if actor == NOBODY else {"Authorization": f"Bearer {self.secrets[actor]}"}
        answer = case.call(session=client, headers=headers)
        self.statuses[operation.label][answer.status_code] += 1
        found: list[tuple[str, str]] = []
        try:
            case.validate_response(answer, checks=[_no_fault, *CHECKS], headers=headers)
        except FailureGroup as group:
            found += [(KINDS.get(type(one).__name__, "undocumented"), _told(one)) for one in group.exceptions]
        if answer.status_code >= 400 and (why := problem_with(answer)):
            found.append(("formless", why))
        admitted = operation.definition.raw.get("x-roles")
        role = "anybody" if actor == NOBODY else Role.PROCURER.value if actor == UNVETTED else actor
        if admitted is not None and role not in admitted and answer.status_code < 400:
            found.append(("admitted", f"{answer.status_code} for a role that may not do this"))
        for kind, message in found:
            one = Finding(kind, operation.label, actor, message, case.as_curl_command(headers=headers))
            self.findings.setdefault((kind, operation.label, message[:120]), one)
        if answer.status_code == 201:
            self._keep(operation.path, answer)

    def _keep(self, path: str, answer: Any) -> None:
        made = answer.json().get("id")
        for name, start in PLACES.items():
            if made and path.startswith(start):
                self.ids[name].append(made)


PLACES = {
    "need_id": "/api/v1/needs",
    "solution_id": "/api/v1/solutions",
    "search_id": "/api/v1/saved-searches",
    "feedback_id": "/api/v1/feedback",
    "organisation_id": "/api/v1/organisations",
    "user_id": "/api/v1/users",
    "token_id": "/api/v1/me/tokens",
}
"""Parameter to where what it names is made."""


def lifeless(app: ASGIApp) -> ASGIApp:
    """The application without its start and end, which are not schemathesis' to choose."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("no lifespan")
        await app(scope, receive, send)

    return asked


def problem_with(answer: Any) -> str:
    """Why an error is no problem detail of ours; empty where it is one."""
    kind = (answer.headers.get("content-type") or [""])[0]
    if kind.partition(";")[0] != MEDIA_TYPE:
        return f"{answer.status_code} of the type {kind!r}"
    try:
        told = json.loads(answer.content)
    except ValueError:
        return f"{answer.status_code} that is no JSON"
    if told.get("status") != answer.status_code or not told.get("type", "").startswith(TYPES):
        return f"{answer.status_code} says of itself {told.get('status')} {told.get('type')!r}"
    if "Traceback" in told["detail"] or "sqlalchemy" in told["detail"].lower():
        return f"{answer.status_code} shows its inside"
    return ""


@schemathesis.serializer(*STREAMS)
def _streamed(ctx: Any, value: Any) -> bytes:
    """A body of lines, or of whatever was made up."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return b"\n".join(json.dumps(one).encode() for one in (value if isinstance(value, list) else [value]))


@schemathesis.check
def _no_fault(ctx: Any, response: Any, case: Any) -> None:
    from schemathesis.checks import not_a_server_error

    not_a_server_error(ctx, response, case)


def _told(failure: Failure) -> str:
    return f"{failure.title}: {failure.message}".replace("\n", " ")[:800]


def _can_be_wrong(operation: Any) -> bool:
    raw = operation.definition.raw
    return bool(raw.get("parameters") or raw.get("requestBody"))


# -- people and data --------------------------------------------------------------------------


def peopled(held: Backend) -> dict[str, str]:
    """Make organisations and one user for each actor; their tokens, by actor."""
    secrets: dict[str, str] = {}
    with held.database.write() as session:
        for id_, (name, kind, country, vetting) in ORGANISATIONS.items():
            session.add(OrganisationRow(id=id_, name=name, kind=kind, country=country, vetting=vetting))
        session.flush()
        for actor in ACTORS[1:]:
            role = Role.PROCURER if actor == UNVETTED else Role(actor)
            place = {UNVETTED: "newcomer", "industry": "vendor"}.get(actor, "buyer")
            session.add(
                user := UserRow(id=actor, organisation_id=place, email=f"{actor}@x.eu", role=role.value)
            )
            session.flush()
            scopes = set(TokenScope) - ({TokenScope.ADMIN} if not _administers(role) else set())
            _, secrets[actor] = tokens.create(
                session, user, name="fuzz", scopes=scopes, now=datetime.now(UTC)
            )
    return secrets


def _administers(role: Role) -> bool:
    from service.rights.policy import ADMINISTERING, ALLOWED

    return bool(ALLOWED[role] & ADMINISTERING)


def restoring(held: Backend) -> Callable[[str], None]:
    """What brings organisations, users and tokens back to what they are now."""
    kinds: tuple[type[Base], ...] = (OrganisationRow, UserRow, TokenRow)
    kept: list[tuple[type[Base], dict[str, Any]]] = []
    with held.database.read() as session:
        for kind in kinds:
            for row in session.query(kind):
                kept.append((kind, {c.key: getattr(row, c.key) for c in kind.__table__.columns}))

    def restore(path: str) -> None:
        if not any(f"/{one}" in path for one in ("me", "users", "organisations", "auth")):
            return
        with held.database.write() as session:
            for kind, values in kept:
                session.merge(kind(**values))
                session.flush()
        identify.forget(held.database)

    return restore


def seeded(held: Backend, client: TestClient, secrets: Mapping[str, str]) -> dict[str, list[Any]]:
    """Enter needs, solutions and all that hangs on them; ids by the name of the parameter they go into.

    The first of each kind is the procurer's, and open to the network.
    """
    ids: dict[str, list[Any]] = defaultdict(list)

    def ask(who: str, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {secrets[who]}"}
        answer = client.request(method, f"/api/v1{path}", headers=headers, **more)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    for owner, country in (("buyer", "EE"), ("other", "FI")):
        for more in ({}, {"visibility": "public"}, {"visibility": "private"}, {"status": "draft"}):
            whose = {"country": country, "organisation_id": owner}
            ids["need_id"].append(ask("administrator", "POST", "/needs", json=NEED | whose | more)["id"])
    for more in ({}, {"name": "Vest of class three"}, {"visibility": "private"}, {"status": "draft"}):
        ids["solution_id"].append(ask("industry", "POST", "/solutions", json=SOLUTION | more)["id"])
    need, solution = ids["need_id"][0], ids["solution_id"][0]
    for name in ("need", "of", "query_id", "example_id"):
        ids[name] = ids["need_id"]
    ids["solution"] = ids["document_id"] = ids["solution_id"]
    ids["solutions"] = [",".join(ids["solution_id"][:2])]

    ids["candidate_id"] = [one["id"] for one in ask("analyst", "GET", "/candidates")["items"]]
    ids["cluster_id"] = [one["id"] for one in ask("analyst", "GET", "/clusters?singles=true")["items"]]
    candidate = ids["candidate_id"][0]
    ask("procurer", "POST", f"/candidates/{candidate}/interest", json={"kind": "participant"})
    for path in (f"/needs/{need}", f"/candidates/{candidate}"):
        ids["question_id"].append(
            ask("prescriber", "POST", f"{path}/questions", json={"text": "When?"})["id"]
        )
    ids["number"] = [ask("analyst", "POST", "/clusters/edits", json=EDIT | {"need_ids": [need]})["number"], 2]
    for name in ("before", "after"):
        ids[name].append(ask("analyst", "POST", "/cycles", json={"name": name})["id"])

    judged = {"subject": "match", "query_id": need, "document_id": solution, "verdict": "relevant"}
    ids["feedback_id"].append(ask("procurer", "POST", "/feedback", json=judged)["id"])
    for channel in ("inbox", "feed", "email"):
        search = ask("procurer", "POST", "/saved-searches", json=SEARCH | {"channel": channel})
        ids["search_id"].append(search["id"])
        ask("procurer", "POST", f"/saved-searches/{search['id']}/run")
        if search["feed_url"]:
            ids["token"].append(search["feed_url"].rpartition("/")[2].removesuffix(".atom"))
    ids["message_id"] = [one["id"] for one in ask("procurer", "GET", "/inbox")["items"]]
    with held.database.read() as session:
        row = session.get(SavedSearchRow, ids["search_id"][2])
        assert row is not None
        ids["token"].append(unsubscribe_token(row.secret, row.id))

    made = ask("procurer", "POST", "/me/tokens", json={"name": "another", "scopes": ["read"]})
    ids["token_id"].append(made["id"])
    ids["job_id"].append(ask("procurer", "POST", "/exports", json={"what": "needs"})["id"])
    rows = {"file": ("needs.csv", b"id,title,description\n1,Fire pump,A pump\n,,\n", "text/csv")}
    ids["job_id"].append(ask("procurer", "POST", "/imports", params={"kind": "needs"}, files=rows)["id"])
    runner = Runner(held)
    while runner.once():
        pass
    ids["organisation_id"], ids["user_id"] = list(ORGANISATIONS), list(ACTORS[1:])
    ids["code"], ids["name"] = ["35815100", "35815100-1", "35"], list(ANALYSES)
    ids["what"], ids["ending"] = ["needs", "solutions"], ["csv", "jsonl", "xlsx"]
    return ids


@contextmanager
def fuzzing(held: Backend, app: Any) -> Iterator[Fuzzer]:
    """A fuzzer of a started service, with people and data."""
    secrets = peopled(held)
    client = TestClient(app)
    ids = seeded(held, client, secrets)
    yield Fuzzer(app, app.openapi(), secrets, ids, restoring(held))
