"""`market`: the analyses of needs and solutions, as a table, as JSON, or as csv with a figure."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.analyses import ANALYSES, analysed
from service.analyses import as_json as told_of
from service.cli import options, screen, store

if TYPE_CHECKING:
    from matcher.market import Finding

FIRST: Mapping[str, tuple[str, ...]] = {
    "unmet-needs": ("id", "title", "country", "state", "gap", "hint"),
    "unmet-clusters": ("id", "title", "needs", "gap", "state"),
    "concentration": ("needs", "matched", "suppliers", "hhi", "effective_suppliers", "largest_share"),
    "supply-and-demand": ("country", "needs", "value_eur", "suppliers", "suppliers_per_need"),
    "joint-buying": ("title", "needs", "countries", "value_eur", "specifications_avoided"),
    "environment": ("area", "regime", "needs", "value_eur"),
}
"""Columns that the screen shows right after the first; the others follow as they stand."""


def market(
    analysis: Annotated[
        str | None, typer.Argument(help="Name of an analysis \\[default: list them].", metavar="[ANALYSIS]")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write csv and an html figure into; without ANALYSIS, of each."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="Divide by this: country, area, function, regime, ...; see the list."),
    ] = None,
    suppress: Annotated[
        bool, typer.Option("--suppress", help="Take out cells of fewer than three organisations.")
    ] = False,
    open_to: options.OpenTo = "private",
    results: options.Results = 20,
    day: options.Day = None,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show the market from above: one analysis as a table with its sentence, n, coverage and caveat.

    For what is published, give --open-to and --suppress.
    """
    from matcher.errors import SettingInvalid

    if analysis is not None and analysis not in ANALYSES:
        raise SettingInvalid(f"There is no analysis {analysis!r}. Choose one of: {', '.join(ANALYSES)}.")
    if analysis is None and by:
        raise SettingInvalid("--by goes with one analysis: name it.")
    if analysis is None and out is None:
        _list(as_json)
        return
    where, on = options.where(country, cpv, options.visibility(open_to)), options.day(day)
    with (
        store.keeping_ids(options.settings(model, engine, data), keep=on is None) as opened,
        screen.saying("Comparing needs and solutions"),
    ):
        seen = opened.market(where, day=on)
    names = [analysis] if analysis else list(ANALYSES)
    found = {name: analysed(name, seen, by or [], suppress=suppress) for name in names}
    files = [file for name, one in found.items() for file in _written(name, one, out)] if out else []
    if as_json:
        told = [told_of(name, one) for name, one in found.items()]
        screen.print_json({"findings": told, "files": files} if out else told[0])
        return
    if analysis is not None:
        _show(analysis, found[analysis], results)
    if files:
        screen.console().print(f"{len(files)} files written to {out}", markup=False)


def _list(as_json: bool) -> None:
    if as_json:
        screen.print_json([{"analysis": name, "tells": words} for name, words in ANALYSES.items()])
        return
    out = screen.console()
    for name, words in ANALYSES.items():
        out.print(f"{name:<18}  {words}", markup=False)
    out.print("\nOne of them: needmatch market unmet-needs. All, as files: --out FOLDER", style="dim")


def _written(name: str, one: "Finding", out: Path) -> list[str]:
    """Write the table as csv and the figure as html, which needs no network; plotly lies beside it once."""
    import pandas as pd

    from corpora.formulas import neutralise

    out.mkdir(parents=True, exist_ok=True)
    table = one.table.copy()
    for column in table.columns:
        if str(table[column].dtype) in ("string", "object"):
            cells = [neutralise(cell) if isinstance(cell, str) else cell for cell in table[column]]
            table[column] = pd.Series(cells, index=table.index, dtype=table[column].dtype)
    table.to_csv(out / f"{name}.csv", index=False)
    one.figure().write_html(out / f"{name}.html", include_plotlyjs="directory", full_html=True)
    return [str(out / f"{name}.csv"), str(out / f"{name}.html")]


def _show(name: str, one: "Finding", results: int) -> None:
    from service.cli.show_candidates import indented_lines
    from service.cli.show_table import print_frame

    out = screen.console()
    out.print(one.sentence, style="bold", markup=False)
    columns = list(one.table.columns)
    wanted = [column for column in FIRST.get(name, ()) if column in columns[1:]]
    rest = [column for column in columns[1:] if column not in wanted]
    print_frame(out, one.table[[*columns[:1], *wanted, *rest]], results)
    indented_lines(out, (("·", note, "dim") for note in one.footnotes), 0)
