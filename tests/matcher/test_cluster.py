"""Groups of needs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage

from matcher import cluster
from matcher.cluster import groups
from matcher.graph import Graph, mutual_neighbours
from matcher.index import FlatIndex
from matcher.likeness import Likeness
from matcher.protocols import Float32


def around(count: int, centres: int, seed: int, spread: float = 0.35) -> Float32:
    """Unit vectors scattered around a few centres."""
    random = np.random.default_rng(seed)
    middle = random.normal(size=(centres, 16))
    vectors = middle[random.integers(0, centres, count)] + spread * random.normal(size=(count, 16))
    unit: Float32 = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def grouped(
    vectors: Float32, edge: float, at: float, k: int = 30, order: list[int] | None = None
) -> set[frozenset[int]]:
    """The groups of vectors stored in some order, as sets of their own numbers."""
    numbers = np.arange(len(vectors)) if order is None else np.array(order, dtype=np.int64)
    index = FlatIndex(vectors.shape[1])
    index.upsert(np.arange(len(vectors)), vectors[numbers])
    graph = mutual_neighbours(index, np.arange(len(vectors)), vectors[numbers], edge, k)
    found = groups(graph, Likeness(vectors[numbers]), at)
    assert sorted(row for group in found for row in group.tolist()) == list(range(len(vectors)))
    return {frozenset(numbers[group].tolist()) for group in found}


def full(vectors: Float32) -> Graph:
    """The graph in which everybody is joined to everybody."""
    weights = vectors @ vectors.T + 2
    np.fill_diagonal(weights, 0)
    return Graph(np.arange(len(vectors)), sparse.csr_matrix(weights))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_in_a_complete_graph_the_groups_are_those_of_average_linkage(seed: int, at: float) -> None:
    """Equal to scipy's own average linkage by cosine, cut at the same height."""
    vectors = around(60, 7, seed)
    labels = fcluster(
        linkage(vectors.astype(np.float64), method="average", metric="cosine"), 1 - at, criterion="distance"
    )
    expected = {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}
    assert {frozenset(group.tolist()) for group in groups(full(vectors), Likeness(vectors), at)} == expected


def test_a_need_without_partners_is_a_group_of_one() -> None:
    """Singles are kept, not noise."""
    vectors = np.eye(5, dtype=np.float32)
    assert grouped(vectors, 0.3, 0.4) == {frozenset({i}) for i in range(5)}


def test_no_needs_make_no_groups() -> None:
    """An empty graph is no error."""
    empty = Graph(np.empty(0, dtype=np.int64), sparse.csr_matrix((0, 0), dtype=np.float32))
    assert groups(empty, Likeness(np.empty((0, 4), dtype=np.float32)), 0.4) == []


def test_groups_come_by_their_first_row_and_rows_ascend() -> None:
    """The list reads like the table of needs, whatever numbers the rows have."""
    vectors = around(40, 6, seed=7)
    rows = np.arange(40) * 10 + 3
    graph = Graph(rows, full(vectors).edges)
    found = groups(graph, Likeness(vectors), 0.6)
    assert [group[0] for group in found] == sorted(group[0] for group in found)
    assert all(np.all(np.diff(group) > 0) for group in found)
    assert np.all(np.isin(np.concatenate(found), rows))


def test_components_are_never_merged() -> None:
    """What no edge joins stays apart, however alike it is."""
    vectors = np.repeat(around(1, 1, seed=8), 4, axis=0)
    apart = sparse.csr_matrix(([1.0, 1.0], ([0, 1], [1, 0])), shape=(4, 4))
    assert [group.tolist() for group in groups(Graph(np.arange(4), apart), Likeness(vectors), 0.5)] == [
        [0, 1],
        [2],
        [3],
    ]


@given(st.permutations(range(26)), st.integers(0, 5))
def test_the_order_of_the_rows_changes_nothing(order: list[int], seed: int) -> None:
    """The same needs in another order fall into the same groups, copies included."""
    vectors = around(26, 4, seed)
    vectors[20:] = vectors[1]
    assert grouped(vectors, 0.3, 0.5, k=4) == grouped(vectors, 0.3, 0.5, k=4, order=order)


def chained() -> Float32:
    """Three tight bunches on a string of weaker links, one component at a low edge."""
    return around(90, 3, seed=11, spread=0.25)


def test_a_giant_component_is_cut_at_a_higher_similarity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit the weakest edges go until the parts can be linked; bunches stay together."""
    vectors = chained()
    uncut = [set(group.tolist()) for group in groups(full(vectors), Likeness(vectors), 0.6)]
    monkeypatch.setattr(cluster, "GIANT", 40)
    found = [set(group.tolist()) for group in groups(full(vectors), Likeness(vectors), 0.6)]
    assert sorted(row for group in found for row in group) == list(range(90))
    assert max(map(len, found)) <= 40
    assert all(any(group <= bunch for bunch in uncut) for group in found)
    assert len(found) < 30


@given(st.permutations(range(30)))
def test_a_giant_component_is_cut_alike_in_any_order(order: list[int]) -> None:
    """Thinning looks at weights, not at places."""
    vectors = around(30, 3, seed=12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "GIANT", 8)
        assert grouped(vectors, 0.1, 0.5) == grouped(vectors, 0.1, 0.5, order=order)


def test_a_giant_heap_of_copies_stays_one_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no edge is weaker than another there is nothing to cut: the same text, many times."""
    monkeypatch.setattr(cluster, "GIANT", 10)
    vectors = np.repeat(around(2, 2, seed=13), [30, 3], axis=0)
    assert grouped(vectors, -1.0, 0.9, k=40) == {frozenset(range(30)), frozenset(range(30, 33))}
