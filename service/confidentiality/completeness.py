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
from matcher.joint.words import FACTORS
from matcher.phrases import phrase
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
_WINDOW = phrase("Without a procurement window this need cannot be placed on a timeline")
_COSTS: Mapping[str, str] = {
    "description": phrase("With a title alone little can be compared"),
    "cpv": phrase("Without a CPV code nothing shows whether others buy in the same branch"),
    "window_start": _WINDOW,
    "window_end": _WINDOW,
    "value": phrase("Without a value it cannot be said whether buying together passes a threshold"),
    "regime": phrase("Without a legal regime it cannot be said which rules a joint procedure would follow"),
    "standards": phrase("Without standards it cannot be said what this need has in common with others"),
    "working_languages": phrase("Without working languages it cannot be said with whom you could work"),
    "joint_interest": phrase("Nobody knows whether you would buy together with others"),
}
_DECIDES: Mapping[str, str] = {
    "requirements": phrase("Each requirement would be compared with offers and with other needs by itself."),
    "country": phrase(
        "Without a country it cannot be said whether a joint purchase would cross a border (G1)."
    ),
    "organisation": phrase(
        "Without an organisation it cannot be said whether two buyers stand behind two needs (G1)."
    ),
    "buyer_type": phrase("The kind of buyer decides which threshold holds; until then the lowest is shown."),
    "trl_min": phrase("It would show which solutions are not ready enough."),
    "classification": phrase("Until it is stated that nothing is classified, gate G4 stays open."),
}
"""Fields of a need that decide something else than the score."""


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
            cost = phrase("Without a rate for its currency the value is not compared")
            if need.currency:
                cost = phrase(
                    "Without a rate for {currency} the value is not compared", currency=need.currency
                )
        counts = phrase(
            "{cost}: {factor} counts {weight:.2f} of the joint score.",
            cost=cost,
            factor=FACTORS[factor],
            weight=_Share(weights.of[factor]),
        )
        yield Gap(field, weight, counts)
    for field, effect in _DECIDES.items():
        if not _stated(need, field):
            yield Gap(field, 0.0, effect)


def _stated(need: Need, field: str) -> bool:
    if field == "value":
        return need.value_eur is not None
    if field == "regime":
        return bool(regime(need))
    if field == "standards":
        return bool(standards_of(need))
    if field == "organisation":
        return bool(need.organisation or need.organisation_id)
    if field == "classification":
        return classification(need) is not None
    return getattr(need, field) not in (None, "", ())


_READ: Mapping[str, str] = {
    "description": phrase(
        "With a name alone little can be compared: most of a match rests on what the text says."
    ),
    "cpv": phrase("It would show whether need and solution stand in one CPV branch."),
    "standards": phrase(
        "It would show which of the standards asked for it meets; else each counts as not stated."
    ),
    "trl": phrase("It would show whether it is as ready as asked for, and let an instrument be considered."),
    "delivery_countries": phrase("It would show to which buyers it is delivered."),
}
"""What matching reads of a solution; each counts the same, since nothing was fitted."""


def _of_solution(solution: Solution) -> Iterator[Gap]:
    for field, effect in _READ.items():
        if getattr(solution, field) in (None, "", ()):
            yield Gap(field, 1 / len(_READ), effect)
    if not solution.size:
        effect = phrase("It would show whether the offer of small and medium firms is seen.")
        yield Gap("size", 0.0, effect)
    if not solution.country:
        yield Gap("country", 0.0, phrase("It would show from where a demand is supplied."))


class _Share(float):
    """A part of 1; in English without the nought before the point."""

    def __format__(self, spec: str) -> str:
        return super().__format__(spec).removeprefix("0")
