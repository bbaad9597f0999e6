"""What needs are divided by."""

import pytest

from matcher.errors import SettingInvalid
from matcher.market import Market
from matcher.market.dimension import groups, said


def test_what_a_need_does_not_say_is_a_group_of_its_own(market: Market) -> None:
    """Nothing is lost between the groups."""
    found = groups(market, "country", "area")
    assert found["not stated", "no area"] == [5]
    assert sorted(row for rows in found.values() for row in rows) == list(range(6))


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("year", ["2027"] * 4 + [None] * 2),
        ("regime", ["2014/24"] * 3 + ["2009/81", None, None]),
        ("maturity", [None] * 3 + ["research (TRL 6 or less)"] + [None] * 2),
        ("function", [None] * 6),
        ("organisation", ["police a", "police b", "guard c", "border d", "police e", "police e"]),
    ],
)
def test_a_dimension_is_read_off_each_need(market: Market, by: str, expected: list[str | None]) -> None:
    """In the order of the needs, None where it says nothing."""
    assert said(market, by) == expected


def test_an_unknown_dimension_is_refused(market: Market) -> None:
    """The message names those that there are."""
    with pytest.raises(SettingInvalid, match="country, area"):
        said(market, "colour")
