"""Supply beside demand."""

from collections.abc import Callable

import pytest

from matcher.market import Market, supply_and_demand
from matcher.records import Need, Solution


def test_suppliers_are_those_with_an_adequate_solution(market: Market) -> None:
    """Finland's two needs for armour: two suppliers, one at home."""
    cell = supply_and_demand(market).table.set_index(["area", "country"]).loc[("crime", "FI")]
    assert (cell.needs, cell.compared, cell.matched, cell.suppliers, cell.domestic_suppliers) == (
        2,
        2,
        2,
        2,
        1,
    )
    assert cell.suppliers_per_need == pytest.approx(1.0)
    assert cell.value_eur == 300_000.0


def test_no_supplier_differs_from_not_compared(market: Market) -> None:
    """Zero is counted; unknown is unknown."""
    table = supply_and_demand(market).table.set_index(["area", "country"])
    assert table.suppliers["crime", "PT"] == 0
    assert table.loc[("no area", "not stated"), ["suppliers", "matched", "suppliers_per_need"]].isna().all()


def test_a_cell_that_was_not_compared_has_no_domestic_zero(market_of: Callable[..., Market]) -> None:
    """Nobody looked for suppliers at home."""
    made = market_of([Need(id="N", title="t", country="FI")], [Solution(id="S", name="s", country="FI")])
    row = supply_and_demand(made).table.iloc[0]
    assert row.compared == 0
    assert row[["suppliers", "domestic_suppliers", "origin_unknown"]].isna().all()


def test_one_or_two_suppliers_are_suppressed_by_themselves(market: Market) -> None:
    """Also where three buyers ask."""
    table = supply_and_demand(market, suppress=True).table
    assert not table.suppliers.dropna().between(1, 2).any()
