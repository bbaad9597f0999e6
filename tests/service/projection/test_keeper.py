"""Vectors in the database: written with their records or not at all, and searched by every process alike."""

import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.errors import SettingInvalid, SnapshotIncompatible
from matcher.records import Kind, Need, Solution, Visibility
from models import open_encoder
from service.confidentiality.audience import Audience
from service.projection.catalogue import Catalogue
from service.projection.follower import Follower
from service.projection.keeper import Keeper, names
from service.projection.search import Searches
from service.rights.policy import Role
from service.rights.viewer import ANONYMOUS, Viewer
from service.store import migrate, outbox, records
from service.store.database import open_database
from service.store.records import SYSTEM, RecordDraft
from service.store.rows import body_of
from service.store.tables import OrganisationRow, RecordRow
from service.wiring import reference_statistics
from tests.nodes import Nodes

DAY = date(2026, 12, 1)
OWNERS = ("alpha", "beta")
TEXTS = ("Ballistic vests for dog handlers", "Mobile flood pump for cellars", "Fast patrol boat with radar")
VISIBLE = (Visibility.PUBLIC, Visibility.NETWORK, Visibility.PRIVATE, Visibility.GROUP)
KILLS = 3


class World:
    """A database whose writers keep vectors, and processes that follow it."""

    def __init__(self, url: str, embedder: Embedder) -> None:
        self.database = open_database(url)
        self.embedder = embedder
        self.keeper = Keeper(self.database, embedder, today=lambda: DAY)
        self.followers: list[Follower] = []

    def begin(self) -> "World":
        """With tables, and the organisations that own what is entered."""
        with self.database.write() as session:
            session.add_all(
                OrganisationRow(id=one, name=one, kind="agency", country="EE", vetting="vetted")
                for one in OWNERS
            )
        self.keeper.open()
        return self

    def follower(self, *, shared: bool, folder: Path | None = None) -> Follower:
        """Another process, with vectors in the database or in its own memory."""

        def make(place: str) -> Engine:
            shelves = {kind: self.keeper.shelf(place, kind) for kind in Kind} if shared else None
            return Engine(self.embedder, statistics=reference_statistics(), shelves=shelves)

        def load(path: Path) -> Engine:
            return Engine.load(
                path, self.embedder, shelve=lambda kind, file: self.keeper.shelf(path.name, kind, file)
            )

        made = Follower(self.database, Catalogue(make), folder, today=lambda: DAY, load=load)
        self.followers.append(made)
        made.start()
        return made

    def enter(self, number: int, **columns: object) -> str:
        """Keep a need or a solution."""
        with self.database.write() as session:
            return records.create(session, draft(number, **columns), SYSTEM).id

    def vectors(self) -> dict[str, int]:
        """How many rows each table holds that holds any."""
        return {name: rows for name, (rows, _) in self.keeper.counts().items() if rows}


def draft(number: int, **columns: object) -> RecordDraft:
    """The record of a number: of one of two owners, open to some."""
    words = f"{TEXTS[number % 3]} {number}"
    record: Need | Solution = Need(id="x", title=words, description=f"We look for it. {words}.")
    if number % 2:
        record = Solution(id="x", name=words, description=f"We sell it. {words}.")
    given = {
        "status": "open",
        "visibility": VISIBLE[number % 4].value,
        "shares": OWNERS,
        **columns,
    }
    return RecordDraft(
        kind=record.kind.value, organisation_id=OWNERS[number % 2], body=body_of(record), **given
    )


@pytest.fixture
def world(postgres_url: str, embedder: Embedder) -> Iterator[World]:
    """A world of one's own."""
    made = World(postgres_url, embedder).begin()
    yield made
    for follower in made.followers:
        follower.stop()
    made.database.close()


def test_a_record_and_its_vectors_are_written_together(world: World) -> None:
    """A record has vectors where it is seen as soon as it is committed, and none where it is not."""
    world.enter(0)
    assert world.vectors() == {"need_network": 1, "need_network_industry": 1, "need_public": 1}
    hidden = world.enter(2)
    assert world.vectors()["need_closed"] == 1
    assert world.vectors()["need_network"] == 1
    with world.database.write() as session:
        records.change(session, hidden, None, {"visibility": "network"}, SYSTEM)
    assert world.vectors() == {"need_network": 2, "need_network_industry": 1, "need_public": 1}
    with world.database.write() as session:
        records.erase(session, hidden, None, SYSTEM)
    assert world.vectors() == {"need_network": 1, "need_network_industry": 1, "need_public": 1}
    assert world.keeper.missing() == []


