"""Figures of a service under load with the bars they are held to, and the page that shows them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from service.measure.performance import Figure, row
from service.measure.traffic import MIX, RECOMMENDATIONS, Asked
from service.report.tables import table

READY_BAR_S, P50_BAR_MS, P99_BAR_MS = 8.0, 80.0, 400.0
POINTS = ("p50", "p95", "p99", "max")

Found = Mapping[str, Any]
"""What `service.measure.load` has measured."""


def summary(asked: Sequence[Asked]) -> dict[str, Any]:
    """Number, percentiles in ms, and errors of some requests; None where there were none.

    >>> summary([Asked("feedback", 0.0, 0.02), Asked("feedback", 1.0, 0.04, "409")])
    {'requests': 2, 'errors': 1, 'p50': 30.0, 'p95': 39.0, 'p99': 39.8, 'max': 40.0}
    """
    counted: dict[str, Any] = {"requests": len(asked), "errors": sum(bool(one.error) for one in asked)}
    if not asked:
        return counted | dict.fromkeys(POINTS)
    values = np.percentile([1000 * one.seconds for one in asked], [50, 95, 99, 100])
    return counted | {name: round(float(value), 1) for name, value in zip(POINTS, values, strict=True)}


def figures_of(found: Found) -> list[Figure]:
    """What is held to a bar, and memory where the system tells it."""
    plan, told = found["plan"], found["kinds"][RECOMMENDATIONS]
    stored = f"{plan['needs']:,} needs and {plan['solutions']:,} solutions, {plan['users']} users"
    figures = [
        Figure("from start to ready", found["ready_s"], "s", "imports, model, index", READY_BAR_S),
        Figure("requests that failed", found["failed"], "of all", f"of {found['requests']:,}", 1),
        Figure("writes lost in a restart", found["lost_number"], "of all", f"of {found['written']:,}", 1),
        Figure("throughput", found["per_second"], "a second", "as much as the users asked for"),
    ]
    if told["requests"]:
        figures += [
            Figure(f"{RECOMMENDATIONS}, p50", told["p50"], "ms", stored, P50_BAR_MS),
            Figure(f"{RECOMMENDATIONS}, p99", told["p99"], "ms", stored, P99_BAR_MS),
        ]
    if found["peak_gb"] is not None:
        figures += [
            Figure("memory of all processes, when ready", found["idle_gb"], "GB"),
            Figure("memory of all processes, at most", found["peak_gb"], "GB", "looked at every second"),
        ]
    return figures


def page(figures: Sequence[Figure], facts: Found) -> str:
    """The Markdown page of the figures."""
    plan = facts["plan"]
    kinds = [
        [
            kind,
            f"{MIX[kind]:.0%}",
            str(told["requests"]),
            *(_ms(told[p]) for p in POINTS),
            str(told["errors"]),
        ]
        for kind, told in facts["kinds"].items()
    ]
    wrong = [f"- {number} times {error}" for error, number in facts["errors"].items()]
    wrong += [f"- not as it was written: {one}" for one in facts["lost"]]
    trouble = "\n".join(["", "## What went wrong", "", *wrong, ""]) if wrong else ""
    lines = chr(10).join
    return f"""# Load

Written by `python -m service.measure.load`; the same figures, with those of the machine, are in `load.json`.

Measured {facts["date"]} at commit {facts["commit"]}, on {facts["processor"]} ({facts["threads"]} used),
{facts["memory_gb"]:g} GB of memory, {facts["system"]}, Python {facts["python"]}.
The users ran on the same machine. Its load was {facts["load_before"]:g} before and
{facts["load_after"]:g} after.

{lines(table(["figure", "value", "bar", "met", ""], [row(one) for one in figures]))}

## By what was asked

From the request to the end of the answer, in ms, as the users met with it over {facts["seconds"]:.0f} s.

{lines(table(["what", "share", "requests", *POINTS, "errors"], kinds))}
{trouble}
## How it is measured

- **Records**: {plan["needs"]:,} needs and {plan["solutions"]:,} solutions of {facts["organisations"]} buyers
  and as many suppliers, put together from sentences of the sample as for [performance](performance.md). Of
  five needs three are open to the network, one to industry too, and one to everybody; solutions are
  public. Each of the three audiences has an index of its own.
- **Users**: {plan["users"]} procurers, each with a connection of its own. Between an answer and the next
  request a user thinks, for an exponential time of {plan["think_s"]:g} s in the mean, so that now and then
  many requests come at once. What is asked is drawn with the shares above. A text that is searched for was
  never seen before. A need that is written is new, or one of the user's own that is changed.
- **Service**: `needmatch serve --workers {plan["workers"]}` on SQLite, with its background jobs. The first
  requests count like all others.
- **Afterwards** the service is started again (ready in {facts["again_s"]:.1f} s), and each of the
  {facts["written"]:,} needs that were written is read and compared with what was acknowledged.

GB are 10^9 bytes.
"""


def write(figures: Sequence[Figure], facts: Found, folder: Path) -> tuple[Path, Path]:
    """Write the page and its figures as JSON; returns both files."""
    folder.mkdir(parents=True, exist_ok=True)
    markdown, stored = folder / "load.md", folder / "load.json"
    markdown.write_text(page(figures, facts), encoding="utf-8")
    rows = [{**asdict(figure), "met": figure.met} for figure in figures]
    stored.write_text(json.dumps({**facts, "figures": rows}, indent=1) + "\n", encoding="utf-8")
    return markdown, stored


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
