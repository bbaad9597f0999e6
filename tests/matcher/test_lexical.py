"""BM25 over stems, 4-grams and codes."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import lexical
from matcher.errors import ModelCorrupt, SnapshotCorrupt
from matcher.lexical import COMMON, DAMPING, GRAM_WEIGHT, K1, B, LexicalIndex, TermStatistics
from matcher.text.terms import Terms, terms

TEXTS = [
    "Portable radios for tunnels and cellars",
    "Radios, radios and more radios for patrol cars",
    "Fire pump that floats, conform to EN 14466",
    "Ballistic glass EN 1063 for patrol cars",
    "Diving suits for rescue divers in cold water",
    "Thermal cameras for search and rescue at sea, STANAG 4347",
    "Software for an ISMS of a port",
]
QUERIES = ["radios for patrol cars", "EN 1063", "rescue cameras STANAG 4347", "floating pumps", "ISMS radio"]
ITEMS = [terms(text, "en") for text in TEXTS]


def index_of(items: list[Terms], statistics: TermStatistics | None = None) -> LexicalIndex:
    """An index over texts, with statistics of the standing table unless others are given."""
    index = LexicalIndex(statistics or TermStatistics.fit(ITEMS))
    index.upsert(np.arange(len(items)), items)
    return index


def scores(index: LexicalIndex, query: str) -> dict[int, tuple[float, float]]:
    """Row to its two scores."""
    found = index.score(terms(query, "en"))
    return {
        row: (words, codes)
        for row, words, codes in zip(
            found.rows.tolist(), found.words.tolist(), found.codes.tolist(), strict=True
        )
    }


def plain_bm25(query: Terms, text: Terms, known: list[Terms]) -> tuple[float, float]:
    """The two shares by the book: term by term, without hashing, matrices or eager weights."""
    mean_length = sum(item.stems.total() for item in known) / len(known)
    norm = K1 * (1 - B + B * text.stems.total() / mean_length)

    def idf(field: str, term: str) -> float:
        df = sum(term in getattr(item, field) for item in known)
        return math.log(1 + (len(known) - df + 0.5) / (df + 0.5))

    def part(field: str, left_out: frozenset[str] = frozenset()) -> tuple[float, float]:
        counts: Counter[str] = getattr(text, field)
        reached = ideal = 0.0
        for term in getattr(query, field).keys() - left_out:
            reached += idf(field, term) * counts[term] * (K1 + 1) / (counts[term] + norm)
            ideal += idf(field, term)
        return reached, ideal

    common = frozenset(
        gram for gram in query.grams if sum(gram in item.grams for item in known) > COMMON * len(known)
    )
    stems, grams, codes = part("stems"), part("grams", common), part("codes")
    words = (stems[0] + GRAM_WEIGHT * grams[0], stems[1] + GRAM_WEIGHT * grams[1])
    return share(*words, DAMPING[0]), share(*codes, DAMPING[1])


def share(reached: float, ideal: float, damping: float) -> float:
    """What was reached of what could be, at most all of it; nothing of nothing."""
    return min(1.0, reached / (ideal + damping)) if ideal else 0.0


@pytest.mark.parametrize("query", QUERIES)
def test_scores_are_bm25(query: str) -> None:
    """Every text scores as the formula says, written out once more in this test."""
    found = scores(index_of(ITEMS), query)
    for row, item in enumerate(ITEMS):
        expected = plain_bm25(terms(query, "en"), item, ITEMS)
        assert found.get(row, (0.0, 0.0)) == pytest.approx(expected, abs=1e-5), TEXTS[row]


WORDS = st.sampled_from("radio pump EN 1063 rescue glass ISMS diver STANAG 4347 water camera".split())


@given(
    st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=1, max_size=6), st.lists(WORDS, max_size=8)
)
def test_scores_are_shares(texts: list[str], query: list[str]) -> None:
    """Both scores lie in [0, 1], and every row that is found shares something with the query."""
    found = index_of([terms(text, "en") for text in texts]).score(terms(" ".join(query), "en"))
    for values in (found.words, found.codes):
        assert np.all((values >= 0) & (values <= 1))
    assert np.all(found.words + found.codes > 0)
    assert len(set(found.rows.tolist())) == found.rows.size


@given(st.lists(st.lists(WORDS, max_size=12).map(" ".join), max_size=4), st.sampled_from(QUERIES))
def test_a_new_text_moves_nobodys_score(added: list[str], query: str) -> None:
    """What is added later, or hidden from the searcher, cannot be read off the others' scores."""
    index = index_of(ITEMS)
    before = scores(index, query)
    index.upsert(np.arange(100, 100 + len(added)), [terms(text, "en") for text in added])
    after = {row: found for row, found in scores(index, query).items() if row < 100}
    assert after == before


