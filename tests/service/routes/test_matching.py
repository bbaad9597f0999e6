"""Recommendations over HTTP: what a viewer sees besides the audience, filters that are told, why not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from matcher.records import Need, Solution, Visibility
from tests.house import House, opened

VEST = Need(
    id="open", title="Ballistic vests for dog handlers", description="Washable, of class four.",
    language="en", country="EE", organisation="Police of Saaremaa", visibility=Visibility.PUBLIC,
    value_eur=9e4, window_start=date(2027, 1, 1), window_end=date(2027, 6, 30),
)  # fmt: skip
OFFER = Solution(
    id="offer", name="Ballistic vest for dog handlers", description="Washable.", language="en", country="DE",
    trl=9, delivery_countries=("EE",), visibility=Visibility.PUBLIC,
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Needs and offers of every openness; nothing in these tests changes them."""
    network = replace(
        VEST, id="network", country="FI", organisation="Police of Savonia", visibility=Visibility.NETWORK
    )
    masked = replace(
        network, id="masked", title="Vests for dog handlers", visibility=Visibility.NETWORK_INDUSTRY
    )
    group = replace(
        network, id="group", visibility=Visibility.GROUP, country="LT", organisation="Police of Girele"
    )
    withheld = {"field": "value", "reason_code": "fair-comp", "reason": "market consultation", "until": None}
    with opened(tmp_path_factory.mktemp("matching")) as found:
        found.enter_all(
            [
                ("ana", VEST, {}),
                ("ana", replace(VEST, id="mine", title="Ballistic vests, own"), {"visibility": "private"}),
                ("eero", network, {}),
                ("eero", masked, {}),
                ("lina", group, {"shares": ["police-ee"], "redactions": [withheld]}),
                ("uno", replace(VEST, id="new", visibility=Visibility.NETWORK), {}),
                ("ivo", OFFER, {}),
                (
                    "ivo",
                    replace(OFFER, id="low", name="Ballistic vests, early", trl=4),
                    {"visibility": "private"},
                ),
                ("nils", replace(OFFER, id="far", name="Vest", trl=5, delivery_countries=("PT",)), {}),
            ]
        )
        yield found


def found_by(house: House, who: str, text: str = VEST.title, **more: object) -> list[str]:
    """Ids of the needs that a text finds for somebody."""
    found = house.post(who, "/search/needs", {"text": text, "k": 100, **more}, 200)
    return [item["need"]["id"] for item in found["items"]]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("ana", {"open", "mine", "network", "masked", "group"}),
        ("pia", {"open", "mine", "network", "masked", "group"}),
        ("eero", {"open", "network", "masked"}),
        ("lina", {"open", "network", "masked", "group"}),
        ("ari", {"open", "network", "masked"}),
        ("ivo", {"open", "masked"}),
        ("nils", {"open"}),
        ("uno", {"open", "new"}),
    ],
)
def test_everybody_searches_what_they_may_see(house: House, who: str, expected: set[str]) -> None:
    """One's own and what was shared with one's organisation are laid over what the audience sees."""
    ids = found_by(house, who)
    assert set(ids) == expected | ({"new"} if who in ("ana", "pia", "eero", "lina", "ari") else set())
    assert len(ids) == len(set(ids))


def test_each_need_is_shown_as_the_viewer_sees_it(house: House) -> None:
    """Masked for industry, without what is withheld for the group, whole for its owner."""

    def shown(who: str, id_: str) -> dict[str, object]:
        items = house.post(who, "/search/needs", {"text": VEST.title, "k": 100}, 200)["items"]
        found: dict[str, object] = next(item["need"] for item in items if item["need"]["id"] == id_)
        return found

    assert shown("ivo", "masked")["organisation"] == ""
    assert shown("ivo", "masked")["value_eur"] is None
    assert shown("ana", "masked")["organisation"] == "Police of Savonia"
    assert shown("ana", "group")["value_eur"] is None
    assert shown("lina", "group")["value_eur"] == 9e4


def test_results_are_of_one_order_whichever_engine_they_come_from(house: House) -> None:
    """Scores fall, ranks count on."""
    items = house.post("ana", "/search/needs", {"text": VEST.title, "k": 100}, 200)["items"]
    assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)
    assert found_by(house, "ana", k=3) == [item["need"]["id"] for item in items[:3]]


def test_a_filter_says_what_it_hides_and_counts_each_record_once(house: House) -> None:
    """Also a record of which the owner sees more than the audience."""
    asked = {"text": VEST.title, "k": 100, "countries": ["LT"]}
    assert house.post("eero", "/search/needs", asked, 200)["hidden"] == {"countries": 4}
    hidden = house.post("ana", "/search/needs", asked, 200)
    assert hidden["hidden"] == {"countries": 5}
    assert [item["need"]["id"] for item in hidden["items"]] == ["group"]


