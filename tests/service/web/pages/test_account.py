"""One's own account in the browser: profile, organisation, password, tokens, data, the end."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from service.security import passwords
from service.security.sessions import COOKIE
from service.store.tables import FeedbackRow, OrganisationRow, UserRow
from tests.house import House
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]


def kept(house: House, user_id: str) -> UserRow | None:
    """A user as it is in the database."""
    with house.held.database.read() as session:
        return session.get(UserRow, user_id)


@pytest.mark.parametrize("page", ["", "/organisation", "/sign-in", "/tokens", "/feedback", "/data"])
def test_the_account_is_for_who_is_signed_in(browser: Made, page: str) -> None:
    """Every page shows to each role, and sends others to sign in."""
    assert browser(None).ask("GET", f"/account{page}").headers["location"].startswith("/login")
    for who in ("ana", "ivo", "ari", "lea", "root"):
        browser(who).get(f"/account{page}")


def test_name_and_language_are_changed(house: House, browser: Made) -> None:
    """The pages speak the language at once."""
    ana = browser("ana")
    (version,) = ana.get("/account").xpath("//input[@name='version']/@value")
    sent = ana.send("/account", {"version": version, "name": "Ana Tamm", "locale": "et"})
    assert "needmatch_language=et" in sent.headers["set-cookie"]
    found = kept(house, "ana")
    assert found is not None
    assert (found.name, found.locale) == ("Ana Tamm", "et")


def test_keepers_change_how_their_organisation_is_reached(house: House, browser: Made) -> None:
    """A legal adviser sees no form."""
    paul = browser("paul")
    (version,) = paul.get("/account/organisation").xpath("//input[@name='version']/@value")
    paul.send("/account/organisation", {"version": version, "contact": "nobody"}, 422)
    paul.send("/account/organisation", {"version": version, "contact": "achats@valmont.example"})
    with house.held.database.read() as session:
        assert session.get_one(OrganisationRow, "police-fr").contact == "achats@valmont.example"
    assert not browser("lea").get("/account/organisation").xpath("//form[@action='/account/organisation']")


def test_a_password_is_changed_by_who_knows_it(house: House, browser: Made) -> None:
    """A wrong one, or two that differ, come back at their field; no password is ever shown again."""
    old, new = "seven calm green boats", "nine quiet brown horses"
    with house.held.database.write() as session:
        session.get_one(UserRow, "eero").password_hash = passwords.hashed(old)
    eero = browser("eero")
    wrong = eero.send("/account/password", {"current": "x", "new": new, "repeated": new}, 422).text
    assert 'id="current-error"' in wrong
    assert new not in wrong
    differ = eero.send("/account/password", {"current": old, "new": new, "repeated": old}, 422).text
    assert 'id="repeated-error"' in differ
    changed = eero.send("/account/password", {"current": old, "new": new, "repeated": new})
    found = kept(house, "eero")
    assert found is not None
    assert passwords.matches(new, found.password_hash)
    # whoever had the cookie before is out; this browser goes on with another
    assert eero.ask("GET", "/account").status_code == 303
    replace(eero, cookie=changed.cookies[COOKIE]).get("/account")


def test_a_token_is_shown_once_and_revoked(browser: Made) -> None:
    """Its secret stands on the page that made it only."""
    ivo = browser("ivo")
    made = ivo.send("/account/tokens", {"name": "script", "scopes": ["read"], "expires_days": "30"}, 200).text
    assert 'value="nm_' in made
    page = ivo.get("/account/tokens")
    assert "nm_" not in page.text_content()
    (action,) = page.xpath("//tr[th='script']//form/@action")
    ivo.send(action)
    assert not ivo.get("/account/tokens").xpath("//tr[th='script']")
    assert "admin" not in page.xpath("//input[@name='scopes']/@value")
    ivo.send("/account/tokens", {"name": "", "scopes": ["read"]}, 422)


def test_a_word_is_taken_back(house: House, browser: Made) -> None:
    """Feedback stands there with its button until it is taken back."""
    with house.held.database.write() as session:
        session.add(
            FeedbackRow(
                id="f1", user_id="gert", organisation_id="guard-ee", role="procurer", subject="cpv",
                query_id="gone", document_id="35113000", verdict="not_relevant", reason="outdated",
                features=[], model_version="", at=house.held.clock(),
            )
        )  # fmt: skip
    gert = browser("gert")
    page = gert.get("/account/feedback").text_content()
    assert "Not relevant" in page
    assert "not shown to you any more" in page
    gert.send("/account/feedback/f1/undo")
    assert "Taken back" in gert.get("/account/feedback").text_content()
    browser("ana").send("/account/feedback/f1/undo", status=404)


def test_data_are_taken_along(browser: Made) -> None:
    """The file holds the account."""
    found = browser("lina").ask("GET", "/account/data.json")
    assert found.headers["content-disposition"].startswith("attachment")
    assert found.json()["data"]


def test_who_confirms_is_erased_and_who_does_not_stays(house: House, browser: Made) -> None:
    """The address must be typed; the last administrator cannot go."""
    pia = browser("pia")
    page = pia.send("/account/erase", {"confirm": "no"}, 422)
    assert 'id="confirm-error"' in page.text
    address = kept(house, "pia")
    assert address is not None
    pia.send("/account/erase", {"confirm": address.email})
    assert kept(house, "pia") is None
    root = kept(house, "root")
    assert root is not None
    browser("root").send("/account/erase", {"confirm": root.email}, 409)


def test_all_browsers_are_signed_out(browser: Made) -> None:
    """The other browser of the same user has to sign in again."""
    one, other = browser("nils"), browser("nils")
    one.send("/account/sign-out")
    assert other.ask("GET", "/account").status_code == 303
