"""One database, SQLite or PostgreSQL, with reading and writing transactions.

A writer takes its turn before it reads (SQLite `BEGIN IMMEDIATE`, PostgreSQL an advisory lock), so that what
it read still holds when it writes, and no two writers can wait for each other. So keep writing short: compute
first. What was committed is on disk: SQLite runs in WAL mode with `synchronous=FULL`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from matcher.errors import SettingInvalid

WRITING = "needmatch_writing"
BUSY_S = 20
"""Seconds that a writer waits for its turn."""
STUCK_S = 60
"""Seconds after which PostgreSQL ends a writer that holds its turn and does nothing (its machine is gone)."""
TURN = 0x6E656564
"""Key of the advisory lock that PostgreSQL's writers take."""


class Database:
    """Sessions of one database; `read` sees one state, `write` commits all or nothing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.writer = engine.execution_options(**{WRITING: True})
        """The same connections; what begins on one of these takes its turn."""
        self.companions: dict[str, Any] = {}
        """What a writing session carries along: see `outbox.Companion`."""
        self._reader = engine if self.sqlite else engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def sqlite(self) -> bool:
        """Whether it is the embedded one."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that writes nothing: what it flushed is rolled back. What it read stays readable."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is committed at the end, and rolled back on any error."""
        carried = dict(self.companions)
        with Session(self.writer, expire_on_commit=False, info=carried) as session, session.begin():
            yield session

    def alive(self) -> bool:
        """Whether the database answers."""
        with self.engine.connect() as connection:
            return connection.execute(text("SELECT 1")).scalar() == 1

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_database(url: str, *, pool_size: int = 8) -> Database:
    """The database at a URL (`sqlite:///file.db` or `postgresql+psycopg://...`).

    Raises `SettingInvalid` for any other kind.
    """
    made = make_url(url)
    if made.get_backend_name() == "postgresql":
        made = made.set(drivername="postgresql+psycopg")
        engine = create_engine(
            made,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_timeout=BUSY_S,
            json_deserializer=from_json,
        )
        event.listen(engine, "connect", _utc)
        event.listen(engine, "begin", _turn)
        return Database(engine)
    if made.get_backend_name() == "sqlite" and made.database not in (None, "", ":memory:"):
        engine = create_engine(
            made,
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args={"timeout": BUSY_S},
            json_deserializer=from_json,
        )
        event.listen(engine, "connect", _prepared)
        event.listen(engine, "begin", _begun)
        return Database(engine)
    raise SettingInvalid(
        f"The database {made.render_as_string(hide_password=True)!r} is of no known kind. "
        "Give sqlite:///PATH or postgresql://USER@HOST/NAME."
    )


def _prepared(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begun`, not by the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_S * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begun(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _turn(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITING, False):
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = '{BUSY_S}s'; "
            f"SET LOCAL idle_in_transaction_session_timeout = '{STUCK_S}s'; "
            f"SELECT pg_advisory_xact_lock({TURN})"
        )


def _utc(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
