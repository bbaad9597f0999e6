"""The user stories as users live them: over HTTP, with the real model and a network of organisations."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from corpora import load_sample
from matcher.records import JointInterest, Need, Solution, Visibility
from tests.house import House, opened
from tests.stories.test_joint_buying import BODY_ARMOUR, COMMON, TRAPS

pytestmark = pytest.mark.model
NETWORK = Visibility.NETWORK
OWNERS = {
    "VEST-EE": "ana", "VEST-FI": "eero", "VEST-LT": "lina", "BOAT": "gert", "CAR": "paul", "DRONE": "paul",
    "ANTI": "gert",
}  # fmt: skip
FRENCH = Need(
    id="GILETS",
    title="Gilets pare-balles pour la police",
    description="Achat de 600 gilets pare-balles souples, portés sous l'uniforme. Protection NIJ IIIA. "
    "Housse lavable. Tailles pour femmes et hommes.",
    language="fr",
    country="FR",
    organisation="Gendarmerie du Valmont",
    standards=("NIJ 0101.06",),
    visibility=NETWORK,
    joint_interest=JointInterest.NO,
)
OFFERS = (
    Solution(
        id="OFFER-EN",
        name="Covert soft body armour",
        language="en",
        vendor="Vests of Tartu",
        country="DE",
        description="Concealable ballistic vest, NIJ level IIIA, worn under the uniform. Washable "
        "cover. Cuts for women and men.",
        cpv=("35815100",),
        trl=9,
        standards=("NIJ 0101.06",),
    ),
    Solution(
        id="OFFER-DE",
        name="Unterziehschutzweste",
        language="de",
        vendor="Vests of Tartu",
        country="DE",
        description="Weiche Schutzweste gegen Kurzwaffen, Schutzklasse NIJ IIIA, unter der Uniform zu "
        "tragen. Bezug waschbar, Schnitte für Damen und Herren.",
        trl=9,
    ),
    Solution(
        id="OFFER-PL",
        name="Kamizelka kuloodporna skryta",
        language="pl",
        vendor="Vests of Tartu",
        country="PL",
        description="Miękka kamizelka kuloodporna noszona pod mundurem, klasa NIJ IIIA, pokrowiec do prania.",
        trl=6,
    ),
)
ACRONYMS = {
    "ISMS-1": "Introduction of an ISMS according to ISO 27001",
    "ISMS-2": "Audit of the ISMS of a police authority",
    "LAB": "LC-MSMS mass spectrometer for a forensic laboratory",
    "GLASS": "Bullet resistant glazing to EN 1063 for counters",
    "DOOR": "Burglar resistant doors to EN 1627 for counters",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A network with a part of the sample, and with what was planted in it."""
    sample = load_sample()
    planted = [replace(need, **COMMON) for need in (*BODY_ARMOUR, *(n for pair in TRAPS for n in pair))]
    acronyms = [
        Need(id=id_, title=title, language="en", country="BE", visibility=NETWORK)
        for id_, title in ACRONYMS.items()
    ]
    own = Need(
        id="VEST-OWN", title="Kuulivestide plaadid kiirreageerijatele", language="et", country="EE",
        description="Rasked keraamilised plaadid kuulivestidele, klass NIJ IV, 60 komplekti.",
        organisation="Politseiamet Koidula", visibility=NETWORK, joint_interest=JointInterest.NO,
    )  # fmt: skip
    masked = replace(
        FRENCH, id="MASKED", title="Gilets pare-balles à port discret", visibility=Visibility.NETWORK_INDUSTRY
    )
    with opened(tmp_path_factory.mktemp("story"), model="needmatch-e5-small") as found:
        found.enter_all(
            [
                *(("ari", replace(need, visibility=NETWORK), {}) for need in sample.needs[:40]),
                *(
                    ("nils", replace(offer, visibility=Visibility.PUBLIC), {})
                    for offer in sample.solutions[:60]
                ),
                *(("ivo", replace(offer, visibility=Visibility.PUBLIC), {}) for offer in OFFERS),
                *((OWNERS[need.id], need, {}) for need in planted),
                *(("ari", need, {}) for need in acronyms),
                ("paul", FRENCH, {}),
                ("paul", masked, {}),
                ("ana", own, {}),
            ]
        )
        yield found