def test_a_code_is_found_to_the_letter_only() -> None:
    """EN 1063 finds the text that names it, not those that name other standards."""
    assert {row for row, (_, codes) in scores(index_of(ITEMS), "EN 1063").items() if codes} == {3}


def test_a_compound_is_found_by_its_part() -> None:
    """4-grams reach what stems cannot."""
    items = [terms("Drohnenabwehrsysteme", "de"), terms("Feuerlöschpumpen", "de"), *ITEMS]
    found = index_of(items, TermStatistics.fit(items)).score(terms("Drohnenabwehr", "de"))
    assert found.rows[np.argmax(found.words)] == 0


def test_a_replaced_text_is_found_by_its_new_words_only() -> None:
    """The latest version of a row stands, within one call and over several."""
    index = index_of(ITEMS)
    index.upsert(np.array([2, 2]), [terms("something else", "en"), terms("inflatable tent", "en")])
    assert len(index) == len(ITEMS)
    assert 2 not in scores(index, "fire pump floats EN 14466")
    assert scores(index, "inflatable tent")[2][0] > 0.5


def test_a_deleted_text_is_not_found() -> None:
    """Unknown rows are ignored; the others score as before."""
    index = index_of(ITEMS)
    before = scores(index, "radios for patrol cars")
    assert index.delete(np.array([0, 0, 55])) == 1
    assert index.delete(np.array([0])) == 0
    assert len(index) == len(ITEMS) - 1
    before.pop(0)
    assert scores(index, "radios for patrol cars") == before


def test_an_index_without_statistics_weighs_all_terms_alike() -> None:
    """Before anything was fitted, scores are shares still."""
    index = LexicalIndex()
    index.upsert(np.arange(2), ITEMS[:2])
    assert 0 < scores(index, "portable radios")[0][0] <= 1


@pytest.mark.parametrize("query", ["", "the of and", "???"])
def test_a_query_without_terms_finds_nothing(query: str) -> None:
    """Nothing to look for is no error."""
    assert scores(index_of(ITEMS), query) == {}
    assert scores(LexicalIndex(), "radios") == {}


