"""Where models are kept on this machine: written whole or not at all, and checked when used."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock

from matcher.errors import ModelCorrupt
from models.registry import file_sha256

ENVIRONMENT = "NEEDMATCH_CACHE"
MANIFEST = "manifest.json"

Progress = Callable[[str], None]
Manifest = Mapping[str, object]


def cache_folder(cache: Path | str | None = None) -> Path:
    """The folder of all models: the argument, else `NEEDMATCH_CACHE`, else the user's cache folder."""
    chosen = cache or os.environ.get(ENVIRONMENT)
    root = Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("needmatch"))
    return root / "models"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, so that no two processes write it at once; waits as long as it takes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(folder) + ".lock"):
        yield


@contextmanager
def written(folder: Path, facts: Mapping[str, object]) -> Iterator[Path]:
    """A new folder to write into; it takes its name, with a manifest of `facts`, only when all went well.

    Call it under `locked`. A folder of that name from before is replaced.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        write_manifest(partial, facts)
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_manifest(folder: Path, facts: Mapping[str, object]) -> None:
    """Write `manifest.json`: the facts, and size and sha256 of every file of the folder."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    _replace_manifest(folder, {**facts, "files": files})


def add_fact(folder: Path, name: str, fact: object) -> None:
    """Add one fact to the manifest of a folder that has one."""
    _replace_manifest(folder, {**verify(folder), name: fact})


def _replace_manifest(folder: Path, content: Manifest) -> None:
    # aside and then renamed: a reader sees the old one or the new one, never half of it
    new = folder / f"{MANIFEST}.{os.getpid()}"
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder, or None when there is none (or none that can be read)."""
    try:
        read = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return None
    return read if isinstance(read, dict) and isinstance(read.get("files"), dict) else None


def verify(folder: Path, *, thorough: bool = False) -> Manifest:
    """Check a folder against its manifest: sizes always, sha256 of every file when `thorough`.

    Returns the manifest; raises `ModelCorrupt` naming the first file that differs.
    """
    manifest = read_manifest(folder)
    remedy = f"Delete {folder}; it is made again when the model is next opened."
    if manifest is None:
        raise ModelCorrupt(f"{folder} has no readable {MANIFEST}. {remedy}")
    files = manifest["files"]
    assert isinstance(files, dict)
    for name, expected in files.items():
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if size != expected["bytes"]:
            seen = "is absent" if size is None else f"has {size} bytes"
            raise ModelCorrupt(f"{path} {seen}, expected {expected['bytes']} bytes. {remedy}")
        if thorough and file_sha256(path) != expected["sha256"]:
            raise ModelCorrupt(f"{path} does not have the sha256 its manifest states. {remedy}")
    return manifest
