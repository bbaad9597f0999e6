"""Demand without adequate supply: needs and clusters by what is left open, for how many, at what value."""

from collections.abc import Sequence
from math import log10
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from matcher.market.finding import LEAST_ORGANISATIONS, Finding, tidy
from matcher.market.market import Market
from matcher.market.supply import Supply, of_cluster, of_need
from matcher.market.words import STATES, cell
from matcher.phrases import counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Kind = Literal["needs", "clusters"]
_TYPES = {
    "rank": "Int64",
    "id": "string",
    "title": "string",
    "area": "string",
    "countries": "Int64",
    "country": "string",
    "needs": "Int64",
    "organisations": "Int64",
    "value_eur": "Float64",
    "value_stated": "Int64",
    "value_assumed": "boolean",
    "m1": "Float64",
    "adequate": "Int64",
    "suppliers": "Int64",
    "best_trl": "Int64",
    "trl_unknown": "Int64",
    "state": "string",
    "possible": "string",
    "gap": "Float64",
    "priority": "Float64",
    "hint": "string",
    "hint_sentence": "string",
}


def unmet_needs(market: Market, *, suppress: bool = False) -> Finding:
    """Every need by gap x log10 of its value, the widest first; with its class and a hint.

    A need is a cell of one organisation: with `suppress` none is left, so ask for clusters then.
    """
    units = [(need.id, [row], of_need(market, row)) for row, need in enumerate(market.needs)]
    return _finding(market, units, "needs", suppress)


def unmet_clusters(market: Market, *, suppress: bool = False) -> Finding:
    """Every cluster by gap x number of countries x log10 of its value, the widest first.

    A solution counts for a cluster by the lower median over its needs. With `suppress`, clusters of
    fewer than three organisations are left out.
    """
    units = [
        (cluster, rows, of_cluster(market, rows))
        for cluster in sorted(market.clusters)
        if (rows := market.members(cluster))
    ]
    return _finding(market, units, "clusters", suppress)


def _finding(
    market: Market, units: Sequence[tuple[str, list[int], Supply]], kind: Kind, suppress: bool
) -> Finding:
    kept = [u for u in units if not suppress or market.organisations(u[1]) >= LEAST_ORGANISATIONS]
    table = tidy(_ranked(market, kept), _TYPES)
    rows = sorted({row for _, members, _ in kept for row in members})
    coverage = [market.coverage("supply", "value", "area", rows=rows)]
    if suppress:
        coverage.append(_left_out(len(units) - len(kept), kind))
    name = phrase("needs without adequate supply")
    if kind == "clusters":
        name = phrase("clusters without adequate supply")
    return Finding(
        name=name,
        table=table,
        sentence=_sentence(table, kind),
        n=len(rows),
        coverage=joined(coverage, "; "),
        versions=market.versions,
        caveat=joined(
            [
                counted(
                    "The catalogue may be incomplete: {n} solutions on {day:%Y-%m-%d}.",
                    "The catalogue may be incomplete: {n} solutions on {day:%Y-%m-%d}.",
                    len(market.solutions),
                    day=market.day,
                ),
                phrase(
                    "Order: gap x countries x log10 of value; "
                    "where none is stated, a typical one for the order alone."
                ),
            ]
        ),
        day=market.day,
        parameters={phrase("adequate from"): market.adequate},
        draw=_quadrants,
    )


def _left_out(number: int, kind: Kind) -> str:
    if kind == "needs":
        return counted(
            "{n} needs of fewer than three organisations left out",
            "{n} needs of fewer than three organisations left out",
            number,
        )
    return counted(
        "{n} clusters of fewer than three organisations left out",
        "{n} clusters of fewer than three organisations left out",
        number,
    )


def _ranked(market: Market, units: Sequence[tuple[str, list[int], Supply]]) -> list[dict[str, Any]]:
    worth = {name: market.total(rows) for name, rows, _ in units}
    # what one need is worth where its own value is not stated: half of those stated are more, half less
    typical = [s.eur / s.stated for s in worth.values() if s.eur is not None]
    usual = median(typical) if typical else None
    rows: list[dict[str, Any]] = []
    for name, members, supply in units:
        value, countries = worth[name], market.countries(members)
        each = usual if value.eur is None else value.eur / value.stated
        size = 1.0 if each is None else log10(max(each * len(members), 10.0))
        areas = sorted({area for row in members if (area := market.areas.get(market.needs[row].id))})
        rows.append(
            {
                "id": name,
                "title": market.needs[members[0]].title,
                "area": "; ".join(areas) or None,
                "countries": len(countries) or None,
                "country": ", ".join(countries) or None,
                "needs": len(members),
                "organisations": market.organisations(members),
                "value_eur": value.eur,
                "value_stated": value.stated,
                "value_assumed": value.stated < len(members),
                "m1": supply.best,
                "adequate": None if supply.gap is None else len(supply.adequate),
                "suppliers": None
                if supply.gap is None
                else len({market.supplier(c) for c in supply.adequate}),
                "best_trl": supply.best_trl,
                "trl_unknown": None if supply.gap is None else supply.trl_unknown,
                "state": supply.state,
                "possible": " or ".join(supply.possible) or None,
                "gap": supply.gap,
                # a need that does not say its country is still one country's
                "priority": None if supply.gap is None else supply.gap * max(len(countries), 1) * size,
                "hint": supply.hint,
                "hint_sentence": supply.sentence,
            }
        )
    rows.sort(key=lambda row: (row["priority"] is None, -(row["priority"] or 0.0), row["id"]))
    return [row | {"rank": place} for place, row in enumerate(rows, 1)]


