"""Bytes, time and recall on PostgreSQL: `python -m service.measure.postgres postgresql://...`.

Writes docs/postgres.json, and the tables between the marks of docs/scaling.md. The server is any with
pgvector where the user may make a database: what is measured stands in one of its own, dropped at the end.
Vectors lie in clouds, as those of texts do, but are drawn; records are put together from sentences of the
sample (`workload`). What is said of sizes beyond those measured is computed from bytes a record.
"""

import argparse
import json
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from matcher.embed import Embedder
from matcher.index.flat import FlatIndex
from matcher.lexical import LexicalIndex
from matcher.protocols import Float32, Role
from matcher.records import Solution
from matcher.rows import RowSet
from matcher.text.language import language_of
from matcher.text.terms import Terms, terms
from models import open_encoder
from service.cli import screen
from service.measure.machine import machine
from service.measure.workload import made_solutions
from service.projection.keeper import Keeper
from service.report.tables import table
from service.settings import Settings
from service.store import migrate, records
from service.store.database import Database, open_database
from service.store.records import SYSTEM, RecordDraft
from service.store.rows import body_of, record_from
from service.store.tables import OrganisationRow
from service.store.vectors import PgVectorIndex, partitions
from service.wiring import open_embedder, reference_statistics

ROOT = Path(__file__).parents[2]
SCALING = ROOT / "docs" / "scaling.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"
DATABASE = f"needmatch_measured_{os.getpid()}"
DIMENSION = 384
SIZES = (10_000, 40_000)
BEYOND = (10**6, 10**7, 10**8)
SEED, THEMES, SPREAD = 20_262, 400, 0.8
QUERIES, K = 60, 10
SHARES = (1.0, 0.2, 0.01)
"""Of the rows those that are allowed, drawn."""
RECORDS = 1_000
READ = 20
"""Records read by the default model, for how many passages and parts one has."""
POSTINGS = 5_000
"""Records in the table of postings that is held against each worker's own lexical index."""
Found = dict[str, Any]


