"""Keeps the vectors of all records in PostgreSQL, written in the very transaction that writes the record.

Each engine has its own tables, one a kind: what an audience may not see has no vector there. Row numbers are
given once for each id and are the same in every process, so that all of them search the same tables. What is
not there yet, because the vectors were kept in memory before, is made by `complete`.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from matcher.collection import Shelf
from matcher.embed import Embedded, Embedder
from matcher.errors import SettingInvalid, SnapshotIncompatible
from matcher.protocols import Float32, Int64, Role
from matcher.records import Kind, Record
from matcher.text.language import language_of
from service.confidentiality.audience import Audience
from service.projection.entry import CLOSED, SHARED_MARK
from service.projection.follower import entry_of_row
from service.store import outbox
from service.store.database import Database
from service.store.records import of_ids
from service.store.vectors import PgVectorIndex, partitions
from service.store.vectors.index import counted, put, take_out

AT_ONCE = 64
"""Records whose vectors are made together."""
PLACES = (CLOSED, *(audience.value for audience in Audience))
COMPLETING = 0x76656374
"""Key of the advisory lock of who makes missing vectors: one process does, the others wait."""

_TABLES = """
CREATE TABLE IF NOT EXISTS vectors.made (
    id text NOT NULL, model text NOT NULL, history text NOT NULL
);
CREATE TABLE IF NOT EXISTS vectors.numbers (
    id text PRIMARY KEY, row bigint UNIQUE GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0)
);
CREATE TABLE IF NOT EXISTS vectors.kept (
    record_id text PRIMARY KEY, sequence bigint NOT NULL
);
"""
_MISSING = """
SELECT changed.record_id
FROM (SELECT record_id, max(sequence) AS last FROM outbox GROUP BY record_id) changed
LEFT JOIN vectors.kept ON kept.record_id = changed.record_id
LEFT JOIN records ON records.id = changed.record_id
WHERE CASE WHEN records.id IS NULL THEN kept.sequence IS NOT NULL
      ELSE kept.sequence IS NULL OR kept.sequence < changed.last END
ORDER BY changed.record_id
"""


class KeptIndex(PgVectorIndex):
    """The shared index as an engine reads it: what an engine would write, the records' writer has written."""

    def __init__(
        self, database: Database, name: str, dimension: int, made: Callable[[], str], reader: Database | None
    ) -> None:
        super().__init__(database, name, dimension, reader=reader)
        self._made = made

    def upsert(self, rows: Int64, vectors: Float32) -> None:
        """Nothing: see `Keeper.follow`. Raises `ValueError` when shapes disagree."""
        self._checked(rows, vectors)

    def delete(self, rows: Int64) -> int:
        """Nothing: the same. Returns the number of rows."""
        return int(np.unique(rows).size)

    def save(self, path: Path) -> None:
        """Write which numbering of rows goes with the table."""
        path.write_text(json.dumps({"table": self.name, "made": self._made()}), encoding="utf-8")

    def fits(self, path: Path) -> None:
        """Raises `SnapshotIncompatible` for a file of another table or numbering."""
        expected = {"table": self.name, "made": self._made()}
        try:
            seen = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            seen = None
        if seen != expected:
            raise SnapshotIncompatible(
                f"The snapshot goes with other vectors than those in the table {self.name}. Make it again."
            )


