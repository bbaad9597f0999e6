"""How much of a record is filled in, and what each gap costs: weighed as the joint score weighs it.

A gap is never an error. What it says is what would change, so that an owner can decide whether it is worth
the effort. What is missing for one pair of a need and a solution is told by `matcher.explain.missing`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from matcher.joint.differences import standards_of
from matcher.joint.gates import classification
from matcher.joint.thresholds import regime
from matcher.joint.weights import WEIGHTS, FactorName, Weights
from matcher.records import Need, Record, Solution

TITLE_ALONE = 0.5
"""What a title without description is worth for functional overlap: a matter of judgement."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A field that is not filled in."""

    field: str
    """Of the record, or a column of `extra`."""
    weight: float
    """What it would add to the share; 0 where it decides something else."""
    effect: str
    """What filling it in would change, in a sentence."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How far a record says what it is compared by."""

    share: float
    """In [0, 1]: of the weights of all that it is compared by."""
    missing: tuple[Gap, ...]
    """What counts most first."""


def completeness(record: Record, *, weights: Weights = WEIGHTS) -> Completeness:
    """How complete a record is: a need by the factors of the joint score, a solution by what matching reads.

    The share and the weights of the gaps add up to 1.

    >>> found = completeness(Need(id="N1", title="Vests", description="For dogs", cpv=("35815100",)))
    >>> round(found.share, 2), found.missing[0].field
    (0.48, 'value')
    >>> next(gap.effect for gap in found.missing if gap.field == "window_start")
    'Without a procurement window this need cannot be placed on a timeline: timeline counts .15 of the joint score.'
    """  # noqa: E501 - an example prints what it prints
    gaps = _of_need(record, weights) if isinstance(record, Need) else _of_solution(record)
    missing = tuple(sorted(gaps, key=lambda gap: -gap.weight))
    share = 1 - sum(gap.weight for gap in missing)
    return Completeness(min(1.0, max(0.0, round(share, 12))), missing)


_FACTOR_OF: Mapping[str, FactorName] = {
    "description": "functional overlap",
    "cpv": "classification",
    "window_start": "timeline",
    "window_end": "timeline",
    "value": "budget and volume",
    "regime": "legal regime",
    "standards": "standards",
    "working_languages": "language",
    "joint_interest": "willingness",
}
"""Fields of a need that a factor cannot do without."""
_COSTS: Mapping[str, str] = {
    "description": "With a title alone little can be compared",
    "cpv": "Without a CPV code nothing shows whether others buy in the same branch",
    "window_start": "Without a procurement window this need cannot be placed on a timeline",
    "window_end": "Without a procurement window this need cannot be placed on a timeline",
    "value": "Without a value it cannot be said whether buying together passes a threshold",
    "regime": "Without a legal regime it cannot be said which rules a joint procedure would follow",
    "standards": "Without standards it cannot be said what this need has in common with others",
    "working_languages": "Without working languages it cannot be said with whom you could work",
    "joint_interest": "Nobody knows whether you would buy together with others",
}


def _of_need(need: Need, weights: Weights) -> Iterator[Gap]:
    unstated = [field for field in _FACTOR_OF if not _stated(need, field)]
    for field in unstated:
        factor = _FACTOR_OF[field]
        # a window is known with both its ends, so that they share what it counts
        beside = sum(_FACTOR_OF[other] == factor for other in unstated)
        weight = weights.of[factor] / beside
        cost = _COSTS[field]
        if field == "description":
            weight *= TITLE_ALONE
        elif field == "value" and need.value is not None:
            cost = f"Without a rate for {need.currency or 'its currency'} the value is not compared"
        yield Gap(field, weight, f"{cost}: {factor} counts {_share(weights.of[factor])} of the joint score.")
    if not need.requirements:
        yield Gap(
            "requirements",
            0.0,
            "Each requirement would be compared with offers and with other needs by itself.",
        )
    if not need.country:
        yield Gap(
            "country",
            0.0,
            "Without a country it cannot be said whether a joint purchase would cross a border (G1).",
        )
    if not (need.organisation or need.organisation_id):
        yield Gap(
            "organisation",
            0.0,
            "Without an organisation it cannot be said whether two buyers stand behind two needs (G1).",
        )
    if not need.buyer_type:
        yield Gap(
            "buyer_type",
            0.0,
            "The kind of buyer decides which threshold holds; until then the lowest is shown.",
        )
    if need.trl_min is None:
        yield Gap("trl_min", 0.0, "It would show which solutions are not ready enough.")
    if classification(need) is None:
        yield Gap("classification", 0.0, "Until it is stated that nothing is classified, gate G4 stays open.")


def _stated(need: Need, field: str) -> bool:
    if field == "value":
        return need.value_eur is not None
    if field == "regime":
        return bool(regime(need))
    if field == "standards":
        return bool(standards_of(need))
    return getattr(need, field) not in (None, "", ())


_READ: Mapping[str, str] = {
    "description": "With a name alone little can be compared: most of a match rests on what the text says.",
    "cpv": "It would show whether need and solution stand in one CPV branch.",
    "standards": "It would show which of the standards asked for it meets; else each counts as not stated.",
    "trl": "It would show whether it is as ready as asked for, and let an instrument be considered.",
    "delivery_countries": "It would show to which buyers it is delivered.",
}
"""What matching reads of a solution; each counts the same, since nothing was fitted."""


def _of_solution(solution: Solution) -> Iterator[Gap]:
    for field, effect in _READ.items():
        if getattr(solution, field) in (None, "", ()):
            yield Gap(field, 1 / len(_READ), effect)
    if not solution.size:
        yield Gap("size", 0.0, "It would show whether the offer of small and medium firms is seen.")
    if not solution.country:
        yield Gap("country", 0.0, "It would show from where a demand is supplied.")


def _share(weight: float) -> str:
    return f"{weight:.2f}".removeprefix("0")
