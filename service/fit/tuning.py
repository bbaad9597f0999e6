"""Fitting what orders, groups and calibrates results for one model revision, on tuning splits only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from corpora import load_sample
from corpora.campaign import language_versions, titles_to_notices
from corpora.tuning import load as load_tuning
from matcher.branch import UNSAID
from matcher.calibrate import BRANCH as CPV_FEATURE
from matcher.calibrate import LogisticCalibrator, features, fit
from matcher.cluster import Grouping
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.evaluate.ranking import RELEVANT, ndcg
from matcher.evaluate.reliability import Shown, reliability
from matcher.evidence import Comparison, emphasis
from matcher.explain import ABOUT_THE_MATTER
from matcher.filters import Filter
from matcher.fuse import FusionWeights, fuse, order
from matcher.protocols import Float32, Int64
from matcher.records import Record
from matcher.rerank import rerank
from matcher.retrieve import Candidates, ask_records, retrieve
from models.offsets import LanguageOffsets
from service.fit.pairing import Themes, fit_grouping
from service.settings import Settings
from service.wiring import Say, open_embedder

OWN = ("sample", "held out")
"""Tasks of needs and solutions: the others have no solutions."""
DEPTH = 100
FOLDS = 5
ANSWERS = 3
SHOWN = 30
"""Places of each ranking that the calibrator learns from: what users get to see, and a little more."""
STRENGTHS = (0.0, 0.3, 0.6, 0.8, 1.0)
WORDS_SAME = (0.0, 0.05)
WORDS_CROSS = (0.0, 0.1)
CODES = (0.0, 0.1, 0.2, 0.3)
LATE = (0.0, 0.2, 0.35, 0.5, 0.65)
BRANCH = (0.0, 0.03, 0.06, 0.1, 0.15)
COMPARED = FusionWeights(0.0, 0.1, 0.2, 0.3, 0.06)
"""Chooses the candidates whose parts are compared while weights are fitted."""
UNMET_AT_MOST = 0.15
"""Share of requirements of answered needs that may be called unmet by mistake."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A query's candidates with their grades."""

    candidates: Candidates
    ids: list[str]
    grades: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best fusion found with one strength of the language offset."""

    strength: float
    fusion: FusionWeights
    figures: dict[str, float]
    """Mean nDCG@10 of each task."""


@dataclass(frozen=True, slots=True)
class Task:
    """Queries to rank, with what is known of them."""

    queries: Sequence[Record]
    documents: Sequence[Record]
    qrels: Mapping[str, Mapping[str, int]]


def fit_tuning(settings: Settings, folder: Path | None, say: Say) -> dict[str, Any]:
    """Offset strength, fusion weights, grouping thresholds and calibrator, with what they reached.

    Fitted on the tuning half of the sample, on the blocks of the tuning set that are held out from training
    and, where a `folder` of notices is given, on its fold `train`, each weighing the same (see
    `corpora.campaign`).
    """
    embedder = open_embedder(settings, say)
    tasks = _tasks(folder)
    offset = embedder.neutraliser
    ranked: list[Ranked] = []
    for strength in STRENGTHS if isinstance(offset, LanguageOffsets) else (0.0,):
        if isinstance(offset, LanguageOffsets):
            embedder.neutraliser = replace(offset, strength=strength)
        say(f"Ranking with offset strength {strength}")
        judged = {name: list(_retrieved(embedder, task)) for name, task in tasks.items()}
        ranked.append(Ranked(strength, *_fusion(judged)))
    best = max(ranked, key=lambda item: sum(item.figures.values()))
    if isinstance(offset, LanguageOffsets):
        embedder.neutraliser = replace(offset, strength=best.strength)
    say("Choosing grouping thresholds")
    grouping, grouped = fit_grouping(embedder, themes(folder))
    say("Calibrating")
    identity = embedder.encoder.identity
    asked = [item for name in OWN for item in _retrieved(embedder, tasks[name], best.fusion, unanswered=True)]
    values, relevant, queries = _shown(asked, best.fusion)
    calibrator = _calibrator(values, relevant, identity.model)
    return {
        "model": identity.model,
        "fitted_with": identity.engine,
        "offset_strength": best.strength,
        "fusion": asdict(best.fusion),
        "grouping": plain(grouping),
        "calibrator": calibrator.as_json(),
        "covered": _covered(embedder, [tasks[name] for name in OWN]),
        "tuning_figures": {
            "ndcg_10": best.figures,
            "ndcg_10_by_strength": {str(item.strength): item.figures for item in ranked},
            "grouping": grouped,
            "calibration_cross_validated": _cross_validated(values, relevant, queries),
        },
    }


def _tasks(folder: Path | None) -> dict[str, Task]:
    sample = load_sample().part("tune")
    held = load_tuning().part(held_out=True)
    tasks = {
        name: Task(part.needs, part.solutions, part.qrels)
        for name, part in (("sample", sample), ("held out", held))
    }
    if folder is not None:
        titles = titles_to_notices(folder, "train")
        tasks["notices"] = Task(titles.queries, titles.documents, titles.qrels)
    return tasks


def themes(folder: Path | None) -> dict[str, Themes]:
    """Needs in groups: those of our own with solutions beside them, and the language versions of notices."""
    sample, held = load_sample().part("tune"), load_tuning().part(held_out=True)
    tasks = {
        "sample": Themes(sample.needs, sample.groups, sample.themes, sample.solutions, sample.qrels),
        "held out": Themes(held.needs, held.groups, held.blocks, held.solutions, held.qrels),
    }
    if folder is not None:
        versions = language_versions(folder, "train")
        tasks["notices"] = Themes(versions.needs, versions.groups, versions.groups)
    return tasks


def refit_grouping(
    settings: Settings, stored: Mapping[str, Any], folder: Path | None, say: Say
) -> dict[str, Any]:
    """What was fitted before, with pair models and thresholds of grouping fitted anew."""
    embedder = open_embedder(settings, say)
    say("Fitting when needs ask for the same")
    grouping, figures = fit_grouping(embedder, themes(folder))
    told = {**stored["tuning_figures"], "grouping": figures}
    return {**stored, "grouping": plain(grouping), "tuning_figures": told}


def plain(grouping: Grouping) -> dict[str, Any]:
    """Thresholds and pair models as plain values, for the file that ships with the model."""
    return asdict(grouping)


def _retrieved(
    embedder: Embedder, task: Task, fusion: FusionWeights = COMPARED, *, unanswered: bool = False
) -> Iterator[Judged]:
    """Candidates of the queries that have an answer, or of all, as if weighed by `fusion`."""
    engine = Engine(embedder)
    engine.add(task.documents)
    collection = engine.collections[task.documents[0].kind]
    allowed = collection.select(Filter()).allowed
    answered = {query for query, grades in task.qrels.items() if max(grades.values()) >= RELEVANT}
    judged = [query for query in task.queries if unanswered or query.id in answered]
    for record, query in zip(judged, ask_records(judged, embedder), strict=True):
        found = retrieve(query, collection, allowed, DEPTH)
        if embedder.encoder.identity.late_dimension:
            found = rerank(query, found, collection, fusion)
        ids = [collection.record(row).id for row in found.rows.tolist()]
        yield Judged(found, ids, task.qrels.get(record.id, {}))


def _fusion(retrievals: dict[str, list[Judged]]) -> tuple[FusionWeights, dict[str, float]]:
    best: tuple[float, FusionWeights, dict[str, float]] | None = None
    late_there = any(np.any(item.candidates.late) for judged in retrievals.values() for item in judged)
    options = product(WORDS_SAME, WORDS_CROSS, CODES, LATE if late_there else (0.0,), BRANCH)
    for same, cross, codes, late, branch in options:
        if max(same, cross) + codes + late + branch > 1:
            continue
        weights = FusionWeights(same, cross, codes, late, branch)
        figures = {
            name: float(np.mean([_ndcg(j, weights) for j in judged])) for name, judged in retrievals.items()
        }
        total = sum(figures.values())
        if best is None or total > best[0]:
            best = (total, weights, figures)
    assert best is not None
    return best[1], {name: round(value, 4) for name, value in best[2].items()}


def _ndcg(judged: Judged, weights: FusionWeights) -> float:
    places = order(judged.candidates.rows, fuse(judged.candidates, weights))[:10]
    return ndcg([judged.ids[i] for i in places], judged.grades)


def _shown(judged: Sequence[Judged], weights: FusionWeights) -> tuple[Float32, Float32, Int64]:
    """Features, relevance and query of the first places of each ranking."""
    values: list[Float32] = []
    relevant: list[float] = []
    queries: list[int] = []
    for number, item in enumerate(judged):
        places = order(item.candidates.rows, fuse(item.candidates, weights))[:SHOWN]
        values.append(features(item.candidates)[places])
        relevant += [float(item.grades.get(item.ids[i], 0) >= RELEVANT) for i in places]
        queries += [number] * len(places)
    return np.concatenate(values), np.array(relevant, dtype=np.float32), np.array(queries, dtype=np.int64)


def _calibrator(values: Float32, relevant: Float32, model: str = "") -> LogisticCalibrator:
    """Fitted on each pair twice, with its CPV codes and as if they were not said: both come up in use."""
    hidden = values.copy()
    hidden[:, CPV_FEATURE] = UNSAID
    both = np.concatenate([values, hidden]), np.concatenate([relevant, relevant])
    return replace(fit(*both, model, date.today().isoformat()), judgements=len(relevant))


def _cross_validated(values: Float32, relevant: Float32, queries: Int64) -> dict[str, float]:
    """What the calibrator is worth on queries it was not fitted on: five folds, whole queries apart."""
    said = np.zeros(len(relevant), dtype=np.float32)
    for fold in range(FOLDS):
        held = queries % FOLDS == fold
        said[held] = _calibrator(values[~held], relevant[~held]).probability(values[held])
    first = np.concatenate([np.flatnonzero(queries == query)[:10] for query in np.unique(queries)])
    shown = [Shown("", float(said[i]), bool(relevant[i])) for i in first.tolist()]
    found = reliability(shown)
    return {"results": found.count, "brier": round(found.brier, 4), "ece": round(found.ece, 4)}


def _covered(embedder: Embedder, tasks: Sequence[Task]) -> float:
    """Coverage below which few requirements of a need lie, compared with a solution that answers it."""
    met: list[Float32] = []
    for task in tasks:
        engine = Engine(embedder)
        engine.add(task.documents)
        for query in ask_records(task.queries, embedder):
            grades = task.qrels.get(query.record.id, {}) if query.record else {}
            for document, grade in grades.items():
                kept = engine.solutions.parts[engine.solutions.row(document)]
                if grade == ANSWERS and kept is not None and len(kept) and len(query.parts):
                    compared = Comparison(query.parts, kept)
                    met.append(compared.coverage[emphasis(query.parts) >= ABOUT_THE_MATTER])
    return round(float(np.quantile(np.concatenate(met), UNMET_AT_MOST)), 4) if met else 0.0
