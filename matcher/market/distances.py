"""Which countries' profiles are alike, and which differ by more than the chance of few needs."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from matcher.market.finding import LEAST_ORGANISATIONS, Finding, tidy
from matcher.market.market import Market
from matcher.market.profile import (
    DRAWS,
    LEAST_NEEDS,
    SEED,
    Counts,
    Dimension,
    finding,
    jensen_shannon,
    tallied,
)
from matcher.market.words import DIMENSIONS, cell, cells
from matcher.phrases import counted, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def distances(
    market: Market,
    *,
    by: Dimension = "area",
    least: int = LEAST_NEEDS,
    draws: int = DRAWS,
    seed: int = SEED,
    suppress: bool = False,
) -> Finding:
    """How far the profiles of countries are apart, and each country's nearest, rank 1 first.

    Few needs alone set profiles apart: the interval is shifted by the bias that the bootstrap shows, and
    `chance` is the distance that two countries of one common profile would exceed in 1 of 20 cases.
    With `suppress`, countries of fewer than three organisations are hidden. Raises `SettingInvalid`.
    """
    counts = tallied(market, by, least, draws, seed)
    sizes = counts.sizes
    seen = [c for c in range(len(sizes)) if sizes[c] >= least]
    if suppress:
        seen = [c for c in seen if _organisations(market, counts, c) >= LEAST_ORGANISATIONS]
    drawn = counts.drawn()
    random = np.random.default_rng(seed + 1)
    pairs: dict[tuple[int, int], tuple[float, float, float, float]] = {}
    for i, a in enumerate(seen):
        for b in seen[i + 1 :]:
            one, other = counts.table[a] / sizes[a], counts.table[b] / sizes[b]
            distance = float(jensen_shannon(one, other))
            again = jensen_shannon(drawn[:, a] / sizes[a], drawn[:, b] / sizes[b])
            low, high = np.quantile(again, [0.025, 0.975]) - (again.mean() - distance)
            common = (counts.table[a] + counts.table[b]) / (sizes[a] + sizes[b])
            alike = jensen_shannon(
                random.multinomial(sizes[a], common, size=draws) / sizes[a],
                random.multinomial(sizes[b], common, size=draws) / sizes[b],
            )
            bounds = float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))
            pairs[a, b] = pairs[b, a] = (distance, *bounds, float(np.quantile(alike, 0.95)))
    rows: list[dict[str, Any]] = []
    for a in seen:
        others = sorted((b for b in seen if b != a), key=lambda b: (pairs[a, b][0], b))
        for rank, b in enumerate(others, 1):
            distance, low, high, chance = pairs[a, b]
            rows.append(
                {
                    "country": counts.countries[a],
                    "other": counts.countries[b],
                    "rank": rank,
                    "distance": distance,
                    "low": low,
                    "high": high,
                    "chance": chance,
                    "beyond_chance": distance > chance,
                    "needs": int(sizes[a]),
                    "other_needs": int(sizes[b]),
                }
            )
    types = {"country": "string", "other": "string", "rank": "Int64"}
    types |= dict.fromkeys("distance low high chance".split(), "Float64")
    table = tidy(rows, types | {"beyond_chance": "boolean", "needs": "Int64", "other_needs": "Int64"})
    name = phrase("distances of national profiles by {dimension}", dimension=DIMENSIONS[by])
    return finding(market, name, table, _alike(table), counts, _matrix)


def _alike(table: pd.DataFrame) -> str:
    once = table[table["country"] < table["other"]].sort_values(["distance", "country", "other"])
    if once.empty:
        return phrase("Fewer than two countries have enough needs to be compared.")
    near, far = once.iloc[0], once.iloc[-1]
    apart = int(once["beyond_chance"].sum())
    return counted(
        "Most alike are {near} and {near_other} ({nearest:.2f}), least alike {far} and {far_other} "
        "({farthest:.2f}); {apart} of {n} pairs differ by more than chance.",
        "Most alike are {near} and {near_other} ({nearest:.2f}), least alike {far} and {far_other} "
        "({farthest:.2f}); {apart} of {n} pairs differ by more than chance.",
        len(once),
        near=cell(near, "country"),
        near_other=cell(near, "other"),
        nearest=float(near["distance"]),
        far=cell(far, "country"),
        far_other=cell(far, "other"),
        farthest=float(far["distance"]),
        apart=apart,
    )


def _organisations(market: Market, counts: Counts, country: int) -> int:
    name = counts.countries[country]
    return market.organisations(r for a in counts.categories for r in counts.rows.get((name, a), ()))


def _matrix(table: pd.DataFrame) -> "Figure":
    """Countries in the order of a dendrogram (average linkage); a star marks more than chance."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    from matcher.market.chart import matrix

    countries = sorted(set(table["country"]))
    square = table.pivot(index="country", columns="other", values="distance").reindex(
        countries, columns=countries
    )
    values = square.to_numpy(dtype=np.float64, na_value=0.0)
    order = countries
    if len(countries) > 2:
        order = [countries[i] for i in leaves_list(linkage(squareform(values, checks=False), "average"))]
    found = {
        (str(row["country"]), str(row["other"])): (
            float(row["distance"]),
            f"{row['distance']:.2f}" + ("*" if row["beyond_chance"] else ""),
        )
        for row in table.to_dict("records")
    }
    return matrix(
        found,
        rows=cells(order, "country"),
        columns=cells(order, "country"),
        row_title=phrase("country"),
        column_title=phrase("country (* more than chance)"),
        measure=phrase("distance"),
        bounds=(0.0, 1.0),
    )
