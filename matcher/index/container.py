"""One file of several sections that is mapped rather than read, and tells when it is not whole.

    magic | section | section | ... | table as JSON | its length and checksum | magic

Every section is cut into blocks with a checksum each. Opening verifies the table, all sizes and what could
lead a search astray (row numbers, links); blocks of bare vectors, by far the most, wait for `check`.
"""

import json
import mmap
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from matcher.errors import SnapshotCorrupt, SnapshotIncompatible

MAGIC = b"NeedIdx1"
FORMAT = 1
BLOCK_BYTES = 1 << 22
ALIGNED = 64
_END = struct.Struct("<QI8s")
"""Length of the table, its checksum, the magic again."""
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Section:
    """Where a section lies, and what its blocks sum to."""

    offset: int
    size: int
    late: int
    """Bytes at its end that opening does not verify."""
    sums: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What stands at the end of the file."""

    format: int
    facts: dict[str, Any]
    sections: dict[str, Section]


@dataclass(frozen=True, slots=True)
class Part:
    """A section to be written: `put` hands its bytes on piece by piece."""

    put: Callable[[Callable[[Any], Any]], None]
    late: int = 0


_TABLE = TypeAdapter(Table)


def is_container(path: Path) -> bool:
    """Whether the file begins as one of these does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def write(path: Path, facts: Mapping[str, Any], parts: Mapping[str, Part]) -> None:
    """Write the file whole or not at all; one that is mapped from the same path stays readable."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    sections: dict[str, Section] = {}
    try:
        with unfinished.open("wb") as file:
            file.write(MAGIC)
            for name, part in parts.items():
                file.write(b"\0" * (-file.tell() % ALIGNED))
                offset = file.tell()
                sums = _Sums(file)
                part.put(sums.add)
                sections[name] = Section(offset, sums.size, min(part.late, sums.size), sums.done())
            table = json.dumps(asdict(Table(FORMAT, dict(facts), sections))).encode()
            file.write(table + _END.pack(len(table), zlib.crc32(table), MAGIC))
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


class Container:
    """A file of sections, mapped read-only.

    Raises `SnapshotCorrupt` when it is absent, truncated or altered where opening looks, and
    `SnapshotIncompatible` when a later version of needmatch wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._bytes: Bytes = np.frombuffer(
                    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype=np.uint8
                )
            self._table = self._read()
        except (OSError, ValueError, struct.error) as error:
            raise self._corrupt(str(error)) from error
        if self._table.format != FORMAT:
            raise SnapshotIncompatible(
                f"{path.name} is of format {self._table.format}, this needmatch reads {FORMAT}. "
                "Open it with the version that wrote it, or build it again."
            )
        for name, section in self._table.sections.items():
            self._verify(name, 0, -(-(section.size - section.late) // BLOCK_BYTES))

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the writer told of the content."""
        return self._table.facts

    def __contains__(self, name: object) -> bool:
        return name in self._table.sections

    def section(self, name: str) -> Bytes:
        """`uint8[n]`, read-only and mapped. Raises `SnapshotCorrupt` when there is none of the name."""
        try:
            section = self._table.sections[name]
        except KeyError:
            raise self._corrupt(f"it has no section {name!r}") from None
        return self._bytes[section.offset : section.offset + section.size]

    def check(self, progress: Callable[[int], None]) -> None:
        """Read every block and compare its checksum, telling how many bytes are done.

        Raises `SnapshotCorrupt`.
        """
        done = 0
        for name, section in self._table.sections.items():
            for number in range(len(section.sums)):
                self._verify(name, number, number + 1)
                progress(min(done + (number + 1) * BLOCK_BYTES, done + section.size))
            done += section.size

    def __len__(self) -> int:
        """Bytes of all sections."""
        return sum(section.size for section in self._table.sections.values())

    def _read(self) -> Table:
        held = self._bytes
        if held.size < len(MAGIC) + _END.size or held[: len(MAGIC)].tobytes() != MAGIC:
            raise ValueError("it does not begin as an index of needmatch does")
        length, checksum, magic = _END.unpack(held[-_END.size :].tobytes())
        if magic != MAGIC or length > held.size - _END.size - len(MAGIC):
            raise ValueError("its end is missing")
        end = held.size - _END.size
        content = held[end - length : end].tobytes()
        if zlib.crc32(content) != checksum:
            raise ValueError("its table is altered")
        table = _TABLE.validate_json(content)
        for name, section in table.sections.items():
            if not 0 <= section.offset <= section.offset + section.size <= end - length:
                raise ValueError(f"its section {name!r} lies outside the file")
            if len(section.sums) != -(-section.size // BLOCK_BYTES):
                raise ValueError(f"its section {name!r} has too few checksums")
        return table

    def _verify(self, name: str, first: int, end: int) -> None:
        held, sums = self.section(name), self._table.sections[name].sums
        for number in range(first, end):
            if zlib.crc32(held[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES].data) != sums[number]:
                raise self._corrupt(f"block {number} of its section {name!r} is altered")

    def _corrupt(self, reason: str) -> SnapshotCorrupt:
        return SnapshotCorrupt(
            f"{self.path.name} is no index that can be read ({reason}). Build the snapshot again."
        )


class _Sums:
    """Writes on, and sums up block by block what it writes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sums: list[int] = []
        self._sum = 0
        self.size = 0

    def add(self, piece: Any) -> int:
        held = memoryview(piece)
        if not held.nbytes:
            return 0
        content = held.cast("B")
        at = 0
        while at < len(content):
            room = BLOCK_BYTES - self.size % BLOCK_BYTES
            part = content[at : at + room]
            self._sum = zlib.crc32(part, self._sum)
            self._file.write(part)
            at += len(part)
            self.size += len(part)
            if self.size % BLOCK_BYTES == 0:
                self._sums.append(self._sum)
                self._sum = 0
        return len(content)

    def done(self) -> tuple[int, ...]:
        if self.size % BLOCK_BYTES:
            self._sums.append(self._sum)
        return tuple(self._sums)
