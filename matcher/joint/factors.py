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
from matcher.calibrate import Level, level
from matcher.joint.differences import Difference, standards_of
from matcher.joint.gates import CLASSIFICATIONS, classification
from matcher.joint.thresholds import NO_THRESHOLD, ThresholdCheck, day_words, regime
from matcher.joint.weights import WEIGHTS, FactorName, Weights
from matcher.joint.words import MARKS, ids, language, shared_with, under
from matcher.phrases import Phrase, counted, joined, phrase
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
    named = {"title": medoid.title, "one": one, "other": other, "band": band.words}
    if band not in (Level.STRONG, Level.LIKELY):
        sentence = phrase(
            "Not all are clearly about “{title}”; weakest pair {one}–{other} ({band}).", **named
        )
    elif len(members) == 2:
        sentence = phrase("Both describe “{title}”; weakest pair {one}–{other} ({band}).", **named)
    else:
        sentence = counted(
            "All {n} describe “{title}”; weakest pair {one}–{other} ({band}).",
            "All {n} describe “{title}”; weakest pair {one}–{other} ({band}).",
            len(members),
            **named,
        )
    if shared := _shared_codes(members):
        sentence = joined((sentence, phrase("Shared: {codes}.", codes=ids(shared))))
    return _Finding(value, sentence)


def codes_alike(members: Sequence[Need]) -> _Finding:
    """Mean over pairs of how near their nearest CPV codes stand in the tree."""
    known = [need for need in members if need.cpv]
    silent = tuple((need, "cpv") for need in members if not need.cpv)
    if len(known) < 2:
        return _unknown(phrase("The CPV code"), known, silent)
    near = {(a.id, b.id): branch.likeness(a.cpv, b.cpv) or 0.0 for a, b in combinations(known, 2)}
    if common := _common_branch(known):
        sentence = phrase("Common CPV branch {code}.", code=common)
    else:
        sentence = phrase("No common CPV branch.")
        means = {
            need.id: math.fsum(v for pair, v in near.items() if need.id in pair) / (len(known) - 1)
            for need in known
        }
        lowest = min(known, key=lambda need: means[need.id])
        if len(known) > 2 and means[lowest.id] < max(means.values()):
            sentence = phrase(
                "No common CPV branch; {need} uses {codes}, check it.",
                need=lowest.id,
                codes=joined(lowest.cpv, "; "),
            )
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
        return _unknown(phrase("The procurement window"), known, silent)
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
        return _unknown(phrase("The value"), [need for need in members if need.id in values], silent)
    row = check.row
    if row is None or total <= 0:
        if total > 0:
            sentence = phrase(
                "Together {total:eur}: no EU threshold is known to compare it with.", total=total
            )
        else:
            sentence = phrase("Together {total:eur}: nothing to compare.", total=total)
        return _Finding(None, sentence, silent)
    times = total / row.amount_eur
    size = min(1.0, max(0.0, math.log10(times)))
    shares = {need_id: value / total for need_id, value in values.items()}
    effective = 1 / math.fsum(share**2 for share in shares.values())
    held: dict[str, object] = {
        "total": total,
        "times": times,
        "amount": row.amount_eur,
        "rule": row.rule,
        "first": day_words(row.valid_from),
        "last": day_words(row.valid_to),
        "share": 100 * max(shares.values()),
    }
    if row.provisional:
        sentence = phrase(
            "Together {total:eur} ({times:,.1f} times the threshold of {amount:eur} for {rule}, "
            "in force {first} - {last}, provisional); largest share {share:.0f} %.",
            **held,
        )
    else:
        sentence = phrase(
            "Together {total:eur} ({times:,.1f} times the threshold of {amount:eur} for {rule}, "
            "in force {first} - {last}); largest share {share:.0f} %.",
            **held,
        )
    return _Finding(0.5 * size + 0.5 * effective / len(values), sentence, silent)


