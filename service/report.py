"""The evaluation report: tables in Markdown, with a plot beside each that people look at rather than read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matcher.evaluate.ranking import MEASURES
from matcher.evaluate.reliability import Reliability
from matcher.evaluate.significance import interval
from matcher.evaluate.trial import DENSE, FEW, HYBRID, PLAIN, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADINGS = {
    "ndcg_10": "nDCG@10",
    "recall_10": "recall@10",
    "recall_100": "recall@100",
    "mrr": "MRR",
    "acc_1": "acc@1",
}
INK, MUTED, MARK = "#1b3a57", "#8aa0b4", "#c8553d"
"""Dark blue, grey blue and a red that stay apart for the colour-blind."""


def write_report(result: Result, folder: Path, title: str) -> Path:
    """Write `report.md` and its plots into a folder, and return the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"# {title}", "", f"Model `{result.model}`, language offset `{result.offset or 'none'}`."]
    lines += section(result, folder)
    page = folder / "report.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return page


def section(result: Result, folder: Path, prefix: str = "") -> list[str]:
    """The tables of a result; plots go into `folder`, their names beginning with `prefix`."""
    lines: list[str] = []
    if result.rankings:
        lines += _systems(result, folder, prefix)
        lines += _languages(result, folder, prefix)
        lines += _bias(result)
        lines += _coverage(result)
    if result.reliability is not None:
        lines += _reliability(result, folder, prefix)
    if result.groupings:
        lines += _groupings(result)
    return lines


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table.

    >>> table(["a", "b"], [["1", "2"]])
    ['| a | b |', '|---|---|', '| 1 | 2 |']
    """
    written = ["| " + " | ".join(row) + " |" for row in (columns, *rows)]
    return [written[0], "|" + "---|" * len(columns), *written[1:]]


def _systems(result: Result, folder: Path, prefix: str) -> list[str]:
    means = result.as_json()["systems"]
    count = len(next(iter(result.rankings.values())))
    lines = ["", f"{count} queries."]
    if any(result.unknown):
        lines += [
            f"Left out: {result.unknown[0]} judgements of queries that are not there; "
            f"{result.unknown[1]} judgements name documents that are not there.",
        ]
    rows = [[name, *(f"{values[m]:.3f}" for m in MEASURES)] for name, values in means.items()]
    lines += ["", *table(["system", *HEADINGS.values()], rows), ""]
    for over in (PLAIN, DENSE):
        if over in result.rankings and HYBRID in result.rankings:
            gains = "; ".join(gain(result, m, HYBRID, over) for m in ("ndcg_10", "recall_10", "acc_1"))
            lines.append(f"{HYBRID} less {over}: {gains}.")
    name = f"{prefix}systems.svg"
    with _plot(folder / name, height=0.4 * len(means) + 1.2) as axes:
        names = list(means)[::-1]
        spread = [
            interval(
                [s.ndcg_10 for s in result.rankings[n]],
                [result.families.get(s.query, s.query) for s in result.rankings[n]],
            )
            for n in names
        ]
        axes.barh(names, [s.mean for s in spread], color=[INK if n == HYBRID else MUTED for n in names])
        for at, one in enumerate(spread):
            axes.plot([one.low, one.high], [at, at], color=MARK, linewidth=2)
        axes.set_xlim(0, 1)
        axes.set_xlabel("nDCG@10, with 95 % interval")
    return [*lines, "", f"![nDCG@10 of each system]({name})"]


def gain(result: Result, measure: str, system: str, over: str) -> str:
    """A difference with its interval and p, in words."""
    found = result.difference(measure, system, over)
    chance = result.chance(measure, system, over)
    return f"{HEADINGS[measure]} {found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}], p {chance:.4f}"


def _languages(result: Result, folder: Path, prefix: str) -> list[str]:
    languages = result.languages()
    rows = [
        [code + (" (few)" if n < FEW else ""), str(n), f"{means['ndcg_10']:.3f}", f"{means['recall_10']:.3f}"]
        for code, (n, means) in languages.items()
    ]
    lines = ["", *table(["language", "queries", "nDCG@10", "recall@10"], rows)]
    name = f"{prefix}languages.svg"
    with _plot(folder / name) as axes:
        axes.bar(
            list(languages),
            [means["ndcg_10"] for _, means in languages.values()],
            color=[INK if n >= FEW else MUTED for n, _ in languages.values()],
        )
        axes.set_ylim(0, 1)
        axes.set_ylabel("nDCG@10")
        axes.set_xlabel(f"language of the query (grey: fewer than {FEW} queries)")
    return [*lines, "", f"![nDCG@10 by language]({name})"]


def _bias(result: Result) -> list[str]:
    rows = [
        [
            name,
            f"{bias.same_in_top:.3f}",
            f"{bias.chance:.3f}",
            f"{bias.relevant_in_top:.3f}",
            f"{bias.relevant_at_all:.3f}",
            f"{bias.ratio.mean:.2f} [{bias.ratio.low:.2f}, {bias.ratio.high:.2f}]",
            str(bias.queries),
        ]
        for name, bias in result.biases.items()
    ]
    columns = [
        "system",
        "same language in top 10",
        "chance",
        "among relevant shown",
        "among relevant",
        "ratio",
        "n",
    ]
    lines = [
        "",
        "Language bias (see `matcher/evaluate/bias.py`; a ratio of 1 is fair):",
        "",
        *table(columns, rows),
    ]
    if result.pairs:
        cells = [
            [f"{one} to {other}", str(n), f"{value:.3f}"] for (one, other), (n, value) in result.pairs.items()
        ]
        lines += [
            "",
            "nDCG@10 by language pair, query to document:",
            "",
            *table(["pair", "queries", "nDCG@10"], cells),
        ]
    return lines


def _coverage(result: Result) -> list[str]:
    rows = [
        [name, f"{c.diversity:.3f}", f"{c.suppliers_shown:.3f}", f"{c.documents_shown:.3f}"]
        for name, c in result.coverages.items()
    ]
    return ["", *table(["system", "suppliers per top 10", "suppliers shown", "documents shown"], rows)]


def _reliability(result: Result, folder: Path, prefix: str) -> list[str]:
    assert result.reliability is not None
    groups: Mapping[str, Reliability] = {"all": result.reliability, **result.reliabilities}
    rows = [
        [name, str(one.count), f"{one.brier:.3f}", f"{one.ece:.3f}", f"{one.ece_equal_mass:.3f}"]
        for name, one in groups.items()
    ]
    lines = [
        "",
        "What the probabilities are worth, over the ten results shown for each query:",
        "",
        *table(["languages", "results", "Brier", "ECE", "ECE, equal mass"], rows),
        "",
        *table(
            ["said", "held", "results"],
            [[f"{b.said:.2f}", f"{b.held:.2f}", str(b.count)] for b in result.reliability.bins],
        ),
    ]
    if result.nothing_promised is not None:
        lines += [
            "",
            f"Of {result.unanswered} queries without an answer, {result.nothing_promised:.0%} are shown "
            'nothing above "possible".',
        ]
    name = f"{prefix}reliability.svg"
    with _plot(folder / name, width=5, height=5) as axes:
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
        for group, one in groups.items():
            points = [(b.said, b.held) for b in one.bins]
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                marker="o",
                markersize=6 if group == "all" else 3,
                linewidth=2.5 if group == "all" else 1,
                color=INK if group == "all" else None,
                label=group,
            )
        axes.set_xlabel("probability said")
        axes.set_ylabel("share that held")
        axes.legend(frameon=False, fontsize=8)
    return [*lines, "", f"![reliability]({name})"]


def _groupings(result: Result) -> list[str]:
    shown = ("pair_precision", "pair_recall", "pair_f1", "bcubed_f1", "ari", "ami")
    rows = []
    for system, scores in result.groupings.items():
        values: dict[str, Any] = asdict(scores)
        rows.append([system, str(scores.items), *(f"{values[m]:.3f}" for m in shown)])
    columns = ["grouping", "items", "pair P", "pair R", "pair F1", "B-cubed F1", "ARI", "AMI"]
    return ["", *table(columns, rows)]


class _plot:  # noqa: N801 -- used as a function
    """Axes in the report's style, saved as SVG when all is drawn."""

    def __init__(self, path: Path, width: float = 7, height: float = 3.2) -> None:
        self._path, self._size = path, (width, height)

    def __enter__(self) -> "Axes":
        from matplotlib import rcParams
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        rcParams["svg.hashsalt"] = "needmatch"  # the same figures give the same file
        self._figure = Figure(figsize=self._size, layout="constrained")
        FigureCanvasSVG(self._figure)
        axes = self._figure.add_subplot()
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        return axes

    def __exit__(self, *_: object) -> None:
        self._figure.savefig(self._path, metadata={"Date": None})
