"""The tables of a vector index: one table, split by hash of the row number into partitions.

A partition holds its own HNSW graph, or is a foreign table on another server (`shards`). All stand in a
schema of their own: they are made from the records, so no migration and no backup knows them.
"""

from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import Connection, text

from matcher.errors import SettingInvalid, SnapshotIncompatible

SCHEMA = "vectors"
HNSW = "m = 16, ef_construction = 64"
"""Neighbours of each vector, and how many are looked at to find them."""
OLDEST = (0, 8)
"""The first pgvector whose scans go on until enough is found."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One part of an index, in this database or seen from it."""

    table: str
    remainder: int
    foreign: bool


def prepare(connection: Connection) -> None:
    """Make the schema. Raises `SettingInvalid` where the server has no pgvector, or one that is too old."""
    version = connection.scalar(
        text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
    )
    if version is None or tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise SettingInvalid(
            f"The server has pgvector {version or 'not at all'}, expected 0.8 or newer. Install it there "
            "(packages are called postgresql-NN-pgvector), or leave NEEDMATCH_VECTORS at 'memory'."
        )
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))


def make(connection: Connection, name: str, dimension: int, count: int = 1) -> None:
    """Make the table of an index with `count` partitions, without graphs; one that is there stays.

    Raises `SnapshotIncompatible` where it holds vectors of another length.
    """
    there = dimension_of(connection, name)
    if there is not None:
        if there != dimension:
            raise SnapshotIncompatible(
                f"The vector table {name} holds vectors of length {there}, the model makes {dimension}. "
                "Remove it with 'needmatch database vectors --again', which makes all vectors anew."
            )
        return
    _run(
        connection,
        sql.SQL("CREATE TABLE {} ({}) PARTITION BY HASH (row)").format(_named(name), columns(dimension)),
    )
    for remainder in range(count):
        part = f"{name}_{remainder}"
        _run(
            connection,
            sql.SQL(
                "CREATE TABLE {} PARTITION OF {} (PRIMARY KEY (row, part)) "
                "FOR VALUES WITH (MODULUS {}, REMAINDER {})"
            ).format(_named(part), _named(name), sql.Literal(count), sql.Literal(remainder)),
        )


def link(connection: Connection, name: str) -> None:
    """Build the graphs of the partitions here that have none: fastest when the vectors are in already."""
    for part in parts(connection, name):
        if not part.foreign:
            _run(connection, graph(part.table))


def graph(table: str) -> sql.Composed:
    """The statement that builds the graph of one partition."""
    return sql.SQL(
        "CREATE INDEX IF NOT EXISTS {} ON {} USING hnsw (embedding halfvec_ip_ops) WITH (" + HNSW + ")"
    ).format(sql.Identifier(f"{table}_near"), _named(table))


def columns(dimension: int) -> sql.Composed:
    """The columns of an index and of its partitions."""
    return sql.SQL("row bigint NOT NULL, part integer NOT NULL, embedding halfvec({}) NOT NULL").format(
        sql.Literal(dimension)
    )


def parts(connection: Connection, name: str) -> list[Partition]:
    """The partitions of an index, in order; none where there is no such table."""
    found = connection.execute(
        text(
            "SELECT child.relname, child.relkind = 'f', pg_get_expr(child.relpartbound, child.oid) "
            "FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = to_regclass(:name) ORDER BY child.relname"
        ),
        {"name": f"{SCHEMA}.{name}"},
    )
    every = [
        Partition(table, int(bound.rpartition("remainder ")[2].rstrip(")")), far)
        for table, far, bound in found
    ]
    return sorted(every, key=lambda part: part.remainder)


def dimension_of(connection: Connection, name: str) -> int | None:
    """The length of an index's vectors; None where there is no such table."""
    found: int | None = connection.scalar(
        text(
            "SELECT atttypmod FROM pg_attribute WHERE attrelid = to_regclass(:name) AND attname = 'embedding'"
        ),
        {"name": f"{SCHEMA}.{name}"},
    )
    return found


def drop(connection: Connection, name: str) -> None:
    """Remove an index with all that it holds; what is on other servers stays there."""
    _run(connection, sql.SQL("DROP TABLE IF EXISTS {}").format(_named(name)))


def _named(table: str) -> sql.Identifier:
    return sql.Identifier(SCHEMA, table)


def _run(connection: Connection, statement: sql.Composed) -> None:
    connection.exec_driver_sql(statement.as_string(None))
