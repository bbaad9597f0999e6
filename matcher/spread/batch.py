"""A corpus read by a crew, and the collections that this comes to."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from matcher.collection import Collection
from matcher.errors import SnapshotCorrupt
from matcher.index import LadderIndex, Planner, Rung
from matcher.index.settled import BLOCK, Base, halved
from matcher.lexical import LexicalIndex, TermStatistics
from matcher.protocols import Float32, Int64
from matcher.records import Kind, Record
from matcher.spread.crew import Crew
from matcher.spread.folder import Folder
from matcher.spread.shards import SIZE, Open, Read, Reader, Shard, Task, cut, do, load

Progress = Callable[[int], None]


def _quietly(done: int) -> None:
    """Tell nobody how far it is."""


class Batch:
    """Records to be read in shards, and what was read of them before.

    Of an id that comes twice, the later record stands, in the place of the first.
    """

    def __init__(self, records: Iterable[Record], reader: Reader, folder: Folder, size: int = SIZE) -> None:
        held: dict[Kind, dict[str, Record]] = {kind: {} for kind in Kind}
        for record in records:
            held[record.kind][record.id] = record
        self.records: dict[Kind, list[Record]] = {kind: list(own.values()) for kind, own in held.items()}
        self._reader = reader
        self._folder = folder
        self.shards: list[tuple[str, Shard]] = [
            (shard.named(reader.key), shard)
            for kind, own in self.records.items()
            for shard in cut(kind, own, size)
        ]
        there = folder.names()
        self.missing: list[Shard] = [
            shard for name, shard in self.shards if name not in there or not folder.whole(name)
        ]
        """What is still to be read."""

    @property
    def left(self) -> int:
        """Records that are still to be read."""
        return sum(len(shard.records) for shard in self.missing)

    def read(self, crew: Crew, prepare: Open, progress: Progress = _quietly) -> None:
        """Have a crew read what is missing; `progress` hears how many records are done.

        `prepare` opens a reader like that of the batch, in the process of a worker.
        """
        done = 0
        tasks = (Task(self._folder, self._reader.key, shard) for shard in self.missing)
        for number, name in crew.each(prepare, do, tasks):
            self._folder.await_(name)
            done += len(self.missing[number].records)
            progress(done)
        self.missing = []

    def collections(
        self, planner: Planner | None = None, progress: Progress = _quietly
    ) -> dict[Kind, Collection]:
        """The collections of what was read, each with both of its indexes.

        `progress` hears how many vectors are in place. Raises `SnapshotCorrupt` when a shard was lost since.
        """
        if self.missing:
            raise SnapshotCorrupt(f"{len(self.missing)} shards were not read yet. Read them first.")
        return {kind: self._collection(kind, planner or Planner(), progress) for kind in Kind}

    def _collection(self, kind: Kind, planner: Planner, progress: Progress) -> Collection:
        records = self.records[kind]
        read = [load(self._folder, name) for name, shard in self.shards if shard.kind is kind]
        embedded = list(chain.from_iterable(one.embedded for one in read))
        counts = np.array([len(own.passages) for own in embedded], dtype=np.int64)
        rows = np.repeat(np.arange(len(records)), counts)
        dense = _index(rows, read, self._reader, planner, progress)
        collection = Collection(kind, dense, _lexical(read, self._reader.statistics))
        several = {row: own.passages for row, own in enumerate(embedded) if len(own.passages) > 1}
        collection.restore(
            records, [own.language for own in embedded], [own.parts for own in embedded], several
        )
        return collection


def _lexical(read: Sequence[Read], statistics: TermStatistics) -> LexicalIndex:
    index = LexicalIndex(statistics)
    at = 0
    for one in read:
        index.store(np.arange(at, at + len(one.embedded)), one.weights)
        at += len(one.embedded)
    return index


def _index(
    rows: Int64, read: Sequence[Read], reader: Reader, planner: Planner, progress: Progress
) -> LadderIndex:
    """An index of all vectors, on the rung that is due, built in one go."""
    dimension = reader.dimension
    rung = planner.plan(rows.size, dimension).rung
    if rung is Rung.EXACT32 or not rows.size:
        index = LadderIndex(dimension, planner)
        if rows.size:
            index.upsert(rows, np.concatenate([own.passages for one in read for own in one.embedded]))
        return index
    return LadderIndex.over(Base.build(rung, rows, lambda: _blocks(read), progress), planner)


def _blocks(read: Sequence[Read]) -> Iterator[Float32]:
    """All vectors as a base keeps them, so many at a time."""
    waiting: list[Float32] = []
    count = 0
    for one in read:
        waiting += [own.passages for own in one.embedded]
        count += sum(len(own.passages) for own in one.embedded)
        while count >= BLOCK:
            joined = np.concatenate(waiting)
            yield halved(joined[:BLOCK])
            waiting, count = [joined[BLOCK:]], count - BLOCK
    if count:
        yield halved(np.concatenate(waiting))
