"""All rows of one database copied into another, whole or not at all, and compared before they count.

The source is read in one transaction, thus as of one moment; the target is written in one. Every table is
read back from the target before the commit: its number of rows and the SHA-256 over their values, in the
order of the primary key and in a form that means the same on both databases, must be those of the source.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.orm import Session

from service.store import migrate, outbox
from service.store.backup import AT_ONCE, _filled, _numbered
from service.store.database import Database
from service.store.errors import StoreIncompatible, StoreNotEmpty
from service.store.tables import Base

Progress = Callable[[int, int], None]
"""Hears of rows done, and of all there are; a row counts when it is written and when it was compared."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A table that was copied and compared."""

    table: str
    rows: int
    sha256: str


def move(source: Database, target: Database, progress: Progress | None = None) -> list[Moved]:
    """Copy everything into an empty database; returns what each table holds.

    Stop the service first: what is written to the source meanwhile is not taken along. The target has
    another epoch after, so that indexes are made again. Raises `StoreNotEmpty`, and `StoreIncompatible` for a
    source that is not migrated, or where what was read back differs; then the target is as it was.
    """
    if migrate.current(source) != migrate.head():
        raise StoreIncompatible(
            f"The source is at revision {migrate.current(source)}, expected {migrate.head()}. "
            "Migrate it with 'needmatch database up' first."
        )
    with source.read() as session, migrate.changing(target) as connection:
        if _filled(connection):
            raise StoreNotEmpty("The target is not empty. Give a new database.")
        migrate.upgrade(connection, "head")
        origin = session.connection()
        tables = Base.metadata.sorted_tables
        total = 2 * sum(origin.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
        done = 0
        moved = []
        for table in tables:
            connection.execute(table.delete())  # what the migrations put in comes from the source as well
            rows, digest = 0, sha256()
            for batch in _batches(origin, table):
                connection.execute(table.insert(), [dict(row) for row in batch])
                for row in batch:
                    digest.update(_line(row.values()))
                rows += len(batch)
                done += len(batch)
                if progress is not None:
                    progress(done, total)
            _numbered(connection, table)
            moved.append(Moved(table.name, rows, digest.hexdigest()))
        for table, expected in zip(tables, moved, strict=True):
            seen = _read_back(connection, table)
            if seen != expected:
                raise StoreIncompatible(
                    f"The table {table.name} came over as {seen.rows} rows with the checksum "
                    f"{seen.sha256[:12]}, expected {expected.rows} with {expected.sha256[:12]}. The target "
                    "was left as it was; tell the authors of needmatch."
                )
            done += seen.rows
            if progress is not None:
                progress(done, total)
        with Session(connection) as fresh:
            outbox.new_epoch(fresh)
            fresh.commit()
    return moved


def _batches(connection: Connection, table: Table) -> Iterator[list[Any]]:
    asked = select(table).order_by(*table.primary_key.columns)
    found = connection.execute(asked, execution_options={"yield_per": AT_ONCE})
    with closing(found):
        for part in found.mappings().partitions(AT_ONCE):
            yield list(part)


def _read_back(connection: Connection, table: Table) -> Moved:
    rows, digest = 0, sha256()
    for batch in _batches(connection, table):
        for row in batch:
            digest.update(_line(row.values()))
        rows += len(batch)
    return Moved(table.name, rows, digest.hexdigest())


def _line(values: Any) -> bytes:
    r"""A row's values in the one form that both databases give.

    >>> _line([1.0, {"b": None, "a": [2, 2.5]}, "é"])
    b'[1,{"a":[2,2.5],"b":null},"\xc3\xa9"]\n'
    """
    plain = [_plain(value) for value in values]
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case bytes() | memoryview():
            return sha256(value).hexdigest()
        case bool():
            return value
        case float() if value.is_integer() and abs(value) < 2**53:  # jsonb gives whole numbers back as such
            return int(value)
        case int() if abs(value) >= 2**53:
            return float(value)
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value
