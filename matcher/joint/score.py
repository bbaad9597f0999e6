"""One number for how well needs go together, how much of it is known, and what would raise it.

S is the weighted mean of the known factors, K the weight of what is known, R = S (0.5 + 0.5 K) orders
candidates. S is never shown without K. None of them ranks suppliers or promises savings.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from matcher.joint.factors import Factor
from matcher.joint.gates import Gate
from matcher.joint.weights import WEIGHTS, FactorName, Weights
from matcher.joint.words import LEVELS, stated_of
from matcher.phrases import Phrase, phrase

FLOOR = 0.5
"""Share of S that R keeps where nothing is known."""
NEEDED = ("G1", "G2", "G3", "G5")
"""Gates that must hold for the levels A and B."""
REVIEW = "G4"
"""The gate whose failure asks for a legal and security review before anything else."""
SHOWN = 3
"""Improvements shown."""

MOVES: dict[FactorName, Phrase] = {
    "timeline": phrase("Move a window so that all overlap by 90 days"),
    "legal regime": phrase("Settle one legal form and regime; ask a lawyer"),
    "security and sharing": phrase("Share a masked version that all may see"),
    "standards": phrase("Agree on the standards that all require"),
    "language": phrase("Agree on a working language"),
    "willingness": phrase("Talk to the owners who said maybe"),
}
"""What can be moved, and how; what a need is about, its codes and its value are facts, not moves."""
UNDER_REVIEW: tuple[FactorName, ...] = ("legal regime", "security and sharing")
"""What is not shown as a move where G4 fails."""
FILLS: dict[FactorName, Phrase] = {
    "classification": phrase("State the CPV code"),
    "timeline": phrase("State the procurement window"),
    "budget and volume": phrase("State the value"),
    "legal regime": phrase("State the legal regime"),
    "standards": phrase("State the standards"),
    "language": phrase("State the working languages"),
    "willingness": phrase("Ask the owners"),
}


class CandidateLevel(StrEnum):
    """How far a candidate is, as a letter."""

    A = "A"
    B = "B"
    C = "C"

    @property
    def words(self) -> str:
        """What the letter means.

        >>> CandidateLevel.A.words
        'ready to talk'
        """
        return LEVELS[self.value]


@dataclass(frozen=True, slots=True)
class Improvement:
    """Something that would raise a score or tell more about it."""

    factor: FactorName
    gain: float
    """Points out of 100 that S could rise by where something is moved, K where something is filled in."""
    kind: Literal["fill", "move"]
    sentence: str


@dataclass(frozen=True, slots=True)
class Score:
    """How well needs go together."""

    total: float
    """S, 0 to 100, after caps."""
    completeness: float
    """K, 0 to 1."""
    rank: float
    """R, 0 to 100, which orders candidates."""
    level: CandidateLevel
    factors: tuple[Factor, ...]
    caps: tuple[str, ...] = ()
    """Why S or the level is held down."""
    capped: bool = False
    """Whether S itself is: some factor is too low for others to make up for."""
    improvements: tuple[Improvement, ...] = ()
    """At most three, the greatest first by what they bring to R."""


def score(factors: Sequence[Factor], gates: Sequence[Gate], weights: Weights = WEIGHTS) -> Score:
    """The score of nine factors, its level under the gates, and what would raise it."""
    total, completeness = sum_up(factors, weights)
    capping = tuple(_caps(factors, weights))
    return Score(
        total=total,
        completeness=completeness,
        rank=rank(total, completeness),
        level=_level(total, completeness, gates, weights),
        factors=tuple(factors),
        caps=(*capping, *_barriers(gates)),
        capped=bool(capping),
        improvements=_improvements(factors, gates, weights),
    )


def sum_up(factors: Sequence[Factor], weights: Weights = WEIGHTS) -> tuple[float, float]:
    """S in points and K in [0, 1] of some factors, by the weights that they carry."""
    known = [factor for factor in factors if factor.value is not None]
    weight = math.fsum(factor.weight for factor in known)
    reached = math.fsum(factor.weight * factor.value for factor in known if factor.value is not None)
    total = 100 * reached / weight if weight else 0.0
    if any(_caps(factors, weights)):
        total = min(total, weights.cap_total)
    completeness = math.fsum(factor.weight * factor.known for factor in known)
    # binary fractions must not decide whether .8 is reached
    return round(total, 9), round(min(1.0, completeness), 9)


def rank(total: float, completeness: float) -> float:
    """R of S and K.

    >>> round(rank(55.8, 0.93), 1)
    53.8
    """
    return total * (FLOOR + (1 - FLOOR) * completeness)


def _caps(factors: Sequence[Factor], weights: Weights) -> Iterable[Phrase]:
    """Why S is capped: what nothing else makes up for."""
    value = {factor.name: factor.value for factor in factors}
    overlap = value.get("functional overlap")
    most = weights.cap_total
    if overlap is not None and overlap < weights.functional_below:
        yield phrase(
            "Functional overlap {overlap:.2f} is below {least:g}: S is at most {most:g}.",
            overlap=overlap,
            least=weights.functional_below,
            most=most,
        )
    if value.get("timeline") == 0:
        yield phrase("The windows lie a year or more apart: S is at most {most:g}.", most=most)
    if value.get("legal regime") == 0:
        yield phrase("A member is excluded from the directives: S is at most {most:g}.", most=most)


def _barriers(gates: Sequence[Gate]) -> Iterable[Phrase]:
    """Why the level is held at C: gates that do not hold."""
    for gate in gates:
        told = {"gate": gate.name, "title": gate.title, "reason": gate.reason}
        if gate.name in NEEDED and gate.passed is None:
            yield phrase("Level C: {gate}, {title}, cannot be said to hold. {reason}", **told)
        elif gate.name in (*NEEDED, REVIEW) and gate.passed is False:
            yield phrase("Level C: {gate}, {title}, fails. {reason}", **told)


def _level(total: float, completeness: float, gates: Sequence[Gate], weights: Weights) -> CandidateLevel:
    # G6 is left out: a level must not differ from viewer to viewer
    if any(_barriers(gates)) or total < weights.b_total:
        return CandidateLevel.C
    if total >= weights.a_total and completeness >= weights.a_completeness:
        return CandidateLevel.A
    return CandidateLevel.B


def _improvements(
    factors: Sequence[Factor], gates: Sequence[Gate], weights: Weights
) -> tuple[Improvement, ...]:
    """What brings most to R, which is what S and K have in common."""
    # what is excluded or classified is for a review, and nothing to be talked round
    review = any(gate.name == REVIEW and gate.passed is False for gate in gates)
    moves = {name: words for name, words in MOVES.items() if not (review and name in UNDER_REVIEW)}
    total, completeness = sum_up(factors, weights)
    now = rank(total, completeness)
    found: list[tuple[float, Improvement]] = []
    for place, factor in enumerate(factors):
        if factor.name in moves and factor.value is not None and factor.value < 1:
            better = replace(factor, value=1.0)
            reached, _ = sum_up((*factors[:place], better, *factors[place + 1 :]), weights)
            gain = round(reached - total, 9)
            sentence = phrase(
                "{move}: S could rise by up to {gain:.1f} points.", move=moves[factor.name], gain=gain
            )
            found.append(
                (rank(reached, completeness) - now, Improvement(factor.name, gain, "move", sentence))
            )
        if factor.name in FILLS and factor.missing:
            share = 1 - (factor.known if factor.value is not None else 0.0)
            fuller = min(1.0, completeness + factor.weight * share)
            gain = round(100 * (fuller - completeness), 9)
            sentence = phrase(
                "{fill} ({needs}): K could rise by {gain:.1f} points.",
                fill=FILLS[factor.name],
                needs=stated_of(factor.missing),
                gain=gain,
            )
            found.append((rank(total, fuller) - now, Improvement(factor.name, gain, "fill", sentence)))
    # sorted is stable: of equals the factor that is shown first
    best = sorted((each for each in found if each[1].gain > 0), key=lambda each: -round(each[0], 9))
    return tuple(improvement for _, improvement in best[:SHOWN])
