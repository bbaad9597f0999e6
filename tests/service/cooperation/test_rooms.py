"""The life of a candidate's room, on both databases."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from matcher.identity import Retired
from matcher.records import JointInterest, Need, Visibility
from service.confidentiality.audience import Audience
from service.projection.views import Cooperation, Views
from service.store import records
from service.store.tables import InterestRow, RoomRow
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


def said(house: House, need_id: str) -> JointInterest | None:
    """What a need says of buying together."""
    record = house.held.catalogue.entries[need_id].record
    assert isinstance(record, Need)
    return record.joint_interest


def test_changed_interest_gives_the_first_word_back(house: House) -> None:
    """However often it changed, and also after a change of its conditions."""
    path = f"/candidates/{house.get('ana', '/candidates')['items'][0]['id']}"
    for body in ({}, {"kind": "observer"}, {}, {"conditions": "before 2028"}):
        house.post("ana", f"{path}/interest", body)
    assert said(house, "vest-ee") is JointInterest.YES
    house.post("ana", f"{path}/interest/withdraw", {}, 200)
    assert said(house, "vest-ee") is JointInterest.MAYBE


def say(house: House, need_id: str, word: JointInterest | None) -> None:
    """Let the owner of a need change its mind by hand."""
    with house.held.database.read() as session:
        row = records.get(session, need_id)
        assert row is not None
        body = {name: value for name, value in row.body.items() if name != "joint_interest"}
    if word is not None:
        body["joint_interest"] = word.value
    house.change(need_id, body=body)


def test_what_the_owner_said_since_is_left_alone(house: House) -> None:
    """Neither withdrawal nor a change of interest puts an older word in its place."""
    path = f"/candidates/{house.get('ana', '/candidates')['items'][0]['id']}"
    house.post("ana", f"{path}/interest", {})
    house.post("eero", f"{path}/interest", {})
    say(house, "vest-ee", JointInterest.NO)
    say(house, "vest-fi", None)
    house.post("ana", f"{path}/interest/withdraw", {}, 200)
    assert said(house, "vest-ee") is JointInterest.NO
    house.post("eero", f"{path}/interest", {"kind": "observer"})
    house.post("eero", f"{path}/interest/withdraw", {}, 200)
    assert said(house, "vest-fi") is None


def test_interest_in_what_was_merged_is_withdrawn_by_its_old_id(house: House) -> None:
    """Or by the present one, under which it is shown: it ends whole."""
    path = f"/candidates/{house.get('ana', '/candidates')['items'][0]['id']}"
    with house.held.database.write() as session:
        session.add(RoomRow(candidate_id="old", checklist=[]))
        session.flush()
        session.add(
            InterestRow(
                candidate_id="old", organisation_id="police-ee", kind="participant", need_id="vest-ee",
                by="ana", at=house.moment[0], before={"vest-ee": "no"},
            )
        )  # fmt: skip
    present = Views.cooperation

    def merged(views: Views, audience: Audience, day: date) -> Cooperation:
        view = present(views, audience, day)
        leads = {**view.identities.retired, "old": Retired(("vest-ee",), path.rpartition("/")[2])}
        return replace(view, identities=replace(view.identities, retired=leads))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Views, "cooperation", merged)
        house.post("eero", f"{path}/interest", {})
        room = house.post("ana", "/candidates/old/interest/withdraw", {"reason": "merged"}, 200)
        assert sorted(one["withdrawn_reason"] for one in room["interests"]) == ["", "merged"]
        house.get("ana", "/candidates/old")
        assert house.ask("ana", "POST", f"{path}/interest/withdraw", json={}).status_code == 409
        room = house.post("eero", "/candidates/old/interest/withdraw", {"reason": "mine"}, 200)
        assert sorted(one["withdrawn_reason"] for one in room["interests"]) == ["merged", "mine"]
        assert room["former"][0]["candidate_id"] == "old"


def test_who_has_no_need_in_it_any_more_takes_no_part(house: House) -> None:
    """A need made private takes its owner out of the room, its count and its stages; it still sees itself."""
    path = f"/candidates/{house.get('ana', '/candidates')['items'][0]['id']}"
    for who in ("eero", "lina"):
        house.post(who, f"{path}/interest", {})
    house.change("vest-lt", visibility="private")
    found = house.get("paul", path)
    assert found["brief"]["participants"] == 1
    assert [one["organisation_id"] for one in found["room"]["interests"]] == ["police-fi"]
    assert "police-lt" not in repr(found)
    assert len(house.get("lina", path)["room"]["interests"]) == 2
    refused = house.ask("ana", "POST", f"{path}/stage", json={"stage": "interest"})
    assert refused.status_code == 409
    house.change("vest-lt", visibility="network")
    house.post("ana", f"{path}/stage", {"stage": "interest"}, 200)


@pytest.mark.parametrize(
    "change", [{"visibility": "private"}, {"status": "withdrawn"}, {"status": "expired"}]
)
def test_who_has_no_need_in_it_any_more_changes_nothing(house: House, change: dict[str, str]) -> None:
    """Neither stage, steps nor agreement, nor answers a question, though its interest was never withdrawn."""
    path = f"/candidates/{house.get('ana', '/candidates')['items'][0]['id']}"
    for who in ("eero", "lina"):
        house.post(who, f"{path}/interest", {})
    asked = house.post("lea", f"{path}/questions", {"text": "Lots?"})
    house.post("lina", f"{path}/stage", {"stage": "interest"}, 200)
    house.change("vest-lt", **change)
    for method, where, body in (
        ("POST", f"{path}/stage", {"stage": "closed", "reason": "no"}),
        ("PATCH", f"{path}/checklist/terms", {"done": True}),
        ("PATCH", f"{path}/agreement", {"applicable_law": "LT"}),
        ("POST", f"/questions/{asked['id']}/answer", {"answer": "Two."}),
    ):
        refused = house.ask("lina", method, where, json=body, headers={"If-Match": "*"})
        assert refused.status_code == 403, (where, refused.text)
    assert house.get("lina", "/candidates")["items"][0]["mine"] is False
    assert house.get("ana", path)["room"]["stage"] == "interest"
    house.post("eero", f"/questions/{asked['id']}/answer", {"answer": "Three."}, 200)


def test_who_moved_it_and_left_is_named_no_more(house: House) -> None:
    """With or without interest; who runs the service, and whose need is there, is named on."""
    path = f"/candidates/{house.get('ana', '/candidates')['items'][0]['id']}"
    house.enter("paul", replace(VEST, id="vest-fr", country="FR"))
    house.enter("gert", replace(VEST, id="vest-guard", description="Washable, too."))
    for who in ("eero", "lina"):
        house.post(who, f"{path}/interest", {})
    for who, stage in (("lina", "interest"), ("gert", "workspace"), ("kai", "consultation")):
        house.moment[0] += timedelta(minutes=1)
        house.post(who, f"{path}/stage", {"stage": stage}, 200)
    house.moment[0] += timedelta(minutes=1)
    house.post("root", f"{path}/stage", {"stage": "memorandum"}, 200)

    def movers(who: str) -> list[str]:
        return [one["organisation_id"] for one in house.get(who, path)["room"]["history"]]

    assert movers("paul") == ["police-lt", "guard-ee", "guard-ee", "network"]
    house.change("vest-lt", visibility="private")
    house.change("vest-guard", status="withdrawn")
    # a national contact may move what its organisation has no need in
    assert movers("paul") == ["", "", "guard-ee", "network"]
    assert movers("lina") == ["police-lt", "", "guard-ee", "network"]


def test_who_withholds_its_name_is_not_named_in_the_room(house: House) -> None:
    """Neither as participant nor in its history; where another need of its names it, it is."""
    path = f"/candidates/{house.get('ana', '/candidates')['items'][0]['id']}"
    hidden = [{"field": "organisation", "reason_code": "fair-comp", "reason": "a consultation runs"}]
    house.change("vest-lt", redactions=hidden)
    for who in ("eero", "lina"):
        house.post(who, f"{path}/interest", {})
    house.post("lina", f"{path}/stage", {"stage": "interest"}, 200)
    found = house.get("paul", path)
    assert found["brief"]["participants"] == 2
    shown = {
        (one["organisation_id"], one["organisation"], one["country"]) for one in found["room"]["interests"]
    }
    assert shown == {
        ("police-fi", "Police of Savonia", "FI"), ("", "an authority in one Member State", None),
    }  # fmt: skip
    assert "police-lt" not in repr(found)
    assert "police-lt" in repr(house.get("lina", path)["room"])
    house.enter("lina", replace(VEST, id="vest-lt-2", country="LT", description="Washable, too."))
    assert "police-lt" in repr(house.get("paul", path)["room"]["interests"])


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
