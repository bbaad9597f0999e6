"""Candidates over HTTP: who sees them, who acts, and that nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from matcher.records import JointInterest, Need, Visibility
from service.problems import Problem
from service.projection.views import Views
from service.store import records
from service.store.rows import body_of
from tests.house import House, opened

VEST = Need(
    id="vest-ee", title="Ballistic vests for dog handlers", description="Washable, of class four.",
    language="en", country="EE", organisation="Police of Saaremaa", organisation_id="police-ee",
    visibility=Visibility.NETWORK, joint_interest=JointInterest.MAYBE, value_eur=90_000.0,
    window_start=date(2027, 1, 1), window_end=date(2027, 6, 30), regime="2014/24",
)  # fmt: skip
EVERY = ["vest-ee", "vest-fi", "vest-lt", "pump-ee", "pump-fi"]
PUMP = replace(VEST, id="pump-ee", title="Mobile flood pump for cellars", description="Diesel, 2000 litres.")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Vests that are wanted in three countries, pumps that everybody may know of."""
    with opened(tmp_path) as found:
        found.enter_all(
            [
                ("ana", VEST, {}),
                ("eero", replace(VEST, id="vest-fi", country="FI", organisation="Police of Savonia"), {}),
                ("lina", replace(VEST, id="vest-lt", country="LT", organisation="Police of Girele"), {}),
                ("ana", replace(PUMP, visibility=Visibility.PUBLIC), {}),
                ("eero", replace(PUMP, id="pump-fi", country="FI", visibility=Visibility.PUBLIC), {}),
            ]
        )
        yield found


def of(house: House, need: str, who: str = "ana") -> str:
    """The address of the candidate that holds a need."""
    (found,) = house.get(who, "/candidates", need=need)["items"]
    return f"/candidates/{found['id']}"


def join(house: House, path: str, *who: str) -> None:
    """Express interest, one minute after the other."""
    for one in who:
        house.moment[0] += timedelta(minutes=1)
        house.post(one, f"{path}/interest", {})


# -- who sees what ----------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "expected"), [("ana", 2), ("ari", 2), ("paul", 2), ("lea", 2), ("uno", 1)])
def test_candidates_are_of_what_the_audience_sees(house: House, who: str, expected: int) -> None:
    """The network sees both; who is not vetted sees that of the public needs, without its room."""
    found = house.get(who, "/candidates")["items"]
    assert len(found) == expected
    for one in found:
        detail = house.get(who, f"/candidates/{one['id']}")
        assert (detail["room"] is None) == (who == "uno")


def test_a_candidate_of_the_network_is_nothing_to_others(house: House) -> None:
    """Neither by id, nor by what it is made into."""
    path = of(house, "vest-ee")
    for ending in ("", "/dossier"):
        assert house.ask("uno", "GET", path + ending).status_code == 404
    assert house.ask("uno", "POST", f"{path}/what-if", json={}).status_code == 404
    assert house.ask("uno", "POST", f"{path}/interest", json={}).status_code == 403
    assert house.ask("ivo", "GET", path).status_code == 403


def test_lists_are_narrowed_and_cut(house: House) -> None:
    """By member, country, level and scope; in parts."""
    assert len(house.get("ana", "/candidates", country="LT")["items"]) == 1
    assert house.get("ana", "/candidates", scope="national")["items"] == []
    assert len(house.get("lina", "/candidates", mine=True)["items"]) == 1
    first = house.get("ana", "/candidates", limit=1)
    second = house.get("ana", "/candidates", limit=1, cursor=first["next"])
    assert first["items"][0]["id"] != second["items"][0]["id"]
    assert second["next"] is None
    assert house.ask("ana", "GET", "/candidates", params={"cursor": "x"}).status_code == 422
    house.get("ana", "/candidates", 404, need="nothing")


def test_an_id_that_was_given_up_leads_on(house: House) -> None:
    """The candidate says which id was asked for."""
    own = of(house, "vest-ee")
    house.post(
        "ari", "/clusters/edits", {"op": "merge", "need_ids": ["vest-ee", "pump-ee"], "why": "one tender"}
    )
    merged = of(house, "vest-ee")
    other = next(path for path in (own, merged) if path)
    found = house.get("ana", other)
    assert f"/candidates/{found['brief']['id']}" == merged
    assert found["requested_id"] == other.rpartition("/")[2]


