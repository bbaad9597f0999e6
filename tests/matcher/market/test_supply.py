"""Classes of supply and their hints."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.market import Market
from matcher.market.supply import classify, gap, of_cluster, of_need
from matcher.records import Need, Solution

trls = st.lists(st.integers(1, 9) | st.none(), max_size=6)


@pytest.mark.parametrize(
    ("levels", "state", "hint"),
    [
        ([], "unserved", "unmet"),
        ([9, 9, 9], "served", "market"),
        ([9, 9, 9, None, 3], "served", "market"),
        ([9, 9], "thin", "thin market"),
        ([9, 8, 8, 8], "thin", "thin market"),
        ([9, None], "thin", "thin market"),
        ([9, 9, None], "unclear", None),
        ([8, 4], "immature", "ppi"),
        ([7], "immature", "ppi"),
        ([6, 6, 6], "immature", "pcp"),
        ([None], "unclear", None),
        ([6, None], "unclear", None),
    ],
)
def test_the_class_follows_from_offers_and_trl(
    levels: list[int | None], state: str, hint: str | None
) -> None:
    """Three at TRL 9 serve, fewer are thin, none is immature; what TRL may still decide is unclear."""
    found, _, hinted = classify(levels)
    assert (found, hinted) == (state, hint)


@given(trls, st.data())
def test_a_hint_holds_whatever_the_unknown_trls_are(levels: list[int | None], data: st.DataObject) -> None:
    """With every unknown filled in, the class is one of those named, and a hint given stays."""
    _, possible, hint = classify(levels)
    filled = [level if level is not None else data.draw(st.integers(1, 9)) for level in levels]
    state, _, later = classify(filled)
    assert state in possible
    if hint is not None:
        assert later == hint


def test_a_gap_is_what_adequate_offers_leave_open() -> None:
    """By hand: .9 and .5 at TRL 9 leave .1 x .5; TRL 6 counts two thirds."""
    assert gap([(0.9, 9), (0.5, 9)], []) == pytest.approx(0.05)
    assert gap([(0.9, 6)], []) == pytest.approx(1 - 0.9 * 6 / 9)
    assert gap([], [(0.4, 9), (0.1, 9)]) == pytest.approx(0.6)
    assert gap([], []) == 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9) | st.none()), max_size=6))
def test_a_gap_lies_between_nothing_and_all(offers: list[tuple[float, int | None]]) -> None:
    """And another adequate offer never widens it."""
    found = gap(offers, offers)
    assert 0 <= found <= 1
    if offers:
        assert gap([*offers, (0.7, 9)], offers) <= found + 1e-12


def test_a_need_that_was_not_compared_has_no_class(market: Market) -> None:
    """Unknown supply is neither none nor enough."""
    supply = of_need(market, 5)
    assert (supply.state, supply.gap, supply.best, supply.hint) == ("not compared", None, None, None)


def test_a_solution_serves_a_cluster_if_it_does_more_than_half(market: Market) -> None:
    """S1 is adequate for all three, S2 for two, S3 for one."""
    supply = of_cluster(market, [0, 1, 2])
    assert supply.adequate == (0, 1)
    assert supply.best == pytest.approx(0.8)


def test_the_threshold_itself_is_adequate_for_a_cluster(market_of: Callable[..., Market]) -> None:
    """As it is for a need alone, whatever the number of bits."""
    needs = [Need(id="A", title="t"), Need(id="B", title="t")]
    made = market_of(needs, [Solution(id="S", name="s", trl=9)], [[0.7], [0.7]], adequate=0.7)
    assert of_cluster(made, [0, 1]).adequate == of_need(made, 0).adequate == (0,)


def test_of_two_needs_both_must_be_served(market_of: Callable[..., Market]) -> None:
    """Not compared stands below every number; a member that was never compared says nothing."""
    needs = [Need(id=f"N{i}", title="t") for i in range(3)]
    nan = float("nan")
    made = market_of(
        needs,
        [Solution(id="S1", name="a", trl=9), Solution(id="S2", name="b", trl=9)],
        [[0.9, 0.9], [0.6, nan], [nan, nan]],
    )
    assert of_cluster(made, [0, 1]).adequate == (0,)
    assert of_cluster(made, [0, 2]).adequate == (0, 1)
    assert of_cluster(made, [2]).state == "not compared"
