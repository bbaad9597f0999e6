"""Supplier concentration."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.market import Market, concentration
from matcher.market.suppliers import hhi
from matcher.records import Need, Solution


def test_matched_demand_is_split_among_its_suppliers(market: Market) -> None:
    """By hand: N1 a third each to three, N2 a half each to two, N3 whole to one."""
    row = concentration(market).table.set_index("area").loc["crime"]
    shares = [1 / 3 + 1 / 2 + 1, 1 / 3 + 1 / 2, 1 / 3]
    assert row.hhi == pytest.approx(sum((share / 3) ** 2 for share in shares))
    assert row.largest_share == pytest.approx(shares[0] / 3)
    assert (row.matched, row.suppliers, row.needs) == (3, 3, 4)
    worth = [100 / 3 + 150, 100 / 3 + 150, 100 / 3]
    assert row.hhi_value == pytest.approx(sum((w / 400) ** 2 for w in worth))


def test_an_unknown_size_makes_the_share_of_smes_a_range(market: Market) -> None:
    """One of the three suppliers does not say its size."""
    row = concentration(market).table.set_index("area").loc["crime"]
    assert row.sme_share_min == pytest.approx((1 / 3 + 1 / 2 + 1) / 3)
    assert row.sme_share_max == pytest.approx(row.sme_share_min + (1 / 3) / 3)


def test_an_area_without_matched_demand_has_no_index(market: Market) -> None:
    """No supplier is no monopoly."""
    row = concentration(market).table.set_index("area").loc["no area"]
    assert row[["hhi", "effective_suppliers", "largest_share", "sme_share_min"]].isna().all()


def test_two_solutions_of_one_supplier_are_one(market_of: Callable[..., Market]) -> None:
    """By name; those that name nobody are suppliers of their own."""
    solutions = [Solution(id="S1", name="a", vendor="V"), Solution(id="S2", name="b", vendor="v"),
                 Solution(id="S3", name="c"), Solution(id="S4", name="d")]  # fmt: skip
    made = market_of([Need(id="N", title="t")], solutions, [[0.9] * 4])
    finding = concentration(made)
    assert finding.table.suppliers.tolist() == [3]
    assert "2 solutions name no supplier" in finding.coverage


def test_no_supplier_is_named(market: Market) -> None:
    """Nobody is ranked for an award."""
    finding = concentration(market)
    shown = finding.table.to_csv() + finding.sentence + finding.figure().to_json()
    assert not any(solution.vendor in shown for solution in market.solutions)


def test_suppression_counts_buyers_and_suppliers(market_of: Callable[..., Market]) -> None:
    """Three buyers before two suppliers are a cell of two."""
    needs = [Need(id=f"{area}{i}", title="t", organisation=f"O{i}") for area in "abc" for i in range(4)]
    solutions = [Solution(id=f"S{i}", name="s", vendor=f"V{i}") for i in range(3)]
    fit = [[0.9, 0.9, 0.9 if need.id[0] == "a" else 0.1] for need in needs]
    made = market_of(needs, solutions, fit, areas={need.id: need.id[0] for need in needs})
    assert concentration(made).table.suppliers.tolist() == [3, 2, 2]
    assert concentration(made, suppress=True).table.suppressed.tolist() == [False, True, True]


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=8))
def test_the_index_lies_between_equal_parts_and_one(shares: list[float]) -> None:
    """1/n for equal suppliers, 1 for one; the order does not matter."""
    found = hhi(shares)
    assert found is not None
    assert 1 / len(shares) - 1e-9 <= found <= 1 + 1e-9
    assert found == pytest.approx(hhi(shares[::-1]))
