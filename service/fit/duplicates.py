"""Fitting and measuring what tells a need entered twice from two needs for the same thing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from corpora import load_sample
from corpora.campaign import language_versions
from matcher.collection import Collection
from matcher.duplicates import DuplicateModel, features, judged, near_duplicates, nearest_pairs
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.filters import Filter
from matcher.protocols import Int64
from matcher.records import Need
from matcher.rows import RowSet
from service.report.tables import table
from service.settings import Settings
from service.wiring import Say, open_embedder

PRECISION = 0.95
"""Share of flagged pairs that must be right where the threshold is chosen."""


@dataclass(frozen=True, slots=True)
class Task:
    """Needs, and which of them are one: the same source under several ids."""

    needs: Sequence[Need]
    sources: Mapping[str, str]


def copies(needs: Sequence[Need], seed: int = 7) -> Task:
    """Needs and an edited copy of each: cut, reordered, mistyped, under another title.

    >>> task = copies([Need(id="N", title="Pump", description="It floats. It starts cold. It is red.")])
    >>> len(task.needs), sorted(set(task.sources.values()))
    (2, ['N'])
    """
    rng = Random(seed)
    made = [
        replace(need, id=f"{need.id}:copy", title=title, description=text)
        for need in needs
        for title, text in [_edited(need, rng)]
    ]
    return Task(
        [*needs, *made], {**{n.id: n.id for n in needs}, **{m.id: m.id.partition(":")[0] for m in made}}
    )


def _edited(need: Need, rng: Random) -> tuple[str, str]:
    sentences = [s for s in re.split(r"(?<=[.;!?])\s+|\n", need.description) if s]
    kept = [s for s in sentences if rng.random() > 0.2] or sentences
    if rng.random() < 0.4:
        rng.shuffle(kept)
    text = " ".join(kept)
    for _ in range(max(1, len(text) // 150)):
        at = rng.randrange(max(1, len(text) - 1))
        text = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
    words = need.title.split()
    title = " ".join(words[: max(2, len(words) - 2)]) if rng.random() < 0.5 else need.title.upper()
    return title, text


def tasks(folder: Path, part: str) -> list[Task]:
    """Copies of the sample's needs, and the language versions of notices, of one split."""
    versions = language_versions(folder, "train" if part == "tune" else "test")
    sample = load_sample()
    half = sample.part("tune") if part == "tune" else sample.part("test")
    return [copies(half.needs), Task(versions.needs, versions.groups)]


def fit_duplicates(
    folder: Path, settings: Settings, say: Say | None = None
) -> tuple[DuplicateModel, dict[str, Any]]:
    """Weights and threshold fitted on the tuning splits, and what they reach on the others."""
    from sklearn.linear_model import LogisticRegression

    embedder = open_embedder(settings, say)
    values, same, weights = [], [], []
    for task in tasks(folder, "tune"):
        collection = _collected(embedder, task)
        pairs, duplicate = _pairs(collection, task)
        values.append(features(collection, pairs))
        same.append(duplicate)
        # of each task its pairs of one need weigh as much as its others, and tasks as much as each other
        weights.append(np.where(duplicate, 0.5 / max(duplicate.sum(), 1), 0.5 / max((~duplicate).sum(), 1)))
    x, y, weight = np.concatenate(values), np.concatenate(same), np.concatenate(weights)
    fitted = LogisticRegression(C=100.0, max_iter=1000).fit(x, y, sample_weight=weight * len(y) / 2)
    coefficients = tuple(float(c) for c in fitted.coef_[0])
    model = DuplicateModel(embedder.encoder.identity.model, coefficients, float(fitted.intercept_[0]), 0.5)
    model = replace(
        model,
        threshold=max(_threshold(judged(model, v), s) for v, s in zip(values, same, strict=True)),
    )
    return model, {
        "tune": measure(folder, embedder, model, "tune"),
        "test": measure(folder, embedder, model, "test"),
    }


def measure(
    folder: Path, embedder: Embedder, model: DuplicateModel, part: str
) -> dict[str, dict[str, float]]:
    """Precision and recall on each task of a split, and what is flagged where nothing was entered twice."""
    half = load_sample().part("tune" if part == "tune" else "test")
    apart = _collected(embedder, Task(half.needs, {}))
    false = near_duplicates(apart, model, _all(apart))
    figures: dict[str, dict[str, float]] = {
        "needs all different": {"needs": len(half.needs), "flagged": len(false)}
    }
    for name, task in zip(("edited copies", "language versions"), tasks(folder, part), strict=True):
        collection = _collected(embedder, task)
        flagged = near_duplicates(collection, model, _all(collection))
        right = sum(task.sources[d.one.id] == task.sources[d.other.id] for d in flagged)
        sizes: dict[str, int] = {}
        for source in task.sources.values():
            sizes[source] = sizes.get(source, 0) + 1
        # of a notice in 24 languages only so many are compared with each: a need is found if one twin is
        found = {d.one.id for d in flagged if task.sources[d.one.id] == task.sources[d.other.id]} | {
            d.other.id for d in flagged if task.sources[d.one.id] == task.sources[d.other.id]
        }
        twins = sum(size for size in sizes.values() if size > 1)
        figures[name] = {
            "flagged": len(flagged),
            "precision": round(right / len(flagged), 4) if flagged else 1.0,
            "needs_with_a_twin_found": round(len(found) / twins, 4) if twins else 1.0,
        }
    return figures


def section(figures: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The figures of `measure` for the quality page."""
    apart = figures["needs all different"]
    rows = [
        [name, f"{one['flagged']:.0f}", f"{one['precision']:.3f}", f"{one['needs_with_a_twin_found']:.3f}"]
        for name, one in figures.items()
        if "precision" in one
    ]
    return [
        "",
        "## Near-duplicates, test splits",
        "",
        f"Of {apart['needs']:.0f} needs that all differ, {apart['flagged']:.0f} pairs are flagged.",
        "Where needs were entered twice, edited (sample) or in another official language (notices):",
        "",
        *table(["task", "pairs flagged", "of these right", "needs whose twin is found"], rows),
    ]


def _collected(embedder: Embedder, task: Task) -> Collection:
    engine = Engine(embedder)
    engine.add(task.needs)
    return engine.needs


def _all(collection: Collection) -> RowSet:
    return collection.select(Filter()).allowed


def _pairs(collection: Collection, task: Task) -> tuple[Int64, np.ndarray[Any, Any]]:
    """Each need with its nearest ones, and which of these pairs are one need twice."""
    everything = _all(collection)
    pairs = nearest_pairs(collection, everything, everything)
    sources = [[task.sources[collection.record(row).id] for row in pair] for pair in pairs.tolist()]
    return pairs, np.array([one == other for one, other in sources])


def _threshold(chances: np.ndarray[Any, Any], same: np.ndarray[Any, Any]) -> float:
    """The least probability from which the flagged pairs are right often enough, a half at least."""
    order = np.argsort(-chances, kind="stable")
    precision = np.cumsum(same[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= PRECISION)
    return round(max(0.5, float(chances[order[enough[-1]]])), 4) if enough.size else 0.99
