"""What is shown of a match: a level in words, what speaks for and against it, and what to ask next."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from pydantic import Field

from matcher.calibrate import Level
from matcher.explain import Evidence, Match, Quote
from matcher.feedback import Verdict
from matcher.phrases import phrase
from matcher.records import Kind, Need, Record, Solution
from service.projection.search import Found
from service.schemas.forms import Answer, Said

DIGITS = 4


class QuoteOut(Answer):
    """A sentence, verbatim, with its language for the reader's software."""

    text: str
    language: str | None


class EvidenceOut(Answer):
    """Two sentences that say the same, one from each side."""

    need: QuoteOut
    solution: QuoteOut
    similarity: float = Field(description="How alike they are by themselves, at most 1.")


class ContributionOut(Answer):
    """What one score brought."""

    feature: Said
    value: float
    logit: float | None
    stated: bool = Field(description="False where the records leave it open and a usual value stands in.")


class MissingOut(Answer):
    """A field that is empty, and what filling it in would change."""

    kind: Kind
    field: str
    effect: Said


class NeedBrief(Answer):
    """Enough of a need to decide whether to open it."""

    id: str
    title: str
    language: str | None
    country: str | None
    organisation: str = Field(description="Empty where it is not shown.")
    cpv: list[str]
    value_eur: float | None
    quantity: str
    window_start: date | None
    window_end: date | None


class SolutionBrief(Answer):
    """Enough of a solution to decide whether to open it."""

    id: str
    name: str
    language: str | None
    country: str | None
    vendor: str
    size: str
    trl: int | None
    availability: str
    standards: list[str]
    delivery_countries: list[str]
    cpv: list[str]


class MatchOut(Answer):
    """One result, as a user reads it."""

    rank: int
    level: Level | None = Field(description="strong, likely, possible or weak; null without a calibrator.")
    probability: float | None = Field(description="Calibrated; what the level stands for.")
    score: float = Field(description="Orders this list and means nothing beyond it.")
    need: NeedBrief | None = None
    solution: SolutionBrief | None = None
    matched: list[Said] = Field(description="Facts that speak for it.")
    gaps: list[Said] = Field(description="Facts that speak against it.")
    uncovered: list[QuoteOut] = Field(description="Requirements that nothing in the offer speaks to.")
    missing: list[MissingOut]
    assumptions: list[Said]
    next_question: Said
    evidence: list[EvidenceOut]
    contributions: list[ContributionOut]
    verdict: Verdict | None = Field(default=None, description="What this user said of it.")


class MatchesOut(Answer):
    """Results with everything that narrowed them, said aloud."""

    items: list[MatchOut]
    hidden: dict[str, int] = Field(description="For each filter, how many records it hides.")
    below_level: int = Field(description="How many of the results are left out by min_level.")
    refused: int = Field(description="How many this user marked as not relevant, and that are left out.")
    language: str | None = Field(description="Language of what was asked with.")
    reranked: bool = False
    versions: dict[str, str] = Field(description="What the answer was made with.")


def need_brief(need: Need) -> NeedBrief:
    """The brief of a need, as far as the viewer may see it."""
    return NeedBrief(
        id=need.id,
        title=need.title,
        language=need.language,
        country=need.country,
        organisation=need.organisation,
        cpv=list(need.cpv),
        value_eur=need.value_eur,
        quantity=need.quantity,
        window_start=need.window_start,
        window_end=need.window_end,
    )


def solution_brief(solution: Solution) -> SolutionBrief:
    """The brief of a solution."""
    return SolutionBrief(
        id=solution.id,
        name=solution.name,
        language=solution.language,
        country=solution.country,
        vendor=solution.vendor,
        size=solution.size,
        trl=solution.trl,
        availability=solution.availability,
        standards=list(solution.standards),
        delivery_countries=list(solution.delivery_countries),
        cpv=list(solution.cpv),
    )


def match_out(match: Match, asked: Record | str, verdict: Verdict | None = None) -> MatchOut:
    """A result as it is shown."""
    found, why = match.record, match.explanation
    asks_need = isinstance(asked, Need)
    both_needs = asks_need and isinstance(found, Need)
    return MatchOut(
        rank=match.rank,
        level=match.level,
        probability=_rounded(match.probability),
        score=round(match.score, DIGITS),
        need=need_brief(found) if isinstance(found, Need) else None,
        solution=solution_brief(found) if isinstance(found, Solution) else None,
        matched=list(why.reasons),
        gaps=list(why.gaps),
        uncovered=[quote_out(item.quote) for item in why.uncovered],
        missing=[MissingOut(kind=m.kind, field=m.field, effect=m.effect) for m in why.missing],
        assumptions=_assumptions(asked, found, match),
        next_question="" if both_needs else _question(match, found),
        evidence=[evidence_out(pair, asks_need=asks_need) for pair in why.evidence],
        contributions=[
            ContributionOut(
                feature=c.feature, value=round(c.value, DIGITS), logit=_rounded(c.logit), stated=c.stated
            )
            for c in why.contributions
        ],
        verdict=verdict,
    )


