"""Components, average linkage inside one, and what analysts said of it."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from matcher import cluster
from matcher.cluster import Ties, components, split
from matcher.protocols import Int64

Groups = set[frozenset[int]]


def chances(count: int, seed: int, steps: int = 0) -> NDArray[np.float64]:
    """Probabilities of all pairs; in so many steps from 0 to 1, so that many are equal, or in none."""
    random = np.random.default_rng(seed)
    upper = random.integers(0, steps + 1, (count, count)) / steps if steps else random.random((count, count))
    full: NDArray[np.float64] = np.triu(upper, 1)
    full += full.T + np.eye(count)
    return full


def bunches(sizes: list[int], inside: float, between: float) -> NDArray[np.float64]:
    """Probabilities of bunches, with a little noise."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    made = np.where(owner[:, None] == owner[None, :], inside, between)
    noise = np.triu(np.random.default_rng(3).uniform(-0.02, 0.02, made.shape), 1)
    made = made + noise + noise.T
    np.fill_diagonal(made, 1.0)
    return made


def edges(probability: NDArray[np.float64], least: float = -1.0) -> tuple[Int64, NDArray[np.float64]]:
    """The pairs of at least a probability, and these."""
    i, j = np.nonzero(np.triu(probability >= least, 1))
    return np.column_stack([i, j]).astype(np.int64), probability[i, j]


def sets(groups: list[Int64]) -> Groups:
    """Groups whatever their order."""
    return {frozenset(group.tolist()) for group in groups}


# -- components -----------------------------------------------------------------------------------


@given(st.integers(1, 20), st.sets(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=15))
def test_components_hold_whatever_a_chain_of_pairs_joins(count: int, drawn: set[tuple[int, int]]) -> None:
    """Those of one are none; within one, places ascend."""
    wanted = sorted((i, j) for i, j in drawn if i < j < count)
    parts = [{place} for place in range(count)]
    for i, j in wanted:
        joined = next(p for p in parts if i in p) | next(p for p in parts if j in p)
        parts = [p for p in parts if not p & joined] + [joined]
    found = components(count, np.array(wanted, dtype=np.int64).reshape(-1, 2), np.ones(len(wanted)))
    assert sets(found) == {frozenset(part) for part in parts if len(part) > 1}
    assert len(found) == len(sets(found))
    assert all((np.diff(part) > 0).all() for part in found)


def test_no_needs_have_no_components() -> None:
    """Nothing in, nothing out."""
    assert components(0, np.empty((0, 2), dtype=np.int64), np.empty(0)) == []


def test_a_giant_is_cut_where_it_is_weakest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit the weakest edges go until the parts can be compared; bunches stay whole."""
    monkeypatch.setattr(cluster, "GIANT", 40)
    probability = bunches([30, 25, 20, 15], 0.9, 0.4)
    found = components(90, *edges(probability))
    assert sets(found) == {frozenset(range(a, b)) for a, b in ((0, 30), (30, 55), (55, 75), (75, 90))}


@settings(max_examples=20)
@given(st.permutations(range(40)))
def test_a_giant_is_cut_alike_in_any_order(order: list[int]) -> None:
    """Thinning looks at probabilities, not at places; a giant takes nothing from the others."""
    probability = bunches([16, 14], 0.9, 0.5)
    whole = np.zeros((40, 40))
    whole[:30, :30], whole[30:, 30:] = probability, bunches([5, 5], 0.8, 0.6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "GIANT", 20)
        plain = sets(components(40, *edges(whole, 0.1)))
        other = components(40, *edges(whole[np.ix_(order, order)], 0.1))
    assert plain == {frozenset(order[i] for i in part.tolist()) for part in other}
    assert frozenset(range(30, 40)) in plain


def test_a_heap_of_copies_is_cut_into_parts_that_can_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no edge is weaker than another there is nothing to thin, and yet an end."""
    monkeypatch.setattr(cluster, "GIANT", 10)
    found = components(34, *edges(np.ones((34, 34))))
    assert sorted(place for part in found for place in part.tolist()) == list(range(34))
    assert max(map(len, found)) <= 10


# -- linkage --------------------------------------------------------------------------------------