def test_story_1_a_prescriber_gets_help_while_writing_in_estonian(house: House) -> None:
    """Codes with labels and likelihoods, completeness with what each gap costs, and a draft without them."""
    typed = BODY_ARMOUR[0]
    text = {"title": typed.title, "description": typed.description, "language": "et"}
    help_ = house.post("pia", "/needs/validate", text, 200)
    codes = help_["cpv"]
    assert len(codes) == 5
    assert all(code["label"] and 0 <= code["likelihood"] <= 1 for code in codes)
    assert sum(code["likelihood"] for code in codes) <= 1
    assert "35" in {code["code"][:2] for code in codes}
    assert help_["completeness"] < 1
    assert help_["missing"]
    assert all(gap["effect"] for gap in help_["missing"])
    assert any("window" in gap["field"] and "joint" in gap["effect"] for gap in help_["missing"])
    draft = house.post("pia", "/needs", {**text, "status": "draft"})
    assert (draft["status"], draft["cpv"]) == ("draft", [])
    house.get("eero", f"/needs/{draft['id']}", 404)


def test_story_2_a_french_need_finds_offers_in_other_languages(house: House) -> None:
    """The planted ones among the first five, each with its reasons; in one order in any language."""
    found = house.get("paul", "/needs/GILETS/solutions", k=10)
    ids = [item["solution"]["id"] for item in found["items"]]
    assert {offer.id for offer in OFFERS} <= set(ids[:5])
    for item in found["items"]:
        assert item["level"] in ("strong", "likely", "possible", "weak")
        assert item["next_question"]
        assert isinstance(item["assumptions"], list)
    first = next(item for item in found["items"] if item["solution"]["id"] == "OFFER-EN")
    assert first["matched"]
    assert first["missing"]
    assert first["evidence"]
    texts = {offer.id: offer.text for offer in OFFERS}
    quoted = [item for item in found["items"] if item["solution"]["id"] in texts]
    for item in quoted:
        for pair in item["evidence"]:
            assert pair["need"]["text"] in FRENCH.text
            assert pair["solution"]["text"] in texts[item["solution"]["id"]]
    for language in ("de", "et"):
        again = house.ask(
            "paul", "GET", "/needs/GILETS/solutions", params={"k": 10}, headers={"Accept-Language": language}
        )
        assert [item["solution"]["id"] for item in again.json()["items"]] == ids


def test_story_3_an_acronym_is_that_acronym(house: House) -> None:
    """No LC-MSMS above a true ISMS, and EN 1063 is exactly EN 1063."""
    found = house.post("ana", "/search/needs", {"text": "ISMS", "k": 100}, 200)
    ids = [item["need"]["id"] for item in found["items"]]
    assert set(ids[:2]) == {"ISMS-1", "ISMS-2"}
    found = house.post("ana", "/search/needs", {"text": "EN 1063", "k": 100}, 200)
    assert found["items"][0]["need"]["id"] == "GLASS"


def test_story_4_why_is_it_not_among_the_results(house: House) -> None:
    """The filter or the score is named, and without the filter it appears."""
    where = {"need": "GILETS", "solution": "OFFER-PL"}
    hidden = house.get("paul", "/why-not", trl_min=8, **where)
    assert hidden["hidden_by"] == ["trl_min"]
    assert "trl_min" in hidden["change"]
    listed = house.get("paul", "/needs/GILETS/solutions", trl_min=8)
    assert "OFFER-PL" not in [item["solution"]["id"] for item in listed["items"]]
    assert listed["hidden"]["trl_min"] >= 1
    shown = house.get("paul", "/why-not", **where)
    assert shown["hidden_by"] == []
    full = house.get("paul", "/needs/GILETS/solutions")
    ids = [item["solution"]["id"] for item in full["items"]]
    assert ids.index("OFFER-PL") + 1 == shown["rank"]
    other = next(offer.id for offer in load_sample().solutions[:60] if offer.id not in ids)
    behind = house.get("paul", "/why-not", need="GILETS", solution=other, k=3)
    assert behind["rank"] > 3
    assert behind["behind"]
    assert behind["change"]


