"""The best candidates compared once more, part by part; the rest keeps the lowest score found there."""

from dataclasses import replace

import numpy as np

from matcher.collection import Collection
from matcher.fuse import FusionWeights, fuse, order
from matcher.late import late_scores
from matcher.retrieve import Candidates, Query

DEPTH = 50
"""Candidates whose parts are compared: from 30 on the first ten come in the same order (tuning splits)."""


def rerank(query: Query, found: Candidates, collection: Collection, weights: FusionWeights) -> Candidates:
    """The candidates with their late scores, as far as these count at all.

    Those beyond the first `DEPTH` get the lowest late score of these: they cannot gain by not having
    been compared.
    """
    if not weights.late or not found.rows.size:
        return found
    # chosen as if parts did not count: their weight goes to meaning
    first = order(found.rows, fuse(found, replace(weights, late=0.0)))[:DEPTH]
    scores = late_scores(query.parts, [collection.parts[row] for row in found.rows[first].tolist()])
    late = np.full(found.rows.size, scores.min(), dtype=np.float32)
    late[first] = scores
    return replace(found, late=late)
