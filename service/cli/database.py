"""`database`: the tables of the service's database, brought up to date or back, and checked."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import options, screen

if TYPE_CHECKING:
    from service.store.database import Database

app = typer.Typer(help="Migrate the database of the service, and check it.", no_args_is_help=True)


@app.command()
def up(url: options.DatabaseUrl = None, data: options.Data = None, as_json: options.Json = False) -> None:
    """Bring the tables to what this version works with; a service does so itself when it starts."""
    from service.store import migrate

    database = opened(url, data)
    done = migrate.up(database)
    if as_json:
        screen.print_json({"applied": done, "revision": migrate.current(database)})
    else:
        told = f"applied {', '.join(done)}" if done else "nothing to do"
        screen.console().print(f"{told}; the database is at revision {migrate.current(database)}")
    database.close()


@app.command()
def down(
    revision: Annotated[str, typer.Argument(help="Revision to go back to, or 'base' for before the first.")],
    url: options.DatabaseUrl = None,
    data: options.Data = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where rows are lost with their tables.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Take migrations back, to use an earlier version. What the earlier tables cannot hold is lost."""
    from matcher.errors import SettingInvalid
    from service.store import migrate

    if not force:
        raise SettingInvalid(
            "Going back loses what earlier tables cannot hold. Make a backup, and say --force if you mean it."
        )
    database = opened(url, data, there=True)
    done = migrate.down(database, revision)
    if as_json:
        screen.print_json({"taken_back": done, "revision": migrate.current(database)})
    else:
        told = f"took back {', '.join(done)}" if done else "nothing to do"
        screen.console().print(f"{told}; the database is at revision {migrate.current(database)}")
    database.close()


@app.command()
def check(url: options.DatabaseUrl = None, data: options.Data = None, as_json: options.Json = False) -> None:
    """Check revision, tables, pages on disk, and that no change is missing; ends with 1 where one fails."""
    from service.store import health

    database = opened(url, data, there=True)
    found = health.check(database)
    database.close()
    if as_json:
        screen.print_json({"sound": found.sound, "revision": found.revision, "faults": list(found.faults)})
    else:
        out = screen.console()
        out.print(f"revision {found.revision}: {'sound' if found.sound else 'not sound'}")
        for fault in found.faults:
            out.print(f"  - {fault}", markup=False)
    if not found.sound:
        raise typer.Exit(1)


def opened(url: str | None, data: Path | None, *, there: bool = False) -> "Database":
    """The database of the options and settings; with `there`, one that exists already.

    Raises `SettingInvalid`.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from matcher.errors import SettingInvalid
    from service.store.database import open_database

    settings = options.server_settings(database=url, data=data)
    try:
        made = make_url(settings.database_url)
    except ArgumentError:
        raise SettingInvalid(
            "The database is no URL. Give sqlite:///PATH or postgresql://USER@HOST/NAME."
        ) from None
    if made.get_backend_name() == "sqlite" and made.database:
        file = Path(made.database)
        if there and not file.exists():
            raise SettingInvalid(f"There is no database at {file}. Make one with 'needmatch database up'.")
        file.parent.mkdir(parents=True, exist_ok=True)
    return open_database(settings.database_url)
