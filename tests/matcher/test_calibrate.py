"""From scores to a probability, and to a word."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.branch import UNSAID
from matcher.calibrate import FEATURES, Level, LogisticCalibrator, features, fit, level
from matcher.protocols import Calibrator, Float32
from matcher.retrieve import Candidates

CALIBRATOR = LogisticCalibrator("m@1", (6.0, 2.0, 1.0, 3.0), -3.0, 240, "2026-01-31")


def row_of(*values: float) -> Float32:
    """Features of one pair."""
    return np.array([values], dtype=np.float32)


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (1.0, Level.STRONG),
        (0.80, Level.STRONG),
        (0.7999, Level.LIKELY),
        (0.50, Level.LIKELY),
        (0.4999, Level.POSSIBLE),
        (0.20, Level.POSSIBLE),
        (0.1999, Level.WEAK),
        (0.0, Level.WEAK),
    ],
)
def test_levels_begin_where_they_are_said_to(probability: float, word: Level) -> None:
    """Strong from .80, likely from .50, possible from .20, weak below."""
    assert level(probability) is word


def test_words_are_a_feature_of_their_own_across_languages() -> None:
    """The columns stand in the order of their names."""
    dense, words, codes = np.array([[0.7, 0.6], [0.4, 0.3], [0.2, 0.1]], dtype=np.float32)
    late = np.array([0.5, 0.8], dtype=np.float32)
    same = np.array([True, False])
    branch = np.array([0.85, np.nan], dtype=np.float32)
    found = features(Candidates(np.arange(2), dense, words, codes, same, late, branch))
    assert len(FEATURES) == found.shape[1]
    np.testing.assert_allclose(found, [[0.7, 0.5, 0.4, 0, 0.2, 0.85], [0.6, 0.8, 0, 0.3, 0.1, UNSAID]])
    assert found.dtype == np.float32


UNIT = st.floats(0, 1, width=32)


@given(st.tuples(UNIT, UNIT, UNIT, UNIT), st.integers(0, 3), UNIT)
def test_the_probability_rises_with_every_score(
    values: tuple[float, float, float, float], which: int, more: float
) -> None:
    """A pair that is nowhere worse is not less probable."""
    better = list(values)
    better[which] = max(better[which], more)
    low, high = CALIBRATOR.probability(np.array([values, better], dtype=np.float32))
    assert 0 <= low <= high <= 1


def test_far_scores_give_zero_and_one_without_a_warning() -> None:
    """Steep calibrators do not overflow."""
    steep = LogisticCalibrator("m@1", (1e4,), 0.0, 1, "2026-01-31")
    assert steep.probability(np.array([[-1], [1]], dtype=np.float32)).tolist() == [0.0, 1.0]


def test_contributions_add_up_to_the_logit() -> None:
    """With the intercept, what the features add is the whole of it."""
    values = row_of(0.5, 0.25, 0, 1)
    logit = CALIBRATOR.contributions(values).sum() + CALIBRATOR.intercept
    assert CALIBRATOR.probability(values)[0] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-6)


def test_a_fit_recovers_the_law_that_made_the_judgements() -> None:
    """Signs, order of strength and probabilities come back from enough judged pairs."""
    random = np.random.default_rng(3)
    values = random.uniform(0, 1, (4000, 4)).astype(np.float32)
    relevant = (random.uniform(0, 1, 4000) < CALIBRATOR.probability(values)).astype(np.float32)
    fitted = fit(values, relevant, "m@1", "2026-01-31")
    np.testing.assert_allclose(fitted.coefficients, CALIBRATOR.coefficients, atol=0.7)
    assert fitted.intercept == pytest.approx(CALIBRATOR.intercept, abs=0.7)
    assert (fitted.model, fitted.judgements, fitted.date) == ("m@1", 4000, "2026-01-31")
    assert isinstance(fitted, Calibrator)


def test_a_score_that_fits_in_the_wrong_direction_is_held_at_zero() -> None:
    """Even then the probability never falls when a score rises."""
    random = np.random.default_rng(4)
    values = random.uniform(0, 1, (600, 2)).astype(np.float32)
    relevant = (values[:, 0] - values[:, 1] > 0).astype(np.float32)
    fitted = fit(values, relevant, "m@1", "2026-01-31")
    assert fitted.coefficients[0] > 0
    assert fitted.coefficients[1] == 0


def test_when_no_score_fits_the_share_of_relevant_pairs_is_left() -> None:
    """Scores that all mislead leave one probability for every pair."""
    values = np.array([[0.1], [0.2], [0.8], [0.9]], dtype=np.float32)
    fitted = fit(values, np.array([1, 1, 1, 0], dtype=np.float32), "m@1", "2026-01-31")
    assert fitted.coefficients == (0.0,)
    assert fitted.probability(values).tolist() == pytest.approx([0.75] * 4)


def test_judgements_of_one_kind_cannot_be_fitted() -> None:
    """Nothing can be told apart where all pairs are relevant, or none is."""
    for said in (np.ones, np.zeros):
        with pytest.raises(ValueError, match="both kinds"):
            fit(np.ones((3, 1), dtype=np.float32), said(3, dtype=np.float32), "m@1", "2026-01-31")


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_no_coefficient_is_below_zero(seed: int, width: int) -> None:
    """Whatever was judged; columns that say nothing, or all lie far apart, are no obstacle."""
    random = np.random.default_rng(seed)
    values = (random.normal(size=(40, width)) * 10.0 ** random.integers(-3, 3, width)).astype(np.float32)
    values[:, 0] = 0.25
    relevant = (random.random(40) < 0.4).astype(np.float32)
    relevant[:2] = 0, 1
    fitted = fit(values, relevant, "m@1", "2026-01-31")
    assert all(coefficient >= 0 for coefficient in fitted.coefficients)
    assert np.isfinite([*fitted.coefficients, fitted.intercept]).all()


def test_pairs_that_are_told_apart_in_full_leave_the_fit_finite() -> None:
    """Without a bound the slope would grow for ever."""
    values = np.array([[0.0], [0.1], [0.9], [1.0]], dtype=np.float32)
    fitted = fit(values, np.array([0, 0, 1, 1], dtype=np.float32), "m@1", "2026-01-31")
    assert 1 < fitted.coefficients[0] < 100
    assert (np.diff(fitted.probability(values)) > 0).all()


def test_a_calibrator_survives_json() -> None:
    """What is written is read back, equal."""
    assert LogisticCalibrator.from_json(json.loads(json.dumps(CALIBRATOR.as_json()))) == CALIBRATOR


def test_it_says_which_features_count() -> None:
    """What counts for nothing need not be computed."""
    own = LogisticCalibrator("m@1", (1.0, 0.0, 0.0, 2.0), 0.0, 1, "2026-01-31")
    assert own.uses(slice(0, 2))
    assert not own.uses(slice(1, 3))
