"""Who could buy together: groups of needs with lasting identities, judged as candidates, kept up to date."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from matcher.audience import Audience, Phrasing, traits_among
from matcher.cluster import Grouping
from matcher.collection import Collection
from matcher.duplicates import DuplicateModel, features, judged
from matcher.embed import Embedder
from matcher.errors import ClusterUnknown, RecordUnknown, SnapshotCorrupt
from matcher.filters import Filter
from matcher.identity import Cluster, Identities
from matcher.joint import JointCandidate, NotJoint, judge
from matcher.joint.instrument import Offers
from matcher.joint.totals import organisation
from matcher.label import label
from matcher.nearest import Search, among
from matcher.pace import give_way, hurrying
from matcher.pairs import PairModel
from matcher.profiles import profile_features
from matcher.protocols import Int64
from matcher.records import Kind, Need, Solution
from matcher.review import Constraints, Edit, Review, constraints

IDENTITIES, REVIEW = "identities.json", "review.jsonl"
_FILTER = TypeAdapter(Filter)
KEPT = 4
"""Filters whose groups are remembered."""
ATTEMPTS = 3
"""How often what records changed under is begun again before they are held still."""
Called = Callable[[str], str | None]
Found = TypeVar("Found")


def nowhere(codes: Sequence[str]) -> str | None:  # noqa: ARG001 -- the shape of a lookup
    """No area for any codes: what stands in where no table is given."""
    return None


def unnamed(code: str) -> str | None:  # noqa: ARG001 -- the shape of a lookup
    """No label for any CPV code: what stands in where no table is given."""
    return None


class _Moved(Exception):
    """Records changed while something was found out about them."""


class Cooperation:
    """Groups, clusters and candidates of the needs that a filter admits.

    Each filter is an audience with groups and ids of its own: what it does not admit has no part in them.
    Threads that ask take turns. What they get is of one state of the records, which may change meanwhile.
    """

    def __init__(
        self,
        needs: Callable[[], Collection],
        solutions: Callable[[], Collection],
        embedder: Embedder,
        called: Called = unnamed,
    ) -> None:
        self._needs = needs
        self._solutions = solutions
        self._embedder = embedder
        self.called = called
        """What a CPV code is called."""
        self.review = Review()
        """What analysts changed."""
        self.identities: dict[Filter, Identities] = {}
        """Of the audiences that were asked for by day."""
        self.whole: Search = among
        """Finds the neighbours of all needs of an audience that is new."""
        self._turn = threading.RLock()
        self._audiences: dict[Filter, Audience] = {}
        self._naming = threading.Lock()
        self._phrasing = Phrasing(Filter())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody else groups needs; whoever also holds a lock of the records takes this one first."""
        with self._turn:
            yield

    @contextmanager
    def steady(self) -> Iterator[None]:
        """While no record is stored or deleted, so that several answers are of one state."""
        with self._turn, hurrying(), self._needs().reading(), self._solutions().reading():
            yield

    def groups(self, where: Filter, grouping: Grouping) -> list[list[Need]]:
        """Needs that ask for the same; a need without partners is a group of one."""
        return self._settled(lambda: self._groups(where, grouping))

    def _groups(self, where: Filter, grouping: Grouping) -> list[list[Need]]:
        audience = self._audience(where, grouping)
        return [audience.members(rows) for rows in audience.groups]

    def clusters(self, where: Filter, grouping: Grouping, day: date) -> list[Cluster]:
        """Groups under their lasting ids, singles included, by id of their first need."""
        return self._settled(lambda: self._clusters(where, grouping, day))

    def _clusters(self, where: Filter, grouping: Grouping, day: date) -> list[Cluster]:
        audience = self._audience(where, grouping)
        homes = self._followed(audience, day).homes
        review = self._reviewed(audience)
        names, locked = review.names(homes), review.locked(homes)
        found = []
        for rows in audience.groups:
            key, first = audience.key(rows), audience.needs[int(rows[0])].id
            own = homes[first]
            made_by = own, own in locked, names.get(own, "")
            known = audience.listed.get(key)
            if known is not None and known[0] == made_by:
                found.append(known[1])
                continue
            give_way()
            needs = audience.members(rows)
            members = [need.id for need in needs]
            alike = audience.likeness(rows) if rows.size > 1 else np.ones((1, 1))
            upper = alike[np.triu_indices(rows.size, 1)]
            # of equals the first by country and id, as in candidates
            order = sorted(range(rows.size), key=lambda i: (needs[i].country or "", needs[i].id))
            totals = np.round(alike.sum(axis=1), 9)
            medoid = members[max(order, key=lambda i: (totals[i], -order.index(i)))]
            cluster = Cluster(
                id=own,
                members=tuple(sorted(members)),
                medoid=medoid,
                cohesion=float(upper.mean()) if upper.size else 1.0,
                locked=own in locked,
                name=names.get(own, ""),
            )
            audience.listed[key] = made_by, cluster
            found.append(cluster)
        return sorted(found, key=lambda cluster: cluster.members[0])

    def followed(self, where: Filter, grouping: Grouping, day: date) -> Identities:
        """The ids of an audience, brought up to date with its groups of now."""
        return self._settled(lambda: self._followed(self._audience(where, grouping), day))

    def edit(self, edit: Edit) -> None:
        """Take an analyst's change into account, from now on. Raises `ReviewConflict`."""
        with self._turn:
            self.review = self.review.add(edit)

    def resume(self, identities: Identities, where: Filter) -> None:
        """Go on from ids that were kept elsewhere."""
        with self._turn:
            self.identities[where] = identities

    def candidates(
        self,
        where: Filter,
        grouping: Grouping,
        duplicates: DuplicateModel | None,
        day: date,
    ) -> tuple[list[JointCandidate], list[NotJoint]]:
        """Groups of two or more, judged: across borders and beyond doubt first, then by rank score.

        Only groups that changed since they were last asked for are judged anew.
        """
        known, rest = self._settled(lambda: self._candidates(where, grouping, duplicates, day))
        return list(known), list(rest)

    def _candidates(
        self, where: Filter, grouping: Grouping, duplicates: DuplicateModel | None, day: date
    ) -> tuple[list[JointCandidate], list[NotJoint]]:
        audience = self._audience(where, grouping)
        homes = self._followed(audience, day).homes
        state = audience.grouped, self.identities[where], duplicates, day
        if audience.joint is not None and audience.joint[0] == state:
            return audience.joint[1]
        found: list[JointCandidate] = []
        others: list[NotJoint] = []
        for rows in audience.groups:
            if rows.size < 2:
                continue
            give_way()
            made = self._judged(audience, rows, homes, duplicates, day)
            if isinstance(made, JointCandidate):
                found.append(made)
            else:
                others.append(made)
        found.sort(
            key=lambda item: (item.scope != "cross-border", bool(item.doubt), -item.score.rank, item.id)
        )
        audience.joint = state, (found, others)
        return found, others

    def candidate(
        self, id: str, where: Filter, grouping: Grouping, duplicates: DuplicateModel | None, day: date
    ) -> JointCandidate:
        """The candidate under an id, or under the one that it leads to; only its group is judged.

        Raises `ClusterUnknown` where the audience has no candidate under it: the id is not known or dead, or
        fewer than two needs are left that could be bought together.
        """
        return self._settled(lambda: self._candidate(id, where, grouping, duplicates, day))

    def _candidate(
        self, id: str, where: Filter, grouping: Grouping, duplicates: DuplicateModel | None, day: date
    ) -> JointCandidate:
        audience = self._audience(where, grouping)
        ids = self._followed(audience, day)
        current = ids.current(id)
        members = ids.clusters[current] if current else ()
        if len(members) < 2:
            raise ClusterUnknown(id)
        rows = np.array(sorted(audience.rows[need] for need in members), dtype=np.int64)
        made = self._judged(audience, rows, {members[0]: str(current)}, duplicates, day)
        if isinstance(made, NotJoint):
            raise ClusterUnknown(id)
        return made

    def reviewed(self, where: Filter) -> Review:
        """What analysts said, as far as an audience may know: needs that it does not see tie nothing.

        Whoever sees everything keeps ties through needs that are gone.
        """
        named, needs = self.review.named, self._needs()
        if where == Filter() or not named:
            return self.review
        with needs.reading():
            allowed = needs.select(where).allowed
            seen = {id_ for id_ in named if id_ in needs and needs.row(id_) in allowed}
        return self.review.without(named - seen)

    def links(self, where: Filter, grouping: Grouping) -> dict[tuple[str, str], float]:
        """Pairs of need ids within a group, with the probability that they ask for the same."""
        return self._settled(lambda: self._links(where, grouping))

    def _links(self, where: Filter, grouping: Grouping) -> dict[tuple[str, str], float]:
        found: dict[tuple[str, str], float] = {}
        audience = self._audience(where, grouping)
        for rows in audience.groups:
            if rows.size < 2:
                continue
            give_way()
            ids = [need.id for need in audience.members(rows)]
            alike = audience.likeness(rows)
            for i, j in combinations(range(len(ids)), 2):
                found[(min(ids[i], ids[j]), max(ids[i], ids[j]))] = float(alike[i, j])
        return found

    def likeness(self, where: Filter, grouping: Grouping, need_ids: Sequence[str]) -> NDArray[np.float64]:
        """`float64[n, n]`: the probability that each pair of needs asks for the same, in the order given.

        It waits for nobody who groups needs. Raises `RecordUnknown` for a need that is not loaded, or that
        the filter does not admit.
        """
        needs, solutions = self._needs(), self._solutions()
        with needs.reading(), solutions.reading():
            rows = self._admitted(needs, where, need_ids)
            ordered, back = np.unique(rows, return_inverse=True)
            offers = solutions.select(where.sight).allowed
            traits = traits_among(needs, ordered, self._embedder, solutions, offers, grouping)
            alike = PairModel(grouping.beside, grouping.alone).matrix(traits)
        return alike[np.ix_(back, back)]

    def likeness_to(
        self, need: Need, where: Filter, grouping: Grouping, need_ids: Sequence[str]
    ) -> NDArray[np.float64]:
        """`float64[n]`: the probability that a need asks for the same as each of these, in the order given.

        The need itself need not be loaded, nor is it afterwards. It is compared by the solutions seen here.
        Raises `RecordUnknown` as `likeness` does.
        """
        alone = Collection.empty(Kind.NEED, self._embedder.encoder.identity.dimension)
        own = alone.upsert([need], self._embedder, fit_statistics=True)
        needs, solutions = self._needs(), self._solutions()
        with needs.reading(), solutions.reading():
            rows = self._admitted(needs, where, need_ids)
            ordered, back = np.unique(rows, return_inverse=True)
            offers = solutions.select(where.sight).allowed
            among = traits_among(needs, ordered, self._embedder, solutions, offers, grouping)
            added = traits_among(alone, own, self._embedder, solutions, offers, grouping)
            # behind all that are loaded
            traits = among.joined(replace(added, rows=own + needs.size))
            last = np.full(back.size, len(traits) - 1, dtype=np.int64)
            return PairModel(grouping.beside, grouping.alone).probability(traits, back, last)

    def named(self, candidate: JointCandidate, where: Filter) -> JointCandidate:
        """The candidate with the phrases that set it apart among the needs that a filter admits."""
        with self._naming:
            needs = self._needs()
            with needs.reading():
                rows = needs.select(where).allowed
                records = {row: need for row in rows if isinstance(need := needs.record(row), Need)}
            if self._phrasing.where != where:
                self._phrasing = Phrasing(where)
            others = self._phrasing.update(records)
            called = label(candidate.members, candidate.likeness, cpv_labels=self.called, others=others)
        return replace(candidate, label=called)

    def state(self) -> dict[str, str]:
        """What is to be kept beside the records: ids with their history, and the analysts' edits."""
        with self._turn:
            known = [
                {"audience": _stated(where), "identities": found.as_json()}
                for where, found in self.identities.items()
            ]
        return {IDENTITIES: json.dumps(known, ensure_ascii=False), REVIEW: self.review.to_jsonl()}

    def restore(self, state: Mapping[str, str]) -> None:
        """Take over what `state` gave.

        Raises `SnapshotCorrupt`, and for an edit `RecordInvalid` or `ReviewConflict`.
        """
        self.review = Review.from_jsonl(state.get(REVIEW, ""))
        try:
            self.identities = {
                _FILTER.validate_python(one["audience"]): Identities.from_json(one["identities"])
                for one in json.loads(state.get(IDENTITIES, "[]"))
            }
        except (ValueError, KeyError, TypeError) as error:
            raise SnapshotCorrupt(
                f"{IDENTITIES} cannot be read ({error}). Build the snapshot again from the records."
            ) from error

    # -- inside -------------------------------------------------------------------------------

    def _admitted(self, needs: Collection, where: Filter, need_ids: Sequence[str]) -> Int64:
        seen = needs.select(where).allowed
        for need_id in need_ids:
            if need_id not in needs or needs.row(need_id) not in seen:
                raise RecordUnknown(Kind.NEED, need_id)
        return np.array([needs.row(need_id) for need_id in need_ids], dtype=np.int64)

    def _settled(self, work: Callable[[], Found]) -> Found:
        """What some work comes to; begun again where records changed under it."""
        with self._turn:
            for _ in range(ATTEMPTS):
                with suppress(_Moved):
                    return work()
            with self.steady():
                return work()

    @contextmanager
    def _still(self, audience: Audience) -> Iterator[None]:
        """While the records are those that the audience is of."""
        with self.steady():
            if (self._needs().changes, self._solutions().changes) != audience.state:
                raise _Moved
            yield

    def _audience(self, where: Filter, grouping: Grouping) -> Audience:
        """The groups of a filter, brought up to date with what changed since they were last asked for."""
        kept = self._audiences.get(where)
        if kept is None or kept.grouping != grouping:
            self._audiences.pop(where, None)
            if len(self._audiences) >= KEPT:
                self._audiences.pop(next(iter(self._audiences)))
            dimension = self._embedder.encoder.identity.dimension
            kept = self._audiences[where] = Audience(where, grouping, dimension, self.whole)
        more = True
        while more:
            with self.steady():
                more = kept.prepare(self._needs(), self._solutions(), self._embedder)
            give_way()
        with self.steady():
            change = kept.read(self._needs(), self._solutions(), self._embedder)
        kept.take(change)
        made_of = kept.state, self.review
        if kept.grouped != made_of:
            kept.regroup(self._constraints(kept), made_of)
        return kept

    def _reviewed(self, audience: Audience) -> Review:
        named = self.review.named
        if audience.where == Filter() or not named:
            return self.review
        return self.review.without(named - audience.rows.keys())

    def _constraints(self, audience: Audience) -> Constraints:
        """What analysts said, as rows of the needs that the audience sees."""
        if not self.review.edits:
            return Constraints()
        return constraints(self._reviewed(audience), audience.rows)

    def _followed(self, audience: Audience, day: date) -> Identities:
        where, groups = audience.where, audience.groups
        earlier = self.identities.get(where, Identities())
        done = audience.followed
        # the same groups again change nothing, whatever the day
        if done is None or done[0] is not groups or done[1] is not earlier:
            ids = [frozenset(need.id for need in audience.members(rows)) for rows in groups]
            self.identities[where] = earlier.follow(ids, day)
            audience.followed = groups, self.identities[where]
        return self.identities[where]

    def _judged(
        self,
        audience: Audience,
        rows: Int64,
        homes: Mapping[str, str],
        duplicates: DuplicateModel | None,
        day: date,
    ) -> JointCandidate | NotJoint:
        needs = audience.members(rows)
        own = homes[min(need.id for need in needs)]
        made_by = audience.grouping, duplicates, own, day
        known = audience.judged.get(audience.key(rows))
        if known is not None and known[0] == made_by:
            return known[1]
        alike = audience.likeness(rows)
        with self._still(audience):
            offers, copies = self._offers(audience, rows), self._copies(audience, rows, duplicates)
        made = judge(
            needs,
            alike,
            offers=offers,
            copies=copies,
            id=own,
            label=label(needs, alike, cpv_labels=self.called, others=None),
            day=day,
            sure=audience.grouping.sure,
        )
        audience.judged[audience.key(rows)] = made_by, made
        return made

    def _offers(self, audience: Audience, rows: Int64) -> Offers | None:
        """What could serve the members, with how likely it answers each; None without a fitted calibrator."""
        traits, answers = audience.partition.traits, audience.grouping.answers
        if traits is None or traits.answers is None or answers is None:
            return None
        part = traits.at(traits.places(rows))
        assert part.answers is not None
        near = np.unique(part.answers.indices)
        offered = [(c, s) for c in near.tolist() if isinstance(s := self._solutions().record(c), Solution)]
        offered.sort(key=lambda pair: pair[1].id)
        columns = np.array([column for column, _ in offered], dtype=np.int64)
        # what is near one member is compared with all of them
        values = profile_features(part.vectors, part.named, part.cpv, self._solutions(), columns)
        said = answers.probability(values.reshape(-1, values.shape[-1]))
        found = said.reshape(len(part), columns.size).astype(np.float64)
        return Offers(tuple(solution for _, solution in offered), found)

    def _copies(self, audience: Audience, rows: Int64, model: DuplicateModel | None) -> list[tuple[str, str]]:
        """Needs that repeat another of the same buyer: the later id, and the one it repeats."""
        needs = audience.members(rows)
        same = [
            (i, j)
            for i, j in combinations(range(len(needs)), 2)
            if (own := organisation(needs[i])) and own == organisation(needs[j])
        ]
        if model is None or not same:
            return []
        pairs = np.array([(rows[i], rows[j]) for i, j in same], dtype=np.int64)
        chances = judged(model, features(self._needs(), pairs))
        return [
            (max(needs[i].id, needs[j].id), min(needs[i].id, needs[j].id))
            for (i, j), chance in zip(same, chances.tolist(), strict=True)
            if chance >= model.threshold
        ]


def _stated(where: Filter) -> dict[str, Any]:
    """A filter as plain values, its sets in an order."""
    plain: dict[str, Any] = _FILTER.dump_python(where, mode="json")
    only = None if where.only is None else sorted(where.only)
    return {**plain, "exclude": sorted(where.exclude), "only": only}
