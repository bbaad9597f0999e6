"""Ways to rank that stand beside each other: chance, codes, words, and the engine however tuned."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from matcher.branch import shared_digits
from matcher.embed import Embedder
from matcher.engine import Engine, Tuning
from matcher.fuse import FusionWeights
from matcher.records import Kind, Record

HYBRID = "hybrid, offset"
PLAIN = "dense, plain"
DENSE = "dense, offset"
DEPTH = 100

Ranking = Callable[[Sequence[Record], Sequence[Record]], Iterator[tuple[str, list[str]]]]
"""Queries and documents to (query id, document ids best first)."""


@dataclass(frozen=True, slots=True)
class System:
    """A way to rank, by its name in the tables."""

    name: str
    rank: Ranking


def engine_system(
    name: str, embedder: Embedder, tuning: Tuning, asked: Callable[[Record], Record] = lambda query: query
) -> System:
    """The engine with one model and one tuning; `asked` changes each query before it is read."""

    def rank(queries: Sequence[Record], documents: Sequence[Record]) -> Iterator[tuple[str, list[str]]]:
        engine = Engine(embedder, tuning)
        engine.add(documents)
        kind = documents[0].kind if documents else Kind.SOLUTION
        for query, ranked in engine.rank([asked(query) for query in queries], kind, DEPTH):
            yield query, [document for document, _ in ranked]

    return System(name, rank)


def random_system(seed: int = 7) -> System:
    """Documents in random order: what any figure must be read against."""

    def rank(queries: Sequence[Record], documents: Sequence[Record]) -> Iterator[tuple[str, list[str]]]:
        rng = Random(seed)
        for query in queries:
            yield query.id, [d.id for d in rng.sample(list(documents), min(DEPTH, len(documents)))]

    return System("random", rank)


def cpv_system(seed: int = 7) -> System:
    """Documents by the longest CPV prefix shared with the query, ties at random."""

    def rank(queries: Sequence[Record], documents: Sequence[Record]) -> Iterator[tuple[str, list[str]]]:
        rng = Random(seed)
        for query in queries:
            keyed = [(-_shared(query, document), rng.random(), document.id) for document in documents]
            yield query.id, [document for _, _, document in sorted(keyed)[:DEPTH]]

    return System("CPV only", rank)


def _shared(one: Record, other: Record) -> int:
    return max((shared_digits(a, b) for a in one.cpv for b in other.cpv), default=0)


def own_systems(embedder: Embedder, tuning: Tuning) -> list[System]:
    """The engine beside its own single legs."""
    plain = Embedder(embedder.encoder, None, embedder.cache)
    words = FusionWeights(0.6, 0.6, 0.4)
    dense = replace(tuning, fusion=FusionWeights(0.0, 0.0, 0.0))
    return [
        random_system(),
        cpv_system(),
        engine_system("BM25", embedder, replace(tuning, fusion=words)),
        engine_system(PLAIN, plain, dense),
        engine_system(DENSE, embedder, dense),
        engine_system(HYBRID, embedder, tuning),
    ]
