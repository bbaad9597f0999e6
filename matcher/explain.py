"""Why a pair matches: what each score added, what both texts name, and a sentence of each side.

Quotations are slices of the records' own texts, so each stands there to the letter.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np

from matcher.calibrate import FEATURES, Level
from matcher.collection import Sentences
from matcher.protocols import Float32
from matcher.records import Need, Record, Solution
from matcher.retrieve import Query
from matcher.text.terms import Terms, codes, surface

PAIRS = 2
"""Pairs of sentences quoted."""
TITLE_PENALTY = 0.05
"""A title says what is matched, not why: a sentence nearly as close is the better quotation."""


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
    """Cosine of their vectors."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one score brought to the probability."""

    feature: str
    value: float
    logit: float | None
    """None where the model revision has no calibrator."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything shown beside one result."""

    contributions: tuple[Contribution, ...]
    reasons: tuple[str, ...]
    """Facts that speak for the pair, in words."""
    gaps: tuple[str, ...]
    """Facts that speak against it, or that are not stated, in words."""
    evidence: tuple[Evidence, ...]


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


def contributions(values: Float32, logits: Float32 | None) -> tuple[Contribution, ...]:
    """Features `float32[f]` with what each adds to the logit, strongest first."""
    parts = [
        Contribution(name, float(value), None if logits is None else float(logits[i]))
        for i, (name, value) in enumerate(zip(FEATURES, values, strict=True))
        if value
    ]
    return tuple(sorted(parts, key=lambda part: -abs(part.logit if part.logit is not None else part.value)))


def evidence(
    query: Query, record: Record, kept: Sentences | None, language: str | None
) -> tuple[Evidence, ...]:
    """The closest pairs of sentences, each sentence once, best first."""
    if kept is None or not kept.spans or not query.spans:
        return ()
    similarity = query.sentences @ kept.unit().T
    weighed = similarity - TITLE_PENALTY * (
        _is_title(query.spans)[:, None].astype(np.float32) + _is_title(kept.spans)[None, :]
    )
    pairs: list[Evidence] = []
    for _ in range(min(PAIRS, *weighed.shape)):
        i, j = np.unravel_index(int(np.argmax(weighed)), weighed.shape)
        if pairs and similarity[i, j] < pairs[0].similarity - 0.15:
            break
        pairs.append(
            Evidence(
                Quote(query.text[slice(*query.spans[i])], query.language),
                Quote(record.text[slice(*kept.spans[j])], language),
                float(similarity[i, j]),
            )
        )
        weighed[i, :] = -np.inf
        weighed[:, j] = -np.inf
    return tuple(pairs)


def _is_title(spans: tuple[tuple[int, int], ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.array([start == 0 for start, _ in spans], dtype=np.bool_)


def facts(query: Query, found: Record, query_terms: Terms, found_terms: Terms) -> tuple[list[str], list[str]]:
    """Reasons and gaps that can be read off two records, in words.

    Structured fields are shown, never used to leave a result out: about a quarter of the CPV codes
    in published notices are wrong.
    """
    reasons: list[str] = []
    gaps: list[str] = []
    if both := sorted(query_terms.codes.keys() & found_terms.codes.keys()):
        reasons.append("both name " + ", ".join(both[:5]))
    if shared := query_terms.stems.keys() & found_terms.stems.keys():
        words = surface(query.text, query.language, {stem for stem in shared if len(stem) > 3})
        if listed := ", ".join(islice(words, 5)):
            reasons.append(f"words in both: {listed}")
    if query.record is None:
        return reasons, gaps
    if prefix := _common_cpv(query.record.cpv, found.cpv):
        reasons.append(f"same CPV branch {prefix}")
    need, solution = _sides(query.record, found)
    if need is not None and solution is not None:
        named = found_terms.codes if solution is found else query_terms.codes
        _compare(need, solution, named.keys(), reasons, gaps)
    return reasons, gaps


def _sides(one: Record, other: Record) -> tuple[Need | None, Solution | None]:
    need = one if isinstance(one, Need) else other if isinstance(other, Need) else None
    solution = one if isinstance(one, Solution) else other if isinstance(other, Solution) else None
    return need, solution


def _compare(
    need: Need, solution: Solution, named: Collection[str], reasons: list[str], gaps: list[str]
) -> None:
    """`named` are the codes in the solution's text: a standard may stand there and not in its field."""
    held = {code for standard in solution.standards for code in codes(standard)} | set(named)
    stated = {standard: bool(set(codes(standard)) & held) for standard in sorted(need.standards)}
    if states := [standard for standard, there in stated.items() if there]:
        reasons.append("states " + ", ".join(states))
    if missing := [standard for standard, there in stated.items() if not there]:
        gaps.append("does not state " + ", ".join(missing))
    if need.country and solution.delivery_countries:
        if need.country in solution.delivery_countries or "EU" in solution.delivery_countries:
            reasons.append(f"delivers to {need.country}")
        else:
            gaps.append(f"does not list {need.country} among its countries")
    if need.trl_min is not None:
        if solution.trl is None:
            gaps.append("states no TRL")
        elif solution.trl < need.trl_min:
            gaps.append(f"TRL {solution.trl}, asked for {need.trl_min}")
    elif solution.trl is not None and solution.trl < 9:
        gaps.append(f"TRL {solution.trl}: not yet on the market")


def _common_cpv(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """The longest shared prefix of three digits or more, without the zeros that fill it up.

    >>> _common_cpv(("35815100",), ("35813000", "48000000"))
    '3581'
    """
    best = ""
    for a in one:
        for b in other:
            length = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), 8)
            prefix = a[:length].rstrip("0")
            if len(prefix) > max(len(best), 2):
                best = prefix
    return best
