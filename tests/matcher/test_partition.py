"""Groups of needs that are kept up to date, and equal those of a partition made afresh."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from matcher import partition as module
from matcher.cluster import Grouping
from matcher.pairs import FEATURES
from matcher.partition import Partition
from matcher.profiles import unit
from matcher.protocols import Float32
from matcher.review import Constraints
from matcher.traits import Traits

DIMENSION = 16
GROUPING = Grouping(similarity=0.3, edge=0.5, linkage=0.6)
Groups = set[frozenset[int]]
Held = Mapping[int, tuple[int, tuple[str, ...]]]
"""Row to the number of a vector and CPV codes."""


@dataclass(frozen=True)
class Weighed:
    """A calibrator that weighs meaning and CPV, each as it is."""

    meaning: float
    model: str = "any"

    def probability(self, features: Float32) -> Float32:
        """A mean of the two."""
        meaning, branch = features[:, FEATURES.index("meaning")], features[:, FEATURES.index("CPV branch")]
        said: Float32 = np.clip(self.meaning * meaning + (1 - self.meaning) * branch, 0, 1).astype(np.float32)
        return said

    def uses(self, features: slice) -> bool:
        """Nothing is compared part by part."""
        return False

    def contributions(self, features: Float32) -> Float32:
        """Nothing is told of them."""
        return np.zeros_like(features)


@dataclass(frozen=True)
class Agreed(Weighed):
    """A calibrator that asks for the same solutions as well as the same meaning."""

    meaning: float = 1.0

    def probability(self, features: Float32) -> Float32:
        """The smaller of the two."""
        said: Float32 = np.minimum(features[:, 0], features[:, FEATURES.index("solutions")])
        return said


def around(count: int, centres: int, seed: int, spread: float = 0.35, dimension: int = DIMENSION) -> Float32:
    """Unit vectors around centres, these in turn."""
    random = np.random.default_rng(seed)
    middle = random.normal(size=(centres, dimension))
    vectors = middle[np.arange(count) % centres] + spread * random.normal(size=(count, dimension))
    unit: Float32 = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def traits(vectors: Mapping[int, Float32], cpv: Mapping[int, tuple[str, ...]] | None = None) -> Traits:
    """Needs of which only the vectors are known, and CPV codes if given."""
    rows = sorted(vectors)
    count = len(rows)
    return Traits(
        np.array(rows, dtype=np.int64),
        np.array([vectors[row] for row in rows], dtype=np.float32),
        (None,) * count,
        (0,) * count,
        (frozenset(),) * count,
        tuple((cpv or {}).get(row, ()) for row in rows),
        (None,) * count,
        (None,) * count,
        None,
        None,
    )


def made(own: Traits, grouping: Grouping = GROUPING) -> Partition:
    """A partition made in one go."""
    found = Partition(grouping, own.vectors.shape[1])
    found.update(own)
    return found


def sets(partition: Partition, constraints: Constraints = Constraints()) -> Groups:
    """Groups whatever their order."""
    return {frozenset(group.tolist()) for group in partition.groups(constraints)}


POOL = around(18, 4, seed=3)
POOL[14:] = POOL[1]
CODES = ((), ("35815100",), ("35813000",), ("48000000",))
JUDGED = Grouping(similarity=0.3, edge=0.4, linkage=0.55, alone=Weighed(0.7))


def of(held: Held) -> Traits:
    """The traits of what is held."""
    vectors = {row: POOL[at] for row, (at, _) in held.items()}
    return traits(vectors, {row: cpv for row, (_, cpv) in held.items()})


WHAT = st.tuples(st.integers(0, len(POOL) - 1), st.sampled_from(CODES))
STEPS = st.lists(st.dictionaries(st.integers(0, 15), st.none() | WHAT, max_size=10), min_size=1, max_size=4)


@given(STEPS, st.sampled_from([GROUPING, JUDGED]))
def test_what_is_kept_up_to_date_equals_what_is_made_afresh(
    steps: list[dict[int, tuple[int, tuple[str, ...]] | None]], grouping: Grouping
) -> None:
    """After any adding, removing and replacing; groups are asked for in between, and remembered."""
    kept = Partition(grouping, DIMENSION)
    held: dict[int, tuple[int, tuple[str, ...]]] = {}
    said = Constraints(must=((0, 5), (5, 6)), cannot=((1, 2),), locked=(frozenset({3, 4}),))
    for step in steps:
        gone = [row for row in step if row in held]
        fresh = {row: what for row, what in step.items() if what is not None}
        kept.update(of(fresh) if fresh else None, gone)
        held = {row: what for row, what in held.items() if row not in gone} | fresh
        assert kept.rows.tolist() == sorted(held)
        if not held:
            assert kept.groups() == []
            continue
        again = made(of(held), grouping)
        assert sets(kept) == sets(again)
        assert sets(kept, said) == sets(again, said)
        np.testing.assert_allclose(kept.likeness(kept.rows), again.likeness(again.rows), atol=1e-6)


SIXTEEN = st.lists(WHAT, min_size=16, max_size=16)


@given(st.permutations(range(16)), SIXTEEN, st.sampled_from([GROUPING, JUDGED]))
def test_the_order_of_the_rows_changes_nothing(
    order: list[int], needs: list[tuple[int, tuple[str, ...]]], grouping: Grouping
) -> None:
    """The same needs under other rows fall into the same groups; copies that differ in their codes too."""

    def told(groups: Groups, back: list[int]) -> list[list[str]]:
        # copies in all are told apart by nothing, so that any of them may be in a group
        return sorted(sorted(str(needs[back[row]]) for row in group) for group in groups)

    plain = sets(made(of(dict(enumerate(needs))), grouping))
    other = sets(made(of({order[i]: need for i, need in enumerate(needs)}), grouping))
    back = [order.index(row) for row in range(16)]
    assert told(plain, list(range(16))) == told(other, back)


def test_of_copies_with_other_codes_the_codes_decide_not_the_rows() -> None:
    """One text under two far codes and none: it is content that says which of the two joins the third."""
    codes = (("35815100",), ("48000000",), ())
    grouping = Grouping(similarity=0.3, edge=0.3, linkage=0.4, alone=Weighed(0.2))
    found: set[frozenset[frozenset[tuple[str, ...]]]] = set()
    for order in permutations(codes):
        own = made(traits(dict.fromkeys(range(3), POOL[0]), dict(enumerate(order))), grouping)
        found.add(frozenset(frozenset(order[row] for row in group) for group in sets(own)))
    assert len(found) == 1
    assert sorted(map(len, next(iter(found)))) == [1, 2]


def test_every_need_is_in_one_group_and_singles_are_singles() -> None:
    """The list comes by first row; what nothing is like is a group of one."""
    vectors = np.concatenate([np.repeat(np.eye(DIMENSION, dtype=np.float32)[:2], 3, axis=0), np.eye(16)[5:8]])
    found = made(traits({2 * i + 1: v for i, v in enumerate(vectors.astype(np.float32))})).groups()
    assert [group.tolist() for group in found] == [[1, 3, 5], [7, 9, 11], [13], [15], [17]]


def test_an_empty_partition_has_no_groups() -> None:
    """Before anything was stored, and after all is gone."""
    found = Partition(GROUPING, DIMENSION)
    assert found.groups() == []
    found.update(None, [])
    found.update(traits({0: POOL[0], 1: POOL[1]}))
    found.update(None, [0, 1])
    assert found.groups() == []
    assert found.rows.size == 0


def test_likeness_is_one_for_itself_and_symmetric() -> None:
    """Of any of the rows, in their order."""
    own = made(traits(dict(enumerate(POOL))))
    found = own.likeness(np.array([1, 4, 9]))
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 1)
    assert found[0, 2] == pytest.approx(max(0.0, float(POOL[1] @ POOL[9])), abs=1e-5)


# -- what analysts said ---------------------------------------------------------------------------


def test_a_locked_group_stays_as_it_is() -> None:
    """Nothing joins it, however alike, nothing leaves it, and rows that are not there are passed over."""
    own = made(traits(dict(enumerate(np.repeat(np.eye(DIMENSION, dtype=np.float32)[:2], 4, axis=0)))))
    locked = Constraints(locked=(frozenset({0, 5, 77}), frozenset({6})))
    assert sets(own, locked) == {frozenset({0, 5}), frozenset({6}), frozenset({1, 2, 3}), frozenset({4, 7})}
    own.update(traits({8: np.eye(DIMENSION, dtype=np.float32)[0]}))
    assert frozenset({0, 5}) in sets(own, locked)
    assert frozenset({1, 2, 3, 8}) in sets(own, locked)


@settings(max_examples=30)
@given(
    st.sets(st.sampled_from([(0, 9), (1, 3), (2, 6), (9, 11)])),
    st.sets(st.sampled_from([(4, 8), (5, 7), (8, 12)])),
    st.integers(0, 3),
)
def test_what_must_and_must_not_be_together_survives_changes(
    must: set[tuple[int, int]], cannot: set[tuple[int, int]], seed: int
) -> None:
    """Across components and copies, and after needs came and went."""
    vectors = around(16, 4, seed)
    vectors[12] = vectors[8] = vectors[4]
    said = Constraints(tuple(sorted(must)), tuple(sorted(cannot)))
    own = made(traits(dict(enumerate(vectors))))
    for change in (None, {20: vectors[8], 21: vectors[5]}, {22: vectors[0]}):
        if change is not None:
            own.update(traits(change), [13] if 13 in own.rows else [])
        found = {row: group for group in sets(own, said) for row in group}
        assert all(found[i] == found[j] for i, j in must)
        assert all(found[i] != found[j] for i, j in cannot)
    assert sets(own) == sets(made(own.traits)) if own.traits is not None else False


# -- how much is done anew ------------------------------------------------------------------------


@pytest.fixture
def splits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the components that are linked."""
    sizes: list[int] = []
    plain = module.split

    def counted(probability: np.ndarray, *more: object) -> object:
        sizes.append(len(probability))
        return plain(probability, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "split", counted)
    return sizes


