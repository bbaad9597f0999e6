"""The plots of an evaluation report, as SVG; each shows numbers that also stand in a table beside it.

Colours stay apart for the colour-blind, and nothing is told by colour alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from matcher.evaluate.reliability import Bin, Reliability
from matcher.evaluate.significance import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, PALE, MARK = "#1b3a57", "#9db1c4", "#dfe5eb", "#c8553d"
"""Dark blue, grey blue, a light grey and a red."""
LINE, LETTERS = "#7b8794", "#3e4c59"
LARGE, SMALL = 200.0, 80.0
"""Area of the mark of a diagram's fullest bin, in square points."""


def systems(path: Path, averages: Mapping[str, Interval], chosen: str) -> None:
    """Bars of nDCG@10 by system with their intervals, in the order given; `chosen` stands out."""
    names = list(averages)[::-1]
    shown = [averages[name] for name in names]
    with canvas(path, 7, 0.3 * len(names) + 1.0) as figure:
        axes = figure.add_subplot()
        means = [one.mean for one in shown]
        axes.barh(names, means, height=0.62, color=[INK if name == chosen else MUTED for name in names])
        axes.hlines(names, [one.low for one in shown], [one.high for one in shown], color=MARK, linewidth=1.8)
        _scale(axes, "x")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("nDCG@10, with 95 % interval")


def languages(path: Path, values: Mapping[str, tuple[int, float]], few: int) -> None:
    """Bars of nDCG@10 by language of the query, with the number of queries under each."""
    with canvas(path, max(3.5, 0.33 * len(values) + 1.0), 2.8) as figure:
        axes = figure.add_subplot()
        labels = [f"{code}\n{n}" for code, (n, _) in values.items()]
        colours = [INK if n >= few else MUTED for n, _ in values.values()]
        axes.bar(labels, [value for _, value in values.values()], width=0.7, color=colours)
        _scale(axes, "y")
        axes.margins(x=0.02)
        axes.tick_params(axis="x", length=0)
        axes.set_ylabel("nDCG@10")
        axes.set_xlabel(f"language and number of queries (pale: fewer than {few})")


def reliability(path: Path, whole: Reliability, groups: Mapping[str, Reliability]) -> None:
    """What was said against what held: a large diagram of all results, a small one for each group."""
    columns = max((len(groups) + 1) // 2, 1)
    with canvas(path, 3.6 + 1.75 * columns if groups else 4.2, 4.0) as figure:
        if groups:
            grid = figure.add_gridspec(2, columns + 2)
            first = figure.add_subplot(grid[:, :2])
            for at, (name, one) in enumerate(groups.items()):
                axes = figure.add_subplot(grid[at // columns, 2 + at % columns])
                _diagram(axes, one, SMALL)
                axes.set_title(f"{name} ({one.count})", fontsize=8)
                axes.tick_params(labelsize=7)
        else:
            first = figure.add_subplot()
        _diagram(first, whole, LARGE)
        first.set_title(f"all results ({whole.count})", fontsize=9)
        first.set_xlabel("probability said")
        first.set_ylabel("share that was relevant")


def language_pairs(path: Path, pairs: Mapping[tuple[str, str], tuple[int, float]]) -> None:
    """A heat map of nDCG@10, language of the query down and of the document across; values written in."""
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    down, across = sorted({one for one, _ in pairs}), sorted({other for _, other in pairs})
    values = np.full((len(down), len(across)), np.nan)
    for (one, other), (_, value) in pairs.items():
        values[down.index(one), across.index(other)] = value
    ramp = LinearSegmentedColormap.from_list("needmatch", [PALE, MUTED, INK])
    width, height = max(0.36 * len(across) + 1.6, 3.0), max(0.26 * len(down) + 1.1, 2.4)
    with canvas(path, width, height) as figure:
        axes = figure.add_subplot()
        image = axes.imshow(np.ma.masked_invalid(values), cmap=ramp, vmin=0, vmax=1, aspect="auto")
        for row, column in zip(*np.nonzero(~np.isnan(values)), strict=True):
            value = values[row, column]
            ink = "white" if value > 0.6 else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=ink)
        axes.set_xticks(range(len(across)), across)
        axes.set_yticks(range(len(down)), down)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("language of the document")
        axes.set_ylabel("language of the query")
        figure.colorbar(image, ax=axes, label="nDCG@10", shrink=min(1.0, 2.4 / height))


def _diagram(axes: "Axes", one: Reliability, largest: float) -> None:
    """Bins as marks whose area is their number of results; on the diagonal, what was said held.

    The lines are 95 % intervals of the shares (Wilson 1927): a bin of few results says little.
    """
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--", zorder=1)
    said = [b.said for b in one.bins]
    likely = [_wilson(b) for b in one.bins]
    axes.vlines(said, [low for low, _ in likely], [high for _, high in likely], color=MARK, linewidth=1.2)
    most = max((b.count for b in one.bins), default=1)
    sizes = [largest * max(b.count / most, 0.08) for b in one.bins]
    axes.scatter(said, [b.held for b in one.bins], s=sizes, color=INK, linewidth=0, zorder=3)
    axes.set_xlim(-0.05, 1.05)
    axes.set_ylim(-0.05, 1.05)
    axes.set_xticks([0, 0.5, 1])
    axes.set_yticks([0, 0.5, 1])
    axes.set_aspect("equal")


def _wilson(one: Bin, z: float = 1.96) -> tuple[float, float]:
    centre = (one.held + z * z / (2 * one.count)) / (1 + z * z / one.count)
    half = z * (one.held * (1 - one.held) / one.count + (z / (2 * one.count)) ** 2) ** 0.5
    half /= 1 + z * z / one.count
    return centre - half, centre + half


def _scale(axes: "Axes", axis: str) -> None:
    """From 0 to 1, with faint lines behind."""
    limits, lines = (axes.set_xlim, axes.xaxis) if axis == "x" else (axes.set_ylim, axes.yaxis)
    limits(0, 1)
    lines.grid(True, color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)


@contextmanager
def canvas(path: Path, width: float, height: float) -> Iterator["Figure"]:
    """A figure in the report's style, saved when all is drawn; no window is ever opened."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(
        {
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": LINE,
            "axes.labelcolor": LETTERS,
            "xtick.color": LETTERS,
            "ytick.color": LETTERS,
            "svg.hashsalt": "needmatch",  # the same figures give the same file
        }
    ):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure
        figure.savefig(path, metadata={"Date": None})
