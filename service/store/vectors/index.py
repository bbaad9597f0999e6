"""The shared index: vectors in PostgreSQL, searched by pgvector, behind the contract of every index.

A narrow search scores each allowed row, a wide one walks the graphs of the partitions in strict order and
leaves out here what is not allowed; where the walk does not fill its places, all allowed rows are scored
after all. Vectors rest in half precision, and scores are made of whole numbers of the query.
"""

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import sql
from sqlalchemy import Connection

from matcher.errors import SnapshotIncompatible
from matcher.protocols import Float32, Int64
from matcher.rows import RowSet
from service.store.database import Database
from service.store.vectors import halves, partitions

NARROW = 5_000
"""Allowed sets up to so many rows are scored row by row: a walk would take as long, and be inexact."""
DEEPEST = 20_000
"""Vectors that one walk may give; from there on every allowed row is scored."""
LOOKED_AT = (200, 1000)
"""`hnsw.ef_search`, at least and at most: how many vectors the walk keeps in view. Between these it is twice
what is fetched: with just as many, recall under a filter of a tenth was .95."""
SCANNED = 1_000_000
"""`hnsw.max_scan_tuples`: after so many vectors a walk ends by itself."""
AT_ONCE = 10_000
"""Rows whose vectors are fetched together."""

# What it orders by is given out too: without it PostgreSQL would ask one server after the other.
_WALK = sql.SQL(
    "(SELECT row, -(embedding::vector <#> %(asked)s::vector)::float4 AS score, {place} AS part, "
    "embedding <#> %(asked)s::vector::halfvec({dimension}) AS near FROM {table} "
    "ORDER BY near LIMIT %(limit)s)"
)
_EVERY = sql.SQL(
    "(SELECT row, -min(embedding::vector <#> %(asked)s::vector)::float4 AS score FROM {table} "
    "WHERE row = ANY(%(rows)s::bigint[]) GROUP BY row ORDER BY score DESC, row LIMIT %(limit)s)"
)


