"""One evaluation of the engine beside its single legs."""

import json
from dataclasses import replace

import pytest

from matcher.calibrate import LogisticCalibrator
from matcher.embed import Embedder
from matcher.engine import Tuning
from matcher.evaluate.ranking import MEASURES
from matcher.evaluate.trial import (
    DENSE,
    HYBRID,
    PLAIN,
    Result,
    Trial,
    cpv_system,
    random_system,
    run,
)
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
    assert {over: set(gains) for over, gains in stored["hybrid_minus"].items()} == {
        PLAIN: set(MEASURES),
        DENSE: set(MEASURES),
    }
    assert stored["languages"]["de"]["queries"] == 1
    assert set(stored["groupings"]) == set(result.groupings)


def test_a_trial_without_judgements_measures_nothing(embedder: Embedder) -> None:
    """What is not given is not reported."""
    said: list[str] = []
    empty = run(Trial(queries=QUERIES, documents=DOCUMENTS), embedder, Tuning(), said.append)
    assert empty.as_json()["systems"] == empty.as_json()["groupings"] == {}
    assert empty.as_json()["hybrid_minus"] == {}
    assert said == []


def test_progress_names_each_system(embedder: Embedder) -> None:
    """Whoever waits hears what is being measured."""
    said: list[str] = []
    run(TRIAL, embedder, Tuning(), said.append)
    assert f"Ranking: {HYBRID}" in said
    assert sum(line.startswith("Grouping") for line in said) == 3


def test_judgements_of_what_is_not_there_are_counted(embedder: Embedder) -> None:
    """Nothing is left out in silence."""
    qrels = {**TRIAL.qrels, "Q9": {"D1": 3}, QUERIES[0].id: {**TRIAL.qrels[QUERIES[0].id], "D99": 2}}
    found = run(replace(TRIAL, qrels=qrels, groups={}), embedder, Tuning()).as_json()
    assert found["judgements_of_unknown_queries"] == 1
    assert found["judgements_of_unknown_documents"] == 2


def test_levels_are_judged_with_a_calibrator(embedder: Embedder) -> None:
    """What is shown for queries with an answer, and the best that is promised to those without."""
    calibrator = LogisticCalibrator("hashing@1", (8.0, 0.0, 1.0, 1.0, 1.0), -5.0, 9, "2031-01-01")
    solutions = [
        Solution(id="S1", name="Fire pump", language="en"),
        Solution(id="S2", name="Tent", language="en"),
    ]
    needs = [Need(id="N1", title="Fire pump", language="en"), Need(id="N2", title="Fax rolls", language="en")]
    trial = Trial(needs, solutions, {"N1": {"S1": 3}}, without_answer=frozenset({"N2"}))
    found = run(trial, embedder, Tuning(calibrator=calibrator))
    assert found.reliability is not None
    assert found.reliability.count == 2
    assert (found.unanswered, found.nothing_promised) == (1, 1.0)
    assert list(found.reliabilities) == ["Germanic"]


def test_codes_and_chance_are_baselines(embedder: Embedder) -> None:
    """The CPV baseline puts the nearest code first; the random one is the same each time."""
    documents = [
        Solution(id="S1", name="x", cpv=("35000000",)),
        Solution(id="S2", name="x", cpv=("35811200",)),
    ]
    query = Need(id="N", title="x", cpv=("35811100",))
    assert list(cpv_system().rank([query], documents)) == [("N", ["S2", "S1"])]
    assert list(random_system().rank([query], documents)) == list(random_system().rank([query], documents))
