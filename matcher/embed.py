"""Passages to unit vectors: batched, cached on disk, freed of their language's offset."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.late import Parts, parts
from matcher.passages import Passage, Passages, cut
from matcher.protocols import Encoder, Float32, Neutraliser, Role

LAYOUT = 2
"""How cached vectors are laid out; another layout is another key, so that old entries are never misread."""
BATCH = 256
"""Passages a call of the model: enough for it to sort by length, few enough for a progress bar."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors of one text."""

    language: str | None
    passages: Float32
    """`float32[p, d]`, unit rows, language offset removed."""
    parts: Parts
    """What is compared one by one and quoted: pairs of tokens, or sentences for a model without these."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """What a model made of one passage."""

    pooled: Float32
    """`float32[d]`."""
    parts: Float32
    """`float32[u, e]`, unit rows."""
    weights: Float32
    """`float32[u]`."""
    owners: NDArray[np.int32]
    """`int32[u]`: which of the passage's sentences each part is of; -1 for a title that is repeated."""


class VectorCache(Protocol):
    """Keeps what a model computed, by key."""

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, None where there is none."""

    def put(self, items: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep values."""


class MemoryCache:
    """A vector cache in memory, for as long as one evaluation lasts."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, None where there is none."""
        return [self._kept.get(key) for key in keys]

    def put(self, items: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep values."""
        self._kept.update(items)


class SqliteCache:
    """A vector cache in one SQLite file, safe between processes; losing it costs time only.

    >>> cache = SqliteCache(Path(getfixture("tmp_path")) / "vectors.db")
    >>> cache.put([(b"k", b"v")])
    >>> cache.get([b"k", b"other"])
    [b'v', None]
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        with closing(self._connect()) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
            )
            connection.commit()

    def _connect(self) -> sqlite3.Connection:
        # One connection a call: the cache may be used from several threads.
        connection = sqlite3.connect(self._path, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, None where there is none."""
        with closing(self._connect()) as connection:
            rows = (
                connection.execute("SELECT value FROM vectors WHERE key = ?", (key,)).fetchone()
                for key in keys
            )
            return [row[0] if row else None for row in rows]

    def put(self, items: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep values."""
        with closing(self._connect()) as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", items)
            connection.commit()


class Embedder:
    """Turns texts into the vectors that the index and the explanation use.

    `neutraliser` removes the language offset, where the model has one; `cache` keeps the model's
    own output, so that another offset needs no new pass.
    """

    def __init__(
        self, encoder: Encoder, neutraliser: Neutraliser | None = None, cache: VectorCache | None = None
    ) -> None:
        self.encoder = encoder
        self.neutraliser = neutraliser
        self.cache = cache

    @property
    def offset_key(self) -> str:
        """Which language offset is taken away; empty for none."""
        return self.neutraliser.key if self.neutraliser else ""

    def embed(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None],
        role: Role,
        progress: Callable[[int], None] | None = None,
    ) -> list[Embedded]:
        """Vectors of texts, in their order; `progress` hears how many texts are done.

        The first line of a text is its title.
        """
        done: list[Embedded] = []
        for start in range(0, len(texts), BATCH):
            part = slice(start, start + BATCH)
            done.extend(self._batch(cut(texts[part], languages[part], self.encoder), role))
            if progress is not None:
                progress(len(done))
        return done

    def _batch(self, documents: Sequence[Passages], role: Role) -> list[Embedded]:
        passages = [passage for document in documents for passage in document.items]
        vectors = self._vectors(passages, role)
        done: list[Embedded] = []
        at = 0
        for document in documents:
            own = vectors[at : at + len(document.items)]
            at += len(document.items)
            pooled = np.stack([one.pooled for one in own])
            neutral = self._neutral(pooled, document.language, role)
            done.append(Embedded(document.language, neutral, self._parts(document, own, role)))
        return done

    def _parts(self, document: Passages, own: Sequence[Vectors], role: Role) -> Parts:
        """The parts of all passages, under the sentences of the whole text."""
        first = np.cumsum([0, *(len(passage.sources) for passage in document.items)])[:-1]
        owners = np.concatenate(
            [np.where(v.owners < 0, -1, v.owners + at) for v, at in zip(own, first, strict=True)]
        )
        kept = owners >= 0
        vectors = np.concatenate([one.parts for one in own])[kept]
        if not self.encoder.identity.late_dimension:
            vectors = self._neutral(vectors, document.language, role)
        sources = [source for passage in document.items for source in passage.sources]
        return parts(sources, vectors, np.concatenate([one.weights for one in own])[kept], owners[kept])

    def _neutral(self, vectors: Float32, language: str | None, role: Role) -> Float32:
        if self.neutraliser is None or not len(vectors):
            return vectors
        return self.neutraliser.neutral(vectors, [language] * len(vectors), role)

    def _vectors(self, passages: Sequence[Passage], role: Role) -> list[Vectors]:
        if self.cache is None:
            return list(self._encode(passages, role))
        keys = [self._key(passage, role) for passage in passages]
        found = self.cache.get(keys)
        missing = [i for i, value in enumerate(found) if value is None]
        packed = [_pack(vectors) for vectors in self._encode([passages[i] for i in missing], role)]
        fresh = dict(zip(missing, packed, strict=True))
        self.cache.put([(keys[i], value) for i, value in fresh.items()])
        # What is new is rounded as the cache rounds it: a second run gives the same vectors as the first.
        dimension = self.encoder.identity.dimension
        return [_unpack(fresh[i] if value is None else value, dimension) for i, value in enumerate(found)]

    def _encode(self, passages: Sequence[Passage], role: Role) -> Iterator[Vectors]:
        if not passages:
            return
        encoded = self.encoder.encode([p.text for p in passages], role, [p.spans for p in passages])
        for at, passage in enumerate(passages):
            if encoded.late:
                late = encoded.late[at]
                starts = np.array([start for start, _ in passage.spans], dtype=np.int64)
                owners = np.searchsorted(starts, late.starts, side="right") - 1
                yield Vectors(encoded.pooled[at], late.vectors, late.weights, owners.astype(np.int32))
            else:
                lengths = np.array([max(end - start, 1) for start, end in passage.spans], dtype=np.float32)
                owners = np.arange(lengths.size, dtype=np.int32)
                yield Vectors(encoded.pooled[at], encoded.spans[at], lengths, owners.astype(np.int32))

    def _key(self, passage: Passage, role: Role) -> bytes:
        identity = f"{LAYOUT}\0{self.encoder.identity.key}\0{role}\0{passage.spans}\0{passage.text}"
        return hashlib.blake2b(identity.encode(), digest_size=16).digest()


def _pack(vectors: Vectors) -> bytes:
    halves = [vectors.pooled, vectors.parts.ravel()]
    return b"".join(
        [
            np.array(vectors.parts.shape, dtype=np.int32).tobytes(),
            np.concatenate(halves).astype(np.float16).tobytes(),
            vectors.weights.astype(np.float32).tobytes(),
            vectors.owners.astype(np.int32).tobytes(),
        ]
    )


def _unpack(value: bytes, dimension: int) -> Vectors:
    count, size = np.frombuffer(value, dtype=np.int32, count=2).tolist()
    halves = np.frombuffer(value, dtype=np.float16, count=dimension + count * size, offset=8)
    at = 8 + 2 * halves.size
    weights = np.frombuffer(value, dtype=np.float32, count=count, offset=at)
    owners = np.frombuffer(value, dtype=np.int32, count=count, offset=at + 4 * count)
    held = halves.astype(np.float32)
    return Vectors(_unit(held[:dimension]), _unit(held[dimension:].reshape(count, size)), weights, owners)


def _unit(vectors: Float32) -> Float32:
    scaled: Float32 = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return scaled
