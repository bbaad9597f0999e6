"""What a user may not see has no effect on any page: with and without it, each is the same to the byte."""

import re
from collections.abc import Iterator

import pytest

from service.security import identify, sessions
from service.store.tables import UserRow
from service.surround.places import Places
from tests.house import House
from tests.service.test_leaks import CANARY, HIDDEN, SHOWN, TWIN, UNKNOWN, clusters, filled, houses, own

__all__ = ["houses"]
PEOPLE = {
    "closed": ("", "ivo", "eero", "ari"),
    "network": ("", "ivo", "uno"),
    "industry": ("", "nils", "uno"),
}
"""Service to some who may know of nothing hidden there."""
OWN_SECRET = re.compile(rb'value="[\w-]{43}"|"X-CSRF-Token": "[\w-]{43}"')
QUERIES = {
    "/search": ("?text=ballistic+vests", f"?text={CANARY}"),
    "/demand": ("", "?text=ballistic+vests", f"?text={CANARY}"),
    "/needs": ("", "?q=" + CANARY, "?country=LT", "?cpv=3581"),
    "/needs/{need_id}/compare": (f"?solutions={own(6)},{own(7)}",),
    "/needs/{need_id}/why-not": (f"?solution={own(6)}", f"?solution={own(0x15)}"),
    "/clusters": ("", "?q=" + CANARY, "?country=LT"),
    "/candidates": ("", "?country=LT"),
}
EXCUSED = {"/account/data", "/account/data.json"}
"""Pages of what this user did, with times."""
OTHERS = {
    "topic": ("needs",),
    "ending": ("csv",),
    "name": ("country-map", "supply-and-demand", "unmet-clusters", "withdraw"),
}


def pages(house: House, known: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """The address of every page, at records that are seen, hidden, and not there."""
    for place in Places(house.app.router.routes):
        template = place.template
        if template in EXCUSED:
            continue
        if "GET" not in place.methods or template.startswith(("/api/", "/health/", "/metrics", "/static/")):
            continue
        names = re.findall(r"{(\w+)}", template)
        for path in filled(template, {name: known.get(name, (UNKNOWN,)) for name in names}):
            for query in QUERIES.get(template, ("",)):
                yield path + query


def shown(house: House, cookie: str, path: str) -> tuple[int, bytes, str | None]:
    """Status, text and target of a page."""
    headers = {"Cookie": f"needmatch_language=en; {sessions.COOKIE}={cookie}", "Accept": "text/html"}
    found = house.client.get(path, headers=headers, follow_redirects=False)
    house.client.cookies.clear()
    assert found.status_code < 500, (path, found.text)
    return found.status_code, OWN_SECRET.sub(b"SECRET", found.content), found.headers.get("location")


def signed_in(house: House, who: str) -> str:
    """The cookie of a browser."""
    if not who:
        return ""
    held = house.held
    with held.database.write() as session:
        started = sessions.start(session, session.get_one(UserRow, who), held.settings, held.clock())
    identify.forget(held.database)
    return started.cookie


@pytest.mark.parametrize("name", list(HIDDEN))
def test_what_is_hidden_changes_no_page(houses: dict[str, House], name: str) -> None:
    """To nobody who may not see it: rows, counts, groups, maps, files, refusals."""
    bare, full = houses["bare"], houses[name]
    hidden = next(record.id for _, record, _ in HIDDEN[name])
    others = tuple(sorted({*clusters(bare), *clusters(full)}))[:4]
    known = OTHERS | {
        "need_id": (SHOWN[0][1].id, hidden, UNKNOWN),
        "solution_id": (own(6), own(0x15)),
        "candidate_id": others,
        "cluster_id": others,
    }
    for who in PEOPLE[name]:
        cookies = {house.held.settings.data: signed_in(house, who) for house in (bare, full)}
        compared = 0
        for path in pages(full, known):
            with_it = shown(full, cookies[full.held.settings.data], path)
            without = shown(bare, cookies[bare.held.settings.data], path)
            assert with_it == without, (who or "nobody", path)
            if CANARY not in path:
                assert CANARY.encode() not in with_it[1]
            compared += 1
        assert compared > 80


def test_the_comparison_would_notice(houses: dict[str, House]) -> None:
    """Who may see what is hidden gets another page."""
    bare, full = houses["bare"], houses["network"]
    path = f"/needs/{TWIN.id}"
    assert shown(full, signed_in(full, "eero"), path)[0] == 200
    assert shown(bare, signed_in(bare, "eero"), path)[0] == 404
