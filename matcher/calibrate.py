"""From scores to a probability that the one answers the other, and from that to a word.

A calibrator belongs to one model revision; without one, results are ranked and say no level.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from matcher.branch import UNSAID
from matcher.phrases import phrase
from matcher.protocols import Float32
from matcher.retrieve import Candidates

FEATURES = (
    phrase("meaning"),
    phrase("details"),
    phrase("words"),
    phrase("words across languages"),
    phrase("codes"),
    phrase("CPV branch"),
)
"""Dense score; late score; words where languages agree; words where they differ; verbatim codes; CPV."""
BRANCH = FEATURES.index("CPV branch")

LOOSENESS = 100.0
"""Variance of a coefficient before any pair is seen: wide enough to say nothing, and to end."""


class Level(StrEnum):
    """How sure the engine is that a pair fits, in a word."""

    STRONG = "strong"
    LIKELY = "likely"
    POSSIBLE = "possible"
    WEAK = "weak"

    @property
    def words(self) -> str:
        """The word, as a phrase."""
        return _WORDS[self]


_WORDS = MappingProxyType(
    {
        Level.STRONG: phrase("strong"),
        Level.LIKELY: phrase("likely"),
        Level.POSSIBLE: phrase("possible"),
        Level.WEAK: phrase("weak"),
    }
)


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

    def uses(self, features: slice) -> bool:
        """Whether any of some features counts at all."""
        return any(self.coefficients[features])

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

    Logistic regression with coefficients held at zero or above, so that the probability never falls when a
    score rises. Raises `ValueError` unless there are pairs of both kinds.
    """
    if not 0 < np.mean(relevant) < 1:
        raise ValueError(f"pairs of both kinds are needed, got {len(relevant)} of one")
    scale = np.maximum(values.std(axis=0), 1e-6).astype(np.float64)
    standard = values / scale
    truth = relevant.astype(np.float64)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        said = standard @ weights[1:] + weights[0]
        slopes, residual = weights[1:] / scale, expit(said) - truth
        total = np.logaddexp(0, said).sum() - said @ truth + slopes @ slopes / (2 * LOOSENESS)
        steps = standard.T @ residual + slopes / scale / LOOSENESS
        return float(total), np.concatenate([[residual.sum()], steps])

    start = np.concatenate([[logit(truth.mean())], np.zeros(values.shape[1])])
    bounds = [(None, None), *[(0.0, None)] * values.shape[1]]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000})
    coefficients = found.x[1:] / scale
    return LogisticCalibrator(model, tuple(coefficients.tolist()), float(found.x[0]), len(relevant), date)
