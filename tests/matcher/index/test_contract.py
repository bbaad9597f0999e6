"""What every vector index must do; a new one is added to `INDEXES` and has to pass the same tests.

An entry of `INDEXES` makes an `Implementation`, and may ask pytest for what it needs (a server, a folder).
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import SnapshotCorrupt, SnapshotIncompatible
from matcher.index import FlatIndex, LadderIndex, Planner, Rung
from matcher.index.plan import costs
from matcher.index.settled import halved
from matcher.protocols import Float32, Int64, VectorIndex
from matcher.rows import RowSet
from service.store.database import open_database
from service.store.vectors import PgVectorIndex, halves

DIMENSION = 24


def as_given(vectors: Float32) -> Float32:
    """An index that keeps all four bytes of a number keeps vectors as they are."""
    return vectors


class Implementation(NamedTuple):
    """How to get an index of one kind, and what it keeps of vectors."""

    empty: Callable[[int], VectorIndex]
    """An index without rows, for vectors of this length."""
    load: Callable[[Path, int], VectorIndex] | None
    """Reads what `save` wrote; None where an index lives elsewhere than in a file."""
    kept: Callable[[Float32], Float32] = as_given
    """What scores are made of: the vectors, rounded as the index rounds them."""


def in_postgresql(request: pytest.FixtureRequest) -> Implementation:
    """Two tables of a real server, taken in turn: no test has more indexes at once.

    They walk their graphs wherever that settles a search, also where scoring each row would be faster.
    """
    server = request.getfixturevalue("postgres_server")
    url = server.empty()
    database = open_database(url)
    request.addfinalizer(lambda: (database.close(), server.drop(url)))
    numbers = count()

    def empty(dimension: int) -> VectorIndex:
        name = f"index_{dimension}_{next(numbers) % 2}"
        index = PgVectorIndex.made(database, name, dimension, count=3, narrow=0)
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f"TRUNCATE vectors.{name}")
        return index

    return Implementation(empty, None, halves.rounded)


PLANNERS = {
    Rung.EXACT16: Planner(rung=Rung.EXACT16),
    Rung.LISTS16: Planner(
        rung=Rung.LISTS16, measured=replace(costs(), lists_ms=-1e9, lists_share=0.9, lists_looked=1_000)
    ),
    Rung.INT8: Planner(rung=Rung.INT8),
}
"""Planners that take one rung at any size, and look into all lists where most rows are allowed."""


def rung(kind: Rung, merged_at: int) -> Callable[[pytest.FixtureRequest], Implementation]:
    """An index on one rung from its first vector, with a new base after so many changes."""
    made = partial(LadderIndex, planner=PLANNERS[kind], merged_at=merged_at)
    read = partial(LadderIndex.load, planner=PLANNERS[kind], merged_at=merged_at)
    return lambda request: Implementation(made, read, halved)


INDEXES: dict[str, Callable[[pytest.FixtureRequest], Implementation]] = {
    "flat": lambda request: Implementation(FlatIndex, FlatIndex.load),
    "ladder": lambda request: Implementation(LadderIndex, LadderIndex.load),
    "exact16": rung(Rung.EXACT16, merged_at=1),
    "exact16-and-later": rung(Rung.EXACT16, merged_at=40),
    "lists16": rung(Rung.LISTS16, merged_at=1),
    "lists16-and-later": rung(Rung.LISTS16, merged_at=40),
    "int8": rung(Rung.INT8, merged_at=1),
    "int8-and-later": rung(Rung.INT8, merged_at=40),
    "pgvector": in_postgresql,
}


ELSEWHERE = {"pgvector"}
"""Indexes that live elsewhere than in a file."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test on every index; those that read a file on the indexes that are kept in one."""
    if "kind" in metafunc.fixturenames:
        without = ELSEWHERE if "load" in metafunc.fixturenames else ()
        chosen = {name: made for name, made in INDEXES.items() if name not in without}
        metafunc.parametrize("kind", chosen.values(), ids=chosen.keys(), indirect=True, scope="module")


@pytest.fixture(scope="module")
def kind(request: pytest.FixtureRequest) -> Implementation:
    """Each kind of index in turn."""
    made: Implementation = request.param(request)
    return made


@pytest.fixture
def load(kind: Implementation) -> Callable[[Path, int], VectorIndex]:
    """How to read an index from its file."""
    assert kind.load is not None
    return kind.load


def unit_vectors(count: int, seed: int = 0, dimension: int = DIMENSION) -> Float32:
    """Random directions."""
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def rows_of(*numbers: int) -> Int64:
    """Row numbers as an index takes them."""
    return np.array(numbers, dtype=np.int64)


