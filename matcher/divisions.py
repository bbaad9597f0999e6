"""A linear classifier of CPV divisions over language-neutral vectors; `classify` makes suggestions of it."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from matcher.protocols import Float32


@dataclass(frozen=True, slots=True)
class DivisionClassifier:
    """Linear scores of divisions over two views of a text, and how sharply labels share a division.

    The views are the unit vectors of the whole text and of its title, one beside the other.

    >>> c = DivisionClassifier("m@1", ("33", "35"), np.eye(2, dtype=np.float32), np.zeros(2, np.float32), 9.0)
    >>> print(c.probabilities(np.array([[0, 2.0]], dtype=np.float32)).round(2))
    [[0.12 0.88]]
    """

    model: str
    """`ModelIdentity.model` of the vectors it was fitted on."""
    divisions: tuple[str, ...]
    weights: Float32
    """`float32[c, 2d]`."""
    bias: Float32
    """`float32[c]`."""
    sharpness: float
    """What the cosine of text and label is multiplied by before the softmax within a division."""

    def probabilities(self, vectors: Float32) -> Float32:
        """`float32[n, c]`, rows adding up to 1, for `float32[n, 2d]`."""
        scores = np.einsum("nd,cd->nc", vectors, self.weights) + self.bias
        rows: Float32 = softmax(scores, axis=1).astype(np.float32)
        return rows
