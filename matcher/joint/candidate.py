"""Needs judged as a joint-procurement candidate: everything that is shown of one, or why there is none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.joint.differences import Difference, conflicts, differences
from matcher.joint.factors import factors
from matcher.joint.forms import Form, Law, forms, law
from matcher.joint.gates import Gate, gates
from matcher.joint.instrument import Covering, Instrument, Offers, covering, instrument
from matcher.joint.leads import Lead, leads
from matcher.joint.lots import Lot, lots
from matcher.joint.score import CandidateLevel, Score, score
from matcher.joint.thresholds import ThresholdCheck, check
from matcher.joint.timeline import Timeline, timeline
from matcher.joint.totals import Totals, organisation, totals
from matcher.joint.weights import WEIGHTS, Weights
from matcher.joint.words import ids
from matcher.phrases import Phrase, joined, phrase
from matcher.records import JointInterest, Need

if TYPE_CHECKING:
    from matcher.label import Label


@dataclass(frozen=True, slots=True)
class JointCandidate:
    """Needs that could be bought together. A suggestion: the authorities decide, and ask a lawyer."""

    id: str
    """Stable id of the cluster; empty where none was given."""
    members: tuple[Need, ...]
    """Participants, by country, then id."""
    observers: tuple[Need, ...]
    """Needs whose owners only watch; they count for nothing."""
    declined: tuple[Need, ...]
    """Needs whose owners said no."""
    copies: tuple[tuple[str, str], ...]
    """Needs left out because they repeat one: its id, and the id of the one it repeats."""
    medoid: Need
    """The member nearest to all others; its title stands for the candidate."""
    cohesion: float
    """Mean pair probability."""
    weakest: tuple[Need, Need, float]
    """The pair that is least alike, and its probability."""
    likeness: NDArray[np.float64] = field(compare=False, repr=False)
    """`float64[n, n]`, pair probabilities of the members."""
    countries: tuple[str, ...]
    scope: Literal["cross-border", "national"]
    gates: tuple[Gate, ...]
    score: Score
    totals: Totals
    threshold: ThresholdCheck
    timeline: Timeline
    differences: tuple[Difference, ...]
    forms: tuple[Form, ...]
    law: Law
    leads: tuple[Lead, ...]
    instrument: Instrument | None
    """None where no solutions were compared, or where they leave it open."""
    solutions: tuple[Covering, ...]
    lots: tuple[Lot, ...]
    label: "Label | None"
    doubt: str
    """Why somebody should look first whether all members ask for the same; empty where they surely do."""
    day: date
    """The day on which it was judged."""
    sure: float = 0.0
    """Probability of the weakest pair from which there is no doubt."""
    offers: Offers | None = field(default=None, compare=False, repr=False)
    """What was compared, one row a member, so that it can be judged again."""

    @property
    def shown(self) -> bool:
        """Whether it is worth showing unasked: across borders, of level A or B, and without doubt."""
        return self.scope == "cross-border" and self.score.level != CandidateLevel.C and not self.doubt


@dataclass(frozen=True, slots=True)
class NotJoint:
    """Needs of which fewer than two are left that could be bought together, and why."""

    members: tuple[Need, ...]
    """All that were judged, by country, then id."""
    reason: str


def judge(
    needs: Sequence[Need],
    likeness: NDArray[np.float64],
    *,
    offers: Offers | None = None,
    copies: Sequence[tuple[str, str]] = (),
    id: str = "",
    label: "Label | None" = None,
    day: date | None = None,
    sure: float = 0.0,
    weights: Weights = WEIGHTS,
    viewer_sees: int | None = None,
) -> JointCandidate | NotJoint:
    """A candidate from some needs, or the reason why they are none.

    `likeness` is `float64[n, n]`, calibrated probabilities of all pairs in the order of `needs`, as are the
    rows of `offers`. `copies` are pairs of ids: a need, be it among `needs` or left out already, and the need
    that it repeats. `day` is today unless stated. Below `sure` the weakest pair is a doubt: fitted so that
    nine in ten groups above it are of one thing. `viewer_sees` is how many members the one who asks may
    see. The order of `needs` changes nothing.
    """
    ordered = sorted(range(len(needs)), key=lambda i: (needs[i].country or "", needs[i].id))
    collapsed = _collapsed(copies, {need.id for need in needs})
    left = [i for i in ordered if needs[i].id not in collapsed]
    refused = _refused(needs, collapsed)
    out = [i for i in left if needs[i].id in refused]
    watching = [i for i in left if i not in out and needs[i].joint_interest is JointInterest.OBSERVER]
    at = [i for i in left if i not in out and i not in watching]
    members, observers, declined = (tuple(needs[i] for i in part) for part in (at, watching, out))
    if len(members) < 2:
        reason = _too_few(members, observers, declined, collapsed)
        return NotJoint(tuple(needs[i] for i in ordered), reason)
    day = date.today() if day is None else day
    pairs = likeness[np.ix_(at, at)]
    pairs = (pairs + pairs.T) / 2  # so that neither half of the matrix decides
    compared = None if offers is None else replace(offers, probability=offers.probability[at])
    # rounded, so that the order of a sum breaks no tie; a need and itself are no pair
    nearest = members[int(np.argmax(np.round(pairs.sum(axis=1) - pairs.diagonal(), 9)))]
    line, threshold, differing = timeline(members), check(members, day), differences(members)
    against = conflicts(differing)
    coverings = () if compared is None else covering(members, compared)
    standing = gates(
        members,
        day=day,
        observers=observers,
        declined=declined,
        copies=tuple(collapsed.items()),
        viewer_sees=viewer_sees,
    )
    reached = factors(
        members,
        pairs,
        line=line,
        check=threshold,
        conflicts=against,
        medoid=nearest,
        weights=weights,
    )
    weakest = _weakest(members, pairs)
    countries = tuple(sorted({need.country for need in members if need.country}))
    return JointCandidate(
        id=id,
        members=members,
        observers=observers,
        declined=declined,
        copies=tuple(collapsed.items()),
        medoid=nearest,
        cohesion=_cohesion(pairs),
        weakest=weakest,
        likeness=pairs,
        countries=countries,
        scope="cross-border" if len(countries) > 1 else "national",
        gates=standing,
        score=score(reached, standing, weights),
        totals=totals(members),
        threshold=threshold,
        timeline=line,
        differences=differing,
        forms=forms(members),
        law=law(members),
        leads=leads(members, pairs),
        instrument=None if compared is None else instrument(coverings, members, compared),
        solutions=coverings,
        lots=lots(members, pairs, coverings, against),
        label=label,
        doubt=_doubt(weakest, sure),
        day=day,
        sure=sure,
        offers=compared,
    )


def _cohesion(pairs: NDArray[np.float64]) -> float:
    """Mean over the pairs of two different members."""
    count = len(pairs)
    return float((pairs.sum() - pairs.trace()) / (count * (count - 1)))


def _weakest(members: Sequence[Need], pairs: NDArray[np.float64]) -> tuple[Need, Need, float]:
    upper = np.where(np.tri(len(members), dtype=np.bool_), np.inf, pairs)
    i, j = divmod(int(np.argmin(upper)), len(members))
    return members[i], members[j], float(pairs[i, j])


def _doubt(weakest: tuple[Need, Need, float], sure: float) -> str:
    one, other, probability = weakest
    if probability >= sure:
        return ""
    return phrase(
        "{one} and {other} may ask for different things ({probability:.2f}, sure from {sure:.2f}): compare "
        "them before anybody is asked.",
        one=one.id,
        other=other.id,
        probability=probability,
        sure=sure,
    )


def _collapsed(copies: Iterable[tuple[str, str]], present: set[str]) -> dict[str, str]:
    """Each need that repeats one of those present, with the one that stays.

    The copy itself may have been left out before.
    """
    pairs = sorted(copies)
    copied: dict[str, list[str]] = {}
    for copy, original in pairs:
        copied.setdefault(original, []).append(copy)
    reachable, waiting = set(present), list(present)
    while waiting:  # copies of copies
        fresh = set(copied.get(waiting.pop(), ())) - reachable
        reachable |= fresh
        waiting += fresh
    target: dict[str, str] = {}

    def root(need_id: str) -> str:
        while need_id in target:
            need_id = target[need_id]
        return need_id

    for copy, original in pairs:
        # a circle of copies keeps one of them
        if original in reachable and copy not in target and root(original) != copy:
            target[copy] = original
    return {copy: root(copy) for copy in sorted(target) if root(copy) in present}


def _refused(needs: Sequence[Need], collapsed: dict[str, str]) -> set[str]:
    """Ids of needs whose owners said no, be it on a copy of the need."""
    owner = {need.id: organisation(need) for need in needs}
    refused: set[str] = set()
    for need in needs:
        if need.joint_interest is JointInterest.NO:
            refused.add(need.id)
            original = collapsed.get(need.id, need.id)
            if owner[original] == owner[need.id]:  # another owner answers for itself
                refused.add(original)
    return refused


def _too_few(
    members: Sequence[Need], observers: Sequence[Need], declined: Sequence[Need], collapsed: dict[str, str]
) -> Phrase:
    left = (
        phrase("only {need} is left to buy", need=members[0].id)
        if members
        else phrase("nobody is left to buy")
    )
    parts = [
        *([phrase("{needs} said no to joint buying", needs=ids(declined))] if declined else []),
        *([phrase("{needs} only observing", needs=ids(observers))] if observers else []),
        *(
            phrase("{copy} repeats {original}", copy=copy, original=original)
            for copy, original in collapsed.items()
        ),
    ]
    return joined((left, joined(parts, "; ")), ": ")
