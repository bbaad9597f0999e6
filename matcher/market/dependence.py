"""Import dependence: demand without supply at home, and whether what there is comes from the EU."""

from typing import TYPE_CHECKING

import pandas as pd

from matcher.market.dimension import NOT_STATED, groups
from matcher.market.finding import LEAST_ORGANISATIONS, Finding, tidy
from matcher.market.market import Market
from matcher.records import EU_COUNTRIES

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ORIGINS = (
    "domestic",
    "EU, not domestic",
    "outside the EU only",
    "origin not stated",
    "no adequate supply",
    "not compared",
)


def origin(market: Market, row: int) -> str:
    """Where the nearest adequate supply of a need is from, one of `ORIGINS`.

    A supplier that does not say its country might be at home: then the origin is not stated, unless
    another one is known to be there.
    """
    if not market.compared(row):
        return "not compared"
    countries = {market.solutions[column].country for column in market.adequate_for(row).tolist()}
    if not countries:
        return "no adequate supply"
    home = market.needs[row].country
    if home is not None and home in countries:
        return "domestic"
    if None in countries:
        return "origin not stated"
    return "EU, not domestic" if countries & set(EU_COUNTRIES) else "outside the EU only"


def import_dependence(market: Market, *, suppress: bool = False) -> Finding:
    """By country of the needs: how many have domestic supply, only supply from the EU, from outside, or none.

    A country has a row for each origin. `share` is of the country's needs. With `suppress`, countries of
    fewer than three organisations are left out, and so are rows of one or two needs' organisations, with
    the rest of their country.
    """
    rows = []
    left_out = counted = 0
    for (country,), members in groups(market, "country").items():
        if country == NOT_STATED:
            continue
        parts: dict[str, list[int]] = {name: [] for name in ORIGINS}
        for row in members:
            parts[origin(market, row)].append(row)
        sizes = [market.organisations(part) for part in parts.values() if part]
        if suppress and min(sizes) < LEAST_ORGANISATIONS:
            left_out += 1
            continue
        counted += len(members)
        for name, part in parts.items():
            value = market.total(part)
            rows.append(
                {
                    "country": country,
                    "origin": name,
                    "needs": len(part),
                    "organisations": market.organisations(part),
                    "share": len(part) / len(members),
                    "value_eur": value.eur,
                    "value_stated": value.stated,
                }
            )
    types = {"country": "string", "origin": "string", "needs": "Int64", "organisations": "Int64"}
    types |= {"share": "Float64", "value_eur": "Float64", "value_stated": "Int64"}
    table = tidy(rows, types)
    without = sum(solution.country is None for solution in market.solutions)
    hidden = (
        f"; {left_out} countries left out, with cells of fewer than three organisations" if suppress else ""
    )
    return Finding(
        name="import dependence",
        table=table,
        sentence=_sentence(table),
        n=counted,
        coverage=f"{market.coverage('country', 'supply', 'value')}; "
        f"{without} of {len(market.solutions)} solutions state no country{hidden}",
        versions=market.versions,
        caveat="Suppliers in the catalogue only, by the country they state; not where goods are made.",
        day=market.day,
        parameters={"adequate from": market.adequate},
        draw=_stacked,
    )


def _sentence(table: pd.DataFrame) -> str:
    needs = table.groupby("origin")["needs"].sum()
    counts = {name: int(needs.get(name, 0)) for name in ORIGINS}
    supplied = sum(counts[name] for name in ORIGINS[:3])
    if not supplied:
        return "No need with adequate supply of known origin can be shown."
    return (
        f"Of {supplied} needs with adequate supply of known origin, {counts[ORIGINS[0]]} have it at home, "
        f"{counts[ORIGINS[1]]} elsewhere in the EU and {counts[ORIGINS[2]]} only outside the EU."
    )


def _stacked(table: pd.DataFrame) -> "Figure":
    """Needs of each country by origin of supply; not known and not compared are parts of their own."""
    from plotly import graph_objects as go

    from matcher.market.chart import GREY, PALETTE, PAPER, empty

    if table.empty:
        return empty()
    figure = go.Figure()
    for name, colour in zip(
        ORIGINS, (PALETTE[0], PALETTE[4], PALETTE[1], GREY, PALETTE[5], PAPER), strict=True
    ):
        part = table[table["origin"] == name]
        if not part["needs"].sum():
            continue
        figure.add_bar(
            x=[int(n) for n in part["needs"]],
            y=list(part["country"]),
            orientation="h",
            name=name,
            marker={"color": colour, "line": {"color": "#666666", "width": 0.5}},
            hovertemplate=f"%{{y}}: %{{x}} needs, {name}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        height=220 + 26 * table["country"].nunique(),
        xaxis={"title": {"text": "needs"}},
        yaxis={
            "title": {"text": "country of the need"},
            "type": "category",
            "categoryorder": "category descending",
        },
        legend={"title": {"text": "adequate supply"}, "traceorder": "normal"},
    )
    return figure
