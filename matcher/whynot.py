"""Why a record is not among the results: what hides it, where it stands, and which score holds it back."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from matcher.calibrate import FEATURES
from matcher.protocols import Float32
from matcher.records import Record

SHARE_NAMED = 0.1
"""A score is named when it makes at least this share of the distance to the last result shown."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A score by which a record falls behind."""

    feature: str
    value: float
    needed: float
    """The same score of the last result that is shown."""
    cost: float
    """How much of the fused distance it makes."""
    stated: bool = True
    """Whether the records say it; else `value` is what a pair is taken to have."""

    @property
    def words(self) -> str:
        """The score, or that there is none."""
        if not self.stated:
            return f"{self.feature}: not stated on both sides, the last one shown has {self.needed:.2f}"
        return f"{self.feature}: {self.value:.2f}, the last one shown has {self.needed:.2f}"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Where a record stands in a search, and why not higher."""

    record: Record
    hidden_by: tuple[str, ...]
    """Conditions of the filter that it fails; without them it would stand at `rank`."""
    rank: int | None
    """Its place among all records the filter admits, itself counted in; None if nothing ranks it."""
    shown: int
    """How many results are shown."""
    behind: tuple[Behind, ...]
    """Scores that hold it back, the costliest first; empty for a record among the results."""
    gaps: tuple[str, ...]
    uncovered: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The answer in words, with what would change it."""
        if self.hidden_by:
            names = ", ".join(self.hidden_by)
            place = f"it would stand at place {self.rank}" if self.rank else "it would be ranked"
            return f"Hidden by your filter on {names}: without that {place}."
        if self.rank is not None and self.rank <= self.shown:
            return f"It is shown, at place {self.rank}."
        where = f"It stands at place {self.rank}, {self.shown} are shown" if self.rank else "It is not ranked"
        if not self.behind:
            return f"{where}."
        return f"{where}. Most is lost on {self.behind[0].words}."


def behind(
    own: Float32, last: Float32, weights: Float32, unstated: Collection[str] = ()
) -> tuple[Behind, ...]:
    """Scores `float32[f]` in which a record is below the last one shown, the costliest first.

    >>> values, shown = np.array([0.5, 0, 0, 0, 0.2, 0.3]), np.array([0.7, 0, 0, 0, 0.1, 0.3])
    >>> [(b.feature, round(b.cost, 2)) for b in behind(values, shown, np.ones(6))]
    [('meaning', 0.2)]
    """
    costs = (last - own) * weights
    lost = float(costs[costs > 0].sum())
    found = [
        Behind(FEATURES[i], float(own[i]), float(last[i]), float(costs[i]), FEATURES[i] not in unstated)
        for i in np.argsort(-costs, kind="stable").tolist()
        if costs[i] > 0 and costs[i] >= SHARE_NAMED * lost
    ]
    return tuple(found)
