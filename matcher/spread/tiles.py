"""Neighbours of very many vectors, found tile by tile by a crew: the same pairs as in one process.

A tile is a square of scores: some places against some others, or against themselves. Each pair is in one tile
and is scored once. Then the neighbours that each place has in its tiles are settled against each other,
exactly, so that it does not matter where which tile was scored.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from matcher.nearest import BATCH, Found, Nearest, among, blocks, compare, settled
from matcher.protocols import Float32
from matcher.spread.crew import Crew
from matcher.spread.folder import Folder

SMALLEST = 4 * BATCH
"""Places on a side of a tile: enough for what is told of it to be little beside the work in it."""
MOST = 32
"""Tiles side by side: what is kept of them grows with their number."""
Progress = Callable[[int, int], None]
"""Hears how many pieces of work are done, and of how many."""


def _quietly(done: int, of: int) -> None:
    """Tell nobody how far it is."""


def width(count: int, smallest: int = SMALLEST) -> int:
    """Places on a side of a tile among so many, whoever works on them.

    >>> width(20_000), width(1_000_000)
    (8192, 32768)
    """
    return smallest if count <= MOST * smallest else -(-count // (MOST * BATCH)) * BATCH


@dataclass(frozen=True, slots=True)
class Task:
    """A tile to be scored, or, with `other` below 0, places whose neighbours are to be settled."""

    work: "Work"
    one: int
    other: int


@dataclass(frozen=True, slots=True)
class Work:
    """What all tiles of one search have in common."""

    folder: Folder
    key: str
    count: int
    width: int
    k: int
    similarity: float

    @property
    def side(self) -> int:
        """How many tiles stand side by side."""
        return -(-self.count // self.width)

    @property
    def vectors(self) -> str:
        """The file of the vectors."""
        return f"vectors-{self.key}"

    def tile(self, one: int, other: int) -> str:
        """The file of a tile, `one` being the smaller."""
        return f"tile-{self.key}-{one}-{other}"

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Every tile once."""
        return ((one, other) for one in range(self.side) for other in range(one, self.side))

    def blocks(self, number: int, dimension: int) -> list[Nearest]:
        """The places of one side of a tile."""
        start = number * self.width
        return blocks(range(start, min(start + self.width, self.count)), self.k, self.similarity, dimension)


class Tiles:
    """A `nearest.Search` by a crew; scored tiles are kept until all are settled.

    `smallest` is for tests.
    """

    def __init__(
        self, crew: Crew, folder: Folder, progress: Progress = _quietly, smallest: int = SMALLEST
    ) -> None:
        self._crew = crew
        self._folder = folder
        self._progress = progress
        self._smallest = smallest

    def __call__(self, vectors: Float32, k: int, similarity: float) -> Found:
        """The neighbours of all of some unit vectors `float32[n, d]`."""
        count = len(vectors)
        size = width(count, self._smallest)
        if count <= size:
            return among(vectors, k, similarity)
        told = blake2b(np.ascontiguousarray(vectors).data, digest_size=16)
        told.update(repr((vectors.shape, size, k, similarity)).encode())
        work = Work(self._folder, told.hexdigest(), count, size, k, similarity)
        if not self._folder.whole(work.vectors):
            self._folder.keep(work.vectors, {}, {"vectors": vectors})
        tiles = list(work.tiles())
        there = self._folder.names()
        missing = [
            (one, other)
            for one, other in tiles
            if work.tile(one, other) not in there or not self._folder.whole(work.tile(one, other))
        ]
        steps = len(missing) + work.side
        opened = partial(_opened, self._folder, work.vectors)
        scored = self._crew.each(opened, _scored, (Task(work, one, other) for one, other in missing))
        for done, (_, name) in enumerate(scored, 1):
            self._folder.await_(name)
            self._progress(done, steps)
        parts: dict[int, Found] = {}
        rest = self._crew.each(opened, _settled, (Task(work, number, -1) for number in range(work.side)))
        for done, (number, found) in enumerate(rest, len(missing) + 1):
            parts[number] = found
            self._progress(done, steps)
        self._folder.forget([work.vectors, *(work.tile(one, other) for one, other in tiles)])
        one, other, least = zip(*(parts[number] for number in range(work.side)), strict=True)
        return np.concatenate(one), np.concatenate(other), np.concatenate(least)


def _opened(folder: Folder, name: str) -> Float32:
    """The vectors, as a worker sees them."""
    folder.await_(name)
    vectors: Float32 = folder.open(name)[1]["vectors"]
    return vectors


def _scored(vectors: Float32, task: Task) -> str:
    """Score a tile and keep who is near whom in it; returns its name."""
    work, dimension = task.work, vectors.shape[1]
    one = work.blocks(task.one, dimension)
    other = one if task.one == task.other else work.blocks(task.other, dimension)
    compare(vectors, one, other)
    arrays = _told("one", one)
    if other is not one:
        arrays |= _told("other", other)
    name = work.tile(task.one, task.other)
    work.folder.keep(name, {}, arrays)
    return name


def _settled(vectors: Float32, task: Task) -> Found:
    """The neighbours of the places of one side, from all tiles that these are in."""
    work, own = task.work, task.one
    held = work.blocks(own, vectors.shape[1])
    for number in range(work.side):
        side = "one" if own <= number else "other"
        name = work.tile(min(own, number), max(own, number))
        work.folder.await_(name)
        _, arrays = work.folder.open(name)
        places, near, scores = (arrays[f"{side}.{what}"] for what in ("places", "near", "scores"))
        for nearest in held:
            first, last = int(nearest.places[0]), int(nearest.places[-1])
            part = slice(*np.searchsorted(places, [first, last + 1]).tolist())
            lines = places[part].astype(np.int64) - first
            nearest.take(lines, near[part].astype(np.int64), scores[part])
    return settled(vectors, held)


def _told(side: str, held: list[Nearest]) -> dict[str, NDArray[np.generic]]:
    """Who is near the places of one side, by place."""
    places, near, scores = [], [], []
    for nearest in held:
        lines, others, values = nearest.held()
        order = np.argsort(lines, kind="stable")
        places.append(nearest.places[lines[order]].astype(np.int32))
        near.append(others[order].astype(np.int32))
        scores.append(values[order])
    return {
        f"{side}.places": np.concatenate(places),
        f"{side}.near": np.concatenate(near),
        f"{side}.scores": np.concatenate(scores),
    }
