"""What waits, the audit log and the models, for those who may see them."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from service.store.tables import OrganisationRow, UserRow
from tests.house import House
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]


def test_the_overview_shows_what_waits_to_who_decides_on_it(house: House, browser: Made) -> None:
    """A contact sees the organisation of the own country that waits, and not those of others."""
    with house.held.database.write() as session:
        for id_ in ("police-new", "vendor-new"):
            session.get_one(OrganisationRow, id_).vetting = "pending"
    contact = browser("kai").get("/administration").text_content()
    assert "Police of Hiiumaa" in contact
    assert "Boats of Narva" not in contact
    assert "Locked accounts" not in contact
    assert "Boats of Narva" in browser("root").get("/administration").text_content()


def test_the_overview_shows_locked_accounts(house: House, browser: Made) -> None:
    """An account that is locked now stands there, one whose time is over does not."""
    now = house.held.clock()
    with house.held.database.write() as session:
        session.get_one(UserRow, "lea").locked_until = now + timedelta(minutes=5)
        session.get_one(UserRow, "paul").locked_until = now - timedelta(minutes=5)
    page = browser("root").get("/administration")
    assert page.xpath("//a[@href='/administration/users/lea']")
    assert not page.xpath("//a[@href='/administration/users/paul']")


@pytest.mark.parametrize("who", ["ana", "ivo", "ari", "lea"])
def test_the_administration_is_closed_to_others(browser: Made, who: str) -> None:
    """Who may not vet sees neither the page nor its entry in the menu."""
    page = browser(who).get("/administration", 403)
    assert not page.xpath("//nav//a[@href='/administration']")


def test_a_contact_reads_neither_users_nor_audit_nor_all_jobs(browser: Made) -> None:
    """Their pages are refused and their tabs not shown."""
    contact = browser("kai")
    for path in ("users", "audit", "jobs"):
        contact.get(f"/administration/{path}", 403)
        assert not contact.get("/administration").xpath(f"//a[@href='/administration/{path}']")


def test_the_audit_log_is_read_in_words_and_narrowed(browser: Made) -> None:
    """Rows say who did what; the filters by person, action and day narrow them down."""
    root = browser("root")
    reason = {"decision": "refused", "reason": "No such police"}
    root.send("/administration/organisations/vendor-new/vetting", reason)
    page = root.get("/administration/audit", actor="root@network.example", action="organisation.refuse")
    (row,) = page.xpath("//table/tbody/tr")
    assert "Organisation refused" in row.text_content()
    assert "No such police" in row.text_content()
    assert row.xpath(".//a[@href='/administration/organisations/vendor-new']")
    assert not root.get("/administration/audit", until="2020-01-01").xpath("//table/tbody/tr")


def test_a_day_that_is_none_is_said_at_its_field(browser: Made) -> None:
    """The page comes back with the error, and what was asked."""
    page = browser("root").get("/administration/audit", 422, since="soon", object="x")
    assert "such as 2027-03-31" in page.xpath("//*[@id='since-error']")[0].text
    assert page.xpath("//input[@id='object']/@value") == ["x"]


def test_models_say_what_was_not_fitted(browser: Made) -> None:
    """The model in use is named, and where nothing was fitted for it the page says so."""
    page = browser("kai").get("/administration/models").text_content()
    assert "hashing" in page
    assert "No levels are shown." in page