def brute_force(
    rows: Int64, vectors: Float32, queries: Float32, k: int, allowed: RowSet
) -> tuple[list[list[int]], list[list[float]]]:
    """The plain way: score everything, keep each row's best, drop what is not allowed, sort."""
    found, scores = [], []
    for query in queries:
        best: dict[int, float] = {}
        for row, vector in zip(rows.tolist(), vectors, strict=True):
            if row in allowed:
                best[row] = max(best.get(row, -np.inf), float(query @ vector))
        ranked = sorted(best, key=lambda row: (-best[row], row))[:k]
        found.append(ranked + [-1] * (k - len(ranked)))
        scores.append([best[row] for row in ranked] + [-np.inf] * (k - len(ranked)))
    return found, scores


@pytest.mark.parametrize("share", [1.0, 0.1, 0.01, 0.0])
@pytest.mark.parametrize("k", [1, 10, 250])
def test_results_are_exact_under_any_filter(kind: Implementation, share: float, k: int) -> None:
    """The best allowed rows come out, as many as there are, however narrow the filter is."""
    random = np.random.default_rng(1)
    rows = random.permutation(np.repeat(np.arange(200), random.integers(1, 4, 200)))
    vectors, queries = unit_vectors(rows.size), unit_vectors(5, seed=9)
    index = kind.empty(DIMENSION)
    index.upsert(rows, vectors)
    allowed = RowSet.of(random.permutation(200)[: int(200 * share)].tolist(), size=200)
    found, scores = index.search(queries, k, allowed)
    expected_rows, expected_scores = brute_force(rows, kind.kept(vectors), queries, k, allowed)
    assert found.dtype == np.int64
    assert scores.dtype == np.float32
    assert found.tolist() == expected_rows
    np.testing.assert_allclose(scores, np.array(expected_scores), atol=1e-5)
    assert np.all((found >= 0).sum(axis=1) == min(k, len(allowed)))


def test_one_row_with_very_many_vectors_hides_no_other(kind: Implementation) -> None:
    """The places of a search are rows: a long document takes one of them."""
    query = unit_vectors(1)
    index = kind.empty(DIMENSION)
    index.upsert(np.zeros(500, dtype=np.int64), np.repeat(query, 500, axis=0))
    index.upsert(np.arange(1, 4), unit_vectors(3, seed=3))
    found, scores = index.search(query, 4, RowSet.all(4))
    assert found[0, 0] == 0
    assert sorted(found[0].tolist()) == [0, 1, 2, 3]
    assert np.all(np.isfinite(scores))


def test_a_row_scores_as_its_best_vector(kind: Implementation) -> None:
    """Of several passages the nearest one counts."""
    index = kind.empty(2)
    index.upsert(rows_of(5, 5, 6), np.array([[1, 0], [0, 1], [0.75, 0.625]], dtype=np.float32))
    found, scores = index.search(np.array([[0, 1]], dtype=np.float32), 2, RowSet.all(7))
    assert found.tolist() == [[5, 6]]
    np.testing.assert_allclose(scores, [[1.0, 0.625]], atol=1e-6)
    assert len(index) == 2


def test_upsert_replaces_all_vectors_of_a_row(kind: Implementation) -> None:
    """Nothing of an earlier version is found again; other rows stay."""
    old, new, other = np.eye(3, dtype=np.float32)
    index = kind.empty(3)
    index.upsert(rows_of(4, 4, 9), np.stack([old, old, other]))
    index.upsert(rows_of(4), new[None])
    assert len(index) == 2
    assert index.score(np.stack([old, new, other]), rows_of(4, 9)).tolist() == [[0, 0], [1, 0], [0, 1]]


def test_deleted_rows_are_gone_and_unknown_ones_ignored(kind: Implementation) -> None:
    """Delete tells how many rows it forgot; the rest is found as before, also when it comes back."""
    vectors = unit_vectors(6)
    index = kind.empty(DIMENSION)
    index.upsert(np.arange(6), vectors)
    assert index.delete(rows_of(1, 4, 77, 1)) == 2
    assert index.delete(rows_of(1)) == 0
    assert len(index) == 4
    found, _ = index.search(vectors[1:2], 6, RowSet.all(6))
    assert sorted(found[0].tolist()) == [-1, -1, 0, 2, 3, 5]
    index.upsert(rows_of(1), vectors[1:2])
    assert index.search(vectors[1:2], 1, RowSet.all(6))[0].tolist() == [[1]]


def test_an_index_can_be_emptied(kind: Implementation) -> None:
    """After the last row is deleted, searches find nothing."""
    index = kind.empty(DIMENSION)
    index.upsert(rows_of(3), unit_vectors(1))
    assert index.delete(rows_of(3)) == 1
    found, scores = index.search(unit_vectors(2), 2, RowSet.all(9))
    assert len(index) == 0
    assert found.tolist() == [[-1, -1], [-1, -1]]
    assert np.all(scores == -np.inf)
    assert index.centroids(rows_of(3)).tolist() == [[0.0] * DIMENSION]


