"""National profiles: shares, quotients and their intervals."""

from collections.abc import Callable

import pytest

from matcher.errors import SettingInvalid
from matcher.market import Market, profiles
from matcher.records import Need

Maker = Callable[..., Market]
COUNTS = {
    ("FI", "crime"): 6,
    ("FI", "border"): 2,
    ("EE", "crime"): 1,
    ("EE", "border"): 4,
    ("LV", "border"): 3,
}


@pytest.fixture
def counted(market_of: Maker) -> Market:
    """Eight needs of Finland, five of Estonia, three of Latvia."""
    needs = [
        Need(id=f"{country}{area}{i}", title="t", country=country, organisation=f"{country}{i}")
        for (country, area), n in COUNTS.items()
        for i in range(n)
    ]
    return market_of(needs, areas={need.id: "crime" if "crime" in need.id else "border" for need in needs})


def test_a_location_quotient_is_share_over_the_usual_share(counted: Market) -> None:
    """By hand: 6 of 8 against 7 of 16, the hidden country counted among the usual."""
    table = profiles(counted, draws=500).table.set_index(["country", "area"])
    assert table.share["FI", "crime"] == 6 / 8
    assert table.quotient["FI", "crime"] == pytest.approx((6 / 8) / (7 / 16))
    assert table.quotient["EE", "border"] == pytest.approx((4 / 5) / (9 / 16))


def test_countries_with_fewer_than_five_needs_are_hidden(counted: Market) -> None:
    """And the finding says how many."""
    finding = profiles(counted, draws=500)
    assert set(finding.table.country) == {"EE", "FI"}
    assert "1 countries hidden" in finding.coverage


def test_intervals_hold_their_share_and_repeat_with_the_seed(counted: Market) -> None:
    """A bootstrap that nobody can repeat is no evidence."""
    one, again, other = (profiles(counted, draws=500, seed=seed).table for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)
    assert ((one.share_low <= one.share) & (one.share <= one.share_high)).all()
    assert ((one.quotient_low <= one.quotient) & (one.quotient <= one.quotient_high)).all()


def test_a_share_of_none_or_all_has_no_interval(counted: Market) -> None:
    """A bootstrap of nothing would show certainty that there is not."""
    table = profiles(counted, least=3, draws=500).table.set_index(["country", "area"])
    assert table.share["LV", "crime"] == 0
    assert table.loc[("LV", "crime"), ["share_low", "share_high"]].isna().all()
    assert table.loc[("LV", "border"), ["share_low", "share_high"]].isna().all()


def test_needs_that_state_no_category_are_left_out_and_counted(market: Market) -> None:
    """Not stated is no category."""
    finding = profiles(market, by="maturity", least=1, draws=200)
    assert finding.n == 1
    assert "country and maturity stated by 1 of 6 needs" in finding.coverage


@pytest.mark.parametrize("bad", [{"least": 0}, {"draws": 10}])
def test_settings_out_of_range_are_refused(market: Market, bad: dict[str, int]) -> None:
    """Too few draws make no interval."""
    with pytest.raises(SettingInvalid):
        profiles(market, **bad)  # type: ignore[arg-type] # a table of settings
