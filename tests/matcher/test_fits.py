from dataclasses import replace

import numpy as np
import pytest

from matcher.asking import Asking
from matcher.collection import Collection
from matcher.errors import SnapshotCorrupt
from matcher.fits import Fits
from matcher.records import Kind, Need, Solution
from matcher.rows import RowSet

NEEDS = [Need(id=f"N{i}", title=f"need {word}") for i, word in enumerate(("pump", "boat", "vest"))]
OFFERS = [Solution(id=f"S{i}", name=f"offer {word}") for i, word in enumerate(("pump", "boat"))]


class Told:
    """Says that the first two rows are near every need, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, query, offers):
        """The rows of both offers, whatever is asked."""
        self.asked.append(query.record.id)
        return np.array([0, 1]), np.array([0.25, 0.75], np.float32)


@pytest.fixture
def collections(embedder):
    """Needs and solutions that are loaded."""
    found = {kind: Collection.empty(kind, embedder.encoder.identity.dimension) for kind in Kind}
    found[Kind.NEED].upsert(NEEDS, embedder, fit_statistics=True)
    found[Kind.SOLUTION].upsert(OFFERS, embedder, fit_statistics=True)
    return found


@pytest.fixture
def fits(collections, embedder):
    """Fits over them, and what they ask."""
    told = Told()
    return Fits(Asking(collections, embedder, lambda: True), collections, told), told


def everything() -> RowSet:
    """All rows of the solutions."""
    return RowSet.of([0, 1], size=2)


def test_each_need_has_the_probabilities_of_what_is_near(fits) -> None:
    """One line a need, one column a solution, in the order given."""
    found = fits[0].of(NEEDS, OFFERS[::-1], everything())
    assert found.toarray().tolist() == [[0.75, 0.25]] * 3


def test_only_what_changed_is_asked_again(fits) -> None:
    """A need that is as it was is remembered."""
    made, told = fits
    made.of(NEEDS, OFFERS, everything())
    assert told.asked == ["N0", "N1", "N2"]
    made.of([replace(NEEDS[0], title="need of a pump"), *NEEDS[1:]], OFFERS, everything())
    assert told.asked[3:] == ["N0"]


def test_another_solution_asks_all_again(fits, collections, embedder) -> None:
    """It may be nearer than what was found."""
    made, told = fits
    made.of(NEEDS, OFFERS, everything())
    collections[Kind.SOLUTION].upsert([Solution(id="S2", name="vest")], embedder, fit_statistics=False)
    made.of(NEEDS, OFFERS, RowSet.of([0, 1, 2], size=3))
    assert len(told.asked) == 6


def test_nothing_is_compared_with_nothing(fits) -> None:
    """No needs or no solutions give an empty table of the right shape."""
    assert fits[0].of([], OFFERS, everything()).shape == (0, 2)
    assert fits[0].of(NEEDS, [], everything()).shape == (3, 0)


def test_collections_that_come_later_are_the_ones_asked(collections, embedder) -> None:
    """An engine from a snapshot puts its records into the place of the empty ones that it began with."""
    held = {kind: Collection.empty(kind, embedder.encoder.identity.dimension) for kind in Kind}
    made = Fits(Asking(held, embedder, lambda: True), held, Told())
    held |= collections
    assert made.of(NEEDS, OFFERS, everything()).shape == (3, 2)


def test_what_was_found_is_known_after_a_restart(fits, collections, embedder) -> None:
    """Of needs and solutions that are as they were; nothing is asked again."""
    known, told = fits
    before = known.of(NEEDS, OFFERS, everything()).toarray()
    told.asked.clear()
    again = Fits(Asking(collections, embedder, lambda: True), collections, told)
    again.restore(known.save())
    np.testing.assert_array_equal(again.of(NEEDS, OFFERS, everything()).toarray(), before)
    assert not told.asked


def test_what_changed_since_is_not_kept(fits, collections, embedder) -> None:
    """A need that was replaced is asked again; after another solution nothing is kept."""
    known, told = fits
    known.of(NEEDS, OFFERS, everything())
    fresh = replace(NEEDS[0], title="need saw")
    collections[Kind.NEED].upsert([fresh], embedder, fit_statistics=False)
    again = Fits(Asking(collections, embedder, lambda: True), collections, told)
    again.restore(known.save())
    told.asked.clear()
    again.of([fresh, *NEEDS[1:]], OFFERS, everything())
    assert told.asked == ["N0"]
    collections[Kind.SOLUTION].upsert([Solution(id="S2", name="offer vest")], embedder, fit_statistics=False)
    assert known.save() == "null"


@pytest.mark.parametrize("saved", ["{", "[]", '{"offers": [], "found": {"N9": [[0], [1]]}}', '{"found": {}}'])
def test_what_cannot_be_read_is_refused(fits, saved: str) -> None:
    """With what to do."""
    with pytest.raises(SnapshotCorrupt, match=r"fits\.json.*Build the snapshot again"):
        fits[0].restore(saved)