def test_what_was_done_in_a_merged_candidate_is_shown_under_the_one_that_took_it_over(house: House) -> None:
    """Interest, stages, questions and followers together; its steps and agreement as they were left."""
    vests, pumps = of(house, "vest-ee"), of(house, "pump-ee")
    join(house, vests, "lina", "ana", "eero")
    join(house, pumps, "ana", "eero")
    for path, law in ((vests, "EE"), (pumps, "FI")):
        house.moment[0] += timedelta(minutes=1)
        house.post("ana", f"{path}/stage", {"stage": "workspace"}, 200)
        agreed = house.ask(
            "ana", "PATCH", f"{path}/agreement", json={"applicable_law": law}, headers={"If-Match": "*"}
        )
        assert agreed.is_success, agreed.text
    for path in (vests, pumps):
        house.post("lea", f"{path}/questions", {"text": f"Of {path}?"})
    house.ask("paul", "PUT", f"{pumps}/follow")
    house.post("ari", "/clusters/edits", {"op": "merge", "need_ids": EVERY, "why": "one tender"})
    present = of(house, "vest-ee")
    (gone,) = {vests, pumps} - {present}
    found = house.get("paul", gone)
    room = found["room"]
    assert room == house.get("paul", present)["room"]
    assert sorted(one["organisation_id"] for one in room["interests"]) == [
        "police-ee", "police-ee", "police-fi", "police-fi", "police-lt",
    ]  # fmt: skip
    assert found["brief"]["participants"] == 3
    assert [f"/candidates/{one['candidate_id']}" for one in room["history"]] == [vests, pumps]
    assert [(one["candidate_id"], one["stage"]) for one in room["former"]] == [
        (gone.rpartition("/")[2], "workspace")
    ]
    laws = {vests: "EE", pumps: "FI"}
    assert room["agreement"]["applicable_law"] == laws[present]
    assert room["former"][0]["agreement"]["applicable_law"] == laws[gone]
    asked = house.get("paul", f"{present}/questions")["items"]
    assert {one["text"] for one in asked} == {f"Of {vests}?", f"Of {pumps}?"}
    for one in asked:
        house.post("ana", f"/questions/{one['id']}/answer", {"answer": "Yes."}, 200)
    assert [one["kind"] for one in house.get("paul", "/inbox")["items"]].count("answer") == 2
    assert room["following"] is True
    assert house.ask("paul", "DELETE", f"{present}/follow").is_success
    assert house.get("paul", present)["room"]["following"] is False
    left = house.post("eero", f"{present}/interest/withdraw", {"reason": "alone"}, 200)
    assert [one["withdrawn_reason"] for one in left["interests"]].count("alone") == 2


def test_a_candidate_in_which_nobody_acted_goes_on_from_what_it_took_over(house: House) -> None:
    """Its stage and steps are those of the merged one, and are changed from there."""
    present = house.get("ana", "/candidates")["items"]
    vests, pumps = of(house, "vest-ee"), of(house, "pump-ee")
    assert {f"/candidates/{one['id']}" for one in present} == {vests, pumps}
    # the larger keeps its id
    join(house, pumps, "ana", "eero")
    house.post("ana", f"{pumps}/stage", {"stage": "workspace"}, 200)
    done = {"done": True, "owner": "FI"}
    house.ask("ana", "PATCH", f"{pumps}/checklist/terms", json=done, headers={"If-Match": "*"})
    house.post("ari", "/clusters/edits", {"op": "merge", "need_ids": EVERY, "why": "one tender"})
    assert of(house, "pump-ee") == vests
    assert house.get("lina", vests)["brief"]["stage"] == "workspace"
    answer = house.ask("lina", "GET", vests)
    shown = answer.json()["room"]
    assert next(one for one in shown["checklist"] if one["step"] == "terms")["owner"] == "FI"
    step = f"{vests}/checklist/financing"
    changed = house.ask(
        "lina", "PATCH", step, json={"done": True}, headers={"If-Match": answer.headers["ETag"]}
    )
    assert changed.status_code == 200, changed.text
    assert {one["step"] for one in changed.json()["checklist"] if one["done"]} == {"terms", "financing"}
    assert {one["step"] for one in changed.json()["former"][0]["checklist"] if one["done"]} == {"terms"}


# -- interest ---------------------------------------------------------------------------------


