"""Collections on disk: whole or not at all."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcher import snapshot
from matcher.cooperation import IDENTITIES, REVIEW
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.errors import SnapshotCorrupt, SnapshotIncompatible, SnapshotMissing
from matcher.filters import Filter
from matcher.fits import FITS
from matcher.lexical import LexicalIndex
from matcher.records import Kind, Nature, Need, Solution, Visibility
from matcher.review import Edit

NEEDS = [
    Need(
        id="N1",
        title="Pompe à incendie",
        description="Elle flotte. Elle démarre à froid.",
        language="fr",
        country="FR",
        cpv=("42122000",),
        nature=Nature.SUPPLIES,
        value_eur=120_000.0,
        visibility=Visibility.PRIVATE,
        titles={"en": "Fire pump"},
        extra={"Remarque": "à voir"},
    ),
    Need(id="N2", title="Diving suit", description="It keeps warm. It is orange."),
    Need(id="N3", title="4711"),
]
SOLUTIONS = [Solution(id="S1", name="Floating fire pump EN 14466"), Solution(id="S2", name="Dry suit", trl=8)]


EDIT = Edit(who="Ana", when=datetime(2026, 3, 1, tzinfo=UTC), op="must_link", need_ids=("N1", "N3"))


@pytest.fixture
def engine(embedder: Embedder) -> Engine:
    """Three needs and two solutions."""
    made = Engine(embedder)
    made.add([*NEEDS, *SOLUTIONS])
    return made


def answers(engine: Engine) -> list[Any]:
    """What an engine answers, with scores to three digits: words are kept at half precision."""
    found = [
        [
            (match.record, round(match.score, 3), match.explanation.evidence, match.explanation.reasons)
            for match in matches.items
        ]
        for matches in (
            engine.match("N1"),
            engine.match(Need(id="Q", title="suit EN 14466")),
            engine.demand("floating pump"),
            engine.similar("N2"),
        )
    ]
    return [*found, [[need.id for need in group] for group in engine.groups()]]


def test_passages_are_told_apart_after_loading(embedder: Embedder, tmp_path: Path) -> None:
    """So that what is stored is asked without being read again; of an older snapshot it is not known."""
    text = " ".join(f"It pumps {i} litres." for i in range(400))
    made = Engine(embedder)
    made.add([Need(id="L", title="Fire pump", description=text, language="en"), *NEEDS])
    made.save(tmp_path / "store")
    loaded = Engine.load(tmp_path / "store", embedder)
    for row in made.needs.rows().tolist():
        np.testing.assert_array_equal(loaded.needs.passages(row), made.needs.passages(row))
    several = loaded.needs.passages(made.needs.row("L"))
    assert several is not None
    assert len(several) > 1
    folder, manifest = snapshot.inspect(tmp_path / "store")
    stored = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for part in [name for name in manifest.files if name.endswith("passages.npz")]:
        (folder / part).unlink()
        del stored["files"][part]
    (folder / "manifest.json").write_text(json.dumps(stored | {"format": 3}), encoding="utf-8")
    older = Engine.load(tmp_path / "store", embedder)
    assert older.needs.passages(0) is None
    older.save(tmp_path / "again")
    assert Engine.load(tmp_path / "again", embedder).needs.passages(0) is None


def test_what_is_saved_is_loaded(engine: Engine, tmp_path: Path) -> None:
    """Records, rows, languages, sentences and both indexes come back, and answer alike."""
    manifest = engine.save(tmp_path / "store")
    assert manifest.counts == {"need": 3, "solution": 2}
    loaded = Engine.load(tmp_path / "store", engine.embedder)
    for kind in Kind:
        one, other = engine.collections[kind], loaded.collections[kind]
        assert list(one) == list(other)
        for kept, read in zip(one.parts, other.parts, strict=True):
            assert kept is not None
            assert read is not None
            assert kept.spans == read.spans
            np.testing.assert_array_equal(kept.vectors, read.vectors)
    assert answers(loaded) == answers(engine)
    assert snapshot.inspect(tmp_path / "store")[1] == manifest


def test_updates_and_deletes_survive(engine: Engine, tmp_path: Path) -> None:
    """A loaded engine goes on: what was deleted stays away, and rows keep their numbers."""
    engine.remove(Kind.NEED, ["N1"])
    engine.add([Need(id="N2", title="Inflatable tent"), Need(id="N4", title="Rescue boat")])
    engine.save(tmp_path)
    loaded = Engine.load(tmp_path, engine.embedder)
    assert answers_of_needs(loaded) == answers_of_needs(engine) == [(1, "N2"), (2, "N3"), (3, "N4")]
    loaded.add([Need(id="N5", title="Diving suit"), Need(id="N3", title="Diving mask")])
    loaded.save(tmp_path)
    again = Engine.load(tmp_path, engine.embedder)
    assert answers_of_needs(again) == [(1, "N2"), (2, "N3"), (3, "N4"), (4, "N5")]
    assert again.demand("diving suit").items[0].record.id == "N5"
    assert "N1" not in again.needs


def answers_of_needs(engine: Engine) -> list[tuple[int, str]]:
    """Rows and ids."""
    return [(stored.row, stored.record.id) for stored in engine.needs]


def test_an_empty_engine_can_be_saved(embedder: Embedder, tmp_path: Path) -> None:
    """Nothing loaded is a state like any other."""
    Engine(embedder).save(tmp_path)
    loaded = Engine.load(tmp_path, embedder)
    assert len(loaded.needs) == len(loaded.solutions) == 0
    loaded.add(SOLUTIONS)
    assert loaded.match(NEEDS[1]).items[0].record.id == "S2"


def test_only_the_latest_state_is_kept(engine: Engine, tmp_path: Path) -> None:
    """Saving again leaves one folder of files, and no pointer half written."""
    for _ in range(3):
        engine.save(tmp_path)
    assert len(list(tmp_path.glob("snapshot-*"))) == 1
    assert sorted(path.name for path in tmp_path.iterdir() if not path.is_dir()) == ["CURRENT"]


def fail(*_: object) -> None:
    """The disk is full."""
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "broken",
    [(LexicalIndex, "save"), (snapshot, "_flush"), (snapshot, "_sha256"), (Path, "replace")],
    ids=lambda place: place[1],
)
def test_a_failure_while_writing_leaves_the_old_state(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: tuple[Any, str]
) -> None:
    """Wherever it fails before the end, the snapshot is the old one, whole, and nothing else is left."""
    engine.save(tmp_path)
    before = answers_of_needs(engine)
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    engine.add([Need(id="N9", title="Too late")])
    with monkeypatch.context() as patch:
        patch.setattr(*broken, fail)
        with pytest.raises(OSError, match="No space"):
            engine.save(tmp_path)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == files
    assert answers_of_needs(Engine.load(tmp_path, engine.embedder)) == before


def test_a_failure_after_the_switch_leaves_the_new_state(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the pointer names the new files they are never taken away again."""
    engine.save(tmp_path)
    engine.add([Need(id="N9", title="Just in time")])
    flush: Callable[[Path], None] = snapshot._flush
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_flush", lambda path: fail() if path == tmp_path else flush(path))
        with pytest.raises(OSError, match="No space"):
            engine.save(tmp_path)
    assert "N9" in Engine.load(tmp_path, engine.embedder).needs