def test_one_need_more_is_linked_with_its_own_component_only(splits: list[int]) -> None:
    """Components that a change does not touch are remembered; asking twice links nothing."""
    vectors = around(40, 8, seed=5, spread=0.05, dimension=64)
    own = made(traits(dict(enumerate(vectors))))
    before = sets(own)
    assert sorted(splits) == [5] * 8
    splits.clear()
    assert sets(own) == before
    assert splits == []
    near = vectors[3] + 0.01 * vectors[4]
    own.update(traits({40: (near / np.linalg.norm(near)).astype(np.float32)}))
    joined = sets(own)
    assert splits == [6]
    assert joined - before == {next(group for group in before if 3 in group) | {40}}
    splits.clear()
    own.update(None, [40])
    assert sets(own) == before
    assert splits in ([], [5])


def test_an_edit_links_only_what_it_names_anew(splits: list[int]) -> None:
    """Other components are remembered, and so is what was before the edit."""
    own = made(traits(dict(enumerate(around(40, 8, seed=5, spread=0.05, dimension=64)))))
    before = sets(own)
    splits.clear()
    edited = sets(own, Constraints(cannot=((3, 11),)))
    assert splits == [5]
    assert len(edited) > len(before)
    splits.clear()
    assert sets(own) == before
    assert splits in ([], [5])


