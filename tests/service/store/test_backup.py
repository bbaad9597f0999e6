"""Backups: of one moment, checked before they are used, and good for either database."""

import gzip
import json
import threading
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from itertools import compress

import pytest
from sqlalchemy import func, select

from matcher.errors import FileUnreadable
from service.rights.viewer import Viewer
from service.store import backup, health, migrate, outbox, records
from service.store.database import open_database
from service.store.errors import BackupCorrupt, StoreIncompatible, StoreNotEmpty
from service.store.records import RecordDraft
from service.store.tables import (
    AuditRow,
    Base,
    EditRow,
    FileRow,
    JobRow,
    OrganisationRow,
    RecordRow,
    UserRow,
    VersionRow,
)

ANA = Viewer("ana", "o")
LATER = frozenset(
    {
        "shown_at",
        "shown_public_at",
        "shown_network_industry_at",
        "shown_network_at",
        "said",
        "error_said",
    }
)
"""Columns that were not there at first."""


def filled(database):
    """Rows with every kind of value."""
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="Żółw 🐢", kind="buyer", languages=["pl", "mt"]))
        session.flush()
        session.add(UserRow(id="ana", organisation_id="o", email="ana@example.org", role="procurer"))
        session.flush()
        session.add(
            JobRow(id="j", kind="import", user_id="ana", finished_at=datetime(2027, 1, 2, tzinfo=UTC))
        )
        session.flush()
        session.add(FileRow(job_id="j", name="n.csv", media_type="text/csv", content=bytes(range(256))))
        session.add(EditRow(audience="network", edit={"op": "lock"}, by="ana"))
        made = RecordDraft(
            kind="need", organisation_id="o", id="n", shares=["o"], body={"title": "T", "value": 1e16},
            redactions=[
                {"field": "value", "reason_code": "law-enf", "reason": "raids", "until": "2999-01-01"},
            ],
        )  # fmt: skip
        records.create(session, made, ANA)
        records.change(session, "n", 1, {"body": {"title": "U", "cpv": ["35815100"]}}, ANA)


def content(database, *, left_out=frozenset()):
    """All rows of all tables, except what a restore begins anew, and some columns."""
    with database.read() as session:
        return {
            table.name: [
                tuple(value for name, value in row._mapping.items() if name not in left_out)
                for row in session.execute(table.select().order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
            if table.name != "counters"
        }


@pytest.fixture
def original(database, tmp_path):
    """A filled database and its backup."""
    filled(database)
    return database, backup.save(database, tmp_path / "b"), tmp_path / "b"


def test_a_restored_database_is_the_one_that_was_saved(original, empty_url):
    """From each database into each; the log guards itself again, and numbers go on."""
    database, made, path = original
    assert backup.check(path) == made
    with closing(open_database(empty_url)) as restored:
        assert backup.restore(restored, path) == made
        assert content(restored) == content(database)
        assert migrate.differences(restored) == []
        assert health.check(restored).sound
        with restored.write() as session:
            assert outbox.last(session) == 2
            session.add(EditRow(audience="network", edit={}, by="ana"))
            records.change(session, "n", 2, {"status": "open"}, ANA)
        with restored.read() as session:
            assert outbox.last(session) == 3
            assert session.scalar(select(func.count()).select_from(AuditRow)) == 3


def test_a_restored_database_has_an_epoch_of_its_own(original, tmp_path):
    """So that no index of the original is taken for one of it."""
    database, _, _ = original
    with database.write() as session:
        epoch = outbox.epoch(session)
    backup.save(database, tmp_path / "c")
    with closing(open_database(f"sqlite:///{tmp_path / 'other.db'}")) as restored:
        backup.restore(restored, tmp_path / "c")
        with restored.write() as session:
            assert outbox.epoch(session) != epoch


def test_nothing_is_overwritten_unless_it_is_forced(original):
    """Neither a file nor a database; a forced restore leaves only what the backup holds."""
    database, _, path = original
    with pytest.raises(FileUnreadable, match="--force"):
        backup.save(database, path)
    before = content(database)
    with database.write() as session:
        records.create(session, RecordDraft(kind="need", organisation_id="o", body={"title": "new"}), ANA)
    with pytest.raises(StoreNotEmpty, match="--force"):
        backup.restore(database, path)
    backup.restore(database, path, force=True)
    assert content(database) == before
    backup.save(database, path, force=True)
    assert path.stat().st_mode & 0o077 == 0


def test_a_backup_under_write_load_is_of_one_moment(database, database_url, tmp_path):
    """Records, versions, changes and log fit together, and what was acknowledged before it began is in it."""
    filled(database)
    written, stop = [], threading.Event()

    def write():
        with closing(open_database(database_url)) as own:
            while not stop.is_set():
                with own.write() as session:
                    row = records.create(
                        session, RecordDraft(kind="need", organisation_id="o", body={"title": "x" * 500}), ANA
                    )
                    records.change(session, row.id, 1, {"status": "open"}, ANA)
                written.append(row.id)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for number in range(3):
            while len(written) < 10 * (number + 1):
                stop.wait(0.01)
            before = list(written)
            backup.save(database, tmp_path / f"{number}")
            with closing(open_database(f"sqlite:///{tmp_path / f'{number}.db'}")) as restored:
                backup.restore(restored, tmp_path / f"{number}")
                assert health.check(restored).faults == ()
                with restored.read() as session:
                    ids = set(records.all_ids(session))
                    assert ids >= set(before)
                    assert outbox.last(session) == 2 * len(ids)
                    for table in (VersionRow, AuditRow):
                        assert session.scalar(select(func.count()).select_from(table)) == 2 * len(ids)
    finally:
        stop.set()
        for writer in writers:
            writer.join()


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_backup_that_was_cut_is_refused(original, empty_url, at):
    """Wherever it ends; the database stays without tables."""
    _, _, path = original
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * at)])
    with closing(open_database(empty_url)) as empty:
        with pytest.raises(BackupCorrupt, match="cut or altered"):
            backup.restore(empty, path)
        assert migrate.current(empty) is None


