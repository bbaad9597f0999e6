"""Fitting when needs count as the same, on a few themes and the hashing encoder."""

from dataclasses import replace

import numpy as np
import pytest

from matcher.cluster import Grouping, components, split
from matcher.embed import Embedder
from matcher.engine import Engine, Tuning
from matcher.evaluate.clustering import compare
from matcher.pairs import FEATURES, SOLUTIONS
from matcher.profiles import FEATURES as ANSWERS
from matcher.protocols import Role
from models import offsets, open_encoder
from models.hashing import HashingEncoder
from service.fit import pairing
from service.fit.pairing import Measured, Themes, fit_grouping

Figures = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """Without an offset."""
    return Embedder(open_encoder("hashing"))


@pytest.fixture(scope="module")
def fitted(embedder: Embedder, tiny_themes: Themes) -> tuple[Grouping, Figures]:
    """What is fitted on the themes, with solutions and without."""
    return fit_grouping(embedder, {"own": tiny_themes})


def alone(themes: Themes) -> Themes:
    """The same needs without solutions."""
    return replace(themes, solutions=(), qrels=None)


def measured(embedder: Embedder, themes: Themes) -> Measured:
    """The pairs of the themes."""
    engine = pairing._engine(embedder, themes)
    return pairing._measured(engine, themes, Grouping(similarity=pairing.SIMILARITY))


def test_models_never_fall_and_thresholds_are_of_their_grids(fitted: tuple[Grouping, Figures]) -> None:
    """Coefficients at 0 or above, of the scores there are; an edge below each linkage; no strength."""
    grouping, _ = fitted
    for model, names in (
        (grouping.beside, FEATURES),
        (grouping.alone, FEATURES),
        (grouping.answers, ANSWERS),
    ):
        assert model is not None
        assert model.model == "hashing@1"
        assert len(model.coefficients) == len(names)
        assert min(model.coefficients) >= 0
        assert max(model.coefficients) > 0
    assert grouping.alone is not None
    assert grouping.alone.coefficients[SOLUTIONS] == 0  # where none are loaded there is nothing to agree on
    assert grouping.edge in pairing.EDGES
    for linkage in (grouping.linkage, grouping.linkage_beside):
        assert linkage in pairing.LINKAGES
        assert linkage > grouping.edge
    assert grouping.strength is None
    assert grouping.similarity == pairing.SIMILARITY


def test_a_fitted_engine_groups_the_themes_it_was_fitted_on(
    embedder: Embedder, tiny_themes: Themes, fitted: tuple[Grouping, Figures]
) -> None:
    """With solutions and without; what is promised out of fold is told for both."""
    grouping, figures = fitted
    for name, offers in (("own", ()), ("own beside solutions", tiny_themes.solutions)):
        engine = Engine(embedder, Tuning(grouping=grouping))
        engine.add([*tiny_themes.needs, *offers])
        found = {need.id: group[0].id for group in engine.groups() for need in group}
        assert compare(found, tiny_themes.groups).pair_f1 > 0.75
        assert 0.5 < figures[name]["pair_f1"] <= 1
        assert 0.5 < figures[name]["bcubed_f1"] <= 1


def test_tasks_without_solutions_choose_thresholds_only(
    embedder: Embedder, tiny_themes: Themes, fitted: tuple[Grouping, Figures]
) -> None:
    """Models are those of the tasks with solutions; figures are told of every task."""
    own, _ = fitted
    grouping, figures = fit_grouping(embedder, {"own": tiny_themes, "notices": alone(tiny_themes)})
    assert (grouping.beside, grouping.alone, grouping.answers) == (own.beside, own.alone, own.answers)
    assert set(figures) == {"own", "own beside solutions", "notices"}


def test_with_an_offset_each_strength_is_tried(monkeypatch: pytest.MonkeyPatch, tiny_themes: Themes) -> None:
    """The first of those that group best is kept."""
    monkeypatch.setattr(pairing, "STRENGTHS", (0.3, 0.6))
    vectors = HashingEncoder().encode(["pump and vest", "Pumpe und Weste"], Role.QUERY).pooled
    means = offsets.fit(dict.fromkeys(offsets.ROLES, vectors), ["en", "de"], "hashing@1", strength=0.5)
    grouping, _ = fit_grouping(Embedder(open_encoder("hashing"), means), {"own": tiny_themes})
    assert grouping.strength in pairing.STRENGTHS


def test_a_pair_is_judged_by_a_model_that_did_not_know_it(embedder: Embedder, tiny_themes: Themes) -> None:
    """Other truths in one fold change what is said of the other folds, and nothing that is said of it."""
    item = measured(embedder, tiny_themes)
    assert len(np.unique(item.folds)) == pairing.FOLDS
    before = pairing._out_of_fold({"own": item}, "own")
    assert (before == before.T).all()
    assert (np.diag(before) == 1).all()
    inside = (item.folds[item.left] == 1) & (item.folds[item.right] == 1)
    assert 0 < inside.sum() < inside.size
    other = replace(item, same=np.where(inside, ~item.same, item.same))
    after = pairing._out_of_fold({"own": other}, "own")
    own = item.left[inside], item.right[inside]
    np.testing.assert_array_equal(after[own], before[own])
    rest = (item.folds[item.left] != 1) & (item.folds[item.right] != 1)
    assert np.abs(after - before)[item.left[rest], item.right[rest]].max() > 1e-4


def test_a_theme_is_in_one_fold(embedder: Embedder, tiny_themes: Themes) -> None:
    """Its lookalike too, so that no model has seen either; only pairs near enough are measured."""
    item = measured(embedder, tiny_themes)
    themes = [tiny_themes.themes[need.id] for need in tiny_themes.needs]
    assert len(set(zip(themes, item.folds.tolist(), strict=True))) == len(set(themes))
    assert (item.values[:, FEATURES.index("meaning")] >= pairing.SIMILARITY - 1e-6).all()
    assert item.same.sum() == 6


@pytest.mark.parametrize("edge", pairing.EDGES)
@pytest.mark.parametrize("linkage", [0.34, 0.5, 0.8])
def test_thresholds_are_tried_as_the_engine_groups(edge: float, linkage: float) -> None:
    """Trees that are grown once and cut give the groups of components and linkage."""
    random = np.random.default_rng(4)
    chances = np.triu(random.random((30, 30)) ** 3, 1)
    chances += chances.T + np.eye(30)

    class Thirty:
        traits = range(30)

    found = pairing._cuts(Thirty(), chances, edge)(linkage)  # type: ignore[arg-type]
    left, right = np.nonzero(np.triu(chances >= edge, 1))
    expected = np.arange(30)
    for nodes in components(30, np.column_stack([left, right]), chances[left, right]):
        for group in split(chances[np.ix_(nodes, nodes)], linkage):
            expected[nodes[group]] = nodes[group[0]]
    np.testing.assert_array_equal(found, expected)


def test_pair_f1_counts_pairs_that_were_compared(embedder: Embedder, tiny_themes: Themes) -> None:
    """1 for the true groups, 0 where nothing is together."""
    item = measured(embedder, tiny_themes)
    truth = [tiny_themes.groups[need.id] for need in tiny_themes.needs]
    assert pairing._pair_f1(item, np.unique(truth, return_inverse=True)[1]) == 1
    assert pairing._pair_f1(item, np.arange(len(truth))) == 0
    everything = pairing._pair_f1(item, np.zeros(len(truth), dtype=np.int64))
    assert everything == pytest.approx(2 * 6 / (item.left.size + 6))
