"""Measures of a ranking against graded judgements: nDCG, recall, reciprocal rank, accuracy.

Gain is 2^grade - 1 (Burges et al. 2005), "relevant" means a grade of 2 or more. Checked against
`ir-measures` in the tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

RELEVANT = 2
Grades = Mapping[str, int]
"""Document id to grade, for one query."""


def ndcg(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `k`; 0 for a query without any gain.

    >>> ndcg(["b", "a"], {"a": 3}, k=10) == 1 / log2(3)
    True
    """
    gains = [2 ** grades.get(document, 0) - 1 for document in ranked[:k]]
    ideal = sorted((2**grade - 1 for grade in grades.values() if grade > 0), reverse=True)[:k]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def recall(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Share of the relevant documents among the first `k`.

    >>> recall(["a", "c"], {"a": 3, "b": 2, "c": 1}, k=2)
    0.5
    """
    relevant = {document for document, grade in grades.items() if grade >= RELEVANT}
    return len(relevant & set(ranked[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Grades) -> float:
    """One over the place of the first relevant document; 0 if there is none."""
    for place, document in enumerate(ranked, 1):
        if grades.get(document, 0) >= RELEVANT:
            return 1 / place
    return 0.0


def accuracy(ranked: Sequence[str], grades: Grades) -> float:
    """1 if the first document is relevant, else 0."""
    return float(bool(ranked) and grades.get(ranked[0], 0) >= RELEVANT)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, 1))


@dataclass(frozen=True, slots=True)
class QueryScores:
    """The measures of one query."""

    query: str
    group: str
    """What the query is reported under: its language."""
    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr: float
    acc_1: float


MEASURES = ("ndcg_10", "recall_10", "recall_100", "mrr", "acc_1")


def score(query: str, group: str, ranked: Sequence[str], grades: Grades) -> QueryScores:
    """All measures of one query."""
    return QueryScores(
        query,
        group,
        ndcg(ranked, grades, 10),
        recall(ranked, grades, 10),
        recall(ranked, grades, 100),
        reciprocal_rank(ranked, grades),
        accuracy(ranked, grades),
    )


def mean(scores: Sequence[QueryScores]) -> dict[str, float]:
    """The mean of each measure over queries."""
    if not scores:
        return dict.fromkeys(MEASURES, 0.0)
    return {name: sum(getattr(s, name) for s in scores) / len(scores) for name in MEASURES}