class PgVectorIndex:
    """Nearest rows by inner product over one table of the database, shared by all processes.

    `reader` is where searches go, where that is another server: a replica. Its answers may be late by what
    it lags, and never hold what is not allowed.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        dimension: int,
        *,
        reader: Database | None = None,
        narrow: int = NARROW,
    ) -> None:
        self._database = database
        self._reader = reader or database
        self.name = name
        self._dimension = dimension
        self._narrow = narrow

    @classmethod
    def made(
        cls, database: Database, name: str, dimension: int, *, count: int = 1, narrow: int = NARROW
    ) -> "PgVectorIndex":
        """An index whose table is made where there is none, in `count` partitions."""
        with database.writer.begin() as connection:
            partitions.prepare(connection)
            partitions.make(connection, name, dimension, count)
            partitions.link(connection, name)
        return cls(database, name, dimension, narrow=narrow)

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._dimension

    def __len__(self) -> int:
        with self._reader.engine.connect() as connection:
            return counted(connection, self.name)[0]

    def upsert(self, rows: Int64, vectors: Float32) -> None:
        """Store vectors under row numbers in a transaction of its own; see `put`."""
        rows, vectors = self._checked(rows, vectors)
        if rows.size:
            with self._database.writer.begin() as connection:
                self.put(connection, rows, vectors)

    def put(self, connection: Connection, rows: Int64, vectors: Float32) -> None:
        """Store vectors within a transaction of the database, replacing what these rows held.

        Raises `ValueError` when shapes disagree.
        """
        rows, vectors = self._checked(rows, vectors)
        self.take_out(connection, rows)
        put(connection, self.name, rows, vectors)

    def delete(self, rows: Int64) -> int:
        """Forget rows; unknown ones are ignored. Returns how many were stored."""
        with self._database.writer.begin() as connection:
            return self.take_out(connection, rows)

    def take_out(self, connection: Connection, rows: Int64) -> int:
        """The same within a transaction of the database."""
        return take_out(connection, self.name, rows)

    def search(self, queries: Float32, k: int, allowed: RowSet) -> tuple[Int64, Float32]:
        """The best `k` allowed rows for each query; see `VectorIndex.search`."""
        found_rows = np.full((len(queries), k), -1, dtype=np.int64)
        found_scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        depth = min(k, len(allowed))
        if not depth or not len(queries):
            return found_rows, found_scores
        queries = np.asarray(queries, dtype=np.float32)
        with self._reader.engine.begin() as connection, _driven(connection) as cursor:
            narrow: list[int] | None = None
            fetch = self._fetch(depth, allowed)
            if fetch:
                self._set(cursor, fetch)
            for place, query in enumerate(queries):
                asked = halves.literal(query)
                found = self._near(cursor, asked, depth, fetch, allowed) if fetch else None
                if found is None:
                    narrow = narrow or np.flatnonzero(allowed.mask).tolist()
                    cursor.execute(self._every, {"asked": asked, "rows": narrow, "limit": depth})
                    found = _columns(cursor.fetchall())
                found_rows[place, : found[0].size], found_scores[place, : found[0].size] = found
        return found_rows, found_scores

    def score(self, queries: Float32, rows: Int64) -> Float32:
        """Exact scores `float32[q, n]` of the given rows; -inf for a row that is not stored."""
        rows = np.asarray(rows, dtype=np.int64)
        scores = np.full((len(queries), rows.size), -np.inf, dtype=np.float32)
        for stored, starts, vectors in self._held(rows):
            # Not `@`: BLAS rounds equal vectors differently by their place, and breaks ties so.
            products = np.einsum("qd,vd->qv", queries, vectors)
            scores[:, stored] = np.maximum.reduceat(products, starts, axis=1)
        return scores

    def centroids(self, rows: Int64) -> Float32:
        """`float32[n, d]`: the unit mean of what each row holds; zeros for a row that is not stored."""
        rows = np.asarray(rows, dtype=np.int64)
        means = np.zeros((rows.size, self.dimension), dtype=np.float32)
        for stored, starts, vectors in self._held(rows):
            means[stored] = np.add.reduceat(vectors, starts, axis=0)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        return means

    def save(self, path: Path) -> None:
        """Write where the index is: what it holds stays in the database."""
        path.write_text(json.dumps({"table": self.name, "dimension": self.dimension}), encoding="utf-8")

    def explain(self, query: Float32, k: int) -> str:
        """How the server would answer a search of everything, in its own words."""
        fetch = 2 * k + 1
        with self._reader.engine.begin() as connection, _driven(connection) as cursor:
            self._set(cursor, fetch)
            cursor.execute(
                sql.SQL("EXPLAIN (VERBOSE, COSTS OFF) {}").format(self._walk),
                {"asked": halves.literal(query), "limit": fetch},
            )
            return "\n".join(line for (line,) in cursor.fetchall())

    # -- inside -------------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> list[str]:
        """The partitions' tables. Raises `SnapshotIncompatible` for vectors of another length."""
        with self._reader.engine.connect() as connection:
            there = partitions.dimension_of(connection, self.name)
            found = [part.table for part in partitions.parts(connection, self.name)]
        if there != self._dimension:
            raise SnapshotIncompatible(
                f"The vector table {self.name} holds vectors of length {there}, expected {self._dimension}. "
                "Make the vectors anew with 'needmatch database vectors --again'."
            )
        return found

    @cached_property
    def _walk(self) -> sql.Composed:
        return self._all_parts(_WALK, sql.SQL(" UNION ALL "))

    @cached_property
    def _every(self) -> sql.Composed:
        return sql.SQL("SELECT * FROM ({}) best ORDER BY score DESC, row LIMIT %(limit)s").format(
            self._all_parts(_EVERY, sql.SQL(" UNION ALL "))
        )

    def _all_parts(self, of_one: sql.SQL, between: sql.SQL) -> sql.Composed:
        """One question to each partition, so that a server far away is given order and limit with it."""
        return between.join(
            of_one.format(
                table=sql.Identifier(partitions.SCHEMA, part),
                dimension=sql.Literal(self._dimension),
                place=sql.Literal(place),
            )
            for place, part in enumerate(self._parts)
        )

    def _fetch(self, depth: int, allowed: RowSet) -> int:
        """How many vectors a walk takes to meet `depth` allowed rows; 0 where every row is scored."""
        wide = 2 * depth * allowed.mask.size // len(allowed) + 1
        # a walk costs about three times what it takes to score as many rows
        narrow = max(self._narrow, min(3 * wide, DEEPEST)) if self._narrow else 0
        return 0 if len(allowed) <= narrow else wide

    def _set(self, cursor: Any, fetch: int) -> None:
        low, high = LOOKED_AT
        cursor.execute(
            "SELECT set_config('hnsw.iterative_scan', 'strict_order', true), "
            "set_config('hnsw.ef_search', %s, true), set_config('hnsw.max_scan_tuples', %s, true)",
            (str(min(high, max(low, 2 * fetch))), str(SCANNED)),
        )

    def _near(
        self, cursor: Any, asked: str, depth: int, fetch: int, allowed: RowSet
    ) -> tuple[Int64, Float32] | None:
        """The `depth` best allowed rows by a walk of the graphs; None where it does not settle them."""
        while fetch <= DEEPEST:
            cursor.execute(self._walk, {"asked": asked, "limit": fetch})
            given = cursor.fetchall()
            rows, scores = _columns([(row, score) for row, score, *_ in given])
            places = np.array([place for _, _, place, _ in given], dtype=np.int64)
            seen = allowed.contains(rows)
            distinct, best = _best_of_each(rows[seen], scores[seen])
            # Behind the last that a partition gave there may be more, unless it gave all that it has.
            full = np.flatnonzero(np.bincount(places, minlength=1) == fetch)
            reached = max((scores[places == place].min() for place in full), default=-np.inf)
            if distinct.size >= depth and best[depth - 1] > reached:
                return distinct[:depth], best[:depth]
            if not full.size:
                return None
            fetch *= 4
        return None

    def _checked(self, rows: Int64, vectors: Float32) -> tuple[Int64, Float32]:
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if vectors.shape != (rows.size, self.dimension):
            raise ValueError(
                f"{rows.size} rows need vectors of shape ({rows.size}, {self.dimension}), got {vectors.shape}"
            )
        if rows.size and rows.min() < 0:
            raise ValueError(f"row numbers start at 0, got {int(rows.min())}")
        return rows, vectors

    def _held(self, rows: Int64) -> Iterator[tuple[Int64, Int64, Float32]]:
        """Places of `rows` that are stored, where each one's vectors start, and the vectors, part by part."""
        asked = sql.SQL(
            "SELECT row, halfvec_send(embedding) FROM {} WHERE row = ANY(%s::bigint[]) ORDER BY row, part"
        ).format(sql.Identifier(partitions.SCHEMA, self.name))
        with self._reader.engine.begin() as connection, _driven(connection) as cursor:
            for first in range(0, rows.size, AT_ONCE):
                wanted = rows[first : first + AT_ONCE]
                cursor.execute(asked, (np.unique(wanted).tolist(),), binary=True)
                found = cursor.fetchall()
                if not found:
                    continue
                numbers = np.array([row for row, _ in found], dtype=np.int64)
                vectors = halves.read([sent for _, sent in found], self.dimension)
                left = np.searchsorted(numbers, wanted, side="left")
                widths = np.searchsorted(numbers, wanted, side="right") - left
                stored = np.flatnonzero(widths)
                left, widths = left[stored], widths[stored]
                starts = np.cumsum(widths) - widths
                inside = np.arange(int(widths.sum())) - np.repeat(starts, widths)
                yield first + stored, starts, vectors[np.repeat(left, widths) + inside]


