"""CPV drift."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import binomtest

from matcher.errors import SettingInvalid
from matcher.market import Market, cpv_drift
from matcher.market.drift import difference, wilson
from matcher.records import Need


@given(st.integers(1, 50), st.data())
def test_the_interval_of_a_share_is_scipys(n: int, data: st.DataObject) -> None:
    """Wilson's, without continuity correction."""
    count = data.draw(st.integers(0, n))
    expected = binomtest(count, n).proportion_ci(method="wilson")
    assert wilson(count, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_the_interval_of_a_difference_is_as_published() -> None:
    """Newcombe 1998, table II, (a): 56/70 less 48/80."""
    assert difference((48, 80), (56, 70)) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


@pytest.fixture
def moved(market_of: Callable[..., Market]) -> Market:
    """Vests before, radars after, and needs without a code or a day."""
    needs = [
        Need(id=f"{year}{code}{i}", title="t", cpv=(code, "48000000"), window_start=date(year, 1, 1))
        for year, code, n in (
            (2026, "35815100", 8),
            (2026, "35722000", 2),
            (2028, "35722000", 9),
            (2028, "35815000", 1),
        )
        for i in range(n)
    ]
    return market_of([*needs, Need(id="X", title="t"), Need(id="Y", title="t", cpv=("35000000",))])


def test_shares_before_and_after_are_of_the_main_code(moved: Market) -> None:
    """By hand: 8 of 10 and 1 of 10 for armour at four digits."""
    finding = cpv_drift(moved, digits=4, split=date(2028, 1, 1))
    table = finding.table.set_index("branch")
    assert (table.before["3581"], table.after["3581"]) == (8, 1)
    assert table.change["3581"] == pytest.approx(-0.7)
    assert table.high["3581"] < 0 < table.low["3572"]
    assert finding.n == 20
    assert "10 before 2028-01-01, 10 from then on" in finding.coverage
    apart = jensenshannon([0.8, 0.2], [0.1, 0.9], base=2)
    assert f"the profiles are {apart:.2f} apart" in finding.sentence


def test_one_time_alone_is_no_drift(moved: Market) -> None:
    """There is nothing to compare it with."""
    finding = cpv_drift(moved, split=date(2000, 1, 1))
    assert finding.table.empty
    assert "too few" in finding.sentence


def test_digits_out_of_range_are_refused(market: Market) -> None:
    """A CPV code has eight, and one says nothing."""
    with pytest.raises(SettingInvalid, match="expected 2"):
        cpv_drift(market, digits=1)
