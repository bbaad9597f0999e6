"""How well what is asked for is supplied: from the offers compared with a need to a class and a hint.

A class needs the TRL of the adequate offers. Where some do not state theirs, the class is given only if it
would be the same for any TRL; else it is "unclear", with the classes that are possible, and without hint.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.market.market import Market
from matcher.market.words import hinted
from matcher.protocols import Int64

State = Literal["served", "thin", "immature", "unserved", "unclear", "not compared"]
Hint = Literal["market", "thin market", "ppi", "pcp", "unmet"]

READY = 9
"""TRL of what is on the market."""
ENOUGH = 3
"""Adequate offers on the market that make a need served."""
NEAR = 7
"""TRL from which a need may be one for innovation procurement of near solutions (PPI), below it for PCP."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What the catalogue offers for a need, or for a cluster as one."""

    best: float | None
    """The highest calibrated probability; None where nothing was compared."""
    adequate: tuple[int, ...]
    """Columns of the adequate solutions."""
    best_trl: int | None
    """Of the adequate solutions that state one."""
    trl_unknown: int
    """How many adequate solutions state none."""
    state: State
    possible: tuple[State, ...]
    """The classes it may be, once all TRL are known."""
    hint: Hint | None
    gap: float | None
    """1 less the best probability, adjusted; in [0, 1], None where nothing was compared."""

    @property
    def sentence(self) -> str:
        """The hint in words, or why there is none."""
        adequate = None if self.state == "not compared" else len(self.adequate)
        return hinted(self.hint, adequate, self.trl_unknown)


def classify(trls: Sequence[int | None]) -> tuple[State, tuple[State, ...], Hint | None]:
    """The class of a need by the TRL of its adequate offers, the classes that are possible, and the hint.

    >>> classify([9, 9, 9, None])[0], classify([9])[0], classify([7, 5])[::2], classify([])[::2]
    ('served', 'thin', ('immature', 'ppi'), ('unserved', 'unmet'))
    >>> classify([9, None, None])
    ('unclear', ('thin', 'served'), None)
    """
    known = [trl for trl in trls if trl is not None]
    ready, unknown = sum(trl >= READY for trl in known), len(trls) - len(known)
    if not trls:
        return "unserved", ("unserved",), "unmet"
    worst: State = _by_ready(ready)
    best: State = _by_ready(ready + unknown)
    if worst != best:
        order: tuple[State, ...] = ("immature", "thin", "served")
        return "unclear", order[order.index(worst) : order.index(best) + 1], None
    if worst == "served":
        return worst, (worst,), "market"
    if worst == "thin":
        return worst, (worst,), "thin market"
    return worst, (worst,), "ppi" if max(known) >= NEAR else "pcp"


def _by_ready(ready: int) -> State:
    if ready >= ENOUGH:
        return "served"
    return "thin" if ready else "immature"


def gap(adequate: Sequence[tuple[float, int | None]], best: Iterable[tuple[float, int | None]]) -> float:
    """What is left open, in [0, 1]: 1 less the best probability, adjusted for TRL and for further offers.

    A probability counts by TRL / 9; an unknown TRL takes nothing away, so the gap is then the least it
    can be. Adequate offers close it one after another, as if independent; without any, the best does.
    Both arguments are (probability, TRL).

    >>> gap([(0.8, 9)], []), round(gap([(0.8, 9), (0.5, 9)], []), 6), gap([], [(0.4, None), (0.2, 9)])
    (0.19999999999999996, 0.1, 0.6)
    """
    counted = [p * (trl or READY) / READY for p, trl in adequate]
    if counted:
        return prod((1 - part for part in sorted(counted)), start=1.0)
    return 1 - max((p * (trl or READY) / READY for p, trl in best), default=0.0)


def of_need(market: Market, row: int) -> Supply:
    """What the catalogue offers for one need."""
    columns, probability = market.offers(row)
    return _supply(market, columns, probability.astype(np.float64), compared=bool(columns.size))


def of_cluster(market: Market, rows: Sequence[int]) -> Supply:
    """What the catalogue offers for some needs as one, by the lower median of each solution's probabilities.

    So a solution is adequate if it is for more than half of the needs. Not compared counts as lower than
    any number, since it stood below the first ones; needs compared with nothing say nothing.
    """
    compared = [row for row in rows if market.compared(row)]
    found: dict[int, list[float]] = {}
    for row in compared:
        columns, probability = market.offers(row)
        for column, value in zip(columns.tolist(), probability.tolist(), strict=True):
            found.setdefault(column, []).append(value)
    middle = (len(compared) - 1) // 2
    medians: list[tuple[int, float]] = []
    seen_anything = bool(compared)
    for column in sorted(found):
        absent = len(compared) - len(found[column])
        if absent <= middle:
            medians.append((column, sorted(found[column])[middle - absent]))
    columns = np.array([column for column, _ in medians], dtype=np.int64)
    values = np.array([value for _, value in medians], dtype=np.float64)
    return _supply(market, columns, values, compared=seen_anything)


def _supply(market: Market, columns: Int64, probability: NDArray[np.float64], *, compared: bool) -> Supply:
    if not compared:
        return Supply(None, (), None, 0, "not compared", (), None, None)
    enough = probability.astype(np.float32) >= np.float32(market.adequate)
    chosen = [
        (p, market.solutions[column].trl)
        for column, p in zip(columns[enough].tolist(), probability[enough].tolist(), strict=True)
    ]
    trls = [trl for _, trl in chosen]
    known = [trl for trl in trls if trl is not None]
    state, possible, hint = classify(trls)
    # what is adequate closes the gap alone; the others are looked at only where nothing is
    rest = () if chosen else zip(probability.tolist(), _trls(market, columns), strict=True)
    return Supply(
        float(probability.max()) if probability.size else None,
        tuple(columns[enough].tolist()),
        max(known, default=None),
        len(chosen) - len(known),
        state,
        possible,
        hint,
        gap(chosen, rest),
    )


def _trls(market: Market, columns: Int64) -> Iterator[int | None]:
    return (market.solutions[column].trl for column in columns.tolist())
