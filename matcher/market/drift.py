"""CPV drift: which branches are asked for more, or less, than before."""

from datetime import date
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from matcher.errors import SettingInvalid
from matcher.market.finding import Finding, suppressed, tidy, visible
from matcher.market.market import Market
from matcher.market.profile import jensen_shannon
from matcher.phrases import counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Z = 1.959963984540054
"""Of a 95 % interval."""
SHOWN = 15
"""Branches in the figure, at most: those that moved most."""


def wilson(count: int, n: int) -> tuple[float, float]:
    """The interval of a share of `n` (Wilson 1927), 95 %.

    >>> [round(bound, 3) for bound in wilson(5, 10)]
    [0.237, 0.763]
    """
    share, spread = count / n, Z * sqrt(count * (n - count) / n + Z * Z / 4)
    return (count + Z * Z / 2 - spread) / (n + Z * Z), max(share, (count + Z * Z / 2 + spread) / (n + Z * Z))


def difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float, float]:
    """The second share less the first, each (count, n), with its interval (Newcombe 1998, method 10), 95 %.

    >>> [round(number, 3) for number in difference((48, 80), (56, 70))]
    [0.2, 0.052, 0.334]
    """
    (a, n), (b, m) = one, other
    (low_a, high_a), (low_b, high_b) = wilson(a, n), wilson(b, m)
    change = b / m - a / n
    below = sqrt((b / m - low_b) ** 2 + (high_a - a / n) ** 2)
    above = sqrt((high_b - b / m) ** 2 + (a / n - low_a) ** 2)
    return change, change - below, change + above


