"""Whether probabilities mean what they say, checked against examples worked by hand."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_bins_of_equal_mass_worked_by_hand() -> None:
    """Twenty results, two a bin; each bin is .05 off, but for one that is .45 off."""
    said = [0.05 + 0.1 * at for at in range(10)]
    shown = [Shown("de", p, held) for at, p in enumerate(said) for held in (at > 4, at > 4)]
    off = [abs(p - (at > 4)) for at, p in enumerate(said)]
    assert reliability(shown).ece_equal_mass == pytest.approx(sum(off) / 10)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.35, 0.9]), st.booleans()), min_size=1), st.randoms())
def test_the_order_of_results_does_not_matter(pairs: list[tuple[float, bool]], rng: Random) -> None:
    """Results of equal probability share a bin."""
    shown = [Shown("de", said, held) for said, held in pairs]
    found = reliability(shown)
    rng.shuffle(shown)
    again = reliability(shown)
    assert again.ece_equal_mass == pytest.approx(found.ece_equal_mass)
    assert again.ece == pytest.approx(found.ece)
    assert 0 <= found.ece <= 1
    assert sum(one.count for one in found.bins) == len(pairs)


def test_levels_are_those_that_users_read() -> None:
    """Surest first, each with what was said of it and what held."""
    shown = [
        Shown("de", 0.85, True),
        Shown("de", 0.95, False),
        Shown("de", 0.5, True),
        Shown("de", 0.1, False),
    ]
    found = reliability(shown).levels
    assert list(found) == ["strong", "likely", "weak"]
    assert (found["strong"].count, found["strong"].said, found["strong"].held) == (2, pytest.approx(0.9), 0.5)


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
