"""How a joint purchase could be divided into lots: by variant, by country, or for the access of SMEs.

Proposals, each with its reason; lots keep small suppliers and local conditions in, but cost some of the
volume. Whether to divide is for the authorities to decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.joint.differences import Difference
from matcher.joint.instrument import COVERS, Covering
from matcher.joint.words import ids
from matcher.phrases import counted, joined, phrase
from matcher.records import Need

LIKELY = 0.5
"""Pair probability from which two needs are rather the same than not."""
SMALL = frozenset({"micro", "small", "medium", "sme"})
"""Sizes of suppliers that count as small and medium-sized (eForms BT-165)."""


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot that could be cut out."""

    title: str
    need_ids: tuple[str, ...]
    """In the order of the members by country, then id."""
    why: str
    by: Literal["country", "variant", "sme"]
    """Along what it is cut; lots cut along different lines are alternatives."""


def lots(
    members: Sequence[Need],
    likeness: NDArray[np.float64],
    coverings: Sequence[Covering] = (),
    conflicts: Sequence[Difference] = (),
) -> tuple[Lot, ...]:
    """Lots that could be considered, first by variant, then by country, then for SMEs.

    `likeness` is `float64[n, n]`, pair probabilities in the order of the members; `conflicts` are those of
    their requirements (`differences.conflicts`).
    """
    order = sorted(range(len(members)), key=lambda i: (members[i].country or "", members[i].id))
    ordered = [members[i] for i in order]
    variants = [*_conflicting(conflicts), *_unlike(ordered, likeness[np.ix_(order, order)])]
    return (*variants, *_countries(ordered), *_small(ordered, coverings))


def _conflicting(conflicts: Sequence[Difference]) -> list[Lot]:
    """A lot for each side of a direct conflict of requirements."""
    found: list[Lot] = []
    for conflict in conflicts:
        for group in conflict.groups:
            title = joined((conflict.requirement, conflict.values[group[0]]), ": ")
            advice = phrase("One lot a variant could keep all in one procedure: consider it.")
            found.append(Lot(title, group, joined((conflict.sentence, advice)), "variant"))
    return found


def _unlike(members: Sequence[Need], likeness: NDArray[np.float64]) -> list[Lot]:
    """A lot for each part of the group that only weak links tie to the rest."""
    parts = _linked(likeness >= LIKELY)
    if len(parts) < 2:
        return []
    found: list[Lot] = []
    for part in parts:
        own = [members[i] for i in part]
        title = phrase("variant: {title}", title=own[0].title)
        why = phrase(
            "The needs of this lot are less likely than not the same as any other: consider a variant."
        )
        found.append(Lot(title, tuple(need.id for need in own), why, "variant"))
    return found


def _linked(links: NDArray[np.bool_]) -> list[list[int]]:
    """Places in parts that links hold together, in their order. scipy takes longer for a few places."""
    waiting = list(range(len(links)))
    parts: list[list[int]] = []
    while waiting:
        part, reached = set(), [waiting[0]]
        while reached:
            part.add(here := reached.pop())
            reached += [i for i in waiting if i not in part and links[here, i]]
        parts.append(sorted(part))
        waiting = [i for i in waiting if i not in part]
    return parts


def _countries(members: Sequence[Need]) -> list[Lot]:
    countries = sorted({need.country for need in members if need.country})
    if len(countries) < 2:
        return []
    why = phrase(
        "Consider lots by country where delivery, service or language is local; that also lets smaller "
        "suppliers tender."
    )
    return [
        Lot(
            phrase("country {country}", country=country),
            tuple(need.id for need in members if need.country == country),
            why,
            "country",
        )
        for country in countries
    ]


def _small(members: Sequence[Need], coverings: Sequence[Covering]) -> list[Lot]:
    """Parts of the group that small and medium-sized suppliers would cover, who do not cover all of it."""
    parts: dict[tuple[str, ...], int] = {}
    for each in coverings:
        if each.solution.size.strip().casefold() in SMALL and each.min_fit < COVERS:
            covers = tuple(need.id for need in members if need.id in each.covers)
            parts[covers] = parts.get(covers, 0) + 1
    return [
        Lot(
            phrase("within reach of SMEs: {needs}", needs=ids(part)),
            part,
            counted(
                "{n} solution of small or medium-sized suppliers would cover these members but not all: "
                "consider a lot of this part.",
                "{n} solutions of small or medium-sized suppliers would cover these members but not all: "
                "consider a lot of this part.",
                count,
            ),
            "sme",
        )
        for part, count in sorted(parts.items())
    ]