def test_offers_for_a_need_and_needs_for_an_offer(house: House) -> None:
    """Both ways, with the question to ask next; private offers for their owner alone."""
    forward = house.get("ana", "/needs/open/solutions")
    assert [item["solution"]["id"] for item in forward["items"]] == ["offer", "far"]
    back = house.get("ivo", "/solutions/low/needs")
    assert {item["need"]["id"] for item in back["items"]} == {"open", "masked"}
    assert all(item["next_question"] for item in back["items"])
    assert house.get("nils", "/solutions/low/needs", 404)["status"] == 404


def test_why_not_agrees_with_the_list_for_every_viewer(house: House) -> None:
    """The rank is that of the list, though it is laid together from several engines."""
    for who in ("ana", "lina"):
        listed = house.get(who, "/needs/group/solutions", k=100)["items"]
        for item in listed:
            why = house.get(who, "/why-not", need="group", solution=item["solution"]["id"])
            assert (why["rank"], why["hidden_by"]) == (item["rank"], [])
    for item in house.get("ivo", "/solutions/low/needs", k=100)["items"]:
        why = house.get("ivo", "/why-not", need=item["need"]["id"], solution="low", asks="solution")
        assert why["rank"] == item["rank"]


def test_why_not_counts_own_and_shared_needs_among_those_ahead(house: House) -> None:
    """A need that only some see has a place in their lists."""
    text = house.get("kai", "/solutions/offer/needs", k=100)["items"]
    ranks = {item["need"]["id"]: item["rank"] for item in text}
    for id_, rank in ranks.items():
        assert house.get("kai", "/why-not", need=id_, solution="offer", asks="solution")["rank"] == rank
    hidden = house.get("kai", "/why-not", need="network", solution="offer", asks="solution", countries="EE")
    assert hidden["hidden_by"] == ["countries"]
    assert hidden["sentence"].startswith("Hidden by your filter on countries")


def test_a_pair_is_explained_or_refused(house: House) -> None:
    """What is not open is not matched; what is not seen is not there."""
    found = house.get("ana", "/explain", need="group", solution="offer")
    assert found["match"]["rank"] == 1
    assert (found["need"]["id"], found["solution"]["id"]) == ("group", "offer")
    house.get("ana", "/explain", 404, need="open", solution="low")
    house.get("eero", "/explain", 404, need="group", solution="offer")


def test_offers_side_by_side(house: House) -> None:
    """Two to four of them."""
    found = house.get("ana", "/needs/open/compare", solutions="offer, far")
    assert {item["solution"]["id"] for item in found["items"]} == {"offer", "far"}
    for given in ("offer", "offer,offer", "a,b,c,d,e"):
        assert house.ask("ana", "GET", "/needs/open/compare", params={"solutions": given}).status_code == 422


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"countries": "FRA"}, "query.countries"),
        ({"languages": "xx"}, "query.languages"),
        ({"cpv": "3"}, "query.cpv"),
        ({"k": 0}, "query.k"),
        ({"k": 101}, "query.k"),
        ({"trl_min": 10}, "query.trl_min"),
    ],
)
def test_a_filter_that_is_none_is_refused(house: House, query: dict[str, object], pointer: str) -> None:
    """With the parameter named."""
    found = house.ask("ana", "GET", "/needs/open/solutions", params=query)
    assert found.status_code == 422
    assert [error["pointer"] for error in found.json()["errors"]] == [pointer]


def test_the_same_filter_in_a_body_is_pointed_to_there(house: House) -> None:
    """As a JSON pointer."""
    found = house.ask("ana", "POST", "/search/needs", json={"text": "x", "countries": ["FRA"]})
    assert found.json()["errors"][0]["pointer"] == "/countries"


def test_similar_needs_tell_whose_they_are_and_how_to_reach_them(house: House) -> None:
    """Own ones are national; a withheld mailbox is a question through the service."""
    items = {item["need"]["id"]: item for item in house.get("ana", "/needs/open/similar", k=50)["items"]}
    assert "open" not in items
    assert (items["mine"]["relation"], items["mine"]["own"]) == ("national", True)
    assert items["network"]["relation"] == "abroad"
    assert items["network"]["contact"] == "buying@police-fi.example"
    assert items["network"]["overlap_days"] == 180
    shown = house.get("uno", "/needs/new/similar")["items"]
    assert [item["need"]["id"] for item in shown] == ["open"]
    assert shown[0]["contact"].startswith("Ask through the service")
    abroad = house.get("ana", "/needs/open/similar", abroad=True)
    assert {item["relation"] for item in abroad["items"]} == {"abroad"}
    assert abroad["hidden"]["abroad"] >= 2
