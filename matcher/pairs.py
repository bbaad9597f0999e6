"""Whether two needs ask for the same thing, so that one purchase could serve both.

A calibrated probability from a few likenesses, each of which can be shown. Fitted on groups of needs beside
lookalikes (patrol boat and patrol car, a device and its repair), never on what it is measured on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from matcher.branch import UNSAID, likeness
from matcher.late import Parts, products
from matcher.pace import give_way
from matcher.protocols import Calibrator, Float32, Int64
from matcher.traits import Traits

FEATURES = (
    "meaning",
    "details",
    "titles",
    "titles in texts",
    "solutions",
    "codes",
    "CPV branch",
    "nature",
    "quantity",
)
"""Cosine of the texts; their late score; that of the titles; how well each title is met in the other's text;
agreement on solutions; shared codes over all; nearness of CPV codes; same nature; same kind of quantity."""
PARTS = slice(1, 4)
"""Details, titles, titles in texts."""
SOLUTIONS = FEATURES.index("solutions")
AT_ONCE = 256
"""Pairs whose vectors are laid side by side: so few that they stay in the cache."""
DECIMALS = 5
"""Beyond these, probabilities depend on the order in which products were summed."""
UNTOLD = 0.5
"""Nature and quantity where either need leaves them open: between agreement and none."""


@dataclass(frozen=True, slots=True)
class PairModel:
    """The probability that two needs ask for the same, with solutions loaded and without.

    Without fitted calibrators the cosine stands for it, clipped to [0, 1].
    """

    beside: Calibrator | None = None
    """Of `FEATURES`, where solutions are loaded."""
    alone: Calibrator | None = None
    """The same where none are: agreement on solutions is 0 throughout."""

    def probability(self, traits: Traits, left: Int64, right: Int64) -> NDArray[np.float64]:
        """`float64[p]` for pairs of places `int64[p]`, the same whichever of the two comes first."""
        calibrator = self.alone if traits.profiles is None else self.beside
        if calibrator is None:
            return np.round(np.clip(cosines(traits, left, right), 0.0, 1.0), DECIMALS).astype(np.float64)
        values = features(traits, left, right, parts=calibrator.uses(PARTS))
        said = calibrator.probability(values).astype(np.float64)
        return np.round(said, DECIMALS)

    def matrix(self, traits: Traits) -> NDArray[np.float64]:
        """`float64[n, n]`: all pairs, 1 for a need and itself."""
        found = np.eye(len(traits))
        left, right = np.triu_indices(len(traits), 1)
        found[left, right] = found[right, left] = self.probability(traits, left, right)
        return found


def cosines(traits: Traits, left: Int64, right: Int64) -> Float32:
    """`float32[p]` of pairs of places `int64[p]`."""
    found = np.empty(left.size, dtype=np.float32)
    for start in range(0, left.size, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        found[part] = np.einsum("pd,pd->p", traits.vectors[left[part]], traits.vectors[right[part]])
    return found


def features(traits: Traits, left: Int64, right: Int64, *, parts: bool = True) -> Float32:
    """`float32[p, 9]` of pairs of places `int64[p]`, in the order of `FEATURES`.

    Without `parts` the three likenesses that compare texts part by part, which cost most, are left at 0.
    """
    values = np.zeros((left.size, len(FEATURES)), dtype=np.float32)
    if not left.size:
        return values
    values[:, 0] = cosines(traits, left, right)
    if parts:
        values[:, PARTS] = _late(traits, left, right)
    if traits.profiles is not None:
        agreed = traits.profiles[left].multiply(traits.profiles[right]).sum(axis=1)
        values[:, SOLUTIONS] = np.asarray(agreed).ravel()
    places, at = np.unique(np.concatenate([left, right]), return_inverse=True)
    one, other = at[: left.size], at[left.size :]
    chosen = places.tolist()
    values[:, 5] = _shared([traits.named[i] for i in chosen], one, other)
    values[:, 6] = _branches([traits.cpv[i] for i in chosen], one, other)
    values[:, 7] = _same([traits.natures[i] for i in chosen], one, other)
    values[:, 8] = _same([traits.quantities[i] for i in chosen], one, other)
    return values


def _late(traits: Traits, left: Int64, right: Int64) -> Float32:
    """`float32[p, 3]`: details, titles, titles in texts; pairs of one text are read together."""
    values = np.zeros((left.size, 3), dtype=np.float32)
    order = np.argsort(left, kind="stable")
    for one, group in groupby(order.tolist(), key=lambda at: int(left[at])):
        give_way()
        places = list(group)
        others = right[places].tolist()
        parts = [traits.parts[other] for other in others]
        titles = [traits.titles[other] for other in others]
        values[places] = _compared(traits.parts[one], traits.titles[one], parts, titles)
    return values


def _compared(
    own: Parts | None, title: int, others: Sequence[Parts | None], titles: Sequence[int]
) -> Float32:
    """`float32[n, 3]` of one text with others; 0 where either has no parts."""
    values = np.zeros((len(others), 3), dtype=np.float32)
    filled = [(at, held) for at, held in enumerate(others) if held is not None and len(held)]
    if own is None or not len(own) or not filled:
        return values
    joined = np.concatenate([held.vectors for _, held in filled]).astype(np.float32)
    ends = np.cumsum([len(held) for _, held in filled])
    starts = np.concatenate([[0], ends[:-1]])
    cosine = products(own.unit(), joined / np.float32(127))
    head = _heading(own, title)
    heads = np.concatenate([_heading(held, titles[at]) for at, held in filled])
    weights = np.concatenate([held.weights for _, held in filled])
    at = [at for at, _ in filled]
    to_other = np.maximum.reduceat(cosine, starts, axis=1)
    to_own = cosine.max(axis=0)
    values[at, 0] = (own.weights @ to_other + np.add.reduceat(weights * to_own, starts)) / 2
    own_title, their_titles = own.weights * head, weights * heads
    mass = np.maximum(np.add.reduceat(their_titles, starts), 1e-9)
    own_mass = max(float(own_title.sum()), 1e-9)
    in_text = own_title @ to_other / own_mass + np.add.reduceat(their_titles * to_own, starts) / mass
    values[at, 2] = in_text / 2
    only = np.where(heads, cosine, -1.0)
    forward = own_title @ np.maximum.reduceat(only, starts, axis=1) / own_mass
    back = np.where(head[:, None], cosine, -1.0).max(axis=0)
    values[at, 1] = (forward + np.add.reduceat(their_titles * back, starts) / mass) / 2
    return values


def _heading(parts: Parts, title: int) -> NDArray[np.bool_]:
    """Which parts are of the title; all of them where none is."""
    begins = np.array([start for start, _ in parts.spans] or [0])
    inside: NDArray[np.bool_] = begins[np.clip(parts.owners, 0, begins.size - 1)] < max(title, 1)
    return inside if inside.any() else np.ones(len(parts), dtype=np.bool_)


def _shared(named: Sequence[frozenset[str]], one: Int64, other: Int64) -> Float32:
    """Shared codes over all of both; most needs name none."""
    values = np.zeros(one.size, dtype=np.float32)
    some = np.array([bool(codes) for codes in named])
    for at in np.flatnonzero(some[one] & some[other]).tolist():
        a, b = named[one[at]], named[other[at]]
        if both := a & b:
            values[at] = len(both) / len(a | b)
    return values


def _branches(cpv: Sequence[tuple[str, ...]], one: Int64, other: Int64) -> Float32:
    """Nearness of CPV codes, each pair of sets of codes compared once."""
    kinds = {codes: number for number, codes in enumerate(dict.fromkeys(cpv))}
    number = np.array([kinds[codes] for codes in cpv], dtype=np.int64)
    low, high = np.minimum(number[one], number[other]), np.maximum(number[one], number[other])
    pairs, back = np.unique(low * len(kinds) + high, return_inverse=True)
    codes = list(kinds)
    near = [_branch(codes[pair // len(kinds)], codes[pair % len(kinds)]) for pair in pairs.tolist()]
    return np.array(near, dtype=np.float32)[back]


@lru_cache(maxsize=100_000)
def _branch(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    near = likeness(one, other)
    return UNSAID if near is None else near


def _same(told: Sequence[str | None], one: Int64, other: Int64) -> Float32:
    """1 for the same, 0 for another, `UNTOLD` where either is not told."""
    kinds = {kind: number for number, kind in enumerate(dict.fromkeys(told))}
    number = np.array([-1 if kind is None else kinds[kind] for kind in told], dtype=np.int64)
    a, b = number[one], number[other]
    return np.where((a < 0) | (b < 0), UNTOLD, a == b).astype(np.float32)
