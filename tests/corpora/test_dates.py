from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.dates import read_date

DAY = date(2024, 12, 5)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-12-05",
        "2024-12-05+01:00",
        "2024-12-05Z",
        "2024-12-05T23:30:00Z",
        "2024-12-05T23:30:00.125-05:00",
        "2024-12-05 08:15",
        "20241205",
        20241205,
        "05.12.2024",
        "5. 12. 2024",
        "5/12/2024",
        "05-12-2024",
        "  2024-12-05 ",
        45631,
        45631.75,
        "45631",
        DAY,
        datetime(2024, 12, 5, 23, 59),
    ],
)
def test_date_is_read_in_every_form_in_use(cell: object) -> None:
    """Notices, spreadsheets and people write one day in many ways, and a zone never moves it."""
    assert read_date(cell) == DAY


@pytest.mark.parametrize(
    "cell",
    [
        "2024-02-30",
        "12/31/2024",
        "31.04.2025",
        "2024-13-01",
        "0024-12-05",
        "9999-12-31",
        "soon",
        "2024",
        3.5,
        True,
        "1" * 99,
    ],
)
def test_impossible_and_unclear_dates_are_refused_with_a_reason(cell: object) -> None:
    """What is no day of the calendar, or no day a procurement could mean, is not guessed at."""
    with pytest.raises(ValueError, match=r"not a da|outside the years"):
        read_date(cell)


@given(
    st.dates(date(1950, 1, 1), date(2150, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d+02:00"]),
)
def test_every_written_date_is_read_back(day: date, form: str) -> None:
    """Writing a day in a form that is read, and reading it, gives the same day."""
    assert read_date(datetime(day.year, day.month, day.day).strftime(form)) == day
