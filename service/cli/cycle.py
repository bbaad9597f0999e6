"""`cycle`: the state of a day in a file, and what changed between two days."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli import options, screen, store

app = typer.Typer(help="Keep the state of a day, and compare two days.", no_args_is_help=True)


@app.command()
def save(
    file: Annotated[Path, typer.Argument(help="File to write, such as 2027-03.cycle.json.")],
    day: options.Day = None,
    open_to: options.OpenTo = "private",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Save needs, clusters and candidates as they are; ids, hashes and scores only, no text."""
    on, audience = options.day(day), options.visibility(open_to)
    with store.keeping_ids(options.settings(model, engine, data), keep=on is None) as opened:
        cycle = opened.snapshot(options.where(None, None, audience), day=on)
    cycle.save(file)
    facts = {
        "day": str(cycle.day),
        "needs": len(cycle.needs),
        "clusters": len(cycle.clusters),
        "candidates": len(cycle.candidates),
        "file": str(file),
    }
    if as_json:
        screen.print_json(facts)
    else:
        told = f"{facts['needs']} needs, {facts['clusters']} clusters, {facts['candidates']} candidates"
        screen.console().print(f"{cycle.day}: {told}, saved to {file}", markup=False)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="File of the earlier day.")],
    after: Annotated[Path, typer.Argument(help="File of the later day.")],
    out: Annotated[Path | None, typer.Option(help="Also write a report in Markdown to this file.")] = None,
    as_json: options.Json = False,
) -> None:
    """Show what changed between two days: needs, clusters, candidates, and versions that may explain it."""
    from matcher import cycle
    from service import plain
    from service.cli.show_candidates import indented_lines

    changes = cycle.diff(cycle.Cycle.load(before), cycle.Cycle.load(after))
    if out is not None:
        from corpora.writers.atomic import replacing

        with replacing(out) as part:
            part.write_text(changes.markdown(), encoding="utf-8")
    if as_json:
        screen.print_json(plain.plain(changes) | {"sentences": list(changes.sentences)})
        return
    console = screen.console()
    screen.heading(console, f"Changes from {changes.before} to {changes.after}")
    if not changes.sentences:
        console.print("Nothing changed.")
    indented_lines(console, (("·", sentence, "") for sentence in changes.sentences), 0)
