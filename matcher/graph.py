"""The similarity graph of needs: who is among the nearest of whom, both ways; kept up to date."""

from collections.abc import Iterable

import faiss
import numpy as np

from matcher.protocols import Float32, Int64

NEIGHBOURS = 30
"""More than the 23 other language versions that one notice can have."""
BATCH = 1024
CLOSE = 1e-5
"""Two scores of one pair may differ by this much, as they are rounded in another order."""


class Neighbourhoods:
    """For each row the `k` rows nearest to it, as far as these are similar enough.

    Rows as near as the last of the `k` count as well, so that the same neighbours come out whatever order
    the rows were stored in. A change searches anew only for the rows that it can concern.

    >>> near = Neighbourhoods(2, similarity=0.5)
    >>> sorted(near.update(np.arange(3), np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)))
    [0, 1, 2]
    >>> near.mutual([0]).tolist()
    [[0, 1]]
    """

    def __init__(self, dimension: int, similarity: float, k: int = NEIGHBOURS) -> None:
        self.dimension = dimension
        self.similarity = similarity
        self.k = k
        self._vectors = np.empty((0, dimension), dtype=np.float32)
        self._rows: Int64 = np.empty(0, dtype=np.int64)
        self._near: dict[int, frozenset[int]] = {}
        self._last: dict[int, float] = {}

    def update(self, rows: Int64, vectors: Float32, gone: Int64 | Iterable[int] = ()) -> set[int]:
        """Forget the rows that are `gone`, store others with one unit vector each, `float32[n, d]`.

        Returns the rows whose neighbours may have changed, those stored included.
        """
        lost = np.fromiter(gone, dtype=np.int64)
        touched = self._losing(lost)
        stored = self._rows
        order = np.argsort(np.concatenate([stored, rows]), kind="stable")
        self._vectors = np.concatenate([self._vectors, vectors])[order]
        self._rows = np.concatenate([stored, rows])[order]
        touched |= self._reached(stored, vectors)
        touched |= set(rows.tolist())
        self._search(np.array(sorted(touched), dtype=np.int64))
        return touched

    def mutual(self, rows: Iterable[int]) -> Int64:
        """`int64[p, 2]`: pairs of rows, the smaller first, that count each other among the nearest.

        Only pairs with one of `rows`; each once, ascending.
        """
        pairs = {
            (min(row, other), max(row, other))
            for row in rows
            for other in self._near.get(row, ())
            if row in self._near.get(other, ())
        }
        return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)

    def _losing(self, lost: Int64) -> set[int]:
        if not lost.size:
            return set()
        gone = set(lost.tolist())
        keep = ~np.isin(self._rows, lost)
        self._rows, self._vectors = self._rows[keep], self._vectors[keep]
        for row in gone:
            self._near.pop(row, None)
            self._last.pop(row, None)
        return {row for row, near in self._near.items() if not gone.isdisjoint(near)}

    def _reached(self, stored: Int64, vectors: Float32) -> set[int]:
        """Rows that were there, and that a new one is as near to as their last neighbour."""
        if not stored.size or not len(vectors):
            return set()
        if len(vectors) > stored.size:
            return set(stored.tolist())
        least = np.array([self._last[row] for row in stored.tolist()], dtype=np.float32) - np.float32(CLOSE)
        own = self._vectors[np.isin(self._rows, stored)]
        reached = np.zeros(stored.size, dtype=np.bool_)
        for start in range(0, len(vectors), BATCH):
            reached |= ((own @ vectors[start : start + BATCH].T) >= least[:, None]).any(axis=1)
        return set(stored[reached].tolist())

    def _search(self, rows: Int64) -> None:
        places = np.searchsorted(self._rows, rows)
        for start in range(0, rows.size, BATCH):
            part = rows[start : start + BATCH]
            vectors = self._vectors[places[start : start + BATCH]]
            width = min(self.k + 2, self._rows.size)
            while part.size:
                scores, found = self._nearest(vectors, width)
                last = scores[:, min(self.k, width - 1)]
                # whoever ties with the last may go on behind what was fetched
                open_ = (width < self._rows.size) & (
                    scores[:, -1] >= np.maximum(last, self.similarity) - CLOSE
                )
                for at in np.flatnonzero(~open_).tolist():
                    self._keep(int(part[at]), found[at], scores[at], float(last[at]))
                part, vectors, width = part[open_], vectors[open_], min(4 * width, self._rows.size)

    def _keep(self, row: int, found: Int64, scores: Float32, last: float) -> None:
        own = (scores >= max(last - CLOSE, self.similarity)) & (found != row)
        self._near[row] = frozenset(found[own].tolist())
        # a full house lets in only who is as near as its last; else whoever is similar enough
        full = np.count_nonzero(own) >= self.k
        self._last[row] = float(scores[own].min()) if full else self.similarity

    def _nearest(self, vectors: Float32, width: int) -> tuple[Float32, Int64]:
        """Scores and rows of the `width` nearest of each, itself among them."""
        scores, places = faiss.knn(vectors, self._vectors, width, metric=faiss.METRIC_INNER_PRODUCT)
        return scores, self._rows[places]
