"""Emerging topics: needs and clusters first seen of late that are far from every earlier cluster."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from matcher.errors import SettingInvalid
from matcher.market.finding import LEAST_ORGANISATIONS, Finding, tidy
from matcher.market.market import Market
from matcher.market.words import NOT_COMPARED, TOPICS
from matcher.phrases import counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FAR = 0.2
"""Pair probability below which two needs are weakly alike: far from all earlier clusters is new."""
KNOWN = 0.5
"""Pair probability from which a need likely continues an earlier cluster."""
_TYPES = {
    "id": "string",
    "kind": "string",
    "title": "string",
    "first_seen": "string",
    "needs": "Int64",
    "organisations": "Int64",
    "countries": "Int64",
    "nearest": "string",
    "likeness": "Float64",
    "state": "string",
}


def emerging(
    market: Market,
    *,
    first_seen: Mapping[str, date],
    since: date,
    likeness: Mapping[str, Mapping[str, float]],
    far: float = FAR,
    known: float = KNOWN,
    suppress: bool = False,
) -> Finding:
    """Clusters all of whose needs were first seen from `since` on, and such needs in no cluster.

    `first_seen` is by need id; `likeness` gives by need id the highest pair probability to each earlier
    cluster. The nearest one over all members decides: below `far` it is a new topic, from `known` on it is
    known. A member without likeness was not compared: then the topic counts as not compared too, unless
    another member is known. With `suppress`, units of fewer than three organisations are left out.
    Raises `SettingInvalid`.
    """
    if not 0 <= far <= known <= 1:
        raise SettingInvalid(
            phrase("far {far} and known {known}: expected 0 <= far <= known <= 1.", far=far, known=known)
        )
    clustered = {need for members in market.clusters.values() for need in members}
    units = [(name, "cluster", market.members(name)) for name in sorted(market.clusters)]
    units += [(n.id, "need", [row]) for row, n in enumerate(market.needs) if n.id not in clustered]
    rows: list[dict[str, Any]] = []
    grown = left_out = undated = 0
    for name, kind, members in units:
        days = [first_seen.get(market.needs[row].id) for row in members]
        late = [day is not None and day >= since for day in days]
        if None in days:
            undated += 1
        elif any(late) and not all(late):
            grown += 1
        if not members or not all(late):
            continue
        if suppress and market.organisations(members) < LEAST_ORGANISATIONS:
            left_out += 1
            continue
        near, value, state = _nearest(market, members, likeness, far, known)
        rows.append(
            {
                "id": name,
                "kind": kind,
                "title": market.needs[members[0]].title,
                "first_seen": min(day for day in days if day is not None).isoformat(),
                "needs": len(members),
                "organisations": market.organisations(members),
                "countries": len(market.countries(members)) or None,
                "nearest": near,
                "likeness": value,
                "state": state,
            }
        )
    rows.sort(key=lambda row: (TOPICS.index(row["state"]), -row["needs"], row["likeness"] or 0.0, row["id"]))
    table = tidy(rows, _TYPES)
    dated = sum(need.id in first_seen for need in market.needs)
    coverage = [
        counted(
            "first seen known of {known} of {n} needs",
            "first seen known of {known} of {n} needs",
            len(market.needs),
            known=dated,
        ),
        phrase(
            "{undated} topics with an unknown day and {grown} earlier clusters that grew are not listed",
            undated=undated,
            grown=grown,
        ),
    ]
    if suppress:
        coverage.append(
            counted(
                "{n} of fewer than three organisations left out",
                "{n} of fewer than three organisations left out",
                left_out,
            )
        )
    return Finding(
        name=phrase("emerging topics"),
        table=table,
        sentence=_sentence(table, since),
        n=sum(row["needs"] for row in rows),
        coverage=joined(coverage, "; "),
        versions=market.versions,
        caveat=phrase("Small numbers; new to this collection, not to the world."),
        day=market.day,
        parameters={
            phrase("since"): since.isoformat(),
            phrase("far below"): far,
            phrase("known from"): known,
        },
        draw=_strip,
    )


def _nearest(
    market: Market,
    members: Sequence[int],
    likeness: Mapping[str, Mapping[str, float]],
    far: float,
    known: float,
) -> tuple[str | None, float | None, str]:
    to = [likeness.get(market.needs[row].id) for row in members]
    pairs = [(-value, cluster) for near in to if near for cluster, value in near.items()]
    value, cluster = min(pairs) if pairs else (None, None)
    if value is None or (not all(to) and -value < known):
        return cluster, None if value is None else -value, NOT_COMPARED
    value = -value
    return cluster, value, TOPICS[0 if value < far else 1 if value < known else 2]


def _sentence(table: pd.DataFrame, since: date) -> str:
    if table.empty:
        return phrase("No topic was first seen from {day:%Y-%m-%d} on.", day=since)
    new = table[table["state"] == TOPICS[0]]
    compared = table[table["state"] != NOT_COMPARED]
    if compared.empty:
        return counted(
            "{n} topics were first seen from {day:%Y-%m-%d} on; none was compared.",
            "{n} topics were first seen from {day:%Y-%m-%d} on; none was compared.",
            len(table),
            day=since,
        )
    if new.empty:
        return counted(
            "{new} of {n} topics first seen from {day:%Y-%m-%d} on are far from all earlier ones.",
            "{new} of {n} topics first seen from {day:%Y-%m-%d} on are far from all earlier ones.",
            len(compared),
            new=len(new),
            day=since,
        )
    return counted(
        "{new} of {n} topics first seen from {day:%Y-%m-%d} on are far from all earlier ones; "
        "the largest is {id}, {title}.",
        "{new} of {n} topics first seen from {day:%Y-%m-%d} on are far from all earlier ones; "
        "the largest is {id}, {title}.",
        len(compared),
        new=len(new),
        day=since,
        id=str(new.iloc[0]["id"]),
        title=str(new.iloc[0]["title"])[:80],
    )


def _strip(table: pd.DataFrame) -> "Figure":
    """Topics by day and likeness to the nearest earlier cluster; what was not compared is only counted."""
    from html import escape

    from plotly import graph_objects as go

    from matcher.market.chart import PALETTE, empty

    if table.empty:
        return empty(phrase("No new topics"))
    figure = go.Figure()
    for state, colour, symbol in zip(TOPICS[:3], (5, 1, 0), ("star", "diamond", "circle"), strict=True):
        part = table[table["state"] == state]
        if part.empty:
            continue
        figure.add_scatter(
            x=list(part["first_seen"]),
            y=[float(value) for value in part["likeness"]],
            mode="markers",
            name=state,
            marker={
                "color": PALETTE[colour],
                "symbol": symbol,
                "size": [8 + 3 * min(int(n), 8) for n in part["needs"]],
            },
            text=[
                f"{escape(str(name))}: {escape(str(title)[:60])}"
                for name, title in zip(part["id"], part["title"], strict=True)
            ],
            customdata=[int(n) for n in part["needs"]],
            hovertemplate="%{text}<br>"
            + phrase("{day}, {n} needs, likeness {share}", day="%{x}", n="%{customdata}", share="%{y:.2f}")
            + "<extra></extra>",
        )
    missing = int((table["state"] == NOT_COMPARED).sum())
    if missing:
        figure.add_annotation(
            text=counted("{n} not compared, not drawn", "{n} not compared, not drawn", missing),
            showarrow=False,
            xref="paper",
            yref="paper",
            x=1,
            y=1,
            xanchor="right",
            yanchor="bottom",
        )
    figure.update_layout(
        height=460,
        xaxis={"title": {"text": phrase("first seen")}, "type": "date"},
        yaxis={
            "title": {"text": phrase("probability of the nearest earlier cluster")},
            "range": [-0.05, 1.05],
        },
        legend={"title": {"text": phrase("topic (larger: more needs)")}},
    )
    return figure
