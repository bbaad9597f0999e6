"""Nine factors of how well needs go together, each in [0, 1] or unknown, with a sentence.

A factor is computed over the members that state what it asks for, if they are at least two; else it is
unknown, which is not zero. Its sentence says who states nothing, and `known` counts it in the
completeness. Its weight is that of `weights.json`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matcher import branch
from matcher.calibrate import level
from matcher.joint.differences import Difference, standards_of
from matcher.joint.gates import CLASSIFICATIONS, classification, ids
from matcher.joint.thresholds import NO_THRESHOLD, ThresholdCheck, day_words, regime
from matcher.joint.weights import WEIGHTS, FactorName, Weights
from matcher.joint.words import language, shared_with, under
from matcher.records import JointInterest, Need
from matcher.text.terms import codes

if TYPE_CHECKING:
    from matcher.joint.timeline import Timeline

MEAN_SHARE, MIN_SHARE = 0.7, 0.3
"""How functional overlap weighs the mean of all pairs and the weakest pair."""
AMPLE_DAYS = 90
"""An overlap of windows that leaves nothing to wish for."""
TOUCHING = 0.7
"""What windows are worth that meet on one day."""
YEAR_DAYS = 365
"""A gap from which windows are worth nothing."""
SPREAD = (1.0, 0.6, 0.2)
"""What members are worth that lie no, one, two or more levels of openness apart."""
CONFLICT = 0.2
"""Taken off for each direct conflict of must-requirements."""
WILLING = {JointInterest.YES: 1.0, JointInterest.MAYBE: 0.5}


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason for or against buying together."""

    name: FactorName
    weight: float
    value: float | None
    """In [0, 1]; None where it cannot be said."""
    known: float
    """Share of the members that state what it asks for, in [0, 1]."""
    sentence: str
    missing: tuple[str, ...] = ()
    """What would make it known, as `id: field`."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """A factor before it is weighed."""

    value: float | None
    sentence: str
    silent: tuple[tuple[Need, str], ...] = ()
    """Members that leave a field out, with the field."""
    told: bool = False
    """Whether the sentence says already who they are."""


def factors(
    members: Sequence[Need],
    likeness: NDArray[np.float64],
    *,
    line: "Timeline",
    check: ThresholdCheck,
    conflicts: Sequence[Difference] = (),
    medoid: Need | None = None,
    weights: Weights = WEIGHTS,
) -> tuple[Factor, ...]:
    """The nine factors of two or more members, in the order of `weights.NAMES`.

    `likeness` is `float64[n, n]`, calibrated probabilities of all pairs; `conflicts` are those of
    must-requirements.
    """
    found: dict[FactorName, _Finding] = {
        "functional overlap": functional(members, likeness, medoid or members[0]),
        "classification": codes_alike(members),
        "timeline": windows(members, line),
        "budget and volume": volume(members, check),
        "legal regime": regimes(members),
        "security and sharing": sharing(members),
        "standards": standards(members, conflicts),
        "language": languages(members),
        "willingness": willingness(members),
    }
    return tuple(_weighed(name, finding, len(members), weights.of[name]) for name, finding in found.items())


def functional(members: Sequence[Need], likeness: NDArray[np.float64], medoid: Need) -> _Finding:
    """0.7 of the mean and 0.3 of the least pair probability."""
    pairs = list(combinations(range(len(members)), 2))
    chances = [float(likeness[pair]) for pair in pairs]
    least = min(range(len(pairs)), key=chances.__getitem__)
    one, other = (members[i].id for i in pairs[least])
    value = MEAN_SHARE * math.fsum(chances) / len(chances) + MIN_SHARE * chances[least]
    band = level(chances[least])
    alike = f"{_all(len(members))} describe" if band in ("strong", "likely") else "Not all are clearly about"
    sentence = f"{alike} “{medoid.title}”; weakest pair {one}–{other} ({band})."
    if shared := _shared_codes(members):
        sentence += f" Shared: {', '.join(shared)}."
    return _Finding(value, sentence)


def codes_alike(members: Sequence[Need]) -> _Finding:
    """Mean over pairs of how near their nearest CPV codes stand in the tree."""
    known = [need for need in members if need.cpv]
    silent = tuple((need, "cpv") for need in members if not need.cpv)
    if len(known) < 2:
        return _unknown("The CPV code", known, silent)
    near = {(a.id, b.id): branch.likeness(a.cpv, b.cpv) or 0.0 for a, b in combinations(known, 2)}
    if common := _common_branch(known):
        sentence = f"Common CPV branch {common}."
    else:
        sentence = "No common CPV branch."
        means = {
            need.id: math.fsum(v for pair, v in near.items() if need.id in pair) / (len(known) - 1)
            for need in known
        }
        lowest = min(known, key=lambda need: means[need.id])
        if len(known) > 2 and means[lowest.id] < max(means.values()):
            sentence = f"No common CPV branch; {lowest.id} uses {'; '.join(lowest.cpv)}, check it."
    return _Finding(math.fsum(near.values()) / len(near), sentence, silent)


def windows(members: Sequence[Need], line: "Timeline") -> _Finding:
    """1 from 90 days of overlap, 0.7 where windows just meet, falling to 0 at a gap of a year."""
    silent = tuple(
        (need, field)
        for need in members
        for field, stated in (("window_start", need.window_start), ("window_end", need.window_end))
        if stated is None
    )
    without = {need.id for need, _ in silent}
    known = [need for need in members if need.id not in without]
    if len(known) < 2 or line.overlap_days is None:
        return _unknown("The procurement window", known, silent)
    days = line.overlap_days
    if days >= 0:
        value = min(1.0, TOUCHING + (1 - TOUCHING) * days / AMPLE_DAYS)
    else:
        value = max(0.0, TOUCHING * (1 + days / YEAR_DAYS))
    return _Finding(value, line.sentence, silent, told=True)


def volume(members: Sequence[Need], check: ThresholdCheck) -> _Finding:
    """Half for the total against the threshold, on a scale of tenfold, half for an even spread of it."""
    silent = tuple((need, "value") for need in members if need.value_eur is None)
    values = {need.id: need.value_eur for need in members if need.value_eur is not None}
    total = math.fsum(values.values())
    if len(values) < 2:
        return _unknown("The value", [need for need in members if need.id in values], silent)
    row = check.row
    if row is None or total <= 0:
        why = "no EU threshold is known to compare it with" if total > 0 else "nothing to compare"
        return _Finding(None, f"Together EUR {total:,.0f}: {why}.", silent)
    times = total / row.amount_eur
    size = min(1.0, max(0.0, math.log10(times)))
    shares = {need_id: value / total for need_id, value in values.items()}
    effective = 1 / math.fsum(share**2 for share in shares.values())
    sentence = (
        f"Together EUR {total:,.0f} ({times:,.1f} times the threshold of EUR {row.amount_eur:,.0f} for "
        f"{row.rule}, in force {day_words(row.valid_from)} - {day_words(row.valid_to)}"
        f"{', provisional' if row.provisional else ''}); largest share {100 * max(shares.values()):.0f} %."
    )
    return _Finding(0.5 * size + 0.5 * effective / len(values), sentence, silent)


def regimes(members: Sequence[Need]) -> _Finding:
    """1 under one regime, .6 under two alike, .4 with 2009/81 among others, 0 where one is excluded."""
    stated = {need.id: regime(need) for need in members}
    known = [need for need in members if stated[need.id]]
    silent = tuple((need, "regime") for need in members if not stated[need.id])
    if len(known) < 2:
        return _unknown("The legal regime", known, silent)
    counts: dict[str, int] = {}
    for need in known:
        counts[stated[need.id]] = counts.get(stated[need.id], 0) + 1
    listed = ", ".join(f"{count} under {under(rules)}" for rules, count in sorted(counts.items()))
    if NO_THRESHOLD in counts:
        return _Finding(0.0, f"{listed}: legal review first, ask a lawyer.", silent)
    if len(counts) == 1:
        return _Finding(1.0, f"{_all(len(known))} under {under(next(iter(counts)))}.", silent)
    value = 0.4 if "2009/81" in counts else 0.6
    return _Finding(value, f"{listed}: applicable rules need advice, ask a lawyer.", silent)


def sharing(members: Sequence[Need]) -> _Finding:
    """By how many levels of visibility, or of stated classification, the members lie apart."""
    # what is more closed ranks higher in both
    closed = {need.id: -need.visibility.rank for need in members}
    marks = {need.id: mark for need in members if (mark := classification(need)) is not None}
    apart = max(_spread(closed.values()), _spread(marks.values()))
    value = SPREAD[min(apart, len(SPREAD) - 1)]
    if not apart:
        sentence = f"All may be seen by {shared_with(members[0].visibility)}."
    elif _spread(closed.values()) == apart:
        sentence = f"{_highest(members, closed)} more restricted: share a masked version first."
    else:
        sentence = f"{_highest(members, marks)} classified higher: security review first."
    if marked := [f"{need_id} {CLASSIFICATIONS[mark]}" for need_id, mark in marks.items() if mark]:
        sentence += f" Marked: {', '.join(marked)}."
    return _Finding(value, sentence)


def standards(members: Sequence[Need], conflicts: Sequence[Difference]) -> _Finding:
    """Mean share of standards that pairs have in common, less .2 for each conflict of must-requirements."""
    named = {need.id: standards_of(need) for need in members}
    known = [need for need in members if named[need.id]]
    silent = tuple((need, "standards") for need in members if not named[need.id])
    told = "".join(f" {difference.sentence}" for difference in conflicts)
    if len(known) < 2:
        finding = _unknown("Standards", known, silent)
        return replace(finding, sentence=finding.sentence + told)
    overlaps = [
        len(named[a.id].keys() & named[b.id].keys()) / len(named[a.id].keys() | named[b.id].keys())
        for a, b in combinations(known, 2)
    ]
    value = max(0.0, math.fsum(overlaps) / len(overlaps) - CONFLICT * len(conflicts))
    everywhere = set.intersection(*(set(named[need.id]) for need in known))
    spelt = {code: text for need in reversed(known) for code, text in named[need.id].items()}
    shared = ", ".join(sorted(spelt[code] for code in everywhere))
    sentence = f"In common: {shared}." if shared else "No standard in common."
    if some := sorted(spelt[code] for code in spelt.keys() - everywhere):
        sentence += f" Named by some: {', '.join(some)}."
    return _Finding(value, sentence + told, silent)


def languages(members: Sequence[Need]) -> _Finding:
    """Share of pairs that have a working language in common."""
    spoken = {need.id: set(need.working_languages) for need in members}
    known = [need for need in members if need.working_languages]
    silent = tuple((need, "working_languages") for need in members if not need.working_languages)
    if len(known) < 2:
        return _unknown("Working languages", known, silent)
    met = [bool(spoken[a.id] & spoken[b.id]) for a, b in combinations(known, 2)]
    speakers = {
        code: [need for need in known if code in spoken[need.id]]
        for code in sorted(set.union(*spoken.values()))
    }
    most = max(speakers, key=lambda code: len(speakers[code]))
    without = [need for need in known if most not in spoken[need.id]]
    if not without:
        sentence = f"Common language: {language(most)}."
    elif len(speakers[most]) > 1:
        sentence = f"Common language: {language(most)}, but not of {ids(without)}."
    else:
        sentence = "No two have a working language in common."
    return _Finding(sum(met) / len(met), sentence, silent)


def willingness(members: Sequence[Need]) -> _Finding:
    """Mean of what the owners say: yes 1, maybe .5."""
    asked = [need for need in members if need.joint_interest in WILLING]
    silent = tuple((need, "joint_interest") for need in members if need.joint_interest not in WILLING)
    if len(asked) < 2:
        return _unknown("Interest in buying jointly", asked, silent, "asked")
    said = {answer: ids([need for need in asked if need.joint_interest is answer]) for answer in WILLING}
    sentence = "; ".join(f"{names} said {answer}" for answer, names in said.items() if names) + "."
    value = math.fsum(WILLING[need.joint_interest] for need in asked if need.joint_interest) / len(asked)
    return _Finding(value, sentence, silent)


def _weighed(name: FactorName, finding: _Finding, count: int, weight: float) -> Factor:
    silent = list(dict.fromkeys(need.id for need, _ in finding.silent))
    sentence = finding.sentence
    if silent and not finding.told:
        sentence += f" Unknown for {len(silent)} of {count}: {', '.join(silent)}."
    missing = tuple(f"{need.id}: {field}" for need, field in finding.silent)
    # what floating point leaves over must move no level
    value = None if finding.value is None else round(min(1.0, max(0.0, finding.value)), 12)
    return Factor(name, weight, value, (count - len(silent)) / count, sentence, missing)


def _unknown(
    what: str, known: Sequence[Need], silent: tuple[tuple[Need, str], ...], verb: str = "stated"
) -> _Finding:
    missing = list(dict.fromkeys(need.id for need, _ in silent))
    by = f"by {ids(known)} alone" if known else "by nobody"
    return _Finding(None, f"{what}: {verb} {by}, unknown for {', '.join(missing)}.", silent, told=True)


def _all(count: int) -> str:
    return "Both" if count == 2 else f"All {count}"


def _spread(ranks: Iterable[int]) -> int:
    held = list(ranks)
    return max(held) - min(held) if held else 0


def _highest(members: Sequence[Need], ranks: Mapping[str, int]) -> str:
    most = [need for need in members if ranks.get(need.id) == max(ranks.values())]
    return f"{ids(most)} {'is' if len(most) == 1 else 'are'}"


def _shared_codes(members: Sequence[Need]) -> list[str]:
    # the shortest text first: where it has none, the others need not be read
    shared: set[str] | None = None
    for text in sorted((need.text for need in members), key=len):
        shared = set(codes(text)) if shared is None else shared & set(codes(text))
        if not shared:
            return []
    return sorted(shared or ())[:5]


def _common_branch(members: Sequence[Need]) -> str:
    """The longest CPV branch of three digits or more under which every member has a code."""
    first = {branch.significant(code)[:n] for code in members[0].cpv for n in range(3, 9)}
    shared = [
        digits
        for digits in first
        if len(digits) > 2 and all(any(code.startswith(digits) for code in need.cpv) for need in members)
    ]
    return max(sorted(shared), key=len, default="")
