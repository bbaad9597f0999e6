"""Groups of needs turned into joint-procurement candidates, or the reason why they are none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from matcher.records import JointInterest, Need


@dataclass(frozen=True, slots=True)
class Totals:
    """What the members would buy together."""

    value_eur: float
    """Sum over the members that state a value."""
    values_missing: int


@dataclass(frozen=True, slots=True)
class JointCandidate:
    """Needs of different countries that could be bought together."""

    members: tuple[Need, ...]
    """By country, then id."""
    medoid: Need
    """The member nearest to all others; its title stands for the group."""
    cohesion: float
    """Mean likeness over all pairs."""
    weakest: tuple[Need, Need, float]
    """The pair that is least alike, and its likeness."""
    countries: tuple[str, ...]
    totals: Totals
    window: tuple[date, date] | None
    """The days on which every stated procurement window is open; None if there is no such day, or if no
    window states where it begins, or where it ends."""
    windows_missing: int
    declined: tuple[Need, ...] = ()
    """Needs of the group whose owners said no; they are no members."""


@dataclass(frozen=True, slots=True)
class NotJoint:
    """A group that is no cross-border candidate, and why."""

    members: tuple[Need, ...]
    """By country, then id."""
    reason: str


def judge(needs: Sequence[Need], similarity: NDArray[np.float64]) -> JointCandidate | NotJoint:
    """A candidate from two or more needs, or the reason why they cannot be one.

    `similarity` is `float64[n, n]`, of all pairs (`Likeness.of`). Owners who said no are left out and named.
    """
    # In an order of their own, so that ties do not depend on the order of the rows.
    ordered = sorted(range(len(needs)), key=lambda i: (needs[i].country or "", needs[i].id))
    willing = [i for i in ordered if needs[i].joint_interest is not JointInterest.NO]
    everybody = tuple(needs[i] for i in ordered)
    members = [needs[i] for i in willing]
    declined = tuple(needs[i] for i in ordered if needs[i].joint_interest is JointInterest.NO)
    countries = tuple(sorted({need.country for need in members if need.country}))
    buyers = {need.organisation_id or need.organisation for need in members} - {""}
    if declined and len(members) < 2:
        whose = "of all but one" if members else "of all"
        return NotJoint(everybody, f"the owners {whose} have said no to joint buying")
    if len(countries) < 2:
        where = f"all are in {countries[0]}" if countries else "no country is stated"
        return NotJoint(everybody, f"{where}: a cross-border candidate needs two countries")
    if len(buyers) == 1 and all(need.organisation_id or need.organisation for need in members):
        return NotJoint(everybody, "all are of one organisation")
    return _candidate(members, declined, similarity[np.ix_(willing, willing)])


def _candidate(
    members: list[Need], declined: tuple[Need, ...], similarity: NDArray[np.float64]
) -> JointCandidate:
    upper = np.triu_indices(len(members), 1)
    pairs = similarity[upper]
    lowest = int(np.argmin(pairs))
    weakest = (members[upper[0][lowest]], members[upper[1][lowest]], float(pairs[lowest]))
    medoid = members[int(np.argmax(similarity.sum(axis=1)))]
    values = [need.value_eur for need in members if need.value_eur is not None]
    starts = [need.window_start for need in members if need.window_start is not None]
    ends = [need.window_end for need in members if need.window_end is not None]
    stated = sum(1 for need in members if need.window_start or need.window_end)
    overlap = (max(starts), min(ends)) if starts and ends and max(starts) <= min(ends) else None
    return JointCandidate(
        members=tuple(members),
        medoid=medoid,
        cohesion=float(pairs.mean()),
        weakest=weakest,
        countries=tuple(sorted({need.country for need in members if need.country})),
        totals=Totals(float(sum(values)), len(members) - len(values)),
        window=overlap,
        windows_missing=len(members) - stated,
        declined=declined,
    )
