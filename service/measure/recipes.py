"""What each way of training brings, on held-out themes: `python -m service.measure.recipes DATA`.

Trains the carried model a few steps by each recipe, on the same batches, and writes docs/recipes.md.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from matcher.evaluate.significance import interval
from models.training.trainer import Progress, Recipe, train
from service.cli import screen
from service.fit.heldout import HeldOut, held_out
from service.fit.training import SHARES, prepared
from service.report.tables import spread, table
from service.settings import Settings

DOCS = Path("docs")
SCOPES = ("all", "last:4", "lora:16")
STEPS = 24
TOKENS = 64
"""Few and short, so that three trainings take a quarter of an hour: it is their ratio that is asked for."""


def main(arguments: Sequence[str]) -> None:
    """Train by each recipe and write docs/recipes.md and docs/recipes.json."""
    data = Path(arguments[0]) if arguments else None
    found: dict[str, HeldOut] = {}
    learned: dict[str, int] = {}
    for scope in SCOPES:
        recipe = Recipe(steps=STEPS, scope=scope, max_tokens=TOKENS, shares=dict(SHARES))
        network, mixture = prepared(Settings(), data, recipe)
        if not found:
            found["before training"] = held_out(network, recipe.prefix)
            learned["before training"] = 0
        learned[scope] = sum(weight.numel() for weight in network.learned())
        with tempfile.TemporaryDirectory() as work, screen.progress(f"Training {scope}", STEPS) as done:

            def tell(stand: Progress, done: Callable[[int], None] = done) -> None:
                done(stand.step)

            train(network, mixture, recipe, Path(work), report=tell)
        found[scope] = held_out(network, recipe.prefix)
    DOCS.mkdir(exist_ok=True)
    (DOCS / "recipes.md").write_text(page(found, learned), encoding="utf-8")
    (DOCS / "recipes.json").write_text(
        json.dumps({name: one.means() for name, one in found.items()}, indent=1) + "\n", encoding="utf-8"
    )


def page(found: Mapping[str, HeldOut], learned: Mapping[str, int]) -> str:
    """The Markdown page: each recipe, and its difference to the first."""
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
        f"Written by `python -m service.measure.recipes DATA` on {date.today().isoformat()}; do not edit.",
        f"{STEPS} steps of texts cut to {TOKENS} tokens by each recipe, from the carried model, on the same",
        "batches (the model that ships had 500 steps of longer texts, after an earlier 400); nDCG@10 of",
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
