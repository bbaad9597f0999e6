"""The profile of a country: how its needs divide over areas or another dimension, and how sure that is.

Distances are Jensen-Shannon distances with logarithm to base 2 (Lin 1991; Endres and Schindelin 2003): 0 for
equal profiles, 1 for profiles without anything in common.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from matcher.errors import SettingInvalid
from matcher.market.dimension import said
from matcher.market.finding import Finding
from matcher.market.market import Market
from matcher.market.words import DIMENSIONS
from matcher.phrases import counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Float64 = NDArray[np.float64]
Dimension = Literal["area", "function", "year", "maturity", "regime", "nature", "buyer_type"]

LEAST_NEEDS = 5
"""Countries with fewer needs are hidden."""
DRAWS = 2000
SEED = 20260101


class Counts(NamedTuple):
    """Needs by country and category, of those that state both."""

    countries: list[str]
    categories: list[str]
    table: NDArray[np.int64]
    """`int64[c, a]`: needs that state both."""
    rows: dict[tuple[str, str], list[int]]
    by: str
    least: int
    """Countries with fewer needs are hidden."""
    draws: int
    seed: int

    @property
    def sizes(self) -> NDArray[np.int64]:
        """`int64[c]`: needs by country."""
        summed: NDArray[np.int64] = self.table.sum(axis=1)
        return summed

    def drawn(self) -> NDArray[np.int64]:
        """`int64[draws, c, a]`: as many needs as each country has, drawn anew from its own."""
        random = np.random.default_rng(self.seed)
        parts = [random.multinomial(row.sum(), row / row.sum(), size=self.draws) for row in self.table]
        return np.stack(parts, axis=1) if parts else np.zeros((self.draws, *self.table.shape), dtype=np.int64)


def jensen_shannon(one: Float64, other: Float64) -> Float64:
    """The distance of profiles along the last axis, in [0, 1].

    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0]])).tolist()
    [0.0, 1.0]
    """
    middle = (one + other) / 2

    def divergence(part: Float64) -> Float64:
        ratio = np.divide(part, middle, out=np.ones_like(middle), where=part > 0)
        summed: Float64 = (part * np.log2(ratio)).sum(axis=-1)
        return summed

    distance: Float64 = np.sqrt(
        np.clip((divergence(one + 0 * other) + divergence(other + 0 * one)) / 2, 0, 1)
    )
    return distance


def tallied(market: Market, by: str, least: int, draws: int, seed: int) -> Counts:
    """The needs of every country and category, hidden countries included. Raises `SettingInvalid`."""
    if least < 1 or draws < 100:
        raise SettingInvalid(
            phrase(
                "least {least} and draws {draws}: expected at least 1 need and 100 draws.",
                least=least,
                draws=draws,
            )
        )
    cells: dict[tuple[str, str], list[int]] = {}
    for row, (country, category) in enumerate(zip(said(market, "country"), said(market, by), strict=True)):
        if country is not None and category is not None:
            cells.setdefault((country, category), []).append(row)
    countries, categories = sorted({c for c, _ in cells}), sorted({a for _, a in cells})
    table = np.array(
        [[len(cells.get((country, category), ())) for category in categories] for country in countries],
        dtype=np.int64,
    ).reshape(len(countries), len(categories))
    return Counts(countries, categories, table, cells, by, least, draws, seed)


def finding(
    market: Market,
    name: str,
    table: pd.DataFrame,
    sentence: str,
    counts: Counts,
    draw: Callable[[pd.DataFrame], "Figure"],
) -> Finding:
    """A finding on national profiles, with what it rests on."""
    known = int(counts.sizes.sum())
    hidden = len(counts.countries) - table["country"].nunique()
    return Finding(
        name=name,
        table=table,
        sentence=sentence,
        n=known,
        coverage=joined(
            [
                counted(
                    "country and {dimension} stated by {stated} of {n} needs",
                    "country and {dimension} stated by {stated} of {n} needs",
                    len(market.needs),
                    dimension=DIMENSIONS[counts.by],
                    stated=known,
                ),
                counted("{n} countries hidden", "{n} countries hidden", hidden),
                market.coverage("value"),
            ],
            "; ",
        ),
        versions=market.versions,
        caveat=counted(
            "Registered needs, not budgets; 95 % intervals are from a bootstrap over needs; "
            "countries with fewer than {n} needs are hidden.",
            "Registered needs, not budgets; 95 % intervals are from a bootstrap over needs; "
            "countries with fewer than {n} needs are hidden.",
            counts.least,
        ),
        day=market.day,
        parameters={
            phrase("draws"): counts.draws,
            phrase("seed"): counts.seed,
            phrase("least needs"): counts.least,
        },
        draw=draw,
    )
