"""Who asks for like things: links between needs of different organisations, by country or organisation."""

from html import escape
from itertools import combinations_with_replacement
from math import cos, pi, sin
from typing import TYPE_CHECKING, Literal

import pandas as pd

from matcher.market.finding import Finding, largest, suppressed, tidy
from matcher.market.market import Market
from matcher.market.words import NOT_STATED
from matcher.market.words import cells as told
from matcher.phrases import Phrase, counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def cooperation(
    market: Market, *, by: Literal["country", "organisation"] = "country", suppress: bool = False
) -> Finding:
    """Pairs of countries, or of organisations, whose needs are linked as likely one need.

    A link counts from the market's `adequate` probability on, and only between two known organisations.
    With `suppress`, a pair of organisations is always a cell of two, so ask for countries then.
    """
    cells: dict[tuple[str, str], list[tuple[float, int, int]]] = {}
    between = unknown = 0
    for (one, other), probability in market.links.items():
        a, b = market.rows[one], market.rows[other]
        if probability < market.adequate:
            continue
        if market.buyers[a] is None or market.buyers[b] is None:
            unknown += 1
            continue
        if market.buyers[a] == market.buyers[b]:
            continue
        between += 1
        ends = sorted((_name(market, a, by), _name(market, b, by)))
        cells.setdefault((ends[0], ends[1]), []).append((probability, a, b))
    rows = []
    for (one, other), links in sorted(cells.items()):
        ends_of = {row for _, a, b in links for row in (a, b)}
        rows.append(
            {
                by: one,
                f"other_{by}": other,
                "links": len({(min(a, b), max(a, b)) for _, a, b in links}),
                "needs": len(ends_of),
                "organisations": market.organisations(ends_of),
                "best": max(probability for probability, _, _ in links),
            }
        )
    types = {by: "string", f"other_{by}": "string", "links": "Int64", "needs": "Int64"}
    table = tidy(rows, types | {"organisations": "Int64", "best": "Float64"})
    if suppress:
        table = suppressed(table, ["links", "needs", "best"])
    most = largest(table, "links", [by, f"other_{by}"])
    sentence = phrase("No link between needs of different organisations can be shown.")
    if most and most.apart:
        sentence = counted(
            "Most links of like needs, apart from what is not stated, are between {ends}: {size} of {n}.",
            "Most links of like needs, apart from what is not stated, are between {ends}: {size} of {n}.",
            between,
            ends=most.name,
            size=most.size,
        )
    elif most:
        sentence = counted(
            "Most links of like needs are between {ends}: {size} of {n}.",
            "Most links of like needs are between {ends}: {size} of {n}.",
            between,
            ends=most.name,
            size=most.size,
        )
    left_out = counted(
        "{n} links without known organisations left out",
        "{n} links without known organisations left out",
        unknown,
    )
    return Finding(
        name=phrase("cooperation"),
        table=table,
        sentence=sentence,
        n=len(market.needs),
        coverage=joined([market.coverage("organisation", "country"), left_out], "; "),
        versions=market.versions,
        caveat=phrase(
            "Registered needs, not the market; "
            "a link says that two needs are alike, not that anybody cooperates."
        ),
        day=market.day,
        parameters={phrase("link from"): market.adequate},
        draw=_network,
    )


def _name(market: Market, row: int, by: str) -> str:
    if by == "country":
        return market.needs[row].country or NOT_STATED
    return market.needs[row].organisation or market.buyers[row] or NOT_STATED


def _network(table: pd.DataFrame) -> "Figure":
    """The ends on a circle; the more links, the wider the line."""
    from plotly import graph_objects as go

    from matcher.market.chart import GREY, PALETTE, empty

    if table.empty:
        return empty(phrase("No links to show"))
    one, other = table.columns[0], table.columns[1]
    ends = sorted({*told(table[one], one), *told(table[other], other)})
    place = {e: (cos(2 * pi * i / len(ends)), sin(2 * pi * i / len(ends))) for i, e in enumerate(ends)}
    counts = {
        (str(row[one]), str(row[other])): None if pd.isna(row["links"]) else int(row["links"])
        for row in table.to_dict("records")
    }
    within = {end: counts.get((end, end)) for end in ends}
    most = max((count for count in counts.values() if count), default=1)
    figure = go.Figure()
    for a, b in combinations_with_replacement(ends, 2):
        if a == b or (a, b) not in counts:
            continue
        count = counts[a, b]
        (xa, ya), (xb, yb) = place[a], place[b]
        figure.add_scatter(
            x=[xa, (xa + xb) / 2, xb],
            y=[ya, (ya + yb) / 2, yb],
            mode="lines",
            line={
                "width": 1 if count is None else 1 + 7 * count / most,
                "dash": "dot" if count is None else "solid",
                "color": GREY if count is None else PALETTE[0],
            },
            opacity=0.6,
            hovertemplate=_links(a, b, count) + "<extra></extra>",
            showlegend=False,
        )
    figure.add_scatter(
        x=[1.13 * place[end][0] for end in ends],
        y=[1.13 * place[end][1] for end in ends],
        mode="text",
        text=[_end(end, within[end]) for end in ends],
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(
        height=620,
        xaxis={"visible": False, "range": [-1.4, 1.4]},
        yaxis={"visible": False, "range": [-1.3, 1.3], "scaleanchor": "x"},
    )
    return figure


def _links(one: str, other: str, count: int | None) -> str:
    """What is said of a line."""
    ends = {"one": _marked(one), "other": _marked(other)}
    if count is None:
        return phrase("{one} and {other}: hidden links", **ends)
    return counted("{one} and {other}: {n} links", "{one} and {other}: {n} links", count, **ends)


def _end(name: str, within: int | None) -> str:
    """What stands at an end."""
    if not within:
        return _marked(name)
    return _marked(name) + "<br>" + counted("({n} within)", "({n} within)", within)


def _marked(name: str) -> str:
    """A name that cannot mark up a figure; the engine's own words and names of countries do not."""
    return name if isinstance(name, Phrase) else escape(name)
