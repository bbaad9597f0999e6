"""A replica set up by the printed steps answers searches, and takes over without losing a write."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from matcher.embed import Embedder
from matcher.protocols import Role
from matcher.records import Kind, Need
from matcher.rows import RowSet
from service.projection.keeper import Keeper
from service.store import health, migrate, records
from service.store.database import Database, open_database
from service.store.records import SYSTEM, RecordDraft
from service.store.rows import body_of
from service.store.tables import OrganisationRow
from service.store.vectors import replica
from service.store.vectors.replica import Step
from tests.nodes import Nodes, free_port

DAY = date(2026, 12, 1)
PATIENCE_S = 120
BEFORE, AFTER = 40, 10
"""Writes acknowledged before the primary is killed, and by the replica after it took over."""


@dataclass
class Pair:
    """A primary and its replica."""

    nodes: Nodes
    primary: URL
    replica: URL
    folder: str
    served: str
    """The URL that a service is given: whichever of the two takes writes."""

    def do(self, steps: list[Step]) -> None:
        """What an operator does with the printed steps."""
        for step in steps:
            if step.shell:
                self.nodes.run(step.shell)
            url = self.primary if step.where == "primary" else self.replica
            if step.sql:
                with closing(open_database(url.render_as_string(hide_password=False))) as database:
                    autocommit = database.engine.execution_options(isolation_level="AUTOCOMMIT")
                    with autocommit.connect() as connection:
                        for statement in step.sql:
                            connection.exec_driver_sql(statement)


@dataclass
class Writer:
    """Somebody who enters needs for as long as the test lasts, and keeps count of what was acknowledged."""

    database: Database
    acknowledged: list[str] = field(default_factory=list)
    refused: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Enter one need after the other; what is refused is not counted as written."""
        number = 0
        while not self.stop.is_set():
            number += 1
            try:
                self.acknowledged.append(enter(self.database, f"Flood pump {number}"))
            except SQLAlchemyError:
                self.refused += 1
                time.sleep(0.1)


def enter(database: Database, title: str) -> str:
    """Keep a need that everybody sees."""
    body = body_of(Need(id="x", title=title))
    draft = RecordDraft(kind="need", organisation_id="o", body=body, status="open", visibility="public")
    with database.write() as session:
        return records.create(session, draft, SYSTEM).id


def until(said: str, true: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


@pytest.fixture(scope="module")
def pair(nodes: Nodes) -> Pair:
    """A primary with records, and a replica that was set up by the printed steps."""
    primary = make_url(nodes.start("primary"))
    other = primary.set(port=free_port())
    folder = str(nodes.folder("replica"))
    with closing(open_database(primary.render_as_string(hide_password=False))) as database:
        migrate.up(database)
        with database.write() as session:
            session.add(OrganisationRow(id="o", name="O", kind="buyer"))
    made = Pair(nodes, primary, other, folder, replica.service_url(primary, other))
    made.do(replica.steps(primary, other, folder, "of-the-replica"))
    return made


def test_a_killed_primary_loses_no_acknowledged_write(pair: Pair, embedder: Embedder) -> None:
    """Under load the primary ends at once; the replica takes over and has every write that was acknowledged.

    Before that, the replica answers searches. The writers' address stays the same all along.
    """
    with (
        closing(open_database(pair.served)) as database,
        closing(open_database(pair.replica.render_as_string(hide_password=False))) as other,
    ):
        keeper = Keeper(database, embedder, today=lambda: DAY, reader=other)
        keeper.open()
        first = enter(database, "Flood pump for cellars")
        query = embedder.embed(["Flood pump for cellars"], ["en"], Role.PASSAGE).pop().passages
        shelf = keeper.shelf("public", Kind.NEED)
        (row,) = shelf.number([first])
        assert shelf.index.search(query, 1, RowSet.of([row]))[0].tolist() == [[row]]
        with other.engine.connect() as connection:
            assert connection.scalar(text("SELECT pg_is_in_recovery()")) is True
        with pytest.raises(SQLAlchemyError, match="read-only"), other.write() as session:
            session.add(OrganisationRow(id="p", name="P", kind="buyer"))

        writers = [Writer(database) for _ in range(2)]
        threads = [threading.Thread(target=writer.run) for writer in writers]
        for thread in threads:
            thread.start()
        until("no writes", lambda: sum(len(w.acknowledged) for w in writers) >= BEFORE)
        pair.nodes.kill("primary")
        pair.do(replica.promotion(pair.folder))
        reached = [len(writer.acknowledged) for writer in writers]
        until(
            "no writes after the replica took over",
            lambda: sum(len(w.acknowledged) for w in writers) >= sum(reached) + AFTER,
        )
        for writer, thread in zip(writers, threads, strict=True):
            writer.stop.set()
            thread.join(PATIENCE_S)
        acknowledged = {first, *(one for writer in writers for one in writer.acknowledged)}
        assert sum(writer.refused for writer in writers) > 0
        with database.read() as session:
            there = set(session.scalars(text("SELECT id FROM records")))
        assert acknowledged <= there
        assert keeper.missing() == []
        assert keeper.counts()["need_public"][0] == len(there)
        assert health.check(database).faults == ()
