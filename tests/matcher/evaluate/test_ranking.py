"""Measures of a ranking, against `ir_measures` and by hand."""

from dataclasses import asdict

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, ScoredDoc, nDCG

from matcher.evaluate.ranking import MEASURES, accuracy, mean, ndcg, recall, reciprocal_rank, score

Graded = tuple[dict[str, list[str]], dict[str, dict[str, int]]]


def graded_run(seed: int) -> Graded:
    """Rankings of 150 documents by 40 queries, judged from 0 to 3; some have no relevant document."""
    random = np.random.default_rng(seed)
    documents = [f"d{number:03}" for number in range(150)]
    run, qrels = {}, {}
    for number in range(40):
        judged = random.choice(documents, int(random.integers(1, 30)), replace=False).tolist()
        top = 2 if number % 8 == 0 else 4
        qrels[str(number)] = {document: int(random.integers(0, top)) for document in judged}
        run[str(number)] = random.permutation(documents)[: int(random.integers(5, 120))].tolist()
    return run, qrels


def by_the_library(
    measure: ir_measures.Measure, run: dict[str, list[str]], qrels: dict[str, dict[str, int]]
) -> dict[str, float]:
    """What `ir_measures` says of each query."""
    scored = [
        ScoredDoc(query, document, float(-place))
        for query, ranked in run.items()
        for place, document in enumerate(ranked)
    ]
    judged = [
        ir_measures.Qrel(query, document, grade)
        for query, grades in qrels.items()
        for document, grade in grades.items()
    ]
    return {found.query_id: found.value for found in ir_measures.iter_calc([measure], judged, scored)}


@pytest.mark.parametrize("seed", range(3))
def test_measures_are_those_of_the_library(seed: int) -> None:
    """Gain is 2^grade - 1, relevant is grade 2 and more; each query agrees."""
    run, qrels = graded_run(seed)
    scores = {query: score(query, "en", ranked, qrels[query]) for query, ranked in run.items()}
    for measure, name in (
        (nDCG(dcg="exp-log2") @ 10, "ndcg_10"),
        (R(rel=2) @ 10, "recall_10"),
        (R(rel=2) @ 100, "recall_100"),
        (RR(rel=2), "mrr"),
    ):
        expected = by_the_library(measure, run, qrels)
        # Its nDCG is rounded to five digits, and a query without relevant documents has no value there.
        for query, found in scores.items():
            assert getattr(found, name) == pytest.approx(expected.get(query, 0.0), abs=1e-5), (name, query)


GRADES = {"a": 3, "b": 2, "c": 1}


@pytest.mark.parametrize(
    ("ranked", "gain", "found", "first", "top"),
    [
        (["a", "b", "c"], 1.0, 1.0, 1.0, 1.0),
        (["c", "x", "a"], (1 + 7 / 2) / (7 + 3 / np.log2(3) + 0.5), 0.5, 1 / 3, 0.0),
        (["x", "b"], (3 / np.log2(3)) / (7 + 3 / np.log2(3) + 0.5), 0.5, 0.5, 0.0),
        (["c", "x"], 1 / (7 + 3 / np.log2(3) + 0.5), 0.0, 0.0, 0.0),
        ([], 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_measures_by_hand(ranked: list[str], gain: float, found: float, first: float, top: float) -> None:
    """A grade of 1 has a gain, but is not relevant."""
    assert ndcg(ranked, GRADES) == pytest.approx(gain)
    assert recall(ranked, GRADES) == pytest.approx(found)
    assert reciprocal_rank(ranked, GRADES) == pytest.approx(first)
    assert accuracy(ranked, GRADES) == top


def test_only_the_first_k_count() -> None:
    """What stands behind the cut adds nothing, and the ideal is cut at the same place."""
    behind = [f"x{number}" for number in range(10)] + ["a"]
    assert ndcg(behind, GRADES, 10) == recall(behind, GRADES, 10) == 0
    assert ndcg(["a"], {"a": 3, "b": 3}, 1) == 1


def test_a_query_without_judgements_scores_zero() -> None:
    """Nothing to find is nothing found."""
    scores = score("q", "en", ["a"], {})
    assert {name: getattr(scores, name) for name in MEASURES} == dict.fromkeys(MEASURES, 0.0)


def test_means_are_over_queries() -> None:
    """Each query weighs the same; no queries have a mean of 0."""
    two = [score("q1", "en", ["a"], GRADES), score("q2", "de", ["x"], GRADES)]
    for name, value in mean(two).items():
        assert value == pytest.approx(asdict(two[0])[name] / 2)
    assert mean([]) == dict.fromkeys(MEASURES, 0.0)
