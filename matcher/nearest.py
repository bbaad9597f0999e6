"""The nearest of each among many places: found in single precision, settled in double where it matters."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.pace import give_way
from matcher.protocols import Float32, Int64

BATCH = 2048
"""Rows and columns of a block of scores: as many as make products fast and still fit the cache."""
CLOSE = 1e-5
"""Who is less near than another by at most this much counts as near as that one."""

Found = tuple[Int64, Int64, NDArray[np.float64]]
"""Places, the neighbours of each beside it (`int64[p]` both); how near a further one has to come to each of
all places, `float64[n]`."""
Search = Callable[[Float32, int, float], Found]
"""Neighbours among unit vectors `float32[n, d]`: at most so many of each, ties besides, and of this cosine or
more."""


class Nearest:
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
        self.take(lines[apart], others[apart], scores.ravel()[flat[apart]])

    def take(self, lines: Int64, others: Int64, scores: Float32) -> None:
        """Hold others that are near some lines, as `offer` found them here or `held` told elsewhere."""
        self._held.append((lines, others, scores))
        self._more += lines.size
        if self._more > 2 * self._k * self.places.size:
            self._held = [self.held()]
            self._more = 0

    def held(self) -> tuple[Int64, Int64, Float32]:
        """What may still be near enough: lines, places and scores; from the nearest on within each line."""
        if not self._held:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
        lines, others, scores = (np.concatenate(column) for column in zip(*self._held, strict=True))
        # scores lie between -1 and 1
        order = np.argsort(4.0 * lines - scores)
        lines, others, scores = lines[order], others[order], scores[order]
        self._raise(self._last(lines, scores.astype(np.float64)) - CLOSE)
        keep = scores >= self._floor[lines]
        return lines[keep], others[keep], scores[keep]

    def settled(self, vectors: Float32) -> tuple[Int64, Int64]:
        """Lines and the places of their neighbours, once all were offered; `least` is exact from then on."""
        lines, others, scores = self.held()
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

    def _last(self, lines: Int64, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The `k`-th of each line, of scores in the order of `held`; below all where there is none."""
        ends = np.cumsum(np.bincount(lines, minlength=self.places.size))
        at = np.concatenate([[0], ends[:-1]]) + self._k - 1
        full = at < ends
        last = np.full(self.places.size, -np.inf)
        last[full] = scores[at[full]]
        return last

    def _raise(self, least: NDArray[np.floating[Any]]) -> None:
        self.least = np.maximum(self.least, np.maximum(least, self._similarity))
        self._floor = (self.least - self._margin).astype(np.float32)


def among(vectors: Float32, k: int, similarity: float) -> Found:
    """The neighbours of all of some unit vectors `float32[n, d]`; see `Search`.

    >>> one, other, _ = among(np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32), 2, 0.5)
    >>> list(zip(one.tolist(), other.tolist()))
    [(0, 1), (1, 0)]
    """
    held = blocks(range(len(vectors)), k, similarity, vectors.shape[1])
    compare(vectors, held, held)
    return settled(vectors, held)


def blocks(places: range, k: int, similarity: float, dimension: int) -> list[Nearest]:
    """Places beside each other, a block after the other, each without neighbours yet."""
    parts = (np.arange(at, min(at + BATCH, places.stop)) for at in places[::BATCH])
    return [Nearest(part, k, similarity, dimension) for part in parts]


def compare(vectors: Float32, one: Sequence[Nearest], other: Sequence[Nearest]) -> None:
    """Offer the places of blocks to those of others and the other way round; each pair is scored once.

    Both may be the same blocks, and must not have some in common otherwise.
    """
    room = np.empty(BATCH * BATCH, dtype=np.float32)
    for number, here in enumerate(one):
        own = _beside(vectors, here)
        for there in other[number:] if one is other else other:
            give_way()
            others = _beside(vectors, there)
            shape = len(own), len(others)
            scores = np.matmul(own, others.T, out=room[: shape[0] * shape[1]].reshape(shape))
            here.offer(scores, int(there.places[0]))
            if there is not here:
                there.offer(scores, int(here.places[0]), across=True)


def settled(vectors: Float32, held: Sequence[Nearest]) -> Found:
    """The neighbours of all places of some blocks, once all others were offered to them."""
    one, other, least = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    for nearest in held:
        give_way()
        lines, near = nearest.settled(vectors)
        one.append(nearest.places[lines])
        other.append(near)
        least.append(nearest.least)
    return np.concatenate(one), np.concatenate(other), np.concatenate(least)


def rounding(dimension: int) -> float:
    """How far a product of two unit vectors may be off in single precision, in whatever order it is summed.

    >>> rounding(384) < 5e-5
    True
    """
    return dimension * 2.0**-23


def _beside(vectors: Float32, block: Nearest) -> Float32:
    return vectors[int(block.places[0]) : int(block.places[-1]) + 1]


def _batches(places: Int64) -> list[Int64]:
    return [places[start : start + BATCH] for start in range(0, places.size, BATCH)]
