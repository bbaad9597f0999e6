"""What the members ask for differently: fields side by side, and what their texts say in figures and classes.

A difference is something to talk about. A conflict is said only where two statements exclude each other on
one scale: supplies against works, or classes of one standard that nothing marks as a lower limit.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

from matcher.joint.thresholds import regime
from matcher.joint.timeline import period
from matcher.joint.words import COUNTED, DIMENSIONS, NATURES, ids, languages, under
from matcher.phrases import Phrase, counted, joined, phrase
from matcher.records import Nature, Need
from matcher.text.measures import LIMITS, Dimension, Graded, Measure, grades, measures
from matcher.text.quantity import amount, kind
from matcher.text.terms import codes

Severity = Literal["conflict", "differs", "only some"]
"""How a difference weighs, from the heaviest."""

COMPARED: tuple[Dimension, ...] = tuple(name for name in get_args(Dimension) if name != "days")
"""Dimensions of figures that are compared; figures in days are mostly terms of payment or of tenders."""
ALIKE = 10.0
"""Figures further apart than this many times are about different things."""
MEASURED = frozenset({"time", "distance", "area", "mass", "volume"})
"""Kinds of quantity that have units: 24 months are not 24 hours."""
SHOWN = 3
"""Standards of one member that a sentence names, at most."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of the requirement difference table."""

    requirement: str
    values: Mapping[str, str]
    """What each member says, by need id, verbatim where it is text; who says nothing is not in it."""
    severity: Severity
    sentence: str
    groups: tuple[tuple[str, ...], ...]
    """Need ids by what they say: those of one group say the same."""


def differences(members: Sequence[Need]) -> tuple[Difference, ...]:
    """The differences between some needs: conflicts first, then in a fixed order of requirements.

    >>> vests = Need(id="A", title="Vests", requirements="NIJ IIIA", nature=Nature.SUPPLIES)
    >>> plates = Need(id="B", title="Plates", requirements="NIJ IV", nature=Nature.SUPPLIES)
    >>> [(found.requirement, found.severity) for found in differences([vests, plates])]
    [('NIJ class', 'conflict')]
    """
    ordered = sorted(members, key=lambda need: (need.country or "", need.id))
    found = [
        _nature(ordered),
        *_classes(ordered),
        _standards(ordered),
        _quantity(ordered),
        _plain(ordered, phrase("TRL sought"), phrase("Different TRL sought"), _trl),
        _plain(ordered, phrase("regime"), phrase("Different regime"), lambda need: under(regime(need))),
        _languages(ordered),
        _plain(
            ordered,
            phrase("delivery"),
            phrase("Different delivery"),
            lambda need: period(need.delivery_start, need.delivery_end),
        ),
        *_figures(ordered),
    ]
    weight = get_args(Severity).index
    return tuple(sorted((each for each in found if each is not None), key=lambda each: weight(each.severity)))


