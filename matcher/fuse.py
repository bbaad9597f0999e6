"""One order out of several scores: a convex combination, gated by whether the languages agree.

After Bruch, Gai and Ingber, "An analysis of fusion functions for hybrid retrieval" (2210.11934).
The fused score orders; it is never shown.
"""

from dataclasses import dataclass

import numpy as np

from matcher.branch import UNSAID
from matcher.protocols import Float32, Int64
from matcher.retrieve import Candidates


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much parts, words, codes and CPV count; what is left of 1 is the weight of meaning.

    >>> FusionWeights(words_same_language=0.1, words_cross_language=0.0, codes=0.2).meaning
    0.7
    """

    words_same_language: float = 0.05
    words_cross_language: float = 0.05
    codes: float = 0.15
    late: float = 0.0
    """Weight of late interaction; 0 for a model without token vectors."""
    branch: float = 0.0
    """Weight of how near the CPV codes stand."""

    def __post_init__(self) -> None:
        shares = (self.words_same_language, self.words_cross_language, self.codes, self.late, self.branch)
        if min(shares) < 0 or max(shares[:2]) + sum(shares[2:]) > 1 + 1e-9:
            raise ValueError(f"weights are shares that add up to 1 at most, got {shares}")

    @property
    def meaning(self) -> float:
        """Weight of the dense score."""
        words = max(self.words_same_language, self.words_cross_language)
        return round(1 - words - self.codes - self.late - self.branch, 9)


def shares(weights: FusionWeights, same_language: bool) -> Float32:
    """`float32[6]`: what each feature of `matcher.calibrate.FEATURES` weighs in the fused score."""
    words = weights.words_same_language, weights.words_cross_language
    counted = (words[0], 0.0) if same_language else (0.0, words[1])
    single = [weights.meaning / 2, weights.late / 2, *counted, weights.codes, weights.branch]
    return np.array(single, dtype=np.float32)


def fuse(candidates: Candidates, weights: FusionWeights) -> Float32:
    """`float32[n]` in [0, 1]: the score by which candidates are ordered; rises with every leg."""
    dense = np.clip((candidates.dense + 1) / 2, 0, 1)
    words = np.where(candidates.same_language, weights.words_same_language, weights.words_cross_language)
    late = np.clip((candidates.late + 1) / 2, 0, 1)
    branch: Float32 = np.nan_to_num(candidates.branch, nan=UNSAID)
    fused: Float32 = (
        weights.meaning * dense
        + weights.late * late
        + words * candidates.words
        + weights.codes * candidates.codes
        + weights.branch * branch
    )
    return fused.astype(np.float32)


def order(rows: Int64, scores: Float32, names: list[str] | None = None) -> Int64:
    """Positions best first; ties by `names` if given, else by row."""
    if names is None:
        return np.lexsort((rows, -scores))
    return np.array(sorted(range(rows.size), key=lambda i: (-float(scores[i]), names[i])), dtype=np.int64)
