from dataclasses import replace

import numpy as np
import pytest

from matcher.divisions import SIGHTS, DivisionClassifier, known_shares
from models import classifier


@pytest.fixture
def fitted() -> DivisionClassifier:
    """Three divisions along three axes; the linear sight knows nothing."""
    axes = np.eye(3, dtype=np.float32)
    return DivisionClassifier(
        "m@1",
        ("33", "35", "48"),
        np.zeros((3, 6), np.float32),
        np.zeros(3, np.float32),
        9.0,
        codes=("33100000", "35100000"),
        labels=axes[:2],
        known=axes[[2, 0]],
        known_divisions=np.array([2, 0]),
        known_weights=np.array([1.0, 0.3], np.float32),
        mixed=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    )


def text(*parts: float) -> np.ndarray:
    """One text whose title points where the whole does."""
    unit = np.array(parts, np.float32) / np.linalg.norm(parts)
    return np.concatenate([unit, unit])[None, :]


def test_each_sight_can_decide(fitted: DivisionClassifier) -> None:
    """Alone, labels speak for the division of the nearest, known texts for their own, and so on."""
    labels = replace(fitted, mixed=(0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    assert labels.probabilities(text(0, 1, 0))[0].argmax() == 1
    known = replace(fitted, mixed=(0.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    assert known.probabilities(text(0, 0, 1))[0].argmax() == 2
    linear = replace(fitted, bias=np.array([9, 0, 0], np.float32), mixed=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    assert linear.probabilities(text(0, 0, 1))[0].argmax() == 0


def test_probabilities_add_up_to_one(fitted: DivisionClassifier) -> None:
    """Whatever the sights say."""
    chances = fitted.probabilities(np.concatenate([text(1, 2, 3), text(-1, 0, 5)]))
    assert chances.sum(axis=1) == pytest.approx([1, 1])
    assert fitted.sights(text(1, 2, 3)).shape == (1, 3, len(SIGHTS))


def test_known_texts_set_apart_are_not_looked_at() -> None:
    """A text of the same family must not answer for itself when the classifier is fitted."""
    axes = np.eye(2, dtype=np.float32)
    apart = np.array([[True, False]])
    shares = known_shares(axes[:1], axes, np.array([0, 1]), np.ones(2, np.float32), 2, apart)
    assert shares[0].argmax() == 1


def test_a_known_text_that_counts_less_pulls_less() -> None:
    """Of two texts equally near, the one with more weight gives the larger share."""
    same = np.array([[1, 0], [1, 0]], np.float32)
    shares = known_shares(same[:1], same, np.array([0, 1]), np.array([1.0, 0.3], np.float32), 2)
    assert np.exp(shares[0]) - 0.01 == pytest.approx([1 / 1.3, 0.3 / 1.3], abs=1e-5)


def test_what_was_written_says_the_same(fitted: DivisionClassifier, tmp_path) -> None:
    """Eight bits keep the directions: the same order, nearly the same probabilities."""
    path = tmp_path / "m.cpv.npz"
    classifier.save(fitted, path)
    again = classifier.load(path.read_bytes(), path.name)
    asked = np.concatenate([text(1, 2, 3), text(0.2, 0.9, 0.1)])
    assert again.probabilities(asked) == pytest.approx(fitted.probabilities(asked), abs=0.01)
    assert (again.divisions, again.codes, again.mixed) == (fitted.divisions, fitted.codes, fitted.mixed)
