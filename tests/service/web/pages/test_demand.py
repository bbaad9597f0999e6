"""Pages of demand: by text, for a solution, on a map, and without supply; nothing hidden shows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from matcher.phrases import phrase
from matcher.records import Kind, Need, Solution
from service.schemas.matching import MatchOut, MissingOut, NeedBrief
from service.web.pages.demand import lacks
from service.web.pages.demand_views import matrix, steps, tiles
from tests.house import House
from tests.service.web.conftest import Browser

Browsing = Callable[..., Browser]


@pytest.fixture(scope="module")
def ids(house: House) -> dict[str, str]:
    """Needs of several visibilities, and a solution."""
    vests = Need(
        id="", title="", description="Vests that stop bullets, for patrols.", language="en", cpv=("35815100",)
    )
    asked = replace(vests, title="Ballistic vests", country="FI", standards=("EN 1063",))
    masked = replace(vests, title="Vests for guards", country="LT")
    hidden = replace(vests, title="Vests nobody knows of", country="EE")
    made = {
        "open": house.enter("eero", asked, visibility="public"),
        "masked": house.enter("lina", masked, visibility="network_industry"),
        "hidden": house.enter("gert", hidden, visibility="network"),
    }
    made["offer"] = house.enter(
        "ivo", Solution(id="", name="SafeCell", description="A vest that stops bullets.", language="en",
                        delivery_countries=("DE",)),
    )  # fmt: skip
    return made


def text(page: Any) -> str:
    """All words of a page on one line."""
    return " ".join(page.text_content().split())


def test_demand_is_searched_by_text_with_masked_buyers_as_the_viewer_sees_them(
    browser: Browsing, ids: dict[str, str]
) -> None:
    """Industry finds public and masked needs, without the masked buyer, and no need of the network."""
    page = browser("ivo").get("/demand", text="vests that stop bullets")
    said = text(page)
    assert "Ballistic vests" in said
    assert "Vests for guards" in said
    assert "Buyer not shown" in said
    assert "Police of Girele" not in said
    assert "nobody knows of" not in said
    assert page.xpath(f"//a[@href='/needs/{ids['open']}/questions']")
    assert page.xpath("//a[starts-with(@href, '/saved-searches/new?text=vests')]")


def test_what_a_filter_hides_is_counted_and_one_link_away(browser: Browsing, ids: dict[str, str]) -> None:
    """The link takes the filter out and leaves the text."""
    page = browser("ivo").get("/demand", text="vests", countries="FI")
    assert "hidden by your choice of country" in text(page)
    (link,) = page.xpath("//ul[@aria-label='What is not shown']//a/@href")
    assert "text=vests" in link
    assert "countries" not in link


def test_without_a_text_the_latest_needs_are_listed(browser: Browsing, ids: dict[str, str]) -> None:
    """Nothing hidden is among them; a wrong code is told at its field."""
    said = text(browser("ivo").get("/demand"))
    assert "Ballistic vests" in said
    assert "nobody knows of" not in said
    assert "cpv-error" in browser("ivo").ask("GET", "/demand", params={"text": "vests", "cpv": "x"}).text


def test_demand_for_a_solution_says_what_keeps_it_from_more(browser: Browsing, ids: dict[str, str]) -> None:
    """The vendor reads which standard and country the needs ask for that the solution does not list."""
    ivo = browser("ivo")
    said = text(ivo.get(f"/solutions/{ids['offer']}/needs"))
    assert "You do not list EN 1063: 1 need asks for it" in said
    assert "You do not deliver to Finland: 1 need is from there" in said
    assert "nobody knows of" not in said


def test_why_not_answers_for_what_is_seen_alone(browser: Browsing, ids: dict[str, str]) -> None:
    """An address of a need will do; a hidden need is as if it were not there."""
    ivo, where = browser("ivo"), f"/solutions/{ids['offer']}/needs"
    assert "Ballistic vests" in text(ivo.get(where, need=f"https://x.example/needs/{ids['open']}"))
    hidden, none = (text(ivo.get(where, need=one)) for one in (ids["hidden"], "00000000-none"))
    assert hidden.replace(ids["hidden"], "ID") == none.replace("00000000-none", "ID")


def test_a_need_marked_as_not_relevant_leaves_the_list_until_taken_back(
    browser: Browsing, ids: dict[str, str]
) -> None:
    """It stands below the list, where one button brings it back."""
    ivo, where = browser("ivo"), f"/solutions/{ids['offer']}/needs"
    said = {"verdict": "not_relevant", "reason": "wrong_place", "rank": 1}
    ivo.send(f"{where}/{ids['masked']}/verdict", said)
    page = ivo.get(where)
    assert not page.xpath(f"//article[@id='match-{ids['masked']}']")
    assert "What you marked as not relevant" in text(page)
    ivo.send(f"{where}/{ids['masked']}/verdict", {"verdict": "undo"})
    assert ivo.get(where).xpath(f"//article[@id='match-{ids['masked']}']")


def test_map_and_gaps_show_to_each_what_the_audience_may_see(browser: Browsing, ids: dict[str, str]) -> None:
    """Cells of fewer than three are withheld; a need of the network is no gap for industry."""
    said = text(browser("ivo").get("/demand/map"))
    assert "Finland: fewer than 3" in said
    assert "Estonia: no needs registered" in said
    gaps = text(browser("ivo").get("/demand/gaps", state="not compared"))
    assert "nobody knows of" not in gaps
    assert "Ballistic vests" in gaps
    assert "nobody knows of" in text(browser("ana").get("/demand/gaps", state="not compared"))


def test_gaps_are_the_needs_that_one_may_see_narrowed_by_country_and_code(
    house: House, browser: Browsing, ids: dict[str, str]
) -> None:
    """The interface gives each as a row, with its codes; the page has the same filters."""
    rows = {row["id"]: row for row in house.get("ivo", "/analytics/gaps")["rows"]}
    assert {ids["open"], ids["masked"]} <= rows.keys()
    assert ids["hidden"] not in rows
    assert rows[ids["open"]]["cpv"] == ["35815100"]

    def narrowed(**query: str) -> set[str]:
        return {row["id"] for row in house.get("ivo", "/analytics/gaps", **query)["rows"]}

    assert ids["open"] in narrowed(cpv="358", countries="FI", state="not compared")
    assert ids["open"] not in narrowed(cpv="99")
    assert ids["open"] not in narrowed(countries="LT")
    assert ids["open"] not in narrowed(state="served")
    assert browser("ivo").get("/demand/gaps", cpv="no code").xpath("//*[@id='cpv-error']")


def test_demand_is_for_those_who_may(browser: Browsing, ids: dict[str, str]) -> None:
    """A procurer has no door to it, nobody is sent to sign in."""
    browser("ana").get("/demand", 403)
    browser("ana").get(f"/solutions/{ids['offer']}/needs", 403)
    assert browser(None).ask("GET", "/demand/map").headers["location"].startswith("/login")


def test_lacks_count_each_standard_country_and_field() -> None:
    """Several standards in one gap count apiece; what stands for it does not count."""
    brief = NeedBrief(
        id="N", title="", language=None, country="FI", organisation="", cpv=[], value_eur=None, quantity="",
        window_start=None, window_end=None,
    )  # fmt: skip
    match = MatchOut(
        rank=1, level=None, probability=None, score=0.0, need=brief, matched=[],
        gaps=[
            phrase("does not state {standards}", standards="EN 1, EN 2"),
            phrase("does not list {country}", country="FI"),
        ],
        uncovered=[], missing=[MissingOut(kind=Kind.SOLUTION, field="trl", effect="it would show"),
                               MissingOut(kind=Kind.NEED, field="cpv", effect="it would show")],
        assumptions=[], next_question="", evidence=[], contributions=[],
    )  # fmt: skip
    found = [(one.kind, one.what, one.results) for one in lacks([match, match])]
    assert found == [
        ("standard", "EN 1", 2), ("standard", "EN 2", 2), ("country", "FI", 2), ("field", "trl", 2),
    ]  # fmt: skip


def test_tiles_and_cells_keep_withheld_apart_from_none() -> None:
    """A withheld country has no number and no colour; an area that nobody asks for has no cell."""
    known = {"EE": {"needs": None, "suppressed": True}, "FI": {"needs": 8, "suppressed": False}}
    by_code = {tile.code: tile for tile in tiles(known, 8)}
    assert (by_code["EE"].suppressed, by_code["EE"].depth) == (True, 0)
    assert (by_code["FI"].needs, by_code["FI"].depth) == (8, 4)
    assert not by_code["LV"].suppressed
    assert [numbers for _, *numbers in steps(2)] == [[1, 1], [2, 2]]
    rows = [{"area": "Cybersecurity", "country": "FI", "needs": 3, "suppliers": 0, "suppressed": False}]
    columns, lines = matrix(rows)
    assert columns == ["Cybersecurity"]
    assert lines[0][1]["Cybersecurity"].needs == 3
