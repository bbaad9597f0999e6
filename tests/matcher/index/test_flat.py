"""What is the exact index's own; the rest is in the contract of all indexes."""

from pathlib import Path

import faiss
import numpy as np
import pytest

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
