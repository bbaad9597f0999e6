"""Late interaction: two texts compared part by part, each part with the one it fits best.

The score of two texts is the mean over both directions of the weighted best cosine of every part
(MaxSim; Khattab and Zaharia 2020, made symmetric). Parts are pairs of neighbouring tokens where the
model makes token vectors, else sentences; the same parts serve ranking, grouping and explanation.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from matcher.protocols import Float32, Int64, Span

Int8 = NDArray[np.int8]
SCALE = 127.0
"""Stored vectors are int8: unit vectors times 127, good to two decimals of a cosine."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one text, as they are stored."""

    spans: tuple[Span, ...]
    """Its sentences, as spans of the whole text."""
    vectors: Int8
    """`int8[u, e]`, unit vectors times 127."""
    weights: Float32
    """`float32[u]`, adding up to 1."""
    owners: NDArray[np.int32]
    """`int32[u]`: the sentence each part is of, a place in `spans`."""

    def unit(self) -> Float32:
        """`float32[u, e]`."""
        return self.vectors.astype(np.float32) / np.float32(SCALE)

    def __len__(self) -> int:
        return len(self.vectors)


def parts(spans: Sequence[Span], vectors: Float32, weights: Float32, owners: Int64) -> Parts:
    """Parts as they are stored, from unit vectors `float32[u, e]` and weights above 0.

    >>> own = parts([(0, 4)], np.eye(2, dtype=np.float32), np.array([1, 3], np.float32), np.zeros(2))
    >>> own.vectors.tolist(), own.weights.tolist()
    ([[127, 0], [0, 127]], [0.25, 0.75])
    """
    whole = np.rint(np.clip(vectors, -1, 1) * np.float32(SCALE)).astype(np.int8)
    total = float(weights.sum())
    shares = (weights / total if total > 0 else weights).astype(np.float32)
    return Parts(tuple(spans), whole, shares, owners.astype(np.int32))


def late_scores(query: Parts, documents: Sequence[Parts | None]) -> Float32:
    """`float32[n]` in [-1, 1]: the score of a text against others; 0 where either has no parts."""
    scores = np.zeros(len(documents), np.float32)
    filled = [(at, held) for at, held in enumerate(documents) if held is not None and len(held)]
    if not filled or not len(query):
        return scores
    joined = np.concatenate([held.vectors for _, held in filled]).astype(np.float32)
    starts = np.cumsum([0, *(len(held) for _, held in filled)])[:-1]
    cosines = products(query.vectors.astype(np.float32), joined)
    forward = query.weights @ np.maximum.reduceat(cosines, starts, axis=1)
    best = cosines.max(axis=0) * np.concatenate([held.weights for _, held in filled])
    backward = np.add.reduceat(best, starts)
    scores[[at for at, _ in filled]] = (forward + backward) / np.float32(2 * SCALE * SCALE)
    return scores


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


_here = threading.local()


@contextmanager
def one_thread() -> Iterator[None]:
    """Products inside take one thread each: those that BLAS leaves spinning slow the model's next pass by a
    third. Saying so takes longer than many a product, so it is said once for several.
    """
    if getattr(_here, "one", False):
        yield
        return
    _here.one = True
    try:
        with _threads().limit(limits=1, user_api="blas"):
            yield
    finally:
        _here.one = False


def products(one: Float32, other: Float32) -> Float32:
    """`float32[u, v]`: inner products of all rows of `float32[u, e]` and `float32[v, e]`."""
    with one_thread():
        products: Float32 = one @ other.T
    return products


def similarities(one: Parts, other: Parts) -> Float32:
    """`float32[u, v]`: cosines of all parts of one text with all of another."""
    return products(one.unit(), other.unit())
