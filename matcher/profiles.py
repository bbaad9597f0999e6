"""What each need would buy: how likely each solution near it answers it.

Two needs may be worded like a tender and like a memo and still ask for the same; the solutions that
answer each then agree.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from scipy import sparse

from matcher.branch import UNSAID, likeness
from matcher.collection import Collection
from matcher.protocols import Calibrator, Float32, Int64
from matcher.rows import RowSet
from matcher.text.terms import codes

FEATURES = ("meaning", "codes", "CPV branch")
"""Cosine; share of the need's codes that the solution names; nearness of their CPV codes."""
NEAREST = 10
"""Solutions in a profile."""
SHARPNESS = 8.0
"""Without a fitted calibrator a nearer solution counts e to this times the difference of cosines more."""
TEXTS_KEPT = 50_000
"""Texts of which the codes are remembered: a solution is near many needs."""
BATCH = 16
"""Needs compared at once: searches by others take turns with these."""


def solution_profiles(
    vectors: Float32,
    named: Sequence[frozenset[str]],
    cpv: Sequence[Sequence[str]],
    solutions: Collection,
    allowed: RowSet,
    calibrator: Calibrator | None,
) -> sparse.csr_matrix:
    """`float32[n, m]`: for each need its nearest solutions, with how likely they answer it.

    `vectors` is `float32[n, d]`; `named` and `cpv` are the codes in each need's text and its CPV codes;
    `m` is `allowed.mask.size`, columns are rows of solutions. The calibrator is of `FEATURES`.
    """
    parts: list[sparse.csr_matrix] = []
    offered: dict[int, tuple[frozenset[str], tuple[str, ...]]] = {}
    for start in range(0, len(vectors), BATCH):
        rows, scores = solutions.dense.search(vectors[start : start + BATCH], NEAREST, allowed)
        found = rows >= 0
        at, place = np.nonzero(found)
        if calibrator is None:
            weights = np.exp(SHARPNESS * (scores - scores[:, :1]), where=found, out=np.zeros_like(scores))[
                found
            ]
        else:
            values = np.empty((at.size, len(FEATURES)), dtype=np.float32)
            for line, (i, j) in enumerate(zip(at.tolist(), place.tolist(), strict=True)):
                row = int(rows[i, j])
                if row not in offered:
                    record = solutions.record(row)
                    offered[row] = _named(record.text, record.standards), record.cpv
                own, (theirs, branch) = named[start + i], offered[row]
                shared = len(own & theirs) / len(own) if own else 0.0
                near = likeness(cpv[start + i], branch)
                values[line] = scores[i, j], shared, UNSAID if near is None else near
            weights = calibrator.probability(values)
        shape = (len(rows), allowed.mask.size)
        raw = sparse.csr_matrix((weights, (at, rows[found])), shape=shape, dtype=np.float32)
        parts.append(raw)
    if not parts:
        return sparse.csr_matrix((0, allowed.mask.size), dtype=np.float32)
    return sparse.vstack(parts, format="csr")


@lru_cache(maxsize=TEXTS_KEPT)
def _named(text: str, standards: tuple[str, ...]) -> frozenset[str]:
    """The codes of a solution's text, and its standards."""
    return frozenset(codes(text)) | frozenset(standards)


def profile_features(
    vectors: Float32,
    named: Sequence[frozenset[str]],
    cpv: Sequence[Sequence[str]],
    solutions: Collection,
    rows: Int64,
) -> Float32:
    """`float32[n, m, 3]`: `FEATURES` of all needs with the solutions of some rows `int64[m]`."""
    records = [solutions.record(row) for row in rows.tolist()]
    offered = [_named(record.text, record.standards) for record in records]
    values = np.empty((len(vectors), rows.size, len(FEATURES)), dtype=np.float32)
    values[:, :, 0] = solutions.dense.score(vectors, rows)
    for i, j in product(range(len(vectors)), range(rows.size)):
        near = likeness(cpv[i], records[j].cpv)
        shared = len(named[i] & offered[j]) / len(named[i]) if named[i] else 0.0
        values[i, j, 1:] = shared, UNSAID if near is None else near
    return values


def unit(raw: sparse.csr_matrix) -> sparse.csr_matrix:
    """Each row divided by its length, so that a product of two rows is a cosine."""
    lengths = np.sqrt(np.asarray(raw.multiply(raw).sum(axis=1)).ravel())
    scale = sparse.diags_array(1 / np.maximum(lengths, 1e-12)).astype(np.float32)
    scaled: sparse.csr_matrix = (scale @ raw).tocsr()
    return scaled
