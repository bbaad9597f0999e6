"""The nearest of each among many: settled exactly, also where they were found in parts."""

import numpy as np
import pytest

from matcher import nearest
from matcher.nearest import Nearest, among, blocks, compare, settled
from matcher.protocols import Float32


def vectors(count: int, spread: float = 0.3, seed: int = 1) -> Float32:
    """Unit vectors around five centres, each twice."""
    random = np.random.default_rng(seed)
    around = random.normal(size=(5, 16))[random.integers(0, 5, count // 2)]
    drawn = around + spread * random.normal(size=around.shape)
    unit: Float32 = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return np.concatenate([unit, unit])


def test_who_is_near_is_told_for_each_place_with_how_near_others_must_come() -> None:
    """By the book: the nearest, and those as near as the last of them; never a place itself."""
    held = vectors(60)
    one, other, least = among(held, 4, 0.2)
    cosine = held.astype(np.float64) @ held.T.astype(np.float64)
    np.fill_diagonal(cosine, -2)
    expected = np.maximum(np.sort(cosine, axis=1)[:, -4] - nearest.CLOSE, 0.2)
    assert np.allclose(least, expected, atol=1e-9)
    there = np.zeros((60, 60), dtype=bool)
    there[one, other] = True
    assert np.array_equal(there, cosine >= expected[:, None])


@pytest.mark.parametrize("spread", [0.3, 5e-3])
def test_parts_that_were_compared_apart_come_to_the_same(
    spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `held` told of each part, taken together: the same neighbours and the same bounds."""
    monkeypatch.setattr(nearest, "BATCH", 16)
    held = vectors(90, spread)
    parts = [range(0, 40), range(40, 90)]
    whole = [blocks(part, 5, 0.1, 16) for part in parts]
    for number, one in enumerate(parts):
        for later in range(number, len(parts)):
            mine = blocks(one, 5, 0.1, 16)
            theirs = mine if later == number else blocks(parts[later], 5, 0.1, 16)
            compare(held, mine, theirs)
            for target, found in [(number, mine), *([(later, theirs)] if later != number else [])]:
                for own, apart in zip(whole[target], found, strict=True):
                    own.take(*apart.held())
    together = [*whole[0], *whole[1]]
    for mine_, theirs_ in zip(settled(held, together), among(held, 5, 0.1), strict=True):
        assert np.array_equal(np.sort(mine_), np.sort(theirs_))


def test_places_without_any_other_have_no_neighbours() -> None:
    """A place alone, and none at all."""
    alone = Nearest(np.arange(1), 3, 0.0, 16)
    assert [part.size for part in alone.held()] == [0, 0, 0]
    one, other, least = among(vectors(2)[:1], 3, 0.25)
    assert (one.size, other.size, least.tolist()) == (0, 0, [0.25])
    assert [part.size for part in among(vectors(2)[:0], 3, 0.25)] == [0, 0, 0]
