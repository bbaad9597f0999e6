"""Pages of solutions: written with help, shown, moved on; nobody but the vendor changes them."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from matcher.records import Need, Solution
from service.language import language
from tests.house import House
from tests.service.web.conftest import Browser

Browsing = Callable[..., Browser]
TYPED = {
    "name": "SafeCell vest",
    "description": "Ballistic vest of class four with washable cover.",
    "language": "en",
    "cpv": "35815100",
    "standards": "EN 1063\nVPAM BSW 2006",
    "trl": "9",
    "delivery_countries": ["EE", "FI"],
    "price_min": "400",
    "price_max": "650,50",
    "currency": "EUR",
    "visibility": "public",
    "references": "Police of Savonia, FI, 2025",
}


@pytest.fixture(scope="module")
def offer(house: House) -> str:
    """A solution of the vendor."""
    return house.enter(
        "ivo", Solution(id="", name="Plate carrier", description="Carries plates.", language="en")
    )


@pytest.fixture(scope="module", autouse=True)
def need(house: House) -> str:
    """A public need that asks for a standard."""
    asked = Need(
        id="", title="Ballistic vests", description="Vests and plates for patrols.", language="en",
        country="FI", standards=("EN 1063",), cpv=("35815100",),
    )  # fmt: skip
    return house.enter("eero", asked, visibility="public")


def text(page: Any) -> str:
    """All words of a page on one line."""
    return " ".join(page.text_content().split())


def test_a_solution_is_entered_read_changed_and_moved_on_without_scripts(browser: Browsing) -> None:
    """The form keeps what is typed, the page shows it, each step leads on, and the history tells of all."""
    ivo = browser("ivo")
    where = ivo.send("/solutions", TYPED | {"save": "draft"}).headers["location"]
    page = text(ivo.get(where))
    assert "Draft" in page
    for said in (
        "SafeCell vest",
        "EN 1063, VPAM BSW 2006",
        "TRL 9",
        "Estonia and Finland",
        "Savonia, FI, 2025",
    ):
        assert said in page
    form = ivo.get(f"{where}/edit")
    assert form.get_element_by_id("price_max").get("value") == "650.5"
    ivo.send(f"{where}/edit", TYPED | {"version": 1, "trl": "8", "references": ""})
    page = text(ivo.get(where))
    assert "TRL 8" in page
    assert "Savonia, FI, 2025" not in page
    ivo.send(f"{where}/move", {"step": "submit", "version": 2})
    ivo.send(f"{where}/move", {"step": "pause", "version": 3})
    assert "Paused" in text(ivo.get(where))
    ivo.send(f"{where}/move", {"step": "reopen", "version": 4})
    ivo.send(f"{where}/move", {"step": "renew", "version": 5, "until": "2028-01-31"})
    page = ivo.get(where)
    assert language("en").date(date(2028, 1, 31)) in text(page)
    assert len(page.xpath("//table/tbody/tr")) == 6
    ivo.send(f"{where}/erase", {"version": 6})
    ivo.get(where, 404)


def test_a_stale_change_shows_the_form_again_with_what_was_typed(browser: Browsing, offer: str) -> None:
    """Of two who change the same version the second is told, and loses nothing of the text."""
    ivo = browser("ivo")
    page = ivo.send(f"/solutions/{offer}/edit", TYPED | {"version": 99}, status=412).text
    assert "SafeCell vest" in page
    assert "Somebody changed it meanwhile" in page


def test_help_says_what_each_gap_costs_and_keeps_nothing(browser: Browsing) -> None:
    """Check shows gaps with their cost and words to look at again; no solution comes of it."""
    ivo = browser("ivo")
    before = text(ivo.get("/solutions?whose=mine"))
    typed = {"name": "Scanner", "description": "Call +372 5123 4567 for more.", "language": "en"}
    page = ivo.send("/solutions/check", typed, status=200).text
    assert "It would show to which buyers it is delivered." in page
    assert "+372 5123 4567" in page
    assert "phone number" in page
    part = ivo.ask(
        "POST", "/solutions/check", data={"csrf": ivo.csrf, **typed}, headers={"HX-Request": "true"}
    )
    assert "<html" not in part.text
    assert "How complete it is" in part.text
    assert text(ivo.get("/solutions?whose=mine")) == before


def test_faults_stand_beside_their_fields_and_what_was_typed_stays(browser: Browsing) -> None:
    """A price that is no number and a wrong link are told at their fields with status 422."""
    faulty = TYPED | {"price_min": "cheap", "url": "vendor.example"}
    answer = browser("ivo").send("/solutions", faulty, status=422).text
    assert 'id="price_min-error"' in answer
    assert 'id="url-error"' in answer
    assert "washable cover" in answer


def test_others_see_what_is_public_and_no_way_to_change_it(browser: Browsing, offer: str) -> None:
    """A buyer and nobody read it without history; neither gets the form."""
    for who in ("ana", None):
        page = browser(who).get(f"/solutions/{offer}")
        assert "Carries plates." in text(page)
        assert not page.xpath("//a[contains(@href, '/edit')]")
        assert "History" not in text(page)
    browser("ana").get(f"/solutions/{offer}/edit", 403)
    assert browser(None).ask("GET", "/solutions/new").headers["location"].startswith("/login")
    browser("nils").get(f"/solutions/{offer}/edit", 403)


def test_a_draft_is_not_there_for_others(browser: Browsing) -> None:
    """What is not published is neither listed nor opened by its address."""
    where = (
        browser("ivo")
        .send("/solutions", TYPED | {"save": "draft", "name": "Secret sled"})
        .headers["location"]
    )
    assert "Secret sled" in text(browser("ivo").get("/solutions"))
    assert "Secret sled" not in text(browser("ana").get("/solutions"))
    browser("ana").get(where, 404)
