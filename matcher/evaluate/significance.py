"""How sure a difference is: paired bootstrap and randomisation, by whole families, with a fixed seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 10_000
SEED = 20260101


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
    data = np.asarray(values, dtype=np.float64)
    if not data.size:
        return Interval(0.0, 0.0, 0.0)
    _, family = np.unique(families if families is not None else np.arange(data.size), return_inverse=True)
    sums = np.bincount(family, weights=data)
    sizes = np.bincount(family)
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, sizes.size, size=(DRAWS, sizes.size))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(data.mean()), float(low), float(high))


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
    _, family = np.unique(families if families is not None else np.arange(data.size), return_inverse=True)
    sums = np.bincount(family, weights=data)
    random = np.random.default_rng(SEED)
    signs = random.integers(0, 2, size=(DRAWS, sums.size)) * 2 - 1
    extreme = np.count_nonzero(np.abs(signs @ sums) >= abs(sums.sum()) - 1e-12)
    return float((extreme + 1) / (DRAWS + 1))
