"""Import dependence."""

from collections.abc import Callable

import pytest

from matcher.market import Market, import_dependence
from matcher.market.dependence import origin
from matcher.records import Need, Solution


@pytest.mark.parametrize(
    ("countries", "expected"),
    [
        (["FI", "US", None], "domestic"),
        (["DE", "US"], "EU, not domestic"),
        (["US", "GB"], "outside the EU only"),
        (["DE", None], "origin not stated"),
        ([], "no adequate supply"),
    ],
)
def test_the_nearest_known_origin_counts(
    market_of: Callable[..., Market], countries: list[str | None], expected: str
) -> None:
    """A supplier that does not say where it is might be at home."""
    solutions = [Solution(id=f"S{i}", name="s", country=c) for i, c in enumerate(countries)]
    solutions.append(Solution(id="S9", name="unfit", country="FI"))
    made = market_of([Need(id="N", title="t", country="FI")], solutions, [[0.9] * len(countries) + [0.1]])
    assert origin(made, 0) == expected


def test_needs_of_a_country_are_divided_by_origin(market: Market) -> None:
    """By hand: Estonia imports from the EU, Finland has its own, Portugal has none."""
    table = import_dependence(market).table
    there = table[table.needs > 0]
    assert there[["country", "origin", "needs"]].values.tolist() == [
        ["EE", "EU, not domestic", 1],
        ["FI", "domestic", 2],
        ["FR", "domestic", 1],
        ["PT", "no adequate supply", 1],
    ]
    assert table.groupby("country").share.sum().tolist() == pytest.approx([1.0] * 4)


def test_a_need_without_country_is_counted_in_the_coverage_alone(market: Market) -> None:
    """Nobody knows what would be domestic for it."""
    finding = import_dependence(market)
    assert finding.n == 5
    assert "country stated by 5 of 6 needs" in finding.coverage


def test_suppression_leaves_out_countries_with_small_parts(market: Market) -> None:
    """A part that is the rest of a known whole would tell."""
    finding = import_dependence(market, suppress=True)
    assert finding.table.empty
    assert "4 countries left out" in finding.coverage
