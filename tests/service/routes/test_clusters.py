"""What analysts change of groups, and what they may not learn by it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matcher.records import Need
from tests.house import House, opened

VEST = Need(id="", title="Ballistic vests", language="en", country="EE")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Three needs of three buyers."""
    with opened(tmp_path) as found:
        yield found


def edit(op: str, *needs: str, **rest: object) -> dict[str, object]:
    """A change of the groups."""
    return {"op": op, "need_ids": list(needs), **rest}


def test_an_edit_of_a_need_that_was_hidden_since_is_not_told_of(house: House) -> None:
    """Neither by the list, nor by an undo, nor by what contradicts it."""
    one, two, three = (
        house.enter(who, replace(VEST, country=country))
        for who, country in (("ana", "EE"), ("eero", "FI"), ("lina", "LT"))
    )
    first = house.post("ari", "/clusters/edits", edit("must_link", one, two, why="the same lot"))
    house.post("ari", "/clusters/edits", edit("must_link", two, three))
    house.change(two, visibility="private")
    assert house.get("ari", "/clusters/edits")["items"] == []
    refused = house.ask("ari", "POST", "/clusters/edits", json=edit("cannot_link", one, three))
    assert two not in refused.text
    assert "the same lot" not in refused.text
    undone = house.ask("ari", "POST", f"/clusters/edits/{first['number']}/undo")
    assert undone.status_code == 404


def test_an_edit_that_is_not_there_cannot_be_undone(house: House) -> None:
    """The answer does not count those that are."""
    found = house.ask("ari", "POST", "/clusters/edits/9/undo")
    assert found.status_code == 404