def test_story_5_similar_needs_abroad(house: House) -> None:
    """Never one's own; own others are national; the twin of another country comes first."""
    found = house.get("ana", "/needs/VEST-EE/similar", k=20)["items"]
    ids = [item["need"]["id"] for item in found]
    assert "VEST-EE" not in ids
    mine = next(item for item in found if item["need"]["id"] == "VEST-OWN")
    assert (mine["relation"], mine["own"]) == ("national", True)
    abroad = house.get("ana", "/needs/VEST-EE/similar", abroad=True)
    assert abroad["items"][0]["need"]["id"] in ("VEST-FI", "VEST-LT")
    assert {item["relation"] for item in abroad["items"]} == {"abroad"}
    twin = next(item for item in abroad["items"] if item["need"]["id"] == "VEST-FI")
    assert twin["who"] == "Poliisilaitos Kaarnala"
    assert twin["contact"] == "buying@police-fi.example"
    assert twin["overlap_days"] == 152
    assert twin["same_need"] > 0.5
    assert twin["evidence"]


def test_story_5_a_masked_need_is_an_authority_in_a_member_state(house: House) -> None:
    """To industry without its name, to the network with it, to the public not at all."""
    text = {"text": "gilets pare-balles à port discret", "k": 20}
    network = house.get("ana", "/needs/VEST-EE/similar", k=30)["items"]
    assert next(item["who"] for item in network if item["need"]["id"] == "MASKED") == "Gendarmerie du Valmont"
    industry = house.post("ivo", "/search/needs", text, 200)["items"]
    seen = next(item["need"] for item in industry if item["need"]["id"] == "MASKED")
    assert (seen["organisation"], seen["country"]) == ("", "FR")
    assert "MASKED" not in repr(house.post("nils", "/search/needs", text, 200))
    assert house.ask(None, "POST", "/search/needs", json=text).status_code == 401


def candidate_of(house: House, need: str, who: str = "ana") -> Any:
    """The candidate that holds a need, in full; None where there is none."""
    found = house.get(who, "/candidates", need=need)["items"]
    return house.get(who, f"/candidates/{found[0]['id']}") if found else None


def test_story_6_a_planted_trio_is_found_and_ready_to_talk(house: House) -> None:
    """Level A; the score follows from the factors, each of which has a sentence."""
    found = candidate_of(house, "VEST-EE")
    assert found is not None
    shown = found["candidate"]
    assert {"VEST-EE", "VEST-FI", "VEST-LT"} <= {member["id"] for member in shown["members"]}
    assert found["brief"]["level"] == "A ready to talk"
    factors = shown["score"]["factors"]
    known = [factor for factor in factors if factor["value"] is not None]
    total = 100 * sum(f["weight"] * f["value"] for f in known) / sum(f["weight"] for f in known)
    assert shown["score"]["total"] == pytest.approx(total, abs=1.0)
    assert sum(factor["weight"] for factor in factors) == pytest.approx(1.0)
    assert all(factor["sentence"] for factor in factors)
    assert shown["totals"]["value_eur"] >= 4_500_000
    row = shown["threshold"]["row"]
    assert (row["amount_eur"], row["valid_from"], row["valid_to"]) == (140_000.0, "2026-01-01", "2027-12-31")


