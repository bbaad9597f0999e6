"""Supplier concentration: on how few suppliers matched demand rests. It names none of them."""

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING, Any

import pandas as pd

from matcher.market.dimension import Dimension, groups
from matcher.market.finding import Finding, suppressed, tidy, visible
from matcher.market.market import Market, value_eur
from matcher.market.words import DIMENSIONS, cell, cells
from matcher.phrases import counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SME = frozenset({"micro", "small", "medium", "sme"})
"""Sizes of BT-165 that are small or medium-sized enterprises."""


def hhi(shares: Sequence[float]) -> float | None:
    """Herfindahl-Hirschman index of amounts, in (0, 1]: the chance that two units are of one supplier.

    >>> hhi([1, 1, 1, 1]), hhi([5]), hhi([])
    (0.25, 1.0, None)
    """
    whole = fsum(shares)
    return fsum((share / whole) ** 2 for share in shares) if whole > 0 else None


def concentration(market: Market, *, by: Dimension = "area", suppress: bool = False) -> Finding:
    """By area (or another dimension) of the needs: HHI of suppliers by matched demand, and the share of SMEs.

    Each need with adequate supply is one unit, split evenly among the suppliers with an adequate
    solution; by value, the unit is its stated value. A supplier that is nowhere named counts as one of
    its own. The SME share is a range where sizes are not stated. With `suppress`, cells of fewer than
    three buyers or suppliers are taken out.
    """
    measures = {
        "matched": "Int64",
        "suppliers": "Int64",
        "hhi": "Float64",
        "effective_suppliers": "Float64",
        "largest_share": "Float64",
        "sme_share_min": "Float64",
        "sme_share_max": "Float64",
        "hhi_value": "Float64",
        "value_eur": "Float64",
        "value_stated": "Int64",
    }
    rows = [
        {by: key[0], "needs": len(members)} | _concentrated(market, members)
        for key, members in groups(market, by).items()
    ]
    types = {by: "string", "needs": "Int64", "compared": "Int64", "organisations": "Int64"} | measures
    table = tidy(rows, types)
    if suppress:
        table = table.assign(
            least=[
                min(int(o), int(s)) if m else int(o)
                for o, s, m in zip(table["organisations"], table["suppliers"], table["matched"], strict=True)
            ]
        )
        table = suppressed(table, ["needs", "compared", "organisations", *measures], "least").drop(
            columns="least"
        )
    unnamed = sum(supplier is None for supplier in market.suppliers)
    sizes = sum(_small(s.size) is not None for s in market.solutions)
    return Finding(
        name=phrase("supplier concentration by {dimension}", dimension=DIMENSIONS[by]),
        table=table,
        sentence=_sentence(table, by),
        n=len(market.needs),
        coverage=joined(
            [
                market.coverage("supply", "value"),
                counted("{n} solutions name no supplier", "{n} solutions name no supplier", unnamed),
                counted(
                    "size stated by {stated} of {n} solutions",
                    "size stated by {stated} of {n} solutions",
                    len(market.solutions),
                    stated=sizes,
                ),
            ],
            "; ",
        ),
        versions=market.versions,
        caveat=phrase("Suppliers in the catalogue only; shares are of matched demand, not of sales."),
        day=market.day,
        parameters={phrase("adequate from"): market.adequate},
        draw=_bars,
    )


