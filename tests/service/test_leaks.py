"""Story 9: what somebody may not see leaves no trace in any answer to them.

Two services are alike but for records that the one who asks may not see. Everything that can be read is
asked of both, and must come back the same to the byte; what is hidden by id is answered as what never was.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from matcher.records import JointInterest, Nature, Need, Record, Solution, Visibility
from service.confidentiality.audience import Audience
from service.security import identify
from service.store import outbox, records
from service.surround.places import Place, Places
from tests.house import ORGANISATIONS, PEOPLE, House, opened

WRITTEN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CANARY = "xylograph"
REQUEST = "00000000-0000-4000-8000-000000000000"
EVERYBODY: tuple[str, ...] = ("", *PEOPLE)


def own(number: int) -> str:
    """The id of a planted record."""
    return f"{number:08x}-0000-4000-8000-000000000000"


UNKNOWN = own(0xDEAD)
VEST = Need(
    id=own(1), title="Ballistic vests for dog handlers", description="Washable, of class four, for women.",
    language="en", country="EE", organisation="Police of Saaremaa", organisation_id="police-ee",
    cpv=("35815100",), nature=Nature.SUPPLIES, value_eur=90_000.0, quantity="300 sets",
    window_start=date(2027, 1, 1), window_end=date(2027, 6, 30), regime="2014/24", standards=("EN 1063",),
    working_languages=("en",), visibility=Visibility.PUBLIC, joint_interest=JointInterest.YES,
)  # fmt: skip
PUMP = replace(
    VEST, id=own(2), title="Mobile flood pump for cellars", description="Diesel, 2000 litres a minute.",
    cpv=("42122000",), standards=("EN 1028",),
)  # fmt: skip
SHOWN: tuple[tuple[str, Record, dict[str, Any]], ...] = (
    ("ana", VEST, {}),
    ("eero", replace(VEST, id=own(3), country="FI", organisation="Police of Savonia"), {}),
    ("ana", PUMP, {}),
    ("eero", replace(PUMP, id=own(4), country="FI", organisation="Police of Savonia"), {}),
    ("paul", replace(PUMP, id=own(5), country="FR", organisation="Gendarmerie du Valmont"), {}),
    ("ivo", Solution(id=own(6), name="SafeCell vest", description="Ballistic vest, washable.", language="en",
                     country="DE", cpv=("35815100",), trl=9, visibility=Visibility.PUBLIC), {}),
    ("nils", Solution(id=own(7), name="Flood pump", description="Mobile, diesel.", language="en",
                      country="PL", trl=7, visibility=Visibility.PUBLIC), {}),
)  # fmt: skip
"""What everybody sees, in every service."""
TWIN = replace(
    VEST, id=own(0x10), country="LT", organisation=f"Bureau {CANARY}", description=f"{CANARY} vests.",
    cpv=("35813000",), value_eur=7_777_777.0, standards=("EN 1063", f"{CANARY} 7"),
)  # fmt: skip
"""A need that everybody's vests would be bought with."""
PRIVATE = Visibility.PRIVATE.value
HIDDEN: dict[str, tuple[tuple[str, Record, dict[str, Any]], ...]] = {
    "closed": (
        ("lina", TWIN, {"visibility": PRIVATE}),
        ("lina", replace(TWIN, id=own(0x11)), {"visibility": PRIVATE, "shares": ["police-fi"]}),
        ("lina", replace(TWIN, id=own(0x12)), {"visibility": "group", "shares": ["guard-ee"]}),
        ("lina", replace(TWIN, id=own(0x13)), {"status": "draft"}),
        ("lina", replace(TWIN, id=own(0x14)), {"visibility": PRIVATE, "ref": "N-1"}),
        ("lina", Solution(id=own(0x15), name=f"{CANARY} vest", description=VEST.description, trl=9),
         {"visibility": PRIVATE}),
    ),
    "network": (("lina", replace(TWIN, visibility=Visibility.NETWORK), {}),),
    "industry": (("lina", replace(TWIN, visibility=Visibility.NETWORK_INDUSTRY), {}),),
}  # fmt: skip
"""Service to what only some see there."""
UNVETTED = ("uno", "nils")
BLIND: dict[str, tuple[str, ...]] = {
    "closed": tuple(one for one in EVERYBODY if one not in ("lina", "gert", "kai")),
    "network": ("", *UNVETTED, "ivo"),
    "industry": ("", *UNVETTED),
}
"""Service to who may know of nothing hidden there."""