def cpv_drift(
    market: Market, *, digits: int = 3, split: date | None = None, suppress: bool = False
) -> Finding:
    """Shares of CPV branches among the needs planned to start before `split`, and from it on.

    A need counts once, by its first code: the main one. Without a `split`, it is the median planned
    start. Raises `SettingInvalid` for digits outside 2..8.
    """
    if not 2 <= digits <= 8:
        raise SettingInvalid(
            phrase("digits is {digits}: expected 2 (division) to 8 (whole code).", digits=digits)
        )
    dated = [
        (need.window_start, need.cpv[0][:digits], row)
        for row, need in enumerate(market.needs)
        if need.window_start is not None and need.cpv
    ]
    days = sorted(day for day, _, _ in dated)
    at = split or (days[len(days) // 2] if days else market.day)
    sides: dict[str, tuple[list[int], list[int]]] = {}
    for day, branch, row in dated:
        sides.setdefault(branch, ([], []))[day >= at].append(row)
    before, after = (sum(len(side[i]) for side in sides.values()) for i in (0, 1))
    rows: list[dict[str, Any]] = []
    for branch in sorted(sides) if before and after else ():
        old, new = sides[branch]
        change, low, high = difference((len(old), before), (len(new), after))
        rows.append(
            {
                "branch": branch,
                "before": len(old),
                "after": len(new),
                "share_before": len(old) / before,
                "share_after": len(new) / after,
                "change": change,
                "low": low,
                "high": high,
                "organisations": market.organisations([*old, *new]),
                # a side with somebody on it must have three of them
                "least": min(market.organisations(side) for side in (old, new) if side),
            }
        )
    measures = {"before": "Int64", "after": "Int64"}
    measures |= dict.fromkeys("share_before share_after change low high".split(), "Float64")
    table = tidy(rows, {"branch": "string"} | measures | {"organisations": "Int64", "least": "Int64"})
    if suppress:
        table = suppressed(table, [*measures, "organisations"], "least")
    table = table.drop(columns="least")
    shares = np.array(
        [[len(side[i]) / max(n, 1) for side in sides.values()] for i, n in ((0, before), (1, after))]
    )
    apart = float(jensen_shannon(shares[0], shares[1])) if before and after else None
    return Finding(
        name=phrase("CPV drift"),
        table=table,
        sentence=_sentence(table, at, apart),
        n=len(dated),
        coverage=joined(
            [
                counted(
                    "planned start and CPV stated by {stated} of {n} needs",
                    "planned start and CPV stated by {stated} of {n} needs",
                    len(market.needs),
                    stated=len(dated),
                ),
                phrase(
                    "{before} before {day:%Y-%m-%d}, {after} from then on", before=before, day=at, after=after
                ),
            ],
            "; ",
        ),
        versions=market.versions,
        caveat=phrase(
            "Small numbers: intervals are Newcombe's (95 %), each branch by itself; "
            "about a fifth of published CPV codes are wrong."
        ),
        day=market.day,
        parameters={phrase("digits"): digits, phrase("split"): at.isoformat()},
        draw=_dumbbells,
    )


def _sentence(table: pd.DataFrame, at: date, apart: float | None) -> str:
    there = visible(table)
    if apart is None or there.empty:
        return phrase("There are too few dated needs with a CPV code to compare two times.")
    sure = there[(there["low"] > 0) | (there["high"] < 0)]
    if sure.empty:
        return phrase(
            "No CPV branch surely rose or fell from {day:%Y-%m-%d} on; "
            "the profiles are {apart:.2f} apart (0 equal, 1 nothing in common).",
            day=at,
            apart=apart,
        )
    first = (
        sure.assign(size=sure["change"].abs())
        .sort_values(["size", "branch"], ascending=[False, True])
        .iloc[0]
    )
    shares = {
        "branch": str(first["branch"]),
        "before": float(first["share_before"]),
        "after": float(first["share_after"]),
        "apart": apart,
    }
    if first["change"] > 0:
        return phrase(
            "CPV branch {branch} rose most, from {before:.0%} to {after:.0%} of the needs; "
            "the profiles are {apart:.2f} apart (0 equal, 1 nothing in common).",
            **shares,
        )
    return phrase(
        "CPV branch {branch} fell most, from {before:.0%} to {after:.0%} of the needs; "
        "the profiles are {apart:.2f} apart (0 equal, 1 nothing in common).",
        **shares,
    )


def _dumbbells(table: pd.DataFrame) -> "Figure":
    """Before and after of the branches that moved most, joined by a line."""
    from matcher.market.chart import PALETTE, empty

    seen = visible(table)
    if seen.empty:
        return empty(phrase("Nothing to compare"))
    from plotly import graph_objects as go

    moved = seen.assign(size=seen["change"].abs()).sort_values(["size", "branch"], ascending=[False, True])
    part = moved.head(SHOWN).sort_values("branch")
    figure = go.Figure()
    for row in part.to_dict("records"):
        figure.add_scatter(
            x=[row["share_before"], row["share_after"]],
            y=[row["branch"]] * 2,
            mode="lines",
            line={"color": "#9A9A9A", "width": 2},
            hoverinfo="skip",
            showlegend=False,
        )
    for column, name, colour, symbol in (
        ("before", phrase("before"), PALETTE[1], "circle-open"),
        ("after", phrase("from the split on"), PALETTE[0], "circle"),
    ):
        figure.add_scatter(
            x=[float(share) for share in part[f"share_{column}"]],
            y=list(part["branch"]),
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2}},
            customdata=[int(n) for n in part[column]],
            hovertemplate=phrase(
                "{place}: {share} ({n} needs)", place="%{y}", share="%{x:.0%}", n="%{customdata}"
            )
            + "<extra></extra>",
        )
    note: list[str] = []
    if (less := len(moved) - len(part)) > 0:
        note.append(
            counted("{n} that moved less are in the table", "{n} that moved less are in the table", less)
        )
    if (hidden := len(table) - len(seen)) > 0:
        note.append(counted("{n} hidden", "{n} hidden", hidden))
    if note:
        figure.add_annotation(
            text=joined(note, "; "),
            showarrow=False,
            xref="paper",
            yref="paper",
            x=1,
            y=1,
            xanchor="right",
            yanchor="bottom",
        )
    figure.update_layout(
        height=220 + 26 * len(part),
        xaxis={
            "title": {"text": phrase("share of the needs of that time")},
            "tickformat": ".0%",
            "rangemode": "tozero",
        },
        yaxis={"title": {"text": phrase("CPV branch")}, "type": "category", "autorange": "reversed"},
        legend={"orientation": "h"},
    )
    return figure
