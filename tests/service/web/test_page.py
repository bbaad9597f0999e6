"""What holds of every page: who gets in, from where forms are taken, and what browsers are told."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.records import Need, Visibility
from service.web import assets
from service.web.page import POLICY, local
from tests.house import House
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]


def test_nothing_but_own_files_is_allowed(browser: Made) -> None:
    """No script in the page, no style, nothing from another host."""
    found = browser(None).ask("GET", "/")
    assert found.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "<style" not in found.text
    page = browser(None).get("/")
    assert all(script.get("src", "").startswith("/static/") for script in page.iter("script"))
    assert not [one for one in page.iter() if one.get("style") or any(n.startswith("on") for n in one.attrib)]


def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(browser: Made) -> None:
    """The page that was wanted is remembered."""
    found = browser(None).ask("GET", "/account")
    assert (found.status_code, found.headers["location"]) == (303, "/login?next=%2Faccount")


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_a_form_of_another_site_is_refused(browser: Made, headers: dict[str, str]) -> None:
    """Even without being signed in: nobody signs others in here."""
    found = browser(None).ask("POST", "/login", data={"email": "a@b.example"}, headers=headers)
    assert found.status_code == 403
    assert "text/html" in found.headers["content-type"]


def test_a_form_without_its_secret_is_refused(browser: Made) -> None:
    """The cookie alone changes nothing."""
    ana = browser("ana")
    ana.csrf = "guessed"
    ana.send("/logout", status=403)


def test_signing_out_ends_the_session(browser: Made) -> None:
    """The cookie is worth nothing after."""
    ana = browser("ana")
    assert ana.get("/").xpath("//form[@action='/logout']")
    ana.send("/logout")
    assert not ana.get("/").xpath("//form[@action='/logout']")


def test_what_is_not_there_is_a_page(browser: Made) -> None:
    """A browser that asks for nothing known reads so in its language; a program gets its problem."""
    page = browser(None, "en").get("/nowhere", status=404)
    assert page.xpath("//main//h1")
    found = browser(None).ask("GET", "/api/v1/nowhere")
    assert found.headers["content-type"].startswith("application/problem+json")


def test_the_language_is_the_one_chosen(browser: Made) -> None:
    """A cookie goes before what the browser prefers."""
    found = browser(None, "fi").ask("GET", "/", headers={"Accept-Language": "de"})
    assert 'lang="fi"' in found.text
    found = browser(None).send("/language", {"code": "et", "next": "/help"})
    assert found.headers["location"] == "/help"
    assert "needmatch_language=et" in found.headers["set-cookie"]


def test_numbers_are_of_the_language_too(browser: Made, house: House) -> None:
    """Also where a page writes them before it is rendered."""
    for who in ("ana", "gert", "uno"):
        stated = Need(id="", title="Vests", country="EE", value_eur=1_000_000.0, visibility=Visibility.PUBLIC)
        house.enter(who, stated)
    house.get("ana", "/analytics/country-map")  # made now, so that the page need not wait
    text = browser("ana", "de").get("/market/country-map").text_content()
    assert "3.000.000" in text
    assert "3,000,000" not in text


@given(st.text())
def test_a_redirect_never_leaves_the_service(where: str) -> None:
    """Whatever is asked for."""
    found = local(where)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))


def test_files_are_kept_for_good_under_an_address_that_changes_with_them(browser: Made) -> None:
    """A second visit loads nothing again."""
    found = browser(None).ask("GET", assets.address("app.css"))
    assert "immutable" in found.headers["cache-control"]
    assert browser(None).ask("GET", "/static/app.css?v=old").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["..%2Fpage.py", "package.json", "%2Fetc%2Fpasswd", "app.css%00"])
def test_no_other_file_is_served(browser: Made, name: str) -> None:
    """Only the files that are meant."""
    assert browser(None).ask("GET", f"/static/{name}").status_code in {404, 422}


@pytest.mark.parametrize("said", ["[" * 20_000, "{", "7", '[{"tone": 1}]', "%5B" * 9, '["a"]'])
def test_a_broken_note_to_the_next_page_breaks_no_page(browser: Made, said: str) -> None:
    """What a browser brings along is its own words: nonsense is left out, however deep it is."""
    page = browser(None).ask("GET", "/login", headers={"Cookie": f"needmatch_said={said}"})
    assert page.status_code == 200


@pytest.mark.parametrize("where", ["//[", "/\\[x", "//]a", "/\t/[1"])
def test_an_address_that_cannot_be_read_leads_to_the_first_page(where: str) -> None:
    """Brackets that hold no address are no reason to fail."""
    assert local(where) == "/"
