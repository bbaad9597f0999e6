"""Values of the engine as plain JSON values: fields become keys, and nothing is left out but matrices."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.joint import JointCandidate, NotJoint, WhatIf
    from matcher.records import Need, Solution

DIGITS = 4
MATRICES = frozenset({"likeness", "offers"})
"""Fields of a candidate that are for computing."""


def plain(value: Any) -> Any:
    """A value as JSON holds it; numbers are rounded to four digits.

    >>> plain({"day": date(2027, 3, 1), "part": 1 / 3, "ids": ("N1",)})
    {'day': '2027-03-01', 'part': 0.3333, 'ids': ['N1']}
    """
    from matcher.records import Need, Solution

    if isinstance(value, Need):
        return need(value)
    if isinstance(value, Solution):
        return solution(value)
    if is_dataclass(value) and not isinstance(value, type):
        found = {
            field.name: plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in MATRICES
        }
        sentence = getattr(value, "sentence", None)  # some are computed
        return found if sentence is None else {**found, "sentence": sentence}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return round(value, DIGITS)
    return value.isoformat() if isinstance(value, date) else value


def need(value: "Need") -> dict[str, Any]:
    """Who asks, for what, how much and when."""
    return {
        "id": value.id,
        "title": value.title,
        "language": value.language,
        "country": value.country,
        "organisation": value.organisation,
        "cpv": list(value.cpv),
        "value_eur": value.value_eur,
        "quantity": value.quantity,
        "window_start": plain(value.window_start),
        "window_end": plain(value.window_end),
        "visibility": value.visibility.value,
        "joint_interest": plain(value.joint_interest),
    }


def solution(value: "Solution") -> dict[str, Any]:
    """What is offered, and by whom."""
    return {
        "id": value.id,
        "name": value.name,
        "vendor": value.vendor,
        "country": value.country,
        "trl": value.trl,
    }


def candidate(value: "JointCandidate", name: str = "") -> dict[str, Any]:
    """Everything about a candidate, with the words of its level and what an analyst calls it."""
    found: dict[str, Any] = plain(value)
    one, other, probability = value.weakest
    found |= {
        "name": name,
        "title": value.label.title if value.label else value.medoid.title,
        "medoid": value.medoid.id,
        "weakest": {"ids": [one.id, other.id], "probability": round(probability, DIGITS)},
        "copies": [{"id": copy, "repeats": original} for copy, original in value.copies],
        "level": f"{value.score.level} {value.score.level.words}",
    }
    return found


def rejected(value: "NotJoint") -> dict[str, Any]:
    """The needs of a group that is no candidate, and why."""
    return {"members": [member.id for member in value.members], "reason": value.reason}


def what_if(value: "WhatIf") -> dict[str, Any]:
    """Both states in full, and what the change does."""
    from matcher.joint import JointCandidate

    after = value.after
    return {
        "before": candidate(value.before),
        "after": candidate(after) if isinstance(after, JointCandidate) else rejected(after),
        "changes": list(value.changes),
    }
