"""One evaluation: several systems on the same queries, documents and judgements."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from random import Random
from typing import Any

from matcher.embed import Embedder, MemoryCache
from matcher.engine import Engine, Tuning
from matcher.evaluate.bias import LanguageBias, Ranked, by_language_pair, language_bias
from matcher.evaluate.clustering import GroupScores, compare
from matcher.evaluate.coverage import SupplierCoverage, supplier_coverage
from matcher.evaluate.ranking import MEASURES, RELEVANT, QueryScores, mean, score
from matcher.evaluate.reliability import Reliability, Shown, by_group, nothing_promised, reliability
from matcher.evaluate.significance import Interval, interval, randomisation
from matcher.fuse import FusionWeights
from matcher.records import Kind, Need, Record, Solution
from matcher.text.language import language_of

HYBRID = "hybrid, offset"
PLAIN = "dense, plain"
DENSE = "dense, offset"
FEW = 10
"""Languages with fewer queries are reported, and not held to any bar."""
DEPTH = 100
SHOWN = 10
"""Results a user sees of a query."""

Ranking = Callable[[Sequence[Record], Sequence[Record]], Iterator[tuple[str, list[str]]]]
"""Queries and documents to (query id, document ids best first)."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is measured, and on what."""

    queries: Sequence[Record] = ()
    documents: Sequence[Record] = ()
    qrels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    needs: Sequence[Need] = ()
    """Needs whose grouping is judged."""
    groups: Mapping[str, str] = field(default_factory=dict)
    families: Mapping[str, str] = field(default_factory=dict)
    """Query to theme or family; whole families are drawn for the intervals. Else each query is its own."""
    without_answer: frozenset[str] = frozenset()
    """Queries known to have no answer among the documents; they count for the levels, not for the ranking."""

    @property
    def judged(self) -> list[Record]:
        """The queries that have judgements."""
        return [q for q in self.queries if q.id in self.qrels]

    @property
    def unanswered(self) -> list[Record]:
        """The queries that no document answers: said to be so, or judged and nowhere relevant."""
        return [
            q
            for q in self.queries
            if q.id in self.without_answer
            or (q.id in self.qrels and max(self.qrels[q.id].values(), default=0) < RELEVANT)
        ]

    @property
    def unknown(self) -> tuple[int, int]:
        """How many judgements name a query, and how many a document, that is not there."""
        queries, documents = {q.id for q in self.queries}, {d.id for d in self.documents}
        pairs = [(query, document) for query, grades in self.qrels.items() for document in grades]
        return sum(q not in queries for q, _ in pairs), sum(d not in documents for _, d in pairs)