def clouds(count: int, seed: int, dimension: int = DIMENSION) -> Float32:
    """`float32[n, d]` unit rows about as many centres as a market has themes."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(SEED).normal(size=(THEMES, dimension)).astype(np.float32)
    vectors = centres[random.integers(0, THEMES, count)]
    vectors += random.normal(scale=SPREAD, size=(count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def nearest(database: Database, sizes: Sequence[int], queries: int) -> Iterator[Found]:
    """For each size: bytes a vector, time to load and to link, and searches under several filters."""
    asked = clouds(queries, SEED + 1)
    for size in sizes:
        vectors, rows = clouds(size, SEED + 2), np.arange(size)
        name = f"measured_{size}"
        exact = FlatIndex(DIMENSION)
        exact.upsert(rows, vectors)
        with database.writer.begin() as connection:
            partitions.prepare(connection)
            partitions.make(connection, name, DIMENSION)
        index = PgVectorIndex(database, name, DIMENSION)
        load_s = timed(lambda index=index, rows=rows, vectors=vectors: index.upsert(rows, vectors))
        with database.writer.begin() as connection:
            link_s = timed(lambda connection=connection, name=name: partitions.link(connection, name))
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql(f"VACUUM ANALYZE vectors.{name}")
            part = f"vectors.{name}_0"
            heap, key, graph = (
                _bytes(connection, one) for one in (part, f"vectors.{name}_0_pkey", f"vectors.{name}_0_near")
            )
        found: Found = {
            "vectors": size,
            "load_s": load_s,
            "link_s": link_s,
            "bytes": {"vectors": heap / size, "key": key / size, "graph": graph / size},
            "searches": [],
        }
        random = np.random.default_rng(SEED)
        for share in SHARES:
            allowed = RowSet(random.random(size) < share)
            index.search(asked[:3], K, allowed)
            times, flat, hits = [], [], []
            for query in asked:
                began = time.perf_counter()
                got, _ = index.search(query[None], K, allowed)
                times.append(1000 * (time.perf_counter() - began))
                began = time.perf_counter()
                truth, _ = exact.search(query[None], K, allowed)
                flat.append(1000 * (time.perf_counter() - began))
                true = truth[0][truth[0] >= 0]
                hits.append(len(set(got[0].tolist()) & set(true.tolist())) / max(1, true.size))
            found["searches"].append(
                {
                    "share": share,
                    "allowed": len(allowed),
                    "walked": bool(index._fetch(K, allowed)),
                    "recall": float(np.mean(hits)),
                    "p50_ms": statistics.median(times),
                    "p95_ms": float(np.percentile(times, 95)),
                    "memory_p50_ms": statistics.median(flat),
                }
            )
        yield found
        with database.writer.begin() as connection:
            partitions.drop(connection, name)


def written(database: Database, count: int) -> Found:
    """Bytes in the database of a record without its vectors, and seconds that writing one takes."""
    embedder = Embedder(open_encoder("hashing"))
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="O", kind="supplier", vetting="vetted"))
    drafts = [_draft(record) for record in made_solutions(2 * count, SEED)]
    with database.engine.connect() as connection:
        empty = _rows_bytes(connection)
    plain = timed(lambda: _written(database, drafts[:count]))
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        grown = _rows_bytes(connection) - empty
    keeper = Keeper(database, embedder, today=date.today)
    keeper.open()
    keeper.complete()
    texts = [record.text for record in made_solutions(2 * count, SEED)[count:]]
    reading = timed(lambda: embedder.embed(texts, [None] * count, Role.PASSAGE))
    kept = timed(lambda: _written(database, drafts[count:]))
    return {
        "records": count,
        "bytes": grown / count,
        "write_ms": 1000 * plain / count,
        "write_with_vectors_ms": 1000 * (kept - reading) / count,
        "tables": sum(1 for rows, _ in keeper.counts().values() if rows),
    }


def read(settings: Settings, count: int) -> Found:
    """Passages of a record, and bytes of its parts in a worker's memory, by the default model."""
    embedder = open_embedder(settings, keep=False)
    made = made_solutions(count, SEED + 3)
    embedded = embedder.embed([r.text for r in made], [language_of(r) for r in made], Role.PASSAGE)
    sizes = [
        own.parts.vectors.nbytes
        + own.parts.weights.nbytes
        + own.parts.owners.nbytes
        + (own.passages.nbytes if len(own.passages) > 1 else 0)
        for own in embedded
    ]
    bodies = [json.dumps(body_of(record)) for record in made]
    tracemalloc.start()
    held = [
        record_from("solution", json.loads(body), id=str(n), organisation_id="o", visibility="public")
        for n, body in enumerate(bodies)
    ]
    record_bytes = tracemalloc.get_traced_memory()[0] / len(held)
    tracemalloc.stop()
    return {
        "model": embedder.encoder.identity.key,
        "records": count,
        "passages": statistics.mean(len(own.passages) for own in embedded),
        "parts_bytes": statistics.mean(sizes),
        "record_bytes": record_bytes,
        "text_bytes": statistics.mean(len(r.text.encode()) for r in made),
    }


def words(database: Database, count: int, queries: int) -> Found:
    """The lexical leg in a worker's memory, and as a table of postings: bytes, and time of one question."""
    made = made_solutions(count + queries, SEED + 4)
    items = [terms(r.text, language_of(r), named=r.standards) for r in made]
    stored, asked = items[:count], items[count:]
    index = LexicalIndex(reference_statistics())
    weighed = index.weigh(stored)
    index.store(np.arange(count), weighed)
    index.score(asked[0])
    own = [1000 * timed(lambda one=one: index.score(one)) for one in asked]
    one_ms = 1000 * timed(lambda: index.weigh(items[:1]))
    bytes_own = sum(part.nbytes for part in (weighed.data, weighed.indices, weighed.indptr))
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE postings (term int, row bigint, weight real)")
        cursor: Any = connection.connection.dbapi_connection
        with cursor.cursor().copy("COPY postings FROM STDIN") as copy:
            for row in range(count):
                line = weighed[row]
                for term, weight in zip(line.indices.tolist(), line.data.tolist(), strict=True):
                    copy.write_row((term, row, weight))
        connection.exec_driver_sql("CREATE INDEX postings_term ON postings (term) INCLUDE (row, weight)")
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE postings")
        bytes_table = _bytes(connection, "postings") + _bytes(connection, "postings_term")
        there, worst = [], 0.0
        for one in asked:
            began = time.perf_counter()
            found = _posted(connection, index, one)
            there.append(1000 * (time.perf_counter() - began))
            scored = index.score(one)
            mine = dict(zip(scored.rows.tolist(), scored.words.tolist(), strict=True))
            worst = max([worst, *(abs(mine.get(row, 0.0) - score) for row, score in found.items())])
        connection.exec_driver_sql("DROP TABLE postings")
    return {
        "records": count,
        "postings": weighed.nnz / count,
        "memory_bytes": 2 * bytes_own / count,
        "memory_p50_ms": statistics.median(own),
        "table_bytes": bytes_table / count,
        "table_p50_ms": statistics.median(there),
        "largest_difference": worst,
        "weigh_one_ms": one_ms,
    }