def regimes(members: Sequence[Need]) -> _Finding:
    """1 under one regime, .6 under two alike, .4 with 2009/81 among others, 0 where one is excluded."""
    stated = {need.id: regime(need) for need in members}
    known = [need for need in members if stated[need.id]]
    silent = tuple((need, "regime") for need in members if not stated[need.id])
    if len(known) < 2:
        return _unknown(phrase("The legal regime"), known, silent)
    counts: dict[str, int] = {}
    for need in known:
        counts[stated[need.id]] = counts.get(stated[need.id], 0) + 1
    told = joined(
        (
            counted("{n} under {regime}", "{n} under {regime}", count, regime=under(rules))
            for rules, count in sorted(counts.items())
        ),
        ", ",
    )
    if NO_THRESHOLD in counts:
        sentence = phrase("{regimes}: legal review first, ask a lawyer.", regimes=told)
        return _Finding(0.0, sentence, silent)
    if len(counts) == 1:
        return _Finding(1.0, _under_one(len(known), under(next(iter(counts)))), silent)
    value = 0.4 if "2009/81" in counts else 0.6
    sentence = phrase("{regimes}: applicable rules need advice, ask a lawyer.", regimes=told)
    return _Finding(value, sentence, silent)


def _under_one(count: int, rules: str) -> Phrase:
    if count == 2:
        return phrase("Both under {regime}.", regime=rules)
    return counted("All {n} under {regime}.", "All {n} under {regime}.", count, regime=rules)


def sharing(members: Sequence[Need]) -> _Finding:
    """By how many levels of visibility, or of stated classification, the members lie apart."""
    # what is more closed ranks higher in both
    closed = {need.id: -need.visibility.rank for need in members}
    marks = {need.id: mark for need in members if (mark := classification(need)) is not None}
    apart = max(_spread(closed.values()), _spread(marks.values()))
    value = SPREAD[min(apart, len(SPREAD) - 1)]
    if not apart:
        sentence = phrase("All may be seen by {audience}.", audience=shared_with(members[0].visibility))
    elif _spread(closed.values()) == apart:
        most = _highest(members, closed)
        sentence = counted(
            "{needs} is more restricted: share a masked version first.",
            "{needs} are more restricted: share a masked version first.",
            len(most),
            needs=ids(most),
        )
    else:
        most = _highest(members, marks)
        sentence = counted(
            "{needs} is classified higher: security review first.",
            "{needs} are classified higher: security review first.",
            len(most),
            needs=ids(most),
        )
    if marked := [joined((need_id, MARKS[CLASSIFICATIONS[mark]])) for need_id, mark in marks.items() if mark]:
        sentence = joined((sentence, phrase("Marked: {marks}.", marks=joined(marked, ", "))))
    return _Finding(value, sentence)


def standards(members: Sequence[Need], conflicts: Sequence[Difference]) -> _Finding:
    """Mean share of standards that pairs have in common, less .2 for each conflict of must-requirements."""
    named = {need.id: standards_of(need) for need in members}
    known = [need for need in members if named[need.id]]
    silent = tuple((need, "standards") for need in members if not named[need.id])
    told = [difference.sentence for difference in conflicts]
    if len(known) < 2:
        finding = _unknown(phrase("Standards"), known, silent)
        return replace(finding, sentence=joined((finding.sentence, *told)))
    overlaps = [
        len(named[a.id].keys() & named[b.id].keys()) / len(named[a.id].keys() | named[b.id].keys())
        for a, b in combinations(known, 2)
    ]
    value = max(0.0, math.fsum(overlaps) / len(overlaps) - CONFLICT * len(conflicts))
    everywhere = set.intersection(*(set(named[need.id]) for need in known))
    spelt = {code: text for need in reversed(known) for code, text in named[need.id].items()}
    said = [
        phrase("In common: {standards}.", standards=ids(sorted(spelt[code] for code in everywhere)))
        if everywhere
        else phrase("No standard in common.")
    ]
    if some := sorted(spelt[code] for code in spelt.keys() - everywhere):
        said.append(phrase("Named by some: {standards}.", standards=ids(some)))
    return _Finding(value, joined((*said, *told)), silent)


