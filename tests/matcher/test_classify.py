"""CPV suggestions: likelihoods, their order, and labels."""

import numpy as np
import pytest

from matcher.classify import Suggester, pooled, views
from matcher.divisions import DivisionClassifier
from matcher.embed import Embedder

LABELS = {
    "35000000": "Security and police equipment",
    "35811200": "Police uniforms",
    "35811100": "Fire-brigade uniforms",
    "39000000": "Furniture",
    "39113000": "Seats and chairs",
    "48000000": "Software packages",
}
TEXTS = {"35": "police uniforms", "39": "seats and chairs", "48": "software packages"}


@pytest.fixture
def suggester(embedder: Embedder) -> Suggester:
    """A classifier that knows three divisions by one text each, and one that has no label."""
    vectors = views(embedder, list(TEXTS.values()), ["en"] * 3)
    weights = np.vstack([vectors, -vectors.sum(axis=0)]) * 4
    dimension = weights.shape[1] // 2
    fitted = DivisionClassifier(
        "hashing@1",
        (*TEXTS, "77"),
        weights.astype(np.float32),
        np.zeros(4, np.float32),
        15.0,
        codes=(),
        labels=np.zeros((0, dimension), np.float32),
        known=np.zeros((0, dimension), np.float32),
        known_divisions=np.zeros(0, np.int64),
        known_weights=np.zeros(0, np.float32),
        mixed=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    )
    return Suggester(embedder, fitted, LABELS)


def test_the_codes_of_the_right_division_come_first(suggester: Suggester) -> None:
    """Best first, each with the label of the table."""
    found = suggester.suggest("uniforms for police", "en")
    assert found[0].code == "35811200"
    assert found[0].label == "Police uniforms"
    chances = [item.likelihood for item in found]
    assert chances == sorted(chances, reverse=True)


def test_likelihoods_add_up_to_one_at_most(suggester: Suggester) -> None:
    """A division without labels keeps its share: it is not given away to others."""
    total = sum(item.likelihood for item in suggester.suggest("police chairs", "en", k=100))
    assert 0 < total <= 1 + 1e-6
    assert sum(item.likelihood for item in suggester.divisions("police chairs", "en")) == pytest.approx(total)


def test_divisions_are_named(suggester: Suggester) -> None:
    """Two digits, written as the code of the division."""
    best = suggester.divisions("software packages", "en", k=1)
    assert [(item.code, item.label) for item in best] == [("48000000", "Software packages")]


def test_no_more_are_given_than_asked(suggester: Suggester) -> None:
    """The first `k`."""
    assert len(suggester.suggest("uniforms", k=2)) == 2


def test_the_share_of_a_code_is_within_its_division(suggester: Suggester, embedder: Embedder) -> None:
    """Shares of one division's codes add up to one."""
    vector = pooled(embedder, ["uniforms"], ["en"])[0]
    assert sum(suggester.share(vector, code) for code in LABELS if code[:2] == "35") == pytest.approx(1)
    assert suggester.known_codes == frozenset(LABELS)


def test_a_text_is_seen_whole_and_by_its_title(embedder: Embedder) -> None:
    """Side by side; a text of one line is its own title."""
    both = views(embedder, ["police uniforms\nfor a thousand officers", "police uniforms"], ["en"] * 2)
    whole, title = np.hsplit(both, 2)
    np.testing.assert_allclose(title[0], title[1], atol=1e-6)
    np.testing.assert_allclose(whole[1], title[1], atol=1e-6)
    assert not np.allclose(whole[0], title[0], atol=0.01)
