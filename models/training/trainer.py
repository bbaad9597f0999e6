"""The loop: batches to losses to weights, with checkpoints it goes on from."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from models import processor
from models.training.batches import Mixture
from models.training.losses import listwise
from models.training.network import STATE, Network, late_scores

LOG = "log.jsonl"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what comes of a training, beside its data."""

    steps: int = 600
    learning_rate: float = 6e-5
    head_rate: float = 5e-4
    """For the weights of tokens and the scale of late scores."""
    projection_rate: float = 2e-4
    """For the projection of the late head: much faster and it forgets the directions it began with."""
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dense_scale: float = 20.0
    late_share: float = 0.5
    """Share of the late loss in the whole."""
    max_tokens: int = 176
    scope: str = "all"
    prefix: str = "query: "
    seed: int = 7
    bfloat16: bool = True
    """Half of the work where the processor multiplies in it; elsewhere training is in float32."""
    shares: dict[str, float] = field(default_factory=dict)
    """How often each source is drawn."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands after a step."""

    step: int
    source: str
    dense: float
    late: float
    seconds: float


def train(
    network: Network,
    mixture: Mixture,
    recipe: Recipe,
    folder: Path,
    *,
    report: Callable[[Progress], None] | None = None,
    every: int = 25,
    stop_at: int | None = None,
) -> Network:
    """Train, going on from the checkpoint in `folder` if there is one of the same recipe.

    With `stop_at` no further than that step of the recipe, whose rates stay as they are.

    Raises `ValueError` when the checkpoint is of another recipe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    network.train()
    projection = [*network.head.projection.parameters()]
    head = [*network.head.salience.parameters(), network.scale]
    own = {id(weight) for weight in (*head, *projection)}
    body = [weight for weight in network.learned() if id(weight) not in own]
    optimiser = torch.optim.AdamW(
        [
            {"params": body, "lr": recipe.learning_rate},
            {"params": projection, "lr": recipe.projection_rate},
            {"params": head, "lr": recipe.head_rate},
        ],
        weight_decay=recipe.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, recipe))
    done = _resume(network, optimiser, schedule, recipe, folder)
    last = recipe.steps if stop_at is None else min(stop_at, recipe.steps)
    halved = recipe.bfloat16 and processor.fast_bfloat16()
    for step in range(done, last):
        began = time.monotonic()
        torch.manual_seed(recipe.seed * 1_000_003 + step)
        batch = mixture.batch(step)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=halved):
            anchors = network(batch.anchors, recipe.prefix, recipe.max_tokens)
            same = batch.candidates is batch.anchors
            candidates = anchors if same else network(batch.candidates, recipe.prefix, recipe.max_tokens)
        gains, known = torch.from_numpy(batch.gains), torch.from_numpy(batch.known)
        with torch.autocast("cpu", enabled=False):
            dense = listwise(recipe.dense_scale * anchors.pooled @ candidates.pooled.T, gains, known)
            late = listwise(network.scale.exp() * late_scores(anchors, candidates), gains, known)
            loss = (1 - recipe.late_share) * dense + recipe.late_share * late
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*body, *projection, *head], 1.0)
        optimiser.step()
        schedule.step()
        stand = Progress(step + 1, batch.source, dense.item(), late.item(), time.monotonic() - began)
        with (folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(stand)) + "\n")
        if report:
            report(stand)
        if (step + 1) % every == 0 or step + 1 == last:
            _keep(network, optimiser, schedule, recipe, folder, step + 1)
    return network.eval()


def _rate(step: int, recipe: Recipe) -> float:
    """Linear up over the first steps, linear down to nothing over the rest."""
    warm = max(1, round(recipe.warm_up * recipe.steps))
    return (step + 1) / warm if step < warm else max(0.0, (recipe.steps - step) / max(1, recipe.steps - warm))


def _keep(network: Network, optimiser: Any, schedule: Any, recipe: Recipe, folder: Path, step: int) -> None:
    learned = {name: weight for name, weight in network.named_parameters() if weight.requires_grad}
    state = {
        "recipe": asdict(recipe),
        "step": step,
        "weights": {name: weight.detach() for name, weight in learned.items()},
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
    }
    torch.save(state, folder / f".{STATE}")
    (folder / f".{STATE}").replace(folder / STATE)


def _resume(network: Network, optimiser: Any, schedule: Any, recipe: Recipe, folder: Path) -> int:
    if not (folder / STATE).is_file():
        return 0
    state = torch.load(folder / STATE, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise ValueError(
            f"The checkpoint in {folder} was made by another recipe ({state['recipe']}). "
            "Give that recipe, or another folder."
        )
    network.load_state_dict(state["weights"], strict=False)
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["step"])
