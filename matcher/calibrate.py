"""From scores to a probability that the one answers the other, and from that to a word.

A calibrator belongs to one model revision; without one, results are ranked and say no level.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from scipy.special import expit, logit

from matcher.branch import UNSAID
from matcher.protocols import Float32
from matcher.retrieve import Candidates

FEATURES = ("meaning", "details", "words", "words across languages", "codes", "CPV branch")
"""Dense score; late score; words where languages agree; words where they differ; verbatim codes; CPV."""
BRANCH = FEATURES.index("CPV branch")


class Level(StrEnum):
    """How sure the engine is that a pair fits, in a word."""

    STRONG = "strong"
    LIKELY = "likely"
    POSSIBLE = "possible"
    WEAK = "weak"


def level(probability: float) -> Level:
    """Strong from .80, likely from .50, possible from .20, weak below.

    >>> level(0.8), level(0.79), level(0.1)
    (<Level.STRONG: 'strong'>, <Level.LIKELY: 'likely'>, <Level.WEAK: 'weak'>)
    """
    if probability >= 0.80:
        return Level.STRONG
    if probability >= 0.50:
        return Level.LIKELY
    return Level.POSSIBLE if probability >= 0.20 else Level.WEAK


def features(candidates: Candidates) -> Float32:
    """`float32[n, 6]` in the order of `FEATURES`."""
    same, words = candidates.same_language, candidates.words
    words_here, words_across = np.where(same, words, 0), np.where(same, 0, words)
    branch = np.nan_to_num(candidates.branch, nan=UNSAID)
    columns = [candidates.dense, candidates.late, words_here, words_across, candidates.codes, branch]
    return np.stack(columns, axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class LogisticCalibrator:
    """Platt scaling over a few features (Platt 1999), with its provenance.

    >>> calibrator = LogisticCalibrator("m", (4.0, 1.0, 1.0, 1.0), -2.0, 100, "2026-01-01")
    >>> calibrator.probability(np.array([[0.5, 0, 0, 0]], dtype=np.float32)).tolist()
    [0.5]
    """

    model: str
    coefficients: tuple[float, ...]
    intercept: float
    judgements: int
    """Number of judged pairs it was fitted on."""
    date: str

    def probability(self, values: Float32) -> Float32:
        """`float32[n]` in [0, 1] for `float32[n, f]`."""
        logits = values @ np.array(self.coefficients, dtype=np.float32) + np.float32(self.intercept)
        probabilities: Float32 = expit(logits)  # exp alone overflows where the answer is plainly 0
        return probabilities.astype(np.float32)

    def contributions(self, values: Float32) -> Float32:
        """`float32[n, f]`: what each feature adds to the logit."""
        return (values * np.array(self.coefficients, dtype=np.float32)).astype(np.float32)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for the file that ships with the model."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "LogisticCalibrator":
        """The inverse of `as_json`."""
        return cls(**{**stored, "coefficients": tuple(stored["coefficients"])})


def fit(values: Float32, relevant: Float32, model: str, date: str) -> LogisticCalibrator:
    """A calibrator from judged pairs: `float32[n, f]` and 0 or 1 for each.

    Coefficients of scores that fit in the wrong direction are held at zero, so that the
    probability never falls when a score rises. Raises `ValueError` unless there are pairs of both kinds.
    """
    from sklearn.linear_model import LogisticRegression

    coefficients = np.zeros(values.shape[1])
    intercept = float(logit(np.mean(relevant)))  # what is left to say if no score fits
    active = np.arange(values.shape[1])
    while active.size:
        fitted = LogisticRegression(C=100.0, max_iter=1000).fit(values[:, active], relevant)
        weights = fitted.coef_[0]
        if np.all(weights >= 0):
            coefficients[active], intercept = weights, float(fitted.intercept_[0])
            break
        active = active[weights >= 0]
    return LogisticCalibrator(model, tuple(coefficients.tolist()), intercept, len(relevant), date)
