"""What was imported, as the commands find it: a snapshot in the data folder."""

from pathlib import Path
from typing import TYPE_CHECKING

from service.cli import screen

if TYPE_CHECKING:
    from matcher.engine import Engine
    from matcher.records import Kind, Record
    from service.settings import Settings


def snapshot_folder(settings: "Settings") -> Path:
    """Where the snapshot is kept."""
    return settings.data / "snapshot"


def open_stored(settings: "Settings") -> "Engine":
    """The engine with everything imported. Raises `SnapshotMissing` when there is nothing yet."""
    from service.wiring import open_engine

    with screen.saying("Opening the model and the index") as say:
        return open_engine(snapshot_folder(settings), settings=settings, say=say)


def open_empty(settings: "Settings") -> "Engine":
    """An engine without records."""
    from service.wiring import open_engine

    with screen.saying("Opening the model") as say:
        return open_engine(settings=settings, say=say)


def add(engine: "Engine", records: "list[Record]", label: str) -> None:
    """Add records under a progress bar."""
    with screen.progress(label, len(records)) as done:
        engine.add(records, done)


def read(path: Path, kind: "Kind", settings: "Settings", mapping: list[str] | None = None) -> "list[Record]":
    """All records of a file; what was wrong with it goes to standard error."""
    from corpora import Report, parse_mapping, read_records

    report = Report()
    records = list(
        read_records(
            path, kind, report=report, mapping=parse_mapping(mapping or [], kind), rates=settings.rates
        )
    )
    warn(report, path)
    return records


def warn(report: object, path: Path) -> None:
    """Say on standard error how many rows of a file were refused or changed, if any were."""
    from corpora import Report

    if isinstance(report, Report) and report.issues:
        out = screen.errors()
        out.print(f"{path.name}: {report.summary()}", style="yellow")
        for issue in report.issues[:5]:
            out.print(f"  {issue}", style="dim", markup=False)
        if len(report.issues) > 5:
            out.print(f"  ... and {len(report.issues) - 5} more", style="dim")
