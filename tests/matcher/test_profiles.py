"""How likely each of the nearest solutions answers a need."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from matcher.branch import UNSAID
from matcher.calibrate import LogisticCalibrator
from matcher.collection import Collection
from matcher.embed import Embedder
from matcher.profiles import FEATURES, NEAREST, SHARPNESS, profile_features, solution_profiles, unit
from matcher.protocols import Float32
from matcher.records import Kind, Solution
from matcher.rows import RowSet
from models import open_encoder

COUNT = 40
SOLUTIONS = [
    Solution(id=f"S{i}", name=f"device {i} {'pump suit radar boat'.split()[i % 4]} of kind {i * i}")
    for i in range(COUNT)
]
CALIBRATOR = LogisticCalibrator("hashing@1", (6.0, 2.0, 1.5), -3.0, 10, "2026-01-31")


def collected(solutions: list[Solution]) -> Collection:
    """Solutions read by the hashing encoder."""
    made = Collection.empty(Kind.SOLUTION, 64)
    made.upsert(solutions, Embedder(open_encoder("hashing")), fit_statistics=True)
    return made


@pytest.fixture(scope="module")
def solutions() -> Collection:
    """Forty solutions."""
    return collected(SOLUTIONS)


def some(count: int, seed: int = 1) -> Float32:
    """Unit vectors of needs."""
    vectors = np.random.default_rng(seed).normal(size=(count, 64))
    unit_rows: Float32 = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit_rows


def profiles(
    vectors: Float32,
    held: Collection,
    allowed: RowSet,
    calibrator: LogisticCalibrator | None = None,
    named: frozenset[str] = frozenset(),
    cpv: tuple[str, ...] = (),
) -> sparse.csr_matrix:
    """Profiles of needs that all name the same codes."""
    return solution_profiles(vectors, [named] * len(vectors), [cpv] * len(vectors), held, allowed, calibrator)


@pytest.mark.parametrize("calibrator", [None, CALIBRATOR])
def test_columns_are_rows_of_the_nearest_solutions(
    solutions: Collection, calibrator: LogisticCalibrator | None
) -> None:
    """As many as count at most, of those that are allowed, none nearer left out; every value in (0, 1]."""
    allowed = RowSet.of(range(0, COUNT, 2), size=COUNT)
    vectors = some(6)
    found = profiles(vectors, solutions, allowed, calibrator)
    assert found.shape == (6, COUNT)
    assert found.dtype == np.float32
    assert ((found.data > 0) & (found.data <= 1)).all()
    scores = solutions.dense.score(vectors, np.arange(COUNT))
    for line in range(6):
        columns = set(found[[line]].nonzero()[1].tolist())
        best = sorted(allowed, key=lambda row: -scores[line, row])[:NEAREST]
        assert columns == set(best)


def test_fewer_solutions_than_count_are_all_there(solutions: Collection) -> None:
    """And no others; no needs have no lines."""
    found = profiles(some(3), solutions, RowSet.of([4, 7], size=COUNT))
    assert [set(found[[line]].nonzero()[1].tolist()) for line in range(3)] == [{4, 7}] * 3
    assert profiles(some(0), solutions, RowSet.all(COUNT)).shape == (0, COUNT)


def test_a_deleted_solution_has_a_column_and_no_value() -> None:
    """Columns keep their numbers."""
    held = collected(SOLUTIONS[:6])
    held.delete(["S2"])
    found = profiles(some(2), held, RowSet.of([0, 1, 3, 4, 5], size=6))
    assert found.shape == (2, 6)
    assert not found[:, [2]].nnz


def test_a_fitted_calibrator_decides_and_never_falls_as_a_solution_is_nearer(solutions: Collection) -> None:
    """Values are its probabilities; where codes are alike, the nearer solution is the more likely one."""
    vectors = some(5)
    found = profiles(vectors, solutions, RowSet.all(COUNT), CALIBRATOR)
    scores = solutions.dense.score(vectors, np.arange(COUNT))
    for line in range(5):
        columns = found[[line]].nonzero()[1]
        order = columns[np.argsort(scores[line, columns])]
        values = found[[line]].toarray().ravel()[order]
        assert (np.diff(values) >= -1e-6).all()
        features = np.array([[scores[line, row], 0.0, UNSAID] for row in order], dtype=np.float32)
        np.testing.assert_allclose(values, CALIBRATOR.probability(features), atol=1e-5)


def test_codes_and_cpv_raise_the_probability() -> None:
    """A standard in the text or in its field counts; so does a CPV code nearby."""
    held = collected(
        [
            Solution(id="A", name="pane of glass"),
            Solution(id="B", name="pane of glass", standards=("EN1063",)),
            Solution(id="C", name="pane of glass", standards=("EN1063",), cpv=("44111000",)),
        ]
    )
    found = profiles(
        held.centroids(np.array([0])), held, RowSet.all(3), CALIBRATOR, frozenset({"EN1063"}), ("44111000",)
    )
    values = found.toarray().ravel()
    assert values[0] < values[1] < values[2]


def test_without_a_calibrator_values_fall_with_the_distance(solutions: Collection) -> None:
    """The nearest has 1, the others less by the difference of cosines."""
    vectors = some(4)
    found = profiles(vectors, solutions, RowSet.all(COUNT)).toarray()
    scores = solutions.dense.score(vectors, np.arange(COUNT))
    expected = np.exp(SHARPNESS * (scores - scores.max(axis=1, keepdims=True)))
    np.testing.assert_allclose(found[found > 0], expected[found > 0], rtol=1e-4)
    np.testing.assert_allclose(found.max(axis=1), 1)


@cache
def copies() -> Collection:
    """Ten each of three solutions: which of them are among the nearest ten is decided by their row."""
    return collected([Solution(id=f"S{i}", name=f"pump of kind {i % 3}") for i in range(30)])


@given(st.integers(0, 32), st.integers(1, 32), st.integers(0, 31))
def test_a_profile_does_not_depend_on_the_needs_read_with_it(start: int, count: int, at: int) -> None:
    """The same solutions count for a need alone and among others, copies of solutions included."""
    vectors, at = some(64), at % count
    alone = profiles(vectors[[start + at]], copies(), RowSet.all(30), CALIBRATOR)
    among = profiles(vectors[start : start + count], copies(), RowSet.all(30), CALIBRATOR)[[at]]
    assert set(among.nonzero()[1].tolist()) == set(alone.nonzero()[1].tolist())
    np.testing.assert_allclose(among.toarray(), alone.toarray(), atol=1e-5)


def test_features_for_fitting_are_those_of_a_profile(solutions: Collection) -> None:
    """All needs with all solutions, in the order of the names."""
    vectors = some(3)
    values = profile_features(vectors, [frozenset()] * 3, [()] * 3, solutions, solutions.rows())
    assert values.shape == (3, COUNT, len(FEATURES))
    chances = CALIBRATOR.probability(values.reshape(-1, len(FEATURES))).reshape(3, COUNT)
    found = profiles(vectors, solutions, RowSet.all(COUNT), CALIBRATOR).toarray()
    np.testing.assert_allclose(found[found > 0], chances[found > 0], atol=1e-5)


def test_unit_rows_have_length_one_and_empty_ones_stay_empty() -> None:
    """A need that no solution answers agrees with nobody."""
    raw = sparse.csr_matrix(np.array([[3, 4, 0], [0, 0, 0]], dtype=np.float32))
    np.testing.assert_allclose(unit(raw).toarray(), [[0.6, 0.8, 0], [0, 0, 0]], atol=1e-6)
