"""Who gets to which page: the table of permissions, tried with a browser of every role on every route."""

from collections.abc import Callable, Iterator

import pytest

from service.rights.policy import ALLOWED, Role
from service.surround.places import Place, Places
from tests.house import PEOPLE, House
from tests.service.web.conftest import Browser

REFUSED = "Your role does not allow this."
WHO: dict[Role | None, str | None] = {None: None} | {
    role: next(name for name, (_, own) in PEOPLE.items() if own is role) for role in Role
}


def pages(house: House) -> Iterator[Place]:
    """Every route of a page or a form."""
    for place in Places(house.app.router.routes):
        if not place.template.startswith(("/api/", "/health/", "/metrics", "/static/")):
            yield place


def test_every_page_asks_for_a_permission(house: House) -> None:
    """None is open by oversight."""
    assert [place.template for place in pages(house) if place.permission is None] == []


@pytest.mark.parametrize("role", list(WHO), ids=str)
def test_a_role_gets_as_far_as_the_table_says(
    house: House, browser: Callable[..., Browser], role: Role | None
) -> None:
    """Who is not signed in is sent to sign in, who lacks the right is told so, and nobody else is."""
    tried = 0
    for place in list(pages(house)):
        allowed = place.permission in ALLOWED[role]
        for method in sorted(place.methods & {"GET", "POST"}):
            if place.template in {"/login", "/logout"} or "erase" in place.template:
                continue  # these are how one comes and goes, and end the session
            made = browser(WHO[role])
            sent = {"data": {"csrf": made.csrf}} if method == "POST" else {}
            found = made.ask(method, place.template.replace("{", "").replace("}", ""), **sent)
            to_sign_in = found.status_code == 303 and found.headers["location"].startswith("/login?")
            by_role = found.status_code == 403 and REFUSED in found.text
            by_nobody = to_sign_in or (role is None and found.status_code == 401)
            assert found.status_code < 500, (place.template, found.text)
            assert (by_role or by_nobody) == (not allowed), (method, place.template, found.status_code)
            tried += 1
    assert tried > 100


def test_a_token_opens_no_page(house: House) -> None:
    """Pages are for browsers: a token is worth nothing there, whatever its scopes."""
    headers = {"Authorization": f"Bearer {house.secrets['ana']}", "Accept": "text/html"}
    found = house.client.get("/needs/new", headers=headers, follow_redirects=False)
    assert (found.status_code, found.headers["location"]) == (303, "/login?next=%2Fneeds%2Fnew")
