"""The similarity graph of needs: who is among the nearest of whom, both ways."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from matcher.protocols import Float32, Int64, VectorIndex
from matcher.rows import RowSet

NEIGHBOURS = 30
"""More than the 23 other language versions that one notice can have."""
BATCH = 1024


@dataclass(frozen=True, slots=True)
class Graph:
    """A symmetric weighted graph over rows."""

    rows: Int64
    """`int64[n]`, ascending; the nodes."""
    edges: sparse.csr_matrix
    """`float32[n, n]`, symmetric: the smaller similarity of both directions; no entry for no edge."""


def mutual_neighbours(
    index: VectorIndex, rows: Int64, vectors: Float32, similarity: float, k: int = NEIGHBOURS
) -> Graph:
    """Rows joined to those of their `k` nearest that count them among theirs, if similar enough.

    `vectors` is `float32[n, d]`, one unit vector a row. Rows as near as the last of the `k` count as
    well, so that the same graph comes out whatever order the rows were stored in, as long as the
    index is exact.
    """
    allowed = RowSet.of(rows.tolist())
    sources: list[Int64] = []
    targets: list[Int64] = []
    weights: list[Float32] = []
    for start in range(0, rows.size, BATCH):
        part = rows[start : start + BATCH]
        found, scores = _nearest(index, vectors[start : start + BATCH], k + 1, allowed, similarity)
        keep = (found >= 0) & (found != part[:, None]) & (scores >= similarity)
        sources.append(np.repeat(part, keep.sum(axis=1)))
        targets.append(found[keep])
        weights.append(scores[keep])
    i = np.searchsorted(rows, np.concatenate(sources)) if sources else np.empty(0, dtype=np.int64)
    j = np.searchsorted(rows, np.concatenate(targets)) if targets else np.empty(0, dtype=np.int64)
    directed = sparse.csr_matrix(
        (np.concatenate(weights) if weights else np.empty(0, dtype=np.float32), (i, j)),
        shape=(rows.size, rows.size),
    )
    return Graph(rows, directed.minimum(directed.T).tocsr())


def _nearest(
    index: VectorIndex, vectors: Float32, k: int, allowed: RowSet, similarity: float
) -> tuple[Int64, Float32]:
    """The `k` nearest and whatever ties with the last of them; row -1 where that is not so."""
    width = k + 1
    found, scores = index.search(vectors, width, allowed)
    while width < len(allowed) and np.any(scores[:, -1] >= np.maximum(scores[:, k - 1], similarity)):
        width *= 4
        found, scores = index.search(vectors, width, allowed)
    found[scores < scores[:, k - 1 : k]] = -1
    return found, scores
