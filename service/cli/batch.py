"""`batch`: a large corpus embedded, indexed and grouped by one process or by many machines."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import options, screen, store

if TYPE_CHECKING:
    from matcher.engine import Engine
    from matcher.spread import Batch, Crew, Reader
    from service.settings import Settings
    from service.wiring import Say

WORK = "work"
"""Folder of what was done so far, within the one that is written to."""
GROUPS = "groups.tsv"


def batch(
    files: Annotated[list[Path], typer.Argument(help="Needs: csv, xlsx, jsonl, notices, or folders.")],
    out: Annotated[
        Path,
        typer.Option(help="Folder to write to, which all machines share; a data folder for all commands."),
    ],
    solutions: Annotated[
        list[Path] | None, typer.Option(help="File of solutions; may be given several times.")
    ] = None,
    nodes: Annotated[
        str | None,
        typer.Option(
            help="Ray cluster to work on: HOST:PORT, or auto for the one this machine is part of, or itself."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Processes that share the work, by Ray.")
    ] = None,
    mapping: options.Map = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Embed, index and group a large corpus, by one process or many, and go on after a stop.

    The outcome is the same however many work on it. Without --nodes and --workers one process does all.
    """
    from corpora import write_groups
    from matcher.errors import InputError
    from matcher.records import Kind
    from matcher.spread import Batch, Folder, Tiles

    settings = options.settings(model, engine, out)
    records = [
        record
        for kind, given in ((Kind.NEED, files), (Kind.SOLUTION, solutions or []))
        for file in given
        for record in store.read(file, kind, settings, mapping)
    ]
    if not any(record.kind is Kind.NEED for record in records):
        raise InputError("No need could be read; give files of needs, and of solutions with --solutions.")
    folder = Folder((out / WORK).resolve())
    with screen.saying("Opening the model") as say:
        reader = _reader(settings, say)
    with _crew(nodes, workers) as crew:
        work = Batch(records, reader, folder)
        fresh = len(work.missing)
        there = len(work.shards) - fresh
        label = f"Reading texts, {there} of {len(work.shards)} shards there" if there else "Reading texts"
        with screen.progress(label, work.left) as done:
            work.read(crew, _prepared(crew, reader, settings), done)
        with screen.saying("Building the indexes"):
            opened = _assembled(work, reader, settings)
        with screen.counting("Finding neighbours") as show:
            opened.cooperation.whole = Tiles(crew, folder, show)
            groups = opened.groups()
            opened.identities()
    opened.save(store.snapshot_folder(settings))
    write_groups(([need.id for need in members] for members in groups), out / GROUPS)
    folder.tidy()
    facts: dict[str, object] = {
        "needs": len(opened.needs),
        "solutions": len(opened.solutions),
        "groups": len(groups),
        "groups_of_several": sum(len(members) > 1 for members in groups),
        "shards": len(work.shards),
        "shards_read": fresh,
        "workers": crew.workers,
        "workers_lost": crew.lost,
        "out": str(out),
    }
    if as_json:
        screen.print_json(facts)
    else:
        told = "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items())
        screen.console().print(told, markup=False)


@contextmanager
def _crew(nodes: str | None, workers: int | None) -> "Iterator[Crew]":
    from matcher.spread import Alone

    if nodes is None and workers is None:
        yield Alone()
        return
    from service.crew import HERE, ray_crew

    with ExitStack() as opened:
        with screen.saying("Gathering workers"):
            crew = opened.enter_context(ray_crew(nodes or HERE, workers))
        yield crew


def _reader(settings: "Settings", say: "Say | None" = None) -> "Reader":
    """What reads texts: the vectors of the work are its own, and enter no cache."""
    from matcher.spread import Reader
    from service.wiring import open_embedder, reference_statistics

    return Reader(open_embedder(settings, say, keep=False), reference_statistics())


def _prepared(crew: "Crew", reader: "Reader", settings: "Settings") -> "Callable[[], Reader]":
    """How a worker comes to its reader: this process has one, others open it with the same settings."""
    from service.crew import RayCrew

    if not isinstance(crew, RayCrew):
        return lambda: reader
    folder = Path(settings.model)
    there = {
        "threads": crew.threads,
        "cache": settings.cache.resolve(),
        "model": str(folder.resolve()) if folder.is_dir() else settings.model,
    }
    return partial(_reader, settings.model_copy(update=there))


def _assembled(work: "Batch", reader: "Reader", settings: "Settings") -> "Engine":
    """The engine with what was read; ids and edits that the folder holds of an earlier run go on."""
    from matcher import snapshot
    from matcher.cooperation import IDENTITIES, REVIEW
    from matcher.engine import Engine
    from service.wiring import tuning_of, vocabulary

    embedder = reader.embedder
    opened = Engine(embedder, tuning_of(embedder.encoder), vocabulary(), reader.statistics)
    opened.collections |= work.collections()
    kept = store.snapshot_folder(settings)
    if (kept / "CURRENT").exists():
        files, _ = snapshot.inspect(kept)
        told = {name: files / name for name in (IDENTITIES, REVIEW)}
        opened.cooperation.restore(
            {name: file.read_text(encoding="utf-8") for name, file in told.items() if file.exists()}
        )
    return opened
