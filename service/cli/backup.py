"""`backup` and `restore`: the whole database in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli import database, options, screen

Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]


def backup(
    file: Annotated[Path, typer.Argument(help="File to write, such as needmatch-2027-03-01.backup.")],
    url: options.DatabaseUrl = None,
    data: options.Data = None,
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Write the whole database to one file, while the service runs. It holds everything: keep it safe."""
    from service.store import backup as store

    opened = database.opened(url, data, there=True)
    with screen.saying("Writing the backup"):
        made = store.save(opened, file, force=force)
    opened.close()
    _tell(made, f"saved to {file}", as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="File that 'needmatch backup' wrote.")],
    url: options.DatabaseUrl = None,
    data: options.Data = None,
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Put a backup into an empty database, of either kind. Stop the service first, and start it after."""
    from service.store import backup as store

    opened = database.opened(url, data)
    with screen.saying("Checking and restoring the backup"):
        made = store.restore(opened, file, force=force)
    opened.close()
    _tell(made, f"restored from {file}", as_json=as_json)


def _tell(made: object, what: str, *, as_json: bool) -> None:
    from service.store.backup import Backup

    assert isinstance(made, Backup)
    if as_json:
        screen.print_json({"rows": made.rows, "revision": made.revision, "at": made.at.isoformat()})
    else:
        told = f"{made.rows} rows of {made.at:%Y-%m-%d %H:%M} UTC, revision {made.revision}, {what}"
        screen.console().print(told, markup=False)
