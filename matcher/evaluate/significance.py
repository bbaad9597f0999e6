"""How sure a difference is: paired bootstrap and randomisation, by whole families, with a fixed seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
SEED = 20260101
AT_ONCE = 4_000_000
"""Numbers drawn at once: memory does not grow with the queries."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def interval(values: Sequence[float], families: Sequence[str] | None = None) -> Interval:
    """Mean of per-query values (or of paired differences) with a percentile bootstrap interval.

    Whole families are drawn, so that queries about the same thing do not count as independent.

    >>> interval([0.5, 0.5, 0.5])
    Interval(mean=0.5, low=0.5, high=0.5)
    """
    return ratio_interval(values, [1.0] * len(values), families)


def ratio_interval(
    parts: Sequence[float], wholes: Sequence[float], families: Sequence[str] | None = None
) -> Interval:
    """Sum of `parts` over sum of `wholes`, both by query, with a percentile bootstrap interval.

    Draws whose wholes sum to nothing have no ratio and are left out; 0 throughout if there is no whole.

    >>> ratio_interval([1.0, 1.0], [2.0, 2.0])
    Interval(mean=0.5, low=0.5, high=0.5)
    """
    part, whole = np.asarray(parts, dtype=np.float64), np.asarray(wholes, dtype=np.float64)
    if not whole.sum():
        return Interval(0.0, 0.0, 0.0)
    family = _numbered(families, part.size)
    table = np.stack([np.bincount(family, weights=part), np.bincount(family, weights=whole)], axis=1)
    random = np.random.default_rng(SEED)
    drawn = np.concatenate(
        [
            table[random.integers(0, len(table), size=(draws, len(table)))].sum(axis=1)
            for draws in _portions(len(table))
        ]
    )
    drawn = drawn[drawn[:, 1] > 0]
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return Interval(float(part.sum() / whole.sum()), float(low), float(high))


def randomisation(differences: Sequence[float], families: Sequence[str] | None = None) -> float:
    """Two-sided p of a mean paired difference, had the two systems been swapped at random.

    Whole families are swapped together (Fisher's randomisation test; Smucker et al. 2007). Never below
    1 / (draws + 1).

    >>> randomisation([0.0, 0.0])
    1.0
    """
    data = np.asarray(differences, dtype=np.float64)
    if not data.size:
        return 1.0
    sums = np.bincount(_numbered(families, data.size), weights=data)
    random = np.random.default_rng(SEED)
    extreme = 0
    for draws in _portions(sums.size):
        signs = random.integers(0, 2, size=(draws, sums.size)) * 2 - 1
        extreme += int(np.count_nonzero(np.abs(signs @ sums) >= abs(sums.sum()) - 1e-12))
    return (extreme + 1) / (DRAWS + 1)


def _numbered(families: Sequence[str] | None, size: int) -> NDArray[np.intp]:
    _, numbers = np.unique(families if families is not None else np.arange(size), return_inverse=True)
    return numbers


def _portions(width: int) -> Iterator[int]:
    """All draws, so many at once as may be held."""
    most = max(AT_ONCE // max(width, 1), 1)
    for start in range(0, DRAWS, most):
        yield min(most, DRAWS - start)
