"""The form of a need: help while writing, drafts, submitting, changes that touch nothing else."""

from collections.abc import Callable
from typing import Any

from lxml import html

from matcher.records import Need, Visibility
from tests.house import House
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]


def fields_of(page: html.HtmlElement) -> dict[str, Any]:
    """What a browser would send of the form, without any button."""
    found: dict[str, Any] = {}
    for name, value in page.get_element_by_id("need-form").form_values():
        found.setdefault(name, []).append(value)
    return found


def test_a_draft_is_kept_and_then_submitted(browser: Made) -> None:
    """A title is enough for a draft; who submits goes on to the recommendations."""
    ana = browser("ana", "et")
    sent = fields_of(ana.get("/needs/new")) | {"title": "Kuulivestid"}
    assert sent["language"] == ["et"]
    where = ana.send("/needs/new", sent | {"do": "draft"}).headers["location"]
    assert browser("eero").ask("GET", where).status_code == 404
    again = fields_of(ana.get(f"{where}/edit"))
    assert again["title"] == ["Kuulivestid"]
    opened = ana.send(f"{where}/edit", again | {"do": "open", "value": "250 000"})
    assert opened.headers["location"] == f"{where}/solutions"
    page = browser("eero").get(where)
    assert "€250,000" in page.text_content()
    assert page.xpath("//h1/*[@lang='et']")


def test_errors_stand_at_their_fields_and_nothing_is_lost(browser: Made) -> None:
    """The page is shown again with what was written."""
    ana = browser("ana")
    wrong = {"title": "Vests", "value": "many", "contact": "Mari", "window_start": "soon", "do": "open"}
    page = html.fromstring(ana.send("/needs/new", fields_of(ana.get("/needs/new")) | wrong, 422).text)
    for name in ("value", "contact", "window_start"):
        assert page.get_element_by_id(name).get("aria-invalid") == "true"
        assert page.get_element_by_id(f"{name}-error").text_content()
    assert page.get_element_by_id("value").value == "many"
    refused = ana.send("/needs/new", {"title": "Vests", "cpv": "99", "do": "draft"}, 422)
    assert html.fromstring(refused.text).get_element_by_id("cpv-error").text_content()


def test_help_tells_gaps_and_words_to_look_at(browser: Made) -> None:
    """By a plain button the whole page, to a script the help alone; a code is taken by one press."""
    ana = browser("ana")
    text = {"title": "Vests", "description": "Call +372 5123 4567. RESTREINT UE"}
    page = html.fromstring(ana.send("/needs/check", text | {"take": "35815100"}, 200).text)
    told = page.get_element_by_id("help").text_content()
    assert "+372 5123 4567" in told
    assert "RESTREINT UE" in told
    assert "Without a procurement window" in told
    assert page.get_element_by_id("cpv").value == "35815100"
    part = ana.ask(
        "POST", "/needs/check", data={"csrf": ana.csrf, **text}, headers={"HX-Request": "true"}
    ).text
    assert "+372 5123 4567" in part
    assert "<form" not in part
    assert ana.send("/needs/check", {}, 200)


def test_what_is_marked_classified_is_refused_but_by_an_administrator_with_a_reason(browser: Made) -> None:
    """Others are not asked for a reason."""
    text = {"title": "Vests", "description": "RESTREINT UE", "do": "draft"}
    refused = browser("ana").send("/needs/new", text, 422)
    assert "override_reason" not in refused.text
    root = browser("root")
    assert "override_reason" in root.send("/needs/new", text, 422).text
    root.send("/needs/new", text | {"override_reason": "The name of a course."})


def test_a_change_touches_only_what_was_changed(browser: Made, house: House) -> None:
    """What the form does not know stays, and another's change meanwhile is told."""
    need = Need(
        id="kept", title="Vests", description="Washable.", language="en", country="EE",
        organisation="Police of Saaremaa", visibility=Visibility.NETWORK, value=9_000_000.0,
        currency="XXQ", value_eur=250_000.0, value_min_eur=1_000.0, extra={"colour": "blue"},
    )  # fmt: skip
    house.enter("ana", need)
    ana = browser("ana")
    sent = fields_of(ana.get("/needs/kept/edit"))
    ana.send("/needs/kept/edit", sent | {"quantity": "12", "do": "save"})
    kept = house.get("ana", "/needs/kept")
    assert kept["quantity"] == "12"
    assert (kept["value_eur"], kept["value_min_eur"], kept["extra"]) == (250_000, 1_000, {"colour": "blue"})
    assert kept["country"] == "EE"
    stale = html.fromstring(ana.send("/needs/kept/edit", sent | {"quantity": "13", "do": "save"}, 412).text)
    assert "Somebody changed this need meanwhile" in stale.text_content()
    assert stale.get_element_by_id("quantity").value == "13"
    ana.send("/needs/kept/edit", fields_of(stale) | {"do": "save"})
    assert house.get("ana", "/needs/kept")["quantity"] == "13"


def test_withheld_fields_titles_and_shares_go_round(browser: Made, house: House) -> None:
    """What was entered stands in the form again, and can be taken out."""
    ana = browser("ana")
    rows = {
        "title": "Vests", "language": "en", "visibility": "group", "tlp": "TLP:AMBER",
        "shared_with": ["police-fi"], "redaction_field": ["value", ""],
        "redaction_reason_code": ["law-enf", "fair-comp"], "redaction_reason": ["talks", ""],
        "redaction_until": ["2027-06-30", ""], "titles_language": ["fr", ""], "titles_title": ["Gilets", ""],
        "do": "draft",
    }  # fmt: skip
    where = ana.send("/needs/new", rows).headers["location"]
    kept = house.get("ana", where)
    assert kept["shared_with"] == ["police-fi"]
    assert kept["titles"] == {"fr": "Gilets"}
    assert kept["redactions"][0]["reason"] == "talks"
    sent = fields_of(ana.get(f"{where}/edit"))
    gone = {"redaction_field": ["", ""], "redaction_reason": ["", ""], "titles_title": ["", ""]}
    gone |= {"titles_language": ["", ""], "visibility": ["private"], "do": ["save"]}
    ana.send(f"{where}/edit", sent | gone)
    kept = house.get("ana", where)
    assert (kept["redactions"], kept["titles"], kept["shared_with"]) == ([], {}, [])
    assert kept["visibility"] == "private"


def test_only_owners_who_write_needs_reach_the_form(browser: Made, house: House) -> None:
    """Others are refused, and nobody signed in is sent to sign in."""
    house.enter("ana", Need(id="anas", title="Vests", visibility=Visibility.PUBLIC))
    browser("ivo").get("/needs/new", 403)
    browser("eero").get("/needs/anas/edit", 403)
    browser("eero").send("/needs/anas/edit", {"title": "Mine now"}, 403)
    browser("eero").send("/needs/check", {"need_id": "anas", "title": "Vests"}, 403)
    assert browser(None).ask("GET", "/needs/new").status_code == 303
