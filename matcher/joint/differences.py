"""What the members ask for differently: fields side by side, and what their texts say in figures and classes.

A difference is something to talk about. A conflict is said only where two statements exclude each other on
one scale: supplies against works, or classes of one standard that nothing marks as a lower limit.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

from matcher.joint.gates import ids
from matcher.joint.thresholds import regime
from matcher.joint.timeline import period
from matcher.joint.words import languages, under
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
    """What each member says, verbatim, by need id; who says nothing is not in it."""
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
        _plain(ordered, "TRL sought", lambda need: f"TRL {need.trl_min}" if need.trl_min else ""),
        _plain(ordered, "regime", lambda need: under(regime(need))),
        _languages(ordered),
        _plain(ordered, "delivery", lambda need: period(need.delivery_start, need.delivery_end)),
        *_figures(ordered),
    ]
    weight = get_args(Severity).index
    return tuple(sorted((each for each in found if each is not None), key=lambda each: weight(each.severity)))


def conflicts(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """Those of some differences that are direct conflicts."""
    return tuple(each for each in found if each.severity == "conflict")


def _plain(members: Sequence[Need], requirement: str, say: Callable[[Need], str]) -> Difference | None:
    """A difference in a field, among the members that fill it in."""
    values = {need.id: said for need in members if (said := say(need).strip())}
    return _difference(requirement, values, {need_id: said.casefold() for need_id, said in values.items()})


def _difference(
    requirement: str,
    values: Mapping[str, str],
    keys: Mapping[str, object],
    severity: Severity = "differs",
    remark: str = "",
) -> Difference | None:
    """The difference between some values; None where all say the same. Equal keys mean the same."""
    groups = _groups(keys)
    if len(groups) < 2:
        return None
    told = "; ".join(f"{values[group[0]]} ({', '.join(group)})" for group in groups)
    name = requirement[0].upper() + requirement[1:]
    opening = f"{name} in conflict" if severity == "conflict" else f"Different {requirement}"
    return Difference(requirement, values, severity, f"{opening}: {told}.{remark}", groups)


def _groups(keys: Mapping[str, object]) -> tuple[tuple[str, ...], ...]:
    groups: dict[object, list[str]] = {}
    for need_id, key in keys.items():
        groups.setdefault(key, []).append(need_id)
    return tuple(tuple(group) for group in groups.values())


def _nature(members: Sequence[Need]) -> Difference | None:
    values = {need.id: need.nature.value for need in members if need.nature is not None}
    against = {Nature.SUPPLIES.value, Nature.WORKS.value} <= set(values.values())
    return _difference("nature", values, values, "conflict" if against else "differs")


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
    parts = [f"all name {', '.join(first[key] for key in sorted(shared))}"] if shared else []
    for need_id, standards in named.items():
        beyond = [words for key, words in standards.items() if key not in shared]
        more = f" and {len(beyond) - SHOWN} more" if len(beyond) > SHOWN else ""
        parts.extend([f"{need_id} {', '.join(beyond[:SHOWN])}{more}"] if beyond else [])
    parts.extend([f"{ids(silent)} none stated"] if silent else [])
    values = {need.id: "; ".join(need.standards) for need in members if need.id in named}
    return Difference("standards", values, "only some", f"Standards: {'; '.join(parts)}.", groups)


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
    kinds = sorted({counted for said in values.values() if (counted := kind(said)) is not None})
    several = len(kinds) > 1
    keys: dict[str, object] = {}
    for need_id, said in values.items():
        number = amount(said)
        if number is None or kind(said) in MEASURED:
            keys[need_id] = " ".join(said.casefold().split())
        else:
            # one kind, or none that is known, tells nothing apart: 24 ks and 24 are the same
            keys[need_id] = (number, kind(said) if several else None)
    remark = f" Counted in {' and in '.join(kinds)}: agree on one." if several else ""
    return _difference("quantity", values, keys, remark=remark)


def _languages(members: Sequence[Need]) -> Difference | None:
    spoken = {need.id: need.working_languages for need in members if need.working_languages}
    if len(spoken) < 2:
        return None
    values = {need_id: languages(own) for need_id, own in spoken.items()}
    common = set.intersection(*(set(own) for own in spoken.values()))
    remark = f" All share {languages(sorted(common))}." if common else " No language is common to all."
    keys = {need_id: frozenset(own) for need_id, own in spoken.items()}
    return _difference("working languages", values, keys, remark=remark)


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
    severity: Severity = "conflict" if against and scale not in LIMITS else "differs"
    return _difference(f"{scale} class", values, keys, severity)


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
    remark = " Read whether they are about the same."
    if several:
        remark += f" Several figures: {', '.join(several)}."
    values = {need_id: each.quote for need_id, each in single.items()}
    keys = {need_id: (round(each.low, 9), round(each.high, 9)) for need_id, each in single.items()}
    return _difference(f"{dimension} in the text", values, keys, remark=remark)


def _quotes(quotes: Sequence[str]) -> str:
    """Quotations, each once; one that stands within another is left out."""
    once = list(dict.fromkeys(quotes))
    return "; ".join(one for one in once if not any(one != other and one in other for other in once))
