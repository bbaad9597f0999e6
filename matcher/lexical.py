"""BM25 over stems, character 4-grams and verbatim codes, as sparse products.

Weights of terms are computed when a text is stored (the eager scheme of bm25s), so that a query
is one product of sparse matrices. Term statistics are fitted once, on texts that everybody who
searches may see, and stay as they are until fitted again: what is added later, or hidden, does
not move anybody's scores.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction import FeatureHasher

from matcher.errors import ModelCorrupt, SnapshotCorrupt
from matcher.protocols import Float32, Int64
from matcher.text.terms import Terms

BUCKETS = 2**20
K1 = 1.2
B = 0.75
GRAM_WEIGHT = 0.35
"""Of a 4-gram against a stem; a text has about six grams for each stem."""
DAMPING = (0.0, 24.0)
"""Added to what the query's words and codes could score: one code that agrees is less than a dozen.
Chosen on the tuning splits; 24 is the weight of about four rare codes."""
COMMON = 0.2
"""4-grams in more than this share of the texts are left out: long postings that tell nothing."""

LATE = 256
"""Rows that may stand apart from the rest, so that a write need not touch all postings; or `LATE_SHARE`."""
LATE_SHARE = 0.1

_hasher = FeatureHasher(n_features=BUCKETS, input_type="pair", alternate_sign=False, dtype=np.float32)


def _counts(items: Sequence[Terms]) -> sparse.csr_matrix:
    """Term counts `float32[n, BUCKETS]`; the fields live side by side under a prefix each."""
    return _hasher.transform(
        (
            (f"{prefix}:{term}", count)
            for prefix, counter in zip("sgc", (item.stems, item.grams, item.codes), strict=True)
            for term, count in counter.items()
        )
        for item in items
    ).tocsr()


def _fields(items: Sequence[Terms]) -> NDArray[np.float32]:
    """Length of each text in stems, the measure of its length for every field."""
    return np.array([max(1, item.stems.total()) for item in items], dtype=np.float32)


def _small(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in the narrowest type that holds them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """How common each term is, and how long a text is: all that BM25 knows of a collection."""

    texts: int = 0
    mean_length: float = 40.0
    """In stems."""
    frequency: NDArray[np.int32] = field(default_factory=lambda: np.zeros(BUCKETS, dtype=np.int32))
    """`int32[BUCKETS]`: in how many of the texts the term stands."""

    @classmethod
    def fit(cls, items: Sequence[Terms]) -> "TermStatistics":
        """Statistics of a set of texts."""
        if not items:
            return cls()
        counts = _counts(items)
        frequency = np.bincount(counts.indices, minlength=BUCKETS).astype(np.int32)
        return cls(len(items), float(_fields(items).mean()), frequency)

    def save(self, path: Path) -> None:
        """Write the statistics to one small file (npz): which terms stand how far apart, and how often."""
        known = np.flatnonzero(self.frequency)
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                texts=np.array(self.texts),
                mean_length=np.array(self.mean_length),
                steps=_small(np.diff(known, prepend=0)),
                frequency=_small(self.frequency[known]),
            )

    @classmethod
    def load(cls, content: bytes, name: str) -> "TermStatistics":
        """Read what `save` wrote. Raises `ModelCorrupt` when it cannot be read."""
        try:
            with np.load(BytesIO(content)) as stored:
                frequency = np.zeros(BUCKETS, dtype=np.int32)
                frequency[np.cumsum(stored["steps"], dtype=np.int64)] = stored["frequency"]
                return cls(int(stored["texts"]), float(stored["mean_length"]), frequency)
        except (OSError, EOFError, ValueError, LookupError, BadZipFile) as error:
            raise ModelCorrupt(
                f"The term statistics {name} cannot be read ({error}). Install needmatch again."
            ) from error

    def idf(self, columns: NDArray[np.int32]) -> NDArray[np.float32]:
        """`float32[n]`: ln(1 + (N - df + .5) / (df + .5)), never negative."""
        df = self.frequency[columns].astype(np.float32)
        total = np.float32(max(self.texts, 1))
        idf: NDArray[np.float32] = np.log1p((np.maximum(total - df, 0) + 0.5) / (df + 0.5), dtype=np.float32)
        return idf


@dataclass(frozen=True, slots=True)
class LexicalScores:
    """Rows with their scores, each a share of what a text with just the query's terms would score, damped.

    A share depends on no other text, so it means the same for every query and every collection.
    """

    rows: Int64
    """`int64[n]`."""
    words: Float32
    """`float32[n]` in [0, 1]: stems and 4-grams."""
    codes: Float32
    """`float32[n]` in [0, 1]: standards, CPV codes, designations, acronyms, to the letter."""

    @classmethod
    def nothing(cls) -> "LexicalScores":
        """No row at all."""
        empty = np.empty(0, dtype=np.float32)
        return cls(np.empty(0, dtype=np.int64), empty, empty)


class LexicalIndex:
    """BM25 scores of stored texts for a query, by row; rows can be replaced and deleted.

    >>> from matcher.text.terms import terms
    >>> index = LexicalIndex(TermStatistics.fit([terms("diving suit", "en"), terms("fire pump", "en")]))
    >>> index.upsert(np.array([0, 1]), [terms("diving suit", "en"), terms("fire pump", "en")])
    >>> found = index.score(terms("pumps for fires", "en"))
    >>> found.rows.tolist()
    [1]
    """

    def __init__(self, statistics: TermStatistics | None = None) -> None:
        self.statistics = statistics or TermStatistics()
        self._lock = threading.RLock()
        self._main = _Segment.nothing()
        self._late = _Segment.nothing()
        """What was stored since both were last made one."""
        self._fresh: list[tuple[Int64, sparse.csr_matrix]] = []

    def __len__(self) -> int:
        with self._lock:
            self._settle()
            return len(self._main) + len(self._late)

    def upsert(self, rows: Int64, items: Sequence[Terms]) -> None:
        """Store the terms of texts under row numbers, replacing what these rows held."""
        rows = np.asarray(rows, dtype=np.int64)
        if rows.size != len(items):
            raise ValueError(f"{rows.size} rows need as many texts, got {len(items)}")
        self.store(rows, self.weigh(items))

    def weigh(self, items: Sequence[Terms]) -> sparse.csr_matrix:
        """Eager BM25: idf x saturated term frequency, `float32[n, BUCKETS]`."""
        if not items:
            return sparse.csr_matrix((0, BUCKETS), dtype=np.float32)
        counts = _counts(items)
        lengths = _fields(items)
        norm = K1 * (1 - B + B * lengths / self.statistics.mean_length)
        per_row = np.repeat(norm, np.diff(counts.indptr))
        counts.data = self.statistics.idf(counts.indices) * counts.data * (K1 + 1) / (counts.data + per_row)
        return counts

    def store(self, rows: Int64, weights: sparse.csr_matrix) -> None:
        """Store what `weigh` gave under row numbers, replacing what these rows held."""
        if rows.size:
            with self._lock:
                self._fresh.append((rows, weights))

    def delete(self, rows: Int64) -> int:
        """Forget rows; unknown ones are ignored. Returns how many were stored."""
        with self._lock:
            self._settle()
            before = len(self)
            for part in (self._main, self._late):
                part.drop(rows)
            return before - len(self)

    def score(self, query: Terms) -> LexicalScores:
        """All rows that share a term with the query, ascending, each with its two scores."""
        columns, weights = self._query(query)
        if not columns.size:
            return LexicalScores.nothing()
        with self._lock:
            self._settle()
            found = [part.score(columns, weights) for part in (self._main, self._late)]
        rows = np.concatenate([rows for rows, _ in found])
        shares = np.concatenate([shares for _, shares in found], axis=1)
        # nearly every row shares a term with a query, and most often they are in order
        if np.any(rows[1:] < rows[:-1]):
            order = np.argsort(rows)
            rows, shares = rows[order], shares[:, order]
        return LexicalScores(rows, *shares)

    def save(self, path: Path) -> None:
        """Write the index and its statistics to one file (npz, not compressed)."""
        with self._lock:
            self._settle(whole=True)
            held = self._main
            known = np.flatnonzero(self.statistics.frequency).astype(np.int32)
            with path.open("wb") as file:
                np.savez(
                    file,
                    rows=held.rows,
                    data=held.weights.data.astype(np.float16),
                    indices=held.weights.indices.astype(np.int32),
                    indptr=held.weights.indptr.astype(np.int64),
                    texts=np.array([self.statistics.texts]),
                    mean_length=np.array([self.statistics.mean_length]),
                    terms=known,
                    frequency=self.statistics.frequency[known],
                )

    @classmethod
    def load(cls, path: Path) -> "LexicalIndex":
        """Read an index that `save` wrote. Raises `SnapshotCorrupt` when it cannot be read."""
        try:
            with path.open("rb") as file, np.load(file) as stored:
                frequency = np.zeros(BUCKETS, dtype=np.int32)
                frequency[stored["terms"]] = stored["frequency"]
                index = cls(
                    TermStatistics(int(stored["texts"][0]), float(stored["mean_length"][0]), frequency)
                )
                weights = (stored["data"].astype(np.float32), stored["indices"], stored["indptr"])
                rows = stored["rows"]
                index._main = _Segment(rows, sparse.csr_matrix(weights, shape=(rows.size, BUCKETS)))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise SnapshotCorrupt(
                f"{path.name} cannot be read ({error}). Build the snapshot again."
            ) from error
        return index

    def _query(self, query: Terms) -> tuple[NDArray[np.int32], Float32]:
        """Columns of the query's terms and `float32[n, 2]`, what each adds to words and to codes."""
        words = [(f"s:{term}", 1.0) for term in query.stems]
        grams = [(f"g:{term}", 1.0) for term in query.grams]
        codes = [(f"c:{term}", 1.0) for term in query.codes]
        hashed = _hasher.transform([words, grams, codes]).tocsr()
        columns = np.split(hashed.indices, hashed.indptr[1:-1])
        common = self.statistics.frequency[columns[1]] > COMMON * max(self.statistics.texts, 1)
        columns[1] = columns[1][~common]
        weights = [
            np.tile(np.array(pair, dtype=np.float32), (part.size, 1))
            for part, pair in zip(columns, ((1.0, 0.0), (GRAM_WEIGHT, 0.0), (0.0, 1.0)), strict=True)
        ]
        joined, stacked = np.concatenate(columns), np.concatenate(weights)
        ideal = (self.statistics.idf(joined)[:, None] * stacked).sum(axis=0)
        return joined, (stacked / np.maximum(ideal + DAMPING, 1e-9)).astype(np.float32)

    def _settle(self, *, whole: bool = False) -> None:
        """Take in what was added since the last search; if that is much, or if asked, make both one."""
        if self._fresh:
            self._late = _joined([self._late, *(_Segment(*fresh) for fresh in self._fresh)])
            self._main.drop(self._late.rows)
            self._fresh = []
        if whole or len(self._late) > max(LATE, LATE_SHARE * len(self._main)):
            self._main, self._late = _joined([self._main, self._late]), _Segment.nothing()


