"""Needs by quarter."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from matcher.market import Market, trends
from matcher.market.trends import poisson_interval, quarter, quarters


@given(st.integers(0, 200))
def test_the_interval_is_exact(count: int) -> None:
    """Its ends are the means under which so few, or so many, would come with 2.5 %."""
    low, high = poisson_interval(count)
    assert poisson.cdf(count, high) == pytest.approx(0.025, abs=1e-9)
    if count:
        assert poisson.sf(count - 1, low) == pytest.approx(0.025, abs=1e-9)
    else:
        assert low == 0


def test_quarters_without_needs_are_counted_zeros(market: Market) -> None:
    """By hand: two, one, none, one; two needs state no start."""
    finding = trends(market)
    assert finding.table[["quarter", "needs"]].values.tolist() == [
        ["2027-Q1", 2], ["2027-Q2", 1], ["2027-Q3", 0], ["2027-Q4", 1],
    ]  # fmt: skip
    assert finding.n == 4
    assert "planned start known of 4 of 6 needs" in finding.coverage
    assert finding.table.value_eur.isna().tolist() == [False, True, True, False]


def test_each_group_has_all_quarters(market: Market) -> None:
    """So that lines can be laid side by side."""
    table = trends(market, by="area").table
    assert table.groupby("area").size().to_dict() == {"border": 4, "crime": 4}


def test_other_dates_may_be_given(market: Market) -> None:
    """As the day a need was first seen."""
    table = trends(market, dates={"N1": date(2026, 1, 1), "N6": date(2026, 3, 31)}).table
    assert table[["quarter", "needs"]].values.tolist() == [["2026-Q1", 2]]


def test_a_suppressed_quarter_is_a_gap_in_the_line(market: Market) -> None:
    """It is marked as hidden, and the line does not run through it."""
    figure = trends(market, suppress=True).figure()
    line, marks = figure.data
    assert list(line.y) == [None, None, 0, None]
    assert line.connectgaps is False
    assert list(marks.x) == ["2027-Q1", "2027-Q2", "2027-Q4"]


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 900))
def test_quarters_run_from_one_to_the_other(first: date, days: int) -> None:
    """Without gaps, both ends included."""
    last = date.fromordinal(first.toordinal() + days)
    found = quarters(first, last)
    assert (found[0], found[-1]) == (quarter(first), quarter(last))
    assert found == sorted(set(found))
