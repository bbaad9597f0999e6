"""A phrase is its English text, and keeps what it was made of."""

import copy
import json
import pickle
from datetime import date

import pytest

from matcher.phrases import Counted, Joined, Phrase, counted, joined, listed, named, phrase

EVERY = [
    phrase("Valid from {day:%d %b %Y}.", day=date(2026, 1, 1)),
    counted("{n} need", "{n} needs", 3),
    joined([phrase("One."), "Two."]),
    listed(["a", "b"]),
    named("country", "EE", "Estonia"),
]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: type(one).__name__)
def test_a_phrase_is_its_text(one: Phrase) -> None:
    """Whoever does not know of phrases sees a text like any other."""
    assert one == str(one)
    assert hash(one) == hash(str(one))
    assert json.loads(json.dumps({"said": one})) == {"said": str(one)}


@pytest.mark.parametrize("one", EVERY, ids=lambda one: type(one).__name__)
def test_a_phrase_survives_copying(one: Phrase) -> None:
    """Copied or pickled, it still knows its template and values."""
    for again in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert type(again) is type(one)
        assert (again, again.template, again.values) == (one, one.template, one.values)


def test_adding_keeps_both_parts() -> None:
    """Text added before or behind joins on; nothing added changes nothing."""
    said = phrase("In common: {codes}.", codes="EN 1063")
    both = "First. " + said + " Last."
    assert both == "First. In common: EN 1063. Last."
    assert isinstance(both, Joined)
    assert said in both.values["parts"][0].values["parts"]
    assert said + "" is said
    assert "" + said is said


def test_one_and_many_are_kept() -> None:
    """Other languages need both forms to find theirs."""
    said = counted("{n} of {all} is open", "{n} of {all} are open", 1, all=4)
    assert said == "1 of 4 is open"
    assert isinstance(said, Counted)
    assert (said.one, said.template) == ("{n} of {all} is open", "{n} of {all} are open")


@pytest.mark.parametrize(
    ("parts", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_an_enumeration_ends_with_and(parts: list[str], said: str) -> None:
    """Commas, and one "and"."""
    assert listed(parts) == said