class Keeper:
    """Vectors of all engines in one database; `reader` is where searches go, where that is a replica."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        *,
        today: Callable[[], date] = date.today,
        reader: Database | None = None,
        count: int = 1,
    ) -> None:
        if database.sqlite:
            raise SettingInvalid(
                "NEEDMATCH_VECTORS is 'postgresql', and the database is SQLite. Move it with "
                "'needmatch migrate', or leave the setting at 'memory'."
            )
        self.database = database
        self.reader = reader
        self._embedder = embedder
        self._today = today
        self._count = count
        self._id = ""

    @property
    def model(self) -> str:
        """What vectors are made by: those of two models never mix."""
        identity = self._embedder.encoder.identity
        return f"{identity.key} {self._embedder.offset_key} {identity.dimension}"

    def open(self, *, again: bool = False) -> None:
        """Make the tables where there are none of this model and database; follow writes from now on.

        `again` makes them anew in any case. Row numbers stay, except where the database has another history
        than before: it was restored. Raises `SettingInvalid` without pgvector.
        """
        with self.database.write() as session:
            connection = session.connection()
            partitions.prepare(connection)
            connection.execute(text(_TABLES))
            history = str(outbox.epoch(session))
            there = connection.execute(text("SELECT id, model, history FROM vectors.made")).first()
            if there is not None and there.history != history:
                there = None
                connection.execute(text("TRUNCATE vectors.numbers RESTART IDENTITY"))
            if again or there is None or there.model != self.model:
                for name in names():
                    partitions.drop(connection, name)
                connection.execute(text("TRUNCATE vectors.kept, vectors.made"))
                connection.execute(
                    text("INSERT INTO vectors.made VALUES (:id, :model, :history)"),
                    {
                        "id": secrets.token_hex(8) if there is None else there.id,
                        "model": self.model,
                        "history": history,
                    },
                )
            for name in names():
                partitions.make(connection, name, self._embedder.encoder.identity.dimension, self._count)
            self._id = connection.scalar(text("SELECT id FROM vectors.made")) or ""
        self.database.companions[outbox.COMPANION] = self

    def shelf(self, place: str, kind: Kind, snapshot: Path | None = None) -> Shelf:
        """Where an engine finds its vectors; `snapshot` is the file that `save` wrote.

        Raises `SnapshotIncompatible` where that goes with other vectors.
        """
        dimension = self._embedder.encoder.identity.dimension
        index = KeptIndex(self.database, f"{kind}_{place}", dimension, lambda: self._id, self.reader)
        if snapshot is not None:
            index.fits(snapshot)
        return Shelf(index, self.numbers)

    def numbers(self, ids: Sequence[str]) -> list[int]:
        """The row numbers of ids, given now to those that have none."""
        if not ids:
            return []
        with self.database.engine.begin() as connection:
            found = _numbers(connection, ids)
            if len(found) < len(ids):
                found = _given(connection, ids)
        return [found[each] for each in ids]

    def follow(self, session: Session, record_ids: Sequence[str], sequence: int) -> None:
        """Write the vectors of records as they are now, within their own transaction."""
        ids = list(dict.fromkeys(record_ids))
        connection = session.connection()
        day = self._today()
        rows = of_ids(session, ids)
        standing: dict[str, dict[str, Record]] = {}
        for row in rows:
            for place, shown in entry_of_row(row).standing(day).items():
                held = standing.setdefault(f"{row.kind}_{place}", {})
                held |= {one: record for one, record in shown.items() if record is not None}
        vectors = self._vectors(record for held in standing.values() for record in held.values())
        named = [name for one in ids for name in (one, one + SHARED_MARK)]
        numbers = _numbers(connection, named) | _given(
            connection, sorted({one for held in standing.values() for one in held})
        )
        gone = np.array(sorted(numbers[one] for one in named if one in numbers), dtype=np.int64)
        for name in names():
            if gone.size:
                take_out(connection, name, gone)
            if shown_here := standing.get(name):
                own = [vectors[_text(record)].passages for record in shown_here.values()]
                places = np.repeat([numbers[one] for one in shown_here], [len(each) for each in own])
                put(connection, name, places.astype(np.int64), np.concatenate(own))
        there = [row.id for row in rows]
        connection.execute(
            text(
                "INSERT INTO vectors.kept SELECT unnest(CAST(:ids AS text[])), :sequence "
                "ON CONFLICT (record_id) DO UPDATE SET sequence = excluded.sequence"
            ),
            {"ids": there, "sequence": sequence},
        )
        connection.execute(
            text("DELETE FROM vectors.kept WHERE record_id = ANY(:ids)"),
            {"ids": [one for one in ids if one not in set(there)]},
        )

    def complete(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Make what is missing, batch by batch, then the graphs; returns how many records were missing.

        Stopped at any time it goes on where it was.
        """
        with self._alone():
            missing = self.missing()
            for start in range(0, len(missing), AT_ONCE):
                batch = missing[start : start + AT_ONCE]
                self._read_ahead(batch)
                with self.database.write() as session:
                    self.follow(session, batch, outbox.last(session))
                if progress is not None:
                    progress(start + len(batch), len(missing))
            for name in names():
                with self.database.writer.begin() as connection:
                    partitions.link(connection, name)
        return len(missing)

    def missing(self) -> list[str]:
        """Ids of records whose vectors are not those of their last change, sorted."""
        with self.database.read() as session:
            return list(session.scalars(text(_MISSING)))

    def counts(self) -> dict[str, tuple[int, int]]:
        """Rows and vectors of each table."""
        with self.database.engine.connect() as connection:
            return {name: counted(connection, name) for name in names()}

    def _read_ahead(self, ids: Sequence[str]) -> None:
        """Have the vectors in the cache before a writer's turn is taken: others wait for its end."""
        if self._embedder.cache is None:
            return
        with self.database.read() as session:
            entries = [entry_of_row(row) for row in of_ids(session, ids)]
        day = self._today()
        self._vectors(
            record
            for entry in entries
            for shown in entry.standing(day).values()
            for record in shown.values()
            if record is not None
        )

    def _vectors(self, records: Iterable[Record]) -> Mapping[tuple[str, str | None], Embedded]:
        """Of each text once, by text and language: most audiences are shown the same."""
        texts = list(dict.fromkeys(map(_text, records)))
        made = self._embedder.embed([t for t, _ in texts], [language for _, language in texts], Role.PASSAGE)
        return dict(zip(texts, made, strict=True))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        waiting = self.database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with waiting.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({COMPLETING})"))
            try:
                yield
            finally:
                connection.execute(text(f"SELECT pg_advisory_unlock({COMPLETING})"))


def names() -> list[str]:
    """The tables of all engines."""
    return [f"{kind}_{place}" for kind in Kind for place in PLACES]


def _text(record: Record) -> tuple[str, str | None]:
    return record.text, language_of(record)


def _numbers(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    found = connection.execute(
        text("SELECT id, row FROM vectors.numbers WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    return {one: int(row) for one, row in found}


def _given(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Numbers of ids, whoever gave them; those without are given one."""
    known = _numbers(connection, ids)
    fresh = sorted(set(ids) - known.keys())  # in one order: nobody waits for who waits
    if fresh:
        connection.execute(
            text(
                "INSERT INTO vectors.numbers (id) SELECT unnest(CAST(:ids AS text[])) "
                "ON CONFLICT (id) DO NOTHING"
            ),
            {"ids": fresh},
        )
        known |= _numbers(connection, fresh)
    return known
