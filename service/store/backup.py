"""The whole database in one file, taken while the service runs, and put back into an empty database.

The file is the same for both databases, so a backup of one can be restored into the other. It is a gzip
stream of JSON lines: a header with the revision, for each table a line with its columns and one line for each
row, and at the end the number of rows and the SHA-256 of all that came before. Everything is read in one
transaction, thus of one moment; a restore checks the whole file before it touches the database, and then
writes it in one transaction.
"""

import gzip
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Connection, LargeBinary, MetaData, Table, inspect, text
from sqlalchemy import Date as DateType
from sqlalchemy.orm import Session

from corpora.writers.atomic import replacing
from matcher.errors import FileUnreadable
from service.store import migrate, outbox
from service.store.database import Database
from service.store.errors import BackupCorrupt, StoreIncompatible, StoreNotEmpty
from service.store.tables import Base, now
from service.store.tables.columns import Plain, UtcTime

FORM = 1
"""Version of the file's form."""
AT_ONCE = 500
"""Rows written together."""
DERIVED = frozenset({"alembic_version", "counters", "projections"})
"""Tables that a service fills by itself: a database with nothing else in it is empty."""

_KINDS: dict[str, tuple[Any, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "time": (
        UtcTime(),
        lambda value: value.astimezone(UTC).isoformat(),
        datetime.fromisoformat,
    ),
    "date": (DateType(), date.isoformat, date.fromisoformat),
    "bytes": (LargeBinary(), lambda value: b64encode(value).decode(), b64decode),
    "json": (Plain, lambda value: value, lambda value: value),
    "plain": (None, lambda value: value, lambda value: value),
}
"""How a column's values are kept: type, to JSON, from JSON."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a file holds."""

    revision: str
    at: datetime
    rows: int
    tables: int


def save(database: Database, path: Path, *, force: bool = False) -> Backup:
    """Write a backup; the file appears whole or not at all. Needs the current revision.

    Raises `FileUnreadable` for a file that is there (unless `force`), `StoreIncompatible` for a database that
    is not migrated.
    """
    if path.exists() and not force:
        raise FileUnreadable(f"{path} is there already. Give another name, or overwrite it with --force.")
    with database.read() as session, replacing(path) as part:
        part.touch(mode=0o600)  # it holds everything that anybody entered
        with gzip.open(part, "wb", compresslevel=6) as file:
            return _write(session.connection(), file)


def check(path: Path) -> Backup:
    """What a backup holds, after reading all of it. Raises `BackupCorrupt` and `StoreIncompatible`."""
    lines = _lines(path)
    header, tables, rows = next(lines), 0, 0
    for line in lines:
        tables += isinstance(line, dict)
        rows += isinstance(line, list)
    return Backup(header["revision"], datetime.fromisoformat(header["at"]), rows, tables)


def restore(database: Database, path: Path, *, force: bool = False) -> Backup:
    """Put a backup into an empty database, whole or not at all, and migrate it to the current revision.

    With `force` what is there is overwritten. Stop the service first. The database gets a new epoch, so that
    every index is made again. Raises `BackupCorrupt`, `StoreIncompatible` and `StoreNotEmpty`.
    """
    found = check(path)
    with migrate.changing(database) as connection:
        if not force and _filled(connection):
            raise StoreNotEmpty(
                "The database is not empty. Restore into an empty one, or overwrite it with --force."
            )
        migrate.downgrade(connection, "base")
        migrate.upgrade(connection, found.revision)
        _read(connection, path)
        migrate.upgrade(connection, "head")
        with Session(connection) as session:
            outbox.new_epoch(session)
            session.commit()
    return found


def _write(connection: Connection, file: gzip.GzipFile) -> Backup:
    revision = _revision(connection)
    taken = sha256()
    at, rows = now(), 0
    tables = Base.metadata.sorted_tables

    def put(value: Any) -> None:
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        taken.update(line)
        file.write(line)

    put({"needmatch_backup": FORM, "revision": revision, "at": at.isoformat()})
    for table in tables:
        kinds = [_kind(column) for column in table.columns]
        put(
            {"table": table.name, "columns": [[c.name, k] for c, k in zip(table.columns, kinds, strict=True)]}
        )
        to_json = [_KINDS[kind][1] for kind in kinds]
        ordered = table.select().order_by(*table.primary_key)
        found = connection.execute(ordered, execution_options={"yield_per": AT_ONCE})
        for row in found:
            put([None if v is None else write(v) for v, write in zip(row, to_json, strict=True)])
            rows += 1
    file.write(json.dumps({"rows": rows, "sha256": taken.hexdigest()}).encode() + b"\n")
    return Backup(revision, at, rows, len(tables))


def _revision(connection: Connection) -> str:
    there = inspect(connection).has_table("alembic_version")
    found = connection.scalar(text("SELECT version_num FROM alembic_version")) if there else None
    if found != migrate.head():
        raise StoreIncompatible(
            f"The database is at revision {found}, expected {migrate.head()}. "
            "Migrate it with 'needmatch database up' first."
        )
    return str(found)


def _read(connection: Connection, path: Path) -> None:
    """Write the rows of a checked file."""
    table: Table | None = None
    kinds: list[str] = []
    waiting: list[dict[str, Any]] = []

    def flush() -> None:
        if table is not None and waiting:
            connection.execute(table.insert(), waiting)
            waiting.clear()

    lines = _lines(path)
    next(lines)
    for line in lines:
        if isinstance(line, dict):
            flush()
            _numbered(connection, table)
            kinds = [kind for _, kind in line["columns"]]
            columns = [Column(name, _KINDS[kind][0]) for name, kind in line["columns"]]
            table = Table(line["table"], MetaData(), *columns)
        else:
            assert table is not None
            values = zip(table.columns.keys(), kinds, line, strict=True)
            waiting.append({n: None if v is None else _KINDS[kind][2](v) for n, kind, v in values})
            if len(waiting) == AT_ONCE:
                flush()
    flush()
    _numbered(connection, table)


def _numbered(connection: Connection, table: Table | None) -> None:
    """Let PostgreSQL number on after the rows that brought their own numbers."""
    if table is None or connection.dialect.name == "sqlite":
        return
    for column in inspect(connection).get_columns(table.name):
        if column.get("autoincrement"):
            name = column["name"]
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', '{name}'), "
                f"COALESCE(max({name}), 0) + 1, false) FROM {table.name}"
            )


