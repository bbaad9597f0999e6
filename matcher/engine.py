"""The whole flow, from records to matches and joint candidates: start reading here.

records -> collection (text -> passages -> vectors -> index; terms -> lexical index)
query   -> retrieve (both legs, one filter) -> rerank (by parts) -> fuse -> calibrate -> explain -> matches
needs   -> graph -> cluster -> joint -> candidates
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher import snapshot
from matcher.calibrate import BRANCH, FEATURES, features, level
from matcher.cluster import Grouping, groups
from matcher.collection import Collection
from matcher.embed import Embedder
from matcher.errors import RecordUnknown
from matcher.explain import Explanation, Match, compare, contributions, evidence, facts, missing, uncovered
from matcher.filters import Filter
from matcher.fuse import FusionWeights, fuse, order, shares
from matcher.graph import mutual_neighbours
from matcher.joint import JointCandidate, NotJoint, judge
from matcher.likeness import Likeness, solution_profiles
from matcher.protocols import Calibrator, Float32, Int64, Role
from matcher.records import Kind, Need, Record, Solution
from matcher.rerank import rerank
from matcher.retrieve import Candidates, Query, ask, ask_records, retrieve
from matcher.rows import RowSet
from matcher.text.terms import terms
from matcher.whynot import Behind, WhyNot, behind

QUERIES_AT_ONCE = 64
"""Queries embedded together by `rank`; its memory does not grow with their number."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was fitted for one model revision; without a calibrator no level is shown."""

    fusion: FusionWeights = field(default_factory=FusionWeights)
    grouping: Grouping = field(default_factory=Grouping)
    calibrator: Calibrator | None = None
    covered: float = 0.0
    """Coverage from which a sentence of a need counts as met; at 0 none is ever called unmet."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The results of one search, and what its filter hid."""

    query: Query
    items: tuple[Match, ...]
    hidden: Mapping[str, int]
    """For each condition of the filter, how many records the viewer may see it hides."""


