"""An engine's collections on disk: written whole or not at all, checked before they are read.

A snapshot is a folder that holds one sub-folder of files and `CURRENT`, which names it and is
replaced in one step; a reader sees the old state or the new one. The manifest says which model
made the vectors and what every file must hash to.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from matcher.collection import Collection, Shelf
from matcher.errors import SnapshotCorrupt, SnapshotIncompatible, SnapshotMissing
from matcher.index.container import Container, is_container
from matcher.index.ladder import LadderIndex
from matcher.late import Parts
from matcher.lexical import LexicalIndex
from matcher.protocols import Float32, ModelIdentity
from matcher.records import Kind, Need, Solution

FORMAT = 4
READABLE = frozenset({3, FORMAT})
"""Before 4, rows with several passages were not told from those with one."""
_ADAPTERS: Mapping[Kind, TypeAdapter[Any]] = {
    Kind.NEED: TypeAdapter(list[Need | None]),
    Kind.SOLUTION: TypeAdapter(list[Solution | None]),
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot is made of."""

    format: int
    model: str
    """`ModelIdentity.key`."""
    offset: str
    """Which language offset the vectors were freed of; empty for none."""
    dimension: int
    counts: dict[str, int]
    """Records of each kind."""
    faiss: str
    files: dict[str, tuple[int, str]]
    """Size in bytes and sha256 of each file."""


_MANIFEST = TypeAdapter(Manifest)


def write(
    path: Path,
    collections: Mapping[Kind, Collection],
    model: ModelIdentity,
    offset: str = "",
    texts: Mapping[str, str] | None = None,
) -> Manifest:
    """Write a snapshot into the folder `path`, replacing the one that is there in one step.

    `texts` are further files, by name: what is kept beside the records.
    """
    path.mkdir(parents=True, exist_ok=True)
    name = f"snapshot-{uuid.uuid4().hex[:12]}"
    folder = path / name
    folder.mkdir()
    pointer = path / f".CURRENT-{name}"
    try:
        for kind, collection in collections.items():
            for part, put in _parts(kind, collection).items():
                put(folder / part)
        for part, text in (texts or {}).items():
            (folder / part).write_text(text, encoding="utf-8")
        manifest = Manifest(
            FORMAT,
            model.key,
            offset,
            model.dimension,
            {str(kind): len(collection) for kind, collection in collections.items()},
            str(faiss.__version__),
            {part.name: (part.stat().st_size, _sha256(part)) for part in sorted(folder.iterdir())},
        )
        (folder / "manifest.json").write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
        for file in folder.iterdir():
            _flush(file)
        _flush(folder)
        pointer.write_text(name, encoding="utf-8")
        _flush(pointer)
        pointer.replace(path / "CURRENT")
    except BaseException:
        pointer.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _flush(path)
    for other in path.glob("snapshot-*"):
        if other.name != name:
            shutil.rmtree(other, ignore_errors=True)
    return manifest


def read(
    path: Path,
    model: ModelIdentity,
    offset: str = "",
    shelve: Callable[[Kind, Path], Shelf] | None = None,
) -> tuple[dict[Kind, Collection], dict[str, str]]:
    """The collections of a snapshot and the texts kept beside them, every file checked against the manifest.

    `shelve` gives the shelf of a kind whose vectors were kept elsewhere, by the file that says where. Raises
    `SnapshotMissing`, `SnapshotCorrupt`, or `SnapshotIncompatible` when it was made by
    another format or model.
    """
    folder, manifest = inspect(path)
    known = manifest.format if manifest.format in READABLE else FORMAT
    expected = {"format": known, "model": model.key, "offset": offset, "dimension": model.dimension}
    for field, value in expected.items():
        seen = getattr(manifest, field)
        if seen != value:
            raise SnapshotIncompatible(
                f"The snapshot {path} was made with {field} {seen!r}, this engine has {value!r}. "
                "Open it with that, or build it again from the records."
            )
    for part, (size, digest) in manifest.files.items():
        file = folder / part
        if not _whole(file, size, digest):
            raise _altered(part, path)
    try:
        found = {
            Kind(kind): _read(folder, Kind(kind), manifest.dimension, shelve) for kind in manifest.counts
        }
        own = {part for kind, held in found.items() for part in _parts(kind, held)}
        return found, {
            part: (folder / part).read_text(encoding="utf-8") for part in manifest.files if part not in own
        }
    except (OSError, ValueError, LookupError) as error:
        raise SnapshotCorrupt(
            f"The files of the snapshot {path} do not fit together ({error}). "
            "Build the snapshot again from the records."
        ) from error


def inspect(path: Path) -> tuple[Path, Manifest]:
    """The folder of the current snapshot and its manifest, without reading the rest."""
    try:
        name = (path / "CURRENT").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SnapshotMissing(f"There is no snapshot at {path}. Make one with 'needmatch import'.") from error
    except ValueError as error:
        raise SnapshotCorrupt(
            f"{path / 'CURRENT'} names no snapshot ({error}). Build it again from the records."
        ) from error
    folder = path / name
    try:
        return folder, _MANIFEST.validate_json((folder / "manifest.json").read_bytes())
    except (OSError, ValueError) as error:
        raise SnapshotCorrupt(
            f"The manifest of the snapshot {path} cannot be read ({error}). Build it again from the records."
        ) from error


