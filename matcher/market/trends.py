"""Needs over time, quarter by quarter, with intervals that are exact for small counts."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from scipy.stats import chi2

from matcher.market.dimension import Dimension, shown
from matcher.market.finding import Finding, Largest, largest, suppressed, tidy
from matcher.market.market import Market
from matcher.market.words import cell
from matcher.phrases import Phrase, counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SHOWN = 8
"""Panels of the figure, at most."""


def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a Poisson mean, of which `count` was seen (Garwood 1936).

    >>> [[round(bound, 2) for bound in poisson_interval(count)] for count in (0, 10)]
    [[0.0, 3.69], [4.8, 18.39]]
    """
    tail = (1 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2


def quarter(day: date) -> str:
    """The quarter of a day.

    >>> quarter(date(2027, 4, 1))
    '2027-Q2'
    """
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarters(first: date, last: date) -> list[str]:
    """All quarters from one day's to another's.

    >>> quarters(date(2026, 12, 31), date(2027, 4, 1))
    ['2026-Q4', '2027-Q1', '2027-Q2']
    """
    start, end = (day.year * 4 + (day.month - 1) // 3 for day in (first, last))
    return [f"{number // 4}-Q{number % 4 + 1}" for number in range(start, end + 1)]


def trends(
    market: Market,
    *,
    by: Dimension | None = None,
    dates: Mapping[str, date] | None = None,
    suppress: bool = False,
) -> Finding:
    """Needs by quarter of planned start, or of other dates by need id (as when they were first seen).

    Quarters without a need stand as counted zeros between the first and the last; needs without a date
    are in none and are counted in the coverage. With `by`, each group has all quarters.
    """
    when = {
        need.id: day
        for need in market.needs
        if (day := need.window_start if dates is None else dates.get(need.id)) is not None
    }
    labels = shown(market, by) if by else [str(phrase("all"))] * len(market.needs)
    cells: dict[tuple[str, str], list[int]] = {}
    for row, (need, label) in enumerate(zip(market.needs, labels, strict=True)):
        if need.id in when:
            cells.setdefault((label, quarter(when[need.id])), []).append(row)
    span = quarters(min(when.values()), max(when.values())) if when else []
    group = by or "group"
    rows: list[dict[str, Any]] = []
    for label in sorted({label for label, _ in cells}):
        for name in span:
            members = cells.get((label, name), [])
            low, high = poisson_interval(len(members))
            value = market.total(members)
            rows.append(
                {
                    group: label,
                    "quarter": name,
                    "needs": len(members),
                    "low": low,
                    "high": high,
                    "organisations": market.organisations(members),
                    "value_eur": value.eur,
                    "value_stated": value.stated,
                }
            )
    types = {group: "string", "quarter": "string", "needs": "Int64", "low": "Float64", "high": "Float64"}
    table = tidy(rows, types | {"organisations": "Int64", "value_eur": "Float64", "value_stated": "Int64"})
    if suppress:
        table = suppressed(table, ["needs", "low", "high", "value_eur", "value_stated"])
    most = largest(table, "needs", ["quarter", *([by] if by else [])])
    told = _PLANNED if dates is None else _DATED
    return Finding(
        name=told.name,
        table=table,
        sentence=_sentence(most, planned=dates is None),
        n=len(when),
        coverage=joined(
            [_known(len(when), len(market.needs), planned=dates is None), market.coverage("value")], "; "
        ),
        versions=market.versions,
        caveat=phrase(
            "Small numbers: intervals are exact Poisson intervals (95 %). "
            "Quarters from now on fill up as needs are registered."
        ),
        day=market.day,
        draw=partial(_lines, today=quarter(market.day), axis_title=told.axis),
    )


class _Told(NamedTuple):
    """Words that differ by what the quarters are of."""

    name: Phrase
    axis: Phrase


_PLANNED = _Told(phrase("needs by quarter of planned start"), phrase("quarter of planned start"))
_DATED = _Told(phrase("needs by quarter of date"), phrase("quarter of date"))


def _sentence(most: Largest | None, *, planned: bool) -> str:
    if most is None:
        if planned:
            return phrase("No need with a planned start can be shown.")
        return phrase("No need with a date can be shown.")
    low, high = poisson_interval(most.size)
    numbers = {"name": most.name, "size": most.size, "low": low, "high": high}
    if planned and most.apart:
        return phrase(
            "Most needs by planned start, apart from what is not stated, are of {name}: "
            "{size} (95 % {low:.1f} to {high:.1f}).",
            **numbers,
        )
    if planned:
        return phrase(
            "Most needs by planned start are of {name}: {size} (95 % {low:.1f} to {high:.1f}).", **numbers
        )
    if most.apart:
        return phrase(
            "Most needs by date, apart from what is not stated, are of {name}: "
            "{size} (95 % {low:.1f} to {high:.1f}).",
            **numbers,
        )
    return phrase("Most needs by date are of {name}: {size} (95 % {low:.1f} to {high:.1f}).", **numbers)


def _known(known: int, all_: int, *, planned: bool) -> str:
    if planned:
        return counted(
            "planned start known of {known} of {n} needs",
            "planned start known of {known} of {n} needs",
            all_,
            known=known,
        )
    return counted(
        "date known of {known} of {n} needs", "date known of {known} of {n} needs", all_, known=known
    )


def _lines(table: pd.DataFrame, today: str, axis_title: str) -> "Figure":
    """A panel a group; a suppressed quarter is a gap in the line."""
    from plotly.subplots import make_subplots

    from matcher.market.chart import PALETTE, empty, intervals, more_in_table, plain

    if table.empty:
        return empty(phrase("No dates are known"))
    group = str(table.columns[0])
    sizes = table.groupby(group)["needs"].sum().sort_index().sort_values(ascending=False, kind="stable")
    names = sorted(str(name) for name in sizes.index[:SHOWN])
    figure = make_subplots(
        rows=len(names),
        cols=1,
        shared_xaxes=True,
        subplot_titles=[cell({group: name}, group) for name in names] if len(names) > 1 else None,
        vertical_spacing=min(0.06, 0.3 / len(names)),
    )
    axis = sorted(set(table["quarter"]))
    for place, name in enumerate(names, 1):
        part = table[table[group] == name].sort_values("quarter")
        up, down = intervals(part["needs"], part["low"], part["high"])
        figure.add_scatter(
            row=place,
            col=1,
            x=list(part["quarter"]),
            y=plain(part["needs"]),
            mode="lines+markers",
            connectgaps=False,
            line={"color": PALETTE[0]},
            showlegend=False,
            error_y={"type": "data", "array": up, "arrayminus": down, "color": "#7F7F7F", "thickness": 1},
            hovertemplate=phrase("{place}: {n} needs", place="%{x}", n="%{y}") + "<extra></extra>",
        )
        hidden = part[part["needs"].isna()]
        if not hidden.empty:
            figure.add_scatter(
                row=place,
                col=1,
                x=list(hidden["quarter"]),
                y=[0] * len(hidden),
                mode="text",
                text=[phrase("hidden")] * len(hidden),
                textfont={"size": 10},
                hoverinfo="skip",
                showlegend=False,
            )
        figure.update_yaxes(title_text=phrase("needs"), rangemode="tozero", row=place, col=1)
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=axis)
    figure.update_xaxes(title_text=axis_title, row=len(names), col=1)
    if today in axis:
        figure.add_vline(x=axis.index(today), line={"dash": "dot", "color": "#7F7F7F"})
    if len(sizes) > len(names):
        figure.add_annotation(
            text=more_in_table(len(sizes) - len(names)),
            showarrow=False,
            xref="paper",
            yref="paper",
            x=1,
            y=1,
            xanchor="right",
            yanchor="bottom",
            yshift=16,
        )
    figure.update_layout(height=180 + (160 if len(names) > 1 else 260) * len(names))
    return figure