def matches_out(
    found: Found,
    asked: Record | str,
    versions: Mapping[str, str],
    *,
    verdicts: Mapping[str, Verdict] | None = None,
    min_level: Level | None = None,
    refused: int = 0,
    reranked: bool = False,
    items: Sequence[Match] | None = None,
) -> MatchesOut:
    """A list of results as it is shown; `min_level` cuts it and says how much it cut."""
    matches = found.items if items is None else items
    kept = [match for match in matches if min_level is None or _reaches(match.level, min_level)]
    verdicts = verdicts or {}
    return MatchesOut(
        items=[match_out(match, asked, verdicts.get(match.record.id)) for match in kept],
        hidden={name: count for name, count in found.hidden.items() if name != "exclude"},
        below_level=len(matches) - len(kept),
        refused=refused,
        language=found.language,
        reranked=reranked,
        versions=dict(versions),
    )


def evidence_out(pair: Evidence, *, asks_need: bool) -> EvidenceOut:
    """Two sentences, the need's first; of two needs that which asks."""
    need, solution = (pair.query, pair.found) if asks_need else (pair.found, pair.query)
    return EvidenceOut(
        need=quote_out(need), solution=quote_out(solution), similarity=round(pair.similarity, DIGITS)
    )


def quote_out(quote: Quote) -> QuoteOut:
    """A quotation."""
    return QuoteOut(text=quote.text, language=quote.language)


def _reaches(level: Level | None, least: Level) -> bool:
    order = list(Level)
    return level is None or order.index(level) <= order.index(least)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _assumptions(asked: Record | str, found: Record, match: Match) -> list[str]:
    said: list[str] = [
        phrase("{feature} is not stated on both sides; a usual value stands in", feature=part.feature)
        for part in match.explanation.contributions
        if not part.stated
    ]
    solution = found if isinstance(found, Solution) else asked if isinstance(asked, Solution) else None
    if solution is not None and not solution.delivery_countries:
        said.append(phrase("delivery is taken to be possible: the offer names no countries"))
    if solution is not None and solution.trl is None:
        said.append(phrase("maturity is taken to be enough: the offer states no TRL"))
    return said


FIELDS: Mapping[str, str] = {
    "trl": phrase("the TRL"),
    "standards": phrase("the list of standards"),
    "delivery_countries": phrase("the list of delivery countries"),
    "requirements": phrase("the list of requirements"),
    "cpv": phrase("the CPV code"),
}
"""What is called missing of a pair, within a sentence."""


def _question(match: Match, found: Record) -> str:
    """What to ask next: the first thing that is unmet, contradicted or unsaid."""
    why = match.explanation
    whose = found.name if isinstance(found, Solution) else phrase("the offer")
    if why.uncovered:
        return phrase(
            "How does {offer} meet this: “{sentence}”?", offer=whose, sentence=why.uncovered[0].quote.text
        )
    if why.gaps:
        return phrase("Can this be settled: {gap}?", gap=why.gaps[0])
    for gap in why.missing:
        side = whose if gap.kind is Kind.SOLUTION else phrase("the need")
        return phrase(
            "What is {field} of {side}? With that, {effect}.",
            field=FIELDS.get(gap.field, gap.field),
            side=side,
            effect=gap.effect,
        )
    return phrase("Which references show this in use?")


class PairOut(Answer):
    """One pair, explained in full."""

    match: MatchOut
    need: dict[str, Any]
    solution: dict[str, Any]


class BehindOut(Answer):
    """A score by which a record falls behind the last result shown."""

    feature: Said
    value: float
    needed: float
    words: Said


class WhyNotOut(Answer):
    """Where a record stands in a search, and what holds it back."""

    id: str
    sentence: Said
    rank: int | None
    shown: int
    hidden_by: list[Said]
    behind: list[BehindOut]
    gaps: list[Said]
    uncovered: list[str]
    change: Said = Field(description="What to change to see it.")


class SimilarOut(Answer):
    """A need like one's own."""

    rank: int
    score: float
    same_need: float | None = Field(description="Probability that both ask for the same.")
    relation: Literal["national", "abroad", "unknown"] = Field(
        description="Needs of one's own organisation are national, whatever their country."
    )
    own: bool = Field(description="Whether it is of one's own organisation.")
    who: Said = Field(description="The organisation, or what may be said of it.")
    need: NeedBrief
    overlap_days: int | None = Field(description="Days both procurement windows are open; negative is a gap.")
    differences: list[Said]
    evidence: list[EvidenceOut]
    contact: Said = Field(description="How to reach its owner.")
    candidate_id: str | None = Field(
        description="The joint candidate that holds both, as far as candidates are computed by now."
    )


class SimilarsOut(Answer):
    """Needs like one's own, with what narrowed them."""

    items: list[SimilarOut]
    hidden: dict[str, int]
    refused: int = Field(description="How many this user marked as not relevant, and that are left out.")
    versions: dict[str, str]