# -- everything that can be asked -------------------------------------------------------------

EXCUSED = {
    "/health/live": "says nothing but that the process answers",
    "/health/ready": "says nothing but that the process is ready",
    "/metrics": "is for the operator alone",
    "/api/v1/audit": "is for administrators, who see that records are written",
    "/api/v1/auth/oidc/login": "leads away",
    "/api/v1/auth/oidc/callback": "comes from elsewhere",
    "/api/v1/openapi.json": "is the same for all",
    "/api/v1/taxonomy/cpv": "is a table that ships",
    "/api/v1/taxonomy/cpv/{code}": "is a table that ships",
    "/api/v1/taxonomy/areas": "is a table that ships",
    "/api/v1/taxonomy/thresholds": "is a table that ships",
    "/api/v1/me/data": "holds what this user did, with times",
}
"""Routes that are not compared, and why."""
SEARCHES: dict[str, tuple[dict[str, Any], ...]] = {
    "/api/v1/search/needs": (
        {"text": "ballistic vests"}, {"text": CANARY, "k": 100}, {"text": "EN 1063", "countries": ["FR"]},
        {"text": "vests", "cpv": ["42"], "languages": ["de"], "nature": "works"},
    ),
    "/api/v1/search/solutions": ({"text": "washable vest"}, {"text": CANARY}, {"text": "pump", "trl_min": 9}),
    "/api/v1/suggest/cpv": ({"text": f"washable {CANARY} vests"},),
    "/api/v1/needs/validate": (
        {"title": VEST.title, "description": VEST.description, "standards": ["EN 1063"]},
        {"title": f"{CANARY} vests", "ref": "N-1", "shared_with": ["police-lt"]},
    ),
    "/api/v1/solutions/validate": ({"name": "SafeCell vest", "description": VEST.description},),
    "/api/v1/candidates/{candidate_id}/what-if": ({"add": TWIN.id}, {"drop": [VEST.id]}, {"add": own(2)}),
}  # fmt: skip
"""Searches by POST: they change nothing."""
FILTERS: dict[str, tuple[dict[str, Any], ...]] = {
    "/api/v1/needs": (
        {}, {"q": CANARY}, {"cpv": "3581"}, {"country": "LT"}, {"limit": 2}, {"mine": True},
        {"status": "draft"}, {"updated_after": "2026-01-01T00:00:00Z"},
    ),
    "/api/v1/solutions": ({}, {"q": CANARY}, {"limit": 1}),
    "/api/v1/needs/{need_id}/similar": (
        {}, {"k": 100}, {"abroad": True}, {"countries": "LT"}, {"cpv": "42", "languages": "fr"},
    ),
    "/api/v1/needs/{need_id}/solutions": ({"k": 100}, {"trl_min": 9}, {"countries": "FR", "cpv": "42"}),
    "/api/v1/solutions/{solution_id}/needs": ({"k": 100}, {"countries": "LT"}, {"cpv": "358"}),
    "/api/v1/candidates": ({}, {"level": "B"}, {"country": "LT"}, {"limit": 1}, {"need": VEST.id},
                           {"need": TWIN.id}, {"mine": True}),
    "/api/v1/candidates/{candidate_id}/dossier": tuple({"format": f} for f in ("md", "html", "ocds")),
    "/api/v1/clusters": ({}, {"singles": True, "limit": 100}, {"least": 3}),
    "/api/v1/explain": tuple(
        {"need": n, "solution": s} for n in (VEST.id, TWIN.id) for s in (own(6), own(0x15))
    ),
    "/api/v1/why-not": tuple(
        {"need": n, "solution": s, "asks": side, "k": 1}
        for n in (VEST.id, PUMP.id, TWIN.id)
        for s in (own(6), own(7), own(0x15))
        for side in ("need", "solution")
    ),
    "/api/v1/needs/{need_id}/compare": ({"solutions": f"{own(6)},{own(7)}"},
                                        {"solutions": f"{own(6)},{own(0x15)}"}),
    "/api/v1/cycles/diff": ({"before": "x", "after": "y"},),
    "/api/v1/exports/{what}.{ending}": ({}, {"countries": "LT"}),
    "/api/v1/analytics/{name}": ({}, {"by": "country"}),
}  # fmt: skip
"""Query strings to try beside none."""
ANALYSES = (
    "environment", "country-map", "profiles", "distances", "cooperation", "supply-and-demand",
    "concentration", "import-dependence", "unmet-needs", "unmet-clusters", "trends", "cpv-drift",
    "joint-buying",
)  # fmt: skip


