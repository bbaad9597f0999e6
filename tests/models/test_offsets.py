"""Language offsets: what they take away, how they shrink, and that they survive the disk."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matcher.errors import ModelCorrupt
from matcher.protocols import Float32, ModelIdentity, Neutraliser, Role
from models import offsets
from models.offsets import LanguageOffsets, fit, load, shipped
from models.registry import DEFAULT, entry

DIMENSION = 8
LANGUAGES = ("de", "fr", "mt")
COUNTS = (30, 20, 1)


def unit(values: Float32) -> Float32:
    """Rows of unit length."""
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def texts(seed: int = 0) -> tuple[dict[Role, Float32], list[str]]:
    """Vectors that lean to a direction of their language, for both roles."""
    random = np.random.default_rng(seed)
    names = [name for name, n in zip(LANGUAGES, COUNTS, strict=True) for _ in range(n)]
    towards = {name: random.normal(size=DIMENSION) for name in LANGUAGES}
    drawn = np.stack([2 * towards[name] + random.normal(size=DIMENSION) for name in names])
    return {Role.QUERY: unit(drawn), Role.PASSAGE: unit(drawn + 0.5)}, names


def fitted(**options: float) -> LanguageOffsets:
    """Offsets of these texts."""
    return fit(*texts(), "m@1", **options)


rows = arrays(
    np.float32, (4, DIMENSION), elements=st.floats(-1, 1, width=32, allow_nan=False, allow_subnormal=False)
).filter(lambda x: bool((np.linalg.norm(x, axis=1) > 0.1).all()))
languages = st.lists(st.sampled_from([*LANGUAGES, "xx", None]), min_size=4, max_size=4)
roles = st.sampled_from(list(Role))


def test_offsets_are_a_neutraliser():
    """They offer what the embedder asks for."""
    assert isinstance(fitted(), Neutraliser)


@given(rows, languages, roles)
def test_no_strength_changes_nothing(values, codes, role):
    """Strength 0 is the identity on unit vectors."""
    x = unit(values)
    np.testing.assert_allclose(fitted(strength=0.0).neutral(x, codes, role), x, atol=1e-6)


@given(rows, languages, roles, st.floats(0, 1))
def test_what_comes_out_is_of_unit_length(values, codes, role, strength):
    """Inner products stay cosines, whatever the strength."""
    moved = fitted(strength=strength).neutral(unit(values), codes, role)
    assert moved.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-4)


@given(rows, roles, st.sampled_from(["xx", "", None]))
def test_an_unknown_language_is_freed_of_the_overall_mean(values, role, code):
    """A language without reference texts leans on the mean of all, never on zero."""
    own = fitted()
    x = unit(values)
    overall = own.means[list(offsets.ROLES).index(role)].mean(axis=0)
    expected = x - overall
    moved = own.neutral(x, [code] * len(x), role)
    np.testing.assert_allclose(moved, unit(expected), atol=1e-5)


@given(rows, languages, roles)
def test_each_row_is_moved_alone(values, codes, role):
    """A vector's result does not depend on the others of the call."""
    own, x = fitted(), unit(values)
    together = own.neutral(x, codes, role)
    alone = np.concatenate([own.neutral(x[i : i + 1], [codes[i]], role) for i in range(len(x))])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("role", list(Role))
def test_languages_lie_on_each_other_afterwards(role):
    """Without shrinkage, the means of two languages are nearer than before."""
    vectors, names = texts()
    labels = np.array(names)
    moved = fitted(shrinkage=0.0).neutral(vectors[role], names, role)

    def apart(x: Float32) -> float:
        return float(np.linalg.norm(x[labels == "de"].mean(axis=0) - x[labels == "fr"].mean(axis=0)))

    assert apart(moved) < 0.3 * apart(vectors[role])


def test_a_language_with_few_texts_leans_on_all():
    """The share of its own mean is n / (n + c)."""
    own = fitted(shrinkage=20.0)
    means = own.means[0]
    overall = means.mean(axis=0)
    found = own.offsets(Role.QUERY)
    assert found.shape == (len(LANGUAGES) + 1, DIMENSION)
    for at, count in enumerate(COUNTS):
        weight = count / (count + 20)
        np.testing.assert_allclose(found[at], weight * means[at] + (1 - weight) * overall, atol=1e-6)
    np.testing.assert_allclose(found[-1], overall, atol=1e-6)


def test_fitting_takes_the_mean_of_each_language_and_role():
    """Languages are sorted; counts and means belong to them."""
    vectors, names = texts()
    own = fit(vectors, names, "m@1")
    assert own.languages == LANGUAGES
    assert own.counts == COUNTS
    for at, role in enumerate(offsets.ROLES):
        np.testing.assert_allclose(own.means[at, 0], vectors[role][: COUNTS[0]].mean(axis=0), atol=1e-6)


def test_the_two_roles_have_offsets_of_their_own():
    """A query is not freed of what passages lean to."""
    own = fitted()
    assert not np.allclose(own.offsets(Role.QUERY), own.offsets(Role.PASSAGE), atol=1e-3)


def test_a_text_that_is_nothing_but_its_language_keeps_its_direction():
    """There is no division by zero; the vector stays."""
    x = np.eye(DIMENSION, dtype=np.float32)[:1]
    own = fit({Role.QUERY: x, Role.PASSAGE: x}, ["de"], "m@1", shrinkage=0.0)
    np.testing.assert_array_equal(own.neutral(x, ["de"], Role.QUERY), x)


def test_the_key_names_model_texts_and_strength():
    """Vectors of two strengths, shrinkages or models never mix."""
    own = fitted()
    others = [replace(own, strength=0.5), replace(own, shrinkage=1.0), replace(own, model="m@2")]
    assert len({own.key, *(other.key for other in others)}) == 4


def test_what_is_saved_is_loaded(tmp_path):
    """Nothing but the last bits of the means is lost."""
    own = fitted(strength=0.75, shrinkage=5.0)
    path = tmp_path / "m.npz"
    own.save(path)
    again = load(path.read_bytes(), "m.npz")
    assert again.key == own.key
    assert (again.model, again.languages, again.counts) == (own.model, own.languages, own.counts)
    assert (again.shrinkage, again.strength) == (own.shrinkage, own.strength)
    np.testing.assert_allclose(again.means, own.means, atol=1e-3)


@pytest.mark.parametrize("cut", [0, 10, 200])
def test_a_damaged_file_is_refused(tmp_path, cut):
    """The message names the file and says what to do."""
    path = tmp_path / "m.npz"
    fitted().save(path)
    with pytest.raises(ModelCorrupt, match=r"m\.npz cannot be read .*Install"):
        load(path.read_bytes()[:cut], "m.npz")


def test_the_default_model_comes_with_offsets():
    """They are those of the registry's revision, for all its languages and its dimension."""
    known = entry(DEFAULT)
    own = shipped(ModelIdentity(known.id, known.revision, "any", known.dimension))
    assert own is not None
    assert own.model == f"{known.id}@{known.revision}"
    assert own.means.shape == (2, len(known.languages), known.dimension)
    assert set(own.languages) == set(known.languages)
    assert min(own.counts) > 0
    assert np.isfinite(own.means).all()


def test_another_revision_has_none():
    """Offsets of other weights would be wrong, so there are none."""
    known = entry(DEFAULT)
    assert shipped(ModelIdentity(known.id, "0", "any", known.dimension)) is None
    assert shipped(ModelIdentity("hashing", "1", "hashing", 64)) is None
