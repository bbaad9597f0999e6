"""What one filter admits, in groups, kept up to date with the records.

A need or a solution that changed touches the needs it can concern, and only the groups that these are in
are compared again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.cluster import Grouping
from matcher.collection import Collection
from matcher.duplicates import DuplicateModel
from matcher.embed import Embedder
from matcher.filters import Filter
from matcher.identity import Cluster, Identities
from matcher.joint import JointCandidate, NotJoint
from matcher.label import Phrase, PhraseStatistics
from matcher.nearest import Search, among
from matcher.partition import Partition
from matcher.profiles import NEAREST, solution_profiles
from matcher.protocols import Int64, Role
from matcher.records import Need
from matcher.review import Constraints
from matcher.rows import RowSet
from matcher.traits import Traits, joined, traits_of

AHEAD = 256
"""Needs read at once, so that whoever writes need not wait until all are."""
MANY = 200
"""New solutions from which all needs are compared with all solutions anew."""
CLOSE = 1e-5
"""Two scores of one pair may differ by this much, as they are rounded in another order."""

Key = tuple[bytes, tuple[int, ...]]
"""A group: its rows, and the version of each."""
Verdict = tuple[tuple[Grouping, DuplicateModel | None, str, object], JointCandidate | NotJoint]
"""What judged a group, under which id and on which day; and what came of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What there is to take in, as it was read."""

    state: tuple[int, int]
    stamps: dict[int, int]
    """Row of each need to `Collection.changed` of it."""
    gone: list[int]
    fresh: list[int]
    traits: Traits | None
    """Of the fresh rows."""
    needs: dict[int, Need]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Traits of some needs that are not taken in yet."""

    solutions: int
    """`Collection.changes` of the solutions that they were compared with."""
    stamps: dict[int, int]
    traits: Traits


@dataclass(frozen=True, slots=True)
class _Backlog:
    """Needs that are to be read ahead, as the records stood."""

    state: tuple[int, int]
    rows: list[int]
    stamps: dict[int, int]