def values(needs: Iterable[str], solutions: Iterable[str], clusters: Iterable[str]) -> dict[str, Any]:
    """What stands for each parameter of a path."""
    return {
        "need_id": (*needs, UNKNOWN, "N-1"),
        "solution_id": (*solutions, UNKNOWN),
        "candidate_id": (*clusters, UNKNOWN),
        "cluster_id": (*clusters, UNKNOWN),
        "name": (*ANALYSES, "x"),
        "what": ("needs", "solutions"),
        "ending": ("csv", "jsonl", "json"),
        "user_id": ("ana", "lina"),
        "organisation_id": tuple(ORGANISATIONS),
        "search_id": (UNKNOWN,),
        "message_id": (UNKNOWN,),
        "job_id": (UNKNOWN,),
        "token": ("x",),
    }


def filled(template: str, known: dict[str, Any]) -> list[str]:
    """The paths of a template with every value of its parameters."""
    paths = [template]
    for name in re.findall(r"{(\w+)}", template):
        paths = [path.replace(f"{{{name}}}", value) for path in paths for value in known[name]]
    return paths


Asked = tuple[str, str, dict[str, Any]]
Answered = tuple[int, bytes, str | None, str | None]
BARE: dict[tuple[str, str], Answered] = {}
"""What the service without anything hidden answers, asked once."""


def programs(house: House) -> list[Place]:
    """Every route but pages, which are compared as browsers see them."""
    routes = Places(house.app.router.routes)
    return [place for place in routes if place.template.startswith(("/api/", "/health/", "/metrics"))]


def questions(places: Iterable[Place], known: dict[str, Any]) -> list[Asked]:
    """Method, path and the rest of every request that is compared."""
    found: list[Asked] = []
    for place in places:
        if place.template in EXCUSED:
            continue
        if "GET" in place.methods:
            for path in filled(place.template, known):
                for query in FILTERS.get(place.template, ({},)):
                    found.append(("GET", path, {"params": query}))
        if "POST" in place.methods and place.template in SEARCHES:
            for path in filled(place.template, known):
                found += [("POST", path, {"json": body}) for body in SEARCHES[place.template]]
    return found


# -- the services -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    """A service without anything hidden (`bare`), and those with."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "now", lambda: WRITTEN)
        patch.setattr(outbox, "now", lambda: WRITTEN)
        patch.setattr(identify, "SETTLED_S", 1e9)
        made = {}
        for name in ("bare", *HIDDEN):
            made[name] = stack.enter_context(opened(tmp_path_factory.mktemp(name)))
            made[name].enter_all([*SHOWN, *HIDDEN.get(name, ())])
            for audience in Audience:  # similar needs name the candidates that are known by then
                made[name].held.views.cooperation(audience, made[name].held.today)
        yield made


def answered(house: House, who: str, asked: Asked) -> Answered:
    """Status, body, type and tag of an answer."""
    method, path, rest = asked
    headers = {"X-Request-ID": REQUEST} | ({"Authorization": f"Bearer {house.secrets[who]}"} if who else {})
    found = house.client.request(method, path, headers=headers, **rest)
    assert found.status_code < 500, (asked, found.text)
    return found.status_code, found.content, found.headers.get("content-type"), found.headers.get("etag")


def clusters(house: House) -> list[str]:
    """Ids of all clusters of all audiences."""
    views = [house.held.views.cooperation(audience, house.held.today) for audience in Audience]
    return sorted({one.id for view in views for one in view.clusters})


def test_every_route_is_compared_or_excused(houses: dict[str, House]) -> None:
    """A new route is looked at before it is let out."""
    places = programs(houses["bare"])
    known = values((), (), ())
    for place in places:
        assert (
            place.template in EXCUSED
            or all(name in known for name in re.findall(r"{(\w+)}", place.template))
            or ("GET" not in place.methods and place.template not in SEARCHES)
        ), f"{place.template}: say what stands for its parameters, or why it cannot leak"
    templates = {place.template for place in places}
    assert {*EXCUSED, *SEARCHES, *FILTERS} <= templates


