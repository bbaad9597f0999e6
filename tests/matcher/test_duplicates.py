"""Needs entered twice are flagged; needs for the same thing are not."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.collection import Collection
from matcher.duplicates import (
    _NAME,
    DuplicateModel,
    features,
    names,
    near_duplicates,
    nearest_pairs,
    numbers,
    overlap,
    reasons,
)
from matcher.embed import Embedder
from matcher.phrases import Phrase
from matcher.records import Kind, Need
from matcher.rows import RowSet

MODEL = DuplicateModel("hashing@1", (6.0, 6.0, 2.0, 2.0, 2.0, 0.0), -11.0, 0.5)
FIRST = Need(
    id="A",
    title="Fire pumps 2027/114",
    description="We buy 14 floating fire pumps of 1 250 l/min to EN 1028, delivered by 30.06.2027.",
    language="en",
    organisation="Fire service of Lower Arden",
    country="BE",
)
COPY = replace(FIRST, id="B", title="FIRE PUMPS 2027/114", organisation="", country="FR")
ALIKE = Need(
    id="C",
    title="Floating fire pumps",
    description="We buy 9 floating fire pumps of 800 l/min, delivered next year.",
    language="en",
)
OTHER = Need(id="D", title="Diving suits", description="Dry suits for 22 divers.", language="en")


def collected(embedder: Embedder, *needs: Need) -> Collection:
    """A collection of needs."""
    made = Collection.empty(Kind.NEED, embedder.encoder.identity.dimension)
    made.upsert(needs, embedder, fit_statistics=True)
    return made


def test_a_copy_is_flagged_and_a_like_need_is_not(embedder: Embedder) -> None:
    """Numbers tell a copy from another authority's words for the same thing."""
    found = near_duplicates(collected(embedder, FIRST, COPY, ALIKE, OTHER), MODEL, RowSet.all(4))
    assert [(pair.one.id, pair.other.id) for pair in found] == [("A", "B")]
    assert found[0].probability > 0.9
    assert any(reason.startswith("the same numbers: ") and "2027" in reason for reason in found[0].reasons)


def test_like_wishes_without_a_number_are_not_one_need(embedder: Embedder) -> None:
    """Two narratives that name nothing have no number in common, though neither has another."""
    one = Need(id="A", title="Water in cellars", description="After rain our cellars stand under water.")
    other = replace(one, id="B", title="Flooded cellars", description="When it pours, cellars fill up.")
    held = collected(embedder, one, other)
    _, in_numbers, in_names, *_ = features(held, np.array([[0, 1]]))[0].tolist()
    assert in_numbers == in_names == 0


def test_the_order_of_entry_does_not_matter(embedder: Embedder) -> None:
    """The same pairs, with the same probabilities, whoever came first."""
    needs = [FIRST, COPY, ALIKE, OTHER, replace(COPY, id="E")]
    one = near_duplicates(collected(embedder, *needs), MODEL, RowSet.all(5))
    other = near_duplicates(collected(embedder, *needs[::-1]), MODEL, RowSet.all(5))
    assert {frozenset((p.one.id, p.other.id)) for p in one} == {
        frozenset((p.one.id, p.other.id)) for p in other
    }
    assert sorted(p.probability for p in one) == pytest.approx(sorted(p.probability for p in other))


def test_what_may_not_be_seen_is_not_compared(embedder: Embedder) -> None:
    """The allowed rows bound the search; a subset can be asked about."""
    held = collected(embedder, FIRST, COPY, ALIKE)
    assert near_duplicates(held, MODEL, RowSet.of([0, 2], 3)) == []
    asked = near_duplicates(held, MODEL, RowSet.all(3), of=RowSet.of([1], 3))
    assert [(p.one.id, p.other.id) for p in asked] == [("A", "B")]
    assert near_duplicates(held, MODEL, RowSet.none(3)) == []


def test_country_and_organisation_decide_nothing(embedder: Embedder) -> None:
    """The features of a pair are of its texts alone."""
    pairs = np.array([[0, 1]])
    one = features(collected(embedder, FIRST, COPY), pairs)
    moved = [replace(need, country="PL", organisation="Elsewhere") for need in (FIRST, COPY)]
    np.testing.assert_array_equal(one, features(collected(embedder, *moved), pairs))


def test_pairs_are_each_once(embedder: Embedder) -> None:
    """Neither a need with itself, nor a pair both ways."""
    pairs = nearest_pairs(collected(embedder, FIRST, COPY, ALIKE), RowSet.all(3), RowSet.all(3)).tolist()
    assert pairs == [[0, 1], [0, 2], [1, 2]]


@given(st.text("ab 12", max_size=12), st.text("ab 12", max_size=12))
def test_overlap_is_a_symmetric_share(one: str, other: str) -> None:
    """Between nothing and all, the same both ways."""
    a, b = numbers(one), numbers(other)
    assert 0 <= overlap(a, b) == overlap(b, a) <= 1


def test_numbers_and_names_survive_translation() -> None:
    """However they are grouped or punctuated."""
    assert numbers("1.250,50 EUR") == numbers("1 250.50 €")
    assert set(names("Funkgeräte TETRA nach EN 300 392")) == set(names("radios TETRA, norme EN 300 392"))
    assert reasons(FIRST, replace(COPY, language="fr"))[-1] == "in two languages: en, fr"
    assert "the same organisation" in reasons(FIRST, FIRST)


def test_reasons_can_be_said_in_other_languages() -> None:
    """Each is a phrase; numbers and names are its values."""
    said = reasons(FIRST, replace(FIRST, language="fr"))
    assert len(said) == 4
    assert all(isinstance(reason, Phrase) for reason in said)
    assert said[0].template == "the same numbers: {numbers}"


def test_a_hostile_text_is_read_for_names_in_no_time() -> None:
    """One repeated piece, as long as a description may be, takes no longer than any other text (ReDoS)."""
    begun = time.process_time()
    _NAME.findall("AA-" * 6_000)
    assert time.process_time() - begun < 0.3