def test_interest_is_said_by_the_need_and_taken_back_with_it(house: House) -> None:
    """Not binding: what the need said before is said again; the history stays."""
    path = of(house, "vest-ee")
    join(house, path, "ana")
    assert house.held.catalogue.entries["vest-ee"].record.joint_interest is JointInterest.YES
    assert house.ask("ana", "POST", f"{path}/interest", json={}).status_code == 409
    room = house.post("ana", f"{path}/interest/withdraw", {"reason": "no budget"}, 200)
    assert house.held.catalogue.entries["vest-ee"].record.joint_interest is JointInterest.MAYBE
    assert [one["withdrawn_reason"] for one in room["interests"]] == ["no budget"]
    assert house.ask("ana", "POST", f"{path}/interest/withdraw", json={}).status_code == 409


def test_who_has_no_need_in_it_observes(house: House) -> None:
    """Taking part needs a need."""
    path = of(house, "vest-ee")
    assert house.ask("paul", "POST", f"{path}/interest", json={}).status_code == 409
    room = house.post("paul", f"{path}/interest", {"kind": "observer"})
    assert [(one["kind"], one["organisation"]) for one in room["interests"]] == [
        ("observer", "Gendarmerie du Valmont")
    ]
    assert house.get("paul", path)["brief"]["observers"] == 1


def test_to_observe_changes_the_candidate(house: House) -> None:
    """An observer counts for nothing in it, and is listed."""
    path = of(house, "vest-ee")
    house.post("lina", f"{path}/interest", {"kind": "observer"})
    shown = house.get("ana", path)["candidate"]
    assert {one["id"] for one in shown["members"]} == {"vest-ee", "vest-fi"}
    assert [one["id"] for one in shown["observers"]] == ["vest-lt"]


def test_interest_can_be_withdrawn_from_what_is_no_more(house: House) -> None:
    """A candidate that dissolved still lets its participants go; others learn nothing of it."""
    path = of(house, "vest-ee")
    join(house, path, "ana", "eero")
    for one in ("vest-fi", "vest-lt"):
        house.change(one, status="withdrawn")
    house.get("ana", path, 404)
    assert house.ask("paul", "POST", f"{path}/interest/withdraw", json={}).status_code == 404
    house.post("ana", f"{path}/interest/withdraw", {}, 200)


# -- the room ---------------------------------------------------------------------------------


def test_only_who_takes_part_acts(house: House) -> None:
    """Owners of its needs, participants, national contacts and administrators."""
    path = of(house, "vest-ee")
    join(house, path, "ana", "eero")
    moved = {"stage": "interest"}
    assert house.ask("paul", "POST", f"{path}/stage", json=moved).status_code == 403
    assert house.ask("pia", "POST", f"{path}/stage", json=moved).status_code == 403
    assert house.post("lina", f"{path}/stage", moved, 200)["stage"] == "interest"
    house.post("kai", f"{path}/stage", {"stage": "workspace"}, 200)


def test_the_checklist_is_changed_by_who_read_it(house: House) -> None:
    """With the tag of what was read; an old one is refused."""
    path = of(house, "vest-ee")
    tag = house.ask("ana", "GET", path).headers["ETag"]
    step = f"{path}/checklist/financing"
    assert house.ask("ana", "PATCH", step, json={"done": True}).status_code == 428
    done = house.ask("ana", "PATCH", step, json={"done": True, "owner": "EE"}, headers={"If-Match": tag})
    assert done.status_code == 200, done.text
    assert next(one for one in done.json()["checklist"] if one["step"] == "financing")["owner"] == "EE"
    assert house.ask("ana", "PATCH", step, json={}, headers={"If-Match": tag}).status_code == 412
    assert (
        house.ask("ana", "PATCH", f"{path}/checklist/party", json={}, headers={"If-Match": "*"}).status_code
        == 422
    )


def test_followers_are_told_of_moves_and_interest(house: House) -> None:
    """Not who made them; and nobody any more who has left the network."""
    path = of(house, "vest-ee")
    join(house, path, "ana", "eero")
    assert house.ask("lea", "PUT", f"{path}/follow").json() == {"following": True}
    house.post("ana", f"{path}/stage", {"stage": "workspace"}, 200)
    assert [one["kind"] for one in house.get("eero", "/inbox")["items"]] == ["stage"]
    assert [one["kind"] for one in house.get("lea", "/inbox")["items"]] == ["stage"]
    assert [one["kind"] for one in house.get("ana", "/inbox")["items"]] == ["interest"]
    assert house.ask("lea", "DELETE", f"{path}/follow").json() == {"following": False}
    assert house.ask("lea", "DELETE", f"{path}/follow").status_code == 404


