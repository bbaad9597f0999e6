"""The market: its order, what was compared, sums of what is stated."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import coo_array

from matcher.errors import RecordUnknown
from matcher.market import Market
from matcher.market.market import value_eur
from matcher.records import Need, Solution

Maker = Callable[..., Market]


def test_records_stand_by_id_and_the_fit_goes_with_them(market: Market, shuffled: Market) -> None:
    """Whatever the order they came in."""
    assert [need.id for need in shuffled.needs] == [need.id for need in market.needs]
    for row in range(len(market.needs)):
        for one, other in zip(market.offers(row), shuffled.offers(row), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_sparse_fit_reads_as_a_dense_one(market: Market) -> None:
    """What is not stored was not compared; a stored zero was."""
    needs, solutions = [Need(id="B", title="b"), Need(id="A", title="a")], [Solution(id="S", name="s")]
    fit = coo_array((np.array([0.0], dtype=np.float32), ([1], [0])), shape=(2, 1))
    made = Market(needs=needs, solutions=solutions, fit=fit, day=market.day)
    assert (made.compared(0), made.compared(1)) == (True, False)
    assert made.offers(0)[1].tolist() == [0.0]


def test_the_threshold_itself_is_adequate(market_of: Maker) -> None:
    """Also where a number has no exact half-precise form."""
    made = market_of([Need(id="N", title="n")], [Solution(id="S", name="s")], [[0.7]], adequate=0.7)
    assert made.adequate_for(0).tolist() == [0]


@pytest.mark.parametrize("bad", [1.5, -0.1])
def test_numbers_that_are_no_probabilities_are_refused(market_of: Maker, bad: float) -> None:
    """A raw score is no calibrated probability."""
    with pytest.raises(ValueError, match="calibrated"):
        market_of([Need(id="N", title="n")], [Solution(id="S", name="s")], [[bad]])


def test_a_fit_of_another_shape_is_refused(market: Market) -> None:
    """Needs are rows, solutions columns."""
    with pytest.raises(ValueError, match="needs x solutions"):
        Market(needs=market.needs, solutions=market.solutions, fit=np.zeros((5, 6)), day=market.day)


def test_an_id_that_comes_twice_is_refused(market_of: Maker) -> None:
    """It would be counted twice."""
    with pytest.raises(ValueError, match="comes twice"):
        market_of([Need(id="N", title="a"), Need(id="N", title="b")])


def test_a_cluster_of_unknown_needs_is_refused(market_of: Maker) -> None:
    """Nobody is dropped silently."""
    with pytest.raises(RecordUnknown, match="N9"):
        market_of([Need(id="N", title="a")], clusters={"C": ("N", "N9")})


def test_an_organisation_is_one_by_identifier_or_name(market_of: Maker) -> None:
    """A name that stands with one identifier elsewhere is that organisation; no name adds nobody."""
    made = market_of(
        [
            Need(id="A", title="t", organisation="Police  A", organisation_id="X1"),
            Need(id="B", title="t", organisation="police a"),
            Need(id="C", title="t", organisation="Guard"),
            Need(id="D", title="t"),
        ]
    )
    assert made.organisations(range(4)) == 2


def test_what_is_not_stated_is_no_zero(market: Market, market_of: Maker) -> None:
    """A sum says how many stand behind it; of nobody it is unknown."""
    assert market.total([0, 1, 2]) == (400_000.0, 2)
    assert market.total([2, 5]) == (None, 0)
    assert market.coverage("value", "area") == "value stated by 4 of 6 needs; 1 in no area"


@pytest.mark.parametrize(
    ("need", "value"),
    [
        (Need(id="N", title="n", value_eur=5.0, value_min_eur=1.0, value_max_eur=3.0), 5.0),
        (Need(id="N", title="n", value_min_eur=10.0, value_max_eur=30.0), 20.0),
        (Need(id="N", title="n", value_max_eur=30.0), None),
        (Need(id="N", title="n", value_eur=0.0), None),
        (Need(id="N", title="n", value_eur=1.0), None),
    ],
)
def test_a_value_is_as_stated_or_the_middle_of_a_range(need: Need, value: float | None) -> None:
    """0 and 1 are what sources write for nothing."""
    assert value_eur(need) == value
