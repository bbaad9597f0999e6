"""The exact index: FAISS flat inner product, filtered before scoring.

A slot is the place of a vector. A change touches the slots of its rows and no others: what is replaced leaves
its slots to those that come, so that one change among a million vectors takes no pass over them.
"""

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
NOBODY = -1
"""The row number of a slot that is free; no allowed set holds it."""
MOVED = 1_024
"""Rows that changed since the slots were last put in order; beyond it, and a share of all, they are anew."""


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
        return self._count

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
            distinct, places = np.unique(rows, return_inverse=True)
            self._forget(distinct)
            # FAISS accepts a second vector under a known id silently: the old slots were freed above.
            taken = sorted(self._free.pop() for _ in range(min(len(self._free), rows.size)))
            reused = np.array(taken, dtype=np.int64)  # ascending: a row's vectors keep their order
            slots = np.concatenate(
                [reused, np.arange(self._ids.size, self._ids.size + rows.size - reused.size)]
            )
            self._vectors[reused], self._ids[reused] = vectors[: reused.size], rows[: reused.size]
            if reused.size < rows.size:
                self._index.add_with_ids(vectors[reused.size :], rows[reused.size :])
                self._view()
            self._count += distinct.size
            if distinct.size + len(self._moved) > MOVED + self._distinct.size // 16:
                self._refresh()
            else:
                order = np.argsort(places, kind="stable")
                ends = np.cumsum(np.bincount(places))[:-1]
                self._moved |= zip(distinct.tolist(), np.split(slots[order], ends), strict=True)

    def delete(self, rows: Int64) -> int:
        """Forget rows; unknown ones are ignored. Returns how many were stored."""
        with self._lock:
            return self._forget(np.unique(np.asarray(rows, dtype=np.int64)))

    @property
    def vectors(self) -> int:
        """How many vectors are stored."""
        return int(self._ids.size) - len(self._free)

    def rows(self) -> Int64:
        """`int64[n]`: the rows that hold vectors, ascending."""
        with self._lock:
            moved = np.fromiter(self._moved, dtype=np.int64, count=len(self._moved))
            held = np.fromiter((row for row, slots in self._moved.items() if slots.size), dtype=np.int64)
            return np.sort(np.concatenate([np.setdiff1d(self._distinct, moved, assume_unique=True), held]))

    def held(self, rows: Int64) -> tuple[Int64, Float32]:
        """Of some rows, each vector with its row: `int64[n]` in the order given, `float32[n, d]`."""
        with self._lock:
            stored, starts, vectors = self._held(rows)
            widths = np.diff(starts, append=len(vectors))
            return np.repeat(rows[stored], widths), vectors

    def search(self, queries: Float32, k: int, allowed: RowSet) -> tuple[Int64, Float32]:
        """The best `k` allowed rows for each query; see `VectorIndex.search`."""
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        with self._lock:
            available = self._available(allowed)
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
        with threads(queries):
            scores, rows = self._index.search(queries, fetch, params=parameters)
        best_rows = np.empty((len(queries), depth), dtype=np.int64)
        best_scores = np.empty((len(queries), depth), dtype=np.float32)
        unsettled: list[int] = []
        for q in range(len(queries)):
            distinct, values = best_of_each(rows[q], scores[q])
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
        slots, widths = self._places(rows)
        stored = np.flatnonzero(widths)
        widths = widths[stored]
        return stored, np.cumsum(widths) - widths, self._vectors[slots]

    def _places(self, rows: Int64) -> tuple[Int64, Int64]:
        """Slots of the rows, one row after the other, and how many each has."""
        left = np.searchsorted(self._sorted, rows, side="left")
        widths = np.searchsorted(self._sorted, rows, side="right") - left
        moved = [at for at, row in enumerate(rows.tolist()) if row in self._moved] if self._moved else []
        elsewhere = [self._moved[row] for row in rows[moved].tolist()]
        widths[moved] = 0
        starts = np.cumsum(widths) - widths
        inside = np.arange(int(widths.sum())) - np.repeat(starts, widths)
        slots = self._slots[np.repeat(left, widths) + inside]
        if moved:
            before = np.repeat(starts[moved], [own.size for own in elsewhere])
            slots = np.insert(slots, before, np.concatenate(elsewhere))
            widths[moved] = [own.size for own in elsewhere]
        return slots, widths

    def _forget(self, distinct: Int64) -> int:
        """Free the slots of some rows. Returns how many rows had any."""
        slots, widths = self._places(distinct)
        gone = distinct[widths > 0]
        self._ids[slots] = NOBODY
        self._free += slots.tolist()
        self._moved |= dict.fromkeys(gone.tolist(), _NO_SLOTS)
        self._count -= gone.size
        if len(self._moved) > MOVED + self._distinct.size // 16:
            self._refresh()
        return int(gone.size)

    def _available(self, allowed: RowSet) -> int:
        """How many rows are both stored and allowed."""
        found = int(np.count_nonzero(allowed.contains(self._distinct)))
        if self._moved:
            moved = np.fromiter(self._moved, dtype=np.int64, count=len(self._moved))
            now = np.fromiter((own.size > 0 for own in self._moved.values()), np.int64, len(self._moved))
            before = np.isin(moved, self._distinct)
            found += int(np.sum((now - before)[allowed.contains(moved)]))
        return found

    def save(self, path: Path) -> None:
        """Write the index to one file."""
        with self._lock:
            if self._free:
                self._index.remove_ids(faiss.IDSelectorBatch(np.array([NOBODY], dtype=np.int64)))
                self._refresh()
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
        """Put in order what FAISS does not keep: where each row has its slots."""
        self._view()
        self._slots = np.argsort(self._ids, kind="stable")
        free = int(np.count_nonzero(self._ids == NOBODY))
        self._free: list[int] = self._slots[:free].tolist()
        self._slots = self._slots[free:]
        self._sorted = self._ids[self._slots]
        self._distinct = np.unique(self._sorted)
        self._count = int(self._distinct.size)
        self._moved: dict[int, Int64] = {}
        """Rows that changed since, with the slots they have now."""

    def _view(self) -> None:
        """See the vectors and row numbers where FAISS keeps them, until it moves them."""
        flat: Any = faiss.downcast_index(self._index.index)
        total = int(flat.ntotal)
        self._vectors = _seen(flat.get_xb(), total * self.dimension, np.float32).reshape(-1, self.dimension)
        self._ids = _seen(self._index.id_map.data(), total, np.int64)


_NO_SLOTS = np.empty(0, dtype=np.int64)


def _seen(pointer: Any, count: int, kind: type) -> Any:
    return faiss.rev_swig_ptr(pointer, count) if count else np.empty(0, dtype=kind)


def best_of_each(rows: Int64, scores: Float32) -> tuple[Int64, Float32]:
    """Each row once with its best score; best first, ties by row."""
    valid = rows >= 0
    order = np.lexsort((rows[valid], -scores[valid]))
    rows, scores = rows[valid][order], scores[valid][order]
    _, first = np.unique(rows, return_index=True)
    first.sort()
    return rows[first], scores[first]


@contextmanager
def threads(queries: Float32) -> Iterator[None]:
    """One OpenMP thread for a few queries; FAISS keeps the number for each calling thread apart."""
    before = faiss.omp_get_max_threads()
    if len(queries) <= FEW:
        faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
