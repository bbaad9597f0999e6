"""Supply beside demand, by area and country: what is asked for, and how many suppliers could answer."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from matcher.market.dimension import groups
from matcher.market.finding import LEAST_ORGANISATIONS, Finding, suppressed, tidy, visible
from matcher.market.market import Market
from matcher.market.words import NOT_STATED, cell, cells
from matcher.phrases import counted, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CAVEAT = phrase("Suppliers in the catalogue only; registered needs, not the market.")
_SUPPLY = {
    "matched": "Int64",
    "matched_share": "Float64",
    "suppliers": "Int64",
    "domestic_suppliers": "Int64",
    "origin_unknown": "Int64",
    "suppliers_per_need": "Float64",
}
_TYPES = {
    "area": "string",
    "country": "string",
    "needs": "Int64",
    "organisations": "Int64",
    "value_eur": "Float64",
    "value_stated": "Int64",
    "compared": "Int64",
} | _SUPPLY


def supply_and_demand(market: Market, *, suppress: bool = False) -> Finding:
    """By area and country of the needs: demand, and the suppliers with an adequate solution for one of them.

    `suppliers_per_need` is over the needs that were compared; without any it is unknown. With `suppress`, the
    demand of fewer than three organisations and the numbers of one or two suppliers are taken out.
    """
    rows: list[dict[str, Any]] = []
    for (area, country), members in groups(market, "area", "country").items():
        value = market.total(members)
        compared = [row for row in members if market.compared(row)]
        offers = {row: market.adequate_for(row).tolist() for row in compared}
        columns = {column for found in offers.values() for column in found}
        suppliers = {market.supplier(column) for column in columns}
        home = {market.supplier(c) for c in columns if market.solutions[c].country == country}
        unknown = {market.supplier(c) for c in columns if market.solutions[c].country is None} - home
        matched = sum(bool(found) for found in offers.values())
        stated = country != NOT_STATED
        rows.append(
            {
                "area": area,
                "country": country,
                "needs": len(members),
                "organisations": market.organisations(members),
                "value_eur": value.eur,
                "value_stated": value.stated,
                "compared": len(compared),
                "matched": matched if compared else None,
                "matched_share": matched / len(compared) if compared else None,
                "suppliers": len(suppliers) if compared else None,
                "domestic_suppliers": len(home) if compared and stated else None,
                "origin_unknown": len(unknown) if compared else None,
                "suppliers_per_need": len(suppliers) / len(compared) if compared else None,
            }
        )
    table = tidy(rows, _TYPES)
    if suppress:
        few = table["suppliers"].between(1, LEAST_ORGANISATIONS - 1).fillna(False)
        table = suppressed(table, ["needs", "value_eur", "value_stated", "compared", *_SUPPLY])
        for name in _SUPPLY:
            table[name] = table[name].mask(few)
    return Finding(
        name=phrase("supply and demand"),
        table=table,
        sentence=_sentence(table),
        n=len(market.needs),
        coverage=market.coverage("supply", "value", "country", "area"),
        versions=market.versions,
        caveat=CAVEAT,
        day=market.day,
        parameters={phrase("adequate from"): market.adequate},
        draw=_bubbles,
    )


def _sentence(table: pd.DataFrame) -> str:
    there = visible(table).dropna(subset=["suppliers"])
    if there.empty:
        return phrase("No needs that were compared with the catalogue can be shown.")
    bare = there[there["suppliers"] == 0].sort_values(
        ["needs", "area", "country"], ascending=[False, True, True]
    )
    if bare.empty:
        least = there.sort_values(["suppliers_per_need", "area", "country"]).iloc[0]
        return counted(
            "Every cell shown has suppliers; the fewest for its needs are in "
            "{area}, {country}: {suppliers} for {n} needs.",
            "Every cell shown has suppliers; the fewest for its needs are in "
            "{area}, {country}: {suppliers} for {n} needs.",
            int(least["compared"]),
            area=cell(least, "area"),
            country=cell(least, "country"),
            suppliers=int(least["suppliers"]),
        )
    first = bare.iloc[0]
    return counted(
        "{bare} of {n} cells have needs and no adequate supplier; the one with most needs is "
        "{area} in {country} ({needs}).",
        "{bare} of {n} cells have needs and no adequate supplier; the one with most needs is "
        "{area} in {country} ({needs}).",
        len(there),
        bare=len(bare),
        area=cell(first, "area"),
        country=cell(first, "country"),
        needs=int(first["needs"]),
    )


def _bubbles(table: pd.DataFrame) -> "Figure":
    """A bubble a cell: its size is demand, its colour the share of needs with adequate supply."""
    from plotly import graph_objects as go

    from matcher.market.chart import GREY, SCALE, empty, words

    if table.empty:
        return empty()
    figure = go.Figure()
    seen = table[table["needs"].notna()]
    most = max((int(n) for n in seen["needs"]), default=1)
    known = seen["matched_share"].notna()
    unknown = phrase("supply not known")
    if "suppressed" in table:
        unknown = phrase("supply hidden or not known")
    for some, label in ((seen[known], ""), (seen[~known], unknown)):
        if some.empty:
            continue
        colour: dict[str, Any] = {"color": GREY}
        if not label:
            colour = {
                "color": [float(share) for share in some["matched_share"]],
                "colorscale": SCALE,
                "cmin": 0,
                "cmax": 1,
                "showscale": True,
                "colorbar": {"title": {"text": phrase("needs with<br>adequate supply")}, "tickformat": ".0%"},
            }
        numbers = ["?" if pd.isna(n) else str(int(n)) for n in some["suppliers"]]
        figure.add_trace(
            go.Scatter(
                x=cells(some["area"], "area"),
                y=cells(some["country"], "country"),
                mode="markers",
                name=label,
                showlegend=bool(label),
                marker={
                    "size": [int(n) for n in some["needs"]],
                    "sizemode": "area",
                    "opacity": 1,
                    "sizemin": 5,
                    "sizeref": 2 * most / 38**2,
                    "line": {"width": 1, "color": "#333333"},
                }
                | colour,
                customdata=[[int(n), s] for n, s in zip(some["needs"], numbers, strict=True)],
                hovertemplate="%{y}, %{x}<br>"
                + phrase(
                    "{needs} needs, {suppliers} suppliers",
                    needs="%{customdata[0]}",
                    suppliers="%{customdata[1]}",
                )
                + "<extra></extra>",
            )
        )
    hidden = table[table["needs"].isna()]
    if not hidden.empty:
        figure.add_scatter(
            x=cells(hidden["area"], "area"),
            y=cells(hidden["country"], "country"),
            mode="markers",
            name=phrase("hidden"),
            marker={"symbol": "x-thin-open", "size": 9, "color": GREY},
            hovertemplate="%{y}, %{x}<br>" + phrase("hidden") + "<extra></extra>",
        )
    figure.update_layout(
        height=220 + 30 * table["country"].nunique(),
        xaxis={"title": {"text": phrase("area (size of a bubble: needs)")}}
        | words(cells(sorted(set(table["area"])), "area")),
        yaxis={
            "title": {"text": phrase("country of the need")},
            "type": "category",
            "categoryorder": "category descending",
        },
        legend={"orientation": "h"},
    )
    return figure
