"""A clock that jumps: back by a day, on by a year."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.house import House, opened

JUMPS = (timedelta(days=-1), timedelta(days=400), timedelta(days=-400), timedelta(seconds=-5))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A service whose clock the test holds."""
    with opened(tmp_path) as found:
        yield found


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_work_goes_on_whatever_the_clock_says(house: House, jump: timedelta) -> None:
    """Writes are kept in their order, lists are whole, nothing fails, and nothing comes twice."""
    before = [house.post("ana", "/needs", {"title": f"Pump {i}"})["id"] for i in range(3)]
    house.moment[0] += jump
    after = [house.post("ana", "/needs", {"title": f"Hose {i}"})["id"] for i in range(3)]
    listed = [item["id"] for item in house.get("ana", "/needs", limit=100)["items"]]
    assert sorted(listed) == sorted(before + after)
    paged: list[str] = []
    page = house.get("ana", "/needs", limit=2)
    while True:
        paged += [item["id"] for item in page["items"]]
        if not page.get("next"):
            break
        page = house.get("ana", "/needs", limit=2, cursor=page["next"])
    assert paged == listed
    house.get("ana", "/candidates")