def _posted(connection: Connection, index: LexicalIndex, asked: Terms) -> dict[int, float]:
    """The scores by words, worked out in the database."""
    columns, weights = index._query(asked)
    found = connection.execute(
        text(
            "SELECT row, least(sum(weight * share), 1) FROM postings JOIN unnest(CAST(:terms AS int[]), "
            "CAST(:shares AS real[])) asked (term, share) USING (term) GROUP BY row"
        ),
        {"terms": columns.tolist(), "shares": weights[:, 0].tolist()},
    )
    return {int(row): float(score) for row, score in found}


def _draft(record: Solution) -> RecordDraft:
    return RecordDraft(
        kind="solution", organisation_id="o", body=body_of(record), status="open", visibility="public"
    )


def _written(database: Database, drafts: Sequence[RecordDraft]) -> None:
    for start in range(0, len(drafts), 50):
        with database.write() as session:
            records.create_all(session, drafts[start : start + 50], SYSTEM)


def _bytes(connection: Connection, name: str) -> int:
    return int(connection.execute(text("SELECT pg_relation_size(:name)"), {"name": name}).scalar_one())


def _rows_bytes(connection: Connection) -> int:
    """All tables of the service with their indexes, without vectors."""
    asked = (
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return int(connection.exec_driver_sql(asked).scalar_one())


def timed(work: Any) -> float:
    """Seconds that the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def computed(found: Found, count: int) -> Found:
    """Bytes at a number of public records, from what one was measured to take: nothing here was measured.

    A public record stands in three tables: one for each audience.
    """
    largest = found["nearest"][-1]["bytes"]
    each = found["read"]["passages"] * sum(largest.values())
    graph = found["read"]["passages"] * largest["graph"]
    read_ = found["read"]
    engines = read_["parts_bytes"] + found["words"]["memory_bytes"] + read_["record_bytes"]
    return {
        "records": count,
        "rows_disk": count * found["written"]["bytes"],
        "vectors_disk": 3 * count * each,
        "graph_memory": 3 * count * graph,
        "worker_memory": 3 * count * engines,
        "worker_vectors": 3 * count * found["read"]["passages"] * 4 * DIMENSION,
    }


def tables(found: Found) -> str:
    """What stands between the marks of docs/scaling.md."""
    facts, lines = found["machine"], chr(10).join
    sizes = table(
        ["vectors", "bytes a vector: row, key, graph", "load", "build the graph"],
        [
            [
                f"{one['vectors']:,}",
                ", ".join(f"{one['bytes'][name]:,.0f}" for name in ("vectors", "key", "graph")),
                f"{one['load_s']:.1f} s",
                f"{one['link_s']:.1f} s",
            ]
            for one in found["nearest"]
        ],
    )
    searches = table(
        ["vectors", "allowed", "how", "recall@10", "p50", "p95", "in memory, p50"],
        [
            [
                f"{one['vectors']:,}",
                f"{each['allowed']:,}",
                "graph" if each["walked"] else "every row",
                f"{each['recall']:.3f}",
                f"{each['p50_ms']:.1f} ms",
                f"{each['p95_ms']:.1f} ms",
                f"{each['memory_p50_ms']:.1f} ms",
            ]
            for one in found["nearest"]
            for each in one["searches"]
        ],
    )
    rows, seen, lex = found["written"], found["read"], found["words"]
    beyond = table(
        [
            "public records",
            "rows on disk",
            "vectors on disk",
            "graphs, best in memory",
            "each worker besides",
            "its vectors, in memory instead",
        ],
        [
            [f"{one['records']:,}", *(_size(one[name]) for name in list(one)[1:])]
            for one in (computed(found, count) for count in BEYOND)
        ],
    )
    return f"""
Written by `python -m service.measure.postgres`, measured {facts["date"]} at commit {facts["commit"]}
on {facts["processor"]} ({facts["threads"]} used), {facts["memory_gb"]:g} GB, PostgreSQL {found["server"]},
pgvector {found["pgvector"]}. The machine was shared with other work: its load was
{facts["load_before"]:g} before and {facts["load_after"]:g} after, so times are upper bounds; bytes and
recall do not change with that.

**Vectors** (length {DIMENSION}, half precision, drawn in {THEMES} clouds, one server):

{lines(sizes)}

**Searches** for the {K} nearest, {found["queries"]} questions each, one after the other:

{lines(searches)}

**Records**: {rows["bytes"]:,.0f} bytes on disk with versions, audit, outbox and indexes
({rows["records"]:,} made ones of {seen["text_bytes"]:,.0f} bytes of text);
{rows["write_ms"]:.1f} ms to write one in batches of 50, and {rows["write_with_vectors_ms"]:.1f} ms with
its vectors in {rows["tables"]} tables, not counting what the model takes to
read the text (`performance.md`), which it cuts into {seen["passages"]:.2f} passages.

**Lexical leg** at {lex["records"]:,} records, {lex["postings"]:,.0f} terms each: in a worker's memory
{lex["memory_bytes"]:,.0f} bytes a record and {lex["memory_p50_ms"]:.1f} ms a question; as a table of postings
{lex["table_bytes"]:,.0f} bytes and {lex["table_p50_ms"]:.1f} ms, with the same scores to
{lex["largest_difference"]:.0e}. To take one changed record in, a worker weighs
its terms in {lex["weigh_one_ms"]:.1f} ms.

**Computed, not measured**: bytes a record from above, times the number of records, all of them public, so
that each stands in the tables and engines of three audiences.

{lines(beyond)}

"""


def _size(value: float) -> str:
    return f"{value / 1e9:,.1f} GB" if value < 1e12 else f"{value / 1e12:,.2f} TB"


@contextmanager
def _measured(url: str) -> Iterator[str]:
    """The URL of a database of one's own on the server, dropped at the end."""
    made = make_url(url)
    server = made.set(drivername="postgresql").render_as_string(hide_password=False)
    name = sql.Identifier(DATABASE)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield made.set(database=DATABASE).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def measure(
    url: str,
    settings: Settings,
    *,
    sizes: Sequence[int] = SIZES,
    queries: int = QUERIES,
    count: int = RECORDS,
    posted: int = POSTINGS,
    looked_at: int = READ,
) -> Found:
    """All figures, from a server."""
    facts = machine(settings)
    with _measured(url) as own, closing(open_database(own)) as database:
        migrate.up(database)
        with screen.saying("Vectors") as say:
            found: Found = {"queries": queries, "nearest": list(nearest(database, sizes, queries))}
            say("Records")
            found["written"] = written(database, count)
            say("Words")
            found["words"] = words(database, posted, queries)
            say("Reading")
            found["read"] = read(settings, looked_at)
        with database.engine.connect() as connection:
            found["server"] = connection.exec_driver_sql("SHOW server_version").scalar_one().split()[0]
            asked = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
            found["pgvector"] = connection.exec_driver_sql(asked).scalar_one()
    from service.measure.machine import load_average

    return {
        "machine": facts | {"load_after": load_average()},
        **found,
        "computed": [computed(found, n) for n in BEYOND],
    }


def write(found: Found, page: Path = SCALING) -> None:
    """Keep the figures, and put their tables into the guide."""
    page.with_name("postgres.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(before + BEGIN + tables(found) + END + rest.partition(END)[2], encoding="utf-8")


def main() -> None:
    """Measure, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="postgresql://USER:PASSWORD@HOST/NAME, a user who may make databases")
    given = parser.parse_args()
    write(measure(given.url, Settings()))
    print(f"wrote {SCALING} and postgres.json", file=sys.stderr)


if __name__ == "__main__":
    main()
