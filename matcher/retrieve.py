"""Both legs under one filter: the rows that may answer a query, each with its scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.branch import likeness
from matcher.collection import Collection
from matcher.embed import Embedder
from matcher.late import Parts
from matcher.protocols import Float32, Int64, Role
from matcher.records import Record
from matcher.rows import RowSet
from matcher.text.language import detect, language_of
from matcher.text.terms import Terms, terms

DEPTH = 100
"""Rows taken from each leg at least, before they are fused."""
SAMPLED = 16
"""Every so many-th score is looked at first, where there are very many."""


@dataclass(frozen=True, slots=True)
class Query:
    """A text that searches: a record, or what somebody typed."""

    text: str
    language: str | None
    vectors: Float32
    """`float32[p, d]`, one for each passage."""
    terms: Terms
    parts: Parts
    """What is compared one by one with the parts of a document, and quoted."""
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows with their scores; parallel arrays, in ascending order of row."""

    rows: Int64
    dense: Float32
    """Inner product of unit vectors, in [-1, 1]."""
    words: Float32
    """Share of the query's own BM25 score over stems and 4-grams, in [0, 1]."""
    codes: Float32
    """The same over standards, designations and acronyms."""
    same_language: NDArray[np.bool_]
    late: Float32
    """Score of late interaction, in [-1, 1]; zeros until `rerank` compared the parts."""
    branch: Float32
    """How near the CPV codes stand, in [0, 1]; NaN where either side has none."""


def ask(text: str, embedder: Embedder, language: str | None = None, role: Role = Role.QUERY) -> Query:
    """A query from free text; its language is detected unless given."""
    if language is None:
        found = detect(text)
        language = found.language if found else None
    return ask_many([text], [language], embedder, role)[0]


def ask_many(
    texts: Sequence[str],
    languages: Sequence[str | None],
    embedder: Embedder,
    role: Role = Role.QUERY,
    records: Sequence[Record | None] | None = None,
) -> list[Query]:
    """Queries from texts in known languages, embedded together."""
    embedded = embedder.embed(texts, languages, role)
    return [
        Query(
            text,
            e.language,
            e.passages,
            terms(text, e.language, named=record.standards if record else ()),
            e.parts,
            record,
        )
        for text, e, record in zip(texts, embedded, records or [None] * len(texts), strict=True)
    ]


def ask_records(records: Sequence[Record], embedder: Embedder, role: Role = Role.QUERY) -> list[Query]:
    """Queries from records."""
    return ask_many([r.text for r in records], [language_of(r) for r in records], embedder, role, records)


def retrieve(query: Query, collection: Collection, allowed: RowSet, k: int) -> Candidates:
    """At least `k` of the allowed rows, if there are so many: the best of each leg, scored by both."""
    depth = max(k, DEPTH)
    found, _ = collection.dense.search(query.vectors, depth, allowed)
    lexical = collection.lexical.score(query.terms)
    seen = allowed.contains(lexical.rows)
    rows, words, codes = lexical.rows, lexical.words, lexical.codes
    if not seen.all():
        rows, words, codes = rows[seen], words[seen], codes[seen]
    # Each on its own: a text that only names a rare standard must not lose to many common words.
    coded = np.flatnonzero(codes)
    best = np.union1d(_highest(words, depth), coded[_highest(codes[coded], depth)])
    union = np.union1d(found[found >= 0], rows[best])
    dense = collection.dense.score(query.vectors, union).mean(axis=0)
    at = np.searchsorted(rows, union)
    at[at == rows.size] = 0
    shared = rows[at] == union if rows.size else np.zeros(union.size, dtype=np.bool_)
    languages = collection.languages
    return Candidates(
        union,
        dense.astype(np.float32),
        _placed(shared, words[at[shared]]),
        _placed(shared, codes[at[shared]]),
        np.array([languages[row] == query.language for row in union.tolist()], dtype=np.bool_),
        np.zeros(union.size, dtype=np.float32),
        _branches(query, [collection.record(row).cpv for row in union.tolist()]),
    )


def _branches(query: Query, codes: Sequence[Sequence[str]]) -> Float32:
    own = query.record.cpv if query.record else ()
    near = [likeness(own, other) for other in codes]
    return np.array([np.nan if value is None else value for value in near], dtype=np.float32)


def _highest(scores: Float32, count: int) -> Int64:
    """Positions of the highest scores, best first, ties by position."""
    if scores.size <= count:
        return np.argsort(-scores, kind="stable")
    # Nearly every text shares a 4-gram with a query: sort those at the top only, and look for the top only
    # where a part of all says that it can be.
    if scores.size > SAMPLED * SAMPLED * count:
        part = scores[::SAMPLED]
        likely = np.flatnonzero(scores >= np.partition(part, -count)[-count])
        if likely.size <= scores.size // 2:
            best: Int64 = likely[_highest(scores[likely], count)]
            return best
    near = np.flatnonzero(scores >= np.partition(scores, -count)[-count])
    return near[np.argsort(-scores[near], kind="stable")][:count]


def _placed(shared: NDArray[np.bool_], values: Float32) -> Float32:
    scores = np.zeros(shared.size, dtype=np.float32)
    scores[shared] = values
    return scores