class Audience:
    """The needs that a filter admits, and what is known of their groups."""

    def __init__(self, where: Filter, grouping: Grouping, dimension: int, whole: Search = among) -> None:
        self.where = where
        self.state: tuple[int, int] | None = None
        """`Collection.changes` of the needs and the solutions that it was made of."""
        self._dimension = dimension
        self._whole = whole
        self.partition = Partition(grouping, dimension, whole)
        self.needs: dict[int, Need] = {}
        """By row, as they were."""
        self.rows: dict[str, int] = {}
        self.groups: list[Int64] = []
        """As of the last `regroup`."""
        self.judged: dict[Key, Verdict] = {}
        self.listed: dict[Key, tuple[tuple[str, bool, str], Cluster]] = {}
        """Clusters, with the id, the lock and the name that they were made with."""
        self.followed: tuple[list[Int64], Identities] | None = None
        """The groups that identities were last brought up to date with."""
        self.grouped: tuple[object, ...] | None = None
        """The state that `groups` are of."""
        self.joint: tuple[object, tuple[list[JointCandidate], list[NotJoint]]] | None = None
        """All candidates last asked for, and of what."""
        self._stamps: dict[int, int] = {}
        """Row of each need to `Collection.changed` of it."""
        self._columns: dict[int, int] = {}
        """The same of the solutions."""
        self._versions: dict[int, int] = {}
        """Row of each need to a number that grows when it, or a solution near it, changes."""
        self._version = 0
        self._least: dict[int, float] = {}
        """Row of a need to the score of the last solution in its profile, as far as it was asked for."""
        self._alike: dict[Key, NDArray[np.float64]] = {}
        self._ahead: list[_Ahead] = []
        self._backlog: _Backlog | None = None

    @property
    def grouping(self) -> Grouping:
        """How needs are grouped."""
        return self.partition.grouping

    def prepare(self, needs: Collection, solutions: Collection, embedder: Embedder) -> bool:
        """Read a few of the needs that are new, ahead of `read`; whether there are more of them.

        Nothing may be stored or deleted during the call, but between calls.
        """
        if needs.changes == (self.state or (None,))[0]:
            return False
        backlog = self._backlog
        if backlog is None or backlog.state != (needs.changes, solutions.changes):
            backlog = self._backlog = self._behind(needs, solutions)
        if len(backlog.rows) <= AHEAD:
            self._backlog = None
            return False
        chosen = backlog.rows[:AHEAD]
        del backlog.rows[:AHEAD]
        offers = solutions.select(self.where.sight).allowed
        rows = np.array(chosen, dtype=np.int64)
        traits = traits_among(needs, rows, embedder, solutions, offers, self.grouping)
        self._ahead.append(_Ahead(solutions.changes, {row: backlog.stamps[row] for row in chosen}, traits))
        return True

    def _behind(self, needs: Collection, solutions: Collection) -> _Backlog:
        """What is new and was not read ahead."""
        self._ahead = [piece for piece in self._ahead if piece.solutions == solutions.changes]
        known = self._stamps | {row: stamp for piece in self._ahead for row, stamp in piece.stamps.items()}
        stamps = {row: needs.changed(row) for row in needs.select(self.where).allowed}
        fresh = sorted(row for row, stamp in stamps.items() if known.get(row) != stamp)
        return _Backlog((needs.changes, solutions.changes), fresh, stamps)

    def _traits(
        self,
        fresh: Sequence[int],
        wanted: dict[int, int],
        needs: Collection,
        solutions: Collection,
        offers: RowSet,
        embedder: Embedder,
    ) -> Traits | None:
        """Of some needs, as far as they were read ahead from there."""
        held, left = [], set(fresh)
        for piece in self._ahead:
            rows = [row for row, stamp in piece.stamps.items() if row in left and wanted[row] == stamp]
            if piece.solutions == solutions.changes and rows:
                places = piece.traits.places(np.array(sorted(rows), dtype=np.int64))
                held.append(piece.traits.at(places))
                left.difference_update(rows)
        self._ahead = []
        if left:
            rows = sorted(left)
            at = np.array(rows, dtype=np.int64)
            held.append(traits_among(needs, at, embedder, solutions, offers, self.grouping))
        return joined(held) if held else None

    def read(self, needs: Collection, solutions: Collection, embedder: Embedder) -> Change | None:
        """What changed since the last `take`; nothing may be stored or deleted meanwhile."""
        state = needs.changes, solutions.changes
        if state == self.state:
            return None
        offers = solutions.select(self.where.sight).allowed
        columns = {column: solutions.changed(column) for column in offers}
        if bool(columns) != bool(self._columns):
            # pairs are judged by another model then
            self.partition = Partition(self.grouping, self._dimension, self._whole)
            self._stamps = {}
        else:
            self._offer(solutions, offers, columns)
        self._columns = columns
        wanted = {row: needs.changed(row) for row in needs.select(self.where).allowed}
        gone = [row for row, stamp in self._stamps.items() if wanted.get(row) != stamp]
        fresh = [row for row, stamp in wanted.items() if self._stamps.get(row) != stamp]
        traits = self._traits(fresh, wanted, needs, solutions, offers, embedder)
        records = [(row, needs.record(row)) for row in wanted] if gone or fresh else []
        held = {row: record for row, record in records if isinstance(record, Need)}
        return Change(state, wanted, gone, fresh, traits, held)

    def take(self, change: Change | None) -> None:
        """Find the neighbours of what changed; records may come and go meanwhile."""
        if change is None:
            return
        if change.gone or change.fresh:
            self.partition.update(change.traits, change.gone)
            self._stamps = change.stamps
            self.needs = change.needs
            self.rows = {need.id: row for row, need in self.needs.items()}
            self._renew(change.fresh)
        self.state = change.state

    def _renew(self, rows: Iterable[int]) -> None:
        self._version += 1
        for row in rows:
            self._versions[row] = self._version
            self._least.pop(row, None)

    def _offer(self, solutions: Collection, offers: RowSet, columns: dict[int, int]) -> None:
        """Compare with the solutions anew the needs that a changed one is, or was, among the nearest of."""
        traits = self.partition.traits
        if traits is None or traits.answers is None:
            return
        if columns == self._columns and traits.answers.shape[1] == offers.mask.size:
            return
        lost = [column for column, stamp in self._columns.items() if columns.get(column) != stamp]
        new = [column for column, stamp in columns.items() if self._columns.get(column) != stamp]
        touched = np.zeros(len(traits), dtype=np.bool_)
        touched[_holders(traits, lost)] = True
        if len(new) > MANY:
            touched[:] = True
        elif new:
            rest = np.flatnonzero(~touched)
            scores = solutions.dense.score(traits.vectors[rest], np.array(new, dtype=np.int64))
            least = np.array([self._last(traits, place, solutions) for place in rest.tolist()])
            touched[rest[(scores.max(axis=1) >= least - CLOSE)]] = True
        places = np.flatnonzero(touched)
        part = traits.at(places)
        answers = solution_profiles(
            part.vectors, part.named, part.cpv, solutions, offers, self.grouping.answers
        )
        self.partition.offer(part.rows, answers)
        self._renew(part.rows.tolist())

    def _last(self, traits: Traits, place: int, solutions: Collection) -> float:
        """Score of the last solution in the profile of a need; none of these may have changed."""
        row = int(traits.rows[place])
        if row not in self._least:
            assert traits.answers is not None
            start, end = traits.answers.indptr[place : place + 2]
            near = traits.answers.indices[start:end].astype(np.int64)
            scores = solutions.dense.score(traits.vectors[place : place + 1], near)
            self._least[row] = float(scores.min()) if near.size == NEAREST else -np.inf
        return self._least[row]

    def regroup(self, constraints: Constraints, made_of: tuple[object, ...]) -> None:
        """Find the groups, and forget what is known of those that are no more."""
        found = self.partition.groups(constraints)
        if [rows.tobytes() for rows in found] != [rows.tobytes() for rows in self.groups]:
            self.groups = found
        self.grouped = made_of
        keys = {self.key(rows) for rows in self.groups if rows.size > 1}
        self.judged = {key: held for key, held in self.judged.items() if key in keys}
        self._alike = {key: held for key, held in self._alike.items() if key in keys}
        keys |= {self.key(rows) for rows in self.groups if rows.size == 1}
        self.listed = {key: held for key, held in self.listed.items() if key in keys}

    def key(self, rows: Int64) -> Key:
        """What tells a group from every other, and from what it was before it changed."""
        return rows.tobytes(), tuple(self._versions[row] for row in rows.tolist())

    def likeness(self, rows: Int64) -> NDArray[np.float64]:
        """`float64[n, n]`: the probability that each pair of a group's needs asks for the same."""
        key = self.key(rows)
        if key not in self._alike:
            self._alike[key] = self.partition.likeness(rows)
            self._alike[key].setflags(write=False)
        return self._alike[key]

    def members(self, rows: Int64) -> list[Need]:
        """The needs of some rows."""
        return [self.needs[row] for row in rows.tolist()]


