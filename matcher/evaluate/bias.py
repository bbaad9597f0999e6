"""Whether a text's language decides what is found: a record must not stand higher for sharing it.

Two comparisons. Against *chance*: the share of same-language items in the top 10, beside the share that
language has among all documents. Against *merit*: of the relevant documents shown in the top 10, the share
in the query's language, beside the same share among all relevant ones, over queries that have equally
relevant documents in both. A fair ranking has the two shares alike; a ratio of 1.5 is the most that is
tolerated.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.evaluate.ranking import RELEVANT, Grades, ndcg
from matcher.evaluate.significance import Interval

TOP = 10
LEAST_QUERIES = 3
"""A cell of the table of language pairs with fewer queries says nothing and is left out."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The documents a query was shown, best first."""

    query: str
    language: str
    documents: Sequence[str]


@dataclass(frozen=True, slots=True)
class LanguageBias:
    """How much sharing a language lifts a document."""

    same_in_top: float
    """Share of same-language documents in the top 10, mean over queries."""
    chance: float
    """Share of the query's language among all documents, mean over queries."""
    relevant_in_top: float
    """Share of the same language among the relevant documents in the top 10, pooled over queries."""
    relevant_at_all: float
    """The same share among all relevant documents of these queries."""
    ratio: Interval
    """The former of the two over the latter, drawn by query; 1 is fair."""
    queries: int
    """Queries with relevant documents in their own language and in others at the same grade."""


def language_bias(
    rankings: Sequence[Ranked], qrels: Mapping[str, Grades], languages: Mapping[str, str]
) -> LanguageBias:
    """The bias of a system's rankings; `languages` are those of the documents.

    >>> shown = [Ranked("q", "de", ["a", "b"])]
    >>> language_bias(shown, {"q": {"a": 3, "b": 3}}, {"a": "de", "b": "fr"}).relevant_in_top
    0.5
    """
    total = max(len(languages), 1)
    counts = {language: n / total for language, n in Counter(languages.values()).items()}
    same, chance = [], []
    pairs: list[tuple[int, int, int, int]] = []
    for ranked in rankings:
        top = ranked.documents[:TOP]
        if top:
            same.append(sum(languages[document] == ranked.language for document in top) / len(top))
            chance.append(counts.get(ranked.language, 0.0))
        compared = _comparable(qrels.get(ranked.query, {}), ranked.language, languages)
        if compared:
            seen = compared & set(top)
            own = {document for document in compared if languages[document] == ranked.language}
            pairs.append((len(own & seen), len(seen), len(own), len(compared)))
    table = np.array(pairs, dtype=np.float64).reshape(-1, 4)
    in_top, at_all = _share(table[:, 0], table[:, 1]), _share(table[:, 2], table[:, 3])
    return LanguageBias(
        float(np.mean(same)) if same else 0.0,
        float(np.mean(chance)) if chance else 0.0,
        in_top,
        at_all,
        _ratio(table),
        len(pairs),
    )


def by_language_pair(
    rankings: Sequence[Ranked], qrels: Mapping[str, Grades], languages: Mapping[str, str]
) -> dict[tuple[str, str], tuple[int, float]]:
    """(query language, document language) to number of queries and mean nDCG@10 among those documents.

    Only documents of the one language are ranked and judged, so that a pair stands for itself.
    """
    cells: dict[tuple[str, str], list[float]] = {}
    for ranked in rankings:
        grades = qrels.get(ranked.query, {})
        for language in {languages[d] for d, grade in grades.items() if grade >= RELEVANT and d in languages}:
            own = {d: g for d, g in grades.items() if languages.get(d) == language}
            shown = [d for d in ranked.documents if languages[d] == language]
            cells.setdefault((ranked.language, language), []).append(ndcg(shown, own))
    return {
        pair: (len(values), float(np.mean(values)))
        for pair, values in sorted(cells.items())
        if len(values) >= LEAST_QUERIES
    }


def _comparable(grades: Grades, language: str, languages: Mapping[str, str]) -> set[str]:
    """Relevant documents of a grade at which there are some in the language and some in others."""
    found: set[str] = set()
    for grade in {g for g in grades.values() if g >= RELEVANT}:
        equal = {d for d, g in grades.items() if g == grade and d in languages}
        own = {d for d in equal if languages[d] == language}
        if own and equal - own:
            found |= equal
    return found


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() else 0.0


def _ratio(table: NDArray[np.float64], draws: int = 2000) -> Interval:
    if not len(table) or not table[:, 1].sum():
        return Interval(0.0, 0.0, 0.0)
    rng = np.random.default_rng(20260101)
    sums = table[rng.integers(0, len(table), size=(draws, len(table)))].sum(axis=1)
    sums = sums[(sums[:, 1] > 0) & (sums[:, 2] > 0)]
    ratios = (sums[:, 0] / sums[:, 1]) / (sums[:, 2] / sums[:, 3])
    whole = table.sum(axis=0)
    low, high = np.quantile(ratios, [0.025, 0.975]) if len(ratios) else (0.0, 0.0)
    return Interval(float((whole[0] / whole[1]) / (whole[2] / whole[3])), float(low), float(high))
