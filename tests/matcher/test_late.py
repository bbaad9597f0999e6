"""Late interaction: symmetric, bounded, and independent of what else is compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.late import Parts, late_scores, parts, similarities


def some(seed: int, count: int, dimension: int = 8) -> Parts:
    """Parts of an invented text of two sentences."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = rng.uniform(0.1, 1, count).astype(np.float32)
    return parts([(0, 5), (6, 9)], vectors, weights, np.sort(rng.integers(0, 2, count)))


@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 9))
def test_the_score_is_symmetric_and_a_cosine(seed: int, one: int, other: int) -> None:
    """Neither text is the query: both directions count alike."""
    a, b = some(seed, one), some(seed + 1, other)
    forth, back = late_scores(a, [b])[0], late_scores(b, [a])[0]
    assert forth == pytest.approx(back, abs=1e-5)
    assert -1.01 <= forth <= 1.01


@given(st.integers(0, 10_000), st.integers(1, 9))
def test_a_text_is_most_like_itself(seed: int, count: int) -> None:
    """Nothing scores above the text compared with itself, which scores one."""
    own = some(seed, count)
    scores = late_scores(own, [own, some(seed + 1, 4)])
    assert scores[0] == pytest.approx(1, abs=0.02)
    assert scores[0] >= scores[1] - 1e-6


def test_the_score_of_a_text_does_not_depend_on_the_others() -> None:
    """Texts are compared together for speed, and each for itself."""
    query, documents = some(1, 5), [some(seed, seed) for seed in (2, 3, 4)]
    together = late_scores(query, documents)
    alone = [late_scores(query, [document])[0] for document in documents]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_it_is_the_mean_of_the_best_cosines_both_ways() -> None:
    """Checked against the formula written out."""
    one, other = some(1, 4), some(2, 6)
    cosines = one.unit() @ other.unit().T
    expected = (one.weights @ cosines.max(axis=1) + other.weights @ cosines.max(axis=0)) / 2
    assert late_scores(one, [other])[0] == pytest.approx(expected, abs=1e-5)
    np.testing.assert_allclose(similarities(one, other), cosines, atol=1e-6)


def test_texts_without_parts_score_nothing() -> None:
    """An empty text, or one that was deleted, is no error."""
    empty = parts([], np.empty((0, 8), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))
    assert late_scores(some(1, 3), [None, empty, some(2, 2)])[:2].tolist() == [0, 0]
    assert late_scores(empty, [some(1, 3)]).tolist() == [0]
    assert late_scores(some(1, 3), []).tolist() == []


def test_weights_are_shares_and_vectors_eight_bits() -> None:
    """What is stored is small: a byte a dimension."""
    held = some(3, 7)
    assert held.vectors.dtype == np.int8
    assert held.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.linalg.norm(held.unit(), axis=1), 1, atol=0.02)
