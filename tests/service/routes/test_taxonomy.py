"""Vocabularies, open to everybody."""

import pytest

from corpora.taxonomy.cpv import CpvTable
from service.routes import taxonomy


@pytest.fixture
def ask(asking):
    """Asks the routes of vocabularies."""
    return asking(taxonomy.router)


def test_codes_are_found_by_prefix_and_words(ask):
    """In order, each with the code above it."""
    items = ask("GET", "/taxonomy/cpv?prefix=3581&q=Bullet").json()["items"]
    assert items
    assert all(item["code"].startswith("3581") and "bullet" in item["label"].lower() for item in items)
    assert all(item["parent"] for item in items)
    assert ask("GET", "/taxonomy/cpv?q=xyzzy").json() == {"items": [], "next": None}
    assert ask("GET", "/taxonomy/cpv?prefix=x").status_code == 422


def test_the_whole_table_comes_in_parts(ask):
    """Every code once."""
    codes, cursor = [], None
    while True:
        query = {"limit": 100, "prefix": "35", **({"cursor": cursor} if cursor else {})}
        part = ask("GET", "/taxonomy/cpv", params=query).json()
        codes += [item["code"] for item in part["items"]]
        cursor = part["next"]
        if cursor is None:
            break
    assert codes == [entry.code for entry in CpvTable.load() if entry.code.startswith("35")]


def test_a_code_knows_its_place(ask):
    """With or without check digit; above, below, and what it points to."""
    body = ask("GET", "/taxonomy/cpv/35113400-3").json()
    assert (body["code"], body["label"], body["nature"]) == (
        "35113400", "Protective and safety clothing", "supplies",
    )  # fmt: skip
    assert [above["code"] for above in body["path"]] == ["35000000", "35100000", "35110000", "35113000"]
    assert body["parent"] == "35113000"
    assert "35113410" in [below["code"] for below in body["children"]]
    assert ask("GET", "/taxonomy/cpv/99999999").status_code == 404


def test_thresholds_are_dated_rows(ask):
    """Story 10: what is in force on a day; beyond the last known one provisional."""
    assert len(ask("GET", "/taxonomy/thresholds").json()["items"]) > 30

    def central(day):
        rows = ask("GET", f"/taxonomy/thresholds?day={day}").json()["items"]
        found = [row for row in rows if row["rule"] == "2014/24 supplies, central government"]
        assert len(found) == 1
        return found[0]["amount_eur"], found[0]["provisional"]

    assert central("2025-06-01") == (143000, False)
    assert central("2027-06-01") == (140000, False)
    assert central("2028-06-01") == (140000, True)
    assert ask("GET", "/taxonomy/thresholds?day=1900-01-01").json()["items"] == []
    assert ask("GET", "/taxonomy/thresholds?day=soon").status_code == 422


def test_areas_come_with_the_codes_that_point_to_them(ask):
    """Six areas and ten functions."""
    body = ask("GET", "/taxonomy/areas").json()
    assert (len(body["areas"]), len(body["functions"])) == (6, 10)
    assert any(area["prefixes"] for area in body["areas"])
