"""What cannot be kept on both databases is refused at the edge."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from service.schemas.forms import Day, Key, Line, Money, Page, Text, UtcDateTime


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Line, "a\x00b"),
        (Line, "a\ud800b"),
        (Line, "x" * 401),
        (Line, 5),
        (Text, "x" * 20_001),
        (Key, ""),
        (Money, "5"),
        (Money, True),
        (Money, float("nan")),
        (Money, float("inf")),
        (Money, 10**400),
        (Money, -0.01),
        (Day, "2031-3-1"),
        (Day, "20310301"),
        (Day, 5),
        (Day, "2031-02-30"),
        (UtcDateTime, "2031-03-01T00:00:00"),
        (UtcDateTime, 1_900_000_000),
        (UtcDateTime, "0001-01-01T00:00:00+14:00"),
    ],
)
def test_what_cannot_be_kept_is_refused(kind, value):
    """Of whatever type it is."""
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


def test_moments_are_told_in_utc():
    """Whatever zone they came in."""
    at = TypeAdapter(UtcDateTime)
    assert at.validate_python("2031-03-01T12:00:00+02:00") == datetime(2031, 3, 1, 10, tzinfo=UTC)
    assert at.dump_json(at.validate_python("2031-03-01T12:00:00+02:00")) == b'"2031-03-01T10:00:00Z"'


def test_a_page_says_where_the_next_one_begins():
    """Null at the end."""
    assert Page[int](items=[1]).model_dump() == {"items": [1], "next": None}
