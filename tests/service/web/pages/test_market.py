"""The market as pages: an overview of questions, and each analysis with chart, table, caveats and files."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest
from lxml import html

from matcher.records import Need, Solution, Visibility
from service.rights.viewer import Viewer
from service.routes import analytics
from service.web.market import ANALYSES, GROUPS
from tests.house import House, opened
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]
NEED = Need(
    id="vests", title="Stab vests for dog handlers", description="Washable, class four.", language="en",
    country="EE", visibility=Visibility.PUBLIC, cpv=("35815100",), value=250_000.0, value_eur=250_000.0,
    currency="EUR", window_start=date(2027, 1, 1), window_end=date(2027, 6, 30),
)  # fmt: skip
OWNERS = ("ana", "eero", "lina")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same need of three countries, a lone one, and what answers them; groups are made."""
    with opened(tmp_path_factory.mktemp("market")) as found:
        for who, country in zip(OWNERS, ("EE", "FI", "LT"), strict=True):
            found.enter(who, replace(NEED, id=f"vests-{country}", country=country))
        found.enter("ana", replace(NEED, id="boats", title="Patrol boats", cpv=("34522000",)))
        found.enter(
            "ivo", Solution(id="vest", name="Stab vest", visibility=Visibility.PUBLIC, cpv=("35815100",))
        )
        found.held.follower.catch_up()
        for who in ("ana", "ivo"):
            found.get(who, "/analytics/demand")
        yield found


def test_the_overview_asks_one_question_an_analysis(browser: Made) -> None:
    """Those who may read candidates find all; industry finds none that names groups; nobody else comes in."""
    shown = {link.get("href") for link in browser("ana").get("/market").cssselect("main .card a")}
    assert shown == {f"/market/{name}" for _, inside in GROUPS for name in inside}
    masked = {link.get("href") for link in browser("ivo").get("/market").cssselect("main .card a")}
    assert masked == shown - {f"/market/{name}" for name in analytics.DETAILED}
    assert browser(None).ask("GET", "/market").headers["Location"].startswith("/login")


def test_every_analysis_that_may_be_asked_for_is_described() -> None:
    """None of the interface is without its page."""
    root = Viewer("ari", "police-ee", "analyst", True, "EE")  # type: ignore[arg-type]
    assert set(ANALYSES) >= {one.name for one in analytics.analyses(root).items}


@pytest.mark.parametrize("name", list(ANALYSES))
def test_a_page_shows_what_it_says_and_what_it_rests_on(browser: Made, name: str) -> None:
    """With the finding's sentence, coverage and caveat, in one heading; in another language too."""
    page = browser("ana").get(f"/market/{name}")
    assert [one.text_content() for one in page.cssselect("h1")] == [str(ANALYSES[name].title)]
    text = page.cssselect("main")[0].text_content()
    for part in ("What it says", "How to read it", "What it does not say", "Coverage", "26 Nov 2026"[-4:]):
        assert part in text
    browser("ana", "et").get(f"/market/{name}")


def test_small_cells_are_withheld_and_said_to_be(browser: Made) -> None:
    """By country each part has one organisation; by regime there are three."""
    page = browser("ana").get("/market/environment", down="country")
    assert "Everything is withheld" in page.text_content()
    assert not page.cssselect("figure.chart")
    whole = browser("ana").get("/market/environment", down="regime", across="")
    assert whole.cssselect("figure.chart table td[data-value='4']")


def test_parameters_are_kept_and_what_is_wrong_stands_at_its_field(browser: Made) -> None:
    """A scenario is computed from what was assumed; a number out of range is told."""
    ana = browser("ana")
    page = ana.get("/market/joint-buying", elasticity="-0,05", threshold_eur="300000")
    assert page.cssselect("#elasticity")[0].get("value") == "-0,05"
    wrong = ana.get("/market/joint-buying", 422, elasticity="-7")
    assert "from -1 to 1" in wrong.cssselect("#elasticity-error")[0].text_content()
    assert wrong.cssselect("[role=alert]")
    ana.get("/market/cpv-drift", 422, split="soon")
    ana.get("/market/cpv-drift", split="2027-01-01", digits="2")
    ana.get("/market/nothing", 404)
    browser("ivo").get("/market/joint-buying", 404)


def test_files_hold_the_rows_and_what_they_rest_on(browser: Made) -> None:
    """The table for a spreadsheet, everything as the interface gives it."""
    ana = browser("ana")
    table = ana.ask("GET", "/market/country-map/table.csv")
    assert table.headers["Content-Disposition"] == 'attachment; filename="country-map.csv"'
    assert table.text.lstrip("\ufeff").startswith("country,needs,")
    found = json.loads(ana.ask("GET", "/market/country-map/finding.json").text)
    assert {"sentence", "coverage", "caveat", "versions", "rows"} <= found.keys()
    assert browser("ivo").ask("GET", "/market/cooperation/table.csv").status_code == 404


def test_while_it_is_computed_the_page_asks_again(
    browser: Made, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself: with scripts every few seconds, without them by loading anew."""
    monkeypatch.setattr(type(house.held.views), "known", lambda *_: None)
    ana = browser("ana")
    waiting = ana.ask("GET", "/market/trends")
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (202, "5")
    page = html.fromstring(waiting.text)
    assert page.cssselect("[role=status][hx-get='/market/trends']")
    assert page.cssselect("meta[http-equiv=refresh]")
    assert ana.ask("GET", "/market/trends", headers={"HX-Request": "true"}).status_code == 204
