"""What countries put effort into: the shares of their needs, and what they do more of than others."""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from matcher.market.finding import Finding, suppressed, tidy, visible
from matcher.market.market import Market
from matcher.market.profile import DRAWS, LEAST_NEEDS, SEED, Dimension, Float64, finding, tallied
from matcher.market.words import DIMENSIONS, cell, cells
from matcher.phrases import phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SHOWN = 8
"""Panels of the figure, at most: the categories with the most needs."""


def profiles(
    market: Market,
    *,
    by: Dimension = "area",
    least: int = LEAST_NEEDS,
    draws: int = DRAWS,
    seed: int = SEED,
    suppress: bool = False,
) -> Finding:
    """By country, the share of each category among its needs, and the location quotient.

    The quotient is the country's share over the share among all needs that state both, hidden countries
    included: 2 is twice as much as usual. A share of none or of all has no bootstrap interval. Value shares
    are of the stated value. Raises `SettingInvalid`.
    """
    counts = tallied(market, by, least, draws, seed)
    sizes = counts.sizes
    usual = counts.table.sum(axis=0) / max(int(sizes.sum()), 1)
    drawn = counts.drawn()
    drawn_usual = drawn.sum(axis=1) / max(int(sizes.sum()), 1)
    rows: list[dict[str, Any]] = []
    for c, country in enumerate(counts.countries):
        if sizes[c] < least:
            continue
        whole = market.total(
            [r for category in counts.categories for r in counts.rows.get((country, category), [])]
        )
        for a, category in enumerate(counts.categories):
            members = counts.rows.get((country, category), [])
            share, value = counts.table[c, a] / sizes[c], market.total(members)
            shares = drawn[:, c, a] / sizes[c]
            there = drawn_usual[:, a] > 0
            low, high = _quantiles(shares, 0 < share < 1)
            lower, upper = _quantiles(shares[there] / drawn_usual[there, a], 0 < share < 1)
            rows.append(
                {
                    "country": country,
                    by: category,
                    "needs": len(members),
                    "organisations": market.organisations(members),
                    "share": share,
                    "share_low": low,
                    "share_high": high,
                    "quotient": share / usual[a],
                    "quotient_low": lower,
                    "quotient_high": upper,
                    "value_eur": value.eur,
                    "value_stated": value.stated,
                    "value_share": None if value.eur is None or not whole.eur else value.eur / whole.eur,
                }
            )
    floats = "share share_low share_high quotient quotient_low quotient_high".split()
    types = {"country": "string", by: "string", "needs": "Int64", "organisations": "Int64"}
    types |= dict.fromkeys(floats, "Float64")
    types |= {"value_eur": "Float64", "value_stated": "Int64", "value_share": "Float64"}
    table = tidy(rows, types)
    if suppress:
        table = suppressed(table, ["needs", *floats, "value_eur", "value_stated", "value_share"])
    return finding(
        market,
        phrase("national profiles by {dimension}", dimension=DIMENSIONS[by]),
        table,
        _special(table, by),
        counts,
        partial(_panels, by=by),
    )


def _special(table: pd.DataFrame, by: str) -> str:
    """The strongest specialisation whose interval lies above 1."""
    there = visible(table)
    sure = there[(there["quotient_low"] > 1).fillna(False)]
    if table.empty:
        return phrase("No country has enough needs for a profile.")
    if sure.empty:
        return phrase(
            "No country's share of any {dimension} is surely above the usual one.", dimension=DIMENSIONS[by]
        )
    best = sure.sort_values(["quotient", "country", by], ascending=[False, True, True]).iloc[0]
    return phrase(
        "{country} stands out for {category}: {share:.0%} of its needs, "
        "{quotient:.1f} times the usual share (95 % {low:.1f} to {high:.1f}).",
        country=cell(best, "country"),
        category=cell(best, by),
        share=float(best["share"]),
        quotient=float(best["quotient"]),
        low=float(best["quotient_low"]),
        high=float(best["quotient_high"]),
    )


def _quantiles(values: Float64, said: bool) -> tuple[float | None, float | None]:
    if not said or not values.size:
        return None, None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _panels(table: pd.DataFrame, by: str) -> "Figure":
    """A panel for each category: the share of every country with its interval."""
    from plotly.subplots import make_subplots

    from matcher.market.chart import PALETTE, empty, intervals, more_in_table, plain

    if table.empty:
        return empty(phrase("No country has enough needs"))
    sizes = table.groupby(by)["needs"].sum().sort_index().sort_values(ascending=False, kind="stable")
    shown = sorted(str(category) for category in sizes.index[:SHOWN])
    columns = min(3, len(shown))
    lines = -(-len(shown) // columns)
    countries = sorted(set(table["country"]))
    height = 120 + lines * (100 + 22 * len(countries))
    figure = make_subplots(
        rows=lines,
        cols=columns,
        shared_yaxes=True,
        subplot_titles=cells(shown, by),
        vertical_spacing=80 / height,
        horizontal_spacing=0.04,
    )
    for place, category in enumerate(shown):
        part = table[table[by] == category].sort_values("country")
        up, down = intervals(part["share"], part["share_low"], part["share_high"])
        figure.add_scatter(
            row=place // columns + 1,
            col=place % columns + 1,
            x=plain(part["share"]),
            y=cells(part["country"], "country"),
            error_x={"type": "data", "array": up, "arrayminus": down, "color": PALETTE[0], "thickness": 1.2},
            mode="markers",
            marker={"color": PALETTE[0], "size": 8},
            customdata=plain(part["needs"]),
            hovertemplate=phrase(
                "{place}: {share} ({n} needs)", place="%{y}", share="%{x:.0%}", n="%{customdata}"
            )
            + "<extra></extra>",
            showlegend=False,
        )
    figure.update_xaxes(range=[-0.03, 1.03], tickformat=".0%")
    for column in range(1, columns + 1):
        figure.update_xaxes(title_text=phrase("share of the country's needs"), row=lines, col=column)
    figure.update_yaxes(
        categoryorder="array", categoryarray=cells(countries[::-1], "country"), type="category"
    )
    if len(sizes) > SHOWN:
        figure.update_layout(meta={"left_out": int(len(sizes) - SHOWN)})
        figure.add_annotation(
            text=more_in_table(len(sizes) - SHOWN),
            showarrow=False,
            xref="paper",
            yref="paper",
            x=1,
            y=1,
            xanchor="right",
            yanchor="bottom",
            yshift=24,
        )
    figure.update_layout(height=height)
    return figure