class Engine:
    """Matches needs and solutions both ways, and finds needs that could be bought together.

    >>> from models import open_encoder
    >>> engine = Engine(Embedder(open_encoder("hashing")))
    >>> engine.add([Need(id="N", title="fire pump"), Solution(id="S", name="pump for fires")])
    >>> [match.record.id for match in engine.match("N").items]
    ['S']
    """

    def __init__(self, embedder: Embedder, tuning: Tuning | None = None) -> None:
        self.embedder = embedder
        self.tuning = tuning or Tuning()
        dimension = embedder.encoder.identity.dimension
        self.collections = {kind: Collection.empty(kind, dimension) for kind in Kind}

    @property
    def needs(self) -> Collection:
        """The needs that are loaded."""
        return self.collections[Kind.NEED]

    @property
    def solutions(self) -> Collection:
        """The solutions that are loaded."""
        return self.collections[Kind.SOLUTION]

    # -- what is loaded -----------------------------------------------------------------------

    def add(self, records: Iterable[Record], progress: Callable[[int], None] | None = None) -> None:
        """Add records, or replace those with the same id.

        Term statistics are fitted on what comes first of each kind, and stay (see `lexical`).
        """
        batch = list(records)
        done = 0

        def count(here: int) -> None:
            if progress is not None:
                progress(done + here)

        for kind, collection in self.collections.items():
            own = [record for record in batch if record.kind is kind]
            if own:
                collection.upsert(own, self.embedder, fit_statistics=not len(collection), progress=count)
                done += len(own)

    def remove(self, kind: Kind, record_ids: Iterable[str]) -> int:
        """Forget records; raises `RecordUnknown` before any is forgotten."""
        return self.collections[kind].delete(record_ids)

    # -- the three searches -------------------------------------------------------------------

    def match(self, need: Need | str, k: int = 10, where: Filter | None = None) -> Matches:
        """The solutions that answer a need best, for a need or the id of one."""
        return self._search(self._query(Kind.NEED, need), self.solutions, k, where or Filter())

    def demand(
        self, offer: Solution | str, k: int = 10, where: Filter | None = None, language: str | None = None
    ) -> Matches:
        """The needs that a solution, the id of one, or free text would answer."""
        if isinstance(offer, str) and offer not in self.solutions:
            query = ask(offer, self.embedder, language)
        else:
            query = self._query(Kind.SOLUTION, offer)
        return self._search(query, self.needs, k, where or Filter())

    def similar(self, need: Need | str, k: int = 10, where: Filter | None = None) -> Matches:
        """The needs nearest to a need, never itself; in order, without a level (see `candidates`)."""
        query = self._query(Kind.NEED, need)
        own = query.record.id if query.record else ""
        return self._search(query, self.needs, k, where or Filter(), without=own)

    def why_not(
        self, query: Record | str, record: Record | str, k: int = 10, where: Filter | None = None
    ) -> WhyNot:
        """Where a record stands for a need or an offer (a record or its id), and what holds it back.

        The other kind is searched: a solution's place for a need, a need's place for a solution. Raises
        `RecordUnknown` for a record that is not loaded, or that the viewer may not see.
        """
        asked = self._asked(query)
        searched = Kind.NEED if asked.record and asked.record.kind is Kind.SOLUTION else Kind.SOLUTION
        collection = self.collections[searched]
        wanted = where or Filter()
        own = collection.row(record if isinstance(record, str) else record.id)
        target = collection.record(own)
        if not wanted.sees(target):
            raise RecordUnknown(searched, target.id)
        selection = collection.select(wanted)
        allowed = selection.allowed.including([own])
        found = self._found(asked, collection, allowed, collection.size)
        scores = fuse(found, self.tuning.fusion)
        best = order(found.rows, scores, [collection.record(row).id for row in found.rows.tolist()])
        places = np.flatnonzero(found.rows[best] == own)
        rank = int(places[0]) + 1 if places.size else None
        shown = [i for i in best.tolist() if found.rows[i] != own][:k]
        lost: tuple[Behind, ...] = ()
        if places.size and shown and (rank or 0) > k:
            at, values = int(best[places[0]]), features(found)
            weights = shares(self.tuning.fusion, bool(found.same_language[at]))
            lost = behind(values[at], values[shown[-1]], weights, _unstated(found, at))
        language = collection.languages[own]
        own_terms = terms(target.text, language, grams=False, named=target.standards)
        _, gaps = facts(asked, target, asked.terms, own_terms)
        compared = compare(asked, collection.parts[own])
        unmet = uncovered(compared, asked, target, language, self.tuning.covered)
        return WhyNot(
            target,
            wanted.why_not(target),
            rank,
            len(shown),
            lost,
            tuple(gaps),
            tuple(item.quote.text for item in unmet),
        )

    def rank(
        self, queries: Iterable[Record], documents: Kind, k: int = 100
    ) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        """For each query the best `k` documents as (id, score), best first, ties by id.

        No filter and no level cuts the list: `k` of them, if there are so many.
        """
        collection = self.collections[documents]
        everything = collection.select(Filter()).allowed
        stream = iter(queries)
        while batch := list(islice(stream, QUERIES_AT_ONCE)):
            for query in ask_records(batch, self.embedder):
                found = self._found(query, collection, everything, k)
                scores = fuse(found, self.tuning.fusion)
                ids = [collection.record(row).id for row in found.rows.tolist()]
                best = order(found.rows, scores, ids)[:k]
                yield query.record.id if query.record else "", [(ids[i], float(scores[i])) for i in best]

    # -- buying together ----------------------------------------------------------------------

    def groups(self, where: Filter | None = None) -> list[list[Need]]:
        """Needs that ask for the same; a need without partners is a group of one."""
        return [needs for needs, _ in self._groups(where or Filter())]

    def candidates(self, where: Filter | None = None) -> tuple[list[JointCandidate], list[NotJoint]]:
        """Groups that could be bought together across borders, best first, and those that could not."""
        found = [(needs, alike) for needs, alike in self._groups(where or Filter()) if len(needs) > 1]
        judged = [judge(needs, alike) for needs, alike in found]
        joint = [item for item in judged if isinstance(item, JointCandidate)]
        joint.sort(key=lambda item: (-item.cohesion, item.medoid.id))
        return joint, [item for item in judged if isinstance(item, NotJoint)]

    def _groups(self, where: Filter) -> list[tuple[list[Need], NDArray[np.float64]]]:
        """Each group with the likeness of its pairs."""
        rows = np.array(list(self.needs.select(where).allowed), dtype=np.int64)
        if not rows.size:
            return []
        thresholds = self.tuning.grouping
        vectors = self.needs.centroids(rows)
        offset = self.embedder.neutraliser
        if offset is not None and thresholds.strength is not None:
            spoken = [self.needs.languages[row] for row in rows.tolist()]
            vectors = offset.renewed(vectors, spoken, Role.PASSAGE, thresholds.strength)
        graph = mutual_neighbours(self.needs.dense, rows, vectors, thresholds.edge)
        offers = self.solutions.select(Filter(open_to=where.open_to)).allowed
        if len(offers):
            profiles = solution_profiles(vectors, self.solutions.dense, offers)
            likeness = Likeness(vectors, profiles, thresholds.agreement)
        else:
            likeness = Likeness(vectors)
        found = groups(graph, likeness, thresholds.linkage_agreeing if len(offers) else thresholds.linkage)
        return [
            (
                [need for row in group.tolist() if isinstance(need := self.needs.record(row), Need)],
                likeness.of(np.searchsorted(rows, group)),
            )
            for group in found
        ]

    # -- on disk ------------------------------------------------------------------------------

    def save(self, path: Path) -> snapshot.Manifest:
        """Write everything loaded into a snapshot, whole or not at all."""
        return snapshot.save(path, self.collections, self.embedder.encoder.identity, self.embedder.offset_key)

    @classmethod
    def load(cls, path: Path, embedder: Embedder, tuning: Tuning | None = None) -> "Engine":
        """The engine that `save` wrote, with the same model."""
        engine = cls(embedder, tuning)
        engine.collections |= snapshot.load(path, embedder.encoder.identity, embedder.offset_key)
        return engine

    # -- inside -------------------------------------------------------------------------------

    def _asked(self, query: Record | str) -> Query:
        if not isinstance(query, str):
            return self._query(query.kind, query)
        kind = Kind.SOLUTION if query in self.solutions and query not in self.needs else Kind.NEED
        return self._query(kind, query)

    def _query(self, kind: Kind, given: Record | str) -> Query:
        if not isinstance(given, str):
            return ask_records([given], self.embedder)[0]
        collection = self.collections[kind]
        return ask_records([collection.record(collection.row(given))], self.embedder)[0]

    def _found(self, query: Query, collection: Collection, allowed: RowSet, k: int) -> Candidates:
        return rerank(query, retrieve(query, collection, allowed, k), collection, self.tuning.fusion)

    def _search(
        self, query: Query, collection: Collection, k: int, where: Filter, without: str = ""
    ) -> Matches:
        selection = collection.select(where)
        allowed = selection.allowed
        if without in collection:
            allowed = allowed.without([collection.row(without)])
        found = self._found(query, collection, allowed, k)
        scores = fuse(found, self.tuning.fusion)
        best = order(found.rows, scores, [collection.record(row).id for row in found.rows.tolist()])[:k]
        items = tuple(self._explained(query, collection, found, scores, best))
        return Matches(query, items, selection.hidden)

    def _explained(
        self, query: Query, collection: Collection, found: Candidates, scores: Float32, best: Int64
    ) -> Iterator[Match]:
        values = features(found)[best]
        # Fitted on needs with solutions: of two needs it would say "answers", which is not the question.
        asks = query.record.kind if query.record else None
        calibrator = None if asks is collection.kind else self.tuning.calibrator
        chances = None if calibrator is None else calibrator.probability(values)
        logits = None if calibrator is None else calibrator.contributions(values)
        for place, i in enumerate(best.tolist()):
            row = int(found.rows[i])
            record, language = collection.record(row), collection.languages[row]
            reasons, gaps = facts(
                query, record, query.terms, terms(record.text, language, grams=False, named=record.standards)
            )
            compared = compare(query, collection.parts[row])
            chance = None if chances is None else float(chances[place])
            yield Match(
                rank=place + 1,
                record=record,
                score=float(scores[i]),
                probability=chance,
                level=None if chance is None else level(chance),
                explanation=Explanation(
                    contributions(
                        values[place], None if logits is None else logits[place], _unstated(found, i)
                    ),
                    tuple(reasons),
                    tuple(gaps),
                    evidence(compared, query, record, language),
                    uncovered(compared, query, record, language, self.tuning.covered),
                    missing(query, record),
                ),
            )


def _unstated(found: Candidates, at: int) -> tuple[str, ...]:
    """The features of a candidate that the two records leave open."""
    return (FEATURES[BRANCH],) if np.isnan(found.branch[at]) else ()
