"""One evaluation of the engine beside its single legs."""

import json

import pytest

from matcher.embed import Embedder
from matcher.engine import Tuning
from matcher.evaluate.ranking import MEASURES
from matcher.evaluate.trial import HYBRID, PLAIN, Result, Trial, run
from matcher.records import Need, Solution

QUERIES = [
    Need(id="Q1", title="Floating fire pump", language="en"),
    Need(id="Q2", title="Tauchanzug für Taucher", language="de"),
    Need(id="Q3", title="Not judged at all", language="en"),
]
DOCUMENTS = [
    Solution(id="S1", name="Fire pump that floats", language="en"),
    Solution(id="S2", name="Taucheranzug", language="de"),
    Solution(id="S3", name="Software for accounts", language="en"),
]
TRIAL = Trial(
    queries=QUERIES,
    documents=DOCUMENTS,
    qrels={"Q1": {"S1": 3}, "Q2": {"S2": 2, "S3": 0}},
    needs=[*QUERIES, Need(id="Q4", title="Floating fire pump", language="en")],
    groups={"Q1": "a", "Q4": "a", "Q2": "b", "Q3": "c"},
    families={"Q1": "water", "Q2": "water"},
)


@pytest.fixture
def result(embedder: Embedder) -> Result:
    """The trial under the tiny encoder."""
    return run(TRIAL, embedder, Tuning())


def test_every_system_ranks_the_judged_queries(result: Result) -> None:
    """Queries without judgements are left out; the order is that of the queries."""
    assert {HYBRID, PLAIN, "BM25"} <= result.rankings.keys()
    for scores in result.rankings.values():
        assert [(found.query, found.group) for found in scores] == [("Q1", "en"), ("Q2", "de")]
    assert [found.acc_1 for found in result.rankings[HYBRID]] == [1.0, 1.0]
    assert result.model == "hashing@1/hashing"
    assert result.offset == ""


def test_groupings_are_compared_with_the_truth(result: Result) -> None:
    """Every way of grouping is measured over all needs."""
    assert len(result.groupings) == 3
    for scores in result.groupings.values():
        assert scores.items == 4
        assert scores.pair_f1 == 1


def test_languages_are_reported_apart(result: Result) -> None:
    """Number of queries and means for each."""
    found = result.languages()
    assert {language: number for language, (number, _) in found.items()} == {"de": 1, "en": 1}
    assert found["en"][1]["mrr"] == result.rankings[HYBRID][0].mrr


def test_a_difference_is_paired(result: Result) -> None:
    """The mean difference is the difference of means; a system does not differ from itself."""
    found = result.difference("ndcg_10", HYBRID, "BM25")
    means = [sum(s.ndcg_10 for s in result.rankings[name]) / 2 for name in (HYBRID, "BM25")]
    assert found.mean == pytest.approx(means[0] - means[1])
    same = result.difference("ndcg_10", HYBRID, HYBRID)
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_the_report_is_plain_json(result: Result) -> None:
    """All measures of all systems can be written to a file."""
    stored = json.loads(json.dumps(result.as_json()))
    assert stored["queries"] == 2
    assert stored["systems"].keys() == result.rankings.keys()
    assert set(stored["hybrid_minus_plain"]) == set(MEASURES)
    assert stored["languages"]["de"]["queries"] == 1
    assert set(stored["groupings"]) == set(result.groupings)


def test_a_trial_without_judgements_measures_nothing(embedder: Embedder) -> None:
    """What is not given is not reported."""
    said: list[str] = []
    empty = run(Trial(queries=QUERIES, documents=DOCUMENTS), embedder, Tuning(), said.append)
    assert empty.as_json()["systems"] == empty.as_json()["groupings"] == {}
    assert empty.as_json()["hybrid_minus_plain"] == {}
    assert said == []


def test_progress_names_each_system(embedder: Embedder) -> None:
    """Whoever waits hears what is being measured."""
    said: list[str] = []
    run(TRIAL, embedder, Tuning(), said.append)
    assert f"Ranking: {HYBRID}" in said
    assert sum(line.startswith("Grouping") for line in said) == 3
