"""Processes that are killed while they write: what was acknowledged is there, and what is there is whole.

`NEEDMATCH_TEST_KILLS` sets how often (50 for a long run).
"""

import multiprocessing
import os
import random
import signal
from contextlib import closing

from service.rights.viewer import Viewer
from service.store import health, migrate, outbox, records
from service.store.database import open_database
from service.store.records import RecordDraft
from service.store.tables import OrganisationRow, RecordRow
from tests.postgres import running

KILLS = int(os.environ.get("NEEDMATCH_TEST_KILLS", "6"))
ANA = Viewer("ana", "o")


def write(url, acknowledged):
    """In a process of its own, for ever: batches, changes and erasures, each told of once committed."""
    number = 0
    with closing(open_database(url)) as database:
        while True:
            number += 1
            with database.write() as session:
                drafts = [
                    RecordDraft(
                        kind="need", organisation_id="o", body={"title": f"{number}/{part}"}, status="open"
                    )
                    for part in range(1 + number % 3)
                ]
                rows = records.create_all(session, drafts, ANA)
                row = records.change(session, rows[0].id, 1, {"body": {"title": "changed"}}, ANA)
                told = f"{row.id} {row.version} {outbox.last(session)}"
                if number % 3 == 2:
                    records.erase(session, rows[1].id, 1, ANA)
                    told = f"{row.id} {row.version} {outbox.last(session)} {rows[1].id}"
            os.write(acknowledged, f"{told}\n".encode())


def killed_while_writing(url, moment, server=None):
    """What a writer told of until it was killed, or its server was, so many seconds after the first."""
    context = multiprocessing.get_context("fork")
    reading, writing = os.pipe()
    child = context.Process(target=write, args=(url, writing))
    child.start()
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        lines = [stream.readline()]
        child.join(moment)
        assert child.is_alive(), "the writer ended by itself"
        if server is None:
            os.kill(child.pid, signal.SIGKILL)
        else:
            server.kill()
        child.join(20)
        lines += stream.readlines()
    assert child.exitcode == (-signal.SIGKILL if server is None else 1)
    return [line.decode().split() for line in lines if line.endswith(b"\n")]


def check(url, told, seed):
    """All that was told is there, and what is there is whole."""
    with closing(open_database(url)) as database:
        assert health.check(database).faults == (), f"seed {seed}"
        with database.read() as session:
            for id_, version, sequence, *erased in told:
                row = session.get(RecordRow, id_)
                assert row is not None, f"{id_} is lost (seed {seed})"
                assert row.version == int(version)
                assert outbox.last(session) >= int(sequence)
                assert [session.get(RecordRow, each) for each in erased] == [None] * len(erased)


def begin(url):
    """The organisation that everything belongs to."""
    with closing(open_database(url)) as database:
        migrate.up(database)
        with database.write() as session:
            session.add(OrganisationRow(id="o", name="O", kind="buyer"))


def test_no_acknowledged_write_is_lost_when_its_writer_is_killed(database_url):
    """After each kill all that was told is there, and no number, version or audit row is missing."""
    begin(database_url)
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    told = []
    for kill in range(KILLS):
        lines = killed_while_writing(database_url, moments.uniform(0.0, 0.4))
        assert lines, f"nothing was written before kill {kill} (seed {seed})"
        told += lines
        check(database_url, told, seed)
    with closing(open_database(database_url)) as database, database.write() as session:
        records.create(session, RecordDraft(kind="need", organisation_id="o", body={"title": "after"}), ANA)
    assert len({line[0] for line in told}) == len(told) >= KILLS


def test_no_acknowledged_write_is_lost_when_postgresql_is_killed(capfd):
    """All processes of the server end at once; started again, it has what it acknowledged."""
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    told = []
    with running() as server:
        begin(server.url)
        for _ in range(max(1, KILLS // 3)):
            lines = killed_while_writing(server.url, moments.uniform(0.0, 0.4), server)
            assert lines
            told += lines
            server.start()
            check(server.url, told, seed)
    assert "OperationalError" in capfd.readouterr().err, "the writer was told"
