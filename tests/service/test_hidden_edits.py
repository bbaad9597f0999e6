"""An edit of what somebody is not shown changes no answer to them: not in time, order, parts or tags."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matcher.records import Kind, Need, Solution, Visibility
from service.store import records
from service.store.rows import body_of
from tests.house import PEOPLE, House, opened

REQUEST = "00000000-0000-4000-8000-000000000000"
START = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
OWNER = "ana"
EVERYBODY = ("", "ana", "eero", "gert", "lina", "paul", "ivo", "uno")
"""One of each that may see something else."""
RAIDS = {"reason_code": "law-enf", "reason": "raids", "until": None}
WITHHELD = ("value", "status", "extra.lots")
NEED = Need(
    id="", title="Ballistic vests for dog handlers", description="Washable, of class four.", language="en",
    country="EE", organisation="Police of Saaremaa", organisation_id="police-ee", cpv=("35815100",),
    value_eur=90_000.0, quantity="300 sets", extra={"lots": "2"},
)  # fmt: skip
OFFER = Solution(id="", name="SafeCell vest", description="Washable.", language="en", price_min_eur=300.0,
                 vendor="Police of Saaremaa", visibility=Visibility.PUBLIC)  # fmt: skip


def open_to(name: str, visibility: str) -> Need:
    """A need of an id."""
    return replace(NEED, id=name, visibility=Visibility(visibility))


ENTERED: tuple[tuple[str, Need | Solution, dict[str, Any]], ...] = (
    ("ana", open_to("industry", "network_industry"), {}),
    ("ana", open_to("network", "network"), {}),
    ("ana", open_to("group", "group"), {"shares": ["guard-ee", "police-lt"]}),
    ("ana", open_to("private", "private"), {}),
    ("ana", open_to("draft", "public"), {"status": "draft"}),
    ("ana", open_to("withheld", "public"),
     {"redactions": [{"field": name, **RAIDS} for name in WITHHELD]}),
    ("ana", open_to("public", "public"), {}),
    ("ana", replace(OFFER, id="offer"), {"redactions": [{"field": "price", **RAIDS}]}),
    ("eero", open_to("other-1", "public"), {}),
    ("ana", replace(OFFER, id="offer-2"), {}),
    ("eero", open_to("other-2", "network_industry"), {}),
    ("ivo", replace(OFFER, id="offer-3"), {}),
)  # fmt: skip
"""In the order in which they are entered, an hour apart."""
NETWORK = frozenset({"eero", "gert", "lina", "paul"})
GUESTS = frozenset({"gert", "lina"})


def said(name: str, **changes: Any) -> dict[str, Any]:
    """The body of a record with changes."""
    record = next(record for _, record, _ in ENTERED if record.id == name)
    return {"body": body_of(replace(record, **changes))}


EDITS: dict[str, tuple[str, dict[str, Any], frozenset[str]]] = {
    "what industry is not shown": ("industry", said("industry", value_eur=1.0), NETWORK),
    "a column industry is not shown": ("industry", said("industry", extra={"lots": "3"}), NETWORK),
    "what only the network knows of": ("network", said("network", title="Boats"), NETWORK),
    "what only guests know of": ("group", said("group", title="Boats"), GUESTS),
    "another guest": (
        "group", {"shares": ["guard-ee", "police-fr", "police-lt"]}, frozenset({"paul"}),
    ),
    "a guest fewer": ("group", {"shares": ["guard-ee"]}, frozenset({"lina"})),
    "what is private": ("private", said("private", title="Boats"), frozenset()),
    "a draft": ("draft", said("draft", title="Boats"), frozenset()),
    "a withheld value": ("withheld", said("withheld", value_eur=1.0), frozenset()),
    "a withheld status": ("withheld", {"status": "in_candidate"}, frozenset()),
    "the words of a reason": (
        "withheld",
        {"redactions": [{"field": name, **RAIDS, "reason": "x"} for name in WITHHELD]},
        frozenset(),
    ),
    "the owner's own id": ("public", {"ref": "N-7"}, frozenset()),
    "a handling mark": ("public", {"tlp": "TLP:GREEN"}, frozenset()),
    "an end": ("public", {"expires_at": START + timedelta(days=900)}, frozenset()),
    "a withheld price": ("offer", said("offer", price_min_eur=1.0), frozenset()),
    "what everybody sees": ("public", said("public", title="Boats"), frozenset(EVERYBODY)),
    "the status of an offer": ("offer", {"status": "in_candidate"}, frozenset(EVERYBODY)),
}  # fmt: skip
"""What is edited to the record, the changes, and who beside its owner is shown them."""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A service whose store writes an hour later each time."""
    moment = [START]

    def tick() -> datetime:
        moment[0] += timedelta(hours=1)
        return moment[0]

    monkeypatch.setattr(records, "now", tick)
    with opened(tmp_path) as found:
        for each in ENTERED:
            found.enter_all([each])
        yield found


