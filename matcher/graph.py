"""The similarity graph of needs: who is among the nearest of whom, both ways; kept up to date."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matcher.nearest import BATCH, Found, Nearest, Search, among, rounding, settled
from matcher.pace import give_way
from matcher.protocols import Float32, Int64

NEIGHBOURS = 30
"""More than the 23 other language versions that one notice can have."""
HALF = 31
"""Bits of a row within a pair of rows."""


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

    def __init__(self, dimension: int, similarity: float, k: int = NEIGHBOURS, whole: Search = among) -> None:
        self.dimension = dimension
        self.similarity = similarity
        self.k = k
        self._whole = whole
        """Finds the neighbours of all rows at once."""
        self._vectors = np.empty((0, dimension), dtype=np.float32)
        self._rows: Int64 = np.empty(0, dtype=np.int64)
        self._least: NDArray[np.float64] = np.empty(0)
        """How near a further row has to come to each; beside `_rows`."""
        self._near: Int64 = np.empty(0, dtype=np.int64)
        """Each row with each of its neighbours, as `_paired`; ascending."""

    def update(self, rows: Int64, vectors: Float32, gone: Int64 | Iterable[int] = ()) -> set[int]:
        """Forget the rows that are `gone`, store others with one unit vector each, `float32[n, d]`.

        Returns the rows whose neighbours may have changed, those stored included.
        """
        touched = self._losing(np.fromiter(gone, dtype=np.int64))
        touched = np.union1d(touched, self._reached(vectors))
        both = np.concatenate([self._rows, rows])
        order = np.argsort(both, kind="stable")
        self._vectors = np.concatenate([self._vectors, vectors])[order]
        self._least = np.concatenate([self._least, np.zeros(rows.size)])[order]
        self._rows = both[order]
        touched = np.union1d(touched, rows)
        if touched.size:
            self._search(touched)
        return set(touched.tolist())

    def mutual(self, rows: Iterable[int]) -> Int64:
        """`int64[p, 2]`: pairs of rows, the smaller first, that count each other among the nearest.

        Only pairs with one of `rows`; each once, ascending.
        """
        chosen = np.fromiter(rows, dtype=np.int64)
        one, other = _parted(self._near)
        own = np.isin(one, chosen)
        one, other = one[own], other[own]
        both = _among(_paired(other, one), self._near)
        pairs = _paired(np.minimum(one[both], other[both]), np.maximum(one[both], other[both]))
        return np.column_stack(_parted(np.unique(pairs)))

    def _losing(self, lost: Int64) -> Int64:
        """Forget rows; returns those that had one of them for a neighbour."""
        if not lost.size:
            return lost
        keep = ~np.isin(self._rows, lost)
        self._rows, self._vectors, self._least = self._rows[keep], self._vectors[keep], self._least[keep]
        one, other = _parted(self._near)
        apart = ~np.isin(one, lost)
        touched = np.unique(one[apart & np.isin(other, lost)])
        self._near = self._near[apart]
        return touched

    def _reached(self, vectors: Float32) -> Int64:
        """Rows that are there, and that a new one may be near enough to."""
        if not self._rows.size or not len(vectors):
            return np.empty(0, dtype=np.int64)
        if len(vectors) > self._rows.size:
            return self._rows
        least = (self._least - rounding(self.dimension)).astype(np.float32)
        reached = np.zeros(self._rows.size, dtype=np.bool_)
        for start in range(0, len(vectors), BATCH):
            scores = self._vectors @ vectors[start : start + BATCH].T
            reached |= (scores >= least[:, None]).any(axis=1)
        return self._rows[reached]

    def _search(self, rows: Int64) -> None:
        """Find the neighbours of some rows anew, among all."""
        places = np.searchsorted(self._rows, rows)
        if rows.size == self._rows.size:
            one, other, least = self._whole(self._vectors, self.k, self.similarity)
        else:
            one, other, least = self._of(places)
        held = self._near[~np.isin(_parted(self._near)[0], rows)]
        self._near = np.sort(np.concatenate([held, _paired(self._rows[one], self._rows[other])]))
        self._least[places] = least

    def _of(self, places: Int64) -> Found:
        """The neighbours of some places among all."""
        starts = range(0, places.size, BATCH)
        found = [Nearest(places[at : at + BATCH], self.k, self.similarity, self.dimension) for at in starts]
        room = np.empty(BATCH * BATCH, dtype=np.float32)
        for nearest in found:
            vectors = self._vectors[nearest.places]
            for start in range(0, self._rows.size, BATCH):
                give_way()
                others = self._vectors[start : start + BATCH]
                shape = len(vectors), len(others)
                scores = np.matmul(vectors, others.T, out=room[: shape[0] * shape[1]].reshape(shape))
                nearest.offer(scores, start)
        return settled(self._vectors, found)


def _paired(one: Int64, other: Int64) -> Int64:
    """Pairs of rows as one number each, which order as pairs do."""
    return (one << HALF) | other


def _parted(pairs: Int64) -> tuple[Int64, Int64]:
    return pairs >> HALF, pairs & ((1 << HALF) - 1)


def _among(values: Int64, ascending: Int64) -> NDArray[np.bool_]:
    """Which values are among others, which ascend."""
    if not ascending.size:
        return np.zeros(values.size, dtype=np.bool_)
    at = np.minimum(np.searchsorted(ascending, values), ascending.size - 1)
    found: NDArray[np.bool_] = ascending[at] == values
    return found
