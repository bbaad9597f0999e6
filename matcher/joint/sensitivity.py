"""How far the order of candidates depends on the weights: the same candidates under many other weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.errors import SettingInvalid
from matcher.joint.candidate import JointCandidate
from matcher.joint.score import FLOOR
from matcher.joint.weights import NAMES, WEIGHTS, Weights
from matcher.phrases import phrase

DRAWS = 1000
SPREAD = 0.5
"""Each weight is drawn between its value less and plus this share of it; then all are made to add up to 1."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one candidate stands among others, by R, under the weights as they are and under others."""

    candidate: JointCandidate
    rank: int
    """Under the weights as they are, from 1."""
    best: int
    worst: int
    in_top: float
    """Share of draws in which it is among the first `k`."""
    k: int
    draws: int

    @property
    def sentence(self) -> str:
        """The finding in words."""
        return phrase(
            "Rank {rank}, between {best} and {worst} over {draws} draws of the weights; among the first {k} "
            "in {share:.0f} % of them.",
            rank=self.rank,
            best=self.best,
            worst=self.worst,
            draws=self.draws,
            k=self.k,
            share=100 * self.in_top,
        )


def sensitivity(
    candidates: Sequence[JointCandidate],
    k: int,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    spread: float = SPREAD,
    weights: Weights = WEIGHTS,
) -> tuple[Standing, ...]:
    """The standing of each candidate, first by rank; the same for the same seed, in whatever order they come.

    Raises `SettingInvalid` where there is nothing to draw: fewer than one draw or one place, or a spread
    outside [0, 1].
    """
    if draws < 1 or k < 1 or not 0 <= spread <= 1:
        raise SettingInvalid(
            phrase(
                "{draws} draws, the first {k}, a spread of {spread}: expected at least one draw and one "
                "place, and a spread in [0, 1].",
                draws=draws,
                k=k,
                spread=spread,
            )
        )
    if not candidates:
        return ()
    # ties are broken by this order
    ordered = sorted(candidates, key=lambda each: (each.id, tuple(need.id for need in each.members)))
    base = np.array([weights.of[name] for name in NAMES])
    drawn = base * np.random.default_rng(seed).uniform(1 - spread, 1 + spread, (draws, len(NAMES)))
    total = drawn.sum(axis=1, keepdims=True)
    drawn = np.divide(drawn, total, where=total > 0, out=np.broadcast_to(base, drawn.shape).copy())
    now = _places(_ranks(ordered, base[None, :], weights))[0]
    places = _places(_ranks(ordered, drawn, weights))
    standings = [
        Standing(
            candidate=candidate,
            rank=int(now[i]),
            best=int(places[:, i].min()),
            worst=int(places[:, i].max()),
            in_top=float((places[:, i] <= k).mean()),
            k=k,
            draws=draws,
        )
        for i, candidate in enumerate(ordered)
    ]
    return tuple(sorted(standings, key=lambda standing: standing.rank))


def _ranks(
    candidates: Sequence[JointCandidate], drawn: NDArray[np.float64], weights: Weights
) -> NDArray[np.float64]:
    """R `float64[draws, candidates]` under each row of weights `float64[draws, 9]`."""
    columns: list[NDArray[np.float64]] = []
    for candidate in candidates:
        by_name = {factor.name: factor for factor in candidate.score.factors}
        value = np.array([by_name[name].value for name in NAMES], dtype=np.float64)  # None becomes NaN
        known = np.array([by_name[name].known for name in NAMES]) * ~np.isnan(value)
        reached = drawn @ np.nan_to_num(value)
        weight = drawn @ ~np.isnan(value)
        total = 100 * np.divide(reached, weight, where=weight > 0, out=np.zeros_like(reached))
        # caps look at values, so that they hold under any weights
        if candidate.score.capped:
            total = np.minimum(total, weights.cap_total)
        columns.append(total * (FLOOR + (1 - FLOOR) * (drawn @ known)))
    return np.stack(columns, axis=1).round(9)


def _places(ranks: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place of each candidate in each draw, from 1; of equals the first stands first."""
    order = np.argsort(-ranks, axis=1, kind="stable")
    places: NDArray[np.int64] = np.argsort(order, axis=1) + 1
    return places