def put(connection: Connection, name: str, rows: Int64, vectors: Float32) -> None:
    """Add vectors of rows that the table does not hold, within a transaction."""
    into = sql.SQL("COPY {} (row, part, embedding) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(partitions.SCHEMA, name)
    )
    with _driven(connection) as cursor, cursor.copy(into) as copy:
        copy.write(halves.copied(rows, vectors))


def take_out(connection: Connection, name: str, rows: Int64) -> int:
    """Remove rows from a table within a transaction; returns how many it held."""
    table = sql.Identifier(partitions.SCHEMA, name)
    with _driven(connection) as cursor:
        cursor.execute(
            sql.SQL(
                "WITH gone AS (DELETE FROM {} WHERE row = ANY(%s::bigint[]) RETURNING row) "
                "SELECT count(DISTINCT row) FROM gone"
            ).format(table),
            (np.unique(np.asarray(rows, dtype=np.int64)).tolist(),),
        )
        return int(cursor.fetchone()[0])


def counted(connection: Connection, name: str) -> tuple[int, int]:
    """How many rows a table holds, and how many vectors."""
    with _driven(connection) as cursor:
        cursor.execute(
            sql.SQL("SELECT count(*) FILTER (WHERE part = 0), count(*) FROM {}").format(
                sql.Identifier(partitions.SCHEMA, name)
            )
        )
        rows, vectors = cursor.fetchone()
        return int(rows), int(vectors)


def _driven(connection: Connection) -> Any:
    """A cursor of the driver on the same transaction: for COPY, and for names that are put in safely."""
    driver: Any = connection.connection.dbapi_connection
    return driver.cursor()


def _columns(found: list[tuple[int, float]]) -> tuple[Int64, Float32]:
    rows = np.array([row for row, _ in found], dtype=np.int64)
    return rows, np.array([score for _, score in found], dtype=np.float32)


def _best_of_each(rows: Int64, scores: Float32) -> tuple[Int64, Float32]:
    """Each row once with its best score; best first, ties by row."""
    order = np.lexsort((rows, -scores))
    rows, scores = rows[order], scores[order]
    _, first = np.unique(rows, return_index=True)
    first.sort()
    return rows[first], scores[first]
