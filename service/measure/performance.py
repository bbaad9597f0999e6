"""Figures of speed and memory with the bars they are held to, and the page that shows them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

SHOWN = 10
"""Results that a timed query explains."""

Found = Mapping[str, Any]
"""What one job of `service.measure.bench` has measured, as it comes out of its process."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, and the bar it is held to.

    >>> Figure("start", 0.4, "s", bar=0.5).met, Figure("ratio", 2.0, "x", bar=2.5, at_least=True).met
    (True, False)
    """

    name: str
    value: float
    unit: str
    note: str = ""
    bar: float | None = None
    at_least: bool = False
    """Whether the value must reach the bar; otherwise it must stay below."""

    @property
    def met(self) -> bool | None:
        """None where there is no bar."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.at_least else self.value < self.bar


def embedding(found: Found) -> list[Figure]:
    """Throughput at each length, as the median ratio of the pairs; held to the bar at 120 tokens."""
    figures: list[Figure] = []
    for tokens, one in found["lengths"].items():
        ratios = sorted(b / a for a, b in one["pairs"])
        fast, reference = (one["texts"] / median(side) for side in zip(*one["pairs"], strict=True))
        note = (
            f"{fast:.0f} texts a second against {reference:.0f}; "
            f"{len(ratios)} pair{'s' if len(ratios) > 1 else ''}, from {ratios[0]:.2f} to {ratios[-1]:.2f}; "
            f"{one['texts']} texts of {one['mean_tokens']:.0f} tokens in the mean"
        )
        bar = 2.5 if tokens == "120" else None
        name = f"embedding speed over sentence-transformers, {tokens} tokens"
        figures.append(Figure(name, median(ratios), "x", note, bar, at_least=True))
    return figures


def starting(seconds: Sequence[float]) -> list[Figure]:
    """The time of `needmatch --help`."""
    return [Figure("`needmatch --help`", median(seconds), "s", spread(seconds, "s"), bar=0.5)]


def serving(found: Sequence[Found]) -> list[Figure]:
    """Opening the engine, and its memory without records."""
    seconds = [one["open_seconds"] for one in found]
    peak = max(one["peak_bytes"] for one in found) / 1e9
    return [
        Figure("opening the engine", median(seconds), "s", f"imports included; {spread(seconds, 's')}"),
        Figure("peak memory, no records", peak, "GB", "engine open, one question answered", bar=1.5),
    ]


def loading(found: Sequence[Found], size: int) -> list[Figure]:
    """`Engine.load`."""
    seconds = [one["load_seconds"] for one in found]
    note = f"model already open; {spread(seconds, 's')}"
    return [Figure(f"loading a snapshot of {size:,} solutions", median(seconds), "s", note, bar=1.0)]


def querying(found: Found, size: int) -> list[Figure]:
    """One query end to end, and the memory of the process that answered all."""
    passes = [[s * 1000 for s in one] for one in found["seconds"]]
    read = [s * 1000 for s in found["reading_seconds"]]
    middle = [median(one) for one in passes]
    tail = [quantiles(one, n=20, method="inclusive")[-1] for one in passes]
    said = f"{len(passes[0])} different needs, best {SHOWN} explained; {spread(middle, 'ms')}"
    said += "" if found["calibrated"] else "; no calibrator is fitted for this model"
    name = f"one query over {size:,} solutions"
    return [
        Figure(f"{name}, p50", median(middle), "ms", said, bar=40),
        Figure(f"{name}, p95", median(tail), "ms", spread(tail, "ms"), bar=100),
        Figure("of it, reading the need (model, sentences, terms), p50", median(read), "ms"),
        Figure(
            "the first queries of a process",
            found["warm_up_seconds"],
            "s",
            f"{found['warm_up_queries']} needs in all languages, which load the rules of each; once, and "
            "in no figure above",
        ),
        Figure(
            f"peak memory, {size:,} solutions",
            found["peak_bytes"] / 1e9,
            "GB",
            "loads the snapshot and answers the queries",
            bar=2.0,
        ),
    ]


def grouping(found: Found, size: int) -> list[Figure]:
    """Grouping apart from embedding."""
    few, many = found["sample_seconds"], found["many_seconds"]
    return [
        Figure(
            f"grouping the sample's {found['sample_needs']} needs",
            median(few) * 1000,
            "ms",
            f"{found['sample_groups']} groups; {spread([s * 1000 for s in few], 'ms')}",
        ),
        Figure(
            f"grouping {size:,} vectors",
            median(many),
            "s",
            f"{found['many_groups']} groups; {spread(many, 's')}",
        ),
    ]