def test_what_fails_before_the_commit_leaves_neither_record_nor_vectors(world: World) -> None:
    """An error after both were written takes both back."""
    with pytest.raises(RuntimeError, match="between"):
        interrupted(world)
    assert world.vectors() == {}
    with world.database.read() as session:
        assert outbox.last(session) == 0
        assert session.query(RecordRow).count() == 0


def interrupted(world: World) -> None:
    """Write a record, see its vector, and fall over before the commit."""
    with world.database.write() as session:
        records.create(session, draft(0), SYSTEM)
        assert session.execute(text("SELECT count(*) FROM vectors.need_public")).scalar() == 1
        raise RuntimeError("between writing and commit")


def test_a_record_whose_vectors_cannot_be_made_is_not_written(world: World) -> None:
    """Without vectors it would be there and never be found."""

    def broken(*_: object) -> None:
        raise RuntimeError("the model fell over")

    world.embedder = Embedder(open_encoder("hashing"))
    world.embedder.embed = broken  # type: ignore[method-assign,assignment]
    world.keeper = Keeper(world.database, world.embedder, today=lambda: DAY)
    world.keeper.open()
    with pytest.raises(RuntimeError, match="fell over"):
        world.enter(0)
    with world.database.read() as session:
        assert session.query(RecordRow).count() == 0


def test_all_find_the_same_as_with_vectors_in_memory(world: World, tmp_path: Path) -> None:
    """Whoever searches, and in whichever process: same records, same order, scores alike."""
    own, shared = world.follower(shared=False), world.follower(shared=True, folder=tmp_path / "index")
    ids = [world.enter(number) for number in range(24)]
    with world.database.write() as session:
        records.erase(session, ids[3], None, SYSTEM)
        records.change(session, ids[4], None, {"status": "paused"}, SYSTEM)
        records.change(session, ids[6], None, {"visibility": "public"}, SYSTEM)
    late = world.follower(shared=True)
    shared.catch_up()
    shared.save()
    restored = world.follower(shared=True, folder=tmp_path / "index")
    asked = Need(id="asked", title="Flood pump and patrol boat", description="For cellars, with radar.")
    for follower in (own, shared, late, restored):
        follower.catch_up()
    viewers = [ANONYMOUS, *(Viewer(f"u-{one}", one, Role.PROCURER, True) for one in OWNERS)]
    for viewer in viewers:
        expected = Searches(own.catalogue).similar(viewer, asked, 10).items
        assert expected
        for follower in (shared, late, restored):
            found = Searches(follower.catalogue).similar(viewer, asked, 10).items
            assert [one.record for one in found] == [one.record for one in expected]
            np.testing.assert_allclose([o.score for o in found], [o.score for o in expected], atol=2e-3)
    for kind in Kind:
        rows = shared.catalogue.engines[Audience.NETWORK].collections[kind].rows()
        for other in (late, restored):
            assert (
                other.catalogue.engines[Audience.NETWORK].collections[kind].rows().tolist() == rows.tolist()
            )


def test_a_saved_index_of_another_numbering_is_made_again(world: World, tmp_path: Path) -> None:
    """Rows that were numbered anew in the meantime would be others' rows."""
    first = world.follower(shared=True, folder=tmp_path)
    kept = [world.enter(number) for number in (0, 4, 8)]
    first.catch_up()
    first.save()
    saved = next((tmp_path / "public").glob("snapshot-*")) / "need.dense.faiss"
    world.keeper.open(again=True)
    world.keeper.shelf("public", Kind.NEED, saved)
    assert world.keeper.complete() == 3
    with world.database.write() as session:
        outbox.new_epoch(session)
    world.keeper.open()
    with pytest.raises(SnapshotIncompatible, match="need_public"):
        world.keeper.shelf("public", Kind.NEED, saved)
    assert world.keeper.complete() == 3
    again = world.follower(shared=True, folder=tmp_path)
    found = Searches(again.catalogue).similar(ANONYMOUS, Need(id="q", title=TEXTS[0]), 3)
    assert sorted(one.record.id for one in found.items) == sorted(kept)


