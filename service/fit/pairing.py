"""Fitting when needs count as the same, on themes that no model was trained on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import LogisticCalibrator, fit
from matcher.cluster import Grouping, components, cut, merges
from matcher.collection import Collection
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.evaluate.clustering import compare
from matcher.evaluate.ranking import RELEVANT
from matcher.evaluate.reliability import Shown, reliability
from matcher.filters import Filter
from matcher.pairs import PARTS, cosines, features
from matcher.profiles import profile_features
from matcher.protocols import Float32, Int64, Role
from matcher.records import Need, Solution
from matcher.traits import Traits, traits_of
from models.offsets import LanguageOffsets

FOLDS = 5
SIMILARITY = 0.3
"""Least cosine of neighbours: hardly a pair of a group lies below."""
STRENGTHS = (0.3, 0.6, 1.0)
EDGES = (0.1, 0.2, 0.3)
LINKAGES = tuple(round(0.06 + 0.02 * step, 2) for step in range(40))
WORTH = 0.01
"""Pair F1 that comparing parts must bring to be done at all."""
PURE = 0.9
"""Share of the groups without doubt that are to be of one thing."""
SURE = tuple(round(0.2 + 0.05 * step, 2) for step in range(14))
FEW = 10
"""Groups on which a share can be told at all."""
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Themes:
    """Needs in groups, with what sells beside them, if anything."""

    needs: Sequence[Need]
    groups: Mapping[str, str]
    themes: Mapping[str, str]
    """Need id to what must stay in one fold."""
    solutions: Sequence[Solution] = ()
    qrels: Mapping[str, Mapping[str, int]] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """The pairs of one task."""

    traits: Traits
    left: Int64
    right: Int64
    values: Float32
    same: NDArray[np.bool_]
    folds: Int64
    """`int64[n]`: the fold of each need."""


def fit_grouping(
    embedder: Embedder, tasks: Mapping[str, Themes]
) -> tuple[Grouping, dict[str, dict[str, float]]]:
    """Pair models, thresholds and offset strength, with what they reach by cross-validation.

    Models are fitted on tasks with solutions, thresholds for needs alone on all tasks.
    """
    own = [name for name, task in tasks.items() if task.solutions]
    offset = embedder.neutraliser
    engines = {name: _engine(embedder, task) for name, task in tasks.items()}
    answers = _answers(embedder, {name: (engines[name], tasks[name]) for name in own})
    best: tuple[float, Grouping, dict[str, dict[str, float]]] | None = None
    for strength in STRENGTHS if isinstance(offset, LanguageOffsets) else (None,):
        base = Grouping(similarity=SIMILARITY, strength=strength, answers=answers)
        beside = {name: _measured(engines[name], tasks[name], base) for name in own}
        alone = {name: _measured(engines[name], tasks[name], base, alone=True) for name in tasks}
        with_solutions = _cheapest(beside, own, tasks)
        without = _cheapest(alone, own, tasks)
        grouping = replace(
            base,
            edge=min(with_solutions.edge, without.edge),
            linkage=without.linkage,
            linkage_beside=with_solutions.linkage,
            sure=max(with_solutions.sure, without.sure),
            beside=replace(with_solutions.model, model=embedder.encoder.identity.model),
            alone=replace(without.model, model=embedder.encoder.identity.model),
        )
        figures = {f"{name} beside solutions": found for name, found in with_solutions.figures.items()}
        figures |= without.figures
        total = sum(with_solutions.figures[name]["pair_f1"] for name in own)
        if best is None or total > best[0]:
            best = total, grouping, figures
    assert best is not None
    return best[1], best[2]


@dataclass(frozen=True, slots=True)
class Choice:
    """A pair model with its thresholds."""

    model: LogisticCalibrator
    edge: float
    linkage: float
    sure: float
    figures: dict[str, dict[str, float]]


def _cheapest(measured: Mapping[str, Measured], own: Sequence[str], tasks: Mapping[str, Themes]) -> Choice:
    """The choice without comparing parts, unless that brings `WORTH` or more: it takes most of the time."""
    plain = {name: replace(item, values=_without_parts(item.values)) for name, item in measured.items()}
    cheap, whole = _chosen(plain, own, tasks), _chosen(measured, own, tasks)
    gain = sum(whole.figures[name]["pair_f1"] - cheap.figures[name]["pair_f1"] for name in own) / len(own)
    return whole if gain >= WORTH else cheap


def _without_parts(values: Float32) -> Float32:
    kept = values.copy()
    kept[:, PARTS] = 0.0
    return kept


def _chosen(
    measured: Mapping[str, Measured], fitted_on: Sequence[str], tasks: Mapping[str, Themes]
) -> Choice:
    """A model of the tasks `fitted_on`, with the thresholds that group all tasks best, out of fold."""
    known = {name: measured[name] for name in fitted_on}
    chances = {
        name: _out_of_fold(known, name) if name in known else _said(_fitted(known), item)
        for name, item in measured.items()
    }

    best: tuple[float, float, float] | None = None
    for edge in EDGES:
        cuts = {name: _cuts(measured[name], chances[name], edge) for name in measured}
        for linkage in (least for least in LINKAGES if least > edge):
            total = sum(_pair_f1(measured[name], cuts[name](linkage)) for name in measured)
            if best is None or total > best[0]:
                best = total, edge, linkage
    assert best is not None
    _, edge, linkage = best
    figures = {
        name: _figures(tasks[name], _cuts(measured[name], chances[name], edge)(linkage)) for name in measured
    }
    for name in known:
        item = measured[name]
        shown = [
            Shown("", float(chances[name][i, j]), bool(same))
            for i, j, same in zip(item.left.tolist(), item.right.tolist(), item.same.tolist(), strict=True)
            if chances[name][i, j] >= edge
        ]
        if shown:
            figures[name] |= {"ece": round(reliability(shown).ece, 4), "pairs_above_edge": len(shown)}
    grouped = {name: _cuts(measured[name], chances[name], edge)(linkage) for name in known}
    weakest = [pair for name in known for pair in _weakest(tasks[name], grouped[name], chances[name])]
    return Choice(_fitted(known), edge, linkage, _sure(weakest), figures)


def _weakest(task: Themes, found: Int64, chances: Matrix) -> list[tuple[float, bool]]:
    """Of each group of two or more its weakest probability, and whether it is of one true group."""
    pairs: list[tuple[float, bool]] = []
    for label in np.unique(found):
        places = np.flatnonzero(found == label)
        if places.size > 1:
            inside = chances[np.ix_(places, places)][np.triu_indices(places.size, 1)]
            true = {task.groups[task.needs[place].id] for place in places.tolist()}
            pairs.append((float(inside.min()), len(true) == 1))
    return pairs


def _sure(weakest: Sequence[tuple[float, bool]]) -> float:
    """The least probability of the weakest pair above which `PURE` of the groups are of one thing."""
    for least in SURE:
        pure = [same for probability, same in weakest if probability >= least]
        if len(pure) >= FEW and np.mean(pure) >= PURE:
            return least
    return SURE[-1]


def _engine(embedder: Embedder, task: Themes) -> Engine:
    engine = Engine(embedder)
    engine.add([*task.needs, *task.solutions])
    return engine


def vectors_of(embedder: Embedder, needs: Collection, rows: Int64, strength: float | None) -> Float32:
    """`float32[n, d]`: needs at another strength of the language offset."""
    vectors = needs.centroids(rows)
    if embedder.neutraliser is None or strength is None:
        return vectors
    spoken = [needs.languages[row] for row in rows.tolist()]
    return embedder.neutraliser.renewed(vectors, spoken, Role.PASSAGE, strength)


def _answers(embedder: Embedder, tasks: Mapping[str, tuple[Engine, Themes]]) -> LogisticCalibrator:
    """How likely a solution answers a need, from what is cheap to tell (`profiles.FEATURES`)."""
    values: list[Float32] = []
    relevant: list[Float32] = []
    for engine, task in tasks.values():
        rows = engine.needs.rows()
        own = traits_of(
            engine.needs,
            rows,
            engine.needs.centroids(rows),
            engine.solutions,
            engine.solutions.select(Filter()).allowed,
        )
        found = profile_features(own.vectors, own.named, own.cpv, engine.solutions, engine.solutions.rows())
        needs = [engine.needs.record(row).id for row in rows.tolist()]
        offers = [engine.solutions.record(row).id for row in engine.solutions.rows().tolist()]
        grades = [[(task.qrels or {}).get(n, {}).get(s, 0) >= RELEVANT for s in offers] for n in needs]
        values.append(found.reshape(-1, found.shape[-1]))
        relevant.append(np.array(grades, dtype=np.float32).ravel())
    identity = embedder.encoder.identity.model
    return fit(np.concatenate(values), np.concatenate(relevant), identity, date.today().isoformat())


def _measured(engine: Engine, task: Themes, grouping: Grouping, *, alone: bool = False) -> Measured:
    rows = engine.needs.rows()
    offers = engine.solutions.select(Filter()).allowed
    own = traits_of(
        engine.needs,
        rows,
        vectors_of(engine.embedder, engine.needs, rows, grouping.strength),
        engine.solutions,
        offers & offers.without(offers) if alone else offers,
        grouping.answers,
    )
    ids = [engine.needs.record(row).id for row in rows.tolist()]
    left, right = np.triu_indices(len(ids), 1)
    near = cosines(own, left, right) >= grouping.similarity
    left, right = left[near], right[near]
    groups = np.array([task.groups[i] for i in ids])
    themes = sorted({task.themes[i] for i in ids})
    order = np.random.default_rng(0).permutation(len(themes))
    fold = {theme: int(place) % FOLDS for theme, place in zip(themes, order, strict=True)}
    return Measured(
        own,
        left,
        right,
        features(own, left, right),
        groups[left] == groups[right],
        np.array([fold[task.themes[i]] for i in ids]),
    )


def _fitted(measured: Mapping[str, Measured], without: int | None = None) -> LogisticCalibrator:
    """A model of all pairs, or of those with no need in one fold; each task weighs by its pairs."""
    values, same = [], []
    for item in measured.values():
        kept = np.ones(item.left.size, dtype=np.bool_)
        if without is not None:
            kept = (item.folds[item.left] != without) & (item.folds[item.right] != without)
        values.append(item.values[kept])
        same.append(item.same[kept])
    joined = np.concatenate(values), np.concatenate(same).astype(np.float32)
    return fit(*joined, "", date.today().isoformat())


def _out_of_fold(measured: Mapping[str, Measured], name: str) -> Matrix:
    """Probabilities of the pairs of one task, from models that knew no need of the one theme or of the other.

    A pair within a theme comes from a model that knew none of it; one across two folds is the mean of two.
    """
    item = measured[name]
    total = np.zeros((len(item.traits),) * 2)
    times = np.zeros_like(total)
    for fold in range(FOLDS):
        inside = (item.folds[item.left] == fold) | (item.folds[item.right] == fold)
        said = _fitted(measured, fold).probability(item.values[inside])
        total[item.left[inside], item.right[inside]] += said
        times[item.left[inside], item.right[inside]] += 1
    return _whole(total / np.maximum(times, 1))


def _said(model: LogisticCalibrator, item: Measured) -> Matrix:
    total = np.zeros((len(item.traits),) * 2)
    total[item.left, item.right] = model.probability(item.values)
    return _whole(total)


def _whole(upper: Matrix) -> Matrix:
    full = np.maximum(upper, upper.T)
    np.fill_diagonal(full, 1.0)
    return full


def _cuts(item: Measured, chances: Matrix, edge: float) -> Callable[[float], Int64]:
    """The group of each need `int64[n]`, for any linkage threshold; trees are grown once."""
    left, right = np.nonzero(np.triu(chances >= edge, 1))
    parts = components(len(item.traits), np.column_stack([left, right]), chances[left, right])
    grown = [(nodes, merges(chances[np.ix_(nodes, nodes)])) for nodes in parts]

    def at(linkage: float) -> Int64:
        found = np.arange(len(item.traits))
        for nodes, tree in grown:
            labels = cut(tree, linkage)
            first = {
                label: node for node, label in zip(nodes[::-1].tolist(), labels[::-1].tolist(), strict=True)
            }
            found[nodes] = [first[label] for label in labels.tolist()]
        return found

    return at


def _pair_f1(item: Measured, found: Int64) -> float:
    """Of the pairs that were compared; the others are in no group of either."""
    together = found[item.left] == found[item.right]
    both = int(np.count_nonzero(together & item.same))
    return 2 * both / max(1, int(together.sum()) + int(item.same.sum()))


def _figures(task: Themes, found: Int64) -> dict[str, float]:
    ids = [need.id for need in task.needs]
    scores = compare({i: str(g) for i, g in zip(ids, found.tolist(), strict=True)}, task.groups)
    return {"pair_f1": round(scores.pair_f1, 4), "bcubed_f1": round(scores.bcubed_f1, 4)}