def test_ties_are_broken_by_row(kind: Implementation) -> None:
    """Equal vectors come in the order of their rows, whatever order they were stored in."""
    vector = unit_vectors(1)
    index = kind.empty(DIMENSION)
    for row in np.random.default_rng(5).permutation(60).tolist():
        index.upsert(rows_of(row), vector)
    found, scores = index.search(vector, 7, RowSet.all(60))
    assert found.tolist() == [list(range(7))]
    assert np.ptp(scores) == 0
    narrow, _ = index.search(vector, 3, RowSet.of([50, 12, 33, 40], size=60))
    assert narrow.tolist() == [[12, 33, 40]]


def test_equal_vectors_have_equal_scores(kind: Implementation) -> None:
    """A score depends on query and row alone, not on what stands beside them."""
    vectors = np.repeat(unit_vectors(1), 101, axis=0)
    index = kind.empty(DIMENSION)
    index.upsert(np.arange(101), vectors)
    for queries in (unit_vectors(1, seed=2), unit_vectors(3, seed=3)):
        assert np.all(np.ptp(index.score(queries, np.arange(101)), axis=1) == 0)


def test_a_row_later_than_the_allowed_set_is_never_found(kind: Implementation) -> None:
    """Rows beyond the set are not allowed, however far beyond."""
    index = kind.empty(DIMENSION)
    index.upsert(np.arange(3000), unit_vectors(3000))
    for size in (1, 3, 8, 64, 500):
        found, _ = index.search(unit_vectors(4, seed=7), 40, RowSet.all(size))
        assert found.max() < size
        assert np.all((found >= 0).sum(axis=1) == min(40, size))


def test_score_and_search_agree(kind: Implementation) -> None:
    """The scores of given rows are those of a search; a row that is not stored scores -inf."""
    index = kind.empty(DIMENSION)
    rows = np.repeat(np.arange(0, 40, 2), 2)
    index.upsert(rows, unit_vectors(rows.size))
    queries = unit_vectors(3, seed=4)
    found, scores = index.search(queries, 20, RowSet.all(40))
    for q in range(3):
        np.testing.assert_allclose(index.score(queries[q : q + 1], found[q])[0], scores[q], atol=1e-5)
    odd = index.score(queries, rows_of(1, 2, 99))
    assert np.all(odd[:, [0, 2]] == -np.inf)
    assert np.all(np.isfinite(odd[:, 1]))
    assert index.score(queries, rows_of()).shape == (3, 0)


def test_centroids_are_unit_means(kind: Implementation) -> None:
    """One vector a row, in the order asked for; zeros for a row that is not stored."""
    rows = rows_of(7, 2, 7, 7, 2)
    vectors = unit_vectors(5)
    index = kind.empty(DIMENSION)
    index.upsert(rows, vectors)
    found = index.centroids(rows_of(7, 3, 2, 7))
    for place, row in ((0, 7), (2, 2), (3, 7)):
        mean = kind.kept(vectors)[rows == row].mean(axis=0)
        np.testing.assert_allclose(found[place], mean / np.linalg.norm(mean), atol=1e-5)
    assert not found[1].any()


@given(st.permutations(range(12)), st.integers(0, 2**12 - 1))
def test_the_order_of_storing_changes_nothing(kind: Implementation, order: list[int], mask: int) -> None:
    """Rows stored in another order are found with the same places and scores."""
    vectors = unit_vectors(12)[np.arange(12) % 8]  # some of them equal
    allowed = RowSet.of([row for row in range(12) if mask >> row & 1], size=12)
    plain, shuffled = kind.empty(DIMENSION), kind.empty(DIMENSION)
    plain.upsert(np.arange(12), vectors)
    shuffled.upsert(np.array(order, dtype=np.int64), vectors[order])
    queries = unit_vectors(2, seed=6)
    for one, other in zip(
        plain.search(queries, 5, allowed), shuffled.search(queries, 5, allowed), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(plain.score(queries, np.arange(12)), shuffled.score(queries, np.arange(12)))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(1, 3)), max_size=12))
def test_any_series_of_changes_leaves_what_a_dictionary_would(
    kind: Implementation, changes: list[tuple[bool, int, int]]
) -> None:
    """Adding, replacing and deleting in any order keeps the latest version of each row."""
    index = kind.empty(DIMENSION)
    kept: dict[int, Float32] = {}
    for step, (store, row, several) in enumerate(changes):
        if store:
            vectors = unit_vectors(several, seed=step)
            kept[row] = kind.kept(vectors)
            index.upsert(np.full(several, row, dtype=np.int64), vectors)
        else:
            assert index.delete(rows_of(row)) == int(kept.pop(row, None) is not None)
    assert len(index) == len(kept)
    query = unit_vectors(1, seed=99)
    expected = [float((query @ kept[row].T).max()) if row in kept else -np.inf for row in range(6)]
    np.testing.assert_allclose(index.score(query, np.arange(6))[0], expected, atol=1e-5)