def by_the_book(probability: NDArray[np.float64], least: float) -> Groups:
    """The two groups with the highest mean are merged, again and again, while that is enough."""
    groups = [[place] for place in range(len(probability))]
    while len(groups) > 1:
        mean, i, j = max(
            (float(probability[np.ix_(groups[i], groups[j])].mean()), i, j)
            for i, j in combinations(range(len(groups)), 2)
        )
        if mean < least:
            break
        groups[i] += groups.pop(j)
    return set(map(frozenset, groups))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_without_ties_the_groups_are_those_of_average_linkage(seed: int, at: float) -> None:
    """By the book, and equal to scipy's own cut at the same height."""
    random = np.random.default_rng(seed)
    vectors = np.abs(random.normal(size=(5, 8))[random.integers(0, 5, 30)] + random.normal(size=(30, 8)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = fcluster(linkage(vectors, method="average", metric="cosine"), 1 - at, criterion="distance")
    found = sets(split(vectors @ vectors.T, at))
    assert found == by_the_book(vectors @ vectors.T, at)
    assert found == {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def test_a_need_alone_is_a_group() -> None:
    """One place, no tree."""
    assert [group.tolist() for group in split(np.ones((1, 1)), 0.5)] == [[0]]


@given(st.integers(2, 25), st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_every_place_is_in_one_group_and_groups_come_by_their_first(
    count: int, seed: int, least: float
) -> None:
    """The list reads like the table of needs."""
    found = split(chances(count, seed), least)
    assert sorted(place for group in found for place in group.tolist()) == list(range(count))
    assert [group[0] for group in found] == sorted(group[0] for group in found)
    assert all((np.diff(group) > 0).all() for group in found)


@given(st.permutations(range(18)), st.integers(0, 10_000))
def test_where_no_two_probabilities_are_equal_the_order_changes_nothing(order: list[int], seed: int) -> None:
    """The same pairs in another order fall into the same groups, with ties and without."""
    probability = chances(18, seed)
    place = {old: new for new, old in enumerate(order)}

    def moved(pairs: set[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        return frozenset((min(place[i], place[j]), max(place[i], place[j])) for i, j in pairs)

    said: list[tuple[set[tuple[int, int]], set[tuple[int, int]]]] = [
        (set(), set()),
        ({(0, 1)}, {(2, 3), (0, 4), (1, 4)}),
    ]
    for must, cannot in said:
        plain = split(probability, 0.45, Ties(frozenset(must), frozenset(cannot)))
        other = split(probability[np.ix_(order, order)], 0.45, Ties(moved(must), moved(cannot)))
        assert sets(plain) == {frozenset(order[i] for i in group.tolist()) for group in other}


# -- ties -----------------------------------------------------------------------------------------


@st.composite
def ties(draw: st.DrawFn, count: int) -> Ties:
    """What does not contradict itself, with all that follows from it."""
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda p: p[0] < p[1])
    must = draw(st.sets(pair, max_size=5))
    parts = [frozenset({place}) for place in range(count)]
    for i, j in must:
        joined = next(p for p in parts if i in p) | next(p for p in parts if j in p)
        parts = [p for p in parts if not p & joined] + [joined]
    cannot = set()
    for one, other in draw(st.lists(st.sampled_from(list(combinations(parts, 2))), max_size=5)):
        cannot |= {(min(p), max(p)) for p in product(one, other)}
    return Ties(frozenset(must), frozenset(cannot))


COUNT = 9


@given(ties(COUNT), st.integers(0, 10_000), st.sampled_from([0, 1, 2, 4]), st.sampled_from([0.1, 0.5, 0.9]))
def test_what_analysts_said_holds_however_alike_the_needs_are(
    said: Ties, seed: int, steps: int, least: float
) -> None:
    """Tied pairs are in one group, kept-apart pairs in two; equal and certain probabilities included."""
    found = split(chances(COUNT, seed, steps), least, said)
    home = {place: number for number, group in enumerate(found) for place in group.tolist()}
    assert sorted(home) == list(range(COUNT))
    assert all(home[i] == home[j] for i, j in said.must)
    assert all(home[i] != home[j] for i, j in said.cannot)


def test_a_group_is_cut_where_those_kept_apart_last_met() -> None:
    """The rest stays with the one it is nearer to; other groups are as they were."""
    probability = bunches([3, 3, 2], 0.9, 0.1)
    probability[:3, 3:6] = probability[3:6, :3] = 0.6
    assert sets(split(probability, 0.5)) == {frozenset(range(6)), frozenset({6, 7})}
    apart = split(probability, 0.5, Ties(cannot=frozenset({(0, 4)})))
    assert sets(apart) == {frozenset(range(3)), frozenset(range(3, 6)), frozenset({6, 7})}


def test_tied_needs_count_as_one_against_others() -> None:
    """A third joins them by its mean probability to both."""
    probability = np.array([[1, 0.1, 0.9], [0.1, 1, 0.2], [0.9, 0.2, 1]])
    tied = Ties(must=frozenset({(0, 1)}))
    assert sets(split(probability, 0.54, tied)) == {frozenset({0, 1, 2})}
    assert sets(split(probability, 0.56, tied)) == {frozenset({0, 1}), frozenset({2})}
