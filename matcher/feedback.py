"""What users say of results: judgements refit the calibrator and reorder a list, within bounds, reversibly.

The state is a pure function of the judgements that are kept: their order does not matter, and taking one
back gives the state without it. What is learned from are the scores of a pair; who asked, and from which
country or organisation, is no feature.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from scipy.optimize import minimize

from matcher.calibrate import FEATURES, LogisticCalibrator, level
from matcher.explain import Match
from matcher.protocols import Float32

LEAST_OF_EACH = 3
"""Judgements of either verdict below which nothing is refitted."""
STIFFNESS = 4.0
"""How many judgements the shipped coefficients weigh as much as."""
LARGEST_MOVE = 0.7
"""Logit by which refitting may move a result at most: about the width of a level."""


class Verdict(StrEnum):
    """What a user says of a result."""

    RELEVANT = "relevant"
    NOT_RELEVANT = "not_relevant"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One user's word on one result, with what the user saw."""

    query_id: str
    document_id: str
    verdict: Verdict
    features: tuple[float, ...]
    """The scores of the pair, in the order of `matcher.calibrate.FEATURES`."""
    rank_shown: int
    model_version: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """The judgements of one user or tenant; nobody else's results change.

    >>> Feedback(()).judged("N1")
    {}
    """

    judgements: tuple[Judgement, ...]

    def add(self, judgement: Judgement) -> "Feedback":
        """With one more; a later word on the same result replaces the earlier."""
        return Feedback((*self.undo(judgement.query_id, judgement.document_id).judgements, judgement))

    def undo(self, query_id: str, document_id: str) -> "Feedback":
        """Without what was said of a result."""
        return Feedback(
            tuple(j for j in self.judgements if (j.query_id, j.document_id) != (query_id, document_id))
        )

    def judged(self, query_id: str) -> dict[str, Verdict]:
        """Document id to verdict for one query."""
        return {j.document_id: j.verdict for j in self.judgements if j.query_id == query_id}

    def refit(self, calibrator: LogisticCalibrator) -> LogisticCalibrator:
        """The calibrator after these judgements: near the shipped one, the nearer the fewer they are.

        Judgements made with another model revision do not count, and "unsure" never does. Coefficients
        stay at zero or above, so that no score that rises lowers a probability.
        """
        counted = sorted(
            (
                j
                for j in self.judgements
                if j.verdict is not Verdict.UNSURE and j.model_version == calibrator.model
            ),
            key=lambda j: (j.query_id, j.document_id),
        )
        relevant = np.array([j.verdict is Verdict.RELEVANT for j in counted], dtype=np.float64)
        if min(relevant.sum(), (1 - relevant).sum(), key=float) < LEAST_OF_EACH:
            return calibrator
        values = np.array([j.features for j in counted], dtype=np.float64)
        prior = np.array([*calibrator.coefficients, calibrator.intercept])
        spread = np.maximum(np.abs(prior), 1.0)

        def loss(weights: np.ndarray[Any, Any]) -> float:
            logits = values @ weights[:-1] + weights[-1]
            fit = np.sum(np.logaddexp(0, logits) - relevant * logits)
            return float(
                fit + STIFFNESS / 2 * np.sum(((weights - prior) / spread) ** 2) * len(counted) ** 0.5
            )

        bounds = [(0.0, None)] * (len(prior) - 1) + [(None, None)]
        found = minimize(loss, prior, method="L-BFGS-B", bounds=bounds).x
        return replace(
            calibrator,
            coefficients=tuple(found[:-1].tolist()),
            intercept=float(found[-1]),
            judgements=calibrator.judgements + len(counted),
        )

    def probabilities(self, calibrator: LogisticCalibrator, values: Float32) -> Float32:
        """`float32[n]` for `float32[n, f]` after refitting, no logit moved by more than `LARGEST_MOVE`."""
        before = _logits(calibrator, values)
        moved = np.clip(_logits(self.refit(calibrator), values) - before, -LARGEST_MOVE, LARGEST_MOVE)
        chances: Float32 = (1 / (1 + np.exp(-(before + moved)))).astype(np.float32)
        return chances

    def reorder(self, query_id: str, matches: Sequence[Match], calibrator: LogisticCalibrator) -> list[Match]:
        """A user's list after refitting: best first by the new probability, what was refused at the end.

        Nothing is dropped. Call it when the user asks for the new order; until then the list stands as it
        was shown.
        """
        refused = {d for d, verdict in self.judged(query_id).items() if verdict is Verdict.NOT_RELEVANT}
        values = np.array([scores_of(match) for match in matches], dtype=np.float32)
        chances = self.probabilities(calibrator, values.reshape(-1, len(FEATURES)))
        order = sorted(
            range(len(matches)),
            key=lambda i: (matches[i].record.id in refused, -float(chances[i]), matches[i].rank),
        )
        return [
            replace(matches[i], rank=place, probability=float(chances[i]), level=level(float(chances[i])))
            for place, i in enumerate(order, 1)
        ]

    def export(self) -> list[Mapping[str, Any]]:
        """The judgements as rows, in the order of their pairs."""
        ordered: Iterable[Judgement] = sorted(self.judgements, key=lambda j: (j.query_id, j.document_id))
        return [
            {
                "query_id": j.query_id,
                "document_id": j.document_id,
                "verdict": str(j.verdict),
                "reason": j.reason,
                "rank_shown": j.rank_shown,
                "model_version": j.model_version,
                "at": j.at.isoformat(),
            }
            for j in ordered
        ]


def scores_of(match: Match) -> tuple[float, ...]:
    """The scores of a result, in the order of `FEATURES`: what a judgement on it is learned from."""
    held = {part.feature: part.value for part in match.explanation.contributions}
    return tuple(held.get(name, 0.0) for name in FEATURES)


def _logits(calibrator: LogisticCalibrator, values: Float32) -> Float32:
    return values @ np.array(calibrator.coefficients, dtype=np.float32) + np.float32(calibrator.intercept)
