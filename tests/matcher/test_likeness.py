"""Likeness of needs, by words and by the solutions that would answer them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.index import FlatIndex
from matcher.likeness import NEAREST, Likeness, solution_profiles
from matcher.protocols import Float32
from matcher.rows import RowSet


def unit(count: int, seed: int) -> Float32:
    """Random unit vectors."""
    vectors = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def stored(vectors: Float32) -> FlatIndex:
    """An index of vectors under their numbers."""
    index = FlatIndex(vectors.shape[1])
    index.upsert(np.arange(len(vectors)), vectors)
    return index


def test_without_solutions_words_alone_decide() -> None:
    """The likeness of two needs is then the cosine of their vectors."""
    vectors = unit(5, 1)
    assert Likeness(vectors).of(np.arange(5)) == pytest.approx(vectors @ vectors.T, abs=1e-6)


@given(st.integers(1, 12), st.integers(1, 30), st.floats(0, 1), st.integers(0, 9))
def test_likeness_is_symmetric_and_one_with_itself(needs: int, offers: int, share: float, seed: int) -> None:
    """Whatever the share of agreement, a need is wholly like itself, and likeness goes both ways."""
    vectors = unit(needs, seed)
    profiles = solution_profiles(vectors, stored(unit(offers, seed + 1)), RowSet.all(offers))
    found = Likeness(vectors, profiles, share).of(np.arange(needs))
    assert found == pytest.approx(found.T, abs=1e-6)
    assert np.diag(found) == pytest.approx(np.ones(needs), abs=1e-5)


def test_a_part_is_as_alike_as_in_the_whole() -> None:
    """Numbering some needs anew changes nothing between them."""
    vectors = unit(6, 3)
    whole = Likeness(vectors, solution_profiles(vectors, stored(unit(4, 4)), RowSet.all(4)), 0.4)
    some = np.array([4, 1, 5])
    assert whole.part(some).of(np.arange(3)) == pytest.approx(whole.of(some))


def test_agreement_on_solutions_brings_needs_together() -> None:
    """Two needs that differ in words and share their nearest solution are more alike with solutions."""
    vectors = np.array([[0.8, 0.6, 0], [0.8, -0.6, 0]], dtype=np.float32)
    offers = stored(np.array([[1, 0, 0], [0, 0, 1]], dtype=np.float32))
    together = Likeness(vectors, solution_profiles(vectors, offers, RowSet.all(2)), 0.5).of(np.arange(2))[
        0, 1
    ]
    assert together > Likeness(vectors).of(np.arange(2))[0, 1] + 0.3


def test_a_hidden_solution_leaves_no_trace() -> None:
    """Profiles are the same whether a solution that may not be seen is stored or not."""
    vectors, offers = unit(5, 6), unit(7, 7)
    without = solution_profiles(vectors, stored(offers[:6]), RowSet.all(6)).toarray()
    hidden = solution_profiles(vectors, stored(offers), RowSet.of(range(6), size=7)).toarray()
    assert np.array_equal(hidden[:, :6], without)
    assert not hidden[:, 6].any()


def test_a_profile_holds_the_nearest_only() -> None:
    """However many solutions there are, a profile names a few."""
    profiles = solution_profiles(unit(3, 8), stored(unit(40, 9)), RowSet.all(40))
    assert np.diff(profiles.indptr).tolist() == [NEAREST] * 3
