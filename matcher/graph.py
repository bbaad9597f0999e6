"""The similarity graph of needs: who is among the nearest of whom, both ways; kept up to date."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.pace import give_way
from matcher.protocols import Float32, Int64

NEIGHBOURS = 30
"""More than the 23 other language versions that one notice can have."""
BATCH = 2048
"""Rows and columns of a block of scores: as many as make products fast and still fit the cache."""
CLOSE = 1e-5
"""Who is less near than another by at most this much counts as near as that one."""
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

    def __init__(self, dimension: int, similarity: float, k: int = NEIGHBOURS) -> None:
        self.dimension = dimension
        self.similarity = similarity
        self.k = k
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
        """Find the neighbours of some rows anew, among all.

        Where all are asked for, each pair is scored once and counts for both.
        """
        places = np.searchsorted(self._rows, rows)
        whole = rows.size == self._rows.size
        starts = range(0, rows.size, BATCH)
        found = [_Nearest(places[at : at + BATCH], self.k, self.similarity, self.dimension) for at in starts]
        block = np.empty(BATCH * BATCH, dtype=np.float32)
        for number, nearest in enumerate(found):
            vectors = self._vectors[nearest.places]
            for start in range(BATCH * number if whole else 0, self._rows.size, BATCH):
                give_way()
                others = self._vectors[start : start + BATCH]
                shape = len(vectors), len(others)
                scores = np.matmul(vectors, others.T, out=block[: shape[0] * shape[1]].reshape(shape))
                nearest.offer(scores, start)
                if whole and start > BATCH * number:
                    found[start // BATCH].offer(scores, BATCH * number, across=True)
        parts = [self._near[~np.isin(_parted(self._near)[0], rows)]]
        for nearest in found:
            give_way()
            lines, near = nearest.settled(self._vectors)
            parts.append(_paired(self._rows[nearest.places[lines]], self._rows[near]))
            self._least[nearest.places] = nearest.least
        self._near = np.sort(np.concatenate(parts))


class _Nearest:
    """The neighbours of some places, as far as others were offered.

    They are found by products in single precision. A pair about which its rounding could decide is scored
    again in double precision, by itself, so that the outcome is exact whatever the order of the places.
    """

    def __init__(self, places: Int64, k: int, similarity: float, dimension: int) -> None:
        self.places = places
        self._k = k
        self._similarity = similarity
        self._margin = 2 * rounding(dimension)
        self.least: NDArray[np.float64] = np.full(places.size, -np.inf)
        """How near others have to be, as far as is known."""
        self._floor: Float32 = np.empty(0, dtype=np.float32)
        self._held: list[tuple[Int64, Int64, Float32]] = []
        self._more = 0
        self._raise(self.least)

    def offer(self, scores: Float32, start: int, *, across: bool = False) -> None:
        """How near the places from `start` on are: `float32[n, m]`, or `float32[m, n]` where `across`."""
        passed = scores >= (self._floor[None, :] if across else self._floor[:, None])
        if np.count_nonzero(passed) > 4 * self._k * self.places.size:
            own = np.ascontiguousarray(scores.T) if across else scores
            if own.shape[1] > self._k:
                # one more, for a place may stand among them itself
                self._raise(np.partition(own, -self._k - 1, axis=1)[:, -self._k - 1] - CLOSE)
                passed = scores >= (self._floor[None, :] if across else self._floor[:, None])
        flat = np.flatnonzero(passed)
        lines, columns = np.divmod(flat, scores.shape[1])
        if across:
            lines, columns = columns, lines
        others = columns + start
        apart = others != self.places[lines]
        self._held.append((lines[apart], others[apart], scores.ravel()[flat[apart]]))
        self._more += flat.size
        if self._more > 2 * self._k * self.places.size:
            self._held = [self._sifted()]
            self._more = 0

    def settled(self, vectors: Float32) -> tuple[Int64, Int64]:
        """Lines and the places of their neighbours, once all were offered; `least` is exact from then on."""
        lines, others, scores = self._sifted()
        exact = scores.astype(np.float64)
        open_ = np.flatnonzero(np.abs(exact - self._last(lines, exact)[lines]) <= self._margin + CLOSE)
        at_least = np.flatnonzero(np.abs(exact - self._similarity) <= self._margin)
        for part in _batches(np.union1d(open_, at_least)):
            one, other = vectors[self.places[lines[part]]], vectors[others[part]]
            exact[part] = np.einsum("pd,pd->p", one.astype(np.float64), other.astype(np.float64))
        order = np.lexsort((-exact, lines))
        lines, others, exact = lines[order], others[order], exact[order]
        self.least = np.maximum(self._last(lines, exact) - CLOSE, self._similarity)
        keep = exact >= self.least[lines]
        return lines[keep], others[keep]

    def _sifted(self) -> tuple[Int64, Int64, Float32]:
        """What is held and may still be near enough: by line, from the nearest on within each."""
        lines, others, scores = (np.concatenate(column) for column in zip(*self._held, strict=True))
        # scores lie between -1 and 1
        order = np.argsort(4.0 * lines - scores)
        lines, others, scores = lines[order], others[order], scores[order]
        self._raise(self._last(lines, scores.astype(np.float64)) - CLOSE)
        keep = scores >= self._floor[lines]
        return lines[keep], others[keep], scores[keep]

    def _last(self, lines: Int64, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The `k`-th of each line, of scores in the order of `_sifted`; below all where there is none."""
        ends = np.cumsum(np.bincount(lines, minlength=self.places.size))
        at = np.concatenate([[0], ends[:-1]]) + self._k - 1
        full = at < ends
        last = np.full(self.places.size, -np.inf)
        last[full] = scores[at[full]]
        return last

    def _raise(self, least: NDArray[np.floating[Any]]) -> None:
        self.least = np.maximum(self.least, np.maximum(least, self._similarity))
        self._floor = (self.least - self._margin).astype(np.float32)


def rounding(dimension: int) -> float:
    """How far a product of two unit vectors may be off in single precision, in whatever order it is summed.

    >>> rounding(384) < 5e-5
    True
    """
    return dimension * 2.0**-23


def _paired(one: Int64, other: Int64) -> Int64:
    """Pairs of rows as one number each, which order as pairs do."""
    return (one << HALF) | other


def _parted(pairs: Int64) -> tuple[Int64, Int64]:
    return pairs >> HALF, pairs & ((1 << HALF) - 1)


def _batches(places: Int64) -> list[Int64]:
    return [places[start : start + BATCH] for start in range(0, places.size, BATCH)]


def _among(values: Int64, ascending: Int64) -> NDArray[np.bool_]:
    """Which values are among others, which ascend."""
    if not ascending.size:
        return np.zeros(values.size, dtype=np.bool_)
    at = np.minimum(np.searchsorted(ascending, values), ascending.size - 1)
    found: NDArray[np.bool_] = ascending[at] == values
    return found
