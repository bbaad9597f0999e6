"""Partitions of an index on other servers, seen from the first as foreign tables.

Each search asks every partition in a statement of its own, so that order and limit go to where the vectors
are (`postgres_fdw` pushes them down) and all servers work at once. A partition moves in one transaction of
the first server. A write to several servers is not atomic across them: where the first fails after a shard
has committed, the shard may hold vectors of a write that never was. These are never shown, since searches
are given the rows that may be found, and are replaced by the next write of the row.
"""

from contextlib import closing

from psycopg import sql
from sqlalchemy.engine import URL, make_url

from matcher.errors import SettingInvalid
from service.store.database import Database, open_database
from service.store.vectors import partitions
from service.store.vectors.partitions import SCHEMA, Partition

FETCHED = 1000
"""Lines that a shard sends at once: more than most searches ask for."""
SENT = 200
"""Lines that are sent to a shard at once."""
ASKED = "-c hnsw.iterative_scan=strict_order -c hnsw.max_scan_tuples=1000000 -c hnsw.ef_search=400 -c jit=off"
"""What a shard's sessions are set to; on the first server each search sets this for itself."""


def on_shard(part: Partition, dimension: int) -> list[str]:
    """What the shard is told first: the table that will hold the partition."""
    table = sql.Identifier(SCHEMA, part.table)
    return [
        "CREATE EXTENSION IF NOT EXISTS vector",
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
        _said(
            sql.SQL("CREATE TABLE {} ({}, PRIMARY KEY (row, part))").format(
                table, partitions.columns(dimension)
            )
        ),
    ]


def on_first(name: str, part: Partition, count: int, dimension: int, shard: URL, server: str) -> list[str]:
    """What the first server is told then, in one transaction: the partition moves with all that it holds."""
    table, here = sql.Identifier(SCHEMA, part.table), sql.Identifier(SCHEMA, f"{part.table}_here")
    whole, remote = sql.Identifier(SCHEMA, name), sql.Identifier(server)
    options = {
        "host": shard.host or "127.0.0.1",
        "port": str(shard.port or 5432),
        "dbname": shard.database or "",
        "extensions": "vector",
        "async_capable": "true",
        "fetch_size": str(FETCHED),
        "batch_size": str(SENT),
        "options": ASKED,
    }
    told = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(key), sql.Literal(value)) for key, value in options.items()
    )
    login = {"user": shard.username or "", "password": shard.password or ""}
    known = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(key), sql.Literal(value)) for key, value in login.items()
    )
    bounds = sql.SQL("FOR VALUES WITH (MODULUS {}, REMAINDER {})").format(
        sql.Literal(count), sql.Literal(part.remainder)
    )
    return [
        "CREATE EXTENSION IF NOT EXISTS postgres_fdw",
        _said(
            sql.SQL("CREATE SERVER IF NOT EXISTS {} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({})").format(
                remote, told
            )
        ),
        _said(
            sql.SQL("CREATE USER MAPPING IF NOT EXISTS FOR CURRENT_USER SERVER {} OPTIONS ({})").format(
                remote, known
            )
        ),
        _said(sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(whole, table)),
        _said(sql.SQL("ALTER TABLE {} RENAME TO {}").format(table, sql.Identifier(f"{part.table}_here"))),
        _said(
            sql.SQL("CREATE FOREIGN TABLE {} ({}) SERVER {} OPTIONS (schema_name {}, table_name {})").format(
                table,
                partitions.columns(dimension),
                remote,
                sql.Literal(SCHEMA),
                sql.Literal(part.table),
            )
        ),
        _said(sql.SQL("INSERT INTO {} SELECT row, part, embedding FROM {}").format(table, here)),
        _said(sql.SQL("ALTER TABLE {} ATTACH PARTITION {} {}").format(whole, table, bounds)),
        _said(sql.SQL("DROP TABLE {}").format(here)),
    ]


def on_shard_last(part: Partition) -> list[str]:
    """What the shard is told at the end: the graph, fastest when all vectors are there."""
    return [
        _said(partitions.graph(part.table)),
        _said(sql.SQL("ANALYZE {}").format(sql.Identifier(SCHEMA, part.table))),
    ]


def move(database: Database, name: str, remainder: int, shard: str) -> Partition:
    """Move a partition to the server at a URL, with all that it holds; whole, or not at all.

    Writes wait meanwhile. Raises `SettingInvalid` for a partition that is not there, or is elsewhere already.
    """
    with database.engine.connect() as connection:
        every = partitions.parts(connection, name)
        dimension = partitions.dimension_of(connection, name)
    found = next((part for part in every if part.remainder == remainder and not part.foreign), None)
    if found is None or dimension is None:
        here = ", ".join(str(part.remainder) for part in every if not part.foreign) or "none"
        raise SettingInvalid(
            f"The table {name} has no partition {remainder} on this server: here are {here}. "
            "Make more with 'needmatch database vectors --again --partitions N'."
        )
    with closing(open_database(shard)) as far:
        if far.sqlite:
            raise SettingInvalid("A shard is a PostgreSQL server. Give postgresql://USER:PASSWORD@HOST/NAME.")
        url = make_url(shard)
        with far.engine.begin() as connection:
            for statement in on_shard(found, dimension):
                connection.exec_driver_sql(statement)
        server = f"needmatch_{url.host}_{url.port or 5432}_{url.database}"
        with database.writer.begin() as connection:
            for statement in on_first(name, found, len(every), dimension, url, server):
                connection.exec_driver_sql(statement)
        with far.engine.begin() as connection:
            for statement in on_shard_last(found):
                connection.exec_driver_sql(statement)
    return found


def _said(statement: sql.Composed) -> str:
    return statement.as_string(None)
