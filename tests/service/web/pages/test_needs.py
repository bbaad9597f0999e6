"""Needs as pages: listed and shown to those who may see them, moved on and erased by their owners."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest

from matcher.records import Need, Visibility
from tests.house import House, opened
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]
NEED = Need(
    id="vests", title="Kuulivestid koerajuhtidele", description="Pestavad, neljas klass.", language="et",
    country="EE", organisation="Police of Saaremaa", visibility=Visibility.PUBLIC, quantity="300 sets",
    cpv=("35815100",), value=250_000.0, value_eur=250_000.0, currency="EUR",
    window_start=date(2027, 1, 1), window_end=date(2027, 6, 30), extra={"outcome": "Dogs are unprotected."},
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A public need with a withheld value, and one that nobody but its owner may see."""
    value = {"field": "value", "reason_code": "fair-comp", "reason": "secret talks", "until": "2027-06-30"}
    with opened(tmp_path_factory.mktemp("needs")) as found:
        found.enter("ana", NEED, redactions=[value])
        found.enter("ana", replace(NEED, id="hidden", title="Hidden thing", visibility=Visibility.PRIVATE))
        found.enter(
            "eero",
            replace(
                NEED, id="boats", title="Boats", cpv=("34522000",), country="FI", value_eur=9.0, value=9.0
            ),
        )
        yield found


def test_the_list_begins_with_ones_own_and_opens_to_all(browser: Made) -> None:
    """Titles keep their language; who may write finds the way to a new need."""
    ana = browser("ana")
    mine, everybody = ana.get("/needs"), ana.get("/needs", mine="0")
    assert {link.text_content() for link in mine.xpath("//h2/a")} == {NEED.title, "Hidden thing"}
    assert mine.xpath("//h2/a[@href='/needs/vests']/*[@lang='et']")
    assert mine.xpath("//a[@href='/needs/new']")
    assert "€250,000" in mine.text_content()
    assert {"Boats", NEED.title} <= {link.text_content() for link in everybody.xpath("//h2/a")}


def test_others_see_neither_what_is_hidden_nor_what_is_withheld(browser: Made) -> None:
    """In the list and on the page; each withheld field says why and until when."""
    for who in ("eero", "ivo", None):
        listed = browser(who).get("/needs", mine="0").text_content()
        assert "Hidden thing" not in listed
        assert "250,000" not in listed
        browser(who).get("/needs/hidden", 404)
        page = browser(who).get("/needs/vests")
        assert "Fair competition, until 30 Jun 2027" in page.text_content()
        assert "250,000" not in page.text_content()
        assert "secret talks" not in page.text_content()
        assert not page.xpath("//a[contains(@href, '/edit') or contains(@href, '/erase')]")
    assert not browser("ivo").get("/needs").xpath("//a[@href='/needs/new']")


def test_filters_narrow_the_list_and_say_what_is_wrong(browser: Made) -> None:
    """A script gets the results alone; an empty list says how to go on."""
    eero = browser("eero")
    found = eero.get("/needs", partly=True, mine="0", cpv="3452", country="FI", q="boat")
    assert [link.text_content() for link in found.xpath("//h2/a")] == ["Boats"]
    assert not found.xpath("//form")
    none = eero.get("/needs", mine="0", nature="works")
    assert none.xpath("//*[@class='empty']//a")
    wrong = eero.get("/needs", 422, mine="0", cpv="3x")
    assert wrong.get_element_by_id("cpv").get("aria-invalid") == "true"


def test_an_owner_sees_gaps_history_and_steps(browser: Made) -> None:
    """And others' tabs as far as the role goes."""
    page = browser("ana").get("/needs/vests")
    text = page.text_content()
    assert "secret talks" in text
    assert "€250,000" in text
    assert page.get_element_by_id("complete").tag == "meter"
    assert "First version" in text
    steps = page.xpath("//a[contains(@href, '/step/')]/@href")
    assert {step.rsplit("/", 1)[1] for step in steps} == {"renew", "fulfil", "pause", "withdraw"}
    assert page.xpath("//nav[contains(@class, 'tabs')]//a[@href='/needs/vests/solutions']")
    assert not browser("ivo").get("/needs/vests").xpath("//a[@href='/needs/vests/solutions']")
    assert "Version" in browser("ana").get("/needs/vests/history").text_content()
    browser("eero").get("/needs/vests/history", 403)


def test_a_step_is_asked_for_and_then_taken(browser: Made, house: House) -> None:
    """With its reason kept; a version that is not the last one is told, and a step that does not fit too."""
    house.enter("ana", replace(NEED, id="moves"))
    ana = browser("ana")
    form = ana.get("/needs/moves/step/pause").xpath("//main//form")[0]
    version = form.xpath(".//input[@name='version']/@value")[0]
    stale = ana.send("/needs/moves/step/pause", {"version": "99"}, 412)
    assert "Somebody changed the need meanwhile" in stale.text
    sent = ana.send("/needs/moves/step/pause", {"version": version, "reason": "Budget"})
    assert sent.headers["location"] == "/needs/moves"
    assert "Paused" in ana.get("/needs/moves").text_content()
    ana.get("/needs/moves/step/pause", 409)
    ana.get("/needs/moves/step/fly", 404)
    ana.send("/needs/moves/step/renew", {"version": str(int(version) + 1), "until": "soon"}, 422)
    browser("eero").get("/needs/moves/step/reopen", 403)
    browser("ivo").get("/needs/vests/step/pause", 403)
    browser("eero").get("/needs/vests/step/pause", 403)


def test_erasing_needs_a_tick_and_leaves_nothing(browser: Made, house: House) -> None:
    """Without it the page says so; afterwards nobody finds the need."""
    house.enter("ana", replace(NEED, id="gone"))
    ana = browser("ana")
    ana.send("/needs/gone/erase", {"version": "1"}, 422)
    assert "Erase this need" in ana.get("/needs/gone/erase").text_content()
    ana.send("/needs/gone/erase", {"version": "1", "sure": "true"})
    ana.get("/needs/gone", 404)