@dataclass(frozen=True, slots=True)
class System:
    """A way to rank, by its name in the tables."""

    name: str
    rank: Ranking


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of a trial; those without a system are of the engine as it is shipped."""

    model: str
    offset: str
    rankings: Mapping[str, Sequence[QueryScores]]
    """System to the scores of each query."""
    groupings: Mapping[str, GroupScores]
    families: Mapping[str, str]
    biases: Mapping[str, LanguageBias] = field(default_factory=dict)
    coverages: Mapping[str, SupplierCoverage] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    """(query language, document language) to number of queries and nDCG@10."""
    reliability: Reliability | None = None
    """Over the results shown for queries with an answer and without; None without a calibrator."""
    reliabilities: Mapping[str, Reliability] = field(default_factory=dict)
    """The same by group of languages."""
    unanswered: int = 0
    nothing_promised: float | None = None
    """Share of the unanswered queries that are shown nothing above "possible"."""
    unknown: tuple[int, int] = (0, 0)

    def difference(self, measure: str, system: str = HYBRID, over: str = PLAIN) -> Interval:
        """The paired difference of a measure between two systems, with its interval."""
        return interval(*self._paired(measure, system, over))

    def chance(self, measure: str, system: str = HYBRID, over: str = PLAIN) -> float:
        """Two-sided p of that difference by randomisation."""
        return randomisation(*self._paired(measure, system, over))

    def _paired(self, measure: str, system: str, over: str) -> tuple[list[float], list[str]]:
        pairs = list(zip(self.rankings[system], self.rankings[over], strict=True))
        return (
            [getattr(a, measure) - getattr(b, measure) for a, b in pairs],
            [self.families.get(a.query, a.query) for a, _ in pairs],
        )

    def languages(self, system: str = HYBRID) -> dict[str, tuple[int, dict[str, float]]]:
        """For each language of the queries, their number and the mean of each measure."""
        split: dict[str, list[QueryScores]] = {}
        for scores in self.rankings.get(system, ()):
            split.setdefault(scores.group, []).append(scores)
        return {language: (len(scores), mean(scores)) for language, scores in sorted(split.items())}

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        ranked = bool(self.rankings)
        return {
            "model": self.model,
            "offset": self.offset,
            "queries": len(next(iter(self.rankings.values()), ())),
            "judgements_of_unknown_queries": self.unknown[0],
            "judgements_of_unknown_documents": self.unknown[1],
            "systems": {system: mean(scores) for system, scores in self.rankings.items()},
            "hybrid_minus": {
                over: {
                    m: {**asdict(self.difference(m, over=over)), "p": self.chance(m, over=over)}
                    for m in MEASURES
                }
                for over in (PLAIN, DENSE)
                if ranked and over in self.rankings
            },
            "languages": {
                language: {"queries": n, **means} for language, (n, means) in self.languages().items()
            },
            "language_bias": {system: asdict(bias) for system, bias in self.biases.items()},
            "language_pairs": [
                {"query": one, "document": other, "queries": n, "ndcg_10": value}
                for (one, other), (n, value) in self.pairs.items()
            ],
            "coverage": {system: asdict(coverage) for system, coverage in self.coverages.items()},
            "reliability": None if self.reliability is None else asdict(self.reliability),
            "reliability_by_languages": {name: asdict(one) for name, one in self.reliabilities.items()},
            "queries_without_answer": self.unanswered,
            "of_these_shown_nothing_above_possible": self.nothing_promised,
            "groupings": {system: asdict(scores) for system, scores in self.groupings.items()},
        }


def engine_system(name: str, embedder: Embedder, tuning: Tuning) -> System:
    """The engine with one model and one tuning."""

    def rank(queries: Sequence[Record], documents: Sequence[Record]) -> Iterator[tuple[str, list[str]]]:
        engine = Engine(embedder, tuning)
        engine.add(documents)
        kind = documents[0].kind if documents else Kind.SOLUTION
        for query, ranked in engine.rank(queries, kind, DEPTH):
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
    lengths = [
        next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), 8)
        for a in one.cpv
        for b in other.cpv
    ]
    return max(lengths, default=0)


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


def run(
    trial: Trial,
    embedder: Embedder,
    tuning: Tuning,
    say: Callable[[str], None] | None = None,
    systems: Sequence[System] | None = None,
) -> Result:
    """Measure the engine beside other systems: by default random, CPV, and its own single legs.

    One of the systems must be called `HYBRID`: the engine as it is used.
    """
    tell = say or (lambda _: None)
    cached = Embedder(embedder.encoder, embedder.neutraliser, embedder.cache or MemoryCache())
    result = Result(embedder.encoder.identity.key, embedder.offset_key, {}, {}, trial.families)
    if trial.qrels:
        result = _ranking(trial, cached, tuning, systems or own_systems(cached, tuning), result, tell)
    if trial.groups:
        result = replace(result, groupings=_groupings(trial, cached, tuning, tell))
    return result


def _ranking(
    trial: Trial,
    embedder: Embedder,
    tuning: Tuning,
    systems: Sequence[System],
    result: Result,
    tell: Callable[[str], None],
) -> Result:
    judged = trial.judged
    asked = {query.id: language_of(query) or "?" for query in judged}
    languages = {document.id: language_of(document) or "?" for document in trial.documents}
    suppliers = {d.id: d.vendor if isinstance(d, Solution) else "" for d in trial.documents}
    rankings: dict[str, list[QueryScores]] = {}
    biases: dict[str, LanguageBias] = {}
    coverages: dict[str, SupplierCoverage] = {}
    pairs: dict[tuple[str, str], tuple[int, float]] = {}
    for system in systems:
        tell(f"Ranking: {system.name}")
        found = [Ranked(query, asked[query], ids) for query, ids in system.rank(judged, trial.documents)]
        rankings[system.name] = [
            score(item.query, item.language, item.documents, trial.qrels[item.query]) for item in found
        ]
        biases[system.name] = language_bias(found, trial.qrels, languages)
        coverages[system.name] = supplier_coverage([item.documents for item in found], suppliers)
        if system.name == HYBRID:
            pairs = by_language_pair(found, trial.qrels, languages)
    result = replace(
        result, rankings=rankings, biases=biases, coverages=coverages, pairs=pairs, unknown=trial.unknown
    )
    if tuning.calibrator is None or any(d.kind is not Kind.SOLUTION for d in trial.documents):
        return result
    tell("Reading probabilities")
    engine = Engine(embedder, tuning)
    engine.add(trial.documents)
    shown, _ = _shown(engine, trial, judged)
    _, unanswered = _shown(engine, trial, trial.unanswered)
    return replace(
        result,
        reliability=reliability(shown),
        reliabilities=by_group(shown),
        unanswered=len(unanswered),
        nothing_promised=nothing_promised(unanswered) if unanswered else None,
    )


def _shown(engine: Engine, trial: Trial, queries: Sequence[Record]) -> tuple[list[Shown], list[float]]:
    """What users see of some needs, and the best probability of each."""
    shown: list[Shown] = []
    best: list[float] = []
    for query in queries:
        if not isinstance(query, Need):
            continue
        grades = trial.qrels.get(query.id, {})
        items = engine.match(query, SHOWN).items
        language = language_of(query) or "?"
        shown += [
            Shown(language, item.probability or 0.0, grades.get(item.record.id, 0) >= RELEVANT)
            for item in items
        ]
        best.append(max((item.probability or 0.0 for item in items), default=0.0))
    return shown, best


def _groupings(
    trial: Trial, embedder: Embedder, tuning: Tuning, tell: Callable[[str], None]
) -> dict[str, GroupScores]:
    offers = [document for document in trial.documents if document.kind is Kind.SOLUTION]
    plain = Embedder(embedder.encoder, None, embedder.cache)
    ways: dict[str, tuple[Embedder, Sequence[Record]]] = {
        "average linkage, plain": (plain, ()),
        "average linkage, offset": (embedder, ()),
    }
    if offers:
        ways["the same, agreeing on solutions"] = (embedder, offers)
    groupings: dict[str, GroupScores] = {}
    for name, (own, beside) in ways.items():
        tell(f"Grouping: {name}")
        engine = Engine(own, tuning)
        engine.add([*trial.needs, *beside])
        groups = {need.id: members[0].id for members in engine.groups() for need in members}
        groupings[name] = compare(groups, trial.groups)
    return groupings
