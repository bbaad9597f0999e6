"""How much each factor counts, where a score is capped and where levels begin: read from `weights.json`.

The file has an owner and a change log, because weights are a judgement that somebody must answer for.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from matcher.errors import SettingInvalid

FactorName = Literal[
    "functional overlap",
    "classification",
    "timeline",
    "budget and volume",
    "legal regime",
    "security and sharing",
    "standards",
    "language",
    "willingness",
]
NAMES: tuple[FactorName, ...] = get_args(FactorName)
"""The nine factors, in the order in which they are shown."""
SLACK = 1e-9
"""How far from 1 the weights may add up, for want of exact tenths in binary."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change log."""

    date: str
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the nine factors, which add up to 1, with the caps and levels of the score.

    >>> sum(WEIGHTS.of.values()).__round__(9), WEIGHTS.of["timeline"], WEIGHTS.owner
    (1.0, 0.15, 'needmatch maintainers')
    """

    owner: str
    changes: tuple[Change, ...]
    of: Mapping[str, float]
    """By the name of the factor."""
    cap_total: float
    """S at most, where a factor that nothing makes up for is too low; points."""
    functional_below: float
    """Functional overlap below this caps the score."""
    a_total: float
    """S from which a candidate may be of level A; points."""
    a_completeness: float
    """K from which a candidate may be of level A."""
    b_total: float
    """S from which a candidate may be of level B; points."""

    def __post_init__(self) -> None:
        _check(self)
        # what was checked must stay as it is
        object.__setattr__(self, "of", MappingProxyType({name: self.of[name] for name in NAMES}))


def load(path: Path) -> Weights:
    """The weights of a file; raises `SettingInvalid` where it is not readable or does not hold together."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Weights(
            owner=str(content["owner"]),
            changes=tuple(Change(**entry) for entry in content["changes"]),
            of={str(name): float(weight) for name, weight in content["weights"].items()},
            cap_total=float(content["cap"]["total"]),
            functional_below=float(content["cap"]["functional_below"]),
            a_total=float(content["levels"]["a_total"]),
            a_completeness=float(content["levels"]["a_completeness"]),
            b_total=float(content["levels"]["b_total"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise SettingInvalid(
            f"{path.name!r} cannot be used as weights ({type(problem).__name__}: {problem}): expected the "
            "form of the file that ships, matcher/joint/weights.json. Start from a copy of it."
        ) from problem


def _check(weights: Weights) -> None:
    if not weights.owner.strip() or not weights.changes:
        raise SettingInvalid(
            "The weights name no owner or have no change log: somebody must answer for them. "
            "Fill in 'owner' and 'changes'."
        )
    if odd := sorted(set(weights.of) ^ set(NAMES)):
        raise SettingInvalid(
            f"The weights lack or do not know {', '.join(map(repr, odd))}: expected one for each of "
            f"{', '.join(map(repr, NAMES))}. Correct 'weights'."
        )
    if bad := sorted(name for name, weight in weights.of.items() if not 0 <= weight <= 1):
        raise SettingInvalid(
            f"The weight of {', '.join(map(repr, bad))} is not in [0, 1]. Use 0 to leave a factor out."
        )
    if abs(math.fsum(weights.of.values()) - 1) > SLACK:
        raise SettingInvalid(
            f"The weights add up to {math.fsum(weights.of.values()):.6g}, expected 1. Divide each by the sum."
        )
    points = (weights.cap_total, weights.b_total, weights.a_total)
    shares = (weights.functional_below, weights.a_completeness)
    if not (0 <= points[0] < points[1] <= points[2] <= 100 and all(0 <= share <= 1 for share in shares)):
        raise SettingInvalid(
            f"Cap {points[0]:g}, level B from {points[1]:g}, level A from {points[2]:g}, shares {shares}: "
            "expected cap < B <= A in points up to 100, and shares in [0, 1]. Correct 'cap' and 'levels'."
        )


WEIGHTS = load(Path(__file__).with_name("weights.json"))
"""The weights that ship."""
