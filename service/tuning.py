"""Fitting what orders, groups and calibrates results for one model revision, on tuning splits only."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from corpora import load_sample
from corpora.campaign import language_versions, titles_to_notices
from matcher.calibrate import features, fit
from matcher.cluster import Grouping
from matcher.embed import Embedder
from matcher.engine import Engine, Tuning
from matcher.evaluate.clustering import compare
from matcher.evaluate.ranking import RELEVANT, ndcg
from matcher.filters import Filter
from matcher.fuse import FusionWeights, fuse, order
from matcher.protocols import Float32
from matcher.records import Need, Record
from matcher.retrieve import Candidates, ask_records, retrieve
from service.settings import Settings
from service.wiring import Say, open_embedder

DEPTH = 100
SHOWN = 30
"""Places of each ranking that the calibrator learns from: what users get to see, and a little more."""
WORDS_SAME = (0.0, 0.02, 0.05, 0.1)
WORDS_CROSS = (0.0, 0.05, 0.1, 0.2, 0.3)
CODES = (0.0, 0.05, 0.1, 0.15, 0.2)
LINKAGES = tuple(round(0.2 + 0.02 * step, 2) for step in range(26))
EDGE_BELOW = 0.05
"""The edge threshold stands this much below that of the linkage: a group's weakest pairs need no edge."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A query's candidates with their grades."""

    candidates: Candidates
    ids: list[str]
    grades: dict[str, int]


def fit_tuning(settings: Settings, folder: Path | None, say: Say) -> dict[str, Any]:
    """Fusion weights, grouping thresholds and a calibrator, with what they reached where they were fitted.

    Fitted on the tuning half of the sample and, where a `folder` of notices is given, on its fold
    `train`, each weighing the same (see `corpora.campaign`).
    """
    embedder = open_embedder(settings, say)
    sample = load_sample().part("tune")
    say("Retrieving for the sample")
    retrievals = {"sample": list(_retrieved(embedder, sample.needs, sample.solutions, sample.qrels))}
    groupings: dict[str, tuple[Sequence[Need], Any]] = {"sample": (sample.needs, sample.groups)}
    if folder is not None:
        say("Retrieving for titles of notices")
        titles = titles_to_notices(folder, "train")
        retrievals["titles"] = list(_retrieved(embedder, titles.queries, titles.documents, titles.qrels))
        versions = language_versions(folder, "train")
        groupings["versions"] = (versions.needs, versions.groups)
    say("Choosing fusion weights")
    fusion, ranked = _fusion(retrievals)
    say("Choosing grouping thresholds")
    grouping, grouped = _grouping(embedder, groupings)
    values, relevant = _shown(retrievals["sample"], fusion)
    identity = embedder.encoder.identity
    calibrator = fit(values, relevant, identity.model, date.today().isoformat())
    return {
        "model": identity.model,
        "fitted_with": identity.engine,
        "fusion": asdict(fusion),
        "grouping": asdict(grouping),
        "calibrator": calibrator.as_json(),
        "tuning_figures": {"ndcg_10": ranked, "grouping": grouped},
    }


def _retrieved(
    embedder: Embedder, queries: Sequence[Record], documents: Sequence[Record], qrels: Any
) -> Iterator[Judged]:
    engine = Engine(embedder)
    engine.add(documents)
    collection = engine.collections[documents[0].kind]
    allowed = collection.select(Filter()).allowed
    judged = [query for query in queries if any(g >= RELEVANT for g in qrels.get(query.id, {}).values())]
    for record, query in zip(judged, ask_records(judged, embedder), strict=True):
        found = retrieve(query, collection, allowed, DEPTH)
        yield Judged(found, [collection.record(row).id for row in found.rows.tolist()], qrels[record.id])


def _fusion(retrievals: dict[str, list[Judged]]) -> tuple[FusionWeights, dict[str, float]]:
    best: tuple[float, FusionWeights, dict[str, float]] | None = None
    for same, cross, codes in product(WORDS_SAME, WORDS_CROSS, CODES):
        weights = FusionWeights(same, cross, codes)
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


def _grouping(
    embedder: Embedder, tasks: dict[str, tuple[Sequence[Need], Any]]
) -> tuple[Grouping, dict[str, dict[str, float]]]:
    engines = {}
    for name, (needs, _) in tasks.items():
        engines[name] = Engine(embedder)
        engines[name].add(needs)
    best: tuple[float, Grouping, dict[str, dict[str, float]]] | None = None
    for linkage in LINKAGES:
        grouping = Grouping(edge=round(linkage - EDGE_BELOW, 2), linkage=linkage)
        figures: dict[str, dict[str, float]] = {}
        for name, (_, truth) in tasks.items():
            engines[name].tuning = Tuning(grouping=grouping)
            found = {need.id: group[0].id for group in engines[name].groups() for need in group}
            scores = compare(found, truth)
            figures[name] = {"pair_f1": round(scores.pair_f1, 4), "bcubed_f1": round(scores.bcubed_f1, 4)}
        total = sum(figure["pair_f1"] for figure in figures.values())
        if best is None or total > best[0]:
            best = (total, grouping, figures)
    assert best is not None
    return best[1], best[2]


def _shown(judged: Sequence[Judged], weights: FusionWeights) -> tuple[Float32, Float32]:
    """Features and relevance of the first places of each ranking."""
    values: list[Float32] = []
    relevant: list[float] = []
    for item in judged:
        places = order(item.candidates.rows, fuse(item.candidates, weights))[:SHOWN]
        values.append(features(item.candidates)[places])
        relevant += [float(item.grades.get(item.ids[i], 0) >= RELEVANT) for i in places]
    return np.concatenate(values), np.array(relevant, dtype=np.float32)
