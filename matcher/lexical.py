"""BM25 over stems, character 4-grams and verbatim codes, as sparse products.

Weights of terms are computed when a text is stored (the eager scheme of bm25s), so that a query
is one product of sparse matrices. Term statistics are fitted once, on texts that everybody who
searches may see, and stay as they are until fitted again: what is added later, or hidden, does
not move anybody's scores.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction import FeatureHasher

from matcher.errors import SnapshotCorrupt
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
        self._rows: Int64 = np.empty(0, dtype=np.int64)
        self._weights = sparse.csr_matrix((0, BUCKETS), dtype=np.float32)
        self._postings: sparse.csc_matrix | None = None
        self._fresh: list[tuple[Int64, sparse.csr_matrix]] = []

    def __len__(self) -> int:
        with self._lock:
            self._merge()
            return int(self._rows.size)

    def upsert(self, rows: Int64, items: Sequence[Terms]) -> None:
        """Store the terms of texts under row numbers, replacing what these rows held."""
        rows = np.asarray(rows, dtype=np.int64)
        if rows.size != len(items):
            raise ValueError(f"{rows.size} rows need as many texts, got {len(items)}")
        if rows.size:
            with self._lock:
                self._fresh.append((rows, self._weigh(items)))

    def delete(self, rows: Int64) -> int:
        """Forget rows; unknown ones are ignored. Returns how many were stored."""
        with self._lock:
            self._merge()
            keep = ~np.isin(self._rows, np.asarray(rows, dtype=np.int64))
            gone = int(keep.size - np.count_nonzero(keep))
            if gone:
                self._rows, self._weights, self._postings = self._rows[keep], self._weights[keep], None
            return gone

    def score(self, query: Terms) -> LexicalScores:
        """All rows that share a term with the query, each with its two scores."""
        columns, weights = self._query(query)
        with self._lock:
            self._merge()
            if not columns.size or not self._rows.size:
                return LexicalScores.nothing()
            if self._postings is None:
                self._postings = self._weights.tocsc()
            postings, rows = self._postings, self._rows
        totals: Float32 = postings[:, columns] @ weights
        hit = np.flatnonzero(totals.any(axis=1))
        shares = np.minimum(totals[hit], 1.0)
        return LexicalScores(rows[hit], shares[:, 0], shares[:, 1])

    def save(self, path: Path) -> None:
        """Write the index and its statistics to one file (npz, not compressed)."""
        with self._lock:
            self._merge()
            known = np.flatnonzero(self.statistics.frequency).astype(np.int32)
            with path.open("wb") as file:
                np.savez(
                    file,
                    rows=self._rows,
                    data=self._weights.data.astype(np.float16),
                    indices=self._weights.indices.astype(np.int32),
                    indptr=self._weights.indptr.astype(np.int64),
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
                index._rows = stored["rows"]
                index._weights = sparse.csr_matrix(
                    (stored["data"].astype(np.float32), stored["indices"], stored["indptr"]),
                    shape=(index._rows.size, BUCKETS),
                )
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise SnapshotCorrupt(
                f"{path.name} cannot be read ({error}). Build the snapshot again."
            ) from error
        return index

    def _weigh(self, items: Sequence[Terms]) -> sparse.csr_matrix:
        """Eager BM25: idf x saturated term frequency, `float32[n, BUCKETS]`."""
        counts = _counts(items)
        lengths = _fields(items)
        norm = K1 * (1 - B + B * lengths / self.statistics.mean_length)
        per_row = np.repeat(norm, np.diff(counts.indptr))
        counts.data = self.statistics.idf(counts.indices) * counts.data * (K1 + 1) / (counts.data + per_row)
        return counts

    def _query(self, query: Terms) -> tuple[NDArray[np.int32], Float32]:
        """Columns of the query's terms and `float32[n, 2]`, what each adds to words and to codes."""
        words = [(f"s:{term}", 1.0) for term in query.stems]
        grams = [(f"g:{term}", 1.0) for term in query.grams]
        codes = [(f"c:{term}", 1.0) for term in query.codes]
        columns = [_hasher.transform([field]).tocsr().indices for field in (words, grams, codes)]
        common = self.statistics.frequency[columns[1]] > COMMON * max(self.statistics.texts, 1)
        columns[1] = columns[1][~common]
        weights = [
            np.tile(np.array(pair, dtype=np.float32), (part.size, 1))
            for part, pair in zip(columns, ((1.0, 0.0), (GRAM_WEIGHT, 0.0), (0.0, 1.0)), strict=True)
        ]
        joined, stacked = np.concatenate(columns), np.concatenate(weights)
        ideal = (self.statistics.idf(joined)[:, None] * stacked).sum(axis=0)
        return joined, (stacked / np.maximum(ideal + DAMPING, 1e-9)).astype(np.float32)

    def _merge(self) -> None:
        """Put what was added since the last search into the one matrix, newest version of a row last."""
        if not self._fresh:
            return
        rows = np.concatenate([self._rows, *(rows for rows, _ in self._fresh)])
        weights = sparse.vstack([self._weights, *(w for _, w in self._fresh)], format="csr", dtype=np.float32)
        _, last = np.unique(rows[::-1], return_index=True)
        keep = np.sort(rows.size - 1 - last)
        self._rows = rows[keep]
        self._weights = weights if keep.size == rows.size else weights[keep]
        self._postings = None
        self._fresh = []
