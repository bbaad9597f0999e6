"""Sets of row numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.rows import RowSet

ROWS = st.sets(st.integers(0, 40))


@given(ROWS, ROWS)
def test_row_sets_are_sets(one: set[int], other: set[int]) -> None:
    """Membership, number, intersection and difference agree with Python's own sets."""
    a, b = RowSet.of(one, size=41), RowSet.of(other)
    assert list(a) == sorted(one)
    assert len(a) == len(one)
    assert set(a & b) == one & other
    assert set(a.without(other)) == one - other
    assert a.contains(np.arange(-2, 60)).tolist() == [row in one for row in range(-2, 60)]
    assert [row in a for row in range(-2, 60)] == [row in one for row in range(-2, 60)]


def test_a_row_beyond_the_size_is_not_in_the_set() -> None:
    """A row that came later than the set was made is not allowed by it."""
    everything = RowSet.all(3)
    assert 3 not in everything
    assert -1 not in everything
    assert everything.contains(np.array([2, 3, -1])).tolist() == [True, False, False]
    assert len(RowSet.none(5)) == len(RowSet.none()) == 0
    assert RowSet.of([1], size=4).mask.tolist() == [False, True, False, False]


def test_numpy_integers_are_rows() -> None:
    """A row number out of an array is found like one out of a list; other things are not."""
    allowed = RowSet.of([1, 3])
    assert np.int64(3) in allowed
    assert np.int32(2) not in allowed
    assert "1" not in allowed


def test_a_set_does_not_change_with_the_mask_it_was_made_of() -> None:
    """The set keeps a copy, and nobody can write into it; the mask stays its owner's."""
    mask = np.array([True, False])
    allowed = RowSet(mask)
    mask[1] = True
    assert list(allowed) == [0]
    with pytest.raises(ValueError, match="read-only"):
        allowed.mask[1] = True


def test_a_negative_row_is_refused() -> None:
    """Counting from the end would let another row in."""
    with pytest.raises(ValueError, match="start at 0"):
        RowSet.of([-1], size=3)
