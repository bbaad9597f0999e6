"""The exact index: FAISS flat inner product, filtered before scoring."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from matcher.errors import SnapshotCorrupt, SnapshotIncompatible
from matcher.protocols import Float32, Int64
from matcher.rows import RowSet

FEW = 8
"""Up to this many vectors are one search of a person, and run on one OpenMP thread."""


class FlatIndex:
    """Exact nearest rows by inner product; a row may hold several vectors and scores as its best.

    Searches and changes take turns. A few queries at once run on one OpenMP thread: letting FAISS
    use two made them 5 to 30 times slower on a busy machine.

    >>> index = FlatIndex(2)
    >>> index.upsert(np.array([7, 9]), np.eye(2, dtype=np.float32))
    >>> rows, _ = index.search(np.array([[1, 0]], dtype=np.float32), 2, RowSet.of([9], size=10))
    >>> rows.tolist()
    [[9, -1]]
    """

    def __init__(self, dimension: int) -> None:
        self._index: Any = faiss.IndexIDMap(faiss.IndexFlatIP(dimension))
        self._lock = threading.RLock()
        self._refresh()

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return int(self._index.d)

    def __len__(self) -> int:
        return int(self._distinct.size)

    def upsert(self, rows: Int64, vectors: Float32) -> None:
        """Store vectors under row numbers; earlier vectors of these rows are replaced.

        Raises `ValueError` when shapes disagree.
        """
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if vectors.shape != (rows.size, self.dimension):
            raise ValueError(
                f"{rows.size} rows need vectors of shape ({rows.size}, {self.dimension}), got {vectors.shape}"
            )
        if not rows.size:
            return
        if rows.min() < 0:
            raise ValueError(f"row numbers start at 0, got {int(rows.min())}")
        with self._lock:
            # FAISS accepts a second vector under a known id silently, so the old ones go first.
            known = np.intersect1d(rows, self._distinct)
            if known.size:
                self._index.remove_ids(faiss.IDSelectorBatch(known))
            self._index.add_with_ids(vectors, rows)
            self._refresh()

    def delete(self, rows: Int64) -> int:
        """Forget rows; unknown ones are ignored. Returns how many were stored."""
        with self._lock:
            known = np.intersect1d(np.asarray(rows, dtype=np.int64), self._distinct)
            if known.size:
                self._index.remove_ids(faiss.IDSelectorBatch(known))
                self._refresh()
            return int(known.size)

    def search(self, queries: Float32, k: int, allowed: RowSet) -> tuple[Int64, Float32]:
        """The best `k` allowed rows for each query; see `VectorIndex.search`."""
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        with self._lock:
            available = int(np.count_nonzero(allowed.contains(self._distinct)))
            depth = min(k, available)
            found_rows = np.full((len(queries), k), -1, dtype=np.int64)
            found_scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
            if not depth or not len(queries):
                return found_rows, found_scores
            bitmap = np.packbits(allowed.mask, bitorder="little")
            # Its size counts bytes: given more, FAISS reads what lies behind and lets forbidden rows in.
            selector = faiss.IDSelectorBitmap(bitmap.size, faiss.swig_ptr(bitmap))
            parameters: Any = faiss.SearchParameters
            found_rows[:, :depth], found_scores[:, :depth] = self._nearest(
                queries, depth, 2 * depth + 1, parameters(sel=selector)
            )
        return found_rows, found_scores

    def _nearest(self, queries: Float32, depth: int, fetch: int, parameters: Any) -> tuple[Int64, Float32]:
        """The `depth` best rows for each query, out of its `fetch` nearest vectors, or more if need be."""
        fetch = min(fetch, int(self._index.ntotal))
        with _threads(1 if len(queries) <= FEW else None):
            scores, rows = self._index.search(queries, fetch, params=parameters)
        best_rows = np.empty((len(queries), depth), dtype=np.int64)
        best_scores = np.empty((len(queries), depth), dtype=np.float32)
        unsettled: list[int] = []
        for q in range(len(queries)):
            distinct, values = _best_of_each(rows[q], scores[q])
            # Rows that repeat may leave too few, and ties may go on behind what was fetched.
            complete = rows[q, -1] < 0 or fetch == self._index.ntotal
            if complete or (distinct.size >= depth and values[depth - 1] > scores[q, -1]):
                best_rows[q], best_scores[q] = distinct[:depth], values[:depth]
            else:
                unsettled.append(q)
        if unsettled:
            best_rows[unsettled], best_scores[unsettled] = self._nearest(
                queries[unsettled], depth, 4 * fetch, parameters
            )
        return best_rows, best_scores

    def score(self, queries: Float32, rows: Int64) -> Float32:
        """Exact scores `float32[q, n]` of the given rows; -inf for a row that is not stored."""
        rows = np.asarray(rows, dtype=np.int64)
        scores = np.full((len(queries), rows.size), -np.inf, dtype=np.float32)
        with self._lock:
            stored, starts, vectors = self._held(rows)
            if starts.size:
                # Not `@`: BLAS rounds equal vectors differently by their place, and breaks ties so.
                products = np.einsum("qd,vd->qv", queries, vectors)
                scores[:, stored] = np.maximum.reduceat(products, starts, axis=1)
        return scores

    def centroids(self, rows: Int64) -> Float32:
        """`float32[n, d]`: the unit mean of what each row holds; zeros for a row that is not stored."""
        rows = np.asarray(rows, dtype=np.int64)
        means = np.zeros((rows.size, self.dimension), dtype=np.float32)
        with self._lock:
            stored, starts, vectors = self._held(rows)
            if starts.size:
                means[stored] = np.add.reduceat(vectors, starts, axis=0)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        return means

    def _held(self, rows: Int64) -> tuple[Int64, Int64, Float32]:
        """Places of `rows` that are stored, where the vectors of each start, and the vectors."""
        left = np.searchsorted(self._sorted, rows, side="left")
        widths = np.searchsorted(self._sorted, rows, side="right") - left
        stored = np.flatnonzero(widths)
        left, widths = left[stored], widths[stored]
        starts = np.cumsum(widths) - widths
        inside = np.arange(int(widths.sum())) - np.repeat(starts, widths)
        return stored, starts, self._vectors[self._slots[np.repeat(left, widths) + inside]]

    def save(self, path: Path) -> None:
        """Write the index to one file."""
        with self._lock:
            faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path, dimension: int) -> "FlatIndex":
        """Read an index that `save` wrote.

        Raises `SnapshotCorrupt` when FAISS cannot read it and `SnapshotIncompatible` when its
        vectors have another length.
        """
        try:
            stored: Any = faiss.read_index(str(path))
            # Numbered rows over plain vectors, or it is no index of ours.
            flat: Any = faiss.downcast_index(stored.index)
            flat.get_xb()
        except (RuntimeError, AttributeError) as error:
            raise SnapshotCorrupt(
                f"{path.name} is not a FAISS index that can be read ({error}). Build the snapshot again."
            ) from error
        if stored.d != dimension:
            raise SnapshotIncompatible(
                f"{path.name} holds vectors of length {stored.d}, the model makes {dimension}. "
                "Open it with the model that made it, or build it again."
            )
        index = cls(dimension)
        index._index = stored
        index._refresh()
        return index

    def _refresh(self) -> None:
        """Views that FAISS does not keep: its vectors, and where each row has its slots."""
        slots = faiss.vector_to_array(self._index.id_map).astype(np.int64)
        self._slots = np.argsort(slots, kind="stable")
        self._sorted = slots[self._slots]
        self._distinct = np.unique(slots)
        flat: Any = faiss.downcast_index(self._index.index)
        total = int(flat.ntotal)
        self._vectors = (
            faiss.rev_swig_ptr(flat.get_xb(), total * self.dimension).reshape(total, self.dimension)
            if total
            else np.empty((0, self.dimension), dtype=np.float32)
        )


def _best_of_each(rows: Int64, scores: Float32) -> tuple[Int64, Float32]:
    """Each row once with its best score; best first, ties by row."""
    valid = rows >= 0
    order = np.lexsort((rows[valid], -scores[valid]))
    rows, scores = rows[valid][order], scores[valid][order]
    _, first = np.unique(rows, return_index=True)
    first.sort()
    return rows[first], scores[first]


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """OpenMP threads for the calls inside; FAISS keeps the number for each calling thread apart."""
    before = faiss.omp_get_max_threads()
    if count is not None:
        faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
