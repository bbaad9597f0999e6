"""The similarity graph of needs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.graph import BATCH, Graph, mutual_neighbours
from matcher.index import FlatIndex
from matcher.protocols import Float32


def around(count: int, centres: int, seed: int, spread: float = 0.35) -> Float32:
    """Unit vectors scattered around a few centres."""
    random = np.random.default_rng(seed)
    middle = random.normal(size=(centres, 16))
    vectors = middle[random.integers(0, centres, count)] + spread * random.normal(size=(count, 16))
    unit: Float32 = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def graph_of(vectors: Float32, similarity: float, k: int, rows: list[int] | None = None) -> Graph:
    """The graph over vectors stored under the given rows, 0 upwards if none are given."""
    numbers = np.arange(len(vectors)) if rows is None else np.array(rows, dtype=np.int64)
    index = FlatIndex(vectors.shape[1])
    index.upsert(numbers, vectors)
    ascending = np.argsort(numbers)
    return mutual_neighbours(index, numbers[ascending], vectors[ascending], similarity, k)


def edges(graph: Graph) -> dict[tuple[int, int], float]:
    """Pairs of rows with the weight of their edge."""
    found = graph.edges.tocoo()
    return {
        (int(graph.rows[i]), int(graph.rows[j])): float(weight)
        for i, j, weight in zip(found.row, found.col, found.data, strict=True)
    }


def test_edges_join_those_who_count_each_other_among_their_nearest() -> None:
    """By the book: both in the other's k nearest, and similar enough."""
    vectors = around(80, 5, seed=1)
    cosine = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(cosine, -1)
    nearest = [set(np.argsort(-line)[:6].tolist()) for line in cosine]
    expected = {(i, j) for i in range(80) for j in nearest[i] if i in nearest[j] and cosine[i, j] >= 0.5}
    found = edges(graph_of(vectors, 0.5, 6))
    assert found.keys() == expected
    for (i, j), weight in found.items():
        assert abs(weight - cosine[i, j]) < 1e-5
        assert found[j, i] == weight


def test_only_the_given_rows_are_nodes() -> None:
    """What is stored but not asked for takes no place among the nearest."""
    vectors = around(30, 1, seed=2)
    index = FlatIndex(16)
    index.upsert(np.arange(30), vectors)
    rows = np.arange(0, 30, 3)
    found = mutual_neighbours(index, rows, vectors[rows], 0.0, 3)
    assert set(np.unique([row for pair in edges(found) for row in pair]).tolist()) <= set(rows.tolist())
    assert edges(found).keys() == {
        (int(rows[i]), int(rows[j])) for i, j in edges(graph_of(vectors[rows], 0.0, 3))
    }


def test_nobody_is_a_neighbour_of_itself() -> None:
    """There are no loops, and a lone need has no edge."""
    found = edges(graph_of(around(20, 2, seed=3), -1.0, 5))
    assert found
    assert all(i != j for i, j in found)
    assert edges(graph_of(around(1, 1, seed=3), 0.0, 5)) == {}


def test_more_copies_than_neighbours_are_all_joined() -> None:
    """Of many equal needs none is left alone because others were stored before it."""
    vectors = np.repeat(around(1, 1, seed=4), 50, axis=0)
    found = edges(graph_of(vectors, 0.5, 5))
    assert len(found) == 50 * 49


def test_a_graph_larger_than_a_batch_is_whole() -> None:
    """Batches are a matter of memory, not of result."""
    count = BATCH + 20
    pairs = np.repeat(around(count // 2, count // 2, seed=5), 2, axis=0)
    found = edges(graph_of(pairs, 0.999, 3))
    assert all((i, i ^ 1) in found for i in range(count))


@given(st.permutations(range(24)), st.integers(0, 5))
def test_the_order_of_the_rows_changes_nothing(order: list[int], seed: int) -> None:
    """Stored under other numbers, the same needs are joined, ties and copies included."""
    vectors = around(24, 3, seed)
    vectors[12:18] = vectors[0]
    plain = edges(graph_of(vectors, 0.3, 4))
    shuffled = edges(graph_of(vectors, 0.3, 4, rows=order))
    assert {(order[i], order[j]): weight for (i, j), weight in plain.items()} == shuffled