def _filled(connection: Connection) -> bool:
    """Whether any table holds a row."""
    there = inspect(connection).get_table_names()
    return any(
        connection.exec_driver_sql(f'SELECT 1 FROM "{name}" LIMIT 1').first() is not None
        for name in there
        if name not in DERIVED
    )


def _kind(column: Column[Any]) -> str:
    made = column.type
    if isinstance(made, UtcTime):
        return "time"
    if isinstance(made, DateType):
        return "date"
    if isinstance(made, LargeBinary):
        return "bytes"
    return "json" if isinstance(made, JSON) else "plain"


def _lines(path: Path) -> Iterator[Any]:
    """Header, tables and rows of a file; what is wrong with it is known at the latest at its end."""
    seen, rows, header, end = sha256(), 0, None, None
    try:
        with gzip.open(path, "rb") as file:
            for raw in file:
                if end is not None:
                    raise BackupCorrupt(f"{path} goes on after its end. Use another copy.")
                line = json.loads(raw)
                if header is None:
                    header = _header(path, line)
                    yield line
                elif isinstance(line, dict) and "sha256" in line:
                    end = line
                    continue
                else:
                    rows += isinstance(line, list)
                    yield line
                seen.update(raw)
    except (gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise BackupCorrupt(
            f"{path} is no backup, or it was cut or altered ({error}). Use another."
        ) from error
    if end is None or end != {"rows": rows, "sha256": seen.hexdigest()}:
        raise BackupCorrupt(f"{path} was cut or altered: its checksum does not fit. Use another copy.")


def _header(path: Path, line: Any) -> Any:
    if not isinstance(line, dict) or not line.keys() >= {"needmatch_backup", "revision", "at"}:
        raise BackupCorrupt(f"{path} is no backup of needmatch. Give a file that 'needmatch backup' wrote.")
    if line["needmatch_backup"] != FORM:
        raise StoreIncompatible(
            f"{path} is a backup of form {line['needmatch_backup']}, expected {FORM}. "
            "Restore it with the version of needmatch that made it."
        )
    return line
