"""The similarity graph of needs, and that it stays what a fresh one would be."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import graph, nearest
from matcher.graph import Neighbourhoods
from matcher.nearest import BATCH, CLOSE
from matcher.protocols import Float32

Pairs = set[tuple[int, int]]


def around(count: int, centres: int, seed: int, spread: float = 0.35) -> Float32:
    """Unit vectors scattered around a few centres."""
    random = np.random.default_rng(seed)
    middle = random.normal(size=(centres, 16))
    vectors = middle[random.integers(0, centres, count)] + spread * random.normal(size=(count, 16))
    unit: Float32 = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def built(vectors: dict[int, Float32], similarity: float, k: int) -> Neighbourhoods:
    """The neighbourhoods of vectors by row, made in one go."""
    near = Neighbourhoods(16, similarity, k)
    rows = sorted(vectors)
    own = np.array([vectors[row] for row in rows], dtype=np.float32).reshape(-1, 16)
    near.update(np.array(rows, dtype=np.int64), own)
    return near


def pairs_of(near: Neighbourhoods, rows: Iterable[int] = range(2 * BATCH)) -> Pairs:
    """Mutual pairs of the rows, of all unless said."""
    return {(int(i), int(j)) for i, j in near.mutual(rows)}


def by_the_book(vectors: dict[int, Float32], similarity: float, k: int) -> Pairs:
    """Pairs of which each is as near to the other as the k-th nearest of that one, and near enough."""
    rows = sorted(vectors)
    own = np.array([vectors[row] for row in rows], dtype=np.float64).reshape(-1, 16)
    cosine = own @ own.T
    np.fill_diagonal(cosine, -2)
    least = np.sort(cosine, axis=1)[:, ::-1][:, : min(k, max(1, len(rows) - 1))][:, -1:] - CLOSE
    there = (cosine >= least) & (cosine >= similarity)
    i, j = np.nonzero(np.triu(there & there.T, 1))
    return {(rows[a], rows[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)}


def test_edges_join_those_who_count_each_other_among_their_nearest() -> None:
    """By the book: both in the other's k nearest, and similar enough."""
    vectors = dict(enumerate(around(80, 5, seed=1)))
    expected = by_the_book(vectors, 0.5, 6)
    assert len(expected) > 80
    assert pairs_of(built(vectors, 0.5, 6)) == expected


def test_nobody_is_a_neighbour_of_itself() -> None:
    """There are no loops, each pair stands once with the smaller row first, and a lone need has no edge."""
    found = built(dict(enumerate(around(20, 2, seed=3))), -1.0, 5).mutual(range(20))
    assert len(found)
    assert (found[:, 0] < found[:, 1]).all()
    assert len(np.unique(found, axis=0)) == len(found)
    assert not len(built({4: around(1, 1, seed=3)[0]}, 0.0, 5).mutual([4]))


def test_only_pairs_of_the_rows_asked_for_are_told() -> None:
    """Rows that are not there have none."""
    near = built(dict(enumerate(around(30, 2, seed=4))), 0.3, 5)
    assert pairs_of(near, [3]) == {pair for pair in pairs_of(near) if 3 in pair}
    assert not len(near.mutual([99]))


def test_more_copies_than_neighbours_are_all_joined() -> None:
    """Of many equal needs none is left alone because others were stored before it."""
    vectors = dict(enumerate(np.repeat(around(1, 1, seed=4), 50, axis=0)))
    assert len(built(vectors, 0.5, 5).mutual(range(50))) == 50 * 49 // 2