class Phrasing:
    """How common phrases are among the needs that a filter admits, counted on as these change."""

    def __init__(self, where: Filter) -> None:
        self.where = where
        self._held: dict[int, Need] = {}
        self._texts: Counter[str] = Counter()
        self._frequency: dict[str, Counter[Phrase]] = defaultdict(Counter)

    def update(self, records: dict[int, Need]) -> PhraseStatistics:
        """Statistics of these needs, by row; valid until the next call."""
        gone = [need for row, need in self._held.items() if records.get(row) is not need]
        fresh = [need for row, need in records.items() if self._held.get(row) is not need]
        for needs, sign in ((gone, -1), (fresh, 1)):
            self._count(needs, sign)
        self._held = records
        return PhraseStatistics(self._texts, self._frequency)

    def _count(self, needs: Sequence[Need], sign: int) -> None:
        counted = PhraseStatistics.fit(needs)
        for language, texts in counted.texts.items():
            self._texts[language] += sign * texts
            held = self._frequency[language]
            for phrase, times in counted.frequency.get(language, {}).items():
                held[phrase] += sign * times
                if not held[phrase]:
                    del held[phrase]


def _holders(traits: Traits, columns: Sequence[int]) -> Int64:
    """Places of the needs that have any of some solutions in their profile."""
    assert traits.answers is not None
    entries = np.flatnonzero(np.isin(traits.answers.indices, np.array(columns, dtype=np.int64)))
    return np.unique(np.searchsorted(traits.answers.indptr, entries, side="right") - 1)


def traits_among(
    needs: Collection,
    rows: Int64,
    embedder: Embedder,
    solutions: Collection,
    offers: RowSet,
    grouping: Grouping,
) -> Traits:
    """What needs are grouped by, where these solutions are offered; rows `int64[n]`, ascending."""
    vectors = needs.centroids(rows)
    offset = embedder.neutraliser
    if offset is not None and grouping.strength is not None:
        spoken = [needs.languages[row] for row in rows.tolist()]
        vectors = offset.renewed(vectors, spoken, Role.PASSAGE, grouping.strength)
    return traits_of(needs, rows, vectors, solutions, offers, grouping.answers)