def test_what_was_entered_before_gets_its_vectors_step_by_step(
    postgres_url: str, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that stops half way is gone on with, and what changed without vectors meanwhile is made anew."""
    monkeypatch.setattr("service.projection.keeper.AT_ONCE", 4)
    world = World(postgres_url, embedder).begin()
    world.database.companions.clear()
    ids = [world.enter(number, visibility="public") for number in range(0, 20, 2)]
    assert len(world.keeper.missing()) == 10

    def stop(done: int, total: int) -> None:
        assert total == 10
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.keeper.complete(stop)
    assert len(world.keeper.missing()) == 2
    with world.database.write() as session:
        records.change(session, ids[0], None, {"status": "paused"}, SYSTEM)
        records.erase(session, ids[1], None, SYSTEM)
    assert set(world.keeper.missing()) >= {ids[0]}
    world.keeper.complete()
    assert world.keeper.missing() == []
    assert world.vectors() == dict.fromkeys(["need_network", "need_network_industry", "need_public"], 8)
    world.database.close()


def test_sqlite_keeps_no_vectors(sqlite_url: str, embedder: Embedder) -> None:
    """The message says how to get there."""
    with closing(open_database(sqlite_url)) as database, pytest.raises(SettingInvalid, match="migrate"):
        Keeper(database, embedder)


def write(url: str, acknowledged: int) -> None:
    """In a process of its own, for ever: records with vectors, each told of once committed."""
    world = World(url, Embedder(open_encoder("hashing")))
    world.keeper.open()
    number = 0
    while True:
        number += 1
        with world.database.write() as session:
            made = records.create_all(session, [draft(number), draft(number + 1)], SYSTEM)
            body = {**made[0].body, "description": f"Changed {number}."}
            records.change(session, made[0].id, 1, {"body": body}, SYSTEM)
        os.write(acknowledged, f"{made[0].id} {made[1].id}\n".encode())


def killed(url: str, moment: float, kill_server: Callable[[], None] | None) -> list[str]:
    """Ids that a writer told of until it was killed, or its server was."""
    reading, writing = os.pipe()
    child = multiprocessing.get_context("fork").Process(target=write, args=(url, writing))
    child.start()
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        lines = [stream.readline()]
        child.join(moment)
        if kill_server is None:
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
        else:
            kill_server()
        child.join(30)
        lines += stream.readlines()
    return [one for line in lines if line.endswith(b"\n") for one in line.decode().split()]


def test_after_a_kill_of_the_writer_records_and_vectors_are_whole(
    postgres_url: str, embedder: Embedder
) -> None:
    """What was acknowledged has its vectors, and nothing has vectors without its record."""
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    World(postgres_url, embedder).begin().database.close()
    told: list[str] = []
    for _ in range(KILLS):
        told += killed(postgres_url, moments.uniform(0.1, 0.6), None)
        whole(postgres_url, told, f"seed {seed}")
    assert told


def test_after_a_kill_of_the_server_records_and_vectors_are_whole(
    nodes: Nodes, embedder: Embedder, capfd: pytest.CaptureFixture[str]
) -> None:
    """The same when all processes of the server end at once, and it is started again."""
    seed = random.randrange(2**32)
    url = nodes.start("killed")
    with closing(open_database(url)) as database:
        migrate.up(database)
    World(url, embedder).begin().database.close()
    told = killed(url, random.Random(seed).uniform(0.1, 0.6), lambda: nodes.kill("killed"))
    assert told
    nodes.again("killed")
    whole(url, told, f"seed {seed}")
    assert "OperationalError" in capfd.readouterr().err, "the writer was told"


def whole(url: str, told: list[str], seed: str) -> None:
    """All that was told has vectors, and each record what its visibility gives it."""
    with closing(open_database(url)) as database, database.read() as session:
        there = set(session.scalars(text("SELECT id FROM records")))
        kept = set(session.scalars(text("SELECT record_id FROM vectors.kept")))
        assert set(told) <= there, seed
        assert kept == there, seed
        for name in names():
            kind, _, place = name.partition("_")
            if place == "closed":
                continue
            sees = {
                "public": ["public"],
                "network_industry": ["public"],
                "network": ["public", "network"],
            }
            asked = text(
                "SELECT id FROM records WHERE kind = :kind AND visibility = ANY(:sees) EXCEPT "
                f"SELECT id FROM vectors.numbers JOIN vectors.{name} USING (row)"
            )
            lacking = session.execute(asked, {"kind": kind, "sees": sees[place]}).all()
            assert lacking == [], f"{name} {seed}"
            extra = text(
                f"SELECT row FROM vectors.{name} WHERE row NOT IN (SELECT row FROM vectors.numbers "
                "JOIN records ON records.id = numbers.id)"
            )
            assert session.execute(extra).all() == [], f"{name} {seed}"