@pytest.mark.parametrize("pair", TRAPS, ids=lambda pair: pair[0].id)
def test_story_7_what_only_sounds_alike_is_kept_apart(house: House, pair: tuple[Need, Need]) -> None:
    """Patrol boats and cars, drones and what stops them: not joined, or level C with the reason."""
    found = candidate_of(house, pair[0].id, OWNERS[pair[0].id])
    if found is not None and pair[1].id in {member["id"] for member in found["candidate"]["members"]}:
        assert found["brief"]["level"].startswith("C")
        assert found["candidate"]["score"]["caps"]


def test_story_8_unknown_is_not_zero(house: House) -> None:
    """Two members lose regime and window: completeness and level fall, and the prompts name these fields."""
    found = candidate_of(house, "VEST-EE")
    nothing = {"regime": None, "window_start": None, "window_end": None}
    others = [
        member["id"] for member in found["candidate"]["members"] if not member["id"].startswith("VEST-")
    ]
    changed = {"drop": others, "state": {"VEST-EE": nothing, "VEST-FI": nothing}}
    tried = house.post("ana", f"/candidates/{found['brief']['id']}/what-if", changed, 200)
    before, after = tried["before"]["score"], tried["after"]["score"]
    assert after["completeness"] < before["completeness"]
    assert after["level"] != "A"
    named = {field for factor in after["factors"] for field in factor["missing"]}
    assert {"VEST-EE: regime", "VEST-FI: regime"} <= named
    assert any("window" in field for field in named)
    unknown = [factor for factor in after["factors"] if factor["value"] is None]
    assert unknown
    assert not any(re.search(r"\b0\.0|nan", factor["sentence"], re.IGNORECASE) for factor in unknown)
    assert tried["changes"]


def test_story_11_a_verdict_changes_ones_own_list_alone(house: House) -> None:
    """What is not relevant leaves, the order stays until asked, unsure does nothing, all can be undone."""
    path = "/needs/GILETS/solutions"
    before = [item["solution"]["id"] for item in house.get("paul", path)["items"]]

    def say(place: int, verdict: str, reason: str = "") -> str:
        given = {
            "subject": "match", "query_id": "GILETS", "document_id": before[place], "verdict": verdict,
            "reason": reason, "rank_shown": place + 1,
        }  # fmt: skip
        made: str = house.post("paul", "/feedback", given)["id"]
        return made

    refused = [say(place, "not_relevant", "wrong_function") for place in (2, 4, 6)]
    kept = [say(place, "relevant") for place in (0, 1)]
    say(3, "unsure")
    gone = [before[place] for place in (2, 4, 6)]
    after = house.get("paul", path)
    ids = [item["solution"]["id"] for item in after["items"]]
    assert ids[: len(before) - 3] == [id_ for id_ in before if id_ not in gone]
    assert (after["refused"], after["reranked"]) == (3, False)
    assert after["items"][0]["verdict"] == "relevant"
    again = house.get("paul", path, rerank=True)
    assert again["reranked"] is True
    assert set(gone).isdisjoint(item["solution"]["id"] for item in again["items"])
    assert [item["solution"]["id"] for item in house.get("lea", path)["items"]] == before
    why = house.get("paul", "/why-not", need="GILETS", solution=gone[0])
    assert why["hidden_by"] == ["what you marked as not relevant"]
    kept_words = house.get("paul", "/feedback", limit=100)["items"]
    assert all(word["model_version"] for word in kept_words)
    assert {word["rank_shown"] for word in kept_words} == {1, 2, 3, 4, 5, 7}
    export = house.ask("paul", "GET", "/me/data").text
    assert "rank_shown" in export
    for word in (*refused, *kept):
        assert house.ask("paul", "DELETE", f"/feedback/{word}").status_code == 204
    restored = house.get("paul", path)
    assert [item["solution"]["id"] for item in restored["items"]] == before


