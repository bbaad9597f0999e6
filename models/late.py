"""The late head: small weighted vectors of a few neighbouring tokens each; the same for every engine.

A head is trained with its encoder (`models.training`) and lies beside its weights as `late.npz`.
"""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from matcher.errors import ModelCorrupt
from matcher.protocols import Float32, Int64, Late
from models.spans import unit

FILE = "late.npz"
POOLED = 3
"""Neighbouring tokens that make one vector: a third of the storage for little of the quality."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is done to the vector of a token: a projection for its matter, another for its weight."""

    projection: Float32
    """`float32[e, h]`."""
    bias: Float32
    """`float32[e]`."""
    salience: Float32
    """`float32[h]`."""
    salience_bias: float

    @property
    def dimension(self) -> int:
        """Length of the small vectors."""
        return len(self.projection)

    def apply(self, tokens: Float32) -> tuple[Float32, Float32]:
        """Small vectors `float32[t, e]`, not yet of unit length, and weights `float32[t]`."""
        small = np.einsum("th,eh->te", tokens, self.projection) + self.bias
        raised = np.einsum("th,h->t", tokens, self.salience) + np.float32(self.salience_bias)
        weights: Float32 = np.logaddexp(raised, 0, dtype=np.float32)
        return small.astype(np.float32), weights

    def save(self, path: Path) -> None:
        """Write the head as one npz file."""
        with path.open("wb") as file:
            np.savez(
                file,
                projection=self.projection,
                bias=self.bias,
                salience=self.salience,
                salience_bias=np.float32(self.salience_bias),
            )


def load(folder: Path) -> Head | None:
    """The head in a model's folder, None if it has none. Raises `ModelCorrupt` when it cannot be read."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with np.load(path) as stored:
            return Head(
                stored["projection"], stored["bias"], stored["salience"], float(stored["salience_bias"])
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelCorrupt(
            f"The late head {path} cannot be read ({error}). Delete its folder; it is made again when the "
            "model is next opened."
        ) from error


def paired(small: Float32, weights: Float32, ranges: Int64) -> Late:
    """Token vectors and weights to those of `POOLED` neighbours each; tokens outside the text are left out.

    `ranges` as `models.spans.token_ranges` gives them.

    >>> late = paired(np.eye(2, dtype=np.float32), np.ones(2, np.float32), np.array([[0, 1], [1, 2]]))
    >>> late.vectors.round(2).tolist(), late.weights.tolist(), late.starts.tolist()
    ([[0.7099999785423279, 0.7099999785423279]], [2.0], [0])
    """
    own = np.flatnonzero(ranges[: len(small), 0] >= 0)
    heads = own[::POOLED]
    groups = np.arange(own.size) // POOLED
    summed = np.zeros((heads.size, small.shape[1]), np.float32)
    np.add.at(summed, groups, small[own] * weights[own, None])
    counted = np.bincount(groups, weights=weights[own], minlength=heads.size).astype(np.float32)
    return Late(unit(summed), counted, ranges[heads, 0])
