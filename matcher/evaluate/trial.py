"""One evaluation: several systems on the same queries, documents and judgements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from matcher.embed import Embedder, MemoryCache
from matcher.engine import Engine, Tuning
from matcher.evaluate.bias import LanguageBias, Ranked, by_language_pair, language_bias
from matcher.evaluate.clustering import GroupScores, compare
from matcher.evaluate.coverage import SupplierCoverage, supplier_coverage
from matcher.evaluate.ranking import MEASURES, RELEVANT, QueryScores, mean, score
from matcher.evaluate.reliability import Reliability, Shown, by_group, nothing_promised, reliability
from matcher.evaluate.significance import Interval, interval, randomisation
from matcher.evaluate.systems import DENSE, HYBRID, PLAIN, System, own_systems
from matcher.explain import Match
from matcher.records import Kind, Need, Record, Solution
from matcher.text.language import language_of

FEW = 10
"""Languages with fewer queries are reported, and not held to any bar."""
SHOWN = 10
"""Results a user sees of a query."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the judgements name and the records do not hold; nothing is left out in silence."""

    queries: int = 0
    """Queries that are not there, and are left out."""
    judgements: int = 0
    """Judgements of these queries."""
    documents: int = 0
    """Documents that are not there: of queries that are, so that they count as not found."""
    judgements_of_documents: int = 0
    """Judgements that name these documents."""
    grouped: int = 0
    """Needs of the true grouping that are not there, and are left out."""


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
    def unknown(self) -> Unknown:
        """What the judgements and the grouping name and the records do not hold."""
        queries, documents = {q.id for q in self.queries}, {d.id for d in self.documents}
        needs = {need.id for need in self.needs}
        absent = [query for query in self.qrels if query not in queries]
        missing = [
            document
            for query, grades in self.qrels.items()
            for document in grades
            if query in queries and document not in documents
        ]
        return Unknown(
            len(absent),
            sum(len(self.qrels[query]) for query in absent),
            len(set(missing)),
            len(missing),
            sum(need not in needs for need in self.groups),
        )


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
    """Where the documents are solutions."""
    pairs: Mapping[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    """(query language, document language) to number of queries and nDCG@10."""
    reliability: Reliability | None = None
    """Over the results shown for queries with an answer and without; None without a calibrator."""
    reliabilities: Mapping[str, Reliability] = field(default_factory=dict)
    """The same by group of languages."""
    nowhere_relevant: int = 0
    """Ranked queries that no document answers: they count as 0, but for the nDCG of what is related."""
    unanswered: int = 0
    """Queries without an answer whose levels were looked at."""
    nothing_promised: float | None = None
    """Share of the unanswered queries that are shown nothing above "possible"."""
    bereft: int = 0
    """Queries with an answer that were looked at once more without their answers."""
    bereft_promised_nothing: float | None = None
    """Share of these that are then shown nothing above "possible"."""
    unknown: Unknown = field(default_factory=Unknown)

    def average(self, measure: str, system: str = HYBRID) -> Interval:
        """The mean of a measure over queries, with its interval."""
        scores = self.rankings[system]
        return interval([getattr(s, measure) for s in scores], self._families(scores))

    def difference(self, measure: str, system: str = HYBRID, over: str = PLAIN) -> Interval:
        """The paired difference of a measure between two systems, with its interval."""
        return interval(self._paired(measure, system, over), self._families(self.rankings[system]))

    def chance(self, measure: str, system: str = HYBRID, over: str = PLAIN) -> float:
        """Two-sided p of that difference by randomisation."""
        return randomisation(self._paired(measure, system, over), self._families(self.rankings[system]))

    def _paired(self, measure: str, system: str, over: str) -> list[float]:
        pairs = zip(self.rankings[system], self.rankings[over], strict=True)
        return [getattr(a, measure) - getattr(b, measure) for a, b in pairs]

    def _families(self, scores: Sequence[QueryScores]) -> list[str]:
        return [self.families.get(s.query, s.query) for s in scores]

    @property
    def asked(self) -> tuple[int, int]:
        """Number of ranked queries, and of the families they are of."""
        scores = next(iter(self.rankings.values()), ())
        return len(scores), len(set(self._families(scores)))

    def languages(self, system: str = HYBRID) -> dict[str, tuple[int, dict[str, float]]]:
        """For each language of the queries, their number and the mean of each measure."""
        split: dict[str, list[QueryScores]] = {}
        for scores in self.rankings.get(system, ()):
            split.setdefault(scores.group, []).append(scores)
        return {language: (len(scores), mean(scores)) for language, scores in sorted(split.items())}

    def gains(self, system: str, over: str) -> dict[str, dict[str, float]]:
        """The paired difference in every measure: mean, low, high, and p; plain values."""
        return {
            m: {**asdict(self.difference(m, system, over)), "p": self.chance(m, system, over)}
            for m in MEASURES
        }

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        known = HYBRID in self.rankings
        return {
            "model": self.model,
            "offset": self.offset,
            "queries": self.asked[0],
            "families": self.asked[1],
            "queries_nowhere_relevant": self.nowhere_relevant,
            "unknown": asdict(self.unknown),
            "systems": {system: mean(scores) for system, scores in self.rankings.items()},
            "ndcg_10_intervals": {
                system: asdict(self.average("ndcg_10", system)) for system in self.rankings
            },
            "hybrid_minus": {
                over: self.gains(HYBRID, over) for over in (PLAIN, DENSE) if known and over in self.rankings
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
            "queries_whose_answers_were_taken_away": self.bereft,
            "of_those_shown_nothing_above_possible": self.bereft_promised_nothing,
            "groupings": {system: asdict(scores) for system, scores in self.groupings.items()},
        }


def run(
    trial: Trial,
    embedder: Embedder,
    tuning: Tuning,
    say: Callable[[str], None] | None = None,
    systems: Sequence[System] | None = None,
) -> Result:
    """Measure the engine beside other systems: by default random, CPV, and its own single legs.

    The one called `HYBRID` is the engine as it is used: languages and language pairs are told of it alone.
    Raises `ValueError` for two systems of one name.
    """
    tell = say or (lambda _: None)
    cached = Embedder(embedder.encoder, embedder.neutraliser, embedder.cache or MemoryCache())
    result = Result(
        embedder.encoder.identity.key, embedder.offset_key, {}, {}, trial.families, unknown=trial.unknown
    )
    if trial.judged:
        chosen = own_systems(cached, tuning) if systems is None else systems
        result = _ranking(trial, chosen, result, tell)
    if tuning.calibrator is not None and all(d.kind is Kind.SOLUTION for d in trial.documents):
        result = _levels(trial, cached, tuning, result, tell)
    if trial.groups:
        result = replace(result, groupings=_groupings(trial, cached, tuning, tell))
    return result


def _ranking(trial: Trial, systems: Sequence[System], result: Result, tell: Callable[[str], None]) -> Result:
    judged = trial.judged
    asked = {query.id: language_of(query) or "" for query in judged}
    languages = {document.id: language_of(document) or "" for document in trial.documents}
    suppliers = {d.id: d.vendor_id or d.vendor for d in trial.documents if isinstance(d, Solution)}
    rankings: dict[str, list[QueryScores]] = {}
    biases: dict[str, LanguageBias] = {}
    coverages: dict[str, SupplierCoverage] = {}
    pairs: dict[tuple[str, str], tuple[int, float]] = {}
    for system in systems:
        if system.name in rankings:
            raise ValueError(f"Two systems are called {system.name!r}. Give each a name of its own.")
        tell(f"Ranking: {system.name}")
        found = [Ranked(query, asked[query], ids) for query, ids in system.rank(judged, trial.documents)]
        rankings[system.name] = [
            score(item.query, item.language or "?", item.documents, trial.qrels[item.query]) for item in found
        ]
        biases[system.name] = language_bias(found, trial.qrels, languages, trial.families)
        if len(suppliers) == len(languages):
            coverages[system.name] = supplier_coverage([item.documents for item in found], suppliers)
        if system.name == HYBRID:
            pairs = by_language_pair(found, trial.qrels, languages)
    hopeless = sum(max(trial.qrels[q.id].values(), default=0) < RELEVANT for q in judged)
    return replace(
        result,
        rankings=rankings,
        biases=biases,
        coverages=coverages,
        pairs=pairs,
        nowhere_relevant=hopeless,
    )


def _levels(
    trial: Trial, embedder: Embedder, tuning: Tuning, result: Result, tell: Callable[[str], None]
) -> Result:
    """What users see of each need that has an answer or is known to have none."""
    unanswered = {query.id for query in trial.unanswered}
    needs = [q for q in trial.queries if isinstance(q, Need) and (q.id in trial.qrels or q.id in unanswered)]
    if not needs:
        return result
    tell("Reading probabilities")
    engine = Engine(embedder, tuning)
    engine.add(trial.documents)
    shown: list[Shown] = []
    best: list[float] = []
    left: list[float] = []
    for need in needs:
        grades, language = trial.qrels.get(need.id, {}), language_of(need) or ""
        answers = {document for document, grade in grades.items() if grade >= RELEVANT}
        every = engine.match(need, SHOWN + len(answers)).items
        items = every[:SHOWN]
        shown += [
            Shown(language, item.probability or 0.0, grades.get(item.record.id, 0) >= RELEVANT)
            for item in items
        ]
        if need.id in unanswered:
            best.append(_highest(items))
        else:
            left.append(_highest([item for item in every if item.record.id not in answers][:SHOWN]))
    return replace(
        result,
        reliability=reliability(shown),
        reliabilities=by_group(shown),
        unanswered=len(best),
        nothing_promised=nothing_promised(best) if best else None,
        bereft=len(left),
        bereft_promised_nothing=nothing_promised(left) if left else None,
    )


def _highest(items: Iterable[Match]) -> float:
    return max((item.probability or 0.0 for item in items), default=0.0)


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
    truth = {need.id: trial.groups[need.id] for need in trial.needs if need.id in trial.groups}
    groupings: dict[str, GroupScores] = {}
    for name, (own, beside) in ways.items():
        tell(f"Grouping: {name}")
        engine = Engine(own, tuning)
        engine.add([*trial.needs, *beside])
        groups = {need.id: members[0].id for members in engine.groups() for need in members}
        groupings[name] = compare(groups, truth)
    return groupings
