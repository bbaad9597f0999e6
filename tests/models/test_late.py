"""The late head: neighbours averaged by weight, tokens outside the text left out."""

from pathlib import Path

import numpy as np
import pytest

from matcher.errors import ModelCorrupt
from models.late import FILE, POOLED, Head, load, paired

HEAD = Head(np.eye(2, 3, dtype=np.float32), np.array([0.5, 0], np.float32), np.ones(3, np.float32), -1.0)


def test_tokens_outside_the_text_are_left_out() -> None:
    """Prefix, marks and white space make no vector and shift no neighbours."""
    small = np.arange(16, dtype=np.float32).reshape(8, 2) + 1
    ranges = np.array([[-1, -1], [0, 2], [2, 3], [-1, -1], [4, 6], [7, 9], [9, 12], [-1, -1]])
    found = paired(small, np.ones(8, np.float32), ranges)
    assert len(found.vectors) == len(found.weights) == -(-5 // POOLED)
    assert found.starts[0] == 0
    assert found.weights.sum() == 5
    first = small[[1, 2, 4][:POOLED]].sum(axis=0)
    np.testing.assert_allclose(found.vectors[0], first / np.linalg.norm(first), atol=1e-6)


def test_heavier_tokens_lead_their_neighbours() -> None:
    """The vector of a group points where its weight is."""
    found = paired(np.eye(2, dtype=np.float32), np.array([9, 1], np.float32), np.array([[0, 1], [1, 2]]))
    assert found.vectors[0, 0] > 0.9


def test_an_empty_text_has_no_vectors() -> None:
    """Nothing to compare is no error."""
    found = paired(np.empty((0, 2), np.float32), np.empty(0, np.float32), np.empty((0, 2), np.int64))
    assert found.vectors.shape == (0, 2)


def test_the_head_projects_and_weighs() -> None:
    """A linear projection, and a softplus weight that is never negative."""
    small, weights = HEAD.apply(np.array([[1, 2, 3], [-9, 0, 0]], np.float32))
    np.testing.assert_allclose(small, [[1.5, 2], [-8.5, 0]])
    np.testing.assert_allclose(weights, [np.log1p(np.exp(5)), np.log1p(np.exp(-10))], rtol=1e-5)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """A folder without a head has none; a damaged one is refused with what to do."""
    assert load(tmp_path) is None
    HEAD.save(tmp_path / FILE)
    read = load(tmp_path)
    assert read is not None
    assert read.dimension == 2
    np.testing.assert_array_equal(read.projection, HEAD.projection)
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(ModelCorrupt, match="Delete its folder"):
        load(tmp_path)
