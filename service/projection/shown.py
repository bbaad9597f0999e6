"""What an audience was last shown, on disk: after a restart nobody waits for the first grouping.

Records are kept by their ids and a digest each. What names one that has changed since, or that the audience
no longer sees, is left out when it is read.
"""

import hashlib
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy._core import multiarray

from matcher import phrases
from matcher.identity import Cluster
from matcher.joint import JointCandidate, NotJoint
from matcher.pace import give_way
from matcher.records import Need, Record, Solution

FORMAT = 1
PLAIN: Mapping[tuple[str, str], Any] = MappingProxyType(
    {
        ("datetime", "date"): date,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("numpy._core.multiarray", "_reconstruct"): multiarray._reconstruct,
        ("numpy._core.multiarray", "scalar"): multiarray.scalar,
        ("matcher.phrases", "_counted"): phrases._counted,
    }
)
"""What a file may name beside the values of this package."""
Find = Callable[[str, str], Record | None]
"""The record of a kind and id, as the audience sees it; None where it sees none."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Groups and candidates of one audience, and the day they are of."""

    day: date
    clusters: tuple[Cluster, ...]
    candidates: tuple[JointCandidate, ...]
    not_joint: tuple[NotJoint, ...]


def save(path: Path, shown: Shown, versions: Mapping[str, str]) -> None:
    """Write the file in one step; `versions` are what it was made with."""
    known: dict[tuple[str, str], str] = {}
    parts = [_written(part, known) for part in (shown.day, shown.clusters)]
    parts += [_written(part, known) for part in (*shown.candidates, *shown.not_joint)]
    body = b"".join(parts)
    header = {
        **_made_with(versions),
        "records": [[*named, digest] for named, digest in known.items()],
        "sizes": [len(part) for part in parts],
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as out:
            out.write(json.dumps(header).encode() + b"\n" + body)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path, find: Find, versions: Mapping[str, str]) -> Shown | None:
    """What of the file still stands; None where there is none, or one that was made otherwise or altered."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        header = json.loads(head)
        if not _made_with(versions).items() <= header.items():
            return None
        if hashlib.sha256(body).hexdigest() != header["sha256"]:
            return None
        standing = {
            (kind, id_): record
            for kind, id_, digest in header["records"]
            if (record := find(kind, id_)) is not None and _digest(record) == digest
        }
        found = list(_read(body, header["sizes"], standing))
        day, clusters, *rest = found
        return Shown(
            day,
            tuple(one for one in clusters if all(find("need", need) for need in one.members)),
            tuple(one for one in rest if isinstance(one, JointCandidate) and _whole(one, find)),
            tuple(one for one in rest if isinstance(one, NotJoint)),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, pickle.UnpicklingError, EOFError):
        return None


class _Changed(Exception):
    """Something names a record that is not as it was."""


class _Writer(pickle.Pickler):
    """Writes values, and of records only which they are."""

    def __init__(self, out: BytesIO, known: dict[tuple[str, str], str]) -> None:
        super().__init__(out, protocol=4)
        self._known = known

    def persistent_id(self, value: Any) -> tuple[str, str] | None:
        if not isinstance(value, Need | Solution):
            return None
        named = value.kind.value, value.id
        if named not in self._known:
            self._known[named] = _digest(value)
        return named


class _Reader(pickle.Unpickler):
    """Reads values of this package and a few plain ones: a file can have nothing else called."""

    def __init__(self, source: BytesIO, standing: Mapping[tuple[str, str], Record]) -> None:
        super().__init__(source)
        self._standing = standing

    def persistent_load(self, named: Any) -> Record:
        if named not in self._standing:
            raise _Changed
        return self._standing[named]

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in PLAIN:
            return PLAIN[module, name]
        if module.startswith("matcher."):
            found = super().find_class(module, name)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum | str)):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not what is kept here")


def _written(part: Any, known: dict[tuple[str, str], str]) -> bytes:
    out = BytesIO()
    _Writer(out, known).dump(part)
    return out.getvalue()


def _read(body: bytes, sizes: Sequence[int], standing: Mapping[tuple[str, str], Record]) -> Iterator[Any]:
    start = 0
    for size in sizes:
        give_way()
        with suppress(_Changed):
            yield _Reader(BytesIO(body[start : start + size]), standing).load()
        start += size


def _whole(candidate: JointCandidate, find: Find) -> bool:
    return all(find("need", copy) for copy, _ in candidate.copies)


def _digest(record: Record) -> str:
    """Of everything that a record says."""
    return hashlib.blake2b(repr(record).encode(), digest_size=16).hexdigest()


def _made_with(versions: Mapping[str, str]) -> dict[str, Any]:
    return {"format": FORMAT, "versions": dict(versions), "shape": _shape()}


@cache
def _shape() -> str:
    """Of the fields of all that is kept: what another release wrote is not read as if it were of this one."""
    told = sorted(
        f"{value.__module__}.{value.__qualname__}({', '.join(field.name for field in fields(value))})"
        for name, module in list(sys.modules.items())
        if name.startswith(("matcher.joint", "matcher.label", "matcher.identity", "matcher.records"))
        for value in vars(module).values()
        if isinstance(value, type) and is_dataclass(value) and value.__module__ == name
    )
    return hashlib.blake2b("\n".join(told).encode(), digest_size=16).hexdigest()
