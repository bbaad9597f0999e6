"""All that was measured, on one page: `write` makes performance.md and its plots from what parts have stored.

It reads performance.json, index.json, scale.json, load.json, streams.json and postgres.json of a folder, as
far as they are there; what is missing is named with the command that measures it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.measure import pictures, rungs
from service.measure.performance import FASTER, OURS, QUERY_MS, TOKENS, Figure, figure_of, row, shown
from service.report.tables import table

Found = Mapping[str, Any]
CLUSTERED, TIMES_FASTER = 20_000, 10.0
"""Needs at which grouping must be so many times faster than the fastest other."""
JUDGED, JUDGED_S = 100_000, 180.0
"""Needs that must be grouped and judged within so many seconds."""
METHODS = {
    "ours": OURS,
    "likewise": f"{OURS}, its cut chosen as theirs",
    "community": "community_detection",
    "bertopic": "BERTopic",
}
HEADS = ("figure", "value", "bar", "met", "measured")
COMMANDS = {
    "embedding": "needmatch bench --only embedding",
    "query": "needmatch bench --only query",
    "start": "needmatch bench --only start",
    "memory": "needmatch bench --only memory",
    "index": "needmatch bench --only index",
    "clustering": "needmatch bench --only clustering",
    "load": "needmatch bench --only load",
    "streams": "python -m service.measure.streams",
    "postgres": "make postgres URL=postgresql://...",
}


@dataclass
class Places:
    """The machines that were measured on, by a letter each."""

    known: dict[str, str] = field(default_factory=dict)

    def of(self, facts: Found) -> str:
        """When, at which commit and where: `2031-02-03, abc1234, A`."""
        machine = (
            f"{facts['processor']} ({facts['threads']} used), {facts['memory_gb']:g} GB, {facts['system']}, "
            f"Python {facts['python']}"
        )
        letter = self.known.setdefault(machine, chr(ord("A") + len(self.known)))
        quick = ", quick" if facts.get("quick") else ""
        return f"{facts['date']}, {facts['commit']}, {letter}{quick}"


@dataclass(frozen=True)
class Measured:
    """What a folder holds."""

    parts: Mapping[str, Found]
    """Those of performance.json."""
    files: Mapping[str, Found]
    """The others by name."""

    @classmethod
    def of(cls, folder: Path) -> "Measured":
        """What is there; a file of an older form, without parts, is left out."""
        read = {
            name: json.loads(file.read_text(encoding="utf-8"))
            for name in ("performance", "index", "scale", "load", "streams", "postgres")
            if (file := folder / f"{name}.json").is_file()
        }
        return cls(read.pop("performance", {}).get("parts", {}), read)

    def figures(self, part: str) -> list[Figure]:
        """Those of a part of performance.json; none where it was not measured."""
        return [figure_of(each) for each in self.parts.get(part, {}).get("figures", ())]


def write(folder: Path) -> Path:
    """Write performance.md and its plots into the folder that holds the figures; returns the page."""
    found = Measured.of(folder)
    page = folder / "performance.md"
    plots = pictures.drawn(folder / "performance", found.parts, found.files)
    page.write_text(told(found, plots), encoding="utf-8")
    return page


def told(found: Measured, plots: Sequence[str] = ()) -> str:
    """The Markdown page; `plots` are the names of those that were drawn."""
    places = Places()
    sections = [
        *_bars(found, places),
        *_embedding(found, plots),
        *_index(found, places, plots),
        *_clustering(found, places, plots),
        *_rest(found, places, plots),
    ]
    machines = [f"- {letter}: {machine}" for machine, letter in places.known.items()]
    return "\n".join(
        [
            "# Performance",
            "",
            "Written by `needmatch bench` (or `make bench`) from what was measured; do not edit. Figures are",
            "those of the day, the commit and the machine beside them. Machines were shared with other",
            "work, so times change; ratios, measured in turn within one run, are what to compare.",
            "",
            *machines,
            "",
            *sections,
            *_method(found),
        ]
    )


# -- what is held to a bar --------------------------------------------------------------------


def _bars(found: Measured, places: Places) -> list[str]:
    rows = [[*row(figure)[:4], when] for figure, when in _held(found, places) if figure.bar is not None]
    missing = _missing(found)
    met = sum(cells[3] == "yes" for cells in rows)
    lines = ["## What is promised", "", f"{met} of {len(rows)} bars that were measured are met.", ""]
    if rows:
        lines += [*table(list(HEADS), rows), ""]
    if missing:
        lines += [*table(["not measured yet", "run"], missing), ""]
    return lines


def _held(found: Measured, places: Places) -> Iterator[tuple[Figure, str]]:
    """Each figure that may have a bar, and when and where it was measured."""
    for part, one in found.parts.items():
        when = places.of(one["machine"])
        for figure in found.figures(part):
            yield figure, when
    if index := found.files.get("index"):
        when = places.of(index["machine"])
        for name, value, bar, least in rungs.barred(index):
            unit = next((unit for unit in ("ms", "GB", "s") if re.search(rf"\b{unit}\b", name)), "")
            said = re.sub(rf",? {unit}\b", "", name) if unit else name
            yield Figure(f"search among {rungs.BARRED:,} vectors: {said}", value, unit, "", bar, least), when
    if scale := found.files.get("scale"):
        when = places.of(scale["machine"])
        for figure in _grouped(scale):
            yield figure, when
    if load := found.files.get("load"):
        for each in load["figures"]:
            yield figure_of(each), places.of(load)


def _grouped(scale: Found) -> Iterator[Figure]:
    for one in scale["growth"]:
        if one["size"] == JUDGED and "failed" not in one:
            both = one["seconds_grouping"] + one["seconds_judging"]
            yield Figure(f"grouping and judging {JUDGED:,} needs", both, "s", "", JUDGED_S)
    if (beside := fastest(scale)) and beside[1]["size"] == CLUSTERED:
        name, one, ours = beside
        times = one["seconds_grouping"] / ours["seconds_grouping"]
        gain = ours["bcubed_f1"] - one["bcubed_f1"]
        said, whose = f"{CLUSTERED:,} needs", f"{METHODS[name]}, the fastest other"
        yield Figure(f"grouping {said}, over {whose}", times, "x", "", TIMES_FASTER, at_least=True)
        yield Figure(f"B-cubed F1 of {said}, less that of {whose}", gain, "", "", 0.0, at_least=True)
        alike = scale["peers"].get("likewise", {"failed": "not asked for"})
        if "failed" not in alike:
            gain = alike["bcubed_f1"] - one["bcubed_f1"]
            yield Figure("the same, both cuts chosen alike", gain, "", "", 0.0, at_least=True)


def fastest(scale: Found) -> tuple[str, Found, Found] | None:
    """The fastest other that grouped, what it did, and what we did; None where either did not run."""
    ran = {name: one for name, one in scale["peers"].items() if "failed" not in one}
    ours = ran.pop("ours", None)
    ran.pop("likewise", None)
    if ours is None or not ran:
        return None
    name = min(ran, key=lambda each: float(ran[each]["seconds_grouping"]))
    return name, ran[name], ours


def _missing(found: Measured) -> list[list[str]]:
    """What has a bar, or a section, and was not measured; and the command that does."""
    names = {figure.name for part in found.parts for figure in found.figures(part)}
    index, scale = found.files.get("index"), found.files.get("scale")
    beside = fastest(scale) if scale else None
    wanted = [
        (f"embedding, at least {FASTER:g} times as fast as the fastest other at {TOKENS} tokens", "embedding",
         f"embedding speed over the fastest other, {TOKENS} tokens" in names),
        *((f"one query over {size:,} solutions, p50 below {bar:g} ms", "query",
           f"one query over {size:,} solutions, p50" in names) for size, bar in QUERY_MS.items()),
        ("start", "start", "start" in found.parts),
        ("memory of the engine", "memory", "memory" in found.parts),
        (f"search among {rungs.BARRED:,} vectors: time, recall, memory, restart", "index",
         bool(index and rungs.barred(index))),
        (f"grouping {CLUSTERED:,} needs beside others", "clustering",
         bool(beside and beside[1]["size"] == CLUSTERED)),
        ("users on a whole service", "load", "load" in found.files),
        ("files read as a stream", "streams", "streams" in found.files),
        ("PostgreSQL", "postgres", "postgres" in found.files),
    ]  # fmt: skip
    return [[what, f"`{COMMANDS[part]}`"] for what, part, there in wanted if not there]


# -- beside others ----------------------------------------------------------------------------


def _embedding(found: Measured, plots: Sequence[str]) -> list[str]:
    one = found.parts.get("embedding")
    if one is None:
        return []
    lengths = list(one["rates"])
    rows = [[OURS, *(f"{one['rates'][length][OURS]:.0f}" for length in lengths)]]
    for name in one["ratios"][lengths[0]]:
        cells = [f"{one['rates'][at][name]:.0f} ({one['ratios'][at][name]:.2f})" for at in lengths]
        rows.append([name, *cells])
    rows += [
        [name, f"not measured: {why}", *[""] * (len(lengths) - 1)] for name, why in one["missing"].items()
    ]
    return [
        "## Embedding",
        "",
        "Texts a second, and in brackets how many times as fast needmatch is.",
        "",
        *table(["", *(f"{length} tokens" for length in lengths)], rows),
        "",
        *_plot(plots, "embedding", "Texts a second by length"),
    ]


def _index(found: Measured, places: Places, plots: Sequence[str]) -> list[str]:
    index = found.files.get("index")
    if index is None:
        return []
    size = index["rivals"]["size"]
    lines = ["## Search", "", f"Among {size:,} vectors, one thread, {places.of(index['machine'])}.", ""]
    ours = own(index, size)
    rows = []
    if ours is not None:
        rows.append([OURS, *(_time(ours, share) for share in rungs.SHARES)])
    for name, one in index["rivals"].items():
        if name == "size":
            continue
        if "failed" in one:
            rows.append([name, f"not measured: {one['failed']}", *[""] * (len(rungs.SHARES) - 1)])
        else:
            rows.append([name, *(_time(one, share, ours) for share in rungs.SHARES)])
    lines += [
        *table(["", *(f"{share:.4g} of rows allowed" for share in rungs.SHARES)], rows),
        "",
        "Each cell: median ms; recall@10; in brackets how many times as long as needmatch it takes.",
        "",
        *_plot(plots, "search", "Time of a search beside others"),
        "All sizes and ways of keeping vectors: [index](index.md).",
        "",
    ]
    return lines


def own(index: Found, size: int) -> Found | None:
    """What the index did at a size, kept as the planner keeps it there; None where that was not measured."""
    due = index["due"].get(str(size), index["due"].get(size))
    one: Found | None = index["ours"].get(f"{size}/{due}")
    return None if one is None or "failed" in one else one


def _time(one: Found, share: float, ours: Found | None = None) -> str:
    at = one["shares"][f"{share:g}"]
    times = ""
    if ours is not None:
        times = f" ({at['p50_ms'] / ours['shares'][f'{share:g}']['p50_ms']:.3g})"
    return f"{at['p50_ms']:.3g} ms; {at['recall']:.3f}{times}"


def _clustering(found: Measured, places: Places, plots: Sequence[str]) -> list[str]:
    scale = found.files.get("scale")
    if scale is None:
        return []
    ours = scale["peers"]["ours"]
    rows = []
    for name, one in scale["peers"].items():
        if "failed" in one:
            rows.append([METHODS[name], f"not run: {one['failed']}", "", "", ""])
            continue
        times = "" if "failed" in ours else f"{one['seconds_grouping'] / ours['seconds_grouping']:.2f}"
        scores = (f"{one[score]:.3f}" for score in ("pair_f1", "bcubed_f1"))
        rows.append([METHODS[name], f"{one['seconds_grouping']:.1f} s", times, *scores])
    return [
        "## Clustering",
        "",
        f"{ours['size']:,} needs, vectors given, {places.of(scale['machine'])}.",
        "",
        *table(["", "time", "times needmatch's", "pair F1", "B-cubed F1"], rows),
        "",
        *_plot(plots, "clustering", "Time of grouping, and its quality, beside others"),
        "How it grows: [scale](scale.md).",
        "",
    ]


# -- each part --------------------------------------------------------------------------------


def _rest(found: Measured, places: Places, plots: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for part in found.parts:
        one = found.parts[part]
        rows = [row(figure) for figure in found.figures(part)]
        lines += [
            f"## All figures: {part}",
            "",
            f"{places.of(one['machine'])}; load {one['machine']['load_before']:g} before and "
            f"{one['machine']['load_after']:g} after.",
            "",
            *table(["figure", "value", "bar", "met", ""], rows),
            "",
        ]
        if part == "query":
            lines += _plot(plots, "query", "Time of one query by number of solutions")
    if load := found.files.get("load"):
        rows = [row(figure_of(each)) for each in load["figures"]]
        lines += ["## All figures: load", "", f"{places.of(load)}; more in [load](load.md).", ""]
        lines += [*table(["figure", "value", "bar", "met", ""], rows), ""]
    if streams := found.files.get("streams"):
        rows = [
            [
                one["file"],
                f"{one['rows']:,}",
                f"{one['rows'] / one['seconds']:,.0f}",
                f"{one['peak_mb']:.0f} MB",
            ]
            for one in streams["read"]
        ]
        lines += ["## All figures: streams", "", f"{places.of(streams)}; more in [streams](streams.md).", ""]
        lines += [*table(["file", "rows", "rows a second", "memory"], rows), ""]
    if postgres := found.files.get("postgres"):
        rows = [
            [
                f"{one['vectors']:,}",
                f"{each['share']:.1%}",
                f"{each['recall']:.3f}",
                shown(each["p50_ms"], "ms"),
            ]
            for one in postgres["nearest"]
            for each in one["searches"]
        ]
        lines += ["## All figures: PostgreSQL", "", f"{places.of(postgres['machine'])}; "
                  "more in [scaling](scaling.md).", ""]  # fmt: skip
        lines += [*table(["vectors", "allowed", "recall@10", "p50"], rows), ""]
    return lines


def _plot(plots: Sequence[str], name: str, title: str) -> list[str]:
    return [f"![{title}](performance/{name}.svg)", ""] if name in plots else []


def _method(found: Measured) -> list[str]:
    plan = next((one["machine"]["plan"] for one in found.parts.values()), None)
    engines = found.parts.get("embedding", {}).get("engines")
    lines = [
        "## How it is measured",
        "",
        "Each line comes from processes of its own. Files have been read before, none from a cold disk.",
        "",
        "- **Embedding**: the default engine against `encode` of sentence-transformers and `batchtransform`",
        "  of txtai, with their defaults and the same weights in float32, on the same texts (words of the",
        "  sample, cut to length) and the same cores. All take turns; the median of the ratios counts.",
    ]
    if engines:
        lines += [f"  It was {engines[OURS]} against {engines['sentence-transformers']}."]
    if plan:
        lines += [
            f"- **The stored solutions**: the sample has too few, so {plan['size']:,} are made by putting",
            "  sentences of its solutions and needs together anew: those of two records in one language,",
            f"  drawn with the seed {plan['seed']}. They are as many sentences long as the sample's own,",
            "  and in the same languages, but no text that anybody would write.",
        ]
    if plan and plan.get("large"):
        lines += [
            f"- **{plan['large']:,} solutions** are put together alike, but not read: their parts are those",
            "  that the model found for the same sentences where they stand in the sample, and their vectors",
            "  lie between those of both records, moved by parts of the differences between near ones. Words",
            "  are their own.",
        ]
    return [
        *lines,
        "- **One query**: a whole need, from its text to the best ten solutions with scores, reasons and",
        "  quoted sentences, in one process, one after the other, after some in each language that do not",
        "  count. No vector is taken from a cache. All are asked several times; the median of the passes'",
        "  percentiles counts.",
        "- **Memory**: the peak of what was resident (`getrusage`), files mapped into memory included.",
        "- **Search and clustering**: see [index](index.md) and [scale](scale.md). Vectors are given, so",
        "  models play no part.",
        "",
        "GB are 10^9 bytes.",
        "",
    ]