def _concentrated(market: Market, members: Sequence[int]) -> dict[str, Any]:
    units: dict[str, list[float]] = {}
    worth: dict[str, list[float]] = {}
    small: dict[bool | None, list[float]] = {}
    matched: list[int] = []
    sizes = _sizes(market)
    for row in members:
        found = sorted({market.supplier(column) for column in market.adequate_for(row).tolist()})
        if not found:
            continue
        matched.append(row)
        value = value_eur(market.needs[row])
        for supplier in found:
            units.setdefault(supplier, []).append(1 / len(found))
            small.setdefault(sizes[supplier], []).append(1 / len(found))
            if value is not None:
                worth.setdefault(supplier, []).append(value / len(found))
    shares = [fsum(units[supplier]) for supplier in sorted(units)]
    index = hhi(shares)
    stated = market.total(matched)
    count = len(matched)
    return {
        "compared": sum(market.compared(row) for row in members),
        "organisations": market.organisations(members),
        "matched": count,
        "suppliers": len(units),
        "hhi": index,
        "effective_suppliers": None if index is None else 1 / index,
        "largest_share": max(shares) / fsum(shares) if shares else None,
        "sme_share_min": fsum(small.get(True, ())) / count if count else None,
        "sme_share_max": 1 - fsum(small.get(False, ())) / count if count else None,
        "hhi_value": hhi([fsum(worth[supplier]) for supplier in sorted(worth)]),
        "value_eur": stated.eur,
        "value_stated": stated.stated,
    }


def _small(size: str) -> bool | None:
    word = size.strip().casefold()
    return True if word in SME else False if word == "large" else None


def _sizes(market: Market) -> dict[str, bool | None]:
    """By supplier whether it is an SME; unknown where its solutions do not say or say both."""
    said: dict[str, set[bool]] = {}
    for column, solution in enumerate(market.solutions):
        known = said.setdefault(market.supplier(column), set())
        if (small := _small(solution.size)) is not None:
            known.add(small)
    return {supplier: next(iter(known)) if len(known) == 1 else None for supplier, known in said.items()}


def _sentence(table: pd.DataFrame, by: str) -> str:
    there = visible(table).dropna(subset=["hhi"])
    if there.empty:
        return phrase("No matched demand can be shown.")
    most = there.sort_values(["hhi", by], ascending=[False, True]).iloc[0]
    return counted(
        "Matched demand is most concentrated in {category}: HHI {hhi:.2f}, as of "
        "{suppliers:.1f} suppliers of equal size, over {n} needs.",
        "Matched demand is most concentrated in {category}: HHI {hhi:.2f}, as of "
        "{suppliers:.1f} suppliers of equal size, over {n} needs.",
        int(most["matched"]),
        category=cell(most, by),
        hhi=float(most["hhi"]),
        suppliers=float(most["effective_suppliers"]),
    )


def _bars(table: pd.DataFrame) -> "Figure":
    """HHI by category; what has no matched demand or is suppressed says so instead of showing a bar."""
    from plotly import graph_objects as go

    from matcher.market.chart import PALETTE, empty, plain

    if table.empty:
        return empty()
    by = str(table.columns[0])
    ordered = table.sort_values(by, ascending=False)
    hidden = ordered["suppressed"] if "suppressed" in ordered else pd.Series(False, index=ordered.index)
    texts = [
        phrase("hidden")
        if gone
        else phrase("no matched demand")
        if pd.isna(index)
        else phrase(
            "{hhi:.2f} ({suppliers} suppliers, {needs} needs)",
            hhi=float(index),
            suppliers=int(suppliers),
            needs=int(matched),
        )
        for gone, index, suppliers, matched in zip(
            hidden, ordered["hhi"], ordered["suppliers"], ordered["matched"], strict=True
        )
    ]
    names = cells(ordered[by], by)
    figure = go.Figure(
        go.Bar(
            x=plain(ordered["hhi"]),
            y=names,
            orientation="h",
            marker={"color": PALETTE[0]},
            hovertemplate=phrase("{name}: {value}", name="%{y}", value="%{x:.2f}") + "<extra></extra>",
            showlegend=False,
        )
    )
    for name, index, text in zip(names, plain(ordered["hhi"]), texts, strict=True):
        figure.add_annotation(x=index or 0, y=name, text=text, showarrow=False, xanchor="left", xshift=6)
    figure.update_layout(
        height=200 + 34 * len(table),
        xaxis={
            "title": {"text": phrase("HHI of suppliers by matched demand (1: a single supplier)")},
            "range": [0, 1.35],
            "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1],
        },
        yaxis={
            "title": {"text": DIMENSIONS[by]},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": names,
        },
    )
    return figure
