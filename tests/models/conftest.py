"""A carried model small enough to write in a test: one layer of sixty-four, some forty pieces."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from models import converter
from models.registry import ModelEntry, Source, file_sha256

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    *"abcdefghijklmnopqrstuvwxyz:",
    "▁a",
    "▁body",
    "▁net",
    "query",
]
HIDDEN, LAYERS, HEADS, FEED_FORWARD, POSITIONS, TYPES = 64, 1, 2, 128, 32, 2
VOCABULARY = len(PIECES) + 1


@dataclass
class TinyCarrier:
    """The bytes of a small carried file and the values that went into it."""

    data: bytes
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def q4(values: np.ndarray) -> bytes:
    """Float32 values to Q4_0 blocks, the plain way: one value after another."""
    out = b""
    for block in values.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7 or 1)
        halves = np.clip(np.round(block / np.float32(scale)) + 8, 0, 15).astype(int)
        out += scale.tobytes() + bytes(int(halves[i]) | int(halves[i + 16]) << 4 for i in range(16))
    return out


def tiny_carrier(seed: int = 0) -> TinyCarrier:
    """A carried file of a random network."""
    random = np.random.default_rng(seed)
    shapes = {
        "emb.word": VOCABULARY * HIDDEN,
        "emb.pos": POSITIONS * HIDDEN,
        "emb.type": TYPES * HIDDEN,
        "emb.ln.w": HIDDEN,
        "emb.ln.b": HIDDEN,
    }
    for name, (rows, columns) in {
        "q": (HIDDEN, HIDDEN),
        "k": (HIDDEN, HIDDEN),
        "v": (HIDDEN, HIDDEN),
        "ao": (HIDDEN, HIDDEN),
        "aln": (HIDDEN, 1),
        "fi": (FEED_FORWARD, HIDDEN),
        "fo": (HIDDEN, FEED_FORWARD),
        "oln": (HIDDEN, 1),
    }.items():
        shapes[f"l0.{name}.w"] = rows * columns
        shapes[f"l0.{name}.b"] = rows
    tensors = {name: random.normal(0, 0.3, size).astype(np.float32) for name, size in shapes.items()}
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, HEADS, FEED_FORWARD, VOCABULARY, POSITIONS, TYPES)
    head += struct.pack("<fi", 1e-12, 32)
    encoded = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, encoded)))
    head += offsets.tobytes() + np.linspace(-5, 0, len(PIECES)).astype("<f4").tobytes() + b"".join(encoded)
    table = struct.pack("<IBI", 9, 1, 32)
    head += struct.pack("<iI", 1, len(table)) + table
    blobs = {
        name: q4(values)
        if (name.endswith(".w") and "ln" not in name) or name == "emb.word"
        else values.tobytes()
        for name, values in tensors.items()
    }
    size_of_directory = 4 + sum(2 + len(name) + 21 for name in blobs)
    offset = len(head) + size_of_directory
    directory = struct.pack("<i", len(blobs))
    for name, blob in blobs.items():
        quantised = len(blob) != tensors[name].nbytes
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", quantised, len(tensors[name]), offset, len(blob))
        offset += len(blob)
    return TinyCarrier(head + directory + b"".join(blobs.values()), tensors)


@pytest.fixture
def tiny() -> TinyCarrier:
    """A small carried file."""
    return tiny_carrier()


@pytest.fixture
def tiny_entry(tiny: TinyCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """A registry entry whose carried file is the small one."""
    path = tmp_path / "tiny-q4.bin"
    path.write_bytes(tiny.data)
    located: Callable[[ModelEntry], Path] = lambda _: path  # noqa: E731 -- one line, typed
    monkeypatch.setattr(converter, "locate", located)
    return ModelEntry(
        id="tiny",
        revision="1",
        source=Source.CARRIED,
        licence="EUPL-1.2",
        dimension=HIDDEN,
        max_tokens=24,
        query_prefix="query: ",
        passage_prefix="a: ",
        carrier="tiny==1",
        carried_file="tiny-q4.bin",
        sha256=file_sha256(path),
    )
