"""The whole flow, from records to matches and joint candidates: start reading here.

records -> collection (text -> passages -> vectors -> index; terms -> lexical index)
query   -> retrieve (both legs, one filter) -> rerank (by parts) -> fuse -> calibrate -> explain -> matches
needs   -> graph -> cluster -> joint -> candidates
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from matcher.asking import Asking
from matcher.calibrate import features, level
from matcher.collection import Collection, Shelf
from matcher.cooperation import Cooperation
from matcher.cycle import CandidateState, Changes, Cycle, diff
from matcher.embed import Embedder
from matcher.errors import RecordUnknown, SettingInvalid
from matcher.explain import Match, compare, contributions, explained, facts, uncovered, unstated
from matcher.filters import Filter
from matcher.fits import FITS, Fits
from matcher.fuse import fuse, order, shares
from matcher.identity import Cluster, Identities
from matcher.joint import WEIGHTS, JointCandidate, NotJoint, WhatIf, what_if
from matcher.late import one_thread
from matcher.lexical import TermStatistics
from matcher.protocols import Float32, Int64
from matcher.records import Kind, Need, Record, Solution
from matcher.rerank import rerank
from matcher.retrieve import Candidates, Query, ask, ask_records, retrieve
from matcher.review import Edit
from matcher.rows import RowSet
from matcher.snapshot import Manifest, read, write
from matcher.tuning import Tuning as Tuning  # part of the engine's face, as the next
from matcher.tuning import Vocabulary as Vocabulary
from matcher.whynot import Behind, WhyNot, behind

if TYPE_CHECKING:
    from pandas import DataFrame

    from matcher.market.market import Market

FITTED = 100
"""Solutions compared with each need of a market."""
QUERIES_AT_ONCE = 64
"""Queries embedded together by `rank`; its memory does not grow with their number."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The results of one search, and what its filter hid."""

    query: Query
    items: tuple[Match, ...]
    hidden: Mapping[str, int]
    """For each condition of the filter, how many records the viewer may see it hides."""