def test_no_snapshot_is_missing(embedder: Embedder, tmp_path: Path) -> None:
    """An empty folder, and none, hold no snapshot."""
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SnapshotMissing, match=str(path)):
            Engine.load(path, embedder)


PARTS = [
    f"{kind}.{part}"
    for kind in Kind
    for part in (
        "records.json",
        "languages.json",
        "spans.npz",
        "parts.npy",
        "passages.npz",
        "dense.faiss",
        "lexical.npz",
    )
] + [IDENTITIES, REVIEW, FITS]


def current(path: Path) -> Path:
    """The folder of the current files."""
    return snapshot.inspect(path)[0]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("damage", ["absent", "truncated", "altered"])
def test_a_damaged_file_is_corrupt(engine: Engine, tmp_path: Path, part: str, damage: str) -> None:
    """Every file is checked before it is read; the message names it."""
    engine.clusters()
    engine.edit(EDIT)
    engine.save(tmp_path)
    file = current(tmp_path) / part
    content = file.read_bytes()
    if damage == "absent":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(content[:-1])
    else:
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(SnapshotCorrupt, match=part):
        Engine.load(tmp_path, engine.embedder)


def test_the_snapshot_lists_all_its_files(engine: Engine, tmp_path: Path) -> None:
    """Nothing that is read escapes the check."""
    assert sorted(engine.save(tmp_path).files) == sorted(PARTS)


def altered(stored: dict[str, Any], **changes: Any) -> bytes:
    """A manifest with other values."""
    return json.dumps({**stored, **changes}).encode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"{}",
        lambda _: b"[1, 2]",
        lambda _: b"\xff\xfe",
        lambda stored: json.dumps(stored).encode()[:-9],
        lambda stored: altered(stored, files=None),
        lambda stored: altered(stored, counts=None),
        lambda stored: altered(stored, counts={"wish": 3}),
        lambda stored: altered(
            stored, files={part: seen for part, seen in stored["files"].items() if "records" not in part}
        ),
    ],
    ids=["empty", "nothing", "list", "bytes", "truncated", "no files", "no counts", "kind", "unlisted"],
)
def test_a_damaged_manifest_is_corrupt(
    engine: Engine, tmp_path: Path, damage: Callable[[dict[str, Any]], bytes]
) -> None:
    """A manifest that cannot be understood, or that names what is not there, is told as such."""
    engine.save(tmp_path)
    manifest = current(tmp_path) / "manifest.json"
    (current(tmp_path) / "need.records.json").unlink()
    manifest.write_bytes(damage(json.loads(manifest.read_bytes())))
    with pytest.raises(SnapshotCorrupt):
        Engine.load(tmp_path, engine.embedder)


