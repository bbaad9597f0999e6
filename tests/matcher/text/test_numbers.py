"""Numbers as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.text.numbers import NUMBER, value


@pytest.mark.parametrize("mark", [" ", "\u00a0", "\u202f", ".", ",", "'", "’"])
@given(number=st.integers(1000, 10**12))
def test_grouped_thousands_read_as_the_number_whatever_the_mark(mark: str, number: int) -> None:
    """Every mark that groups digits is read away."""
    text = f"{number:,}".replace(",", mark)
    found = re.fullmatch(NUMBER, text)
    assert found is not None
    assert value(text) == number


@pytest.mark.parametrize("mark", [".", ","])
@given(whole=st.integers(0, 10**6), tenths=st.integers(0, 99))
def test_one_or_two_digits_behind_a_mark_are_decimals(mark: str, whole: int, tenths: int) -> None:
    """Both decimal signs mean the same."""
    text = f"{whole}{mark}{tenths}"
    assert value(text) == float(f"{whole}.{tenths}")


def test_a_line_break_groups_no_digits() -> None:
    """Two lines are two numbers."""
    assert re.findall(NUMBER, "12\n345 m") == ["12", "345"]


def test_three_digits_group_unless_the_number_begins_with_zero() -> None:
    """`1.200` is twelve hundred, `0.125` an eighth."""
    assert value("1.200") == 1200
    assert value("0.125") == 0.125
