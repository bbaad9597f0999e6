"""One evaluation: the engine and its single legs on the same queries, documents and judgements."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from matcher.embed import Embedder, MemoryCache
from matcher.engine import Engine, Tuning
from matcher.evaluate.clustering import GroupScores, compare
from matcher.evaluate.ranking import MEASURES, QueryScores, mean, score
from matcher.evaluate.significance import Interval, interval
from matcher.fuse import FusionWeights
from matcher.records import Kind, Need, Record
from matcher.text.language import language_of

HYBRID = "hybrid, offset"
PLAIN = "dense, plain"
FEW = 10
"""Languages with fewer queries are reported, and not held to any bar."""


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


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of a trial."""

    model: str
    offset: str
    rankings: Mapping[str, Sequence[QueryScores]]
    """System to the scores of each query."""
    groupings: Mapping[str, GroupScores]
    families: Mapping[str, str]

    def difference(self, measure: str, system: str = HYBRID, over: str = PLAIN) -> Interval:
        """The paired difference of a measure between two systems, with its interval."""
        pairs = list(zip(self.rankings[system], self.rankings[over], strict=True))
        return interval(
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
            "systems": {system: mean(scores) for system, scores in self.rankings.items()},
            "hybrid_minus_plain": {m: asdict(self.difference(m)) for m in MEASURES} if ranked else {},
            "languages": {
                language: {"queries": n, **means} for language, (n, means) in self.languages().items()
            },
            "groupings": {system: asdict(scores) for system, scores in self.groupings.items()},
        }


def run(trial: Trial, embedder: Embedder, tuning: Tuning, say: Callable[[str], None] | None = None) -> Result:
    """Measure the hybrid engine beside BM25 alone and the dense leg with and without the offset."""
    tell = say or (lambda _: None)
    cached = Embedder(embedder.encoder, embedder.neutraliser, embedder.cache or MemoryCache())
    plain = Embedder(cached.encoder, None, cached.cache)
    dense = replace(tuning, fusion=FusionWeights(0.0, 0.0, 0.0))
    systems = {
        "BM25": (cached, replace(tuning, fusion=FusionWeights(0.6, 0.6, 0.4))),
        PLAIN: (plain, dense),
        "dense, offset": (cached, dense),
        HYBRID: (cached, tuning),
    }
    rankings: dict[str, list[QueryScores]] = {}
    if trial.qrels:
        judged = [query for query in trial.queries if query.id in trial.qrels]
        for name, (own, weights) in systems.items():
            tell(f"Ranking: {name}")
            rankings[name] = _ranked(Engine(own, weights), trial, judged)
    groupings: dict[str, GroupScores] = {}
    if trial.groups:
        offers = [document for document in trial.documents if document.kind is Kind.SOLUTION]
        ways: dict[str, tuple[Embedder, Sequence[Record]]] = {
            "average linkage, plain": (plain, ()),
            "average linkage, offset": (cached, ()),
        }
        if offers:
            ways["the same, agreeing on solutions"] = (cached, offers)
        for name, (own, beside) in ways.items():
            tell(f"Grouping: {name}")
            engine = Engine(own, tuning)
            engine.add([*trial.needs, *beside])
            groups = {need.id: members[0].id for members in engine.groups() for need in members}
            groupings[name] = compare(groups, trial.groups)
    return Result(embedder.encoder.identity.key, embedder.offset_key, rankings, groupings, trial.families)


def _ranked(engine: Engine, trial: Trial, judged: Sequence[Record]) -> list[QueryScores]:
    engine.add(trial.documents)
    kind = trial.documents[0].kind if trial.documents else Kind.SOLUTION
    languages = {query.id: language_of(query) or "?" for query in judged}
    return [
        score(query, languages[query], [document for document, _ in ranked], trial.qrels[query])
        for query, ranked in engine.rank(judged, kind, 100)
    ]
