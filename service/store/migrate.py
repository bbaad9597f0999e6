"""Brings a database to the tables that this version of needmatch works with, and back.

A migration is a file in `migrations/versions`; it runs within one transaction, whole or not at all, while
every other process that wants to migrate waits for its turn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from service.store.database import Database
from service.store.errors import StoreIncompatible
from service.store.tables import Base

SCRIPTS = Path(__file__).parent / "migrations"
CONNECTION = "connection"
"""Attribute of the configuration by which `env.py` gets its connection."""


def up(database: Database, revision: str = "head") -> list[str]:
    """Migrate up to a revision; returns the revisions that were applied, none where it was there already.

    Safe when several processes start at once. Raises `StoreIncompatible` for a database of a newer needmatch.
    """
    if revision == "head" and not pending(database):
        return []
    with changing(database) as connection:
        return upgrade(connection, revision)


def down(database: Database, revision: str) -> list[str]:
    """Migrate down to a revision (`base`: before the first); returns the revisions that were taken back.

    Rows of tables that the lower revision lacks are lost.
    """
    with changing(database) as connection:
        return downgrade(connection, revision)


def current(database: Database) -> str | None:
    """The revision of the database; None where it is empty."""
    with database.engine.connect() as connection:
        return _current(connection)


def pending(database: Database) -> list[str]:
    """The revisions that `up` would apply, in order. Raises `StoreIncompatible`."""
    return _between(current(database), head())


def head() -> str:
    """The newest revision."""
    found = ScriptDirectory(str(SCRIPTS)).get_current_head()
    assert found is not None
    return found


def differences(database: Database) -> list[str]:
    """Where the tables differ from those this version works with; none after `up`."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return [str(each) for each in compare_metadata(context, Base.metadata)]


@contextmanager
def changing(database: Database) -> Iterator[Connection]:
    """A connection on which tables may be made anew; all is committed at the end, or nothing is.

    SQLite changes a table by copying it, and would delete what points to it: foreign keys rest meanwhile, and
    are checked as a whole before the commit.
    """
    with database.writer.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        if database.sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if database.sqlite:
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                    if broken:
                        raise StoreIncompatible(
                            f"Rows of {sorted({str(row[0]) for row in broken})} would point to nothing. "
                            "The database was left as it was."
                        )
        finally:
            if database.sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


def upgrade(connection: Connection, revision: str) -> list[str]:
    """Migrate up within a transaction of `changing`."""
    before = _current(connection)
    done = _between(before, head() if revision == "head" else revision)
    if done:
        command.upgrade(_config(connection), revision)
    return done


def downgrade(connection: Connection, revision: str) -> list[str]:
    """Migrate down within a transaction of `changing`."""
    before = _current(connection)
    if before is None:
        return []
    done = _between(None if revision == "base" else revision, before)
    if done:
        command.downgrade(_config(connection), revision)
    return done[::-1]


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return MigrationContext.configure(connection).get_current_revision()


def _between(low: str | None, high: str | None) -> list[str]:
    """Revisions after `low` up to `high`, first to last."""
    if low == high:
        return []
    scripts = ScriptDirectory(str(SCRIPTS))
    known = [script.revision for script in scripts.walk_revisions()][::-1]
    for revision in (low, high):
        if revision is not None and revision not in known:
            raise StoreIncompatible(
                f"The revision {revision!r} is not known: expected one of {', '.join(known)}. "
                "A newer needmatch made it; use that one, or restore a backup."
            )
    start = 0 if low is None else known.index(low) + 1
    return known[start : 0 if high is None else known.index(high) + 1]


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes[CONNECTION] = connection
    return config
