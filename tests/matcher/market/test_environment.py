"""The procurement environment and its map."""

from typing import Any

import pytest

from matcher.errors import SettingInvalid
from matcher.market import Market, country_map, environment
from matcher.market.environment import flag
from matcher.market.tiles import PLACES
from matcher.records import EU_COUNTRIES, Need


def test_needs_are_counted_by_country_area_and_regime(market: Market) -> None:
    """Six needs in five cells; values only where stated."""
    table = environment(market).table.set_index(["country", "area", "regime"])
    assert table.needs.sum() == 6
    cell = table.loc[("FI", "crime", "2014/24")]
    assert (cell.needs, cell.organisations, cell.value_eur, cell.value_stated) == (2, 2, 300_000.0, 1)
    assert table.value_eur.isna()[("not stated", "no area", "not stated")]


def test_a_flag_that_is_not_stated_makes_a_range(market: Market) -> None:
    """One says no, one says nothing: between none and half."""
    table = environment(market, by=["country"]).table.set_index("country")
    assert (table.framework_yes["FI"], table.framework_no["FI"]) == (0, 1)
    assert (table.framework_share_min["FI"], table.framework_share_max["FI"]) == (0.0, 0.5)
    assert (table.framework_share_min["EE"], table.framework_share_max["EE"]) == (1.0, 1.0)


@pytest.mark.parametrize("by", [[], ["country", "country"], ["colour"]])
def test_dimensions_that_make_no_table_are_refused(market: Market, by: list[Any]) -> None:
    """None, one twice, and one that there is not."""
    with pytest.raises(SettingInvalid):
        environment(market, by=by)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, None),
        ({"is_cpb": "no"}, False),
        ({"is_cpb": "no", "awarding_cpb": "yes"}, True),
        ({"is_cpb": " "}, None),
    ],
)
def test_a_central_purchasing_body_is_one_by_any_of_its_flags(
    extra: dict[str, str], expected: bool | None
) -> None:
    """Awarding or acquiring; blank is nothing said."""
    assert flag(Need(id="N", title="n", extra=extra), "cpb") is expected


def test_every_member_state_has_a_tile_of_its_own() -> None:
    """No two countries share one."""
    assert set(EU_COUNTRIES) <= set(PLACES)
    assert len(set(PLACES.values())) == len(PLACES)


def test_the_map_counts_what_has_no_tile(market: Market) -> None:
    """The need that does not say its country is told below the map, not dropped."""
    notes = [note.text for note in country_map(market).figure().layout.annotations]
    assert "Without a tile: not stated 1" in notes
