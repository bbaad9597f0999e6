"""`bench`: how fast it is here, and how much memory it takes."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.cli import options


def bench(
    only: Annotated[
        str | None,
        typer.Option(
            help="Of embedding, start, query, clustering, memory, index, load, by commas \\[default: all]."
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="At small sizes, to see that it works; the figures say nothing.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for performance.md and the figures \\[default: docs, of a quick run build/bench]."
        ),
    ] = None,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Say what would be measured, by what and how long; measure nothing."),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Measure speed and memory on this machine, beside other software where that is installed."""
    # a process of its own: what measures stands above the commands, and imports nothing here
    command = [sys.executable, "-m", "service.measure"]
    command += ["--only", only] if only else []
    command += ["--out", str(out)] if out else []
    command += ["--quick"] if quick else []
    command += ["--plan"] if plan else []
    command += ["--json"] if as_json else []
    raise typer.Exit(subprocess.run(command, check=False).returncode)
