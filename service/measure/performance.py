"""Figures of speed and memory, with the bars they are held to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

OURS = "needmatch"
SHOWN = 10
"""Results that a timed query explains."""
FASTER, TOKENS = 3.0, "120"
"""How many times faster than the fastest other embedding must be, at texts of so many tokens."""
SIZE = 10_000
"""Solutions for which the bars of loading, of memory and of the slowest queries hold."""
QUERY_MS = {SIZE: 40.0, 100_000: 45.0}
"""The median of a query must stay below this, at so many solutions."""
FILE = "performance.json"

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


def embedding(found: Found) -> tuple[list[Figure], dict[str, Any]]:
    """Speed against the fastest other at each length, as the median ratio of the rounds; and all rates.

    The second has `rates`, texts a second of each by length in tokens, and `ratios`, how many times as fast
    as each other needmatch is.
    """
    figures: list[Figure] = []
    rates: dict[str, dict[str, float]] = {}
    ratios: dict[str, dict[str, float]] = {}
    for tokens, one in found["lengths"].items():
        took = one["seconds"]
        rates[tokens] = {name: one["texts"] / median(seconds) for name, seconds in took.items()}
        others = {
            name: sorted(b / a for a, b in zip(took[OURS], seconds, strict=True))
            for name, seconds in took.items()
            if name != OURS
        }
        ratios[tokens] = {name: median(times) for name, times in others.items()}
        fastest = min(others, key=lambda name: ratios[tokens][name])
        times = others[fastest]
        note = (
            f"{rates[tokens][OURS]:.0f} texts a second against {rates[tokens][fastest]:.0f} of {fastest}; "
            f"{len(times)} round{'s' if len(times) > 1 else ''}, from {times[0]:.2f} to {times[-1]:.2f}; "
            f"{one['texts']} texts of {one['mean_tokens']:.0f} tokens in the mean"
        )
        bar = FASTER if tokens == TOKENS else None
        name = f"embedding speed over the fastest other, {tokens} tokens"
        figures.append(Figure(name, median(times), "x", note, bar, at_least=True))
    return figures, {"rates": rates, "ratios": ratios, "missing": found["missing"]}


def starting(seconds: Sequence[float]) -> list[Figure]:
    """The time of `needmatch --help`."""
    return [Figure("`needmatch --help`", median(seconds), "s", spread(seconds, "s"), bar=0.5)]


def opening(found: Sequence[Found]) -> list[Figure]:
    """Opening the engine, imports included."""
    seconds = [one["open_seconds"] for one in found]
    return [Figure("opening the engine", median(seconds), "s", f"imports included; {spread(seconds, 's')}")]


def holding(found: Sequence[Found]) -> list[Figure]:
    """The memory of an engine without records."""
    peak = max(one["peak_bytes"] for one in found) / 1e9
    return [Figure("peak memory, no records", peak, "GB", "engine open, one question answered", bar=1.5)]


def loading(found: Sequence[Found], size: int) -> list[Figure]:
    """`Engine.load`."""
    seconds = [one["load_seconds"] for one in found]
    note = f"model already open; {spread(seconds, 's')}"
    bar = 1.0 if size <= SIZE else None
    return [Figure(f"loading a snapshot of {size:,} solutions", median(seconds), "s", note, bar)]


def querying(found: Found, size: int) -> tuple[list[Figure], list[Figure]]:
    """One query end to end; and the memory of the process that answered all."""
    passes = [[s * 1000 for s in one] for one in found["seconds"]]
    read = [s * 1000 for s in found["reading_seconds"]]
    middle = [median(one) for one in passes]
    tail = [quantiles(one, n=20, method="inclusive")[-1] for one in passes]
    said = f"{len(passes[0])} different needs, best {SHOWN} explained; {spread(middle, 'ms')}"
    said += "" if found["calibrated"] else "; no calibrator is fitted for this model"
    name = f"one query over {size:,} solutions"
    small = size <= SIZE
    peak = Figure(
        f"peak memory, {size:,} solutions",
        found["peak_bytes"] / 1e9,
        "GB",
        "loads the snapshot and answers the queries",
        bar=2.0 if small else None,
    )
    held_to = min((bar for most, bar in QUERY_MS.items() if size <= most), default=None)
    return [
        Figure(f"{name}, p50", median(middle), "ms", said, bar=held_to),
        Figure(f"{name}, p95", median(tail), "ms", spread(tail, "ms"), bar=100 if small else None),
        Figure(f"of it, reading the need, p50 ({size:,})", median(read), "ms", "model, sentences, terms"),
        Figure(
            f"the first queries of a process ({size:,})",
            found["warm_up_seconds"],
            "s",
            f"{found['warm_up_queries']} needs in all languages, which load the rules of each; once, and "
            "in no figure above",
        ),
    ], [peak]


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
    return f"{value:.0f} {unit}".rstrip() if value >= 1000 else f"{value:.3g} {unit}".rstrip()


def row(figure: Figure) -> list[str]:
    """A figure's line of the table: name, value, bar, whether it is met, note."""
    bar = ""
    if figure.bar is not None:
        bar = f"{'at least' if figure.at_least else 'below'} {figure.bar:g} {figure.unit}".rstrip()
    met = {None: "", True: "yes", False: "**no**"}[figure.met]
    return [figure.name, shown(figure.value, figure.unit), bar, met, figure.note]


def terminal_row(figure: Figure) -> list[str]:
    """The same without the note and without marks of Markdown."""
    return [cell.replace("*", "").replace("`", "") for cell in row(figure)[:4]]


def stored(parts: Mapping[str, Found], facts: Found, folder: Path) -> Path:
    """Put parts, and where they were measured, into performance.json; the other parts stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE
    known = json.loads(file.read_text(encoding="utf-8")).get("parts", {}) if file.is_file() else {}
    for name, found in parts.items():
        rows = [{**asdict(figure), "met": figure.met} for figure in found["figures"]]
        known[name] = {**found, "machine": facts, "figures": rows}
    file.write_text(json.dumps({"parts": known}, indent=1) + "\n", encoding="utf-8")
    return file


def figure_of(row: Found) -> Figure:
    """A figure as it was stored.

    >>> figure_of({"name": "start", "value": 0.4, "unit": "s", "bar": 0.5, "met": True}).met
    True
    """
    return Figure(**{name: value for name, value in row.items() if name != "met"})
