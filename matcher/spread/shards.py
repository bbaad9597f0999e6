"""Shards of a corpus: so many records beside each other, and what reading their texts comes to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matcher.embed import Embedded, Embedder, MemoryCache
from matcher.errors import SnapshotIncompatible
from matcher.late import Parts
from matcher.lexical import BUCKETS, LexicalIndex, TermStatistics
from matcher.protocols import Role
from matcher.records import Kind, Record
from matcher.spread.folder import Folder
from matcher.text.language import language_of
from matcher.text.terms import terms

SIZE = 1_024
"""Records of a shard, a multiple of what the model reads at once: cut so, its batches are those of a process
that reads all. A worker that dies loses so many texts of work, some seconds of it."""
LAYOUT = 1
"""How a shard is kept; another layout is another name, so that old ones are never misread."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Records of one kind that are read together."""

    kind: Kind
    records: tuple[Record, ...]

    def named(self, reader: str) -> str:
        """The name of what a reader makes of it: the same for the same texts, whatever else records say."""
        found = blake2b(f"{LAYOUT}\0{reader}".encode(), digest_size=20)
        for record in self.records:
            told = str(record.kind), record.text, record.language, record.standards
            found.update(repr(told).encode("utf-8", "surrogatepass"))
        return f"shard-{found.hexdigest()}"


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a shard comes to, record by record."""

    embedded: tuple[Embedded, ...]
    weights: sparse.csr_matrix
    """`float32[n, BUCKETS]`, as `LexicalIndex.weigh` gives it."""


class Reader:
    """Turns shards into vectors and weighed terms; a worker has one.

    Each shard is read by itself: what an embedder remembers from others would change its batches, and with
    them the last digits of vectors.
    """

    def __init__(self, embedder: Embedder, statistics: TermStatistics | None = None) -> None:
        self.embedder = embedder
        self._lexical = LexicalIndex(statistics)
        self.statistics = self._lexical.statistics
        told = blake2b(self.statistics.frequency.tobytes(), digest_size=8).hexdigest()
        known = f"{self.statistics.texts}/{self.statistics.mean_length}/{told}"
        self.key = f"{embedder.encoder.identity.key} {embedder.offset_key} {known}"
        """What decides what a text comes to; readers with the same key may share the work."""
        self.dimension = embedder.encoder.identity.dimension

    def read(self, shard: Shard) -> Read:
        """Vectors and terms of a shard's texts."""
        records = shard.records
        # as a cache rounds: the very vectors that an import makes
        embedder = Embedder(self.embedder.encoder, self.embedder.neutraliser, MemoryCache())
        languages = [language_of(record) for record in records]
        embedded = embedder.embed([record.text for record in records], languages, Role.PASSAGE)
        items = [
            terms(record.text, language, named=record.standards)
            for record, language in zip(records, languages, strict=True)
        ]
        return Read(tuple(embedded), self._lexical.weigh(items))


def cut(kind: Kind, records: Sequence[Record], size: int = SIZE) -> Iterator[Shard]:
    """Records in shards of `size`, the last one shorter."""
    for start in range(0, len(records), size):
        yield Shard(kind, tuple(records[start : start + size]))


@dataclass(frozen=True, slots=True)
class Task:
    """A shard to be read, and where what it comes to is kept."""

    folder: Folder
    reader: str
    """`Reader.key` of whoever gave the order."""
    shard: Shard


def do(reader: Reader, task: Task) -> str:
    """Read a shard and keep what it comes to; returns its name.

    Raises `SnapshotIncompatible` when this worker would read it otherwise than the others.
    """
    if reader.key != task.reader:
        raise SnapshotIncompatible(
            f"A worker reads texts with {reader.key!r}, whoever gave the order with {task.reader!r}. "
            "Give all machines the same needmatch, model and engine (NEEDMATCH_MODEL, NEEDMATCH_ENGINE)."
        )
    name = task.shard.named(reader.key)
    keep(task.folder, name, reader.read(task.shard))
    return name


def keep(folder: Folder, name: str, read: Read) -> None:
    """Write what a shard comes to."""
    own = read.embedded
    parts = [one.parts for one in own]
    spans = [span for held in parts for span in held.spans]
    folder.keep(
        name,
        {"languages": [one.language for one in own]},
        {
            "passages": _stacked([one.passages for one in own], np.float32),
            "passages.counts": _counts([len(one.passages) for one in own]),
            "spans": np.array(spans, dtype=np.int32).reshape(-1, 2),
            "spans.counts": _counts([len(held.spans) for held in parts]),
            "parts": _stacked([held.vectors for held in parts], np.int8),
            "parts.weights": _stacked([held.weights for held in parts], np.float32),
            "parts.owners": _stacked([held.owners for held in parts], np.int32),
            "parts.counts": _counts([len(held) for held in parts]),
            "terms": read.weights.data.astype(np.float32),
            "terms.columns": read.weights.indices.astype(np.int32),
            "terms.starts": read.weights.indptr.astype(np.int64),
        },
    )


def load(folder: Folder, name: str) -> Read:
    """What `keep` wrote; the large arrays stay in the file. Raises `SnapshotCorrupt`."""
    facts, held = folder.open(name)
    spans = list(map(tuple, held["spans"].tolist()))
    each = zip(
        facts["languages"],
        _ranges(held["passages.counts"]),
        _ranges(held["spans.counts"]),
        _ranges(held["parts.counts"]),
        strict=True,
    )
    embedded = tuple(
        Embedded(
            language,
            held["passages"][passages],
            Parts(
                tuple(spans[sentences]),
                held["parts"][own],
                held["parts.weights"][own],
                held["parts.owners"][own],
            ),
        )
        for language, passages, sentences, own in each
    )
    matrix = held["terms"], held["terms.columns"], held["terms.starts"]
    return Read(embedded, sparse.csr_matrix(matrix, shape=(len(embedded), BUCKETS)))


Open = Callable[[], Reader]
"""Opens the reader of a worker, in its own process."""


def _stacked(arrays: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, kind)


def _counts(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _ranges(counts: NDArray[np.int64]) -> list[slice]:
    return [slice(start, end) for start, end in pairwise([0, *np.cumsum(counts).tolist()])]
