"""Why a record is not among the results: what hides it, where it stands, and which score holds it back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from matcher.calibrate import FEATURES
from matcher.phrases import counted, joined, phrase
from matcher.protocols import Float32
from matcher.records import Record

SHARE_NAMED = 0.1
"""A score is named when it makes at least this share of the distance to the last result shown."""

CONDITIONS: Mapping[str, str] = MappingProxyType(
    {
        "countries": phrase("countries"),
        "languages": phrase("languages"),
        "cpv": phrase("cpv"),
        "nature": phrase("nature"),
        "trl_min": phrase("trl_min"),
        "exclude": phrase("exclude"),
    }
)
"""What the conditions of a filter are called."""


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
            return phrase(
                "{feature}: not stated on both sides, the last one shown has {needed:.2f}",
                feature=self.feature,
                needed=self.needed,
            )
        return phrase(
            "{feature}: {value:.2f}, the last one shown has {needed:.2f}",
            feature=self.feature,
            value=self.value,
            needed=self.needed,
        )


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
            names = joined((CONDITIONS.get(name, name) for name in self.hidden_by), ", ")
            if not self.rank:
                return phrase(
                    "Hidden by your filter on {conditions}: without that it would be ranked.",
                    conditions=names,
                )
            return phrase(
                "Hidden by your filter on {conditions}: without that it would stand at place {place}.",
                conditions=names,
                place=self.rank,
            )
        if self.rank is not None and self.rank <= self.shown:
            return phrase("It is shown, at place {place}.", place=self.rank)
        where = phrase("It is not ranked.")
        if self.rank:
            where = counted(
                "It stands at place {place}, {n} are shown.",
                "It stands at place {place}, {n} are shown.",
                self.shown,
                place=self.rank,
            )
        if not self.behind:
            return where
        return joined([where, phrase("Most is lost on {score}.", score=self.behind[0].words)])


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