def test_story_15_interest_parity_and_hand_over(house: House) -> None:
    """Three express interest, one withdraws; one answer for all; nothing is agreed that is not said."""
    found = candidate_of(house, "VEST-EE")
    path = f"/candidates/{found['brief']['id']}"
    for who in ("ana", "eero", "lina"):
        house.moment[0] += timedelta(minutes=1)
        room = house.post(who, f"{path}/interest", {"kind": "participant"})
    assert [one["country"] for one in room["interests"]] == ["EE", "FI", "LT"]
    score = house.get("ana", path)["candidate"]["score"]["total"]
    house.post("ana", f"{path}/stage", {"stage": "workspace"}, 200)

    # one answer, the same for all, at the same time
    question = house.post("eero", f"{path}/questions", {"text": "Is a trial planned?"})
    house.post("lina", f"/questions/{question['id']}/answer", {"answer": "Yes, in March 2027."}, 200)
    told = []
    for who in ("ana", "eero", "lina"):
        message = next(m for m in house.get(who, "/inbox")["items"] if m["kind"] == "answer")
        told.append((message["body"]["answer"], message["body"]["answered_at"], message["at"]))
    assert len(set(told)) == 1
    assert "ana" not in repr(house.get("lina", f"{path}/questions"))
    logged = [row["action"] for row in house.get("root", "/audit", limit=100)["items"]]
    assert {"question.asked", "question.answered", "interest.expressed", "candidate.moved"} <= set(logged)

    # who withdraws says again what was said before; the score is computed anew, the history stays
    room = house.post("lina", f"{path}/interest/withdraw", {"reason": "no budget"}, 200)
    gone = next(one for one in room["interests"] if one["organisation_id"] == "police-lt")
    assert (gone["withdrawn_reason"], bool(gone["withdrawn_at"])) == ("no budget", True)
    house.change("VEST-LT", body={**_body(house, "VEST-LT"), "joint_interest": "maybe"})
    again = house.get("ana", path)
    assert again["candidate"]["score"]["total"] != score
    assert [(move["before"], move["after"]) for move in again["room"]["history"]] == [
        ("detected", "workspace")
    ]
    assert len(again["room"]["interests"]) == 3

    # a lead is a suggestion; an agreement needs what the Directive asks for
    assert again["candidate"]["leads"]
    assert all(lead["reasons"] for lead in again["candidate"]["leads"])
    refused = house.ask("ana", "POST", f"{path}/stage", json={"stage": "agreement"})
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "/agreement/responsibilities", "/agreement/applicable_law", "/agreement/internal_organisation",
    }  # fmt: skip
    tag = house.ask("ana", "GET", path).headers["ETag"]
    agreed = {
        "responsibilities": "EE leads.", "applicable_law": "EE", "internal_organisation": "A board.",
        "framework": True,
    }  # fmt: skip
    found = house.ask("ana", "PATCH", f"{path}/agreement", json=agreed, headers={"If-Match": tag})
    assert found.status_code == 200, found.text
    stale = house.ask("eero", "PATCH", f"{path}/agreement", json=agreed, headers={"If-Match": tag})
    assert stale.status_code == 412
    refused = house.ask("ana", "POST", f"{path}/stage", json={"stage": "agreement"})
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "/agreement/named_users", "/agreement/max_value_eur",
    }  # fmt: skip
    framework = {"named_users": ["Police of Saaremaa", "Police of Savonia"], "max_value_eur": 4_000_000.0}
    tag = found.headers["ETag"]
    house.ask("eero", "PATCH", f"{path}/agreement", json=framework, headers={"If-Match": tag})
    assert house.post("ana", f"{path}/stage", {"stage": "agreement"}, 200)["stage"] == "agreement"

    # the dossier says it all, and that nothing of it binds
    dossier = house.ask("ana", "GET", f"{path}/dossier", params={"format": "md"}).text
    for words in ("Politseiamet Koidula", "140", "suggest", "checklist", "needmatch-e5-small"):
        assert words.lower() in dossier.lower(), words


def _body(house: House, need_id: str) -> dict[str, Any]:
    from service.store.rows import body_of

    return body_of(house.held.catalogue.entries[need_id].record)
