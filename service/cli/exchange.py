"""`import` and `export`: records in and out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import importing, options, screen, store

if TYPE_CHECKING:
    from corpora import Report


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="csv, xlsx, jsonl, OCDS json, eForms or TED xml, tar.gz or zip of notices; or folders."
        ),
    ],
    kind: Annotated[str, typer.Option(help="need or solution.")] = "need",
    mapping: options.Map = None,
    report: Annotated[
        Path | None, typer.Option(help="Write every row-level finding to this jsonl file.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Import nothing if any row is refused.")] = False,
    awards: Annotated[bool, typer.Option(help="Read award and other later notices too.")] = False,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Read needs or solutions from files into the engine; a record with a known id is replaced.

    Files are read as a stream and kept every few minutes: the same command goes on after a stop.
    """
    from corpora import Report
    from matcher.errors import InputError

    settings = options.settings(model, engine, data)
    account = Report()
    order = importing.Order(tuple(files), options.kind(kind), tuple(mapping or ()), awards)
    stopped = strict and importing.refused(order, settings, account)
    if not stopped:
        account = Report()
        taken = importing.run(order, settings, account)
    if report is not None:
        _write_report(account, report)
    _tell(account, as_json)
    if stopped:
        raise InputError(f"{account.refused} rows were refused and --strict was given: nothing was imported.")
    if not taken:
        raise InputError("No row could be imported; the findings above say why.")


def export(
    out: Annotated[Path, typer.Argument(help="File to write: csv, tsv, xlsx, jsonl, or json for OCDS.")],
    kind: Annotated[str, typer.Option(help="need or solution.")] = "need",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Write the needs or the solutions that were imported to a file."""
    from corpora import write_records

    settings = options.settings(model, engine, data)
    collection = store.open_stored(settings).collections[options.kind(kind)]
    written = write_records((stored.record for stored in collection), out)
    if as_json:
        screen.print_json({"file": str(out), "records": written})
    else:
        screen.console().print(f"{written} {kind}s written to {out}")


def _tell(account: "Report", as_json: bool) -> None:
    if as_json:
        screen.print_json(
            {
                "rows": account.rows,
                "kept": account.kept,
                "refused": account.refused,
                "counts": {str(severity): n for severity, n in account.counts.items()},
                "notes": dict(account.notes),
                "issues": [_issue_row(issue) for issue in account.issues],
            }
        )
        return
    out = screen.console()
    for issue in account.issues[:20]:
        out.print(str(issue), markup=False)
    if len(account.issues) > 20:
        out.print(f"... and {len(account.issues) - 20} more; --report FILE writes them all", style="dim")
    out.print(account.summary())


def _issue_row(issue: object) -> dict[str, object]:
    from dataclasses import asdict, is_dataclass

    return asdict(issue) if is_dataclass(issue) and not isinstance(issue, type) else {}


def _write_report(account: "Report", path: Path) -> None:
    import json

    with path.open("w", encoding="utf-8") as file:
        for issue in account.issues:
            file.write(json.dumps(_issue_row(issue), ensure_ascii=False) + "\n")
