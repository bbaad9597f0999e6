"""Whether a probability means what it says: Brier score, calibration error, reliability by language group.

Measured over what users see: the top 10 of each query. "Relevant" is a grade of 2 or more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Level, level

BINS = 10
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Germanic": ("da", "de", "en", "nl", "sv"),
    "Romance": ("es", "fr", "it", "pt", "ro"),
    "Slavic": ("bg", "cs", "hr", "pl", "sk", "sl"),
    "Baltic": ("lt", "lv"),
    "Finno-Ugric": ("et", "fi", "hu"),
    "Greek, Irish, Maltese": ("el", "ga", "mt"),
}
"""Languages together, since ten results of a few queries say little of one language."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One result that a user saw."""

    language: str
    """Of the query."""
    probability: float
    relevant: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Results of like probability."""

    count: int
    said: float
    """Mean probability."""
    held: float
    """Share that was relevant."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far probabilities are from what held."""

    count: int
    brier: float
    ece: float
    """Expected calibration error over ten bins of equal width."""
    ece_equal_mass: float
    """The same over ten bins of equally many results."""
    bins: tuple[Bin, ...]
    """Of equal width; empty ones left out."""
    levels: Mapping[str, Bin]
    """By the word that was shown, surest first; words never shown left out."""


def reliability(shown: Sequence[Shown]) -> Reliability:
    """Reliability over results.

    >>> one = reliability([Shown("de", 0.75, True), Shown("de", 0.75, True), Shown("fr", 0.25, False)])
    >>> round(one.ece, 4), round(one.brier, 4)
    (0.25, 0.0625)
    """
    said = np.array([item.probability for item in shown], dtype=np.float64)
    held = np.array([item.relevant for item in shown], dtype=np.float64)
    if not said.size:
        return Reliability(0, 0.0, 0.0, 0.0, (), {})
    widths = np.minimum((said * BINS).astype(np.int64), BINS - 1)
    # Equal probabilities share a bin, or the order of the results would decide.
    masses = np.searchsorted(np.sort(said), said) * BINS // said.size
    words = np.array([list(Level).index(level(p)) for p in said.tolist()], dtype=np.int64)
    bins = _binned(said, held, widths)
    return Reliability(
        said.size,
        float(np.mean((said - held) ** 2)),
        _error(bins.values(), said.size),
        _error(_binned(said, held, masses).values(), said.size),
        tuple(bins.values()),
        {str(list(Level)[at]): one for at, one in _binned(said, held, words).items()},
    )


def by_group(shown: Sequence[Shown]) -> dict[str, Reliability]:
    """Reliability by group of query languages, those with results only."""
    parts = {name: [s for s in shown if s.language in codes] for name, codes in GROUPS.items()}
    return {name: reliability(part) for name, part in parts.items() if part}


def nothing_promised(best: Sequence[float]) -> float:
    """Share of queries without an answer that are shown nothing above "possible"; 1 if there are none.

    >>> nothing_promised([0.1, 0.6])
    0.5
    """
    modest = (Level.POSSIBLE, Level.WEAK)
    return sum(level(value) in modest for value in best) / len(best) if best else 1.0


def _binned(said: NDArray[np.float64], held: NDArray[np.float64], at: NDArray[np.int64]) -> dict[int, Bin]:
    return {
        b: Bin(int(np.sum(at == b)), float(said[at == b].mean()), float(held[at == b].mean()))
        for b in np.unique(at).tolist()
    }


def _error(bins: Iterable[Bin], total: int) -> float:
    return sum(b.count * abs(b.said - b.held) for b in bins) / total
