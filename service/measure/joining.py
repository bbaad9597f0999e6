"""How good joint candidates are: what is shown and pure, what stays as needs come, real funded needs.

Measured on what nothing was fitted on; written into docs/quality.md by `make quality`.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score

from corpora import load_sample
from corpora.campaign import rows
from matcher.embed import Embedder
from matcher.engine import Engine, Tuning
from matcher.joint import JointCandidate
from matcher.records import Need, Solution
from service.report.tables import table
from service.settings import Settings
from service.wiring import Say, open_embedder, tuning_of, vocabulary

DAY = date(2026, 12, 1)
"""Before every window of the sample."""
LATER = 20
"""One need in so many comes later, to see what that changes."""
SEEDS = 5


@dataclass(frozen=True, slots=True)
class Purity:
    """Candidates of some levels, and how many hold needs of one true group only."""

    candidates: int
    pure: int

    @property
    def share(self) -> float | None:
        """Pure ones among all; None where there are none."""
        return self.pure / self.candidates if self.candidates else None


def measure(settings: Settings, folder: Path | None, say: Say) -> dict[str, Any]:
    """What there is to say of candidates on the sample's test half and, with a folder, on funded needs."""
    embedder = open_embedder(settings, say)
    tuning = tuning_of(embedder.encoder)
    sample = load_sample().part("test")
    say("Joint candidates of the sample")
    engine = _engine(embedder, tuning, sample.needs, sample.solutions)
    found = engine.candidates(day=DAY)
    figures: dict[str, Any] = {
        "levels": {
            level: _as_json(purity([c for c in found if str(c.score.level) == level], sample.groups))
            for level in "ABC"
        },
        "shown": _as_json(purity([c for c in found if c.shown], sample.groups)),
        "in doubt": _as_json(purity([c for c in found if c.doubt], sample.groups)),
        "lookalikes": _lookalikes(found, sample.groups, sample.themes),
        "pairs": _pairs(engine, sample.groups),
        "stability": _stability(embedder, tuning, sample.needs, sample.solutions),
    }
    if folder is not None:
        say("Funded needs (T6)")
        figures["t6"] = _funded(embedder, folder)
    return figures


def purity(found: Sequence[JointCandidate], groups: Mapping[str, str]) -> Purity:
    """How many candidates hold participants of one group only."""
    pure = [len({groups[need.id] for need in item.members}) == 1 for item in found]
    return Purity(len(pure), sum(pure))


def _as_json(found: Purity) -> dict[str, float | int | None]:
    return {"candidates": found.candidates, "pure": found.pure, "share": found.share}


def _lookalikes(
    found: Sequence[JointCandidate], groups: Mapping[str, str], themes: Mapping[str, str]
) -> dict[str, int]:
    """Candidates that join needs of two themes that look alike, and how many of them are above level C."""
    mixed = [item for item in found if len({themes[need.id] for need in item.members}) > 1]
    within = [
        item for item in found if item not in mixed and len({groups[need.id] for need in item.members}) > 1
    ]
    above = [item for item in mixed if item.shown]
    return {
        "across themes": len(mixed),
        "across themes, shown": len(above),
        "within a theme": len(within),
        "within a theme, shown": sum(item.shown for item in within),
    }


def _pairs(engine: Engine, groups: Mapping[str, str]) -> dict[str, float]:
    """Whether the probability of a pair means what it says, over pairs at .1 or more."""
    ids = sorted(groups)
    alike = engine.likeness(ids)
    left, right = np.triu_indices(len(ids), 1)
    said = alike[left, right]
    true = np.array([groups[ids[i]] == groups[ids[j]] for i, j in zip(left, right, strict=True)])
    kept = said >= 0.1
    order = np.argsort(said[kept])
    bins = np.array_split(order, 5)
    gaps = [abs(said[kept][b].mean() - true[kept][b].mean()) * b.size for b in bins if b.size]
    return {
        "pairs": int(kept.sum()),
        "said": float(said[kept].mean()),
        "true": float(true[kept].mean()),
        "ece": float(sum(gaps) / max(1, kept.sum())),
    }


