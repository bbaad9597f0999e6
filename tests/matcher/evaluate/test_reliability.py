"""Whether probabilities mean what they say, checked against examples worked by hand."""

import numpy as np
import pytest

from matcher.evaluate.reliability import GROUPS, Shown, by_group, nothing_promised, reliability
from matcher.records import EU_LANGUAGES


def test_a_worked_example() -> None:
    """Two bins: .9 said of four of which three held, .1 said of six of which none did."""
    shown = [Shown("de", 0.9, held) for held in (True, True, True, False)]
    shown += [Shown("fr", 0.1, False)] * 6
    found = reliability(shown)
    assert found.count == 10
    assert found.ece == pytest.approx(0.4 * 0.15 + 0.6 * 0.1)
    assert found.brier == pytest.approx((3 * 0.01 + 0.81 + 6 * 0.01) / 10)
    assert [(b.count, round(b.said, 6), b.held) for b in found.bins] == [(6, 0.1, 0.0), (4, 0.9, 0.75)]


def test_calibrated_probabilities_have_a_small_error() -> None:
    """Drawn as they say, by either way of binning."""
    rng = np.random.default_rng(1)
    said = rng.uniform(0, 1, 4000)
    found = reliability([Shown("de", p, bool(rng.uniform() < p)) for p in said.tolist()])
    assert found.ece < 0.03
    assert found.ece_equal_mass < 0.03


def test_overconfidence_shows() -> None:
    """Said certain, held half the time."""
    assert reliability([Shown("de", 1.0, i % 2 == 0) for i in range(10)]).ece == pytest.approx(0.5)


def test_every_language_is_of_one_group() -> None:
    """None is left out, none counts twice; groups without results are left out."""
    assert sorted(code for codes in GROUPS.values() for code in codes) == sorted(EU_LANGUAGES)
    assert set(by_group([Shown("mt", 0.5, True), Shown("et", 0.5, True)])) == {
        "Greek, Irish, Maltese",
        "Finno-Ugric",
    }


def test_nothing_shown_is_nothing_wrong() -> None:
    """No results have no error; no unanswered queries are promised nothing."""
    assert reliability([]).ece == 0.0
    assert nothing_promised([]) == 1.0
    assert nothing_promised([0.49, 0.5]) == 0.5
