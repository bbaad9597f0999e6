"""Why a pair matches: what each score added, what both texts say, and what is not met or not known.

Quotations are slices of the records' own texts, so each stands there to the letter.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np

from matcher.branch import prefix
from matcher.calibrate import BRANCH, FEATURES, Level
from matcher.evidence import Comparison, emphasis
from matcher.late import Parts
from matcher.phrases import named, phrase
from matcher.protocols import Float32
from matcher.records import Kind, Need, Record, Solution
from matcher.retrieve import Candidates, Query
from matcher.text.terms import Terms, codes, surface

PAIRS = 2
"""Pairs of sentences quoted."""
TITLE_PENALTY = 0.02
"""A title says what is matched, not why: a sentence that brings nearly as much is the better quotation."""
LOOSER = 0.15
"""A second pair of sentences is quoted unless it is less alike than the first by more than this."""
ABOUT_THE_MATTER = 0.9
"""Emphasis from which a sentence of a need counts as a requirement."""
UNCOVERED = 3
"""Requirements shown as not met, at most."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a record, verbatim."""

    text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two sentences that say the same, one from each side."""

    query: Quote
    found: Quote
    similarity: float
    """How alike the two sentences are by themselves, at most 1."""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A sentence of the need that nothing in the solution's text speaks to."""

    quote: Quote
    coverage: float
    """How well it is met by what comes nearest, at most 1."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that was left empty, and what filling it in would change."""

    kind: Kind
    field: str
    effect: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one score brought to the probability."""

    feature: str
    value: float
    logit: float | None
    """None where the model revision has no calibrator."""
    stated: bool = True
    """Whether the records say it; else `value` is what a pair is taken to have."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything shown beside one result."""

    contributions: tuple[Contribution, ...]
    reasons: tuple[str, ...]
    """Facts that speak for the pair, in words."""
    gaps: tuple[str, ...]
    """Facts that speak against it, in words."""
    evidence: tuple[Evidence, ...]
    uncovered: tuple[Uncovered, ...] = ()
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """One result of a search: a record, its place, how sure the engine is, and why."""

    rank: int
    record: Record
    score: float
    """The fused score; it orders the results of one query and means nothing beyond them."""
    probability: float | None
    level: Level | None
    """None where no calibrator is fitted for the model revision: then there is an order only."""
    explanation: Explanation


def contributions(
    values: Float32, logits: Float32 | None, unstated: Collection[str] = ()
) -> tuple[Contribution, ...]:
    """Features `float32[f]` with what each adds to the logit, strongest first."""
    parts = [
        Contribution(name, float(value), None if logits is None else float(logits[i]), name not in unstated)
        for i, (name, value) in enumerate(zip(FEATURES, values, strict=True))
        if value
    ]
    return tuple(sorted(parts, key=lambda part: -abs(part.logit if part.logit is not None else part.value)))


def unstated(found: Candidates, at: int) -> tuple[str, ...]:
    """The features of a candidate that the two records leave open."""
    return (FEATURES[BRANCH],) if np.isnan(found.branch[at]) else ()


def compare(query: Query, kept: Parts | None) -> Comparison | None:
    """The two texts part by part; None where either has no parts."""
    if kept is None or not len(kept) or not len(query.parts):
        return None
    return Comparison(query.parts, kept)


def evidence(
    comparison: Comparison | None, query: Query, record: Record, language: str | None
) -> tuple[Evidence, ...]:
    """The pairs of sentences that bring most to the score, each sentence once, best first."""
    if comparison is None:
        return ()
    one, other = comparison.one, comparison.other
    penalty = TITLE_PENALTY * (_is_title(one)[:, None] + _is_title(other)[None, :])
    found: list[Evidence] = []
    for i, j in comparison.pairs(PAIRS, penalty):
        similarity = float(comparison.alike[i, j])
        if found and similarity < found[0].similarity - LOOSER:
            break
        found.append(
            Evidence(
                Quote(query.text[slice(*one.spans[i])], query.language),
                Quote(record.text[slice(*other.spans[j])], language),
                similarity,
            )
        )
    return tuple(found)


def uncovered(
    comparison: Comparison | None, query: Query, record: Record, language: str | None, below: float
) -> tuple[Uncovered, ...]:
    """What the need asks for and the solution's text does not speak to, least met first.

    A sentence counts when it is about the matter rather than the procedure, and is met less than
    `below`. Empty between two needs, and for words that somebody typed.
    """
    if comparison is None or query.record is None or query.record.kind is record.kind:
        return ()
    if query.record.kind is Kind.NEED:
        need, text, spoken = comparison, query.text, query.language
    else:
        need, text, spoken = Comparison(comparison.other, comparison.one), record.text, language
    asked = (emphasis(need.one) >= ABOUT_THE_MATTER) & (_is_title(need.one) == 0)
    places = np.flatnonzero(asked & (need.coverage < below))
    places = places[np.argsort(need.coverage[places], kind="stable")][:UNCOVERED]
    return tuple(
        Uncovered(Quote(text[slice(*need.one.spans[i])], spoken), float(need.coverage[i]))
        for i in places.tolist()
    )