def languages(members: Sequence[Need]) -> _Finding:
    """Share of pairs that have a working language in common."""
    spoken = {need.id: set(need.working_languages) for need in members}
    known = [need for need in members if need.working_languages]
    silent = tuple((need, "working_languages") for need in members if not need.working_languages)
    if len(known) < 2:
        return _unknown(phrase("Working languages"), known, silent)
    met = [bool(spoken[a.id] & spoken[b.id]) for a, b in combinations(known, 2)]
    speakers = {
        code: [need for need in known if code in spoken[need.id]]
        for code in sorted(set.union(*spoken.values()))
    }
    most = max(speakers, key=lambda code: len(speakers[code]))
    without = [need for need in known if most not in spoken[need.id]]
    if not without:
        sentence = phrase("Common language: {language}.", language=language(most))
    elif len(speakers[most]) > 1:
        sentence = phrase(
            "Common language: {language}, but not of {needs}.", language=language(most), needs=ids(without)
        )
    else:
        sentence = phrase("No two have a working language in common.")
    return _Finding(sum(met) / len(met), sentence, silent)


def willingness(members: Sequence[Need]) -> _Finding:
    """Mean of what the owners say: yes 1, maybe .5."""
    asked = [need for need in members if need.joint_interest in WILLING]
    silent = tuple((need, "joint_interest") for need in members if need.joint_interest not in WILLING)
    if len(asked) < 2:
        return _Finding(None, _unasked(asked, silent), silent, told=True)
    yes, maybe = (ids(need for need in asked if need.joint_interest is answer) for answer in WILLING)
    if yes and maybe:
        sentence = phrase("{willing} said yes; {open} said maybe.", willing=yes, open=maybe)
    elif yes:
        sentence = phrase("{needs} said yes.", needs=yes)
    else:
        sentence = phrase("{needs} said maybe.", needs=maybe)
    value = math.fsum(WILLING[need.joint_interest] for need in asked if need.joint_interest) / len(asked)
    return _Finding(value, sentence, silent)


def _weighed(name: FactorName, finding: _Finding, count: int, weight: float) -> Factor:
    silent = list(dict.fromkeys(need.id for need, _ in finding.silent))
    sentence = finding.sentence
    if silent and not finding.told:
        unknown = counted(
            "Unknown for {n} of {all}: {needs}.",
            "Unknown for {n} of {all}: {needs}.",
            len(silent),
            all=count,
            needs=ids(silent),
        )
        sentence = joined((sentence, unknown))
    missing = tuple(f"{need.id}: {field}" for need, field in finding.silent)
    # what floating point leaves over must move no level
    value = None if finding.value is None else round(min(1.0, max(0.0, finding.value)), 12)
    return Factor(name, weight, value, (count - len(silent)) / count, sentence, missing)


def _unknown(what: Phrase, known: Sequence[Need], silent: tuple[tuple[Need, str], ...]) -> _Finding:
    if known:
        sentence = phrase(
            "{what}: stated by {needs} alone, unknown for {silent}.",
            what=what,
            needs=ids(known),
            silent=_once(silent),
        )
    else:
        sentence = phrase("{what}: stated by nobody, unknown for {silent}.", what=what, silent=_once(silent))
    return _Finding(None, sentence, silent, told=True)


def _unasked(asked: Sequence[Need], silent: tuple[tuple[Need, str], ...]) -> Phrase:
    if asked:
        return phrase(
            "Interest in buying jointly: asked by {needs} alone, unknown for {silent}.",
            needs=ids(asked),
            silent=_once(silent),
        )
    return phrase("Interest in buying jointly: asked by nobody, unknown for {silent}.", silent=_once(silent))


def _once(silent: tuple[tuple[Need, str], ...]) -> Phrase:
    return ids(dict.fromkeys(need.id for need, _ in silent))


def _spread(ranks: Iterable[int]) -> int:
    held = list(ranks)
    return max(held) - min(held) if held else 0


def _highest(members: Sequence[Need], ranks: Mapping[str, int]) -> list[Need]:
    return [need for need in members if ranks.get(need.id) == max(ranks.values())]


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
