"""An index that changes its kind as it grows: `plan` says when, and which way each search takes.

While vectors are few it is the exact index and nothing else. Beyond, it is a large base, mapped from a file
or in memory, and beside it a small exact index of what came since; rows of the base that were replaced or
deleted are dead there. When what came since grows large, a new base takes both in.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from matcher.errors import SnapshotCorrupt, SnapshotIncompatible
from matcher.index import container
from matcher.index.container import Container, Part
from matcher.index.flat import FlatIndex, best_of_each
from matcher.index.lists import number_of
from matcher.index.plan import Choice, Plan, Planner, Rung, Way
from matcher.index.settled import BLOCK, ROUNDING, Base, Mask, halved, products
from matcher.protocols import Float32, Int64
from matcher.rows import RowSet

MERGED_AT = 4_096
"""Vectors that came since, from which a new base may be due."""
MERGED_SHARE = 0.05
"""Of the base, how much must have come since or died before a new one is made."""
STALE_SHARE = 0.2
"""How much may be dead or new since lists were made before they are made anew rather than added to."""
BESIDE = 10_000
"""From so many vectors on, lists are made beside all else: that takes seconds."""
WIDER = 4
"""How many times more is fetched when what was fetched does not settle the order."""


def _quietly(done: int) -> None:
    """Tell nobody how far it is."""


class LadderIndex:
    """Nearest rows by inner product, of a few vectors or of millions; see `VectorIndex`.

    Rows found by way of lists are nearly always the nearest; those found otherwise always are, of the
    vectors as they are kept. Scores are exact either way.

    >>> index = LadderIndex(2)
    >>> index.upsert(np.array([7, 9]), np.eye(2, dtype=np.float32))
    >>> index.plan.rung.name, len(index)
    ('EXACT32', 2)
    """

    def __init__(self, dimension: int, planner: Planner | None = None, merged_at: int = MERGED_AT) -> None:
        self._planner = Planner() if planner is None else planner
        self._merged_at = merged_at
        self._base: Base | None = None
        self._file: Container | None = None
        """Where the base is mapped from."""
        self._delta = FlatIndex(dimension)
        self._lock = threading.RLock()
        self._merging = threading.Lock()
        self._touched: set[int] | None = None
        """Rows that changed while a new base is being made."""
        self._merger: threading.Thread | None = None
        self.progress: Callable[[int], None] = _quietly
        """Told how many vectors of a new base are in place."""

    @classmethod
    def over(cls, base: Base, planner: Planner | None = None) -> "LadderIndex":
        """An index of what a base holds, made apart."""
        index = cls(base.dimension, planner)
        index._base = base
        return index

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._delta.dimension

    def __len__(self) -> int:
        with self._lock:
            base = self._base
            return len(self._delta) + (base.count(base.alive) if base is not None else 0)

    @property
    def vectors(self) -> int:
        """How many vectors are stored."""
        with self._lock:
            return self._delta.vectors + self._live()

    def rows(self) -> Int64:
        """`int64[n]`: the rows that hold vectors, ascending."""
        with self._lock:
            own = self._delta.rows()
            if self._base is None:
                return own
            return np.union1d(own, self._base.rows[self._base.alive])

    @property
    def rung(self) -> Rung:
        """How most of the vectors are kept now."""
        return Rung.EXACT32 if self._base is None else self._base.rung

    @property
    def plan(self) -> Plan:
        """What so many vectors should be kept as, and why."""
        return self._planner.plan(self.vectors, self.dimension)

    def choice(self, allowed: RowSet) -> Choice:
        """Which way a search of these rows takes through the base, and why."""
        with self._lock:
            base = self._base
            if base is None:
                count = int(np.count_nonzero(allowed.contains(self._delta.rows())))
                return self._planner.way(Rung.EXACT32, self.vectors, self.dimension, count)
            return self._way(base, int(np.count_nonzero(self._open(base, allowed))))

    # -- changing ------------------------------------------------------------------------------

    def upsert(self, rows: Int64, vectors: Float32) -> None:
        """Store vectors under row numbers; earlier vectors of these rows are replaced.

        Raises `ValueError` when shapes disagree.
        """
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        with self._lock:
            self._delta.upsert(rows, halved(vectors) if self._rounds(rows.size) else vectors)
            self._touch(np.unique(rows))
        self._grow()

    def delete(self, rows: Int64) -> int:
        """Forget rows; unknown ones are ignored. Returns how many were stored."""
        distinct = np.unique(np.asarray(rows, dtype=np.int64))
        with self._lock:
            gone = self._delta.delete(distinct) + self._touch(distinct)
        self._grow()
        return gone

    def _rounds(self, coming: int) -> bool:
        """Whether vectors are kept in two bytes a number: as soon as that is due, and from then on."""
        due = self._planner.plan(self._delta.vectors + coming, self.dimension).rung
        return self._base is not None or due is not Rung.EXACT32

    def _touch(self, distinct: Int64) -> int:
        """Have rows be found in the delta alone. Returns how many were alive in the base."""
        if self._touched is not None:
            self._touched |= set(distinct.tolist())
        return 0 if self._base is None else self._base.kill(distinct)

    def _live(self) -> int:
        return 0 if self._base is None else len(self._base) - self._base.dead

    def _grow(self) -> None:
        """Make a new base when one is due: at once, or beside all else where it takes minutes."""
        with self._lock:
            base, waiting = self._base, self._delta.vectors
            stale = waiting + (base.dead if base is not None else 0)
            if stale < max(self._merged_at, MERGED_SHARE * (len(base) if base is not None else 0)):
                return
            rung = self._planner.plan(waiting + self._live(), self.dimension).rung
            if base is None and rung is Rung.EXACT32:
                return
            if rung is Rung.LISTS16 and waiting > BESIDE:
                if self._merger is None or not self._merger.is_alive():
                    self._merger = threading.Thread(target=self.merge, name="needmatch-merge", daemon=True)
                    self._merger.start()
                return
        self.merge()

    def settle(self) -> None:
        """Wait for a new base that is being made."""
        if self._merger is not None:
            self._merger.join()

    def merge(self) -> None:
        """Take what came since and what died into a new base, of the rung that is due.

        Searches and changes go on meanwhile.
        """
        with self._merging:
            with self._lock:
                base, delta = self._base, self._delta
                rows, vectors = delta.held(delta.rows())
                vectors = halved(vectors)
                alive = None if base is None else base.alive.copy()
                self._touched = set()
            try:
                made = self._made(base, alive, rows, vectors)
            except BaseException:
                with self._lock:
                    self._touched = None
                raise
            with self._lock:
                touched, self._touched = np.array(sorted(self._touched), dtype=np.int64), None
                later_rows, later = self._delta.held(touched)
                if made is not None:
                    made.kill(touched)
                self._base, self._file = made, None
                self._delta = FlatIndex(self.dimension)
                self._delta.upsert(later_rows, later if made is None else halved(later))

    def _made(self, base: Base | None, alive: Mask | None, rows: Int64, vectors: Float32) -> Base | None:
        live = 0 if alive is None else int(np.count_nonzero(alive))
        total = live + rows.size
        if not total:
            return None
        rung = self._planner.plan(total, self.dimension).rung
        if rung is Rung.EXACT32:  # it shrank, and is not worth rounding back
            rung = Rung.EXACT16
        if (
            base is not None
            and alive is not None
            and base.rung is rung is Rung.LISTS16
            and len(base) - live < STALE_SHARE * len(base)
            and base.lists is not None
            and number_of(total) <= (1 + STALE_SHARE) * len(base.lists.middles)
        ):
            made = base.extended(rows, vectors, self.progress)
            dead = np.zeros(len(made), dtype=np.bool_)
            dead[: len(base)] = ~alive
            made.bury(dead)
            return made
        kept = np.empty(0, dtype=np.int64) if base is None or alive is None else np.flatnonzero(alive)
        kept_rows = np.empty(0, dtype=np.int64) if base is None else base.rows[kept]
        order = np.argsort(np.concatenate([kept_rows, rows]), kind="stable")

        def blocks() -> Iterator[Float32]:
            for start in range(0, total, BLOCK):
                places = order[start : start + BLOCK]
                block = np.empty((places.size, self.dimension), dtype=np.float32)
                old = places < kept.size
                if base is not None and old.any():
                    block[old] = base.vectors(kept[places[old]])
                block[~old] = vectors[places[~old] - kept.size]
                yield block

        return Base.build(rung, np.concatenate([kept_rows, rows])[order], blocks, self.progress)

    # -- finding -------------------------------------------------------------------------------

    def search(self, queries: Float32, k: int, allowed: RowSet) -> tuple[Int64, Float32]:
        """The best `k` allowed rows for each query; see `VectorIndex.search`."""
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        with self._lock:
            base = self._base
            if base is None:
                return self._delta.search(queries, k, allowed)
            open_ = self._open(base, allowed)
            count = int(np.count_nonzero(open_))
            depth = min(k, base.count(open_)) if count else 0
            new_rows, _ = self._delta.search(queries, k, allowed)
            found_rows = np.full((len(queries), k), -1, dtype=np.int64)
            found_scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
            near: list[tuple[Int64, Float32]] = [
                (np.empty(0, np.int64), np.empty(0, np.float32)) for _ in range(len(queries))
            ]
            if depth and len(queries):
                self._nearest(base, queries, depth, open_, count, near)
            for q, (rows, scores) in enumerate(near):
                came = new_rows[q][new_rows[q] >= 0]
                if came.size:
                    rows = np.concatenate([rows, came])
                    scores = np.concatenate([scores, self._delta.score(queries[q : q + 1], came)[0]])
                    rows, scores = best_of_each(rows, scores)
                found_rows[q, : min(k, rows.size)] = rows[:k]
                found_scores[q, : min(k, rows.size)] = scores[:k]
        return found_rows, found_scores

    def _open(self, base: Base, allowed: RowSet) -> Mask:
        """Slots of the base that are alive and whose rows are allowed."""
        mask = allowed.mask
        if base.dense and mask.size >= len(base):
            return mask[: len(base)] & base.alive
        open_: Mask = allowed.contains(base.rows) & base.alive
        return open_

    def _way(self, base: Base, count: int) -> Choice:
        return self._planner.way(base.rung, len(base), self.dimension, count)

    def _nearest(
        self,
        base: Base,
        queries: Float32,
        depth: int,
        open_: Mask,
        count: int,
        near: list[tuple[Int64, Float32]],
    ) -> None:
        """Fill in the `depth` best rows of the base for each query."""
        way = self._way(base, count).way
        pending = np.arange(len(queries))
        if way is Way.LISTS:
            looked = self._planner.looked(len(base), count)
            slots, scores = base.look(queries, 2 * depth + 1, open_, looked)
            # of equals all must be at hand, so that the first rows among them come first
            worst = np.where(slots[:, -1] < 0, -np.inf, scores.min(axis=1) + ROUNDING)
            short = [
                q for q in pending if not self._settled(base, queries, q, slots[q], depth, near, worst[q])
            ]
            # the lists may hold too few that are allowed, and rows may repeat: then a look at each
            pending, way = np.array(short, dtype=np.int64), Way.SCAN
        picked = np.flatnonzero(open_) if way is Way.GATHER else None
        fetch = (2 if base.rung is not Rung.INT8 else 2 * WIDER) * depth + 1
        while pending.size:
            some, fetch = queries[pending], min(fetch, count)
            if picked is not None:
                slots, scores = base.gather(some, fetch, picked)
                margin = ROUNDING
            else:
                slots, scores = base.scan(some, fetch, open_)
                margin = base.margin
            worst = scores.min(axis=1) + margin
            whole = fetch == count
            pending = np.array(
                [
                    q
                    for at, q in enumerate(pending)
                    if not self._settled(
                        base, queries, q, slots[at], depth, near, -np.inf if whole else worst[at]
                    )
                ],
                dtype=np.int64,
            )
            fetch *= WIDER

    @staticmethod
    def _settled(
        base: Base,
        queries: Float32,
        q: np.intp,
        slots: Int64,
        depth: int,
        near: list[tuple[Int64, Float32]],
        beyond: float = -np.inf,
    ) -> bool:
        """Fill in a query's best rows if they are enough and better than what was not fetched may be."""
        slots = slots[slots >= 0]
        scores = products(queries[q : q + 1], base.vectors(slots))[0]
        rows, best = best_of_each(base.rows[slots], scores)
        if rows.size < depth or not best[depth - 1] > beyond:
            return False
        near[q] = rows[:depth], best[:depth]
        return True

    def score(self, queries: Float32, rows: Int64) -> Float32:
        """Exact scores `float32[q, n]` of the given rows; -inf for a row that is not stored."""
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        rows = np.asarray(rows, dtype=np.int64)
        with self._lock:
            scores = self._delta.score(queries, rows)
            if self._base is not None:
                for places, starts, vectors in _held(self._base, rows):
                    every = products(queries, vectors)
                    scores[:, places] = np.maximum.reduceat(every, starts, axis=1)
        return scores

    def centroids(self, rows: Int64) -> Float32:
        """`float32[n, d]`: the unit mean of what each row holds; zeros for a row that is not stored."""
        rows = np.asarray(rows, dtype=np.int64)
        with self._lock:
            means = self._delta.centroids(rows)
            if self._base is not None:
                for places, starts, vectors in _held(self._base, rows):
                    sums = np.add.reduceat(vectors, starts, axis=0)
                    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
                    means[places] = sums / np.maximum(lengths, 1e-12)
        return means

    # -- keeping -------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Write the index to one file: of a few vectors, as `FlatIndex` does."""
        with self._lock:
            if self._base is None:
                self._delta.save(path)
                return
            rows, vectors = self._delta.held(self._delta.rows())
            facts: dict[str, Any] = {"dimension": self.dimension, "rung": self._base.rung.name}
            parts = self._base.parts()
            parts["delta.rows"] = Part(lambda write: write(rows))
            parts["delta.vectors"] = Part(lambda write: write(np.ascontiguousarray(vectors)))
            container.write(path, facts, parts)

    @classmethod
    def load(
        cls, path: Path, dimension: int, planner: Planner | None = None, merged_at: int = MERGED_AT
    ) -> "LadderIndex":
        """An index that `save` or `FlatIndex.save` wrote; a large one is mapped, and not read whole.

        Raises `SnapshotCorrupt` when it cannot be read and `SnapshotIncompatible` when its vectors have
        another length.
        """
        index = cls(dimension, planner, merged_at)
        if not container.is_container(path):
            index._delta = FlatIndex.load(path, dimension)
            return index
        held = Container(path)
        seen = held.facts.get("dimension")
        if seen != dimension:
            raise SnapshotIncompatible(
                f"{path.name} holds vectors of length {seen}, the model makes {dimension}. "
                "Open it with the model that made it, or build it again."
            )
        rung = Rung.__members__.get(str(held.facts.get("rung")))
        if rung in (None, Rung.EXACT32):
            raise SnapshotIncompatible(
                f"{path.name} keeps its vectors in a way this needmatch does not know "
                f"({held.facts.get('rung')}). Open it with the version that wrote it, or build it again."
            )
        index._base, index._file = Base.of(held, rung), held
        try:
            rows = held.section("delta.rows").view(np.int64)
            vectors = held.section("delta.vectors").view(np.float32).reshape(rows.size, dimension)
            index._delta.upsert(rows, vectors)
        except ValueError as error:
            raise SnapshotCorrupt(
                f"The sections of {path.name} do not fit together ({error}). Build the snapshot again."
            ) from error
        return index


def _held(base: Base, rows: Int64) -> Iterator[tuple[Int64, Int64, Float32]]:
    """By blocks of rows: places that are stored, where the vectors of each start, and the vectors."""
    for first in range(0, rows.size, BLOCK):
        slots, widths = base.slots(rows[first : first + BLOCK])
        stored = np.flatnonzero(widths)
        if stored.size:
            yield first + stored, np.cumsum(widths[stored]) - widths[stored], base.vectors(slots)
