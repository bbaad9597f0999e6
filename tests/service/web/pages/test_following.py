"""Pages of saved searches and the inbox: kept, told, read; each sees their own alone."""

from collections.abc import Callable
from typing import Any

import pytest

from matcher.records import Need
from tests.house import House
from tests.service.web.conftest import Browser

Browsing = Callable[..., Browser]
TYPED = {"name": "Vests anywhere", "query_text": "vests that stop bullets", "searched": "needs",
         "min_level": "weak", "frequency": "daily", "max_items": "5", "channel": "inbox"}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def need(house: House) -> str:
    """A public need to be told of."""
    asked = Need(
        id="", title="Ballistic vests", description="Vests that stop bullets.", language="en", country="FI"
    )
    return house.enter("eero", asked, visibility="public")


def text(page: Any) -> str:
    """All words of a page on one line."""
    return " ".join(page.text_content().split())


def the_one(browser: Browser) -> str:
    """Where the first saved search of the list is."""
    return browser.get("/saved-searches").xpath("//h2/a/@href")[0]  # type: ignore[no-any-return]


def test_a_search_is_saved_run_read_paused_and_deleted_without_scripts(browser: Browsing, need: str) -> None:
    """A run fills the inbox once; what was told is not told again; read is read."""
    ivo = browser("ivo")
    page = ivo.get("/saved-searches/new", text="vests", countries="FI", cpv="35")
    assert page.get_element_by_id("query_text").value == "vests"
    assert page.get_element_by_id("countries").value == "FI"
    ivo.send("/saved-searches", TYPED)
    where = the_one(ivo)
    assert "Ballistic vests" in text(ivo.get(where))
    ivo.send(f"{where}/run")
    inbox = ivo.get("/inbox", only="unread")
    assert "Vests anywhere: 1 new or changed" in text(inbox)
    assert inbox.xpath(f"//a[@href='/needs/{need}']")
    assert "Nothing is new since the last run" in text(ivo.get(where))
    message = inbox.xpath("//li[@class='card stack']/@id")[0].removeprefix("m-")
    ivo.send(f"/inbox/{message}/read")
    assert "Everything is read" in text(ivo.get("/inbox", only="unread"))
    ivo.send(f"{where}/pause", {"version": 1})
    assert "Paused" in text(ivo.get("/saved-searches"))
    ivo.send(f"{where}/resume", {"version": 2})
    ivo.send(where, TYPED | {"version": 3, "name": "Vests, weekly", "frequency": "weekly"})
    assert "Once a week" in text(ivo.get("/saved-searches"))
    assert "Vests, weekly" in text(ivo.get(f"{where}/delete"))
    ivo.send(f"{where}/delete/now", {"version": 4})
    assert "Nothing is saved yet" in text(ivo.get("/saved-searches"))


def test_the_address_of_a_feed_is_shown_once(browser: Browsing) -> None:
    """The page after saving has it, with the hint to copy it; the search itself never shows it again."""
    nils = browser("nils")
    page = nils.send("/saved-searches", TYPED | {"channel": "feed"}, status=200).text
    assert "/api/v1/feeds/" in page
    assert "/api/v1/feeds/" not in nils.ask("GET", the_one(nils)).text


def test_a_saved_search_is_its_owners_alone(browser: Browsing) -> None:
    """Others cannot open, run, pause or delete it."""
    lina, ana = browser("lina"), browser("ana")
    lina.send("/saved-searches", TYPED)
    where = the_one(lina)
    ana.get(where, 404)
    for step in ("run", "pause", "delete/now"):
        ana.send(f"{where}/{step}", {"version": 1}, status=404)
    assert "Vests anywhere" not in text(ana.get("/saved-searches"))


def test_what_is_missing_is_told_at_its_field(browser: Browsing) -> None:
    """Without name, text, or the address of a webhook nothing is saved; what was typed stays."""
    ivo = browser("ivo")
    page = ivo.send("/saved-searches", {"channel": "webhook", "name": "", "query_text": ""}, status=422).text
    for field in ("name", "query_text", "target"):
        assert f'id="{field}-error"' in page
    page = ivo.send("/saved-searches", TYPED | {"channel": "webhook", "target": "ftp://x"}, status=422).text
    assert 'id="target-error"' in page
    assert "vests that stop bullets" in page


def test_nobody_is_sent_to_sign_in_and_a_foreign_form_is_refused(browser: Browsing) -> None:
    """Without a session there is no inbox; without the secret of the session nothing is done."""
    assert browser(None).ask("GET", "/inbox").headers["location"].startswith("/login")
    ivo = browser("ivo")
    assert ivo.ask("POST", "/saved-searches", data=TYPED).status_code == 403
