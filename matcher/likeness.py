"""How alike needs are: by what they say, and by which solutions would answer them.

Two needs may be worded like a tender and like a memo and still ask for the same; the solutions
nearest to each then agree. Where no solutions are loaded, words alone decide.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matcher.protocols import Float32, Int64, VectorIndex
from matcher.rows import RowSet

NEAREST = 10
"""Solutions in a profile."""
SHARPNESS = 8.0
"""How much more a nearer solution counts: e to this times the difference of cosines."""
BATCH = 1024


@dataclass(frozen=True, slots=True)
class Likeness:
    """Similarity of needs, for any few of them at a time."""

    vectors: Float32
    """`float32[n, d]`, one unit vector a need."""
    profiles: sparse.csr_matrix | None = None
    """`float32[n, m]`, unit rows: how near each solution is; None where none are loaded."""
    share: float = 0.0
    """How much agreement on solutions counts, in [0, 1]; the rest is likeness of words."""

    def of(self, nodes: Int64) -> NDArray[np.float64]:
        """`float64[k, k]`: similarity of all pairs of some needs, 1 for a need and itself."""
        own = self.vectors[nodes].astype(np.float64)
        similarity: NDArray[np.float64] = own @ own.T
        if self.profiles is not None:
            part = self.profiles[nodes]
            agreement = (part @ part.T).toarray().astype(np.float64)
            similarity = (1 - self.share) * similarity + self.share * agreement
        return similarity

    def part(self, nodes: Int64) -> "Likeness":
        """The likeness of some needs, numbered anew."""
        profiles = None if self.profiles is None else self.profiles[nodes]
        return Likeness(self.vectors[nodes], profiles, self.share)


def solution_profiles(vectors: Float32, solutions: VectorIndex, allowed: RowSet) -> sparse.csr_matrix:
    """`float32[n, m]`, unit rows: for each vector its nearest solutions, the nearer the heavier.

    >>> from matcher.index import FlatIndex
    >>> index = FlatIndex(2)
    >>> index.upsert(np.arange(2), np.eye(2, dtype=np.float32))
    >>> solution_profiles(np.eye(2, dtype=np.float32), index, RowSet.all(2)).toarray().round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    parts: list[sparse.csr_matrix] = []
    for start in range(0, len(vectors), BATCH):
        rows, scores = solutions.search(vectors[start : start + BATCH], NEAREST, allowed)
        found = rows >= 0
        weights = np.exp(SHARPNESS * (scores - scores[:, :1]), where=found, out=np.zeros_like(scores))
        weights /= np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-12)
        at = np.repeat(np.arange(len(rows)), found.sum(axis=1))
        shape = (len(rows), allowed.mask.size)
        parts.append(sparse.csr_matrix((weights[found], (at, rows[found])), shape=shape, dtype=np.float32))
    return sparse.vstack(parts, format="csr")
