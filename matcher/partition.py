"""The needs in groups, kept up to date as needs come and go.

neighbours -> pairs likely to ask for the same -> components -> average linkage in each. A component that a
change does not touch is not looked at again. The same groups come out whatever the order of the rows and
whatever came first; a need without partners is a single, not noise.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matcher.cluster import Grouping, Ties, components, split
from matcher.graph import Neighbourhoods
from matcher.nearest import Search, among
from matcher.pace import give_way
from matcher.pairs import PairModel
from matcher.profiles import unit
from matcher.protocols import Int64
from matcher.review import Constraints
from matcher.traits import Traits

PAIRS_AT_ONCE = 4_096
"""So few that who gives way does so often."""
Content = tuple[tuple[float, ...], bytes, int, tuple[str, ...], tuple[str, ...], str, str]


class Partition:
    """Groups of needs by the probability that pairs of them ask for the same.

    Needs that say the very same stand as one while groups are sought, so that a heap of copies costs no
    more than one of them. `whole` finds the neighbours of all needs at once.
    """

    def __init__(self, grouping: Grouping, dimension: int, whole: Search = among) -> None:
        self.grouping = grouping
        self.model = PairModel(grouping.beside, grouping.alone)
        self.traits: Traits | None = None
        self._near = Neighbourhoods(dimension, grouping.similarity, whole=whole)
        self._pairs: Int64 = np.empty((0, 2), dtype=np.int64)
        self._chances: NDArray[np.float64] = np.empty(0)
        self._known: dict[tuple[bytes, Ties], list[Int64]] = {}
        self._contents: dict[int, Content] = {}
        self._copies: dict[int, list[int]] = {}
        """Each row that stands for what it says, with all rows that say it."""
        self._named: frozenset[int] = frozenset()
        """Rows that an analyst has named: these stand for themselves."""

    @property
    def rows(self) -> Int64:
        """`int64[n]`, ascending."""
        return np.empty(0, dtype=np.int64) if self.traits is None else self.traits.rows

    def update(self, fresh: Traits | None, gone: Iterable[int] = ()) -> None:
        """Forget rows, and take in others; a row that changed is both."""
        lost = np.fromiter(gone, dtype=np.int64)
        kept = self.traits.without(lost) if self.traits is not None and lost.size else self.traits
        if fresh is None:
            self.traits = kept
        else:
            self.traits = fresh if kept is None or not len(kept) else kept.joined(fresh)
        for row in lost.tolist():
            self._contents.pop(row, None)
        if fresh is not None:
            self._contents |= zip(fresh.rows.tolist(), _contents(fresh), strict=True)
        self._stand(set(lost.tolist()))

    def offer(self, rows: Int64, answers: sparse.csr_matrix) -> None:
        """Take in which solutions answer some needs now, `float32[n, m]`; columns may have been added.

        Needs that say the very same must come together, and there must have been solutions before.
        """
        traits = self.traits
        assert traits is not None
        assert traits.answers is not None
        assert traits.profiles is not None
        places = traits.places(rows)
        self.traits = replace(
            traits,
            answers=_exchanged(traits.answers, places, answers),
            profiles=_exchanged(traits.profiles, places, unit(answers)),
        )
        concerned = np.isin(self._pairs, rows).any(axis=1)
        self._chances = self._chances.copy()
        self._chances[concerned] = self._judged(self._pairs[concerned])
        self._forget(set(rows.tolist()))

    def _forget(self, rows: set[int]) -> None:
        """Forget the groups of components with any of some rows."""
        if rows:
            self._known = {
                key: groups
                for key, groups in self._known.items()
                if rows.isdisjoint(np.frombuffer(key[0], dtype=np.int64).tolist())
            }

    def _stand(self, replaced: set[int]) -> None:
        """Find the rows that stand for what they say, and bring neighbours and pairs up to date."""
        copies: dict[Hashable, list[int]] = {}
        for row in sorted(self._contents):
            copies.setdefault(row if row in self._named else self._contents[row], []).append(row)
        before = set(self._copies)
        self._copies = {rows[0]: rows for rows in copies.values()}
        now = set(self._copies)
        gone = (before - now) | (before & replaced)
        fresh = np.array(sorted((now - before) | (now & replaced)), dtype=np.int64)
        vectors = np.empty((0, self._near.dimension), dtype=np.float32)
        if self.traits is not None and fresh.size:
            vectors = self.traits.vectors[self.traits.places(fresh)]
        touched = self._near.update(fresh, vectors, sorted(gone))
        changed = np.array(sorted(touched | gone), dtype=np.int64)
        stay = ~np.isin(self._pairs, changed).any(axis=1)
        pairs = self._near.mutual(sorted(touched))
        self._pairs = np.concatenate([self._pairs[stay], pairs])
        self._chances = np.concatenate([self._chances[stay], self._judged(pairs)])
        self._forget(gone)

    def groups(self, constraints: Constraints = Constraints()) -> list[Int64]:
        """Rows of each group, ascending within and by first row; singles are groups of one."""
        if self.traits is None or not len(self.traits):
            return []
        self._name(constraints)
        rows = self.traits.rows
        there = set(rows.tolist()) if constraints.locked else set()
        locked = [np.array(sorted(group & there), dtype=np.int64) for group in constraints.locked]
        held = np.concatenate([*locked, np.empty(0, dtype=np.int64)])
        pairs, chances = self._edges(held, constraints)
        alone = np.zeros(rows.size, dtype=np.bool_)
        alone[np.searchsorted(rows, np.array(sorted(self._copies), dtype=np.int64))] = True
        alone[np.searchsorted(rows, held)] = False
        known: dict[tuple[bytes, Ties], list[Int64]] = {}
        parts = components(rows.size, pairs, chances)
        for places in parts:
            alone[places] = False
        found = self._split(parts, constraints, known)
        found += [rows[place : place + 1] for place in np.flatnonzero(alone).tolist()]
        self._known = known  # what is not asked for any more is forgotten
        whole = [group for group in locked if group.size] + [self._with_copies(group) for group in found]
        return sorted(whole, key=lambda group: int(group[0]))

    def _name(self, constraints: Constraints) -> None:
        pairs = (*constraints.must, *constraints.cannot)
        named = frozenset(row for pair in pairs for row in pair).union(*constraints.locked)
        if named != self._named:
            self._named = named
            self._stand(set())

    def _with_copies(self, group: Int64) -> Int64:
        if all(len(self._copies[row]) == 1 for row in group.tolist()):
            return group
        return np.array(sorted(row for one in group.tolist() for row in self._copies[one]), dtype=np.int64)

    def likeness(self, rows: Int64) -> NDArray[np.float64]:
        """`float64[n, n]`: the probability that each pair of some rows asks for the same; 1 for itself."""
        assert self.traits is not None
        return self.model.matrix(self.traits.at(self.traits.places(rows)))

    def _edges(self, held: Int64, constraints: Constraints) -> tuple[Int64, NDArray[np.float64]]:
        """Places of pairs that hold a component together, and how likely each is; locked rows have none."""
        rows = self.rows
        keep = self._chances >= self.grouping.edge
        tied = [pair for pair in constraints.must if np.isin(pair, rows).all()]
        pairs = np.concatenate([self._pairs[keep], np.array(tied, dtype=np.int64).reshape(-1, 2)])
        chances = np.concatenate([self._chances[keep], np.ones(len(tied))])
        free = ~np.isin(pairs, held).any(axis=1)
        return np.searchsorted(rows, pairs[free]), chances[free]

    def _split(
        self, parts: Sequence[Int64], constraints: Constraints, asked: dict[tuple[bytes, Ties], list[Int64]]
    ) -> list[Int64]:
        """Rows of the groups of some components, which are places."""
        assert self.traits is not None
        held = [np.sort(self.traits.rows[places]) for places in parts]
        keys = [(rows.tobytes(), _said(constraints, rows)) for rows in held]
        fresh = [(key, rows) for key, rows in zip(keys, held, strict=True) if key not in self._known]
        # Linkage breaks ties by place; places by content make it blind to the rows' order.
        ordered = [np.array(sorted(rows.tolist(), key=self._contents.__getitem__)) for _, rows in fresh]
        least = self.grouping.linkage if self.traits.profiles is None else self.grouping.linkage_beside
        for (key, _), rows, chances in zip(fresh, ordered, self._matrices(ordered), strict=True):
            groups = split(chances, least, _placed(key[1], rows))
            asked[key] = [np.sort(rows[group]) for group in groups]
        asked.update((key, self._known[key]) for key in keys if key not in asked)
        return [group for key in keys for group in asked[key]]

    def _matrices(self, parts: Sequence[Int64]) -> Iterator[NDArray[np.float64]]:
        """How likely all pairs of the rows of each part are, `float64[n, n]`; of many small parts at once."""
        assert self.traits is not None
        for batch in _batches(parts):
            give_way()
            places = [self.traits.places(rows) for rows in batch]
            sides = [np.triu_indices(rows.size, 1) for rows in batch]
            left = np.concatenate([own[one] for own, (one, _) in zip(places, sides, strict=True)])
            right = np.concatenate([own[other] for own, (_, other) in zip(places, sides, strict=True)])
            chances = self.model.probability(self.traits, left, right)
            ends = np.cumsum([one.size for one, _ in sides])
            for rows, (one, other), own in zip(batch, sides, np.split(chances, ends[:-1]), strict=True):
                found = np.eye(rows.size)
                found[one, other] = found[other, one] = own
                yield found

    def _judged(self, pairs: Int64) -> NDArray[np.float64]:
        assert self.traits is not None or not len(pairs)
        parts = [np.empty(0)]
        for start in range(0, len(pairs), PAIRS_AT_ONCE):
            assert self.traits is not None
            give_way()
            places = self.traits.places(pairs[start : start + PAIRS_AT_ONCE])
            parts.append(self.model.probability(self.traits, places[:, 0], places[:, 1]))
        return np.concatenate(parts)


def _contents(traits: Traits) -> Iterator[Content]:
    """What each need says, as far as pairs are compared by it; to be sorted by."""
    facts = zip(traits.titles, traits.cpv, traits.named, traits.natures, traits.quantities, strict=True)
    for vector, (title, cpv, named, nature, quantity) in zip(traits.vectors, facts, strict=True):
        digest = blake2b(vector.tobytes(), digest_size=16).digest()
        yield (
            tuple(vector[:-3:-1].tolist()),
            digest,
            title,
            cpv,
            tuple(sorted(named)),
            nature or "",
            quantity or "",
        )


def _batches(parts: Sequence[Int64]) -> Iterator[list[Int64]]:
    """Parts that have about `PAIRS_AT_ONCE` pairs together."""
    batch: list[Int64] = []
    pairs = 0
    for rows in parts:
        batch.append(rows)
        pairs += rows.size * (rows.size - 1) // 2
        if pairs >= PAIRS_AT_ONCE:
            yield batch
            batch, pairs = [], 0
    if batch:
        yield batch


def _exchanged(held: sparse.csr_matrix, places: Int64, fresh: sparse.csr_matrix) -> sparse.csr_matrix:
    """A matrix with other rows at some places, as wide as these."""
    wide = sparse.csr_matrix((held.data, held.indices, held.indptr), shape=(held.shape[0], fresh.shape[1]))
    at = np.arange(held.shape[0])
    at[places] = held.shape[0] + np.arange(places.size)
    return sparse.vstack([wide, fresh], format="csr")[at]


def _said(constraints: Constraints, rows: Int64) -> Ties:
    """What analysts said of pairs among some rows."""
    if not constraints.must and not constraints.cannot:
        return Ties()
    inside = set(rows.tolist())
    return Ties(
        frozenset(pair for pair in constraints.must if inside.issuperset(pair)),
        frozenset(pair for pair in constraints.cannot if inside.issuperset(pair)),
    )


def _placed(ties: Ties, rows: Int64) -> Ties:
    """Ties of rows as ties of their places."""
    if ties == Ties():
        return ties
    back = {row: place for place, row in enumerate(rows.tolist())}

    def at(pairs: Iterable[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        return frozenset((min(places), max(places)) for places in ((back[a], back[b]) for a, b in pairs))

    return Ties(at(ties.must), at(ties.cannot))