def check(path: Path, progress: Callable[[int], None]) -> None:
    """Read every file of the current snapshot, and compare its checksum; tells how many bytes are done.

    Raises `SnapshotMissing`, and `SnapshotCorrupt` for the first that is not as it was written.
    """
    folder, manifest = inspect(path)
    done = 0
    for part, (size, digest) in manifest.files.items():
        file = folder / part
        if not _whole(file, size, digest):
            raise _altered(part, path)
        if is_container(file):
            Container(file).check(lambda inside, before=done: progress(before + inside))  # type: ignore[misc]
        done += size
        progress(done)


def _altered(part: str, path: Path) -> SnapshotCorrupt:
    return SnapshotCorrupt(
        f"The file {part} of the snapshot {path} is absent, truncated or altered. "
        "Build the snapshot again from the records."
    )


def _parts(kind: Kind, collection: Collection) -> dict[str, Callable[[Path], None]]:
    held = [own for own in collection.parts if own is not None]

    def records(file: Path) -> None:
        file.write_bytes(_ADAPTERS[kind].dump_json(collection.records, fallback=dict, warnings=False))

    def languages(file: Path) -> None:
        file.write_text(json.dumps(collection.languages), encoding="utf-8")

    def spans(file: Path) -> None:
        with file.open("wb") as out:
            np.savez(
                out,
                counts=np.array([len(p.spans) for p in held], dtype=np.int64),
                spans=np.array([span for p in held for span in p.spans], dtype=np.int32).reshape(-1, 2),
                parts=np.array([len(p) for p in held], dtype=np.int64),
                weights=_joined([p.weights for p in held], np.float32),
                owners=_joined([p.owners for p in held], np.int32),
            )

    def vectors(file: Path) -> None:
        with file.open("wb") as out:
            np.save(out, np.concatenate([p.vectors for p in held]) if held else np.empty((0, 0), np.int8))

    def passages(file: Path) -> None:
        assert several is not None
        with file.open("wb") as out:
            np.savez(
                out,
                rows=np.array(list(several), dtype=np.int64),
                counts=np.array([len(own) for own in several.values()], dtype=np.int64),
                vectors=_joined(list(several.values()), np.float32),
            )

    several = collection.several()
    told = {} if several is None else {f"{kind}.passages.npz": passages}
    return told | {
        f"{kind}.records.json": records,
        f"{kind}.languages.json": languages,
        f"{kind}.spans.npz": spans,
        f"{kind}.parts.npy": vectors,
        f"{kind}.dense.faiss": collection.dense.save,
        f"{kind}.lexical.npz": collection.lexical.save,
    }


def _read(
    folder: Path, kind: Kind, dimension: int, shelve: Callable[[Kind, Path], Shelf] | None
) -> Collection:
    stored, lexical = folder / f"{kind}.dense.faiss", LexicalIndex.load(folder / f"{kind}.lexical.npz")
    if shelve is None:
        collection = Collection(kind, LadderIndex.load(stored, dimension), lexical)
    else:
        shelf = shelve(kind, stored)
        collection = Collection(kind, shelf.index, lexical, shelf.number)
    records = _ADAPTERS[kind].validate_json((folder / f"{kind}.records.json").read_bytes())
    languages = json.loads((folder / f"{kind}.languages.json").read_text(encoding="utf-8"))
    # a plain array over the mapped file: cutting it into the parts of each record is five times as fast
    vectors = np.asarray(np.load(folder / f"{kind}.parts.npy", mmap_mode="r"))
    with np.load(folder / f"{kind}.spans.npz") as stored:
        spans = list(map(tuple, stored["spans"].tolist()))
        weights, owners = stored["weights"], stored["owners"]
        sentences, counts = _ranges(stored["counts"]), _ranges(stored["parts"])
    kept = iter(
        [
            Parts(tuple(spans[a:b]), vectors[c:d], weights[c:d], owners[c:d])
            for (a, b), (c, d) in zip(sentences, counts, strict=True)
        ]
    )
    parts = [next(kept) if record is not None else None for record in records]
    collection.restore(records, languages, parts, _several(folder / f"{kind}.passages.npz"))
    return collection


def _several(file: Path) -> dict[int, Float32] | None:
    """The passages of rows that have more than one; None where the snapshot does not tell."""
    if not file.exists():
        return None
    with np.load(file) as stored:
        rows, vectors, ranges = stored["rows"].tolist(), stored["vectors"], _ranges(stored["counts"])
    return {row: vectors[start:end] for row, (start, end) in zip(rows, ranges, strict=True)}


def _joined(arrays: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, kind)


def _ranges(counts: NDArray[np.int64]) -> list[tuple[int, int]]:
    ends = np.cumsum(counts).tolist()
    return list(zip([0, *ends], ends, strict=False))


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _whole(file: Path, size: int, digest: str) -> bool:
    """Whether the file is as it was written; a large index is not read for it, as it looks after itself."""
    if not file.is_file() or file.stat().st_size != size:
        return False
    return is_container(file) or _sha256(file) == digest


def _flush(path: Path) -> None:
    """Have the file, or the names in a folder, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