def test_rows_and_texts_must_go_together() -> None:
    """A call that disagrees in itself is refused."""
    with pytest.raises(ValueError, match="2 rows"):
        LexicalIndex().upsert(np.arange(2), ITEMS[:1])
    assert TermStatistics.fit([]).texts == 0


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Scores survive at half precision; statistics exactly; changes go on."""
    index = index_of(ITEMS)
    index.delete(np.array([1]))
    index.save(tmp_path / "lexical.npz")
    loaded = LexicalIndex.load(tmp_path / "lexical.npz")
    assert len(loaded) == len(index)
    assert loaded.statistics.texts == index.statistics.texts
    assert loaded.statistics.mean_length == index.statistics.mean_length
    np.testing.assert_array_equal(loaded.statistics.frequency, index.statistics.frequency)
    for query in QUERIES:
        one, other = scores(index, query), scores(loaded, query)
        assert one.keys() == other.keys()
        for row, found in one.items():
            assert other[row] == pytest.approx(found, rel=2e-3)
    loaded.upsert(np.array([1]), [ITEMS[1]])
    assert 1 in scores(loaded, "radios")


def test_an_empty_index_can_be_saved(tmp_path: Path) -> None:
    """Nothing stored is a state like any other."""
    LexicalIndex().save(tmp_path / "empty.npz")
    assert len(LexicalIndex.load(tmp_path / "empty.npz")) == 0


def test_a_file_that_cannot_be_read_is_corrupt(tmp_path: Path) -> None:
    """Garbage, nothing, a part of a file, or another archive is told as such."""
    index_of(ITEMS).save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    with (tmp_path / "other.npz").open("wb") as file:
        np.savez(file, rows=np.arange(2))
    other = (tmp_path / "other.npz").read_bytes()
    for number, content in enumerate(
        (b"", b"garbage" * 30, b"PK\x03\x04 no archive", whole[: len(whole) // 2], other)
    ):
        broken = tmp_path / f"broken{number}.npz"
        broken.write_bytes(content)
        with pytest.raises(SnapshotCorrupt, match=broken.name):
            LexicalIndex.load(broken)
    with pytest.raises(SnapshotCorrupt, match="absent"):
        LexicalIndex.load(tmp_path / "absent.npz")


CHANGES = st.lists(st.dictionaries(st.integers(0, 9), st.none() | WORDS, max_size=6), min_size=1, max_size=6)


@given(CHANGES, st.integers(0, 4))
def test_what_is_kept_up_to_date_scores_as_what_is_made_afresh(
    changes: list[dict[int, str | None]], late: int
) -> None:
    """Whether what was stored last stands apart or was made one with the rest; rows come in their order."""
    before = lexical.LATE
    lexical.LATE = late
    try:
        index, held = index_of([]), dict[int, str]()
        for step in changes:
            fresh = {row: text for row, text in step.items() if text is not None}
            gone = [row for row, text in step.items() if text is None]
            assert index.delete(np.array(gone, dtype=np.int64)) == len(held.keys() & gone)
            index.upsert(np.array(list(fresh), dtype=np.int64), [terms(t, "en") for t in fresh.values()])
            held = {row: text for row, text in held.items() if row not in gone} | fresh
            again = LexicalIndex(TermStatistics.fit(ITEMS))
            again.upsert(np.array(list(held), dtype=np.int64), [terms(t, "en") for t in held.values()])
            assert len(index) == len(held)
            for query in ("radio pump", "EN 1063 rescue glass"):
                assert scores(index, query) == scores(again, query)
                rows = index.score(terms(query, "en")).rows.tolist()
                assert rows == sorted(rows)
    finally:
        lexical.LATE = before


def test_statistics_are_written_small_and_read_back(tmp_path: Path) -> None:
    """A damaged file is told by name."""
    statistics = TermStatistics.fit([*ITEMS, *ITEMS[:1] * 300])
    path = tmp_path / "terms.npz"
    statistics.save(path)
    again = TermStatistics.load(path.read_bytes(), path.name)
    assert np.array_equal(again.frequency, statistics.frequency)
    assert (again.texts, again.mean_length) == (statistics.texts, statistics.mean_length)
    nothing = tmp_path / "nothing.npz"
    TermStatistics().save(nothing)
    assert not TermStatistics.load(nothing.read_bytes(), "").frequency.any()
    with pytest.raises(ModelCorrupt, match=r"terms\.npz"):
        TermStatistics.load(path.read_bytes()[:100], path.name)


def test_rows_come_in_order_however_they_were_stored() -> None:
    """What is stored later under smaller numbers stands first, each row with its own scores."""
    texts = {7: "fire pump", 9: "fire hose EN 1028", 2: "pump for fires EN 1028", 4: "radar"}
    items = {row: terms(text, "en") for row, text in texts.items()}
    index = LexicalIndex(TermStatistics.fit(list(items.values())))
    for row, item in items.items():
        index.upsert(np.array([row]), [item])
        index.score(terms("fire", "en"))
    found = index.score(terms("fire pump EN 1028", "en"))
    assert found.rows.tolist() == [2, 7, 9]
    for at, row in enumerate(found.rows.tolist()):
        alone = LexicalIndex(index.statistics)
        alone.upsert(np.array([0]), [items[row]])
        one = alone.score(terms("fire pump EN 1028", "en"))
        assert (one.words[0], one.codes[0]) == (found.words[at], found.codes[at])