def test_what_would_be_if(house: House) -> None:
    """Without a member, with other windows, with a need more; nothing is kept."""
    path = of(house, "vest-ee")
    before = house.get("ana", path)["candidate"]
    found = house.post("ana", f"{path}/what-if", {"drop": ["vest-lt"]}, 200)
    assert {one["id"] for one in found["after"]["members"]} == {"vest-ee", "vest-fi"}
    found = house.post(
        "ana", f"{path}/what-if", {"move": {"vest-fi": ["2029-01-01", "2029-02-01"]}, "add": "pump-ee"}, 200
    )
    assert len(found["after"]["members"]) == 4
    assert found["changes"]
    only = house.post("ana", f"{path}/what-if", {"drop": ["vest-lt", "vest-fi"]}, 200)
    assert only["after"]["reason"]
    assert house.get("ana", path)["candidate"] == before


@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.GROUP])
def test_an_owner_tries_a_need_that_others_may_not_see(house: House, visibility: Visibility) -> None:
    """Its owner, and whom it is shared with; for all others it is not there, and nothing is kept."""
    own = replace(VEST, id="vest-own", title="Ballistic vests, heavy", visibility=visibility)
    shared = {"shares": ["police-fr"]} if visibility is Visibility.GROUP else {}
    house.enter("gert", replace(own, organisation="Border guard of Narva"), **shared)
    path = of(house, "vest-ee", "gert")
    before = house.get("ana", path)["candidate"], house.held.catalogue.stamps.copy()
    found = house.post("gert", f"{path}/what-if", {"add": "vest-own"}, 200)
    assert "vest-own" in {one["id"] for one in found["after"]["members"]}
    assert any("vest-own" in change for change in found["changes"])
    moved = {"add": "vest-own", "move": {"vest-own": ["2029-01-01", "2029-02-01"]}, "drop": ["vest-lt"]}
    assert len(house.post("gert", f"{path}/what-if", moved, 200)["after"]["members"]) == 3
    may = visibility is Visibility.GROUP
    assert house.ask("paul", "POST", f"{path}/what-if", json={"add": "vest-own"}).status_code == (
        200 if may else 404
    )
    refused = house.ask("eero", "POST", f"{path}/what-if", json={"add": "vest-own"})
    never = house.ask("eero", "POST", f"{path}/what-if", json={"add": "vest-not"})
    assert (refused.status_code, refused.json()["detail"]) == (
        404,
        never.json()["detail"].replace("vest-not", "vest-own"),
    )
    assert (house.get("ana", path)["candidate"], house.held.catalogue.stamps) == before
    assert "vest-own" not in house.ask("ana", "GET", path).text
    assert not any("vest-own" in engine.needs for engine in house.held.catalogue.engines.values())


def test_an_owner_tries_a_draft_by_the_name_that_he_gave_it(house: House) -> None:
    """Before anybody else hears of it."""
    house.enter("gert", replace(VEST, id="vest-draft", status="draft"), status="draft", ref="G-7")
    found = house.post("gert", f"{of(house, 'vest-ee', 'gert')}/what-if", {"add": "G-7"}, 200)
    assert "vest-draft" in {one["id"] for one in found["after"]["members"]}


@pytest.mark.parametrize(
    "asked",
    [
        {"drop": ["pump-ee"]},
        {"add": "vest-ee"},
        {"move": {"vest-ee": ["2027-02-01", "2027-01-01"]}},
        {"move": {"vest-ee": ["soon", None]}},
        {"state": {"vest-ee": {"value_eur": -1}}},
        {"state": {"vest-ee": {"nature": "magic"}}},
        {"state": {"vest-ee": {"id": "x"}}},
        {"state": {"vest-ee": {"window_start": "2030-01-01"}}},
        {"state": {"pump-ee": {"regime": "x"}}},
    ],
)
def test_what_cannot_be_tried_is_refused(house: House, asked: dict[str, Any]) -> None:
    """With words, and without a fault of ours."""
    assert house.ask("ana", "POST", f"{of(house, 'vest-ee')}/what-if", json=asked).status_code == 422


@pytest.mark.parametrize(
    ("form", "media"),
    [
        ("md", "text/markdown"),
        ("html", "text/html"),
        ("docx", "application/vnd"),
        ("ocds", "application/json"),
        ("consultation", "text/markdown"),
    ],
)
def test_the_dossier_in_every_form(house: House, form: str, media: str) -> None:
    """Written down in the audit log, for an audience no narrower than one's own."""
    path = of(house, "vest-ee")
    found = house.ask("ana", "GET", f"{path}/dossier", params={"format": form})
    assert found.status_code == 200, found.text
    assert found.headers["content-type"].startswith(media)
    assert len(found.content) > 200
    logged = house.get("root", "/audit", limit=100)["items"]
    assert "candidate.exported" in {row["action"] for row in logged}


