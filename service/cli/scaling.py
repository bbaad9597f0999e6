"""`database vectors`, `replica`, `promote`, `shard`, and `migrate`: from one machine to several."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import options, screen
from service.cli.database import app, opened

if TYPE_CHECKING:
    from service.projection.keeper import Keeper
    from service.settings import ServerSettings
    from service.store.vectors.replica import Step

Other = Annotated[str, typer.Option("--to", help="Its address: postgresql://USER:PASSWORD@HOST:PORT/NAME.")]
Folder = Annotated[str, typer.Option(help="Folder of its files, on its machine.")]


def migrate(
    source: Annotated[str, typer.Argument(metavar="FROM", help="sqlite:///FILE, or another database.")],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="postgresql://USER@HOST/NAME, an empty database.")
    ],
    vectors: Annotated[
        bool, typer.Option("--vectors", help="Make the vectors there too, for NEEDMATCH_VECTORS=postgresql.")
    ] = False,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Move a service's data into another database, whole or not at all, and compare every row.

    Stop the service first. Vectors are made record by record; stopped, they go on with 'database vectors'.
    """
    from service.store.move import move

    with (
        closing(opened(source, None, there=True)) as origin,
        closing(opened(target, None)) as there,
        screen.counting("Moving and comparing rows") as done,
    ):
        moved = move(origin, there, done)
    counts = {}
    if vectors:
        settings = options.server_settings(database=target, model=model, engine=engine)
        with _keeper(settings) as keeper:
            counts = _completed(keeper)
    if as_json:
        tables = {one.table: {"rows": one.rows, "sha256": one.sha256} for one in moved}
        screen.print_json({"tables": tables, "vectors": {n: v for n, (_, v) in counts.items()}})
        return
    out = screen.console()
    out.print(f"{sum(one.rows for one in moved)} rows of {len(moved)} tables came over, and are the same.")
    for one in moved:
        if one.rows:
            out.print(f"  {one.table:<20} {one.rows:>10}  {one.sha256[:16]}", markup=False)
    if counts:
        _tell(counts)


@app.command("vectors")
def vectors_(
    again: Annotated[bool, typer.Option("--again", help="Also those that are there: all anew.")] = False,
    partitions: Annotated[
        int, typer.Option(min=1, max=1024, help="Parts of each new table, which can move to shards.")
    ] = 1,
    url: options.DatabaseUrl = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Make vectors that the database lacks, for NEEDMATCH_VECTORS=postgresql; stopped, it goes on."""
    settings = options.server_settings(database=url, data=data, model=model, engine=engine)
    with _keeper(settings, partitions, again=again) as keeper:
        counts = _completed(keeper)
    if as_json:
        screen.print_json({name: {"rows": r, "vectors": v} for name, (r, v) in counts.items()})
    else:
        _tell(counts)


@app.command()
def shard(
    table: Annotated[str, typer.Argument(help="Vector table, such as need_network.")],
    partition: Annotated[int, typer.Argument(help="Number of its part, from 0.")],
    to: Other,
    url: options.DatabaseUrl = None,
    data: options.Data = None,
) -> None:
    """Move a part of a vector table to another server; searches ask all servers at once from then on."""
    from service.store.vectors import shards

    with (
        closing(opened(url, data, there=True)) as database,
        screen.saying(f"Moving part {partition} of {table}"),
    ):
        shards.move(database, table, partition, to)
    screen.console().print(f"Part {partition} of {table} is on the other server now.", markup=False)


@app.command()
def replica(
    to: Other,
    folder: Folder,
    url: options.DatabaseUrl = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Print how another server comes to follow this one, step by step; nothing is run."""
    from sqlalchemy.engine import make_url

    from matcher.errors import SettingInvalid
    from service.store.vectors.replica import service_url, steps

    primary = make_url(options.server_settings(database=url, data=data).database_url)
    if primary.get_backend_name() != "postgresql":
        raise SettingInvalid("Only PostgreSQL has replicas. Move there first with 'needmatch migrate'.")
    made = steps(primary, make_url(to), folder, secrets.token_urlsafe(24))
    _print_steps(made, as_json=as_json)
    if not as_json:
        screen.console().print(
            f"Then set NEEDMATCH_DATABASE={service_url(primary, make_url(to))}", markup=False, soft_wrap=True
        )


@app.command()
def promote(folder: Folder, as_json: options.Json = False) -> None:
    """Print how a replica takes over from a primary that is gone; nothing is run."""
    from service.store.vectors.replica import promotion

    _print_steps(promotion(folder), as_json=as_json)


def _print_steps(steps: "list[Step]", *, as_json: bool) -> None:
    if as_json:
        screen.print_json(
            [{"title": s.title, "where": s.where, "sql": list(s.sql), "shell": s.shell} for s in steps]
        )
        return
    out = screen.console()
    for number, step in enumerate(steps, 1):
        out.print(f"-- {number}. {step.title} (on the {step.where})", markup=False)
        for line in (*(f"{one};" for one in step.sql), step.shell):
            if line:
                out.print(line, markup=False, soft_wrap=True)


@contextmanager
def _keeper(settings: "ServerSettings", count: int = 1, *, again: bool = False) -> Iterator["Keeper"]:
    from service.projection.keeper import Keeper
    from service.store import migrate as tables
    from service.store.database import open_database
    from service.wiring import open_embedder

    with closing(open_database(settings.database_url)) as database:
        with screen.saying("Opening the model") as say:
            keeper = Keeper(database, open_embedder(settings, say), count=count)
            tables.up(database)
            keeper.open(again=again)
        yield keeper


def _completed(keeper: "Keeper") -> dict[str, tuple[int, int]]:
    """Make what is missing under a progress bar, and see that nothing is."""
    from service.store.errors import StoreIncompatible

    with screen.counting("Making vectors") as done:
        keeper.complete(done)
    if missing := keeper.missing():
        raise StoreIncompatible(
            f"{len(missing)} records changed while vectors were made. Run 'needmatch database vectors' again."
        )
    return keeper.counts()


def _tell(counts: dict[str, tuple[int, int]]) -> None:
    out = screen.console()
    out.print(f"{'table':<28} {'records':>10} {'vectors':>10}")
    for name, (rows, held) in counts.items():
        out.print(f"{name:<28} {rows:>10} {held:>10}", markup=False)