def _stability(
    embedder: Embedder, tuning: Tuning, needs: Sequence[Need], solutions: Sequence[Solution]
) -> dict[str, float]:
    """Share of groups of two or more that stay as they are, but for newcomers, when 5 % new needs come."""
    kept: list[float] = []
    for seed in range(SEEDS):
        later = set(np.random.default_rng(seed).permutation(len(needs))[: len(needs) // LATER].tolist())
        first = [need for i, need in enumerate(needs) if i not in later]
        engine = _engine(embedder, tuning, first, solutions)
        before = _members(engine)
        engine.add([need for i, need in enumerate(needs) if i in later])
        known = {need.id for need in first}
        after = {group & known for group in _members(engine)}
        kept.append(sum(group in after for group in before) / len(before))
    shuffled = [needs[i] for i in np.random.default_rng(0).permutation(len(needs)).tolist()]
    whole = _members(_engine(embedder, tuning, needs, solutions))
    again = _members(_engine(embedder, tuning, shuffled, solutions))
    return {
        "kept": float(np.mean(kept)),
        "worst": float(min(kept)),
        "same when shuffled": float(whole == again),
    }


def _members(engine: Engine) -> set[frozenset[str]]:
    return {frozenset(need.id for need in group) for group in engine.groups()}


def _engine(
    embedder: Embedder, tuning: Tuning, needs: Sequence[Need], solutions: Sequence[Solution]
) -> Engine:
    engine = Engine(embedder, tuning, vocabulary())
    engine.add([*needs, *solutions])
    return engine


def _funded(embedder: Embedder, folder: Path) -> dict[str, float]:
    """T6: funded needs by what was bought, in as many groups as there are labels, both folds apart and whole.

    Nothing was trained or fitted on these texts; the smaller fold `test` is small.
    """
    records = {row["id"]: row for row in rows(folder / "needs_isf.jsonl")}
    listed = sorted((folder / "tests").glob("t6_*.tsv"))
    if not listed:
        return {}
    with listed[0].open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    figures: dict[str, float] = {}
    for name, kept in (("test", [r for r in lines if r["fold"] == "test"]), ("all", lines)):
        needs = [
            Need(
                id=row["need"],
                title=records[row["need"]]["title_orig"] or records[row["need"]]["title_en"],
                description=records[row["need"]]["description_orig"],
                language=row["lang_orig"] or None,
            )
            for row in kept
        ]
        labels = [row["label"] for row in kept]
        engine = Engine(embedder)
        engine.add(needs)
        vectors = engine.needs.centroids(np.array([engine.needs.row(need.id) for need in needs]))
        words = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
        lexical = words.fit_transform(need.text for need in needs).toarray()
        figures[f"{name}: needs"] = len(needs)
        figures[f"{name}: ARI"] = _ari(vectors, labels)
        figures[f"{name}: ARI of words alone"] = _ari(lexical, labels)
    return figures


def _ari(vectors: NDArray[Any], labels: Sequence[str]) -> float:
    grown = AgglomerativeClustering(len(set(labels)), metric="cosine", linkage="average").fit(vectors)
    return float(adjusted_rand_score(labels, grown.labels_))


def section(figures: Mapping[str, Any]) -> list[str]:
    """The part of the page about joint candidates."""
    levels, shown = figures["levels"], figures["shown"]
    rows_ = [
        [name, str(one["candidates"]), str(one["pure"]), _share(one["share"])]
        for name, one in [*levels.items(), ("in doubt", figures["in doubt"]), ("shown", shown)]
    ]
    alike, pairs, steady = figures["lookalikes"], figures["pairs"], figures["stability"]
    lines = [
        "",
        "## Joint candidates, sample's test half",
        "",
        "A candidate is pure when all its participants are of one true group. What is shown unasked is",
        "across borders, of level A or B, and without doubt: its weakest pair is surely the same thing.",
        "",
        *table(["level", "candidates", "pure", "share"], rows_),
        "",
        f"Candidates that join lookalike themes: {alike['across themes']}, "
        f"{alike['across themes, shown']} of them shown; needs of one theme that are not the same "
        f"thing: {alike['within a theme']}, {alike['within a theme, shown']} of them shown.",
        "",
        f"Of {pairs['pairs']} pairs said to be the same with .1 or more, {pairs['said']:.2f} was said and "
        f"{pairs['true']:.2f} held; calibration error {pairs['ece']:.3f}.",
        "",
        f"When one need in {LATER} comes later, {steady['kept']:.3f} of the groups stay as they were "
        f"(worst of {SEEDS} draws {steady['worst']:.3f}). "
        + (
            "In another order the same groups come out."
            if steady["same when shuffled"] == 1
            else "In another order other groups come out."
        ),
    ]
    if found := figures.get("t6"):
        lines += [
            "",
            "### Funded needs by what was bought (T6)",
            "",
            "In the original languages, average linkage into as many groups as there are labels; ARI of our",
            "vectors and of character n-grams. Labels are broad and made by keywords.",
            "",
            *table(
                ["needs", "number", "ARI", "by words", "times"],
                [
                    [
                        name,
                        str(found[f"{name}: needs"]),
                        f"{found[f'{name}: ARI']:.3f}",
                        f"{found[f'{name}: ARI of words alone']:.3f}",
                        f"{found[f'{name}: ARI'] / max(found[f'{name}: ARI of words alone'], 1e-9):.1f}",
                    ]
                    for name in ("test", "all")
                ],
            ),
        ]
    return lines


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