def test_a_dossier_for_others_shows_what_they_may_see(house: House) -> None:
    """Nobody makes one of more than oneself sees."""
    path = of(house, "pump-ee")
    public = house.ask("ana", "GET", f"{path}/dossier", params={"open_to": "public"})
    assert public.status_code == 200
    assert "vest" not in public.text.lower()
    assert house.ask("uno", "GET", f"{path}/dossier", params={"open_to": "network"}).status_code == 403


@pytest.mark.parametrize("form", ["md", "html", "ocds", "consultation"])
def test_a_dossier_for_industry_shows_what_industry_sees(house: House, form: str) -> None:
    """No buyer, no value, no quantity of a need that was opened to industry; nothing made of them."""
    path = of(house, "vest-ee")
    for need, who in (("vest-ee", "Saaremaa"), ("vest-fi", "Savonia")):
        row = replace(
            VEST, id=need, organisation=f"Police of {who}", value_eur=7_654_321.0, quantity="4711 pieces",
            description=f"Washable, for the Police of {who}.",
        )  # fmt: skip
        house.change(need, visibility="network_industry", body=body_of(row))
    own = house.ask("ana", "GET", f"{path}/dossier", params={"format": form})
    made = house.ask("ana", "GET", f"{path}/dossier", params={"format": form, "open_to": "network_industry"})
    assert made.status_code == 200, made.text
    assert "Saaremaa" in own.text
    for word in ("Saaremaa", "Savonia", "Girele", "police-ee", "4711", "7654321", "7,654,321", "15,308,642"):
        assert word not in made.text
    assert "Ballistic vests" in made.text
    public = house.ask("ana", "GET", f"{path}/dossier", params={"format": form, "open_to": "public"})
    assert public.status_code == 409


