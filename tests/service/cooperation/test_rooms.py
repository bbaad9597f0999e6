"""The life of a candidate's room, on both databases."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from matcher.records import JointInterest, Need, Visibility
from tests.house import House, opened

VEST = Need(
    id="vest-ee", title="Ballistic vests for dog handlers", description="Washable.", language="en",
    country="EE", organisation_id="police-ee", visibility=Visibility.NETWORK,
    joint_interest=JointInterest.MAYBE,
)  # fmt: skip


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    """Vests for three countries."""
    with opened(tmp_path, database=database_url) as found:
        found.enter_all(
            [
                ("ana", VEST, {}),
                ("eero", replace(VEST, id="vest-fi", country="FI"), {}),
                ("lina", replace(VEST, id="vest-lt", country="LT"), {}),
            ]
        )
        yield found


def test_a_room_from_interest_to_a_reason_for_closing(house: House) -> None:
    """Interest, stages, steps, a question and its answer, an edit, a cycle: each is kept."""
    own = house.get("ana", "/candidates")["items"][0]["id"]
    path = f"/candidates/{own}"
    for who in ("ana", "eero", "lina"):
        house.post(who, f"{path}/interest", {"conditions": "before 2028"})
    house.post("lina", f"{path}/interest/withdraw", {"reason": "no budget"}, 200)
    house.post("ana", f"{path}/stage", {"stage": "consultation"}, 200)
    tag = house.ask("ana", "GET", path).headers["ETag"]
    due = {"due": "2027-03-01", "done": True}
    assert house.ask(
        "ana", "PATCH", f"{path}/checklist/memorandum", json=due, headers={"If-Match": tag}
    ).is_success
    question = house.post("lea", f"{path}/questions", {"text": "Lots?", "language": "en"})
    house.post("eero", f"/questions/{question['id']}/answer", {"answer": "Three."}, 200)
    house.post("ari", "/clusters/edits", {"op": "lock", "need_ids": ["vest-ee", "vest-fi", "vest-lt"]})
    house.post("ari", "/cycles", {"name": "spring"})
    house.moment[0] += timedelta(hours=1)
    house.post("ana", f"{path}/stage", {"stage": "closed", "reason": "each buys alone"}, 200)
    room = house.get("lea", path)["room"]
    assert (room["stage"], room["following"]) == ("closed", True)
    assert [(move["after"], move["reason"]) for move in room["history"]] == [
        ("consultation", ""), ("closed", "each buys alone"),
    ]  # fmt: skip
    assert sorted(one["organisation_id"] for one in room["interests"] if one["withdrawn_at"] is None) == [
        "police-ee", "police-fi",
    ]  # fmt: skip
    assert next(one for one in room["checklist"] if one["step"] == "memorandum")["due"] == "2027-03-01"
    assert house.get("lina", f"{path}/questions")["items"][0]["answer"] == "Three."


def test_two_who_write_at_once_lose_nothing(house: House) -> None:
    """Of two changes that were made from one state, one is told that it is stale."""
    own = house.get("ana", "/candidates")["items"][0]["id"]
    path = f"/candidates/{own}"
    tag = house.ask("ana", "GET", path).headers["ETag"]
    found: list[int] = []

    def change(who: str, step: str) -> None:
        asked = house.ask(
            who, "PATCH", f"{path}/checklist/{step}", json={"done": True}, headers={"If-Match": tag}
        )
        found.append(asked.status_code)

    threads = [
        threading.Thread(target=change, args=given)
        for given in (("ana", "financing"), ("eero", "terms"), ("lina", "description"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found) == [200, 412, 412]
    done = [one for one in house.get("ana", path)["room"]["checklist"] if one["done"]]
    assert len(done) == 1


def test_many_express_interest_at_once(house: House) -> None:
    """Each is kept once, whoever opens the room."""
    own = house.get("ana", "/candidates")["items"][0]["id"]
    found: list[int] = []

    def express(who: str) -> None:
        found.append(house.ask(who, "POST", f"/candidates/{own}/interest", json={}).status_code)

    threads = [threading.Thread(target=express, args=(who,)) for who in ("ana", "eero", "lina", "ana")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found) == [201, 201, 201, 409]
    assert len(house.get("ana", f"/candidates/{own}")["room"]["interests"]) == 3
