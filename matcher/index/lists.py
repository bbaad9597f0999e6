"""Vectors in lists by the middle they are nearest to, so that a search looks into a few lists alone.

An inverted file (Jegou, Douze and Schmid 2011): the vectors stay where they are, a list names slots.
Real texts lie in heaps, out of which the links of a graph (HNSW) lead too seldom: among a million of
such vectors a graph found .914 of the ten nearest with 512 in view.
"""

from collections.abc import Callable, Iterator
from math import sqrt
from typing import Any

import faiss as typed
import numpy as np
from numpy.typing import NDArray

from matcher.protocols import Float32, Int64

faiss: Any = typed
"""The types that FAISS ships know little of what it has."""
LISTS_PER_ROOT = 2.0
"""Times the root of their number, vectors are kept in so many lists: then to choose lists costs about as much
as to look into them."""
TAUGHT_BY = 48
"""Vectors, at most, that decide where the middle of each list lies."""
ROUNDS = 8
TOGETHER = 16_384
"""Vectors whose lists are sought at once."""
SEED = 20_261


class Lists:
    """Which slots are in which list.

    >>> kept = Lists.of_blocks(lambda: iter([np.eye(4, dtype=np.float32)]), 4)
    >>> kept.near(np.eye(4, dtype=np.float32)[2], 1, 0).tolist()
    [2]
    """

    def __init__(self, middles: Float32, order: NDArray[np.int32], starts: Int64) -> None:
        self.middles = middles
        """`float32[l, d]`."""
        self.order = order
        """`int32[n]`: slots, list by list, ascending within each."""
        self.starts = starts
        """`int64[l + 1]`: where each list begins in `order`."""

    @classmethod
    def of_blocks(cls, blocks: Callable[[], Iterator[Float32]], count: int) -> "Lists":
        """Lists of `count` vectors, which come in blocks as often as asked for."""
        number = number_of(count)
        step = max(1, count // (TAUGHT_BY * number))
        taught = np.ascontiguousarray(np.concatenate([block[::step] for block in blocks()]))
        means = faiss.Clustering(taught.shape[1], number)
        means.niter, means.seed, means.spherical, means.verbose = ROUNDS, SEED, True, False
        means.min_points_per_centroid, means.max_points_per_centroid = 1, TAUGHT_BY
        means.train(taught, faiss.IndexFlatIP(taught.shape[1]))
        middles = faiss.vector_to_array(means.centroids).reshape(number, -1)
        return cls(middles, *_filed(np.concatenate([_nearest(middles, block) for block in blocks()]), number))

    def joined(self, vectors: Float32) -> "Lists":
        """The same with further vectors, whose slots follow those that there are."""
        labels = np.empty(self.order.size, dtype=np.int64)
        labels[self.order] = np.repeat(np.arange(len(self.middles)), np.diff(self.starts))
        further = _nearest(self.middles, vectors)
        return Lists(self.middles, *_filed(np.concatenate([labels, further]), len(self.middles)))

    def near(self, query: Float32, looked: int, least: int) -> Int64:
        """Slots of the `looked` lists nearest to `float32[d]`, and of more until there are `least`."""
        number = len(self.middles)
        # Not `@`: threads that BLAS leaves spinning cost others more than they bring
        ranked = np.argsort(-np.einsum("ld,d->l", self.middles, query), kind="stable")
        held = np.cumsum(np.diff(self.starts)[ranked])
        looked = min(number, max(looked, int(np.searchsorted(held, least)) + 1))
        chosen = ranked[:looked].tolist()
        slots = np.concatenate([self.order[self.starts[one] : self.starts[one + 1]] for one in chosen])
        return slots.astype(np.int64)


def number_of(vectors: int) -> int:
    """How many lists so many vectors are kept in.

    >>> number_of(1_000_000)
    2000
    """
    return max(1, min(vectors, round(LISTS_PER_ROOT * sqrt(vectors))))


def _nearest(middles: Float32, vectors: Float32) -> Int64:
    """`int64[n]`: the list of each vector."""
    parts = (vectors[start : start + TOGETHER] for start in range(0, len(vectors), TOGETHER))
    found: Int64 = np.concatenate([np.empty(0, np.int64), *(np.argmax(p @ middles.T, axis=1) for p in parts)])
    return found


def _filed(labels: Int64, number: int) -> tuple[NDArray[np.int32], Int64]:
    order = np.argsort(labels, kind="stable").astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(labels, minlength=number))]).astype(np.int64)
    return order, starts
