"""Fitting chooses among the stated values, on the tuning half only."""

import json

import numpy as np
import pytest

from matcher.calibrate import FEATURES, LogisticCalibrator
from matcher.engine import Tuning
from matcher.fuse import FusionWeights
from matcher.protocols import Role
from models import offsets
from models.hashing import HashingEncoder
from service import wiring
from service.fit import pairing, tuning


@pytest.fixture(autouse=True)
def held_out(monkeypatch, tiny_tuning):
    """In place of the themes of the tuning set that are held out."""
    monkeypatch.setattr(tuning, "load_tuning", lambda: tiny_tuning)


@pytest.fixture
def themes(monkeypatch, tiny_themes):
    """In place of the groups of needs that grouping is fitted on: two themes are too few."""
    monkeypatch.setattr(tuning, "themes", lambda _: {"sample": tiny_themes})


@pytest.fixture
def fitted(monkeypatch, themes, tiny_sample, hashing):
    """What is fitted on the sample of two themes; and which needs and solutions were read for it."""
    monkeypatch.setattr(tuning, "load_sample", lambda: tiny_sample)
    said: list[str] = []
    return tuning.fit_tuning(hashing, None, said.append), said


def test_weights_and_thresholds_are_in_range(fitted):
    """Each is one of the values that were tried."""
    found, said = fitted
    assert found["fusion"]["words_same_language"] in tuning.WORDS_SAME
    assert found["fusion"]["words_cross_language"] in tuning.WORDS_CROSS
    assert found["fusion"]["codes"] in tuning.CODES
    assert found["fusion"]["branch"] in tuning.BRANCH
    assert found["fusion"]["late"] in tuning.LATE
    assert found["grouping"]["linkage"] in pairing.LINKAGES
    assert found["grouping"]["linkage_beside"] in pairing.LINKAGES
    assert found["grouping"]["edge"] in pairing.EDGES
    assert said


def test_what_was_tried_leaves_the_vectors_a_share():
    """No choice of weights is a search by words alone."""
    assert max(*tuning.WORDS_SAME, *tuning.WORDS_CROSS) + max(tuning.CODES) < 1
    assert max(pairing.EDGES) < max(pairing.LINKAGES) < 1
    assert set(tuning.STRENGTHS) <= set(np.linspace(0, 1, 11).round(1))


def test_it_is_of_the_model_and_can_be_stored(monkeypatch, fitted):
    """It survives JSON, and the wiring makes a tuning of it."""
    stored = json.loads(json.dumps(fitted[0]))
    assert stored["model"] == "hashing@1"
    assert stored["fitted_with"] == "hashing"
    monkeypatch.setattr(
        wiring.tunings, "shipped", lambda _, name="": None if name == wiring.DUPLICATES else stored
    )
    found = wiring.tuning_of(HashingEncoder())
    calibrator = LogisticCalibrator.from_json(stored["calibrator"])
    grouping = wiring.grouping_of(stored["grouping"])
    fusion = FusionWeights(**stored["fusion"])
    assert found == Tuning(fusion, grouping, calibrator, covered=stored["covered"], symmetric=True)
    assert tuning.plain(grouping) == fitted[0]["grouping"]
    held_out = 4 * 4  # the same needs, and only the solutions of their half
    assert calibrator.judgements == 4 * 8 + held_out  # four needs of the tuning half, all solutions


def test_the_calibrator_prefers_what_answers(fitted):
    """More meaning in common never makes a pair less probable; probabilities are in [0, 1]."""
    calibrator = LogisticCalibrator.from_json(fitted[0]["calibrator"])
    features = np.zeros((5, len(FEATURES)), dtype=np.float32)
    features[:, 0] = np.linspace(0, 1, 5)
    chances = calibrator.probability(features)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances) >= 0).all()
    assert chances[-1] > chances[0]


def test_two_easy_themes_are_ranked_and_grouped(fitted):
    """Pumps are pumps even for an encoder that sees letters; the other half's twins halve the gain."""
    figures = fitted[0]["tuning_figures"]
    assert 0.5 < figures["ndcg_10"]["sample"] < 0.8
    assert set(figures["grouping"]) == {"sample", "sample beside solutions"}
    assert 0 <= figures["grouping"]["sample"]["pair_f1"] <= 1


def test_nothing_of_the_test_half_is_judged(monkeypatch, themes, tiny_sample, hashing):
    """Other judgements and groups in the test half give the same fit."""
    monkeypatch.setattr(tuning, "load_sample", lambda: tiny_sample)
    before = tuning.fit_tuning(hashing, None, lambda _: None)
    for need in tiny_sample.part("test").needs:
        tiny_sample.qrels[need.id] = {"tune-S0": 3}
        tiny_sample.groups[need.id] = need.id
    assert tuning.fit_tuning(hashing, None, lambda _: None) == before


def test_grouping_is_fitted_on_the_tuning_half_and_on_what_is_held_out_from_training(
    monkeypatch, tiny_sample
):
    """Each need with its group and what stays in one fold; the test half is not there."""
    monkeypatch.setattr(tuning, "load_sample", lambda: tiny_sample)
    found = tuning.themes(None)
    assert list(found) == ["sample", "held out"]
    for task in found.values():
        assert [need.id for need in task.needs] == [f"tune-N{i}" for i in range(4)]
        assert all(task.groups[need.id].startswith("tune-") for need in task.needs)
        assert [task.themes[need.id] for need in task.needs] == ["pumps", "pumps", "vests", "vests"]
        assert task.solutions


def test_grouping_alone_can_be_fitted_anew(fitted, themes, hashing):
    """All else stays as it was fitted before."""
    stored = {**fitted[0], "fusion": {"late": 0.123}}
    found = tuning.refit_grouping(hashing, stored, None, lambda _: None)
    assert found["grouping"] == fitted[0]["grouping"]
    assert found["fusion"] == {"late": 0.123}
    assert found["tuning_figures"] == fitted[0]["tuning_figures"]


def test_a_model_without_offset_has_strength_none(fitted):
    """There is nothing to weigh."""
    assert fitted[0]["offset_strength"] == 0.0
    assert list(fitted[0]["tuning_figures"]["ndcg_10_by_strength"]) == ["0.0"]


def test_with_an_offset_each_strength_is_tried(monkeypatch, themes, tiny_sample, hashing):
    """The best of them is kept, by the mean over the tasks."""
    vectors = HashingEncoder().encode(["pump and vest", "Pumpe und Weste"], Role.QUERY).pooled
    means = offsets.fit(dict.fromkeys(offsets.ROLES, vectors), ["en", "de"], "hashing@1")
    monkeypatch.setattr(offsets, "shipped", lambda _: means)
    monkeypatch.setattr(tuning, "load_sample", lambda: tiny_sample)
    found = tuning.fit_tuning(hashing, None, lambda _: None)
    tried = found["tuning_figures"]["ndcg_10_by_strength"]
    assert list(tried) == [str(strength) for strength in tuning.STRENGTHS]
    assert found["offset_strength"] in tuning.STRENGTHS
    best = max(sum(figures.values()) for figures in tried.values())
    assert sum(tried[str(found["offset_strength"])].values()) == pytest.approx(best)