def rewritten(path, change):
    """The file with other lines, and no longer its checksum."""
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(change(lines))))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda lines: [line.replace(b'"U"', b'"V"') for line in lines], BackupCorrupt, "checksum"),
        (lambda lines: [*lines[:3], *lines[4:]], BackupCorrupt, "checksum"),
        (lambda lines: lines[:-1], BackupCorrupt, "checksum"),
        (lambda lines: [*lines, b"[]\n"], BackupCorrupt, "after its end"),
        (lambda lines: [b"{}\n", *lines[1:]], BackupCorrupt, "no backup of needmatch"),
        (lambda lines: [b"no json\n"], BackupCorrupt, "cut or altered"),
        (lambda lines: [], BackupCorrupt, "cut or altered"),
        (lambda lines: [lines[0].replace(b":1,", b":2,", 1), *lines[1:]], StoreIncompatible, "form 2"),
    ],
)
def test_a_file_that_is_no_sound_backup_is_refused(original, change, error, words):
    """Whether altered, of another form, or something else."""
    _, _, path = original
    rewritten(path, change)
    with pytest.raises(error, match=words):
        backup.check(path)


def test_a_plain_file_is_no_backup(tmp_path):
    """What is not compressed is told as what it is not."""
    (tmp_path / "b").write_text("id,title\n", encoding="utf-8")
    with pytest.raises(BackupCorrupt, match="is no backup"):
        backup.check(tmp_path / "b")


def test_a_backup_of_an_earlier_revision_is_migrated(database, tmp_path):
    """It is restored as it was made, and then brought to the tables of today."""
    filled(database)
    backup.save(database, tmp_path / "b")
    header, *rest = map(json.loads, gzip.decompress((tmp_path / "b").read_bytes()).splitlines()[:-1])
    stood, lines = [], [header | {"revision": "0001"}]
    for line in rest:
        if isinstance(line, dict):
            stood = [name not in LATER for name, _ in line["columns"]]
            lines.append(line | {"columns": [*compress(line["columns"], stood)]})
        else:
            lines.append([*compress(line, stood)])
    lines = [json.dumps(line).encode() + b"\n" for line in lines]
    rows = sum(line.startswith(b"[") for line in lines)
    end = {"rows": rows, "sha256": sha256(b"".join(lines)).hexdigest()}
    (tmp_path / "b").write_bytes(gzip.compress(b"".join(lines) + json.dumps(end).encode() + b"\n"))
    with closing(open_database(f"sqlite:///{tmp_path / 'other.db'}")) as restored:
        backup.restore(restored, tmp_path / "b")
        assert migrate.current(restored) == migrate.head()
        assert content(restored, left_out=LATER) == content(database, left_out=LATER)


def test_a_database_that_is_not_migrated_is_not_saved(empty_url, tmp_path):
    """The message says how to migrate; no file is left."""
    refused = pytest.raises(StoreIncompatible, match="needmatch database up")
    with closing(open_database(empty_url)) as empty, refused:
        backup.save(empty, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_restore_that_fails_leaves_the_database_as_it_was(original, monkeypatch):
    """Also when it was forced and is half done."""
    database, _, path = original
    before = content(database)

    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "new_epoch", fail)
    with pytest.raises(ZeroDivisionError):
        backup.restore(database, path, force=True)
    assert content(database) == before
    with database.read() as session:
        assert session.get(RecordRow, "n").version == 2
