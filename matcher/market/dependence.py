"""Import dependence: demand without supply at home, and whether what there is comes from the EU."""

from typing import TYPE_CHECKING

import pandas as pd

from matcher.market.dimension import groups
from matcher.market.finding import LEAST_ORGANISATIONS, Finding, tidy
from matcher.market.market import Market
from matcher.market.words import NOT_COMPARED, NOT_STATED, ORIGINS, cells
from matcher.phrases import counted, joined, phrase
from matcher.records import EU_COUNTRIES

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DOMESTIC, INSIDE, OUTSIDE, UNSTATED, NONE, _ = ORIGINS


def origin(market: Market, row: int) -> str:
    """Where the nearest adequate supply of a need is from, one of `ORIGINS`.

    A supplier that does not say its country might be at home: then the origin is not stated, unless
    another one is known to be there.
    """
    if not market.compared(row):
        return NOT_COMPARED
    countries = {market.solutions[column].country for column in market.adequate_for(row).tolist()}
    if not countries:
        return NONE
    home = market.needs[row].country
    if home is not None and home in countries:
        return DOMESTIC
    if None in countries:
        return UNSTATED
    return INSIDE if countries & set(EU_COUNTRIES) else OUTSIDE


def import_dependence(market: Market, *, suppress: bool = False) -> Finding:
    """By country of the needs: how many have domestic supply, only supply from the EU, from outside, or none.

    A country has a row for each origin. `share` is of the country's needs. With `suppress`, countries of
    fewer than three organisations are left out, and so are rows of one or two needs' organisations, with
    the rest of their country.
    """
    rows = []
    left_out = known = 0
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
        known += len(members)
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
    coverage = [
        market.coverage("country", "supply", "value"),
        counted(
            "{without} of {n} solutions state no country",
            "{without} of {n} solutions state no country",
            len(market.solutions),
            without=without,
        ),
    ]
    if suppress:
        coverage.append(
            counted(
                "{n} countries left out, with cells of fewer than three organisations",
                "{n} countries left out, with cells of fewer than three organisations",
                left_out,
            )
        )
    return Finding(
        name=phrase("import dependence"),
        table=table,
        sentence=_sentence(table),
        n=known,
        coverage=joined(coverage, "; "),
        versions=market.versions,
        caveat=phrase(
            "Suppliers in the catalogue only, by the country they state; not where goods are made."
        ),
        day=market.day,
        parameters={phrase("adequate from"): market.adequate},
        draw=_stacked,
    )


def _sentence(table: pd.DataFrame) -> str:
    needs = table.groupby("origin")["needs"].sum()
    counts = {name: int(needs.get(name, 0)) for name in ORIGINS}
    supplied = sum(counts[name] for name in ORIGINS[:3])
    if not supplied:
        return phrase("No need with adequate supply of known origin can be shown.")
    return counted(
        "Of {n} needs with adequate supply of known origin, {home} have it at home, "
        "{inside} elsewhere in the EU and {outside} only outside the EU.",
        "Of {n} needs with adequate supply of known origin, {home} have it at home, "
        "{inside} elsewhere in the EU and {outside} only outside the EU.",
        supplied,
        home=counts[DOMESTIC],
        inside=counts[INSIDE],
        outside=counts[OUTSIDE],
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
            y=cells(part["country"], "country"),
            orientation="h",
            name=name,
            marker={"color": colour, "line": {"color": "#666666", "width": 0.5}},
            hovertemplate=phrase("{place}: {n} needs, {origin}", place="%{y}", n="%{x}", origin=name)
            + "<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        height=220 + 26 * table["country"].nunique(),
        xaxis={"title": {"text": phrase("needs")}},
        yaxis={
            "title": {"text": phrase("country of the need")},
            "type": "category",
            "categoryorder": "category descending",
        },
        legend={"title": {"text": phrase("adequate supply")}, "traceorder": "normal"},
    )
    return figure
