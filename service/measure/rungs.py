"""The page and the plots of `service.measure.index`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matcher.index import Rung, Way
from service.report.plots import INK, MARK, MUTED, PALE, canvas
from service.report.tables import table

SHARES = (1.0, 0.1, 0.01, 0.001)
"""Of the rows, how many a filter allows."""
BARS = {"restart_s": 2.0, "memory_gb": 1.2, "wide_ms": 10.0, "wide_exact_ms": 75.0, "narrow_ms": 15.0}
BARRED = 1_000_000
"""Vectors at which the bars hold."""
Found = dict[str, Any]


def drawn(path: Path, found: Found, share: float) -> None:
    """Time of one search against size, a line a rung, under one filter."""
    with canvas(path, 6, 4) as figure:
        axes = figure.add_subplot()
        axes.set_xscale("log")
        axes.set_yscale("log")
        styles = zip(Rung, (MUTED, INK, INK, MUTED), ("s--", "o-", "^-", "D:"), strict=True)
        for rung, colour, style in styles:
            points = [
                (int(name.split("/")[0]), one["shares"][f"{share:g}"]["p50_ms"])
                for name, one in found["ours"].items()
                if name.endswith(f"/{rung.name}") and "failed" not in one
            ]
            if points:
                sizes, times = zip(*sorted(points), strict=True)
                axes.plot(sizes, times, style, color=colour, label=str(rung))
        others = {
            name: one for name, one in found["rivals"].items() if name != "size" and "failed" not in one
        }
        for marker, (name, one) in zip("Pv*Xd", others.items(), strict=False):
            value = one["shares"][f"{share:g}"]["p50_ms"]
            axes.plot([found["rivals"]["size"]], [value], marker, color=MARK, label=name)
        axes.grid(True, color=PALE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("vectors")
        axes.set_ylabel(f"ms, median, {share:.4g} of rows allowed")
        axes.legend(frameon=False, fontsize=7)


def page(found: Found) -> str:
    """The Markdown page."""
    facts = found["machine"]
    lines = [
        "# The index, by size and filter",
        "",
        "Written by `python -m service.measure.index`; do not edit. "
        f"Measured {facts['date']} at {facts['commit']}",
        f"on {facts['processor']}, {facts['threads']} threads, {facts['memory_gb']} GB; "
        f"load {facts['load_before']} before.",
        f"Searches come one by one, on one thread, {facts['queries']} of them in {facts['passes']} passes.",
        "A figure is the median of the passes' medians, with their range: compare them within one run.",
        "Processor time leaves out the waiting for other work on the machine; changes, and what the planner",
        "reckons with, are in it.",
        "",
        "Vectors have the shape of real ones: each is that of a text of the sample or the tuning set,",
        "moved by parts of the differences between near neighbours among these texts. Filters allow",
        "rows drawn at random. Recall counts how many of the true ten nearest allowed rows are found;",
        "truth is a look at all in four bytes a number.",
        "",
    ]
    for name, one in found["ours"].items():
        size, rung = name.split("/")
        mark = (
            ", which is what the planner takes"
            if found["due"].get(int(size), found["due"].get(size)) == rung
            else ""
        )
        lines += [f"## {int(size):,} vectors: {Rung[rung]}{mark}", ""]
        if "failed" in one:
            lines += [f"Not measured: {one['failed']}.", ""]
            continue
        lines += [
            f"Built in {one['build_seconds']:,.1f} s; {one['file_bytes'] / 1e6:,.0f} MB on disk. Opened in "
            f"{one['load_seconds']:.2f} s, first search done after {one['restart_seconds']:.2f} s.",
            f"Memory after all searches {one['memory_bytes'] / 1e6:,.0f} MB. "
            f"One new row {one['upsert_ms']:.2f} ms, one replaced {one['replace_ms']:.2f} ms, "
            f"one deleted {one['delete_ms']:.2f} ms.",
            "",
            *table(
                ["allowed", "way", "recall@10", "p50 ms", "range", "p95 ms", "processor ms"],
                [_row(*item) for item in one["shares"].items()],
            ),
            "",
        ]
    lines += _bars(found)
    lines += [f"## Against others, {found['rivals']['size']:,} vectors", ""]
    rows = []
    for name, one in found["rivals"].items():
        if name != "size":
            rows.append(
                [name, f"not measured: {one['failed']}"] + [""] * len(SHARES)
                if "failed" in one
                else _rival(name, one)
            )
    lines += [*table(["", "built in s", *(f"{share:.4g} allowed" for share in SHARES)], rows), ""]
    lines += ["Each cell: median ms, and recall@10.", ""]
    lines += [f"![Time by size, {share:.4g} of rows allowed](index/filter-{share:g}.svg)" for share in SHARES]
    return "\n".join([*lines, ""])


def _row(share: str, one: Found) -> list[str]:
    between = f"{one['p50_from_ms']:.2f} to {one['p50_to_ms']:.2f}"
    return [
        f"{float(share):.1%}",
        one["way"],
        f"{one['recall']:.3f}",
        f"{one['p50_ms']:.2f}",
        between,
        f"{one['p95_ms']:.2f}",
        f"{one['busy_ms']:.2f}",
    ]


def _rival(name: str, one: Found) -> list[str]:
    cells = [
        f"{one['shares'][f'{share:g}']['p50_ms']:.2f}, {one['shares'][f'{share:g}']['recall']:.3f}"
        for share in SHARES
    ]
    return [name, f"{one['build_seconds']:.1f}", *cells]


def barred(found: Mapping[str, Any]) -> list[tuple[str, float, float, bool]]:
    """What is held to a bar at the size that has bars: name, value, bar, and whether it is to be reached.

    Nothing where that size was not measured.
    """
    due = found["due"].get(BARRED, found["due"].get(str(BARRED)))
    one = found["ours"].get(f"{BARRED}/{due}")
    if one is None or "failed" in one:
        return []
    wide, narrow = one["shares"]["1"], one["shares"]["0.01"]
    bar = BARS["wide_ms"] if wide["way"] == Way.LISTS else BARS["wide_exact_ms"]
    return [
        ("p50 ms, no filter", wide["p50_ms"], bar, False),
        ("recall@10, no filter", wide["recall"], 0.95, True),
        ("p50 ms, 1 % allowed", narrow["p50_ms"], BARS["narrow_ms"], False),
        ("recall@10, 1 % allowed", narrow["recall"], 0.99, True),
        ("memory, GB", one["memory_bytes"] / 1e9, BARS["memory_gb"], False),
        ("restart, s", one["restart_seconds"], BARS["restart_s"], False),
    ]


def _bars(found: Found) -> list[str]:
    cells = [
        [
            name,
            f"{value:.3g}",
            f"{'at least' if least else 'under'} {bar:g}",
            "yes" if (value >= bar if least else value < bar) else "**no**",
        ]
        for name, value, bar, least in barred(found)
    ]
    head = ["figure", "value", "bar", "met"]
    return [f"## Bars, {BARRED:,} vectors", "", *table(head, cells), ""] if cells else []
