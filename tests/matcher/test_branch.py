"""CPV codes are near by the prefix they share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.branch import UNSAID, likeness, prefix

CODES = st.lists(st.from_regex(r"[1-9]\d{7}", fullmatch=True), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("35815100", "35815100", 1.0),
        ("35815100", "35815000", 0.95),
        ("35815100", "35813000", 0.7),
        ("35815100", "35800000", 0.6),
        ("35815100", "35000000", 0.35),
        ("30100000", "30000000", 0.35),
        ("35815100", "45000000", 0.0),
        ("35113400", "45216111", 0.0),
        ("35100000", "35200000", 0.25),
        ("35110000", "35120000", 0.5),
        ("35111100", "35111200", 0.85),
        ("35111310", "35111320", 0.95),
        ("34144211", "34144212", 0.95),
        ("35113400", "35113410", 1.0),
        ("30000000", "39000000", 0.0),
    ],
)
def test_likeness_rises_with_the_digits_shared(one: str, other: str, expected: float) -> None:
    """Each level brings codes nearer, standing above a little more; zeros that fill up do not count."""
    assert likeness([one], [other]) == likeness([other], [one]) == expected


@given(CODES, CODES)
def test_the_nearest_two_codes_count(one: list[str], other: list[str]) -> None:
    """In either order of the codes, and a further code never lowers it."""
    found = likeness(one, other)
    assert found is not None
    assert 0 <= found <= 1
    assert found == likeness(other[::-1], one[::-1])
    assert (likeness([*one, "44000000"], other) or 0) >= found
    assert likeness(one, one) == 1


def test_without_codes_nothing_is_said() -> None:
    """Unknown is not zero."""
    assert likeness([], ["35815100"]) is None
    assert likeness(["35815100"], []) is None
    assert 0 < UNSAID < 1


def test_a_prefix_is_three_digits_or_more() -> None:
    """Two records of one division share too little to be told."""
    assert prefix(["35815100"], ["35000000"]) == ""
    assert prefix(["35815100", "18100000"], ["35813000", "18110000"]) == "3581"
    assert prefix(["35800000"], ["35815100"]) == "358"
