"""What in two texts makes them alike, sentence by sentence, from the parts that also rank them.

A pair of sentences brings to the score what their parts bring. The pair that brings most is the best
quotation; taking the average off first quoted short sentences about delivery and the like.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from matcher.late import Parts, similarities
from matcher.protocols import Float32, Int64

_Runs = tuple[NDArray[np.int32], Int64]
"""Sentences that have parts, and the first part of each."""
NEVER = -2.0
"""Below every cosine: what a sentence without parts is alike."""


Value = TypeVar("Value")


class _once(Generic[Value]):  # noqa: N801 -- used like `property`
    """A property that is computed when it is first asked for.

    `functools.cached_property` has one lock for all instances before Python 3.12: threads that compare
    different texts would wait for each other.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self.__doc__ = make.__doc__
        self._name = make.__name__

    @overload
    def __get__(self, held: None, owner: type) -> "_once[Value]": ...

    @overload
    def __get__(self, held: object, owner: type) -> Value: ...

    def __get__(self, held: object | None, owner: type) -> "_once[Value] | Value":
        if held is None:
            return self
        value = self._make(held)
        held.__dict__[self._name] = value  # from now on it is found there first
        return value


@dataclass(frozen=True)
class Comparison:
    """Two texts with the cosines of all their parts."""

    one: Parts
    other: Parts

    @_once
    def cosines(self) -> Float32:
        """`float32[u, v]`."""
        return similarities(self.one, self.other)

    @_once
    def score(self) -> float:
        """The late score of the two texts."""
        forward = self.one.weights @ self.cosines.max(axis=1)
        backward = self.other.weights @ self.cosines.max(axis=0)
        return float((forward + backward) / 2)

    @_once
    def _runs(self) -> tuple["_Runs", "_Runs"]:
        """Where the sentences of the one side and of the other begin among their parts."""
        return _runs(self.one.owners), _runs(self.other.owners)

    @_once
    def _best(self) -> tuple[Float32, Float32]:
        """Best cosine of each part with each sentence of the other side: `[u, t]` and `[s, v]`."""
        own, others = self._runs
        return _by_sentence(self.cosines.T, self.other, others).T, _by_sentence(self.cosines, self.one, own)

    @_once
    def _both_ways(self) -> tuple[Float32, Float32]:
        """What each pair of sentences brings from the one side and from the other: `[s, t]` both."""
        to_other, to_one = self._best
        own, others = self._runs
        forward = _summed(to_other * self.one.weights[:, None], self.one, own)
        return forward, _summed(to_one.T * self.other.weights[:, None], self.other, others).T

    @_once
    def brought(self) -> Float32:
        """`float32[s, t]`: what each pair of sentences brings to the score."""
        forward, backward = self._both_ways
        total: Float32 = (forward + backward) / np.float32(2)
        return total

    @_once
    def alike(self) -> Float32:
        """`float32[s, t]`: the late score of each pair of sentences, had the texts no others."""
        forward, backward = self._both_ways
        forward, backward = forward / _mass(self.one)[:, None], backward / _mass(self.other)[None, :]
        scores: Float32 = ((forward + backward) / 2).astype(np.float32)
        return scores

    @_once
    def coverage(self) -> Float32:
        """`float32[s]`: how well each sentence of the one text is met anywhere in the other."""
        met = _summed((self.cosines.max(axis=1) * self.one.weights)[:, None], self.one, self._runs[0])[:, 0]
        return met / _mass(self.one)

    def pairs(self, count: int, penalty: Float32) -> list[tuple[int, int]]:
        """The pairs of sentences that bring most, less `penalty`, each sentence once, best first."""
        left = self.brought - penalty
        found: list[tuple[int, int]] = []
        for _ in range(min(count, *left.shape)):
            i, j = np.unravel_index(int(np.argmax(left)), left.shape)
            if self.alike[i, j] <= NEVER / 2:
                break
            found.append((int(i), int(j)))
            left[i, :] = -np.inf
            left[:, j] = -np.inf
        return found


def emphasis(parts: Parts) -> Float32:
    """`float32[s]`: weight of each sentence by the number of its parts, against the text's average.

    Above 1 a sentence speaks of the matter more than the rest does; boilerplate stands below.
    """
    counts = np.bincount(parts.owners, minlength=len(parts.spans))
    mean = 1 / max(len(parts), 1)
    return (_mass(parts) / np.maximum(counts, 1) / mean).astype(np.float32)


def _mass(parts: Parts) -> Float32:
    mass = np.bincount(parts.owners, weights=parts.weights, minlength=len(parts.spans))
    return np.maximum(mass, 1e-9).astype(np.float32)


def _summed(values: Float32, parts: Parts, runs: _Runs) -> Float32:
    """`float32[u, n]` added up over the parts of each sentence: `float32[s, n]`."""
    sums = np.zeros((len(parts.spans), values.shape[1]), np.float32)
    owned, starts = runs
    sums[owned] = np.add.reduceat(values, starts, axis=0)
    return sums


def _by_sentence(cosines: Float32, parts: Parts, runs: _Runs) -> Float32:
    """`float32[u, n]` to the highest over the parts of each sentence: `float32[s, n]`."""
    best = np.full((len(parts.spans), cosines.shape[1]), NEVER, np.float32)
    owned, starts = runs
    best[owned] = np.maximum.reduceat(cosines, starts, axis=0)
    return best


def _runs(owners: NDArray[np.int32]) -> _Runs:
    starts = np.flatnonzero(np.concatenate([[True], owners[1:] != owners[:-1]]))
    return owners[starts], starts
