"""How figures look: colours that all eyes tell apart, titles that say the finding, and gaps left as gaps.

plotly is imported inside, so that the numbers need no drawing.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from matcher.phrases import Phrase, counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
"""Okabe and Ito (2008): told apart with every kind of colour vision."""
GREY = "#B0B0B0"
PAPER = "#EDEDED"
"""Behind a matrix: where nothing is drawn there is nothing to show."""
SCALE = "Cividis"
"""Even in lightness, and read alike with and without red-green vision."""
TITLE_WIDTH = 88
FOOT_WIDTH = 120
LABEL_WIDTH = 14
LINE = 17
"""Pixels a line of footnotes takes."""


def dressed(figure: "Figure", title: str, footnotes: Sequence[str]) -> "Figure":
    """The figure with its title, and its footnotes below the plot; texts of records cannot mark it up."""
    lines = [part for note in footnotes for part in wrap(escape(note, quote=False), FOOT_WIDTH)]
    heading = wrap(escape(title, quote=False), TITLE_WIDTH) or [""]
    labels = []
    if ticks := figure.layout.xaxis.ticktext:
        broken = [wrap(escape(text, quote=False), LABEL_WIDTH) for text in ticks]
        figure.update_xaxes(ticktext=["<br>".join(label) for label in broken])
        labels = [max(len(label), 1) for label in broken]
    axis = 70 + LINE * (max(labels, default=1) - 1)
    legend = 30 if figure.layout.legend.orientation == "h" else 0
    figure.update_layout(
        template="plotly_white",
        colorway=PALETTE,
        font={"size": 13, "color": "#1A1A1A"},
        title={
            "text": "<br>".join(heading),
            "x": 0.01,
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 24},
            "font": {"size": 17},
        },
        margin={"t": 60 + legend + 22 * len(heading), "b": axis + 10 + LINE * len(lines), "l": 40, "r": 40},
        height=(figure.layout.height or 450)
        + axis
        - 70
        + legend
        + LINE * len(lines)
        + 22 * (len(heading) - 1),
        meta={"footnotes": list(footnotes)},
    )
    if legend:
        figure.update_layout(
            legend={"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "itemsizing": "constant"}
        )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    figure.add_annotation(
        text="<br>".join(lines),
        showarrow=False,
        align="left",
        font={"size": 11, "color": "#4D4D4D"},
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        xanchor="left",
        yanchor="top",
        yshift=-axis,
    )
    return figure


def told(figure: "Figure", said: Callable[[str], str]) -> "Figure":
    """The figure with all its phrases said by a function; plain text stays as it is."""
    from plotly import graph_objects as go

    def say(part: Any) -> Any:
        if isinstance(part, Phrase):
            return said(part)
        if isinstance(part, dict):
            return {name: say(value) for name, value in part.items()}
        return [say(value) for value in part] if isinstance(part, list | tuple) else part

    return go.Figure(say(figure.to_dict()))


def more_in_table(number: int) -> str:
    """What a figure says of what it does not draw."""
    return counted("{n} more in the table", "{n} more in the table", number)


_NOTHING = phrase("Nothing to show")


def empty(message: str = _NOTHING) -> "Figure":
    """A figure that says that there is nothing to draw."""
    from plotly import graph_objects as go

    figure = go.Figure()
    figure.update_layout(xaxis={"visible": False}, yaxis={"visible": False}, height=250)
    figure.add_annotation(
        text=message, showarrow=False, font={"size": 15}, xref="paper", yref="paper", x=0.5, y=0.5
    )
    return figure


def plain(values: "pd.Series[Any]") -> list[Any]:
    """Values of a column for plotly, with None where nothing is known."""
    return [None if pd.isna(value) else value for value in values]


def matrix(
    cells: Mapping[tuple[str, str], tuple[float | None, str]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    row_title: str,
    column_title: str,
    measure: str,
    bounds: tuple[float, float] | None = None,
) -> "Figure":
    """A heat matrix of (row, column) to a number and the text of its cell; None has text but no colour."""
    from plotly import graph_objects as go

    if not rows or not columns:
        return empty()
    nothing: tuple[float | None, str] = (None, "")
    table = [[cells.get((row, column), nothing) for column in columns] for row in rows]
    figure = go.Figure(
        go.Heatmap(
            z=[[number for number, _ in line] for line in table],
            text=[["" if number is None else text for number, text in line] for line in table],
            x=list(columns),
            y=list(rows),
            texttemplate="%{text}",
            textfont={"size": 12},
            hovertemplate=joined(
                [
                    phrase("{name}: {value}", name=row_title, value="%{y}"),
                    phrase("{name}: {value}", name=column_title, value="%{x}"),
                    phrase("{name}: {value}", name=measure, value="%{text}"),
                ],
                "<br>",
            )
            + "<extra></extra>",
            colorscale=SCALE,
            colorbar={"title": {"text": measure}},
            xgap=2,
            ygap=2,
            hoverongaps=False,
            zmin=bounds[0] if bounds else None,
            zmax=bounds[1] if bounds else None,
        )
    )
    # browsers differ in whether a heat map writes text where it has no number
    for place, row in enumerate(rows):
        for across, column in enumerate(columns):
            number, text = table[place][across]
            if number is None and text:
                figure.add_annotation(x=column, y=row, text=text, showarrow=False, font={"size": 11})
    figure.update_layout(
        plot_bgcolor=PAPER,
        height=220 + 26 * len(rows),
        xaxis={"title": {"text": column_title}, "showgrid": False} | words(columns),
        yaxis={
            "title": {"text": row_title},
            "type": "category",
            "autorange": "reversed",
            "showgrid": False,
            "tickmode": "array",
            "tickvals": list(rows),
        },
    )
    return figure


def words(categories: Sequence[str]) -> dict[str, Any]:
    """An axis of categories, in their order; `dressed` breaks long names into lines instead of turning."""
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(categories),
        "tickmode": "array",
        "tickvals": list(categories),
        "ticktext": list(categories),
        "tickangle": 0,
    }


def intervals(
    point: "pd.Series[Any]", low: "pd.Series[Any]", high: "pd.Series[Any]"
) -> tuple[list[float | None], list[float | None]]:
    """How far an interval reaches above and below its point, for error bars; None where there is none."""
    middle, below, above = plain(point), plain(low), plain(high)
    up = [None if a is None or m is None else a - m for m, a in zip(middle, above, strict=True)]
    down = [None if b is None or m is None else m - b for m, b in zip(middle, below, strict=True)]
    return up, down
