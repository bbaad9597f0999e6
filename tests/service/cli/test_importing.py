"""A stream of files into the engine, gone on with after a stop."""

import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from corpora import Report
from matcher.records import Kind
from service.cli import importing, store
from service.cli.importing import AT_ONCE, STATE, Order, run
from service.settings import Settings
from service.wiring import reference_statistics


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder of its own."""
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", model="hashing")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """More needs than are read at once, one of them without an id."""
    rows = [{"id": f"N{i}", "title": f"Fire pump {i}"} for i in range(2 * AT_ONCE + 40)]
    rows[7]["id"] = ""
    path = tmp_path / "needs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


class Stopped(Exception):
    """Somebody pulled the plug."""


def ids(settings: Settings) -> set[str]:
    """What is kept."""
    return {one.record.id for one in store.open_stored(settings).needs}


def test_all_batches_arrive(settings: Settings, file: Path) -> None:
    """And nothing is left to go on with."""
    report = Report()
    assert run(Order((file,), Kind.NEED), settings, report) == report.kept == 2 * AT_ONCE + 39
    assert report.refused == 1
    assert len(ids(settings)) == report.kept
    assert not (settings.data / STATE).exists()


def test_a_stopped_import_goes_on(settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept is not embedded again; in the end all is there, and the account is whole."""
    order, embedded = Order((file,), Kind.NEED), list[str]()
    monkeypatch.setattr(importing, "KEPT_EVERY_S", -1.0)
    monkeypatch.setattr(importing, "KEEPING", 0.0)
    opened = store.open_growing

    def watched(held: Settings, stop_at: int | None) -> object:
        engine, number = opened(held), count()
        add = engine.add

        def adding(records, progress=None):  # type: ignore[no-untyped-def]
            if next(number) == stop_at:
                raise Stopped
            embedded.extend(record.id for record in records)
            add(records, progress)

        monkeypatch.setattr(engine, "add", adding)
        return engine

    monkeypatch.setattr(store, "open_growing", lambda held: watched(held, 1))
    with pytest.raises(Stopped):
        run(order, settings, Report())
    assert len(ids(settings)) == AT_ONCE - 1
    monkeypatch.setattr(store, "open_growing", lambda held: watched(held, None))
    report = Report()
    assert run(order, settings, report) == 2 * AT_ONCE + 39
    assert (report.kept, report.refused) == (2 * AT_ONCE + 39, 1)
    assert len(embedded) == len(set(embedded)) == 2 * AT_ONCE + 39 == len(ids(settings))


def test_another_import_begins_at_the_beginning(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of other files, or of files that were changed meanwhile."""
    monkeypatch.setattr(importing, "KEPT_EVERY_S", -1.0)
    monkeypatch.setattr(importing, "KEEPING", 0.0)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # as if it had stopped at the very end
    run(Order((file,), Kind.NEED), settings, Report())
    assert importing._passed(Order((file,), Kind.NEED), settings)
    assert not importing._passed(Order((file,), Kind.SOLUTION), settings)
    with file.open("a", encoding="utf-8") as more:
        more.write(json.dumps({"id": "late", "title": "Hose"}) + "\n")
    assert not importing._passed(Order((file,), Kind.NEED), settings)


@pytest.mark.parametrize("state", ["", "{", "[]", "{}", '{"order": 1, "passed": "x"}'])
def test_a_broken_note_of_how_far_it_came_is_no_obstacle(settings: Settings, file: Path, state: str) -> None:
    """Then all is read."""
    settings.data.mkdir(parents=True)
    (settings.data / STATE).write_text(state, encoding="utf-8")
    assert run(Order((file,), Kind.NEED), settings, Report()) == 2 * AT_ONCE + 39


def test_rows_are_counted_where_files_tell(tmp_path: Path, file: Path) -> None:
    """Lines of text, files of notices; not what is packed."""
    table = tmp_path / "needs.csv"
    table.write_text("id,title\nA,Pump\nB,Hose\n", encoding="utf-8")
    assert importing.total([file, table]) == 2 * AT_ONCE + 42
    packed = tmp_path / "all.tar.gz"
    packed.touch()
    assert importing.total([file, packed]) is None


def test_words_weigh_the_same_whatever_comes_first(settings: Settings, file: Path) -> None:
    """So that batches do not matter."""
    run(Order((file,), Kind.NEED), settings, Report())
    known = reference_statistics()
    for engine in (store.open_growing(settings), store.open_stored(settings)):
        for collection in engine.collections.values():
            assert collection.lexical.statistics.texts == known.texts
            np.testing.assert_array_equal(collection.lexical.statistics.frequency, known.frequency)
