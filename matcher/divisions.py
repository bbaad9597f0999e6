"""Which CPV division a text is of, from its language-neutral vectors; `classify` makes suggestions of it.

Three sights are put together: a linear classifier, how near the labels of a division come, and of which
divisions the nearest known texts are. Each errs in its own way: labels are terse, known texts are few.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from matcher.protocols import Float32, Int64

SHARP = (12.0, 30.0)
"""What cosines of labels are multiplied by: at the first all labels of a division count, at the second its
nearest."""
NEAREST = 25
"""Known texts that are looked at."""
NEARNESS = 20.0
"""What their cosines are multiplied by."""
LEAST = 0.01
"""Share of a division that none of them is of."""
UNLABELLED = -5.0
SIGHTS = (
    "linear",
    *(f"labels, {part}, {sharp:g}" for part in ("text", "title") for sharp in SHARP),
    "known texts",
)


@dataclass(frozen=True, slots=True, eq=False)
class DivisionClassifier:
    """Scores of divisions over two views of a text: the unit vectors of the whole and of its title."""

    model: str
    """`ModelIdentity.model` of the vectors it was fitted on."""
    divisions: tuple[str, ...]
    weights: Float32
    """`float32[c, 2d]` of the linear sight."""
    bias: Float32
    """`float32[c]`."""
    sharpness: float
    """What the cosine of text and label is multiplied by before the softmax within a division."""
    codes: tuple[str, ...]
    """CPV codes, sorted."""
    labels: Float32
    """`float32[l, d]`: the unit vectors of their labels."""
    known: Float32
    """`float32[n, d]`: unit vectors of texts whose division is known."""
    known_divisions: Int64
    """`int64[n]`: places in `divisions`."""
    known_weights: Float32
    """`float32[n]`: how much each counts."""
    mixed: tuple[float, ...]
    """What each of `SIGHTS` counts for."""

    def probabilities(self, vectors: Float32) -> Float32:
        """`float32[n, c]`, rows adding up to 1, for `float32[n, 2d]`."""
        scores = self.sights(vectors) @ np.array(self.mixed, dtype=np.float32)
        rows: Float32 = softmax(scores, axis=1).astype(np.float32)
        return rows

    def sights(self, vectors: Float32) -> Float32:
        """`float32[n, c, 6]` in the order of `SIGHTS`."""
        half = self.labels.shape[1]
        text, title = vectors[:, :half], vectors[:, half:]
        linear = np.einsum("nd,cd->nc", vectors, self.weights) + self.bias
        of = np.array([self.divisions.index(code[:2]) for code in self.codes], dtype=np.int64)
        near = [
            label_nearness(part, self.labels, of, len(self.divisions), sharp)
            for part in (text, title)
            for sharp in SHARP
        ]
        seen = known_shares(text, self.known, self.known_divisions, self.known_weights, len(self.divisions))
        stacked: Float32 = np.stack([linear, *near, seen], axis=2).astype(np.float32)
        return stacked


def label_nearness(vectors: Float32, labels: Float32, of: Int64, count: int, sharp: float) -> Float32:
    """`float32[n, c]`: a soft maximum over the labels of each division of their cosine with a text.

    >>> near = label_nearness(np.eye(2), np.eye(2), np.array([0, 1]), 3, 10.0)
    >>> print(near.round(1))
    [[ 1.  0. -5.]
     [ 0.  1. -5.]]
    """
    cosines = np.einsum("nd,ld->nl", vectors, labels)
    found = np.full((len(vectors), count), UNLABELLED, dtype=np.float32)
    for division in np.unique(of):
        own = sharp * cosines[:, of == division]
        found[:, division] = logsumexp(own, axis=1) / sharp
    return found


def known_shares(
    vectors: Float32,
    known: Float32,
    divisions: Int64,
    weights: Float32,
    count: int,
    apart: NDArray[np.bool_] | None = None,
) -> Float32:
    """`float32[n, c]`: log shares of divisions among the known texts nearest to each text.

    `apart` is `bool[n, m]`: known texts that are not looked at.
    """
    cosines = np.einsum("nd,md->nm", vectors, known) + np.log(weights)[None, :] / NEARNESS
    if apart is not None:
        cosines = np.where(apart, -np.inf, cosines)
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :NEAREST]
    pull = np.exp(NEARNESS * np.take_along_axis(cosines, nearest, axis=1))
    shares = np.zeros((len(vectors), count))
    for row in range(len(vectors)):
        np.add.at(shares[row], divisions[nearest[row]], pull[row])
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    logs: Float32 = np.log(shares + LEAST).astype(np.float32)
    return logs