class _Segment:
    """Rows with their weights; dropped ones stay in the matrix until it is joined with another."""

    def __init__(self, rows: Int64, weights: sparse.csr_matrix) -> None:
        self.rows = rows
        self.weights = weights
        self.alive = np.ones(rows.size, dtype=np.bool_)
        self._postings: sparse.csc_matrix | None = None

    @classmethod
    def nothing(cls) -> "_Segment":
        return cls(np.empty(0, dtype=np.int64), sparse.csr_matrix((0, BUCKETS), dtype=np.float32))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.alive))

    def drop(self, rows: Int64) -> None:
        self.alive &= ~np.isin(self.rows, rows)

    def score(self, columns: NDArray[np.int32], weights: Float32) -> tuple[Int64, Float32]:
        """Rows that have any of the columns, and `float32[2, n]`, what they reach."""
        if not self.rows.size:
            return self.rows, np.empty((2, 0), dtype=np.float32)
        if self._postings is None:
            self._postings = self.weights.tocsc()
        # each by itself: a product with one vector is twice as fast as one with two
        words, codes = (
            self._postings[:, columns[own]] @ weights[own, side] for side, own in enumerate(weights.T != 0)
        )
        hit = np.flatnonzero(((words != 0) | (codes != 0)) & self.alive)
        return self.rows[hit], np.minimum([words[hit], codes[hit]], np.float32(1.0))


def _joined(parts: Sequence[_Segment]) -> _Segment:
    """What is alive of several segments as one; of a row that comes again the last."""
    held = [part for part in parts if part.rows.size]
    if not held:
        return _Segment.nothing()
    rows = np.concatenate([part.rows for part in held])
    alive = np.flatnonzero(np.concatenate([part.alive for part in held]))
    weights = sparse.vstack([part.weights for part in held], format="csr", dtype=np.float32)
    _, last = np.unique(rows[alive][::-1], return_index=True)
    keep = alive[np.sort(alive.size - 1 - last)]
    return _Segment(rows[keep], weights if keep.size == rows.size else weights[keep])