def _sentence(table: pd.DataFrame, kind: Kind) -> str:
    compared = table.dropna(subset=["gap"])
    if compared.empty:
        if kind == "needs":
            return phrase("No needs were compared with any solution.")
        return phrase("No clusters were compared with any solution.")
    counts = compared["state"].value_counts()
    first = compared.iloc[0]
    values = {
        "states": joined((_in_state(int(counts[state]), state) for state in STATES if state in counts), ", "),
        "id": str(first["id"]),
        "title": str(first["title"])[:80],
    }
    if kind == "needs":
        told = counted(
            "Of {n} needs compared: {states}; the first is {id}, {title}.",
            "Of {n} needs compared: {states}; the first is {id}, {title}.",
            len(compared),
            **values,
        )
    else:
        told = counted(
            "Of {n} clusters compared: {states}; the first is {id}, {title}.",
            "Of {n} clusters compared: {states}; the first is {id}, {title}.",
            len(compared),
            **values,
        )
    return joined([told, cell(first, "hint_sentence")])


def _in_state(number: int, state: str) -> str:
    return phrase("{number} {state}", number=number, state=state)


def _quadrants(table: pd.DataFrame) -> "Figure":
    """Demand by value against supply by adequate solutions; what states no value has a strip of its own."""
    from html import escape

    from plotly.subplots import make_subplots

    from matcher.market.chart import PALETTE, empty

    compared = table.dropna(subset=["adequate"])
    if compared.empty:
        return empty(phrase("Nothing was compared"))
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        row_heights=[0.82, 0.18],
        vertical_spacing=0.04,
    )
    symbols = ("x", "diamond", "circle-open", "triangle-up", "circle")
    for state, colour, symbol in zip(STATES, (5, 1, 3, 4, 0), symbols, strict=True):
        part = compared[compared["state"] == state]
        stated = part["value_eur"].notna()
        for line, some in ((1, part[stated]), (2, part[~stated])):
            figure.add_scatter(
                row=line,
                col=1,
                x=[int(n) for n in some["adequate"]],
                y=[float(v) for v in some["value_eur"]]
                if line == 1
                else [phrase("value not stated")] * len(some),
                mode="markers",
                name=state,
                legendgroup=state,
                showlegend=line == (1 if bool(stated.any()) else 2) and not part.empty,
                marker={"color": PALETTE[colour], "symbol": symbol, "size": 10, "opacity": 0.8},
                text=[
                    f"{escape(str(name))}: {escape(str(title)[:60])}"
                    + (" " + phrase("(value of some needs only)") if partly and line == 1 else "")
                    for name, title, partly in zip(
                        some["id"], some["title"], some["value_assumed"], strict=True
                    )
                ],
                hovertemplate="%{text}<br>"
                + phrase("{n} adequate solutions, {value}", n="%{x}", value="%{y}")
                + "<extra></extra>",
            )
    figure.update_yaxes(title_text=phrase("stated value, EUR"), type="log", dtick=1, row=1, col=1)
    figure.update_yaxes(type="category", row=2, col=1)
    figure.update_xaxes(title_text=phrase("adequate solutions in the catalogue"), row=2, col=1)
    most = max(int(n) for n in compared["adequate"])
    figure.update_xaxes(range=[-0.5, most + 0.5], dtick=max(1, most // 10))
    not_compared = len(table) - len(compared)
    if not_compared:
        figure.add_annotation(
            text=counted(
                "{n} not compared with any solution, not drawn",
                "{n} not compared with any solution, not drawn",
                not_compared,
            ),
            showarrow=False,
            xref="paper",
            yref="paper",
            x=1,
            y=1,
            xanchor="right",
            yanchor="bottom",
        )
    figure.update_layout(height=560, legend={"title": {"text": phrase("supply")}})
    return figure
