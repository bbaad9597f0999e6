"""From token vectors to span vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.spans import check_spans, span_vectors, token_ranges, unit

TOKENS = np.array([[9, 9], [1, 0], [0, 1], [0, 3]], np.float32)
RANGES = np.array([[-1, -1], [0, 2], [3, 5], [5, 6]])
FALLBACK = np.array([0.6, 0.8], np.float32)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((0, 2), [1, 0]),
        ((0, 3), [1, 0]),
        ((3, 6), [0, 1]),
        ((0, 5), [2**-0.5, 2**-0.5]),
        ((0, 4), [1, 0]),
        ((4, 5), [0.6, 0.8]),
        ((2, 3), [0.6, 0.8]),
        ((2, 2), [0.6, 0.8]),
        ((50, 60), [0.6, 0.8]),
        ((-5, 2), [1, 0]),
    ],
)
def test_a_span_is_the_unit_mean_of_the_tokens_inside(span, expected):
    """Only tokens wholly inside count; a span without any is its text."""
    np.testing.assert_allclose(span_vectors(TOKENS, RANGES, [span], FALLBACK)[0], expected, atol=1e-6)


def test_tokens_that_cancel_out_fall_back():
    """A mean of zero has no direction, so the text's vector stands in."""
    tokens = np.array([[1, 0], [-1, 0]], np.float32)
    ranges = np.array([[0, 1], [1, 2]])
    np.testing.assert_array_equal(span_vectors(tokens, ranges, [(0, 2)], FALLBACK)[0], FALLBACK)


def test_no_spans_give_no_rows():
    """The shape keeps its dimension, so that results can be stacked."""
    assert span_vectors(TOKENS, RANGES, [], FALLBACK).shape == (0, 2)


def test_offsets_are_told_without_the_prefix():
    """Prefix and special tokens have no place in the text; leading spaces are not the token's."""
    offsets = [(0, 0), (0, 6), (6, 7), (7, 12), (12, 19), (19, 20), (0, 0)]
    assert token_ranges("armed guards ", offsets, "query: ").tolist() == [
        [-1, -1],
        [-1, -1],
        [-1, -1],
        [0, 5],
        [6, 12],
        [-1, -1],
        [-1, -1],
    ]


@given(st.lists(st.lists(st.floats(-5, 5, width=32), min_size=3, max_size=3), max_size=5))
def test_unit_rows_have_length_one_or_stay_zero(rows):
    """Scaling never makes a row longer or shorter than one, save a row of zeros."""
    lengths = np.linalg.norm(unit(np.array(rows, np.float32).reshape(-1, 3)), axis=1)
    assert all(abs(length - 1) < 1e-3 or length == 0 for length in lengths)


def test_spans_must_match_the_texts():
    """One list of spans for each text, or none at all."""
    check_spans(["a"], None)
    check_spans(["a"], [[]])
    with pytest.raises(ValueError, match="2 lists of spans for 1 texts"):
        check_spans(["a"], [[], []])