@pytest.mark.parametrize("name", list(HIDDEN))
def test_what_is_hidden_changes_no_answer(houses: dict[str, House], name: str) -> None:
    """To nobody who may not see it: ids, counts, clusters, labels, neighbours, exports, errors."""
    bare, full = houses["bare"], houses[name]
    hidden = [record.id for _, record, _ in HIDDEN[name]]
    shown = [record.id for _, record, _ in SHOWN]
    known = values(
        [*shown[:3], *hidden], [own(6), own(7), own(0x15)], sorted({*clusters(bare), *clusters(full)})
    )
    asked = questions(programs(full), known)
    assert len(asked) > 200
    for who in BLIND[name]:
        for one in asked:
            key = who, repr(one)
            if key not in BARE:
                BARE[key] = answered(bare, who, one)
            with_it, without = answered(full, who, one), BARE[key]
            assert with_it == without, (who or "nobody", one, with_it[1][:2000], without[1][:2000])
            if CANARY not in repr(one):
                assert CANARY.encode() not in with_it[1]


@pytest.mark.parametrize("name", list(HIDDEN))
def test_the_comparison_would_notice(houses: dict[str, House], name: str) -> None:
    """Who may see what is hidden gets other answers."""
    bare, full = houses["bare"], houses[name]
    sees = {"closed": "lina", "network": "eero", "industry": "ivo"}[name]
    path = f"/api/v1/needs/{TWIN.id}"
    assert answered(full, sees, ("GET", path, {}))[0] == 200
    assert answered(bare, sees, ("GET", path, {}))[0] == 404
    search = ("POST", "/api/v1/search/needs", {"json": {"text": "ballistic vests"}})
    assert answered(full, sees, search)[1] != answered(bare, sees, search)[1]


WRITES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/feedback", {"query_id": VEST.id, "document_id": "ID", "verdict": "unsure",
                           "subject": "similar"}),
    ("POST", "/feedback", {"query_id": "ID", "document_id": own(6), "verdict": "unsure"}),
    ("POST", "/feedback", {"query_id": "ID", "document_id": "ID", "verdict": "unsure", "subject": "cluster"}),
    ("POST", "/needs/ID/questions", {"text": "Why?"}),
    ("PUT", "/needs/ID/follow", None),
    ("DELETE", "/needs/ID/follow", None),
    ("DELETE", "/needs/ID", None),
    ("PATCH", "/needs/ID", {"title": "Mine"}),
    ("PUT", "/needs/ID", {"title": "Mine"}),
    ("POST", "/needs/ID/submit", None),
    ("POST", "/needs/ID/withdraw", None),
    ("POST", "/needs/ID/renew", None),
    ("POST", "/clusters/edits", {"op": "merge", "need_ids": [VEST.id, "ID"], "why": "same"}),
    ("POST", "/candidates/ID/interest", {"kind": "observer"}),
    ("POST", "/candidates/ID/interest/withdraw", {}),
    ("POST", "/candidates/ID/stage", {"stage": "closed", "reason": "no"}),
    ("PUT", "/candidates/ID/follow", None),
    ("POST", "/candidates/ID/what-if", {"add": "ID"}),
    ("POST", "/needs/validate?of=ID", {"title": VEST.title}),
    ("POST", "/saved-searches", {"name": "x", "searched": "needs", "example_id": "ID"}),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_write_on_what_is_hidden_fails_as_on_what_never_was(
    houses: dict[str, House], method: str, path: str, body: Any
) -> None:
    """The same status and the same words, but for the id that was sent."""

    def tried(house: House, who: str, id_: str) -> tuple[int, str]:
        given = {"json": _with(body, id_)} if body is not None else {}
        headers = {"X-Request-ID": REQUEST, "If-Match": '"1"'}
        found = house.ask(who, method, path.replace("ID", id_), headers=headers, **given)
        return found.status_code, found.text.replace(id_, "ID")

    for name, blind in BLIND.items():
        house = houses[name]
        hidden = TWIN.id
        if "candidates" in path or (isinstance(body, dict) and body.get("subject") == "cluster"):
            seen = house.held.views.cooperation(Audience.PUBLIC, house.held.today)
            network = house.held.views.cooperation(Audience.NETWORK, house.held.today)
            others = {one.id for one in network.clusters} - {one.id for one in seen.clusters}
            hidden = min(others, default="c-22222222")
        for who in blind:
            found, never = tried(house, who, hidden), tried(house, who, UNKNOWN)
            assert found == never, (name, who or "nobody")
            assert found[0] >= 400 or "validate" in path, (name, who, found)


