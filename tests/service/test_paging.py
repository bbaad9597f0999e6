"""Lists in parts: nothing twice, nothing left out, and no cursor that a list did not give."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.paging import Paging
from service.problems import Problem
from service.store.paging import cursor


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), unique=True),
       st.integers(1, 5))  # fmt: skip
def test_the_parts_together_are_the_list(items, limit):
    """Whatever the items and the size of a part."""
    ordered, found, asked = sorted(items), [], Paging(limit=limit)
    for _ in range(len(items) + 1):
        place = asked.place(str)
        rest = [item for item in ordered if place is None or item > place[0]]
        shown, following = asked.cut(rest[: limit + 1], lambda item: [item])
        found += shown
        if following is None:
            break
        asked = Paging(following, limit)
    assert found == ordered


def refused(read):
    """Status and place of a refusal; None where there is none."""
    try:
        read()
    except Problem as problem:
        return problem.status, problem.errors[0].pointer
    return None


@given(st.text(max_size=80))
def test_any_text_is_a_place_or_refused(text):
    """Never anything else goes wrong."""
    for read in (Paging(text).moment_and_id, Paging(text).number, lambda: Paging(text).place(str)):
        assert refused(read) in (None, (422, "query.cursor"))


def test_moments_and_numbers_are_read_back():
    """What a list gave, it understands."""
    at = datetime(2031, 3, 1, 12, 30, tzinfo=UTC)
    assert Paging(cursor([at.isoformat(), "a"])).moment_and_id() == (at, "a")
    assert Paging(cursor(["17"])).number() == 17
    assert Paging().moment_and_id() is Paging().number() is None


@pytest.mark.parametrize("keys", [["2031-03-01", "a"], ["never", "a"], ["9999-12-31T00:00:00+00:00", "a"]])
def test_a_moment_that_no_list_gave_is_refused(keys):
    """Without a zone, or beyond what databases hold."""
    with pytest.raises(Problem):
        Paging(cursor(keys)).moment_and_id()


@pytest.mark.parametrize("key", ["-1", "1.5", "٣", "1" * 19, ""])
def test_a_number_that_no_list_gave_is_refused(key):
    """Digits, and not too many."""
    with pytest.raises(Problem):
        Paging(cursor([key])).number()