def test_a_copy_costs_no_linkage_and_stands_in_the_group_of_its_like(splits: list[int]) -> None:
    """Nor does a heap of them, more than a component may have: all are in one group."""
    vectors = around(40, 8, seed=5, spread=0.05, dimension=64)
    own = made(traits(dict(enumerate(vectors))))
    before = sets(own)
    splits.clear()
    own.update(traits({40 + i: vectors[3] for i in range(450)}))
    heap = next(group for group in sets(own) if 3 in group)
    assert splits == []
    assert heap == next(group for group in before if 3 in group) | set(range(40, 490))
    own.update(None, [3])
    assert next(group for group in sets(own) if 40 in group) == heap - {3}


def test_a_copy_that_an_analyst_names_stands_for_itself() -> None:
    """It can be kept apart from what it repeats."""
    vectors = around(40, 8, seed=5, spread=0.05, dimension=64)
    own = made(traits({**dict(enumerate(vectors)), 40: vectors[3]}))
    assert any({3, 40} <= group for group in sets(own))
    assert not any({3, 40} <= group for group in sets(own, Constraints(cannot=((3, 40),))))
    assert any({3, 40} <= group for group in sets(own))


def test_few_new_needs_leave_the_groups_as_they_were() -> None:
    """Of 200 groups, 97 in 100 keep their needs together and take in no others of old, as 5 % are added."""
    random = np.random.default_rng(11)
    old = around(800, 200, seed=9, spread=0.28, dimension=32)
    own = made(traits(dict(enumerate(old))))
    before = {group for group in sets(own) if len(group) > 1}
    assert len(before) > 190
    like = old[random.integers(0, 800, 30)] + 0.15 * random.normal(size=(30, 32))
    others = random.normal(size=(10, 32))
    new = np.concatenate([like, others])
    new /= np.linalg.norm(new, axis=1, keepdims=True)
    own.update(traits({800 + i: vector for i, vector in enumerate(new.astype(np.float32))}))
    after = {frozenset(row for row in group if row < 800) for group in sets(own)}
    assert len(before & after) >= 0.97 * len(before)
    assert any(max(group) >= 800 and len(group) > 1 for group in sets(own))


