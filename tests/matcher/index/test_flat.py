"""What is the exact index's own; the rest is in the contract of all indexes."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import SnapshotCorrupt
from matcher.index import FlatIndex
from matcher.rows import RowSet


def test_a_faiss_index_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A file that FAISS can read, but without row numbers, is none of ours."""
    faiss.write_index(faiss.IndexFlatIP(4), str(tmp_path / "plain"))
    with pytest.raises(SnapshotCorrupt, match="plain"):
        FlatIndex.load(tmp_path / "plain", 4)


def test_the_number_of_threads_is_left_as_it_was() -> None:
    """A search of one query takes one thread and gives the others back."""
    before = faiss.omp_get_max_threads()
    index = FlatIndex(2)
    index.upsert(np.array([0]), np.array([[1, 0]], dtype=np.float32))
    index.search(np.array([[1, 0]], dtype=np.float32), 1, RowSet.all(1))
    assert faiss.omp_get_max_threads() == before


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(1, 3)), max_size=30))
def test_slots_that_were_freed_are_used_again(changes: list[tuple[int, int, int]]) -> None:
    """Whatever is replaced and deleted, in any order, each row is found with its latest vectors alone."""
    index = FlatIndex(4)
    kept: dict[int, np.ndarray] = {}
    vectors = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    for step, (what, row, count) in enumerate(changes):
        if what == 0:
            assert index.delete(np.array([row, row])) == int(kept.pop(row, None) is not None)
        elif what == 1:
            index._refresh()
        else:
            kept[row] = vectors[step : step + count]
            index.upsert(np.full(count, row), kept[row])
    assert index.rows().tolist() == sorted(kept)
    assert index.vectors == sum(map(len, kept.values()))
    rows, held = index.held(np.array([9, 3, 0]))
    assert rows.tolist() == [row for row in (9, 3, 0) for _ in kept.get(row, ())]
    np.testing.assert_array_equal(
        held, np.concatenate([np.empty((0, 4)), *(kept.get(row, np.empty((0, 4))) for row in (9, 3, 0))])
    )
    found, _ = index.search(vectors[:1], 10, RowSet.all(10))
    best = sorted(kept, key=lambda row: (-float((kept[row] @ vectors[0]).max()), row))
    assert found[0].tolist() == best + [-1] * (10 - len(best))


def test_one_change_leaves_all_other_slots_alone() -> None:
    """A vector that is replaced takes the place of the old one, whatever the size."""
    index = FlatIndex(2)
    index.upsert(np.arange(50), np.tile(np.array([[1, 0]], dtype=np.float32), (50, 1)))
    before = index._ids.copy()
    index.upsert(np.array([20]), np.array([[0, 1]], dtype=np.float32))
    np.testing.assert_array_equal(index._ids, before)
    index.upsert(np.array([50]), np.array([[0, 1]], dtype=np.float32))
    np.testing.assert_array_equal(index._ids[:50], before)
    assert index.search(np.array([[0, 1]], dtype=np.float32), 2, RowSet.all(51))[0].tolist() == [[20, 50]]
