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
        raise SettingInvalid(f"digits is {digits}: expected 2 (division) to 8 (whole code).")
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
        name="CPV drift",
        table=table,
        sentence=_sentence(table, at, apart),
        n=len(dated),
        coverage=f"planned start and CPV stated by {len(dated)} of {len(market.needs)} needs; "
        f"{before} before {at.isoformat()}, {after} from then on",
        versions=market.versions,
        caveat="Small numbers: intervals are Newcombe's (95 %), each branch by itself; "
        "about a fifth of published CPV codes are wrong.",
        day=market.day,
        parameters={"digits": digits, "split": at.isoformat()},
        draw=_dumbbells,
    )


def _sentence(table: pd.DataFrame, at: date, apart: float | None) -> str:
    there = visible(table)
    if apart is None or there.empty:
        return "There are too few dated needs with a CPV code to compare two times."
    sure = there[(there["low"] > 0) | (there["high"] < 0)]
    whole = f"the profiles are {apart:.2f} apart (0 equal, 1 nothing in common)"
    if sure.empty:
        return f"No CPV branch surely rose or fell from {at.isoformat()} on; {whole}."
    first = (
        sure.assign(size=sure["change"].abs())
        .sort_values(["size", "branch"], ascending=[False, True])
        .iloc[0]
    )
    return (
        f"CPV branch {first['branch']} {'rose' if first['change'] > 0 else 'fell'} most, from "
        f"{first['share_before']:.0%} to {first['share_after']:.0%} of the needs; {whole}."
    )


def _dumbbells(table: pd.DataFrame) -> "Figure":
    """Before and after of the branches that moved most, joined by a line."""
    from matcher.market.chart import PALETTE, empty

    seen = visible(table)
    if seen.empty:
        return empty("Nothing to compare")
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
        ("before", "before", PALETTE[1], "circle-open"),
        ("after", "from the split on", PALETTE[0], "circle"),
    ):
        figure.add_scatter(
            x=[float(share) for share in part[f"share_{column}"]],
            y=list(part["branch"]),
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2}},
            customdata=[int(n) for n in part[column]],
            hovertemplate="%{y}: %{x:.0%} (%{customdata} needs)<extra></extra>",
        )
    note = [f"{len(moved) - len(part)} that moved less are in the table"] if len(moved) > len(part) else []
    note += [f"{len(table) - len(seen)} hidden"] if len(table) > len(seen) else []
    if note:
        figure.add_annotation(
            text="; ".join(note),
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
            "title": {"text": "share of the needs of that time"},
            "tickformat": ".0%",
            "rangemode": "tozero",
        },
        yaxis={"title": {"text": "CPV branch"}, "type": "category", "autorange": "reversed"},
        legend={"orientation": "h"},
    )
    return figure
