"""Who may call what: every route of the application, by every role, as one table says."""

from collections.abc import Iterator
from typing import Any

import pytest

from service import access
from service.rights.policy import ADMINISTERING, ALLOWED, Permission, Role, Scope, needed
from service.rights.viewer import ANONYMOUS, Viewer
from service.surround.places import Place, Places
from tests.house import House, opened

FREE = {
    "/health/live": "asked by the machine that runs the service",
    "/health/ready": "asked by the machine that runs the service",
    "/metrics": "asked by the operator's own network; holds counts of requests alone",
    "/api/v1/openapi.json": "the description is public",
    "/api/v1/auth/login": "is how one signs in",
    "/api/v1/auth/oidc/login": "is how one signs in",
    "/api/v1/auth/oidc/callback": "is how one signs in",
    "/api/v1/feeds/{token}.atom": "the address itself is the secret",
    "/api/v1/unsubscribe/{token}": "the address itself is the secret",
    "/static/{name}": "files that every page loads",
}
"""Routes without a permission, and why."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WHO: tuple[Role | None, ...] = (None, *Role)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service, nothing in it."""
    with opened(tmp_path_factory.mktemp("house"), logins_per_minute=100_000) as found:
        yield found


def places(house: House) -> list[Place]:
    """Every route that programs ask; pages are tried by who browses."""
    return [place for place in every(house) if place.template.startswith(("/api/", "/health/", "/metrics"))]


def every(house: House) -> list[Place]:
    """Every route."""
    return list(Places(house.app.router.routes))


def test_every_route_asks_for_a_permission_or_says_why_not(house: House) -> None:
    """None is free by oversight, and the list of free ones names no other."""
    free = {place.template for place in every(house) if place.permission is None}
    assert free == FREE.keys(), sorted(free ^ FREE.keys())


def test_every_role_gets_as_far_as_the_table_says(house: House) -> None:
    """401 for nobody and 403 for somebody exactly where a permission is lacking, whatever else is wrong."""
    asked = 0
    for role in WHO:
        who = ANONYMOUS if role is None else Viewer("ana", "police-ee", role, True, "EE", frozenset(Scope))
        house.app.dependency_overrides[access.viewer] = lambda who=who: who
        for place in places(house):
            if place.permission is None:
                continue
            for method in sorted(place.methods - {"HEAD"}):
                found = house.client.request(method, _path(place.template))
                allowed = place.permission in ALLOWED[role]
                expected = allowed or (401 if role is None else 403)
                refused = found.status_code in (401, 403) and _by_role(found.json())
                assert refused == (expected is not True), (role, method, place.template, found.text)
                if refused:
                    assert found.status_code == expected
                asked += 1
    house.app.dependency_overrides.clear()
    assert asked > 500


def _by_role(problem: dict[str, Any]) -> bool:
    """Whether a refusal is for the role, not for what the request is about."""
    return problem["detail"].startswith(("Send a token", "The role "))


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_does_no_more_than_its_scopes(house: House, scope: Scope) -> None:
    """Whatever its user's role: read reads, write writes, admin administers."""
    who = Viewer("root", "network", Role.ADMINISTRATOR, True, "BE", frozenset({scope}))
    house.app.dependency_overrides[access.viewer] = lambda: who
    for place in places(house):
        if place.permission is None:
            continue
        for method in sorted(place.methods - {"HEAD"}):
            found = house.client.request(method, _path(place.template))
            lacking = found.status_code == 403 and "lacks the scope" in found.json()["detail"]
            allowed = place.permission in ALLOWED[who.role]
            needs = needed(place.permission, safe=method in SAFE)
            assert lacking == (allowed and needs is not scope), (method, place.template, found.text)
    house.app.dependency_overrides.clear()


def test_what_administers_needs_the_scope_for_it() -> None:
    """No such permission is had with a token that only reads or writes."""
    for permission in Permission:
        scopes = {needed(permission, safe=safe) for safe in (True, False)}
        assert (scopes == {Scope.ADMIN}) == (permission in ADMINISTERING)


def _path(template: str) -> str:
    """An address of a route, with something in place of its parameters."""
    path = template
    for name, value in {"number": "1", "step": "financing", "ending": "csv", "what": "needs"}.items():
        path = path.replace(f"{{{name}}}", value)
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + "x" + path[end + 1 :]
    return path
