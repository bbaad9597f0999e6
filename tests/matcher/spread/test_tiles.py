"""Tiles: the neighbours of all, whoever scores which tile and however often."""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcher import nearest
from matcher.graph import Neighbourhoods
from matcher.nearest import BATCH, among
from matcher.protocols import Float32
from matcher.spread import Alone, Folder, Tiles
from matcher.spread.tiles import MOST, SMALLEST, width


class Unruly(Alone):
    """A crew that does pieces in any order, some of them twice."""

    def __init__(self, seed: int, stop: int | None = None) -> None:
        self._random = random.Random(seed)
        self._stop = stop
        self.done = 0

    def each(
        self, prepare: Callable[[], Any], do: Callable[[Any, Any], Any], pieces: Iterable[Any]
    ) -> Iterator[tuple[int, Any]]:
        """Every piece, in disorder; it ends with an error after so many."""
        order = list(enumerate(pieces))
        self._random.shuffle(order)
        for number, piece in order:
            if self._random.random() < 0.3:
                do(prepare(), piece)
            if self.done == self._stop:
                raise KeyboardInterrupt
            self.done += 1
            yield number, do(prepare(), piece)


def vectors(count: int, spread: float = 0.3) -> Float32:
    """Unit vectors around a few centres, some of them equal."""
    drawn = np.random.default_rng(3)
    around = drawn.normal(size=(6, 24))[drawn.integers(0, 6, count)]
    around += spread * drawn.normal(size=around.shape)
    around[::7] = around[0]
    unit: Float32 = (around / np.linalg.norm(around, axis=1, keepdims=True)).astype(np.float32)
    return unit


def assert_alike(one: nearest.Found, other: nearest.Found) -> None:
    """The same pairs and the very same bounds."""
    assert sorted(zip(one[0].tolist(), one[1].tolist(), strict=True)) == sorted(
        zip(other[0].tolist(), other[1].tolist(), strict=True)
    )
    assert np.array_equal(one[2], other[2])


@pytest.mark.parametrize("spread", [0.3, 5e-3])
@pytest.mark.parametrize("smallest", [10, 64, 299, 300])
def test_tiles_find_what_one_process_finds(
    smallest: int, spread: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Near ties, copies and tiles that are not full included, from one tile of all to hundreds."""
    monkeypatch.setattr(nearest, "BATCH", 32)
    held = vectors(300, spread)
    expected = among(held, 5, 0.3)
    side = -(-300 // smallest)
    for seed in range(2):
        crew = Unruly(seed)
        assert_alike(Tiles(crew, Folder(tmp_path), smallest=smallest)(held, 5, 0.3), expected)
        assert crew.done == (0 if side == 1 else side * (side + 1) // 2 + side)
    assert list(tmp_path.iterdir()) == []


def test_neighbourhoods_take_them_for_a_search_of_all(tmp_path: Path) -> None:
    """The pairs that count each other among the nearest are the same."""
    held, rows = vectors(200), np.arange(200)
    plain = Neighbourhoods(24, 0.3, 6)
    spread = Neighbourhoods(24, 0.3, 6, whole=Tiles(Alone(), Folder(tmp_path), smallest=64))
    for near in (plain, spread):
        near.update(rows, held)
    assert len(plain.mutual(rows)) > 200
    assert np.array_equal(plain.mutual(rows), spread.mutual(rows))


def test_a_search_that_was_stopped_goes_on(tmp_path: Path) -> None:
    """Tiles that were scored before are not scored again; another search does not take them for its own."""
    folder, held = Folder(tmp_path), vectors(200)
    with pytest.raises(KeyboardInterrupt):
        Tiles(Unruly(1, stop=6), folder, smallest=64)(held, 6, 0.3)
    kept = len(folder.names())
    assert kept >= 6
    crew, heard = Unruly(2), []
    found = Tiles(crew, folder, lambda done, of: heard.append((done, of)), 64)(held, 6, 0.3)
    assert_alike(found, among(held, 6, 0.3))
    # ten tiles and the vectors; four sides to settle
    assert crew.done == 11 - kept + 4
    assert heard == [(done, crew.done) for done in range(1, crew.done + 1)]
    with pytest.raises(KeyboardInterrupt):
        Tiles(Unruly(1, stop=6), folder, smallest=64)(held, 6, 0.3)
    assert_alike(Tiles(Alone(), folder, smallest=64)(held[:150], 6, 0.3), among(held[:150], 6, 0.3))


def test_tiles_depend_on_the_vectors_alone() -> None:
    """There are at most so many side by side, and none is small."""
    assert width(1) == width(MOST * SMALLEST) == SMALLEST
    for count in islice(range(300_000, 20_000_000, 777_777), 20):
        assert width(count) % BATCH == 0
        assert -(-count // width(count)) <= MOST
