"""Solutions over HTTP: as needs, for vendors."""

import pytest

from service.routes import solutions

VEST = {
    "ref": "S-7",
    "name": "SafeCell vest",
    "description": "Ballistic vest of class four with washable cover.",
    "language": "en",
    "cpv": ["35815100"],
    "trl": 9,
    "standards": ["VPAM BSW 2006"],
    "delivery_countries": ["EL", "Finland"],
    "price_min": 400,
    "price_max": 650,
    "currency": "EUR",
    "size": "small",
}


@pytest.fixture
def ask(asking):
    """Asks the routes of solutions."""
    return asking(solutions.router)


def test_a_vendor_enters_a_solution_that_everybody_sees(ask, held):
    """Public unless said otherwise, under the vendor's name, and in the index at once."""
    found = ask("POST", "/solutions", "ivo", json=VEST)
    body = found.json()
    assert found.status_code == 201, found.text
    assert found.headers["Location"] == f"/api/v1/solutions/{body['id']}"
    assert (body["vendor"], body["vendor_id"], body["country"]) == ("Vests of Tartu", "vendor", "EE")
    assert (body["visibility"], body["status"], body["delivery_countries"]) == (
        "public",
        "open",
        ["GR", "FI"],
    )
    assert body["price_max_eur"] == 650
    shown = ask("GET", f"/solutions/{body['id']}").json()
    assert (shown["name"], shown["status"], shown["ref"], shown["own"]) == (
        "SafeCell vest",
        "open",
        None,
        False,
    )
    assert ask("GET", "/solutions/S-7", "ivo").json()["id"] == body["id"]
    assert [s["id"] for s in ask("GET", "/solutions?q=safecell").json()["items"]] == [body["id"]]
    assert held.catalogue.entries[body["id"]].matched


@pytest.mark.parametrize("who", ["ana", "pia", "kai"])
def test_buyers_enter_no_solutions(ask, who):
    """The role decides."""
    assert ask("POST", "/solutions", who, json=VEST).status_code == 403


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"delivery_countries": ["Atlantis"]}, "/delivery_countries"),
        ({"trl": 0}, "/trl"),
        ({"value": 5}, "/value"),
        ({"extra": {"title": "x"}}, "/extra/title"),
        ({"name": None, "description": None}, "/name"),
        ({"vendor_id": "none"}, None),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_place(ask, changes, where):
    """Fields of needs are no fields of solutions."""
    given = {name: value for name, value in {**VEST, **changes}.items() if value is not None}
    found = ask("POST", "/solutions", "ivo", json=given)
    assert found.status_code == (422 if where else 403)
    assert where is None or where in [error["pointer"] for error in found.json()["errors"]]


def test_a_solution_is_changed_moved_on_and_erased(ask):
    """With its version, by its vendor; prices are computed anew."""
    id_ = ask("POST", "/solutions", "ivo", json=VEST).json()["id"]
    place, tag = f"/solutions/{id_}", {"If-Match": '"1"'}
    body = ask("PATCH", place, "ivo", json={"price_max": 700, "trl": None}, headers=tag).json()
    assert (body["price_max_eur"], body["trl"], body["price_min_eur"]) == (700, None, 400)
    assert ask("PATCH", place, "ivo", json={"trl": 8}, headers=tag).status_code == 412
    body = ask("PUT", place, "ivo", json={"name": "SafeCell 2"}, headers={"If-Match": '"2"'}).json()
    assert (body["name"], body["price_min"], body["visibility"]) == ("SafeCell 2", None, "public")
    assert ask("POST", f"{place}/pause", "ivo").json()["status"] == "paused"
    assert ask("GET", "/solutions").json()["items"] == []
    assert ask("POST", f"{place}/reopen", "ivo").json()["status"] == "open"
    assert ask("POST", f"{place}/fulfil", "ivo").status_code in {404, 405}
    history = ask("GET", f"{place}/history", "ivo").json()["items"]
    assert [each["version"] for each in history] == [5, 4, 3, 2, 1]
    assert ask("DELETE", place, "ivo", headers={"If-Match": '"5"'}).status_code == 204
    assert ask("GET", place, "ivo").status_code == 404


def test_a_need_is_no_solution(ask, asking):
    """An id of the other kind is not there."""
    from service.routes import needs

    need = asking(needs.router)("POST", "/needs", "ana", json={"title": "Vests"}).json()
    assert ask("GET", f"/solutions/{need['id']}", "ana").status_code == 404


def test_validating_a_solution_tells_its_gaps(ask):
    """Nothing is kept; duplicates of solutions cannot be told."""
    body = ask("POST", "/solutions/validate", "ivo", json={"name": "Vest"}).json()
    assert (body["acceptable"], body["duplicates"]) == (True, None)
    assert {"description", "cpv", "trl"} <= {gap["field"] for gap in body["missing"]}
    assert ask("GET", "/solutions", "ivo").json()["items"] == []