def test_what_is_being_computed_is_not_taken_for_gone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is to come again is told so, by the answer to a question too, and by a withdrawal."""
    path = of(house, "vest-ee")
    join(house, path, "ana")
    asked = house.post("eero", f"{path}/questions", {"text": "Which size?"})

    def busy(*_: object) -> None:
        raise Problem(503, "busy", "Ask again in a moment.")

    monkeypatch.setattr(Views, "cooperation", busy)
    assert (
        house.ask("ana", "POST", f"/questions/{asked['id']}/answer", json={"answer": "S"}).status_code == 503
    )
    assert house.ask("ana", "POST", f"{path}/interest/withdraw", json={}).status_code == 503


# -- questions --------------------------------------------------------------------------------


def test_one_answer_for_all_who_follow_and_still_may(house: House) -> None:
    """Who asks is not named, who may not see the need any more is not told."""
    asked = house.post("eero", "/needs/pump-ee/questions", {"text": "Which size?"})
    for who in ("lina", "ivo", "uno"):
        house.ask(who, "PUT", "/needs/pump-ee/follow")
    assert house.get("lina", "/needs/pump-ee/questions")["items"] == []
    assert [one["mine"] for one in house.get("eero", "/needs/pump-ee/questions")["items"]] == [True]
    assert (
        house.ask("lina", "POST", f"/questions/{asked['id']}/answer", json={"answer": "S"}).status_code == 403
    )
    house.change("pump-ee", visibility="network")
    assert (
        house.ask("uno", "POST", f"/questions/{asked['id']}/answer", json={"answer": "S"}).status_code == 404
    )
    house.post("ana", f"/questions/{asked['id']}/answer", {"answer": "Size 40."}, 200)
    for who, told in (("eero", True), ("lina", True), ("ivo", False), ("uno", False)):
        messages = house.get(who, "/inbox")["items"]
        assert [one["body"]["answer"] for one in messages if one["kind"] == "answer"] == ["Size 40."] * told
        assert "eero" not in repr([one["body"] for one in messages])
    again = house.ask("ana", "POST", f"/questions/{asked['id']}/answer", json={"answer": "Size 41."})
    assert again.status_code == 409


# -- clusters, cycles, analyses ---------------------------------------------------------------


def test_clusters_are_shown_merged_split_and_named(house: House) -> None:
    """Edits hold for later runs, and are taken back by number."""
    found = house.get("ari", "/clusters")
    assert (found["total"], found["singles"]) == (2, 0)
    own = next(one for one in found["items"] if "vest-ee" in one["need_ids"])
    split = house.post("ari", "/clusters/edits", {
        "op": "split", "need_ids": ["vest-lt"], "apart": ["vest-ee", "vest-fi"], "why": "other class",
    })  # fmt: skip
    assert house.get("ari", "/clusters")["singles"] == 1
    house.post(
        "ari", "/clusters/edits", {"op": "rename", "need_ids": ["vest-ee", "vest-fi"], "name": "Vests"}
    )
    named = house.get("ari", f"/clusters/{own['id']}")
    assert named["cluster"]["name"] == "Vests"
    assert len(named["likeness"]) == 2
    assert named["events"]
    house.post("ari", f"/clusters/edits/{split['number']}/undo", {})
    assert house.get("ari", "/clusters")["singles"] == 0
    assert [one["stands"] for one in house.get("ari", "/clusters/edits")["items"]] == [False, True, False]
    assert house.ask("ari", "POST", "/clusters/edits/99/undo", json={}).status_code == 404


def test_an_edit_that_contradicts_is_refused(house: House) -> None:
    """And one of a need that is not seen is of none."""
    house.post("ari", "/clusters/edits", {"op": "must_link", "need_ids": ["vest-ee", "vest-fi"]})
    against = house.ask(
        "ari", "POST", "/clusters/edits", json={"op": "cannot_link", "need_ids": ["vest-ee", "vest-fi"]}
    )
    assert against.status_code == 409
    house.change("vest-fi", visibility="private")
    hidden = house.ask(
        "ari", "POST", "/clusters/edits", json={"op": "lock", "need_ids": ["vest-ee", "vest-fi"]}
    )
    assert hidden.status_code == 404
    assert house.get("ari", "/clusters/edits")["items"] == []


def test_a_need_that_was_hidden_is_named_in_no_history(house: House) -> None:
    """What happened to a group is told without it."""
    id_ = "0000000a-0000-4000-8000-000000000000"
    house.get("ari", "/clusters")
    house.enter("paul", replace(VEST, id=id_, country="FR"))
    own = next(one["id"] for one in house.get("ari", "/clusters")["items"] if "vest-ee" in one["need_ids"])
    assert id_ in repr(house.get("ari", f"/clusters/{own}"))
    house.change(id_, visibility="private")
    assert id_ not in repr(house.get("ari", f"/clusters/{own}"))


def test_cycles_are_kept_and_compared(house: House) -> None:
    """What changed between two days, for the audience alone."""
    first = house.post("ari", "/cycles", {"name": "spring"})
    assert (first["needs"], first["clusters"], first["candidates"]) == (5, 2, 2)
    house.change("vest-lt", status="withdrawn")
    house.moment[0] += timedelta(days=1)
    second = house.post("ari", "/cycles", {"name": "summer"})
    changes = house.get("ari", "/cycles/diff", before=first["id"], after=second["id"])
    assert any("vest-lt" in sentence for sentence in changes["sentences"])
    assert [one["name"] for one in house.get("kai", "/cycles")["items"]] == ["summer", "spring"]
    house.get("ari", "/cycles/diff", 404, before=first["id"], after="nothing")
    assert house.ask("ana", "GET", "/cycles").status_code == 403


def test_every_analysis_answers_whoever_may_ask(house: House) -> None:
    """With sentence, n, coverage and caveat; what names groups is for the network's readers."""
    for who in ("ana", "ivo", "uno", "ari"):
        for one in house.get(who, "/analytics")["items"]:
            found = house.get(who, f"/analytics/{one['name']}")
            assert found["sentence"]
            assert found["coverage"]
    assert house.ask("ivo", "GET", "/analytics/unmet-clusters").status_code == 404
    assert house.get("ivo", "/analytics/demand")["analysis"] == "supply-and-demand"
    assert house.get("ivo", "/analytics/gaps")["analysis"] == "unmet-needs"
    assert house.ask("ivo", "GET", "/analytics/gaps", params={"cpv": "x"}).status_code == 422
    assert house.ask("ana", "GET", "/analytics/unmet-needs", params={"by": "country"}).status_code == 422


def test_erasing_a_need_in_a_candidate_leaves_the_others(house: House) -> None:
    """The candidate goes on without it."""
    path = of(house, "vest-ee")
    join(house, path, "ana", "eero", "lina")
    with house.held.database.write() as session:
        records.erase(session, "vest-lt", None, records.SYSTEM)
    house.held.follower.catch_up()
    assert {one["id"] for one in house.get("ana", path)["candidate"]["members"]} == {"vest-ee", "vest-fi"}
