"""All data of a service moved from SQLite to PostgreSQL: the same rows, or none."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, text

from service.rights.viewer import Viewer
from service.store import health, migrate, move, outbox, records
from service.store.database import Database, open_database
from service.store.errors import StoreIncompatible, StoreNotEmpty
from service.store.move import Moved
from service.store.records import RecordDraft
from service.store.tables import Base, FileRow, JobRow, OrganisationRow, RecordRow, UserRow

ANA = Viewer("ana", "o")
RECORDS = 12


@pytest.fixture
def source(sqlite_url: str) -> Iterator[Database]:
    """A database with records, versions, shares, redactions, files, and values of every kind."""
    with closing(open_database(sqlite_url)) as database:
        with database.write() as session:
            session.add_all(OrganisationRow(id=one, name=one, kind="agency", country="EE") for one in "op")
            session.flush()
            session.add(
                UserRow(id="ana", organisation_id="o", email="ana@o.example", name="Ána", role="procurer")
            )
            session.flush()
            session.add(JobRow(id="j", kind="import", user_id="ana", options={"rate": 0.1, "whole": 1e6}))
            session.flush()
            session.add(
                FileRow(id="f", job_id="j", name="a.csv", media_type="text/csv", content=bytes(range(256)))
            )
        with database.write() as session:
            drafts = [
                RecordDraft(
                    kind="need",
                    organisation_id="o",
                    status="open",
                    visibility="group",
                    shares=["p"],
                    body={"title": f"Żółw ≥ {n}", "value_eur": 2.0e6 + n / 7, "window_end": "2027-03-01"},
                    redactions=[{"field": "value", "reason_code": "fair-comp", "until": "2027-03-01"}],
                    expires_at=datetime(2027, 1, 1, 9, 30, 0, 123456, tzinfo=UTC),
                )
                for n in range(RECORDS)
            ]
            rows = records.create_all(session, drafts, ANA)
            records.change(session, rows[0].id, 1, {"status": "paused"}, ANA)
            records.erase(session, rows[1].id, 1, ANA)
        yield database


@pytest.fixture
def target(empty_postgres_url: str) -> Iterator[Database]:
    """An empty database on a server."""
    with closing(open_database(empty_postgres_url)) as database:
        yield database


def test_every_row_comes_over_and_is_the_same(source: Database, target: Database) -> None:
    """Counts and checksums agree, the progress ends at its end, and the service can go on with it."""
    heard: list[tuple[int, int]] = []
    moved = {one.table: one for one in move.move(source, target, lambda done, of: heard.append((done, of)))}
    assert {one.table for one in moved.values()} == {table.name for table in Base.metadata.sorted_tables}
    assert moved["records"].rows == RECORDS - 1
    assert moved["record_versions"].rows == RECORDS
    assert heard[-1][0] == heard[-1][1] == 2 * sum(one.rows for one in moved.values())
    assert health.check(target).faults == ()
    with source.read() as old, target.read() as new:
        for table in Base.metadata.sorted_tables:
            count = select(func.count()).select_from(table)
            if table.name != "counters":  # the target has an epoch of its own
                assert new.scalar(count) == old.scalar(count) == moved[table.name].rows, table.name
        ids = list(old.scalars(select(RecordRow.id).order_by(RecordRow.id)))
        for one in ids:
            assert records.state_of(new.get_one(RecordRow, one)) == records.state_of(
                old.get_one(RecordRow, one)
            )
        assert new.get_one(FileRow, "f").content == bytes(range(256))
        assert new.get_one(JobRow, "j").options == {"rate": 0.1, "whole": 1_000_000}
        assert outbox.last(new) == outbox.last(old)
        assert outbox.epoch(new) != 0
    with target.write() as session:
        records.change(session, ids[0], None, {"status": "withdrawn"}, ANA)
        records.create(session, RecordDraft(kind="need", organisation_id="o", body={"title": "after"}), ANA)
    assert health.check(target).faults == ()


def test_what_is_not_read_back_as_it_was_moves_nothing(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that changed on the way is noticed before the commit, and the target stays empty."""
    honest = move._read_back

    def altered(connection: object, table: object) -> Moved:
        if getattr(table, "name", "") == "records":
            connection.execute(text("UPDATE records SET ref = 'slipped' WHERE status = 'paused'"))  # type: ignore[attr-defined]
        return honest(connection, table)  # type: ignore[arg-type]

    monkeypatch.setattr(move, "_read_back", altered)
    with pytest.raises(StoreIncompatible, match="records came over as 11 rows"):
        move.move(source, target)
    assert migrate.current(target) is None


def test_a_move_that_is_stopped_leaves_nothing(source: Database, target: Database) -> None:
    """It can simply be run again."""

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move.move(source, target, stop)
    assert migrate.current(target) is None
    assert sum(one.rows for one in move.move(source, target)) > RECORDS


def test_what_is_there_is_not_overwritten(source: Database, postgres_url: str, tmp_path: object) -> None:
    """A target with rows is refused, and so is a source that was not migrated."""
    with closing(open_database(postgres_url)) as filled, filled.write() as session:
        session.add(OrganisationRow(id="x", name="x", kind="agency"))
    with closing(open_database(postgres_url)) as filled:
        with pytest.raises(StoreNotEmpty, match="not empty"):
            move.move(source, filled)
        new = open_database(f"sqlite:///{tmp_path}/new.db")
        with closing(new), pytest.raises(StoreIncompatible, match="database up"):
            move.move(new, filled)


def test_checksums_do_not_depend_on_the_database() -> None:
    """Keys in another order, whole numbers with and without a point, and zones are one value."""
    moment = datetime(2027, 1, 1, 9, tzinfo=UTC)
    one = move._line([{"a": 1.0, "b": [moment.isoformat()]}, 2**60, date(2027, 1, 1), b"x"])
    other = move._line(
        [{"b": [moment.isoformat()], "a": 1}, float(2**60), date(2027, 1, 1), memoryview(b"x")]
    )
    assert one == other
    assert move._line([1]) != move._line(["1"])
