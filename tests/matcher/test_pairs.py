"""Whether two needs ask for the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.branch import UNSAID
from matcher.calibrate import LogisticCalibrator
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.filters import Filter
from matcher.late import Parts
from matcher.pairs import FEATURES, PARTS, UNTOLD, PairModel, _compared, features
from matcher.protocols import Float32
from matcher.records import Nature, Need, Solution
from matcher.rows import RowSet
from matcher.traits import Traits, traits_of
from models import open_encoder

PUMP = Need(
    id="A",
    title="Floating fire pump",
    description="It starts cold. It meets EN 1063.",
    cpv=("42122000",),
    nature=Nature.SUPPLIES,
    quantity="12 pcs",
)
LIKE_IT = Need(
    id="B",
    title="Fire pump that floats",
    description="It has to start cold. EN 1063 is met.",
    cpv=("42122100",),
    nature=Nature.SUPPLIES,
    quantity="3 pcs",
)
DIVERS = Need(
    id="C",
    title="Training of rescue divers",
    description="Courses are held on weekdays.",
    cpv=("80500000",),
    nature=Nature.SERVICES,
    quantity="25 people",
)
UNTOLD_OF = Need(id="D", title="4711")
NEEDS = (PUMP, LIKE_IT, DIVERS, UNTOLD_OF)
AGREED = FEATURES.index("solutions")
OFFERS = [Solution(id=f"S{i}", name=name) for i, name in enumerate(["Fire pump", "Diving course", "Boat"])]


def read(needs: tuple[Need, ...] = NEEDS, beside: bool = True) -> Traits:
    """The traits of needs, with solutions or without."""
    engine = Engine(Embedder(open_encoder("hashing")))
    engine.add([*needs, *OFFERS])
    rows = engine.needs.rows()
    offers = engine.solutions.select(Filter()).allowed if beside else RowSet.none(3)
    return traits_of(engine.needs, rows, engine.needs.centroids(rows), engine.solutions, offers)


def pair(needs: tuple[Need, ...], i: int, j: int, *, beside: bool = True) -> dict[str, float]:
    """The features of one pair by name."""
    found = features(read(needs, beside), np.array([i]), np.array([j]))
    return dict(zip(FEATURES, found[0].tolist(), strict=True))


# -- features -------------------------------------------------------------------------------------


@pytest.mark.parametrize("beside", [True, False])
def test_features_are_the_same_whichever_need_comes_first(beside: bool) -> None:
    """For all pairs at once, in any order, and for each alone."""
    left, right = np.array([0, 0, 1, 2, 0, 1, 3]), np.array([1, 2, 2, 3, 3, 3, 3])
    own = read(NEEDS, beside)
    there, back = features(own, left, right), features(own, right, left)
    assert there.shape == (7, len(FEATURES))
    np.testing.assert_allclose(there, back, atol=1e-5)
    alone = [features(own, left[[i]], right[[i]])[0] for i in range(7)]
    np.testing.assert_allclose(there, alone, atol=1e-5)


def test_features_are_within_their_ranges() -> None:
    """Cosines from -1 to 1, the others from 0 to 1; a need and itself agree as far as they can."""
    left, right = np.divmod(np.arange(16), 4)
    values = features(read(), left, right)
    assert (np.abs(values) <= 1.02).all()  # parts are kept in 8 bits
    assert (values[:, AGREED:] >= 0).all()
    same = values[left == right]
    np.testing.assert_allclose(same[:, : AGREED + 1], 1, atol=0.02)
    assert features(read(), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)).shape == (0, 9)


def test_what_is_not_told_stands_between_agreement_and_none() -> None:
    """Nature, quantity and CPV of a need that is silent are neither for nor against it."""
    same, other, silent = pair(NEEDS, 0, 1), pair(NEEDS, 0, 2), pair(NEEDS, 0, 3)
    for name, unknown in (
        ("nature", UNTOLD),
        ("quantity", UNTOLD),
        ("CPV branch", float(np.float32(UNSAID))),
    ):
        assert silent[name] == unknown
        assert other[name] < unknown < same[name]
    assert (same["nature"], other["nature"]) == (1, 0)
    assert (same["quantity"], other["quantity"]) == (1, 0)
    assert pair((*NEEDS, replace(UNTOLD_OF, id="E")), 3, 4)["nature"] == UNTOLD


def test_shared_codes_count_over_all_that_are_named() -> None:
    """Silence on both sides shares nothing."""
    assert pair(NEEDS, 0, 1)["codes"] == 1
    assert pair(NEEDS, 0, 2)["codes"] == 0
    assert pair((DIVERS, replace(DIVERS, id="E")), 0, 1)["codes"] == 0
    more = replace(LIKE_IT, description="EN 1063 is met, and STANAG 4569.")
    assert pair((PUMP, more), 0, 1)["codes"] == 0.5


def test_without_solutions_they_agree_on_none() -> None:
    """The same pair agrees where there are some."""
    assert pair(NEEDS, 0, 1)["solutions"] > 0.9
    assert pair(NEEDS, 0, 1, beside=False)["solutions"] == 0


SAME = [
    ("Floating fire pump", "Fire pump that floats"),
    ("Diving suit for rescue divers", "Diving suits for divers"),
    ("Thermal camera for patrols", "Thermal cameras, patrol use"),
]


@pytest.mark.parametrize("field", ["title", "description"])
def test_titles_alone_and_descriptions_alone_tell_the_same_from_the_different(field: str) -> None:
    """Everything else empty or equal, a pair that asks for the same is above one that does not."""
    texts = [text for both in SAME for text in both]
    if field == "title":
        needs = tuple(Need(id=f"N{i}", title=text) for i, text in enumerate(texts))
    else:
        needs = tuple(Need(id=f"N{i}", title="Call", description=text) for i, text in enumerate(texts))
    own = read(needs, beside=False)
    left, right = np.triu_indices(6, 1)
    values = features(own, left, right)
    same = left // 2 == right // 2
    for name in ("meaning", "details") + (("titles", "titles in texts") if field == "title" else ()):
        column = values[:, FEATURES.index(name)]
        assert column[same].min() > column[~same].max(), name


# -- parts ----------------------------------------------------------------------------------------


@st.composite
def texts(draw: st.DrawFn) -> tuple[Parts | None, int]:
    """Parts of a text as a model might make them, and the length of its title."""
    count = draw(st.integers(0, 5))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    vectors = random.normal(size=(count, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = random.uniform(0.1, 1, count)
    spans = tuple((10 * i, 10 * i + 9) for i in range(max(1, draw(st.integers(1, 3)))))
    owners = np.sort(random.integers(0, len(spans), count)).astype(np.int32)
    if draw(st.booleans()) and not count:
        return None, 5
    held = Parts(
        spans,
        np.rint(vectors * 127).astype(np.int8),
        (weights / weights.sum()).astype(np.float32) if count else np.empty(0, np.float32),
        owners,
    )
    return held, draw(st.sampled_from([0, 5, 10, 15, 100]))


def by_the_book(one: Parts, title: int, other: Parts, other_title: int) -> tuple[float, float, float]:
    """Each part with its best, one after the other."""

    def heading(parts: Parts, length: int) -> list[int]:
        inside = [i for i, o in enumerate(parts.owners.tolist()) if parts.spans[o][0] < max(length, 1)]
        return inside or list(range(len(parts)))

    def met(parts: Parts, chosen: list[int], others: Parts, among: list[int]) -> float:
        mass = sum(float(parts.weights[i]) for i in chosen)
        best = [
            float(parts.weights[i]) * max(float(parts.unit()[i] @ others.unit()[j]) for j in among)
            for i in chosen
        ]
        return sum(best) / mass

    every, others = list(range(len(one))), list(range(len(other)))
    head, their_head = heading(one, title), heading(other, other_title)
    return (
        (met(one, every, other, others) + met(other, others, one, every)) / 2,
        (met(one, head, other, their_head) + met(other, their_head, one, head)) / 2,
        (met(one, head, other, others) + met(other, their_head, one, every)) / 2,
    )


@given(texts(), st.lists(texts(), min_size=1, max_size=4))
def test_parts_compared_together_are_compared_as_one_by_one(
    own: tuple[Parts | None, int], others: list[tuple[Parts | None, int]]
) -> None:
    """Details, titles, and titles in texts, by the book; 0 where either has no parts."""
    found = _compared(*own, [parts for parts, _ in others], [title for _, title in others])
    for line, (parts, title) in zip(found, others, strict=True):
        if own[0] is None or parts is None or not len(own[0]) or not len(parts):
            assert line.tolist() == [0, 0, 0]
        else:
            np.testing.assert_allclose(line, by_the_book(*own, parts, title), atol=1e-5)


# -- probabilities --------------------------------------------------------------------------------

BESIDE = LogisticCalibrator("m@1", (4.0, 2.0, 1.0, 1.0, 2.0, 1.0, 1.0, 0.5, 0.5), -6.0, 10, "2026-01-31")
ALONE = replace(BESIDE, intercept=-2.0)


def test_without_a_fitted_model_the_cosine_stands_for_the_probability() -> None:
    """Clipped to 0 and 1."""
    own = read()
    own = replace(own, vectors=np.array([[1, 0], [0.6, 0.8], [-1, 0], [0, 1]], dtype=np.float32))
    found = PairModel().matrix(own)
    np.testing.assert_allclose(
        found, [[1, 0.6, 0, 0], [0.6, 1, 0, 0.8], [0, 0, 1, 0], [0, 0.8, 0, 1]], atol=1e-6
    )


@pytest.mark.parametrize("beside", [True, False])
def test_each_state_has_a_model_of_its_own(beside: bool) -> None:
    """One is fitted with solutions and one without; the matrix is symmetric with ones in the diagonal."""
    own = read(NEEDS, beside)
    model = BESIDE if beside else ALONE
    found = PairModel(BESIDE, ALONE).matrix(own)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 1)
    left, right = np.triu_indices(4, 1)
    values: Float32 = features(own, left, right)
    np.testing.assert_allclose(found[left, right], model.probability(values), atol=1e-5)
    assert found[0, 1] > found[0, 2]


def test_parts_are_compared_only_where_they_count() -> None:
    """A model without a weight for them gets the same probability as with them, and they are left at 0."""
    own = read()
    left, right = np.triu_indices(len(own), 1)
    whole, plain = features(own, left, right), features(own, left, right, parts=False)
    assert (plain[:, PARTS] == 0).all()
    assert np.array_equal(np.delete(plain, [1, 2, 3], axis=1), np.delete(whole, [1, 2, 3], axis=1))
    weights = (4.0, 0.0, 0.0, 0.0, 2.0, 1.0, 1.0, 1.0, 1.0)
    model = LogisticCalibrator("m@1", weights, -3.0, 1, "2026-01-31")
    said = PairModel(beside=model).probability(own, left, right)
    np.testing.assert_allclose(said, model.probability(whole), atol=1e-5)
