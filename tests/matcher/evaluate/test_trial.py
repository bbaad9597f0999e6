"""One evaluation of the engine beside its single legs."""

import json
from dataclasses import replace

import pytest

from matcher.calibrate import LogisticCalibrator
from matcher.embed import Embedder
from matcher.engine import Tuning
from matcher.evaluate.ranking import MEASURES
from matcher.evaluate.systems import DENSE, HYBRID, PLAIN, engine_system, random_system
from matcher.evaluate.trial import Result, Trial, Unknown, run
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
    """Nothing is left out in silence: neither queries nor documents nor needs of the true grouping."""
    qrels = {**TRIAL.qrels, "Q9": {"D1": 3, "S1": 3}, "Q1": {"S1": 3, "D99": 2}, "Q2": {"S2": 2, "D99": 1}}
    found = run(replace(TRIAL, qrels=qrels, groups={**TRIAL.groups, "Q8": "a"}), embedder, Tuning())
    assert found.unknown == Unknown(1, 2, 1, 2, 1)
    assert found.as_json()["unknown"]["judgements"] == 2
    assert [scores.query for scores in found.rankings[HYBRID]] == ["Q1", "Q2"]
    assert {scores.items for scores in found.groupings.values()} == {4}


def test_a_document_that_is_not_there_counts_as_not_found(embedder: Embedder) -> None:
    """The best that could be reached includes it."""
    qrels = {"Q1": {"S1": 3, "D99": 3}}
    found = run(replace(TRIAL, qrels=qrels, groups={}), embedder, Tuning())
    assert found.rankings[HYBRID][0].recall_10 == 0.5


def test_levels_are_judged_with_a_calibrator(embedder: Embedder) -> None:
    """What is shown for queries with an answer, and the best that is promised to those without."""
    calibrator = LogisticCalibrator("hashing@1", (8.0, 0.0, 1.0, 1.0, 1.0, 0.0), -5.0, 9, "2031-01-01")
    solutions = [
        Solution(id="S1", name="Fire pump", language="en"),
        Solution(id="S2", name="Tent", language="en"),
    ]
    needs = [Need(id="N1", title="Fire pump", language="en"), Need(id="N2", title="Fax rolls", language="en")]
    trial = Trial(needs, solutions, {"N1": {"S1": 3}}, without_answer=frozenset({"N2"}))
    found = run(trial, embedder, Tuning(calibrator=calibrator))
    assert found.reliability is not None
    assert found.reliability.count == 4  # two results of each: the unanswered need counts too
    assert sum(one.count for one in found.reliability.levels.values()) == 4
    assert (found.unanswered, found.nothing_promised) == (1, 1.0)
    assert (found.bereft, found.bereft_promised_nothing) == (1, 1.0)  # beside the pump there is a tent
    both = run(replace(trial, qrels={"N1": {"S2": 3}}), embedder, Tuning(calibrator=calibrator))
    assert (both.bereft, both.bereft_promised_nothing) == (1, 0.0)  # the pump is still promised
    assert list(found.reliabilities) == ["Germanic"]


def test_any_systems_stand_beside_each_other(embedder: Embedder) -> None:
    """Another model under its own name, without the engine as it is used; names must differ."""
    other = engine_system("another model", embedder, Tuning())
    found = run(replace(TRIAL, groups={}), embedder, Tuning(), systems=[random_system(), other])
    assert list(found.rankings) == ["random", "another model"]
    assert found.difference("acc_1", "another model", "random").mean >= 0
    stored = found.as_json()
    assert stored["hybrid_minus"] == stored["languages"] == {}
    assert stored["language_bias"].keys() == stored["coverage"].keys() == found.rankings.keys()
    with pytest.raises(ValueError, match="another model"):
        run(TRIAL, embedder, Tuning(), systems=[other, other])


def test_gains_and_averages_are_drawn_by_family(result: Result) -> None:
    """Both queries are of one family: there is no spread, and no difference can be significant."""
    assert result.asked == (2, 1)
    average = result.average("recall_10", HYBRID)
    assert average.low == average.mean == average.high == 1.0
    gains = result.gains(HYBRID, "random")
    assert set(gains) == set(MEASURES)
    assert {gain["p"] for gain in gains.values()} == {1.0}


def test_queries_that_nothing_answers_are_told_apart(embedder: Embedder) -> None:
    """They are ranked with the others, and the result says how many they are."""
    found = run(replace(TRIAL, qrels={**TRIAL.qrels, "Q3": {"S3": 1}}, groups={}), embedder, Tuning())
    assert found.asked[0] == 3
    assert found.nowhere_relevant == 1


def test_suppliers_are_those_of_solutions(embedder: Embedder) -> None:
    """One supplier by its id, whatever its name; needs have none, and no figure."""
    named = [
        Solution(id="S1", name="Pump", language="en", vendor="Acme", vendor_id="1"),
        Solution(id="S2", name="Hose", language="en", vendor="ACME Ltd", vendor_id="1"),
    ]
    trial = Trial(QUERIES[:1], named, {"Q1": {"S1": 3}})
    assert run(trial, embedder, Tuning()).coverages[HYBRID].diversity == 1.0
    between_needs = replace(trial, documents=QUERIES, qrels={"Q1": {"Q2": 3}})
    assert run(between_needs, embedder, Tuning()).coverages == {}
