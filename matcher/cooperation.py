"""Who could buy together: groups of needs with lasting identities, judged as candidates, kept up to date."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from matcher.cluster import Grouping
from matcher.collection import Collection
from matcher.duplicates import DuplicateModel, features, judged
from matcher.embed import Embedder
from matcher.errors import RecordUnknown, SnapshotCorrupt
from matcher.filters import Filter
from matcher.identity import Cluster, Identities
from matcher.joint import JointCandidate, NotJoint, judge
from matcher.joint.instrument import Offers
from matcher.joint.totals import organisation
from matcher.label import PhraseStatistics, label
from matcher.partition import Partition
from matcher.profiles import profile_features
from matcher.protocols import Int64, Role
from matcher.records import Kind, Need, Solution
from matcher.review import Constraints, Review, constraints
from matcher.rows import RowSet
from matcher.traits import Traits, traits_of

IDENTITIES, REVIEW = "identities.json", "review.jsonl"
_FILTER = TypeAdapter(Filter)
KEPT = 4
"""Filters whose groups are remembered."""
Called = Callable[[str], str | None]


def nowhere(codes: Sequence[str]) -> str | None:  # noqa: ARG001 -- the shape of a lookup
    """No area for any codes: what stands in where no table is given."""
    return None


def unnamed(code: str) -> str | None:  # noqa: ARG001 -- the shape of a lookup
    """No label for any CPV code: what stands in where no table is given."""
    return None


@dataclass(slots=True)
class Audience:
    """The groups of what one filter admits, and of which records they were made."""

    partition: Partition
    solutions: int
    """`Collection.changes` of the solutions that profiles were made of."""
    stamps: dict[int, int]
    """Row of each need to `Collection.changed` of it."""


class Cooperation:
    """Groups, clusters and candidates of the needs that a filter admits.

    Each filter is an audience with groups and ids of its own: what it does not admit has no part in them.
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
        self._audiences: dict[Filter, Audience] = {}
        self._judged: tuple[Any, Any, tuple[list[JointCandidate], list[NotJoint]]] | None = None
        """The candidates last asked for, and of what state."""
        self._counted: tuple[tuple[Filter, int], PhraseStatistics] | None = None

    def groups(self, where: Filter, grouping: Grouping) -> list[list[Need]]:
        """Needs that ask for the same; a need without partners is a group of one."""
        return [self._records(rows) for rows in self._rows(where, grouping)]

    def clusters(self, where: Filter, grouping: Grouping, day: date) -> list[Cluster]:
        """Groups under their lasting ids, singles included, by id of their first need."""
        groups = self._rows(where, grouping)
        audience = self._audience(where, grouping)
        named = self._followed(where, groups, day)
        homes = named.homes
        review = self.reviewed(where)
        names, locked = review.names(homes), review.locked(homes)
        found = []
        for rows in groups:
            needs = self._records(rows)
            members = [need.id for need in needs]
            alike = audience.partition.likeness(rows) if rows.size > 1 else np.ones((1, 1))
            upper = alike[np.triu_indices(rows.size, 1)]
            # of equals the first by country and id, as in candidates
            order = sorted(range(rows.size), key=lambda i: (needs[i].country or "", needs[i].id))
            totals = np.round(alike.sum(axis=1), 9)
            medoid = members[max(order, key=lambda i: (totals[i], -order.index(i)))]
            own = homes[members[0]]
            cohesion = float(upper.mean()) if upper.size else 1.0
            found.append(
                Cluster(
                    id=own,
                    members=tuple(sorted(members)),
                    medoid=medoid,
                    cohesion=cohesion,
                    locked=own in locked,
                    name=names.get(own, ""),
                )
            )
        return sorted(found, key=lambda cluster: cluster.members[0])

    def candidates(
        self,
        where: Filter,
        grouping: Grouping,
        duplicates: DuplicateModel | None,
        day: date,
    ) -> tuple[list[JointCandidate], list[NotJoint]]:
        """Groups of two or more, judged: across borders and beyond doubt first, then by rank score."""
        groups = self._rows(where, grouping)
        homes = self._followed(where, groups, day).homes
        audience = self._audience(where, grouping)
        state = (where, self._needs().changes, self._solutions().changes, self.review, day)
        made_by = (grouping, duplicates)
        if self._judged is not None and self._judged[:2] == (state, made_by):
            known, rest = self._judged[2]
            return list(known), list(rest)
        found: list[JointCandidate] = []
        others: list[NotJoint] = []
        for rows in groups:
            if rows.size < 2:
                continue
            needs = self._records(rows)
            alike = audience.partition.likeness(rows)
            made = judge(
                needs,
                alike,
                offers=self._offers(audience, rows),
                copies=self._copies(rows, duplicates),
                id=homes[needs[0].id],
                label=label(needs, alike, cpv_labels=self.called, others=None),
                day=day,
                sure=grouping.sure,
            )
            if isinstance(made, JointCandidate):
                found.append(made)
            else:
                others.append(made)
        found.sort(
            key=lambda item: (item.scope != "cross-border", bool(item.doubt), -item.score.rank, item.id)
        )
        self._judged = state, made_by, (found, others)
        return list(found), list(others)

    def reviewed(self, where: Filter) -> Review:
        """What analysts said, as far as an audience may know: needs that it does not see tie nothing.

        Whoever sees everything keeps ties through needs that are gone.
        """
        if where == Filter():
            return self.review
        seen = {self._needs().record(row).id for row in self._needs().select(where).allowed}
        return self.review.without(self.review.named - seen)

    def links(self, where: Filter, grouping: Grouping) -> dict[tuple[str, str], float]:
        """Pairs of need ids within a group, with the probability that they ask for the same."""
        found: dict[tuple[str, str], float] = {}
        partition = self._audience(where, grouping).partition
        for rows in self._rows(where, grouping):
            ids = [need.id for need in self._records(rows)]
            alike = partition.likeness(rows)
            for i, j in combinations(range(len(ids)), 2):
                found[(min(ids[i], ids[j]), max(ids[i], ids[j]))] = float(alike[i, j])
        return found

    def likeness(self, where: Filter, grouping: Grouping, need_ids: Sequence[str]) -> NDArray[np.float64]:
        """`float64[n, n]`: the probability that each pair of needs asks for the same, in the order given.

        Raises `RecordUnknown` for a need that is not loaded, or that the filter does not admit.
        """
        audience = self._audience(where, grouping)
        rows = np.array([self._needs().row(need_id) for need_id in need_ids], dtype=np.int64)
        for need_id, admitted in zip(need_ids, np.isin(rows, audience.partition.rows).tolist(), strict=True):
            if not admitted:
                raise RecordUnknown(Kind.NEED, need_id)
        order = np.argsort(rows)
        alike = audience.partition.likeness(rows[order])
        back = np.argsort(order)
        return alike[np.ix_(back, back)]

    def named(self, candidate: JointCandidate, where: Filter) -> JointCandidate:
        """The candidate with the phrases that set it apart among the needs that a filter admits."""
        called = label(
            candidate.members, candidate.likeness, cpv_labels=self.called, others=self._phrases(where)
        )
        return replace(candidate, label=called)

    def state(self) -> dict[str, str]:
        """What is to be kept beside the records: ids with their history, and the analysts' edits."""
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

    def _rows(self, where: Filter, grouping: Grouping) -> list[Int64]:
        audience = self._audience(where, grouping)
        return audience.partition.groups(self._constraints(where, audience.partition.rows))

    def _phrases(self, where: Filter) -> PhraseStatistics:
        """How common phrases are; counted once for each state of the needs."""
        needs = self._needs()
        key = where, needs.changes
        if self._counted is None or self._counted[0] != key:
            rows = np.array(list(needs.select(where).allowed), dtype=np.int64)
            self._counted = key, PhraseStatistics.fit(self._records(rows))
        return self._counted[1]

    def _records(self, rows: Int64) -> list[Need]:
        return [need for row in rows.tolist() if isinstance(need := self._needs().record(row), Need)]

    def _followed(self, where: Filter, groups: Iterable[Int64], day: date) -> Identities:
        ids = [frozenset(need.id for need in self._records(rows)) for rows in groups]
        earlier = self.identities.get(where, Identities())
        self.identities[where] = earlier.follow(ids, day)
        return self.identities[where]

    def _constraints(self, where: Filter, rows: Int64) -> Constraints:
        """What analysts said, as rows of the needs that the audience sees."""
        if not self.review.edits:
            return Constraints()
        seen = {self._needs().record(row).id: row for row in rows.tolist()}
        return constraints(self.reviewed(where), seen)

    def _audience(self, where: Filter, grouping: Grouping) -> Audience:
        """The groups of a filter, brought up to date with what changed since they were last asked for."""
        solutions = self._solutions()
        offers = solutions.select(Filter(open_to=where.open_to)).allowed
        kept = self._audiences.get(where)
        if kept is None or kept.solutions != solutions.changes or kept.partition.grouping != grouping:
            if len(self._audiences) >= KEPT:
                self._audiences.pop(next(iter(self._audiences)))
            dimension = self._embedder.encoder.identity.dimension
            kept = Audience(Partition(grouping, dimension), solutions.changes, {})
            self._audiences[where] = kept
        needs = self._needs()
        wanted = {row: needs.changed(row) for row in needs.select(where).allowed}
        gone = [row for row, stamp in kept.stamps.items() if wanted.get(row) != stamp]
        fresh = [row for row, stamp in wanted.items() if kept.stamps.get(row) != stamp]
        if gone or fresh:
            rows = np.array(sorted(fresh), dtype=np.int64)
            kept.partition.update(self._traits(rows, offers, grouping) if fresh else None, gone)
            kept.stamps = wanted
        return kept

    def _traits(self, rows: Int64, offers: RowSet, grouping: Grouping) -> Traits:
        needs = self._needs()
        vectors = needs.centroids(rows)
        offset = self._embedder.neutraliser
        if offset is not None and grouping.strength is not None:
            spoken = [needs.languages[row] for row in rows.tolist()]
            vectors = offset.renewed(vectors, spoken, Role.PASSAGE, grouping.strength)
        return traits_of(needs, rows, vectors, self._solutions(), offers, grouping.answers)

    def _offers(self, audience: Audience, rows: Int64) -> Offers | None:
        """What could serve the members, with how likely it answers each; None without a fitted calibrator."""
        traits = audience.partition.traits
        if traits is None or traits.answers is None or audience.partition.grouping.answers is None:
            return None
        part = traits.at(traits.places(rows))
        assert part.answers is not None
        near = np.unique(part.answers.indices)
        offered = [(c, s) for c in near.tolist() if isinstance(s := self._solutions().record(c), Solution)]
        offered.sort(key=lambda pair: pair[1].id)
        columns = np.array([column for column, _ in offered], dtype=np.int64)
        # what is near one member is compared with all of them
        values = profile_features(part.vectors, part.named, part.cpv, self._solutions(), columns)
        said = audience.partition.grouping.answers.probability(values.reshape(-1, values.shape[-1]))
        found = said.reshape(len(part), columns.size).astype(np.float64)
        return Offers(tuple(solution for _, solution in offered), found)

    def _copies(self, rows: Int64, model: DuplicateModel | None) -> list[tuple[str, str]]:
        """Needs that repeat another of the same buyer: the later id, and the one it repeats."""
        needs = self._records(rows)
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
    """A filter as plain values, its set in an order."""
    plain: dict[str, Any] = _FILTER.dump_python(where, mode="json")
    return {**plain, "exclude": sorted(plain["exclude"])}