def spread(values: Sequence[float], unit: str) -> str:
    """The range of repeated measurements in words.

    >>> spread([0.5, 0.25], "s")
    'twice, from 0.25 s to 0.5 s'
    """
    times = {1: "once", 2: "twice"}.get(len(values), f"{len(values)} times")
    return f"{times}, from {shown(min(values), unit)} to {shown(max(values), unit)}"


def shown(value: float, unit: str) -> str:
    """A value to three digits, with its unit.

    >>> shown(37.123, "ms"), shown(3.4567, "x"), shown(1234.5, "ms")
    ('37.1 ms', '3.46 x', '1234 ms')
    """
    return f"{value:.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


def row(figure: Figure) -> list[str]:
    """A figure's line of the table: name, value, bar, whether it is met, note."""
    bar = ""
    if figure.bar is not None:
        bar = f"{'at least' if figure.at_least else 'below'} {figure.bar:g} {figure.unit}"
    met = {None: "", True: "yes", False: "**no**"}[figure.met]
    return [figure.name, shown(figure.value, figure.unit), bar, met, figure.note]


def terminal_row(figure: Figure) -> list[str]:
    """The same without the note and without marks of Markdown."""
    return [cell.replace("*", "").replace("`", "") for cell in row(figure)[:4]]


def page(figures: Sequence[Figure], facts: Found) -> str:
    """The Markdown page of the figures."""
    table = [["figure", "value", "bar", "met", ""], ["---"] * 5, *map(row, figures)]
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    quick = (
        "\n**A quick run, to see that measuring works: its figures say nothing.**\n" if facts["quick"] else ""
    )
    return f"""# Performance

Written by `make bench`; the same figures, with those of the machine, are in `performance.json`.
{quick}
Measured {facts["date"]} at commit {facts["commit"]}, on {facts["processor"]} ({facts["threads"]} used),
{facts["memory_gb"]:g} GB of memory, {facts["system"]}, Python {facts["python"]}; {versions}.
The machine was shared with other work: the load was {facts["load_before"]:g} before and
{facts["load_after"]:g} after. Times change with that; ratios, measured in turn within one run, are what to
compare.

{chr(10).join("| " + " | ".join(cells) + " |" for cells in table)}

GB are 10^9 bytes.

## How it is measured

Each line comes from processes of its own. Files have been read before, so none comes from a cold disk.

- **Embedding**: {facts["engines"]["fast"]} against {facts["engines"]["reference"]}, that is `encode` of
  sentence-transformers with its default batches, on the same texts (words of the sample corpus, cut to
  length) and the same cores. Both take turns, and the median of the ratios counts.
- **The stored solutions**: the sample has too few, so {facts["plan"]["size"]:,} are made by putting sentences
  of its solutions and needs together anew: those of two records in one language, drawn with the seed
  {facts["plan"]["seed"]}. They are as many sentences long, and in the same languages, as the sample's own,
  but no text that anybody would write.
- **One query**: a whole need, from its text to the best {SHOWN} solutions with scores, reasons and quoted
  sentences, in one process, one after the other, after {facts["plan"]["warm_up"]} in each language that do
  not count. No vector is taken from a cache. Needs are those of the sample, and recombined ones when more
  are wanted. All are asked {facts["plan"]["passes"]} times; the median of the passes' percentiles counts.
- **Memory**: the peak of what was resident (`getrusage`), files mapped into memory included.
- **Grouping**: neighbours and linkage, without embedding. The large one groups the stored solutions' vectors,
  which stand in for those of as many needs; texts made from few sources are more alike than real needs, so
  it is a hard case.
"""


def write(figures: Sequence[Figure], facts: Found, folder: Path) -> tuple[Path, Path]:
    """Write the page and its figures as JSON; returns both files."""
    folder.mkdir(parents=True, exist_ok=True)
    markdown, stored = folder / "performance.md", folder / "performance.json"
    markdown.write_text(page(figures, facts), encoding="utf-8")
    rows = [{**asdict(figure), "met": figure.met} for figure in figures]
    stored.write_text(json.dumps({**facts, "figures": rows}, indent=1) + "\n", encoding="utf-8")
    return markdown, stored
