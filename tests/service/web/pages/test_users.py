"""Users: found, added, changed, put out of use and let in again in the browser."""

from collections.abc import Callable
from datetime import timedelta

from service.store.tables import UserRow
from tests.house import House
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]
AT = "/administration/users"


def kept(house: House, user_id: str) -> UserRow:
    """A user as it is in the database."""
    with house.held.database.read() as session:
        return session.get_one(UserRow, user_id)


def test_users_are_found_by_address_or_organisation(browser: Made) -> None:
    """One line of search looks through both."""
    root = browser("root")
    assert len(root.get(AT, q="EERO").xpath("//tbody/tr")) == 1
    assert len(root.get(AT, q="savonia").xpath("//tbody/tr")) == 1
    assert "No user fits" in root.get(AT, q="nobody at all").text_content()


def test_a_user_is_added_with_what_was_wrong_said_at_the_field(house: House, browser: Made) -> None:
    """A supplier's user is of the industry, whatever else was chosen."""
    root = browser("root")
    fields = {"organisation_id": "vendor", "email": "mia@vests.example", "role": "procurer", "locale": "de"}
    page = root.ask("POST", AT, data={"csrf": root.csrf, **fields})
    assert page.status_code == 422
    assert 'id="role-error"' in page.text
    where = root.send(AT, fields | {"role": "industry"}).headers["location"]
    assert kept(house, where.rpartition("/")[2]).email == "mia@vests.example"


def test_a_user_changes_role_and_password_and_state(house: House, browser: Made) -> None:
    """Each form does its own thing, by the version that it was shown with."""
    root = browser("root")
    version = {"version": kept(house, "pia").version}
    root.send(f"{AT}/pia", {**version, "name": "Pia", "role": "legal", "locale": "et"})
    assert (kept(house, "pia").role, kept(house, "pia").locale) == ("legal", "et")
    root.send(f"{AT}/pia", {**version, "name": "Late", "role": "legal", "locale": "et"})
    assert kept(house, "pia").name == "Pia"
    version = {"version": kept(house, "pia").version}
    root.send(f"{AT}/pia/password", {**version, "password": "short"}, 422)
    root.send(f"{AT}/pia/password", {**version, "password": "seven calm green boats"})
    root.send(f"{AT}/pia/state", {"version": kept(house, "pia").version, "to": "inactive"})
    assert not kept(house, "pia").active
    assert "Activate" in root.get(f"{AT}/pia").text_content()


def test_a_locked_user_is_unlocked(house: House, browser: Made) -> None:
    """The button stands there while the account is locked."""
    with house.held.database.write() as session:
        session.get_one(UserRow, "gert").locked_until = house.held.clock() + timedelta(minutes=9)
    root = browser("root")
    assert len(root.get(AT, active="locked").xpath("//tbody/tr")) == 1
    assert "Unlock" in root.get(f"{AT}/gert").text_content()
    root.send(f"{AT}/gert/state", {"version": kept(house, "gert").version, "to": "unlocked"})
    assert kept(house, "gert").locked_until is None


def test_the_last_administrator_stays(browser: Made, house: House) -> None:
    """The refusal is shown on the page of the user."""
    root = browser("root")
    fields = {"version": kept(house, "root").version, "to": "inactive"}
    assert "last active administrator" in root.send(f"{AT}/root/state", fields, 409).text