class Engine:
    """Matches needs and solutions both ways, and finds needs that could be bought together.

    Many threads may ask while one adds and removes: each answer is of one state of what is loaded. With
    `statistics` words weigh as these say, and nothing is learnt from what is loaded; on `shelves`
    vectors are kept elsewhere.

    >>> from models import open_encoder
    >>> engine = Engine(Embedder(open_encoder("hashing")))
    >>> engine.add([Need(id="N", title="fire pump"), Solution(id="S", name="pump for fires")])
    >>> [match.record.id for match in engine.match("N").items]
    ['S']
    """

    def __init__(
        self,
        embedder: Embedder,
        tuning: Tuning | None = None,
        vocabulary: Vocabulary | None = None,
        statistics: TermStatistics | None = None,
        shelves: Mapping[Kind, Shelf] | None = None,
    ) -> None:
        self.embedder = embedder
        self.tuning = tuning or Tuning()
        self.vocabulary = vocabulary or Vocabulary()
        dimension = embedder.encoder.identity.dimension
        kept = shelves or {}
        self.collections = {k: Collection.empty(k, dimension, statistics, kept.get(k)) for k in Kind}
        self._learns = statistics is None
        self._asking = Asking(self.collections, embedder, lambda: self.tuning.symmetric)
        self._fits = Fits(self._asking, self.collections, self._nearest)
        self.cooperation = Cooperation(
            lambda: self.needs, lambda: self.solutions, embedder, self.vocabulary.called
        )

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

        Unless they were given, term statistics are fitted on what comes first of each kind, and stay (see
        `lexical`).
        """
        batch = list(records)
        done = 0

        def count(here: int) -> None:
            if progress is not None:
                progress(done + here)

        for kind, collection in self.collections.items():
            own = [record for record in batch if record.kind is kind]
            if own:
                fit = self._learns and not len(collection)
                collection.upsert(own, self.embedder, fit_statistics=fit, progress=count)
                done += len(own)

    def remove(self, kind: Kind, record_ids: Iterable[str]) -> int:
        """Forget records; raises `RecordUnknown` before any is forgotten."""
        return self.collections[kind].delete(record_ids)

    # -- the three searches -------------------------------------------------------------------

    def query(self, asked: Record | str, language: str | None = None) -> Query:
        """What can be asked of this engine, or of several with the same model: a record, or free text."""
        return ask(asked, self.embedder, language) if isinstance(asked, str) else self._asking.of(asked)

    def match(self, need: Need | str | Query, k: int = 10, where: Filter | None = None) -> Matches:
        """The solutions that answer a need best, for a need or the id of one."""
        return self._search(self._query(Kind.NEED, need), self.solutions, k, where or Filter())

    def demand(
        self,
        offer: Solution | str | Query,
        k: int = 10,
        where: Filter | None = None,
        language: str | None = None,
    ) -> Matches:
        """The needs that a solution, the id of one, or free text would answer."""
        if isinstance(offer, str) and offer not in self.solutions:
            query = ask(offer, self.embedder, language)
        else:
            query = self._query(Kind.SOLUTION, offer)
        return self._search(query, self.needs, k, where or Filter())

    def similar(self, need: Need | str | Query, k: int = 10, where: Filter | None = None) -> Matches:
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
        with self.collections[searched].reading():
            return self._behind(asked, searched, record, k, where or Filter())

    def _behind(self, asked: Query, searched: Kind, record: Record | str, k: int, wanted: Filter) -> WhyNot:
        collection = self.collections[searched]
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
            lost = behind(values[at], values[shown[-1]], weights, unstated(found, at))
        language = collection.languages[own]
        _, gaps = facts(asked, target, asked.terms, self._asking.named(collection, own))
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
                with collection.reading():
                    found = self._found(query, collection, everything, k)
                    ids = [collection.record(row).id for row in found.rows.tolist()]
                scores = fuse(found, self.tuning.fusion)
                best = order(found.rows, scores, ids)[:k]
                yield query.record.id if query.record else "", [(ids[i], float(scores[i])) for i in best]

    # -- buying together ----------------------------------------------------------------------

    def groups(self, where: Filter | None = None) -> list[list[Need]]:
        """Needs that ask for the same; a need without partners is a group of one."""
        return self.cooperation.groups(where or Filter(), self.tuning.grouping)

    def clusters(self, where: Filter | None = None, *, day: date | None = None) -> list[Cluster]:
        """The same groups under ids that last from run to run, singles included."""
        return self.cooperation.clusters(where or Filter(), self.tuning.grouping, day or date.today())

    def identities(self, where: Filter | None = None, *, day: date | None = None) -> Identities:
        """The ids of an audience's groups with their history, brought up to date."""
        return self.cooperation.followed(where or Filter(), self.tuning.grouping, day or date.today())

    def resume(self, identities: Identities, where: Filter | None = None) -> None:
        """Go on from ids that were kept elsewhere, so that several processes share one history."""
        self.cooperation.resume(identities, where or Filter())

    def candidates(self, where: Filter | None = None, *, day: date | None = None) -> list[JointCandidate]:
        """Groups that could buy together: across borders first, best first; `day` is today unless said."""
        return self._judged(where, day)[0]

    def candidate(self, id: str, where: Filter | None = None, *, day: date | None = None) -> JointCandidate:
        """The candidate under the id of a cluster, without judging the others.

        Raises `ClusterUnknown` where the audience has none under it.
        """
        tuning = self.tuning
        return self.cooperation.candidate(
            id, where or Filter(), tuning.grouping, tuning.duplicates, day or date.today()
        )

    def not_joint(self, where: Filter | None = None, *, day: date | None = None) -> list[NotJoint]:
        """Groups of which fewer than two needs are left that could be bought together, and why."""
        return self._judged(where, day)[1]

    def likeness(self, need_ids: Sequence[str], where: Filter | None = None) -> NDArray[np.float64]:
        """`float64[n, n]`: the probability that each pair of needs asks for the same, in the order given."""
        return self.cooperation.likeness(where or Filter(), self.tuning.grouping, need_ids)

    def what_if(
        self,
        candidate: JointCandidate,
        *,
        drop: Sequence[str] = (),
        add: str | Need | None = None,
        move: Mapping[str, tuple[date | None, date | None]] | None = None,
        state: Mapping[str, Mapping[str, Any]] | None = None,
        where: Filter | None = None,
    ) -> WhatIf:
        """A candidate without some members, with another need, with windows moved or fields stated.

        The need that is added is loaded and admitted, or given itself; then it is not kept.
        """
        addition = None
        if isinstance(add, Need):
            ids = [member.id for member in candidate.members]
            wanted = where or Filter()
            addition = add, self.cooperation.likeness_to(add, wanted, self.tuning.grouping, ids)
        elif add is not None:
            need = self.needs.record(self.needs.row(add))
            ids = [member.id for member in candidate.members]
            alike = self.likeness([*ids, add], where)
            assert isinstance(need, Need)
            addition = need, alike[-1, :-1]
        return what_if(candidate, drop=drop, add=addition, move=move, state=state)

    def named(self, candidate: JointCandidate, where: Filter | None = None) -> JointCandidate:
        """The candidate with the phrases that set it apart from all other needs, by language."""
        return self.cooperation.named(candidate, where or Filter())

    def edit(self, edit: Edit) -> None:
        """Take an analyst's change of the groups into account, from now on. Raises `ReviewConflict`."""
        self.cooperation.edit(edit)

    # -- the whole, seen from above -----------------------------------------------------------

    def market(self, where: Filter | None = None, *, day: date | None = None) -> "Market":
        """Needs, solutions and how well they fit, for the analyses of `matcher.market`."""
        from matcher.market.market import Market

        wanted = where or Filter()
        day = day or date.today()
        self.clusters(wanted, day=day)  # what takes long is done before the records are held still
        with self.cooperation.steady():
            offers = self.solutions.select(wanted.sight).allowed
            needs = [need for group in self.groups(wanted) for need in group]
            solutions = [s for row in offers if isinstance(s := self.solutions.record(row), Solution)]
            clusters = self.clusters(wanted, day=day)
            links = self.cooperation.links(wanted, self.tuning.grouping)
        fit = csr_array((len(needs), len(solutions)), dtype=np.float32)
        if self.tuning.calibrator is not None:
            fit = self._fits.of(needs, solutions, offers)
        areas, functions = self.vocabulary.area, self.vocabulary.function
        return Market(
            needs=needs,
            solutions=solutions,
            fit=fit,
            day=day,
            clusters={cluster.id: cluster.members for cluster in clusters},
            areas={need.id: found for need in needs if (found := areas(need.cpv))},
            functions={need.id: found for need in needs if (found := functions(need.cpv))},
            versions=self.versions,
            links=links,
        )

    def to_frame(
        self, kind: Kind | str = "candidates", where: Filter | None = None, *, day: date | None = None
    ) -> "DataFrame":
        """One row each of needs, solutions, clusters, candidates or factors; see `matcher.frames`."""
        from matcher import frames

        match str(kind).removesuffix("s"):
            case "need":
                return frames.needs([need for group in self.groups(where) for need in group])
            case "solution":
                with self.solutions.reading():
                    offers = self.solutions.select((where or Filter()).sight).allowed
                    return frames.solutions([self.solutions.record(row) for row in offers])
            case "cluster":
                return frames.clusters(self.clusters(where, day=day))
            case "candidate":
                return frames.candidates(self.candidates(where, day=day))
            case "factor":
                return frames.factors(self.candidates(where, day=day))
            case "member":
                return frames.members(self.candidates(where, day=day))
        raise SettingInvalid(
            f"There is no table of {kind!r}. Choose one of: needs, solutions, clusters, candidates, factors, "
            "members."
        )

    def snapshot(self, where: Filter | None = None, *, day: date | None = None) -> Cycle:
        """The state of today, to be compared with that of another day (`diff`)."""
        day = day or date.today()
        self.candidates(where, day=day)  # what takes long is done before the records are held still
        with self.cooperation.steady():
            clusters = {c.id: c.members for c in self.clusters(where, day=day) if len(c.members) > 1}
            states = {item.id: CandidateState.of(item) for item in self.candidates(where, day=day)}
            needs = [need for group in self.groups(where) for need in group]
        return Cycle.of(day, needs, clusters, states, self.versions)

    @staticmethod
    def diff(before: Cycle, after: Cycle) -> Changes:
        """What changed between two days."""
        return diff(before, after)

    @property
    def versions(self) -> dict[str, str]:
        """What made groups and scores: model, offset, fitted values, weights of the joint score."""
        calibrator = self.tuning.calibrator
        found = {
            "model": self.embedder.encoder.identity.key,
            "offset": self.embedder.offset_key,
            "calibrator": getattr(calibrator, "date", "") if calibrator else "",
            "grouping": getattr(self.tuning.grouping.beside, "date", ""),
            "joint score": WEIGHTS.changes[-1].date,
        }
        return {name: value for name, value in found.items() if value}

    # -- on disk ------------------------------------------------------------------------------

    def save(self, path: Path) -> Manifest:
        """Write everything loaded into a snapshot, whole or not at all."""
        identity = self.embedder.encoder.identity
        with self.cooperation.steady():
            state = self.cooperation.state() | {FITS: self._fits.save()}
            return write(path, self.collections, identity, self.embedder.offset_key, state)

    @classmethod
    def load(
        cls,
        path: Path,
        embedder: Embedder,
        tuning: Tuning | None = None,
        vocabulary: Vocabulary | None = None,
        statistics: TermStatistics | None = None,
        shelve: Callable[[Kind, Path], Shelf] | None = None,
    ) -> "Engine":
        """The engine that `save` wrote, with the same model.

        What is saved keeps the term statistics that it was weighed by, whatever `statistics` says. `shelve`
        finds vectors kept elsewhere.
        """
        engine = cls(embedder, tuning, vocabulary, statistics)
        collections, state = read(path, embedder.encoder.identity, embedder.offset_key, shelve)
        engine.collections |= collections
        engine.cooperation.restore(state)
        engine._fits.restore(state.get(FITS, ""))
        return engine

    # -- inside -------------------------------------------------------------------------------

    def _judged(self, where: Filter | None, day: date | None) -> tuple[list[JointCandidate], list[NotJoint]]:
        tuning = self.tuning
        return self.cooperation.candidates(
            where or Filter(), tuning.grouping, tuning.duplicates, day or date.today()
        )

    def _nearest(self, query: Query, offers: RowSet) -> tuple[Int64, Float32]:
        """The solutions nearest to a need, and how likely each answers it."""
        with self.solutions.reading():
            candidates = self._found(query, self.solutions, offers, FITTED)
        calibrator = self.tuning.calibrator
        assert calibrator is not None
        return candidates.rows, calibrator.probability(features(candidates)).astype(np.float32)

    def _asked(self, query: Record | str) -> Query:
        if not isinstance(query, str):
            return self._query(query.kind, query)
        kind = Kind.SOLUTION if query in self.solutions and query not in self.needs else Kind.NEED
        return self._query(kind, query)

    def _query(self, kind: Kind, given: Record | str | Query) -> Query:
        if isinstance(given, Query):
            return given
        return self._asking.by_id(kind, given) if isinstance(given, str) else self._asking.of(given)

    def _found(self, query: Query, collection: Collection, allowed: RowSet, k: int) -> Candidates:
        return rerank(query, retrieve(query, collection, allowed, k), collection, self.tuning.fusion)

    def _search(
        self, query: Query, collection: Collection, k: int, where: Filter, without: str = ""
    ) -> Matches:
        with collection.reading():
            selection = collection.select(where)
            allowed = selection.allowed
            if without in collection:
                allowed = allowed.without([collection.row(without)])
            found = self._found(query, collection, allowed, k)
            scores = fuse(found, self.tuning.fusion)
            best = order(found.rows, scores, [collection.record(row).id for row in found.rows.tolist()])[:k]
            with one_thread():
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
            named, parts = self._asking.named(collection, row), collection.parts[row]
            logit = None if logits is None else logits[place]
            added = contributions(values[place], logit, unstated(found, i))
            chance = None if chances is None else float(chances[place])
            yield Match(
                rank=place + 1,
                record=record,
                score=float(scores[i]),
                probability=chance,
                level=None if chance is None else level(chance),
                explanation=explained(query, record, language, named, parts, added, self.tuning.covered),
            )
