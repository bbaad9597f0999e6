"""Organisations: found, added, changed and vetted in the browser."""

from collections.abc import Callable

from service.store.tables import OrganisationRow
from tests.house import House
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]
AT = "/administration/organisations"


def kept(house: House, organisation_id: str) -> OrganisationRow:
    """An organisation as it is in the database."""
    with house.held.database.read() as session:
        return session.get_one(OrganisationRow, organisation_id)


def test_organisations_are_found_by_part_of_the_name(browser: Made) -> None:
    """Search ignores case; a part for scripts holds the results alone."""
    root = browser("root")
    rows = root.get(AT, q="POLICE of").xpath("//tbody/tr/th")
    assert {row.text_content() for row in rows} >= {"Police of Savonia", "Police of Hiiumaa"}
    part = root.get(AT, partly=True, q="savonia")
    assert len(part.xpath("//tbody/tr")) == 1
    assert not part.xpath("//h1")


def test_a_contact_lets_one_of_the_own_country_in(house: House, browser: Made) -> None:
    """With a reason it is vetted; without one the form comes back."""
    contact = browser("kai")
    contact.send(f"{AT}/police-new/vetting", {"decision": "vetted", "reason": " "}, 422)
    assert kept(house, "police-new").vetting == "pending"
    contact.send(f"{AT}/police-new/vetting", {"decision": "vetted", "reason": "Known in the ministry"})
    assert kept(house, "police-new").vetting == "vetted"


def test_a_contact_decides_on_no_other_country_and_not_on_the_own_organisation(browser: Made) -> None:
    """No form is shown there; sent all the same it is refused."""
    contact = browser("kai")
    for organisation in ("police-fi", "guard-ee"):
        page = contact.get(f"{AT}/{organisation}")
        assert not page.xpath("//form[contains(@action, 'vetting')]")
        contact.send(f"{AT}/{organisation}/vetting", {"decision": "refused", "reason": "x"}, 403)
    contact.get(f"{AT}/new", 403)
    contact.get(f"{AT}/vendor-new", 404)


def test_an_organisation_is_added_and_changed(house: House, browser: Made) -> None:
    """The form keeps what was entered; a version that is past changes nothing."""
    root = browser("root")
    page = root.ask("POST", AT, data={"csrf": root.csrf, "name": "Fire brigade", "website": "brand.example"})
    assert page.status_code == 422
    assert 'value="Fire brigade"' in page.text
    fields = {"name": "Fire brigade", "kind": "agency", "country": "NL", "identifiers": "VAT NL1"}
    where = root.send(AT, fields).headers["location"]
    id_ = where.rpartition("/")[2]
    assert (kept(house, id_).vetting, kept(house, id_).identifiers) == (
        "pending",
        [{"scheme": "VAT", "id": "NL1"}],
    )
    page = root.get(f"{where}/edit")
    (version,) = page.xpath("//input[@name='version']/@value")
    changed = fields | {"name": "Fire brigades", "languages": ["nl", "fr"]}
    root.send(where, changed | {"version": version})
    assert kept(house, id_).languages == ["nl", "fr"]
    root.send(where, changed | {"version": version, "name": "Lost"})
    assert kept(house, id_).name == "Fire brigades"
