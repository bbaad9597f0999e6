"""Texts to vectors: cached, in order, freed of their language's offset."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from matcher.embed import BATCH, Embedder, MemoryCache, SqliteCache, VectorCache
from matcher.protocols import Encoded, Float32, Role, Span
from matcher.text.sentences import sentences
from models import HashingEncoder

TEXTS = ["Fire pump\nIt has to float. It must start cold.", "Diving suit", "Fire pump\nAnother one here."]
LANGUAGES = ["en", "en", "fr"]


class Counting(HashingEncoder):
    """The tiny encoder, remembering what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def encode(
        self, texts: Sequence[str], role: Role, spans: Sequence[Sequence[Span]] | None = None
    ) -> Encoded:
        """As the tiny encoder does."""
        self.read.extend(texts)
        return super().encode(texts, role, spans)


class Shift:
    """A neutraliser that takes away one direction for French."""

    def __init__(self, strength: float) -> None:
        self.key = f"shift-{strength}"
        self.strength = strength

    def neutral(self, vectors: Float32, languages: Sequence[str | None], role: Role) -> Float32:
        """Unit rows less their language's direction."""
        moved = vectors.copy()
        moved[:, 0] -= np.array([self.strength * (language == "fr") for language in languages], np.float32)
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        return moved


@pytest.fixture(params=["memory", "sqlite"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> VectorCache:
    """Each of the caches, empty."""
    return MemoryCache() if request.param == "memory" else SqliteCache(tmp_path / "deep" / "vectors.db")


def test_vectors_come_in_the_order_of_the_texts() -> None:
    """Each text has the vectors it would have alone, and its own sentences."""
    embedder = Embedder(HashingEncoder())
    together = embedder.embed(TEXTS, LANGUAGES, Role.PASSAGE)
    for text, language, found in zip(TEXTS, LANGUAGES, together, strict=True):
        (alone,) = embedder.embed([text], [language], Role.PASSAGE)
        np.testing.assert_allclose(found.passages, alone.passages, atol=1e-6)
        np.testing.assert_array_equal(found.parts.vectors, alone.parts.vectors)
        assert found.language == language
        assert list(found.parts.spans) == sentences(text, language)
        assert found.parts.vectors.shape == (len(found.parts.spans), 64)


def test_all_vectors_are_of_unit_length() -> None:
    """Passages and sentences, with and without an offset."""
    for neutraliser in (None, Shift(0.5)):
        for found in Embedder(HashingEncoder(), neutraliser).embed(TEXTS, LANGUAGES, Role.QUERY):
            np.testing.assert_allclose(np.linalg.norm(found.passages, axis=1), 1, atol=1e-5)
            np.testing.assert_allclose(np.linalg.norm(found.parts.unit(), axis=1), 1, atol=1e-2)


def test_what_is_cached_needs_no_second_pass(cache: VectorCache) -> None:
    """The model reads a text once for each role; only what is new is read later."""
    encoder = Counting()
    embedder = Embedder(encoder, cache=cache)
    embedder.embed(TEXTS[:2], LANGUAGES[:2], Role.PASSAGE)
    assert encoder.read == TEXTS[:2]
    embedder.embed(TEXTS, LANGUAGES, Role.PASSAGE)
    assert encoder.read == TEXTS
    embedder.embed(TEXTS[1:2], LANGUAGES[1:2], Role.QUERY)
    assert encoder.read == [*TEXTS, TEXTS[1]]


def test_the_second_run_gives_the_vectors_of_the_first(cache: VectorCache) -> None:
    """The cache stores at half precision; results do not depend on whether it was warm."""
    embedder = Embedder(HashingEncoder(), cache=cache)
    cold, warm = (embedder.embed(TEXTS, LANGUAGES, Role.PASSAGE) for _ in range(2))
    exact = Embedder(HashingEncoder()).embed(TEXTS, LANGUAGES, Role.PASSAGE)
    for one, other, best in zip(cold, warm, exact, strict=True):
        np.testing.assert_array_equal(one.passages, other.passages)
        np.testing.assert_array_equal(one.parts.vectors, other.parts.vectors)
        np.testing.assert_allclose(one.passages, best.passages, atol=1e-3)


def test_another_offset_needs_no_new_pass(cache: VectorCache) -> None:
    """What is cached is the model's own output; the offset is taken away afterwards."""
    encoder = Counting()
    plain = Embedder(encoder, cache=cache).embed(TEXTS, LANGUAGES, Role.PASSAGE)
    shifted = Embedder(encoder, Shift(0.5), cache).embed(TEXTS, LANGUAGES, Role.PASSAGE)
    assert encoder.read == TEXTS
    np.testing.assert_allclose(plain[0].passages, shifted[0].passages, atol=1e-6)
    assert not np.allclose(plain[2].passages, shifted[2].passages, atol=1e-2)
    assert not np.allclose(plain[2].parts.unit(), shifted[2].parts.unit(), atol=2e-2)


def test_the_offset_names_itself() -> None:
    """Vectors of two offsets can be told apart."""
    assert Embedder(HashingEncoder()).offset_key == ""
    assert Embedder(HashingEncoder(), Shift(0.5)).offset_key == "shift-0.5"


def test_progress_hears_of_every_batch() -> None:
    """Long runs are told in batches, up to the last text."""
    heard: list[int] = []
    found = Embedder(HashingEncoder()).embed(
        ["net"] * (BATCH + 3), [None] * (BATCH + 3), Role.QUERY, heard.append
    )
    assert heard == [BATCH, BATCH + 3] == [BATCH, len(found)]


def test_no_texts_need_no_model() -> None:
    """Nothing in, nothing out, nothing read."""
    encoder = Counting()
    assert Embedder(encoder, cache=MemoryCache()).embed([], [], Role.QUERY) == []
    assert encoder.read == []


def test_the_sqlite_cache_outlives_its_object(tmp_path: Path) -> None:
    """Another process, or another run, finds what was kept."""
    SqliteCache(tmp_path / "v.db").put([(b"a", b"1"), (b"b", b"2")])
    assert SqliteCache(tmp_path / "v.db").get([b"b", b"x", b"a"]) == [b"2", None, b"1"]
