"""How a network ranks what was held out from its training: themes of the tuning set that it never saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpora.tuning import load as load_tuning
from matcher.evaluate.ranking import RELEVANT, ndcg
from matcher.protocols import Float32

if TYPE_CHECKING:
    from models.training.network import Network, Vectors

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

    from models.training.network import joined, late_scores

    part = load_tuning().part(held_out=True)
    needs = [n for n in part.needs if max(part.qrels.get(n.id, {}).values(), default=0) >= RELEVANT]
    network.eval()
    asked = _read(network, [need.text for need in needs], prefix)
    offered = _read(network, [solution.text for solution in part.solutions], prefix)
    with torch.no_grad():
        everything = joined(offered)
        pooled = torch.cat([one.pooled for one in asked])
        dense: Float32 = (pooled @ everything.pooled.T).numpy()
        late: Float32 = np.concatenate([late_scores(one, everything).numpy() for one in asked])
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
    """The vectors of each text, as a batch of its own."""
    import torch

    from models.training.network import Vectors

    found: list[Vectors] = []
    with torch.no_grad():
        for start in range(0, len(texts), AT_ONCE):
            batch = network(texts[start : start + AT_ONCE], prefix, LONGEST)
            found += [
                Vectors(batch.pooled[at : at + 1], batch.late[at : at + 1], batch.weights[at : at + 1])
                for at in range(len(batch.pooled))
            ]
    return found
