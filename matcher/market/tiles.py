"""Europe as a map of equal tiles, one a country: small countries show as well as large ones, and no
outline has to be fetched from a network.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from matcher.market.words import cell
from matcher.phrases import joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROWS = """
IS .. .. .. NO SE FI ..
.. .. .. .. .. .. EE ..
.. IE GB .. DK .. LV ..
.. .. .. NL DE PL LT ..
.. .. BE LU CZ SK UA ..
.. .. FR LI AT HU MD ..
.. .. .. CH SI HR RO ..
PT ES .. IT BA RS BG ..
.. .. .. .. ME XK MK TR
.. .. MT .. AL GR .. CY
"""
PLACES: dict[str, tuple[int, int]] = {
    code: (column, row)
    for row, line in enumerate(_ROWS.split("\n")[1:-1])
    for column, code in enumerate(line.split())
    if code != ".."
}
"""ISO alpha-2 to (column, row), from the north-west; chosen by hand to keep neighbours together."""


def draw(counts: Mapping[str, int | None], measure: str) -> "Figure":
    """A tile map; None is a suppressed number, and a country that is not named has nothing to show.

    What has no tile (other countries, "not stated") is counted below the map.
    """
    from plotly import graph_objects as go

    from matcher.market.chart import GREY, PAPER, SCALE

    here = [code for code in sorted(counts) if code in PLACES and counts[code] is not None]
    hidden = [code for code in sorted(counts) if code in PLACES and counts[code] is None]
    bare = [code for code in PLACES if code not in counts]
    figure = go.Figure()
    for codes, colour, label in ((bare, PAPER, phrase("none registered")), (hidden, GREY, phrase("hidden"))):
        figure.add_scatter(
            x=[PLACES[code][0] for code in codes],
            y=[PLACES[code][1] for code in codes],
            mode="markers+text",
            text=codes,
            marker={"symbol": "square", "size": 44, "color": colour},
            textfont={"color": "#5A5A5A"},
            name=label,
            hovertemplate=phrase("{name}: {value}", name="%{text}", value=label) + "<extra></extra>",
            showlegend=bool(codes),
        )
    most = max((counts[code] or 0 for code in here), default=1)
    figure.add_trace(
        go.Scatter(
            x=[PLACES[code][0] for code in here],
            y=[PLACES[code][1] for code in here],
            mode="markers+text",
            text=[f"{code}<br>{counts[code]}" for code in here],
            marker={
                "symbol": "square",
                "size": 44,
                "color": [counts[code] for code in here],
                "colorscale": SCALE,
                "cmin": 0,
                "cmax": most,
                "showscale": bool(here),
                "colorbar": {"title": {"text": measure}},
            },
            # dark below the middle of the scale, light above it
            textfont={"color": ["#FFFFFF" if (counts[c] or 0) < 0.6 * most else "#000000" for c in here]},
            hovertemplate=joined(["%{text}", measure]) + "<extra></extra>",
            showlegend=False,
        )
    )
    other = sorted(code for code in counts if code not in PLACES)
    if other:
        told = (
            phrase(
                "{name} {value}",
                name=cell({"country": code}, "country"),
                value=phrase("hidden") if counts[code] is None else counts[code],
            )
            for code in other
        )
        figure.add_annotation(
            text=phrase("Without a tile: {countries}", countries=joined(told, ", ")),
            showarrow=False,
            xref="paper",
            yref="paper",
            x=0,
            y=0,
            xanchor="left",
            yanchor="top",
            yshift=-20,
            font={"size": 12},
        )
    figure.update_layout(
        height=640,
        xaxis={"visible": False, "range": [-0.7, 7.7], "constrain": "domain"},
        yaxis={"visible": False, "range": [9.7, -0.7], "scaleanchor": "x", "constrain": "domain"},
        legend={"orientation": "h"},
    )
    return figure
