"""Which solutions would answer all members, and which instrument that lets one consider.

Solutions are shown for discovery. They are never ranked for award, and a hint never says what to use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.phrases import Phrase, counted, joined, phrase
from matcher.records import Need, Solution

COVERS = 0.5
"""Probability from which a solution covers a need."""
MANY = 3
"""Solutions on the market from which there is a market; fewer are a thin one."""
ON_THE_MARKET = 9
NEAR = 7
"""The TRL from which solutions are near the market."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Solutions compared with the members of a candidate."""

    solutions: tuple[Solution, ...]
    probability: NDArray[np.float64]
    """`float64[n, m]`, a row a member and a column a solution; NaN where the two were not compared."""

    @property
    def compared(self) -> bool:
        """Whether anything was compared at all."""
        return bool(np.isfinite(self.probability).any())


@dataclass(frozen=True, slots=True)
class Covering:
    """A solution and the members that it would answer."""

    solution: Solution
    covers: tuple[str, ...]
    """Need ids, in the order of the members."""
    min_fit: float
    """The lowest probability over the members it was compared with; from .5 on it covers all of those."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A hint at how the members could buy; the authorities decide."""

    hint: Literal["market", "thin market", "ppi", "pcp", "unmet"]
    sentence: str
    best_trl: int | None
    """The highest among the solutions that cover all; None where none does."""


def covering(members: Sequence[Need], offers: Offers) -> tuple[Covering, ...]:
    """Solutions that cover at least one member, those that cover all they were compared with first.

    Then by how many they cover, by their lowest probability, and by id. The rows of `offers` are in the
    order of the members.

    Raises:
        ValueError: where `offers.probability` is not of the shape `[members, solutions]`.

    """
    shape = (len(members), len(offers.solutions))
    if offers.probability.shape != shape:
        raise ValueError(f"probability is {offers.probability.shape}, expected {shape}: [members, solutions]")
    found: list[Covering] = []
    order = sorted(range(len(members)), key=lambda i: (members[i].country or "", members[i].id))
    # NaN is no fit, and no lowest probability either
    fits = offers.probability >= COVERS
    lowest = np.fmin.reduce(offers.probability, axis=0, initial=np.nan)
    for column in np.flatnonzero(fits.any(axis=0)).tolist():
        covers = tuple(members[i].id for i in order if fits[i, column])
        found.append(Covering(offers.solutions[column], covers, float(lowest[column])))
    found.sort(key=lambda each: (each.min_fit < COVERS, -len(each.covers), -each.min_fit, each.solution.id))
    return tuple(found)


def instrument(
    coverings: Sequence[Covering], members: Sequence[Need], offers: Offers | None = None
) -> Instrument | None:
    """What the solutions that cover all members let one consider; None where their TRL leaves it open.

    An unknown TRL could be any: there is a hint only where every one would give the same. With `offers`,
    nothing follows where nothing was compared.
    """
    if offers is not None and not offers.compared:
        return None
    all_of_them = [each for each in coverings if each.min_fit >= COVERS]
    partly = len(coverings) - len(all_of_them)
    if not all_of_them:
        return Instrument("unmet", _unmet(len(members), partly), None)
    levels = [each.solution.trl for each in all_of_them if each.solution.trl is not None]
    unknown = len(all_of_them) - len(levels)
    best, ready = max(levels, default=None), sum(1 for level in levels if level >= ON_THE_MARKET)
    narrower = sum(1 for each in all_of_them if len(each.covers) < len(members))
    whole = narrower == 0
    if ready >= MANY:
        return Instrument("market", _noted(_market(ready, whole), narrower), best)
    if unknown and (ready == 0 or ready + unknown >= MANY):
        return None
    if ready:
        return Instrument("thin market", _noted(_thin_market(ready, whole), narrower), best)
    if best is not None and best >= NEAR:
        return Instrument("ppi", _noted(_near_market(best, whole), narrower), best)
    return Instrument("pcp", _noted(_early(best, whole), narrower), best)


def _unmet(members: int, partly: int) -> Phrase:
    if not partly:
        return counted(
            "No solution known here covers all {n} members: consider publishing the need as a challenge.",
            "No solution known here covers all {n} members: consider publishing the need as a challenge.",
            members,
        )
    return counted(
        "No solution known here covers all {n} members; {partly}: consider publishing the need as a "
        "challenge.",
        "No solution known here covers all {n} members; {partly}: consider publishing the need as a "
        "challenge.",
        members,
        partly=counted(
            "{n} solution would cover some of them", "{n} solutions would cover some of them", partly
        ),
    )


def _market(ready: int, whole: bool) -> Phrase:
    if whole:
        return counted(
            "{n} solution at TRL 9 would cover all members: consider a framework or a coordinated purchase.",
            "{n} solutions at TRL 9 would cover all members: consider a framework or a coordinated purchase.",
            ready,
        )
    return counted(
        "{n} solution at TRL 9 would cover all members that were compared: consider a framework or a "
        "coordinated purchase.",
        "{n} solutions at TRL 9 would cover all members that were compared: consider a framework or a "
        "coordinated purchase.",
        ready,
    )


def _thin_market(ready: int, whole: bool) -> Phrase:
    if whole:
        return counted(
            "Only {n} solution at TRL 9 would cover all members: consider consulting the market, and lots.",
            "Only {n} solutions at TRL 9 would cover all members: consider consulting the market, and lots.",
            ready,
        )
    return counted(
        "Only {n} solution at TRL 9 would cover all members that were compared: consider consulting the "
        "market, and lots.",
        "Only {n} solutions at TRL 9 would cover all members that were compared: consider consulting the "
        "market, and lots.",
        ready,
    )


def _near_market(best: int, whole: bool) -> Phrase:
    if whole:
        return phrase(
            "The most mature solution that would cover all members is at TRL {best}: consider PPI, or a "
            "late-phase PCP.",
            best=best,
        )
    return phrase(
        "The most mature solution that would cover all members that were compared is at TRL {best}: "
        "consider PPI, or a late-phase PCP.",
        best=best,
    )


def _early(best: int | None, whole: bool) -> Phrase:
    if whole:
        return phrase(
            "The most mature solution that would cover all members is at TRL {best}: consider PCP or an "
            "innovation partnership.",
            best=best,
        )
    return phrase(
        "The most mature solution that would cover all members that were compared is at TRL {best}: "
        "consider PCP or an innovation partnership.",
        best=best,
    )


def _noted(sentence: Phrase, narrower: int) -> Phrase:
    """The sentence, with how many solutions were not compared with all members."""
    if not narrower:
        return sentence
    return joined(
        (
            sentence,
            counted(
                "Compared with only some of the members: {n} solution.",
                "Compared with only some of the members: {n} solutions.",
                narrower,
            ),
        )
    )