@pytest.mark.parametrize("pointer", [b"", b"snapshot-gone", b"\xff\xfe"])
def test_a_damaged_pointer_is_corrupt(engine: Engine, tmp_path: Path, pointer: bytes) -> None:
    """A pointer to nowhere is no missing snapshot: there was one."""
    engine.save(tmp_path)
    (tmp_path / "CURRENT").write_bytes(pointer)
    with pytest.raises(SnapshotCorrupt):
        Engine.load(tmp_path, engine.embedder)


@pytest.mark.parametrize("field", ["id", "revision", "engine", "dimension"])
def test_another_model_is_incompatible(engine: Engine, tmp_path: Path, field: str) -> None:
    """Vectors of two models, revisions or arithmetics never mix."""
    engine.save(tmp_path)
    identity = engine.embedder.encoder.identity
    changes: dict[str, Any] = {field: 65 if field == "dimension" else "other"}
    other = replace(identity, **changes)
    with pytest.raises(SnapshotIncompatible, match="was made with"):
        snapshot.read(tmp_path, other)


def test_another_offset_is_incompatible(engine: Engine, tmp_path: Path) -> None:
    """The message names both."""
    engine.save(tmp_path)
    with pytest.raises(SnapshotIncompatible, match="'means-2'"):
        snapshot.read(tmp_path, engine.embedder.encoder.identity, "means-2")


def test_another_format_is_incompatible(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot of a later release is not read with the eyes of this one."""
    monkeypatch.setattr(snapshot, "FORMAT", snapshot.FORMAT + 1)
    engine.save(tmp_path)
    monkeypatch.undo()
    with pytest.raises(SnapshotIncompatible, match="format"):
        Engine.load(tmp_path, engine.embedder)


def test_ids_and_edits_come_back(engine: Engine, tmp_path: Path) -> None:
    """Clusters keep their ids, names and edits; a history goes on where it was."""
    engine.edit(EDIT)
    before = engine.clusters(day=date(2026, 3, 1))
    engine.save(tmp_path)
    loaded = Engine.load(tmp_path, engine.embedder)
    assert loaded.clusters(day=date(2026, 9, 1)) == before
    assert ("N1", "N3") in {cluster.members for cluster in before}
    assert loaded.cooperation.identities == engine.cooperation.identities
    assert loaded.cooperation.review == engine.cooperation.review


def test_texts_are_kept_beside_the_records(engine: Engine, tmp_path: Path) -> None:
    """To the letter, and by name; without any there are none."""
    texts = {"notes.txt": "Größe\u2028é\n", "empty.json": ""}
    identity = engine.embedder.encoder.identity
    manifest = snapshot.write(tmp_path, engine.collections, identity, texts=texts)
    assert texts.keys() < manifest.files.keys()
    collections, found = snapshot.read(tmp_path, identity)
    assert found == texts
    assert [len(collections[kind]) for kind in Kind] == [len(engine.collections[kind]) for kind in Kind]
    snapshot.write(tmp_path, engine.collections, identity)
    assert snapshot.read(tmp_path, identity)[1] == {}


def test_a_text_that_is_no_text_is_corrupt(engine: Engine, tmp_path: Path) -> None:
    """Also where the manifest was made for it."""
    identity = engine.embedder.encoder.identity
    snapshot.write(tmp_path, engine.collections, identity, texts={"notes.txt": "abc"})
    folder = current(tmp_path)
    (folder / "notes.txt").write_bytes(b"\xff\xfe\xfd")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["notes.txt"] = [3, hashlib.sha256(b"\xff\xfe\xfd").hexdigest()]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(SnapshotCorrupt, match="do not fit"):
        snapshot.read(tmp_path, identity)


def test_filters_work_on_what_was_loaded(engine: Engine, tmp_path: Path) -> None:
    """Fields survive as what they were: enums, tuples, mappings."""
    engine.save(tmp_path)
    loaded = Engine.load(tmp_path, engine.embedder)
    assert loaded.needs.record(0) == NEEDS[0]
    seen = loaded.demand("pump", where=Filter(open_to=Visibility.NETWORK)).items
    assert {match.record.id for match in seen} == {"N2", "N3"}