def conflicts(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """Those of some differences that are direct conflicts."""
    return tuple(each for each in found if each.severity == "conflict")


def _plain(
    members: Sequence[Need], requirement: Phrase, opening: Phrase, say: Callable[[Need], str]
) -> Difference | None:
    """A difference in a field, among the members that fill it in."""
    values = {need.id: said for need in members if (said := say(need))}
    keys = {need_id: said.casefold() for need_id, said in values.items()}
    return _difference(requirement, opening, values, keys)


def _trl(need: Need) -> str:
    return phrase("TRL {level}", level=need.trl_min) if need.trl_min else ""


def _difference(
    requirement: Phrase,
    opening: Phrase,
    values: Mapping[str, str],
    keys: Mapping[str, object],
    severity: Severity = "differs",
    remark: str = "",
) -> Difference | None:
    """The difference between some values; None where all say the same. Equal keys mean the same.

    The sentence begins with `opening`.
    """
    groups = _groups(keys)
    if len(groups) < 2:
        return None
    told = (phrase("{said} ({needs})", said=values[group[0]], needs=ids(group)) for group in groups)
    sentence = phrase("{opening}: {values}.", opening=opening, values=joined(told, "; "))
    return Difference(requirement, values, severity, joined((sentence, remark)), groups)


def _groups(keys: Mapping[str, object]) -> tuple[tuple[str, ...], ...]:
    groups: dict[object, list[str]] = {}
    for need_id, key in keys.items():
        groups.setdefault(key, []).append(need_id)
    return tuple(tuple(group) for group in groups.values())


def _nature(members: Sequence[Need]) -> Difference | None:
    values = {need.id: NATURES[need.nature] for need in members if need.nature is not None}
    if {Nature.SUPPLIES.value, Nature.WORKS.value} <= set(values.values()):
        return _difference(phrase("nature"), phrase("Nature in conflict"), values, values, "conflict")
    return _difference(phrase("nature"), phrase("Different nature"), values, values)


def _standards(members: Sequence[Need]) -> Difference | None:
    """Which standards all name and which only some; None where all name the same, or nobody any."""
    named = {need.id: own for need in members if (own := standards_of(need))}
    groups = _groups({need_id: frozenset(standards) for need_id, standards in named.items()})
    silent = [need for need in members if need.id not in named]
    if not named or (len(groups) < 2 and not silent):
        return None
    shared = set.intersection(*(set(standards) for standards in named.values())) if not silent else set()
    # as the first member words it
    first = {key: words for own in reversed(named.values()) for key, words in own.items()}
    parts: list[Phrase] = []
    if shared:
        parts.append(phrase("all name {standards}", standards=ids(first[key] for key in sorted(shared))))
    for need_id, standards in named.items():
        beyond = [words for key, words in standards.items() if key not in shared]
        if len(beyond) > SHOWN:
            parts.append(
                counted(
                    "{need} {standards} and {n} more",
                    "{need} {standards} and {n} more",
                    len(beyond) - SHOWN,
                    need=need_id,
                    standards=ids(beyond[:SHOWN]),
                )
            )
        elif beyond:
            parts.append(joined((need_id, ids(beyond))))
    if silent:
        parts.append(phrase("{needs} none stated", needs=ids(silent)))
    values = {need.id: joined(need.standards, "; ") for need in members if need.id in named}
    sentence = phrase("Standards: {said}.", said=joined(parts, "; "))
    return Difference(phrase("standards"), values, "only some", sentence, groups)


def standards_of(need: Need) -> dict[str, str]:
    """The standards of a need as stated, by what tells them apart; the EN adoption of an ISO is the same.

    >>> list(standards_of(Need(id="N1", title="Boots", standards=("EN ISO 20345", "ISO20345:2022"))))
    ['ISO20345']
    """
    named: dict[str, str] = {}
    for standard in filter(None, map(str.strip, need.standards)):
        key = " ".join(codes(standard)) or "".join(standard.casefold().split())
        named.setdefault(re.sub(r"^EN(?=ISO|IEC)", "", key), standard)
    return named


def _quantity(members: Sequence[Need]) -> Difference | None:
    values = {need.id: need.quantity for need in members if need.quantity.strip()}
    kinds = sorted({told for said in values.values() if (told := kind(said)) is not None})
    several = len(kinds) > 1
    keys: dict[str, object] = {}
    for need_id, said in values.items():
        number = amount(said)
        if number is None or kind(said) in MEASURED:
            keys[need_id] = " ".join(said.casefold().split())
        else:
            # one kind, or none that is known, tells nothing apart: 24 ks and 24 are the same
            keys[need_id] = (number, kind(said) if several else None)
    remark = _kinds(kinds) if several else ""
    return _difference(phrase("quantity"), phrase("Different quantity"), values, keys, remark=remark)


def _kinds(kinds: Sequence[str]) -> Phrase:
    told = phrase("in {kind}", kind=COUNTED[kinds[0]])
    for each in kinds[1:]:
        told = phrase("{kinds} and in {kind}", kinds=told, kind=COUNTED[each])
    return phrase("Counted {kinds}: agree on one.", kinds=told)


def _languages(members: Sequence[Need]) -> Difference | None:
    spoken = {need.id: need.working_languages for need in members if need.working_languages}
    if len(spoken) < 2:
        return None
    values = {need_id: languages(own) for need_id, own in spoken.items()}
    common = set.intersection(*(set(own) for own in spoken.values()))
    remark = (
        phrase("All share {languages}.", languages=languages(sorted(common)))
        if common
        else phrase("No language is common to all.")
    )
    keys = {need_id: frozenset(own) for need_id, own in spoken.items()}
    name, opening = phrase("working languages"), phrase("Different working languages")
    return _difference(name, opening, values, keys, remark=remark)


def _classes(members: Sequence[Need]) -> list[Difference | None]:
    """Classes of protection, one line a scale that two or more members name."""
    read = {need.id: grades("\n".join((need.text, *need.standards))) for need in members}
    scales = sorted({each.scale for found in read.values() for each in found})
    return [
        _class(scale, {need_id: own for need_id, found in read.items() if (own := _of(found, scale))})
        for scale in scales
    ]


def _of(found: Sequence[Graded], scale: str) -> list[Graded]:
    return [each for each in found if each.scale == scale]


def _class(scale: str, said: Mapping[str, Sequence[Graded]]) -> Difference | None:
    keys = {need_id: frozenset(each.grade for each in own) for need_id, own in said.items()}
    values = {need_id: _quotes([each.quote for each in own]) for need_id, own in said.items()}
    # A class that is a lower limit excludes no higher one, so that nothing certain follows.
    exact = [need_id for need_id, own in said.items() if not any(each.limit for each in own)]
    against = any(not keys[one] & keys[other] for one, other in combinations(exact, 2))
    name = phrase("{scale} class", scale=scale)
    if against and scale not in LIMITS:
        opening = phrase("{scale} class in conflict", scale=scale)
        return _difference(name, opening, values, keys, "conflict")
    return _difference(name, phrase("Different {scale} class", scale=scale), values, keys)


def _figures(members: Sequence[Need]) -> list[Difference | None]:
    """Figures of one dimension, among the members that state exactly one.

    Where a text has several, nothing tells which of them answers to which. The sentence asks to read on.
    """
    said: dict[Dimension, dict[str, list[Measure]]] = {}
    for need in members:
        for found in _distinct(measures(f"{need.description}\n{need.requirements}", need.language)):
            said.setdefault(found.dimension, {}).setdefault(need.id, []).append(found)
    return [_figure(dimension, said[dimension]) for dimension in COMPARED if dimension in said]


def _distinct(found: Sequence[Measure]) -> Iterable[Measure]:
    """The figures of a text, the last first; those of the same dimension and size count once."""
    return {(each.dimension, each.low, each.high): each for each in reversed(found)}.values()


def _figure(dimension: Dimension, said: Mapping[str, Sequence[Measure]]) -> Difference | None:
    single = {need_id: found[0] for need_id, found in said.items() if len(found) == 1}
    sizes = [abs(end) for each in single.values() for end in (each.low, each.high)]
    if dimension != "temperature" and sizes and max(sizes) > ALIKE * min(sizes):
        return None
    several = [need_id for need_id, found in said.items() if len(found) > 1]
    remark = phrase("Read whether they are about the same.")
    if several:
        remark = joined((remark, phrase("Several figures: {needs}.", needs=ids(several))))
    values = {need_id: each.quote for need_id, each in single.items()}
    keys = {need_id: (round(each.low, 9), round(each.high, 9)) for need_id, each in single.items()}
    what = DIMENSIONS[dimension]
    name = phrase("{dimension} in the text", dimension=what)
    opening = phrase("Different {dimension} in the text", dimension=what)
    return _difference(name, opening, values, keys, remark=remark)


def _quotes(quotes: Sequence[str]) -> Phrase:
    """Quotations, each once; one that stands within another is left out."""
    once = list(dict.fromkeys(quotes))
    told = (one for one in once if not any(one != other and one in other for other in once))
    return joined(told, "; ")
