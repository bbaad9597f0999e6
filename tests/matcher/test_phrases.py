"""A phrase is its English text, and keeps what it was made of."""

import copy
import json
import pickle
from datetime import UTC, date, datetime

import pytest

from matcher.phrases import (
    Counted,
    Joined,
    Phrase,
    as_json,
    counted,
    from_json,
    joined,
    listed,
    named,
    phrase,
    renamed,
    replaced,
)

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


KEPT = [
    *EVERY,
    phrase("{a} and {b}", a=counted("{n} day", "{n} days", 1), b=phrase("{sum:eur}", sum=1234567.5)),
    phrase("since {moment:%H:%M}", moment=datetime(2027, 3, 1, 12, 30, tzinfo=UTC)),
    joined(["plain", listed([phrase("One."), named("language", "et", "Estonian")])], "; "),
    Phrase("workspace", "Working together", {}),
    phrase("{nothing} is {sure}", nothing=None, sure=True),
]


@pytest.mark.parametrize("one", KEPT, ids=str)
def test_a_phrase_is_the_same_after_it_was_kept_as_plain_values(one: Phrase) -> None:
    """Through JSON and back: text, template and values, those of phrases inside it too."""
    again = from_json(json.loads(json.dumps(as_json(one))))
    assert isinstance(again, Phrase)
    assert (type(again), str(again), again.template) == (type(one), str(one), one.template)
    assert as_json(again) == as_json(one)
    assert dict(again.values) == dict(one.values)


def test_a_text_that_is_no_phrase_is_kept_as_it_is() -> None:
    """What an earlier version kept is shown as it stands."""
    assert as_json("300 rows {read}") == "300 rows {read}"
    assert from_json("300 rows {read}") == "300 rows {read}"
    assert not isinstance(from_json("text"), Phrase)


def test_what_names_nothing_stays_the_same_phrase() -> None:
    """A phrase whose English differs from its template keeps it, where no value is replaced."""
    said = Phrase("of 1 Jan", "of {day}", {"day": date(2026, 1, 1)})
    whole = phrase("{said} for {need}", said=said, need="N1")
    assert renamed(said, {"N1": "FI"}) is said
    assert renamed(whole, {"N1": "FI"}) == "of 1 Jan for FI"
    assert renamed("N1", {"N1": "FI"}) == "FI"
    assert replaced(phrase("{path} is empty", path="/tmp/x/a.csv"), "/tmp/x/", "") == "a.csv is empty"
