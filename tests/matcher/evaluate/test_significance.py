"""How sure a difference is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.evaluate import significance
from matcher.evaluate.significance import Interval, interval, randomisation, ratio_interval


def test_the_same_values_give_the_same_interval() -> None:
    """The seed is fixed."""
    values = np.random.default_rng(1).normal(size=50).tolist()
    assert interval(values) == interval(values)


def test_the_interval_holds_the_mean_between_its_ends() -> None:
    """The mean is that of the values."""
    values = [0.1, 0.4, 0.35, 0.9, 0.2]
    found = interval(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.low < found.mean < found.high


def test_no_values_have_no_spread() -> None:
    """Nothing measured is zero, not an error."""
    assert interval([]) == Interval(0.0, 0.0, 0.0)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Of many samples of a known mean, about 95 in 100 intervals hold it."""
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(150):
        found = interval(random.normal(0.3, 1.0, size=40).tolist())
        covered += found.low <= 0.3 <= found.high
    assert 0.88 <= covered / 150 <= 0.99


def test_whole_families_are_drawn() -> None:
    """Copies of a query within a family do not make the interval narrower; copies apart would."""
    values = np.random.default_rng(3).normal(size=20).tolist()
    names = [f"f{number}" for number in range(20)]
    once, copied = interval(values, names), interval(values * 5, names * 5)
    apart = interval(values * 5)
    assert copied.mean == pytest.approx(once.mean)
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=1e-6)
    assert apart.high - apart.low < 0.6 * (once.high - once.low)


def test_large_families_weigh_by_their_queries() -> None:
    """A family of many queries moves the mean as far as it has queries."""
    found = interval([1.0, 0.0, 0.0, 0.0], ["a", "b", "b", "b"])
    assert found.mean == 0.25
    assert (found.low, found.high) == (0.0, 1.0)


def test_a_clear_difference_is_unlikely_by_chance() -> None:
    """Twenty queries all better: next to never by swapping; the same data with signs mixed often."""
    assert randomisation([0.1] * 20) < 0.001
    assert randomisation([0.1, -0.1] * 10) == 1.0
    assert randomisation([]) == 1.0


def test_one_family_cannot_be_significant() -> None:
    """Queries that stand and fall together are one observation."""
    assert randomisation([0.1] * 20, ["f"] * 20) == 1.0


def test_the_p_is_that_of_all_sign_flips() -> None:
    """Of 2^6 ways to swap these families, those as extreme can be counted."""
    values = [0.3, 0.1, -0.2, 0.4, 0.05, 0.2]
    signs = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1)
    exact = np.mean(np.abs(np.array(values) @ signs) >= abs(sum(values)) - 1e-12)
    assert randomisation(values) == pytest.approx(exact, abs=0.015)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30))
def test_the_p_does_not_know_which_system_came_first(values: list[float]) -> None:
    """Two-sided: turning all differences round changes nothing; a p is never 0 nor above 1."""
    found = randomisation(values)
    assert found == randomisation([-value for value in values])
    assert 0 < found <= 1


def test_no_difference_gives_a_p_as_often_as_it_says() -> None:
    """Where two systems are alike, about one in ten p is below .1."""
    random = np.random.default_rng(4)
    low = sum(randomisation(random.normal(size=25).tolist()) < 0.1 for _ in range(150))
    assert 5 <= low <= 27


def test_a_ratio_is_of_sums() -> None:
    """Queries weigh by their wholes; those without a whole have no say."""
    assert ratio_interval([1.0, 3.0, 0.0], [2.0, 2.0, 0.0]).mean == 1.0
    assert ratio_interval([0.0], [0.0]) == Interval(0.0, 0.0, 0.0)
    found = ratio_interval([1.0, 0.0, 2.0, 1.0], [1.0, 1.0, 2.0, 2.0])
    assert found.low <= found.mean <= found.high


def test_figures_do_not_depend_on_how_many_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded; the seed gives the same draws in portions."""
    values = np.random.default_rng(5).normal(size=30).tolist()
    whole = interval(values), randomisation(values)
    monkeypatch.setattr(significance, "AT_ONCE", 30 * 700)
    assert (interval(values), randomisation(values)) == whole
