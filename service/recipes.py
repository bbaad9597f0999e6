"""What each way of training brings, on held-out themes: `python -m service.recipes DATA`.

Trains the carried model a few steps by each recipe, on the same batches, and writes docs/recipes.md.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpora.tuning import TuningSet
from corpora.tuning import load as load_tuning
from matcher.evaluate.ranking import RELEVANT, ndcg
from matcher.evaluate.significance import interval
from matcher.protocols import Float32

if TYPE_CHECKING:
    from models.training.network import Network, Vectors

DOCS = Path("docs")
SCOPES = ("all", "last:4", "lora:16")
STEPS = 100
AT_ONCE = 16
LONGEST = 400
"""Tokens read of a text: nearly all of it, where training reads crops."""
MIXTURE = 0.5
"""Share of late interaction where both scores are mixed."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """nDCG@10 of each held-out need that has an answer."""

    dense: tuple[float, ...]
    late: tuple[float, ...]
    both: tuple[float, ...]
    themes: tuple[str, ...]
    """Theme of each need: what intervals are drawn by."""

    def means(self) -> dict[str, float]:
        """The figures of a card."""
        return {name: round(float(np.mean(getattr(self, name))), 4) for name in ("dense", "late", "both")}


def held_out(network: "Network", prefix: str) -> HeldOut:
    """How a network ranks the solutions of the held-out themes for their needs, by vectors and by parts."""
    import torch

    from models.training.memory import joined
    from models.training.network import late_scores

    part: TuningSet = load_tuning().part(held_out=True)
    needs = [n for n in part.needs if max(part.qrels.get(n.id, {}).values(), default=0) >= RELEVANT]
    network.eval()
    asked = _read(network, [need.text for need in needs], prefix)
    offered = _read(network, [solution.text for solution in part.solutions], prefix)
    with torch.no_grad():
        everything = joined(offered)
        pooled = torch.stack([one.pooled for one in asked])
        dense: Float32 = (pooled @ everything.pooled.T).numpy()
        late: Float32 = np.concatenate([late_scores(joined([one]), everything).numpy() for one in asked])
    ids = [solution.id for solution in part.solutions]

    def scored(table: Float32) -> tuple[float, ...]:
        places = np.argsort(-table, axis=1, kind="stable")[:, :10].tolist()
        return tuple(
            ndcg([ids[at] for at in row], part.qrels[need.id])
            for need, row in zip(needs, places, strict=True)
        )

    both = (1 - MIXTURE) * dense + MIXTURE * late
    return HeldOut(scored(dense), scored(late), scored(both), tuple(part.themes[need.id] for need in needs))


def _read(network: "Network", texts: Sequence[str], prefix: str) -> "list[Vectors]":
    """The vectors of each text."""
    import torch

    from models.training.network import Vectors

    found: list[Vectors] = []
    with torch.no_grad():
        for start in range(0, len(texts), AT_ONCE):
            batch = network(texts[start : start + AT_ONCE], prefix, LONGEST)
            found += [
                Vectors(batch.pooled[at], batch.late[at], batch.weights[at])
                for at in range(len(batch.pooled))
            ]
    return found


def main(arguments: Sequence[str]) -> None:
    """Train by each recipe and write docs/recipes.md and docs/recipes.json."""
    from models.training.trainer import Recipe
    from service.cli import screen
    from service.settings import Settings
    from service.training import SHARES, prepared

    data = Path(arguments[0]) if arguments else None
    found: dict[str, HeldOut] = {}
    learned: dict[str, int] = {}
    for scope in SCOPES:
        recipe = Recipe(steps=STEPS, scope=scope, shares=dict(SHARES))
        network, mixture = prepared(Settings(), data, recipe)
        if not found:
            found["before training"] = held_out(network, recipe.prefix)
            learned["before training"] = 0
        learned[scope] = sum(weight.numel() for weight in network.learned())
        with tempfile.TemporaryDirectory() as work, screen.progress(f"Training {scope}", STEPS) as done:
            from models.training.trainer import train

            train(network, mixture, recipe, Path(work), report=lambda stand, done=done: done(stand.step))  # type: ignore[misc]
        found[scope] = held_out(network, recipe.prefix)
    DOCS.mkdir(exist_ok=True)
    (DOCS / "recipes.md").write_text(page(found, learned), encoding="utf-8")
    (DOCS / "recipes.json").write_text(
        json.dumps({name: one.means() for name, one in found.items()}, indent=1) + "\n", encoding="utf-8"
    )


def page(found: dict[str, HeldOut], learned: dict[str, int]) -> str:
    """The Markdown page: each recipe, and its difference to the first."""
    from service.report import spread, table

    first = next(iter(found.values()))
    against = found[SCOPES[0]]
    rows = []
    for name, one in found.items():
        means = one.means()
        gaps = [a - b for a, b in zip(one.both, against.both, strict=True)]
        rows.append(
            [
                name,
                f"{learned[name] / 1e6:.1f} M",
                *(f"{means[leg]:.3f}" for leg in ("dense", "late", "both")),
                "" if one is against else spread(interval(gaps, list(one.themes))),
            ]
        )
    lines = [
        "# Ways of training",
        "",
        f"Written by `python -m service.recipes DATA` on {date.today().isoformat()}; do not edit.",
        f"{STEPS} steps by each recipe from the carried model, on the same batches; nDCG@10 of",
        f"{len(first.dense)} needs of {len(set(first.themes))} themes that are held out from training, in",
        "torch, without language offset. The last column is the difference to",
        f"`{SCOPES[0]}` with both scores mixed, with its 95 % interval, drawn by theme.",
        "",
        *table(["what learns", "weights", "by vectors", "by parts", "both", f"less `{SCOPES[0]}`"], rows),
        "",
        "`all`: every layer of the encoder; `last:4`: its last four; `lora:16`: low-rank changes of every",
        "layer, of rank 16. Embeddings never learn; the late head always does.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