def _with(body: Any, id_: str) -> Any:
    if isinstance(body, dict):
        return {name: _with(value, id_) for name, value in body.items()}
    if isinstance(body, list):
        return [_with(value, id_) for value in body]
    return id_ if body == "ID" else body


# -- fields -----------------------------------------------------------------------------------


def redacted(text: str, amount: float) -> Need:
    """A need that says something in fields that are withheld."""
    return replace(TWIN, description=text, value_eur=amount, organisation=text, visibility=Visibility.PUBLIC)


@pytest.fixture
def withheld(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    """Two services in which a need says different things in the same withheld fields."""
    ends = [
        {"field": field, "reason_code": "law-enf", "reason": CANARY, "until": "2027-01-01"}
        for field in ("description", "value", "organisation", "standards")
    ]
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "now", lambda: WRITTEN)
        patch.setattr(outbox, "now", lambda: WRITTEN)
        patch.setattr(identify, "SETTLED_S", 1e9)
        made = []
        for text, amount in ((f"{CANARY} plates", 1.0), ("Nothing of the kind", 9e9)):
            house = stack.enter_context(opened(tmp_path_factory.mktemp("withheld")))
            house.enter_all([*SHOWN, ("lina", redacted(text, amount), {"redactions": ends})])
            for audience in Audience:
                house.held.views.cooperation(audience, house.held.today)
            made.append(house)
        yield made[0], made[1]


def test_what_a_withheld_field_says_changes_no_answer(withheld: tuple[House, House]) -> None:
    """Not in scores, labels, sums, exports, or in how it sorts."""
    one, other = withheld
    shown = [record.id for _, record, _ in SHOWN]
    known = values([*shown[:3], TWIN.id], [own(6), own(7)], sorted({*clusters(one), *clusters(other)}))
    asked = questions(programs(one), known)
    for who in ("", "ana", "eero", "ivo", "nils", "uno", "ari", "root"):
        for each in asked:
            here, there = answered(one, who, each), answered(other, who, each)
            assert here == there, (who or "nobody", each, here[1][:2000], there[1][:2000])


def test_a_field_shows_once_its_time_is_over(withheld: tuple[House, House]) -> None:
    """`redact until` in the past: the field is there, and is found by."""
    house = withheld[0]
    before = house.get("eero", f"/needs/{TWIN.id}")
    assert before["description"] == ""
    assert before["value_eur"] is None
    assert {one["field"] for one in before["masked"]} == {"description", "value", "organisation", "standards"}
    house.moment[0] = datetime(2027, 1, 1, 8, 0, tzinfo=UTC)
    with house.held.database.write() as session:
        records.unredacted(session, date(2027, 1, 1))
    house.held.follower.catch_up()
    after = house.get("eero", f"/needs/{TWIN.id}")
    assert (after["description"], after["value_eur"], after["masked"]) == (f"{CANARY} plates", 1.0, [])
    found = house.post("eero", "/search/needs", {"text": f"{CANARY} plates"}, 200)
    assert found["items"][0]["need"]["id"] == TWIN.id


def test_that_somebody_saw_it_is_written_down(houses: dict[str, House]) -> None:
    """Who of another organisation reads or finds what is not public stands in the audit log."""
    house = houses["network"]
    house.get("eero", f"/needs/{TWIN.id}")
    house.get("eero", f"/needs/{own(3)}/similar")
    seen = house.get("root", "/audit", limit=100)["items"]
    mine = [row for row in seen if row["actor_id"] == "eero"]
    assert any(row["action"] == "need.view" and row["object_id"] == TWIN.id for row in mine)
    assert any(row["action"] == "need.similar" and TWIN.id in repr(row) for row in mine)