def beside(vectors: Mapping[int, Float32], answers: Mapping[int, list[float]]) -> Traits:
    """Needs with solutions that answer them, one column each."""
    own = traits(vectors)
    said = sparse.csr_matrix(np.array([answers[row] for row in own.rows.tolist()], dtype=np.float32))
    return replace(own, answers=said, profiles=unit(said))


def test_other_offers_change_the_needs_they_concern() -> None:
    """Profiles, pairs and groups are those of a partition made afresh, columns added included."""
    near = around(6, 1, seed=5, spread=0.02)
    alike = {row: near[row] for row in range(6)}
    before = {row: [1.0, 0.0] if row < 4 else [0.0, 1.0] for row in alike}
    judged = Grouping(similarity=0.3, edge=0.4, linkage=0.55, linkage_beside=0.55, beside=Agreed())
    kept = made(beside(alike, before), judged)
    assert sets(kept) == {frozenset(range(4)), frozenset({4, 5})}
    fresh = sparse.csr_matrix(np.array([[0, 0, 1], [0, 0, 1]], dtype=np.float32))
    kept.offer(np.array([1, 2]), fresh)
    after = {row: [*said, 0.0] for row, said in before.items()} | {1: [0, 0, 1.0], 2: [0, 0, 1.0]}
    again = made(beside(alike, after), judged)
    assert sets(kept) == sets(again) == {frozenset({0, 3}), frozenset({1, 2}), frozenset({4, 5})}
    assert kept.traits is not None
    assert again.traits is not None
    for name in ("answers", "profiles"):
        one, other = getattr(kept.traits, name), getattr(again.traits, name)
        assert one.shape == other.shape
        assert np.array_equal(one.toarray(), other.toarray())


def test_new_columns_alone_change_nothing() -> None:
    """Profiles are as wide as there are solutions, so that needs that come later fit beside them."""
    own = beside({0: POOL[0], 1: POOL[0]}, {0: [1.0], 1: [1.0]})
    kept = made(own, Grouping(similarity=0.3, edge=0.4, linkage=0.55, linkage_beside=0.55))
    before = sets(kept)
    kept.offer(np.empty(0, dtype=np.int64), sparse.csr_matrix((0, 3), dtype=np.float32))
    assert kept.traits is not None
    assert kept.traits.answers is not None
    assert kept.traits.answers.shape == (2, 3)
    assert sets(kept) == before
