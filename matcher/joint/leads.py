"""Who could lead the joint purchase: suggestions, each with reasons that the members state themselves.

The country of a member is never a reason. The members choose; a lead needs legal competence, and its law may
govern the purchase, so ask a lawyer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.joint.flags import Answer, answer
from matcher.joint.thresholds import day_words
from matcher.joint.totals import organisation
from matcher.phrases import counted, phrase
from matcher.records import Need

Ranked = TypeVar("Ranked", float, date)

SUGGESTED = 3
"""Organisations suggested, at most."""


@dataclass(frozen=True, slots=True)
class Lead:
    """An organisation that could lead, and what speaks for it."""

    organisation: str
    """As it names itself; empty where it does not."""
    country: str | None
    need_id: str
    """Its need; the first by id where it has several."""
    reasons: tuple[str, ...]
    """Strongest first; never empty."""


def leads(members: Sequence[Need], likeness: NDArray[np.float64]) -> tuple[Lead, ...]:
    """Up to three suggestions: by whether they said that they would lead, then by their reasons.

    `likeness` is `float64[n, n]`, pair probabilities in the order of the members. Who said that it would not
    lead is not suggested.
    """
    order = sorted(range(len(members)), key=lambda i: (members[i].country or "", members[i].id))
    ordered = [members[i] for i in order]
    reasons = _reasons(ordered, likeness[np.ix_(order, order)])
    found: list[tuple[tuple[int, int, str], Lead]] = []
    for own in _by_organisation(ordered):
        said = sorted({reason for need in own for reason in reasons[need.id]})
        if not said or any(answer(need, "lead") is Answer.NO for need in own):
            continue
        first = min(own, key=lambda need: need.id)
        lead = Lead(first.organisation, first.country, first.id, tuple(words for _, words in said))
        found.append(((said[0][0], -len(said), first.id), lead))
    return tuple(lead for _, lead in sorted(found, key=lambda pair: pair[0])[:SUGGESTED])


def _by_organisation(members: Sequence[Need]) -> list[list[Need]]:
    """The needs of each organisation; one that does not name its own stands alone."""
    groups: dict[tuple[str, str], list[Need]] = {}
    for need in members:
        name = organisation(need)
        groups.setdefault((name, "" if name else need.id), []).append(need)
    return list(groups.values())


def _reasons(members: Sequence[Need], likeness: NDArray[np.float64]) -> dict[str, list[tuple[int, str]]]:
    """What speaks for each need's owner: how strong it is (0 first), and in words."""
    found: dict[str, list[tuple[int, str]]] = {need.id: [] for need in members}
    names = [organisation(need) for need in members]
    spoken = [frozenset(need.working_languages) for need in members]
    at_home = len({need.country for need in members}) == 1 and members[0].country is not None
    for need, own, languages in zip(members, names, spoken, strict=True):
        if answer(need, "lead") is Answer.YES:
            found[need.id].append((0, phrase("said that it would lead")))
        elif answer(need, "lead") is Answer.MAYBE:
            found[need.id].append((1, phrase("said that it might lead")))
        if answer(need, "is_cpb") is Answer.YES:
            if answer(need, "cpb_serves_foreign") is Answer.YES:
                words = phrase("is a central purchasing body that serves buyers of other states")
                found[need.id].append((2, words))
            elif at_home:
                found[need.id].append((2, phrase("is a central purchasing body")))
        others = [
            theirs
            for each, name, theirs in zip(members, names, spoken, strict=True)
            if each is not need and (not own or name != own)
        ]
        sharing = sum(not languages.isdisjoint(theirs) for theirs in others)
        if 2 * sharing > len(others):
            words = counted(
                "shares a working language with {sharing} of {n} other needs",
                "shares a working language with {sharing} of {n} other needs",
                len(others),
                sharing=sharing,
            )
            found[need.id].append((3, words))
    values = [(need.value_eur, need) for need in members if need.value_eur is not None]
    if (largest := _greatest(values)) is not None:
        words = counted(
            "states the largest value, {value:eur}, of {n} stated",
            "states the largest value, {value:eur}, of {n} stated",
            len(values),
            value=largest.value_eur,
        )
        found[largest.id].append((3, words))
    ends = [(need.window_end, need) for need in members if need.window_end is not None]
    if (last := _greatest(ends)) is not None and last.window_end is not None:
        words = phrase("its window stays open longest, until {day}", day=day_words(last.window_end))
        found[last.id].append((3, words))
    # Rounded, so that the order of a sum does not break a tie.
    nearness = [
        (round(float(total), 9), need) for total, need in zip(likeness.sum(axis=1), members, strict=True)
    ]
    if len(members) > 2 and (nearest := _greatest(nearness)) is not None:
        found[nearest.id].append((3, phrase("its need is the nearest to all others")))
    return found


def _greatest(stated: Sequence[tuple[Ranked, Need]]) -> Need | None:
    """The need with the greatest of two or more values; None where two share it."""
    if len(stated) < 2:
        return None
    top = max(value for value, _ in stated)
    holders = [need for value, need in stated if value == top]
    return holders[0] if len(holders) == 1 else None