def test_a_graph_larger_than_a_batch_is_whole() -> None:
    """Batches are a matter of memory, not of result."""
    count = BATCH + 20
    vectors = np.repeat(around(count // 2, count // 2, seed=5), 2, axis=0)
    found = pairs_of(built(dict(enumerate(vectors)), 0.999, 3))
    assert {(i, i + 1) for i in range(0, count, 2)} <= found


def hardly_apart(count: int, centres: int, seed: int) -> Float32:
    """Unit vectors so near to a few centres that their scores differ by about what rounding does."""
    return around(count, centres, seed, spread=5e-3)


@pytest.mark.parametrize("batch", [7, 32, 256])
@pytest.mark.parametrize("similarity", [-1.0, 0.5])
def test_blocks_find_what_all_pairs_scored_one_by_one_would(
    batch: int, similarity: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pair is scored once for both sides; those at the edge of a block lose nobody."""
    monkeypatch.setattr(graph, "BATCH", batch)
    monkeypatch.setattr(nearest, "BATCH", batch)
    for k in (1, 6, 40):
        vectors = dict(enumerate(around(100, 5, seed=k)))
        assert pairs_of(built(vectors, similarity, k)) == by_the_book(vectors, similarity, k)


@pytest.mark.parametrize("seed", range(5))
def test_rounding_decides_about_no_neighbour(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where scores are as near to each other as single precision errs, it is as in double precision."""
    monkeypatch.setattr(graph, "BATCH", 32)
    monkeypatch.setattr(nearest, "BATCH", 32)
    vectors = dict(enumerate(hardly_apart(300, 3, seed)))
    expected = by_the_book(vectors, 0.5, 6)
    assert 300 < len(expected) < 9000
    assert pairs_of(built(vectors, 0.5, 6)) == expected


def test_rounding_decides_nothing_when_rows_are_stored_in_another_order() -> None:
    """The same pairs of the same vectors, near ties included."""
    vectors = hardly_apart(120, 3, seed=9)
    order = np.random.default_rng(1).permutation(120)
    plain = pairs_of(built(dict(enumerate(vectors)), 0.5, 6))
    shuffled = pairs_of(built({int(order[i]): vector for i, vector in enumerate(vectors)}, 0.5, 6))
    renamed = {(int(min(order[i], order[j])), int(max(order[i], order[j]))) for i, j in plain}
    assert renamed == shuffled


@given(st.permutations(range(24)), st.integers(0, 5))
def test_the_order_of_the_rows_changes_nothing(order: list[int], seed: int) -> None:
    """Stored under other numbers, the same needs are joined, ties and copies included."""
    vectors = around(24, 3, seed)
    vectors[12:18] = vectors[0]
    plain = pairs_of(built(dict(enumerate(vectors)), 0.3, 4))
    shuffled = pairs_of(built({order[i]: vector for i, vector in enumerate(vectors)}, 0.3, 4))
    assert {(min(order[i], order[j]), max(order[i], order[j])) for i, j in plain} == shuffled


POOL = around(16, 3, seed=6)
POOL[12:] = POOL[1]
STEPS = st.lists(
    st.dictionaries(st.integers(0, 19), st.none() | st.integers(0, len(POOL) - 1), max_size=12), max_size=5
)
"""Of each step, row to what is stored of it from now on, None for nothing."""


@given(STEPS)
def test_what_is_kept_up_to_date_equals_what_is_made_afresh(steps: list[dict[int, int | None]]) -> None:
    """After any adding, removing and replacing, copies included; and what changed was said to change."""
    near = Neighbourhoods(16, 0.3, k=3)
    held: dict[int, Float32] = {}
    before: Pairs = set()
    for step in steps:
        gone = [row for row in step if row in held]
        fresh = {row: POOL[at] for row, at in sorted(step.items()) if at is not None}
        own = np.array(list(fresh.values()), dtype=np.float32).reshape(-1, 16)
        touched = near.update(np.array(list(fresh), dtype=np.int64), own, gone)
        held = {row: vector for row, vector in held.items() if row not in gone} | fresh
        after = pairs_of(near)
        assert after == pairs_of(built(held, 0.3, 3)) == by_the_book(held, 0.3, 3)
        assert fresh.keys() <= touched <= held.keys()
        concerned = touched | set(gone)
        assert all(i in concerned or j in concerned for i, j in before ^ after)
        before = after


def test_a_change_far_away_touches_nobody_else() -> None:
    """One more need among many is compared with its like, not with all."""
    alone = np.zeros((1, 16), dtype=np.float32)
    alone[0, 0] = 1
    vectors = around(60, 6, seed=8, spread=0.1) * np.float32([0] + [1] * 15)
    near = built(dict(enumerate(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))), 0.5, 3)
    assert near.update(np.array([60]), alone) == {60}
    assert near.update(np.empty(0, dtype=np.int64), np.empty((0, 16), dtype=np.float32), [60]) == set()
