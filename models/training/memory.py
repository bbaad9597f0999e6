"""Candidates of earlier steps, remembered as further negatives: hundreds of texts for the price of none.

After Wang et al., "Cross-Batch Memory for Embedding Learning" (1912.06798): an encoder that learns slowly
moves its vectors slowly, so that those of a few steps ago still say what is near.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from models.training.network import Vectors


class Memory:
    """The last vectors of each candidate, by its name; nothing that is remembered learns."""

    def __init__(self) -> None:
        self._held: dict[str, Vectors] = {}

    def __len__(self) -> int:
        return len(self._held)

    def keep(self, names: Sequence[str], vectors: Vectors) -> None:
        """Remember candidates, in place of what was known of them."""
        for at, name in enumerate(names):
            there = vectors.weights[at] > 0
            self._held[name] = Vectors(
                vectors.pooled[at].detach().clone(),
                vectors.late[at][there].detach().clone(),
                vectors.weights[at][there].detach().clone(),
            )

    def hardest(self, anchors: Tensor, names: Sequence[str], count: int) -> tuple[Tensor, Vectors | None]:
        """Pooled vectors `float32[m, d]` of all but the named, and the nearest `count` of these whole.

        Nearest to whichever of the `anchors` `float32[a, d]` they are nearest to.
        """
        present = set(names)
        others = [held for name, held in self._held.items() if name not in present]
        if not others:
            return anchors.new_zeros(0, anchors.shape[1]), None
        pooled = torch.stack([held.pooled for held in others])
        with torch.no_grad():
            nearest = (anchors @ pooled.T).amax(dim=0).argsort(descending=True)[:count].tolist()
        return pooled, joined([others[at] for at in nearest]) if nearest else None

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {name: (held.pooled, held.late, held.weights) for name, held in self._held.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self._held = {name: Vectors(*held) for name, held in state.items()}


def joined(texts: Sequence[Vectors]) -> Vectors:
    """Vectors of single texts as those of a batch, padded to the longest."""
    longest = max(len(held.weights) for held in texts)
    return Vectors(
        torch.stack([held.pooled for held in texts]),
        torch.stack([functional.pad(held.late, (0, 0, 0, longest - len(held.late))) for held in texts]),
        torch.stack([functional.pad(held.weights, (0, longest - len(held.weights))) for held in texts]),
    )


def beside(vectors: Vectors, more: Vectors | None) -> Vectors:
    """The texts of a batch with further ones after them."""
    if more is None:
        return vectors
    longest = max(vectors.late.shape[1], more.late.shape[1])
    late = [functional.pad(v.late, (0, 0, 0, longest - v.late.shape[1])) for v in (vectors, more)]
    weights = [functional.pad(v.weights, (0, longest - v.weights.shape[1])) for v in (vectors, more)]
    return Vectors(torch.cat([vectors.pooled, more.pooled]), torch.cat(late), torch.cat(weights))