def test_shapes_that_disagree_are_refused(kind: Implementation) -> None:
    """Rows and vectors must go together, and row numbers start at 0; a refusal stores nothing."""
    index = kind.empty(DIMENSION)
    with pytest.raises(ValueError, match="shape"):
        index.upsert(rows_of(1, 2), unit_vectors(1))
    with pytest.raises(ValueError, match="shape"):
        index.upsert(rows_of(1), unit_vectors(1, dimension=DIMENSION + 1))
    with pytest.raises(ValueError, match="start at 0"):
        index.upsert(rows_of(-1), unit_vectors(1))
    index.upsert(rows_of(), np.empty((0, DIMENSION), dtype=np.float32))
    assert len(index) == 0
    assert index.dimension == DIMENSION
    assert isinstance(index, VectorIndex)


def test_no_queries_give_no_results(kind: Implementation) -> None:
    """An empty batch is answered by empty arrays of the right shape."""
    index = kind.empty(DIMENSION)
    index.upsert(rows_of(0), unit_vectors(1))
    found, scores = index.search(np.empty((0, DIMENSION), dtype=np.float32), 3, RowSet.all(1))
    assert found.shape == scores.shape == (0, 3)


@pytest.mark.parametrize("count", [0, 30])
def test_what_is_saved_is_loaded(
    kind: Implementation, load: Callable[[Path, int], VectorIndex], tmp_path: Path, count: int
) -> None:
    """A loaded index finds the same and can be changed further."""
    index = kind.empty(DIMENSION)
    rows = np.arange(count) // 2 * 3
    index.upsert(rows, unit_vectors(count))
    index.save(tmp_path / "index")
    loaded = load(tmp_path / "index", DIMENSION)
    queries = unit_vectors(2, seed=8)
    assert len(loaded) == len(index) == len(set(rows.tolist()))
    for one, other in zip(
        index.search(queries, 9, RowSet.all(99)), loaded.search(queries, 9, RowSet.all(99)), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(index.centroids(rows), loaded.centroids(rows))
    loaded.upsert(rows_of(98), queries[:1])
    assert loaded.search(queries[:1], 1, RowSet.all(99))[0].tolist() == [[98]]


def test_a_file_that_is_no_index_is_corrupt(
    kind: Implementation, load: Callable[[Path, int], VectorIndex], tmp_path: Path
) -> None:
    """Garbage, nothing, or a part of an index is told as such."""
    index = kind.empty(DIMENSION)
    index.upsert(np.arange(20), unit_vectors(20))
    index.save(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for number, content in enumerate((b"", b"no index at all" * 9, whole[: len(whole) // 2], whole[:-1])):
        broken = tmp_path / f"broken{number}"
        broken.write_bytes(content)
        with pytest.raises(SnapshotCorrupt, match=broken.name):
            load(broken, DIMENSION)
    with pytest.raises(SnapshotCorrupt, match="absent"):
        load(tmp_path / "absent", DIMENSION)


def test_vectors_of_another_length_are_incompatible(
    kind: Implementation, load: Callable[[Path, int], VectorIndex], tmp_path: Path
) -> None:
    """The message names both lengths."""
    index = kind.empty(DIMENSION)
    index.upsert(rows_of(0), unit_vectors(1))
    index.save(tmp_path / "index")
    with pytest.raises(SnapshotIncompatible, match=f"{DIMENSION}.*{DIMENSION + 1}"):
        load(tmp_path / "index", DIMENSION + 1)


def test_searches_and_changes_may_come_from_several_threads(kind: Implementation) -> None:
    """While one thread replaces and deletes, another always finds whole results."""
    index = kind.empty(DIMENSION)
    vectors = unit_vectors(40)
    index.upsert(np.arange(40), vectors)
    stop, wrong = threading.Event(), []

    def change() -> None:
        while not stop.is_set():
            index.delete(np.arange(20, 40))
            index.upsert(np.arange(20, 40), vectors[20:])

    changer = threading.Thread(target=change)
    changer.start()
    for _ in range(200):
        found, scores = index.search(vectors[:1], 20, RowSet.all(20))
        if found[0, 0] != 0 or sorted(found[0].tolist()) != list(range(20)) or not np.isfinite(scores).all():
            wrong.append(found)
    stop.set()
    changer.join()
    assert not wrong