def _is_title(held: Parts) -> Float32:
    return np.array([start == 0 for start, _ in held.spans], dtype=np.float32)


def facts(query: Query, found: Record, query_terms: Terms, found_terms: Terms) -> tuple[list[str], list[str]]:
    """Reasons and gaps that can be read off two records, in words.

    Structured fields are shown, never used to leave a result out: about a quarter of the CPV codes
    in published notices are wrong.
    """
    reasons: list[str] = []
    gaps: list[str] = []
    need, solution = _sides(query.record, found) if query.record else (None, None)
    # what the need lists as its standards is told as "states" or "does not state"
    told = {code for standard in need.standards for code in codes(standard)} if need and solution else set()
    if both := sorted((query_terms.codes.keys() & found_terms.codes.keys()) - told):
        reasons.append(phrase("both name {codes}", codes=", ".join(both[:5])))
    if shared := query_terms.stems.keys() & found_terms.stems.keys():
        words = surface(query.text, query.language, {stem for stem in shared if len(stem) > 3})
        if listed := ", ".join(islice(words, 5)):
            reasons.append(phrase("words in both: {words}", words=listed))
    if query.record is None:
        return reasons, gaps
    if branch := prefix(query.record.cpv, found.cpv):
        reasons.append(phrase("same CPV branch {code}", code=branch))
    if need is not None and solution is not None:
        stated = found_terms.codes if solution is found else query_terms.codes
        _compare(need, solution, stated.keys(), reasons, gaps)
    return reasons, gaps


def _sides(one: Record, other: Record) -> tuple[Need | None, Solution | None]:
    need = one if isinstance(one, Need) else other if isinstance(other, Need) else None
    solution = one if isinstance(one, Solution) else other if isinstance(other, Solution) else None
    return need, solution


def _compare(
    need: Need, solution: Solution, found: Collection[str], reasons: list[str], gaps: list[str]
) -> None:
    """`found` are the codes in the solution's text: a standard may stand there and not in its field."""
    held = {code for standard in solution.standards for code in codes(standard)} | set(found)
    stated = {standard: bool(set(codes(standard)) & held) for standard in sorted(need.standards)}
    if states := [standard for standard, there in stated.items() if there]:
        reasons.append(phrase("states {standards}", standards=", ".join(states)))
    if missing := [standard for standard, there in stated.items() if not there]:
        gaps.append(phrase("does not state {standards}", standards=", ".join(missing)))
    if need.country and solution.delivery_countries:
        if need.country in solution.delivery_countries or "EU" in solution.delivery_countries:
            reasons.append(phrase("delivers to {country}", country=_country(need.country)))
        else:
            country = _country(need.country)
            gaps.append(phrase("does not list {country} among its countries", country=country))
    if need.trl_min is not None:
        if solution.trl is not None and solution.trl < need.trl_min:
            gaps.append(phrase("TRL {trl}, asked for {least}", trl=solution.trl, least=need.trl_min))
    elif solution.trl is not None and solution.trl < 9:
        gaps.append(phrase("TRL {trl}: not yet on the market", trl=solution.trl))


def _country(code: str) -> str:
    """A country, in English by its code."""
    return named("country", code, code)


def explained(
    query: Query,
    found: Record,
    language: str | None,
    found_terms: Terms,
    kept: Parts | None,
    added: tuple[Contribution, ...],
    below: float,
) -> Explanation:
    """Everything shown beside a result: what its scores `added`, and what both texts say.

    `kept` are the parts of what was found, in its language; sentences met less than `below` are unmet.
    """
    reasons, gaps = facts(query, found, query.terms, found_terms)
    compared = compare(query, kept)
    return Explanation(
        added,
        tuple(reasons),
        tuple(gaps),
        evidence(compared, query, found, language),
        uncovered(compared, query, found, language, below),
        missing(query, found),
    )


def missing(query: Query, found: Record) -> tuple[Missing, ...]:
    """Fields left empty on either side that would tell more about the pair, and what they would tell."""
    if query.record is None:
        return ()
    need, solution = _sides(query.record, found)
    if need is None or solution is None:
        return ()
    empty: list[Missing] = []
    if need.trl_min is not None and solution.trl is None:
        effect = phrase("it would show whether it reaches the TRL {least} asked for", least=need.trl_min)
        empty.append(Missing(Kind.SOLUTION, "trl", effect))
    if need.standards and not solution.standards:
        asked = ", ".join(sorted(need.standards)[:3])
        effect = phrase("it would show which of {standards} it meets", standards=asked)
        empty.append(Missing(Kind.SOLUTION, "standards", effect))
    if need.country and not solution.delivery_countries:
        country = _country(need.country)
        effect = phrase("it would show whether it is delivered to {country}", country=country)
        empty.append(Missing(Kind.SOLUTION, "delivery_countries", effect))
    if not need.requirements:
        effect = phrase("each requirement would be compared with the offer by itself")
        empty.append(Missing(Kind.NEED, "requirements", effect))
    if bool(need.cpv) != bool(solution.cpv):
        kind = Kind.SOLUTION if need.cpv else Kind.NEED
        empty.append(Missing(kind, "cpv", phrase("it would show whether both stand in one CPV branch")))
    return tuple(empty)
