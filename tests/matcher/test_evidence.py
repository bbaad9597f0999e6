"""Sentences that bring two texts together, and those that are not met."""

import numpy as np
import pytest

from matcher.evidence import Comparison, emphasis
from matcher.late import Parts, late_scores, parts

E = np.eye(6, dtype=np.float32)


def text(*sentences: list[int], weights: list[float] | None = None) -> Parts:
    """A text whose sentences are made of unit vectors along the given axes."""
    axes = [axis for sentence in sentences for axis in sentence]
    owners = np.array([at for at, sentence in enumerate(sentences) for _ in sentence])
    spans = [(10 * at, 10 * at + 9) for at in range(len(sentences))]
    given = np.array(weights or [1.0] * len(axes), dtype=np.float32)
    return parts(spans, E[axes], given, owners)


def test_the_sentences_that_share_matter_are_paired() -> None:
    """Each with the one it fits, whatever the order of the texts."""
    compared = Comparison(text([0, 1], [2, 3], [4]), text([5], [2, 3], [0, 1]))
    nothing = np.zeros((3, 3), dtype=np.float32)
    assert set(compared.pairs(2, nothing)) == {(0, 2), (1, 1)}
    assert compared.alike[0, 2] == pytest.approx(1, abs=0.01)


def test_each_sentence_is_paired_once() -> None:
    """Two quotations do not repeat one sentence."""
    found = Comparison(text([0], [0]), text([0], [0])).pairs(5, np.zeros((2, 2), dtype=np.float32))
    assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found) == 2


def test_the_score_is_that_of_late_interaction() -> None:
    """Explanation and ranking speak of one number."""
    one, other = text([0, 1], [2]), text([1], [3, 4])
    assert Comparison(one, other).score == pytest.approx(float(late_scores(one, [other])[0]), abs=1e-5)


def test_removing_the_paired_sentence_costs_the_score_most() -> None:
    """The quotation is what the score stands on."""
    sentences = [[0, 1], [2], [3, 4]]
    other = text([0, 1], [5])
    whole = Comparison(text(*sentences), other)
    ((best, _), *_) = whole.pairs(1, np.zeros((3, 2), dtype=np.float32))
    drops = [
        whole.score - Comparison(text(*(s for k, s in enumerate(sentences) if k != i)), other).score
        for i in range(3)
    ]
    assert drops[best] == max(drops)


def test_coverage_tells_what_is_met() -> None:
    """A sentence found word for word is covered, one about something else is not."""
    coverage = Comparison(text([0, 1], [2]), text([1, 0])).coverage
    assert coverage[0] == pytest.approx(1, abs=0.01)
    assert coverage[1] == pytest.approx(0, abs=0.01)


def test_heavier_sentences_stand_out() -> None:
    """Emphasis is weight by part, against the text's average."""
    found = emphasis(text([0, 1], [2, 3], weights=[3, 3, 1, 1]))
    assert found.tolist() == pytest.approx([1.5, 0.5])


def test_a_sentence_without_parts_is_never_quoted() -> None:
    """White space alone makes a span and no part."""
    held = parts([(0, 3), (4, 5)], E[:2], np.ones(2, np.float32), np.zeros(2, dtype=np.int64))
    found = Comparison(held, text([0, 1])).pairs(3, np.zeros((2, 1), dtype=np.float32))
    assert found == [(0, 0)]