def answered(house: House, who: str, path: str, **query: Any) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of an answer, but for those that tell of the request."""
    found = house.ask(who, "GET", path, params=query, headers={"X-Request-ID": REQUEST})
    left_out = {"date", "server-timing", "x-response-time"}
    return (
        found.status_code,
        found.content,
        {name: value for name, value in found.headers.items() if name not in left_out},
    )


def everything(house: House, who: str, record_id: str) -> list[Any]:
    """What is told of a record by itself, and in lists: in parts, the newest first and the oldest first."""
    found = [answered(house, who, f"/{kind}s/{record_id}") for kind in Kind]
    for kind in Kind:
        for asked in ({"limit": 4}, {"limit": 4, "updated_after": START.isoformat()}):
            following = {}
            while following is not None:
                part = answered(house, who, f"/{kind}s", **asked, **following)
                found.append(part)
                cursor = json.loads(part[1])["next"]
                following = None if cursor is None else {"cursor": cursor}
        since = START + timedelta(hours=len(ENTERED), minutes=30)  # after everything was entered
        found.append(answered(house, who, f"/{kind}s", updated_after=since.isoformat()))
    return found


@pytest.mark.parametrize("name", list(EDITS))
def test_an_edit_is_told_to_who_is_shown_it_and_to_nobody_else(house: House, name: str) -> None:
    """To the byte, among several records, whichever way they are asked for."""
    record_id, changes, shown = EDITS[name]
    before = {who: everything(house, who, record_id) for who in EVERYBODY}
    house.change(record_id, **changes)
    told = {who for who in EVERYBODY if everything(house, who, record_id) != before[who]}
    assert told == {OWNER, *shown}


def test_who_is_shown_an_edit_meets_it_first(house: House) -> None:
    """The network follows the value; industry finds the need where it was, at the time that it had."""

    def places(who: str) -> list[str]:
        return [one["id"] for one in house.get(who, "/needs")["items"]]

    def time(who: str) -> Any:
        return house.get(who, "/needs/industry")["updated_at"]

    stood, entered = places("ivo"), time("ivo")
    assert entered == time("eero") == time("ana")
    house.change("industry", **said("industry", value_eur=1.0))
    assert places("eero")[0] == places("ana")[0] == "industry"
    assert places("ivo") == stood
    assert stood[-1] == "industry"
    assert time("ivo") == entered < time("eero") == time("ana")
    later = house.get("eero", "/needs", updated_after=time("eero"))["items"]
    assert later == []
    again = house.get("eero", "/needs", updated_after=entered, limit=100)["items"]
    assert again[-1]["id"] == "industry"
    assert all(one["id"] != "industry" for one in house.get("ivo", "/needs", updated_after=entered)["items"])


def test_only_an_owner_is_told_versions(house: House) -> None:
    """A number that counts edits would count the hidden ones too."""
    for who in ("", *PEOPLE):
        found = house.ask(who, "GET", "/needs/public")
        assert (found.json()["version"], found.headers.get("etag")) == (
            (1, '"1"') if who in ("ana", "pia") else (None, None)
        )
