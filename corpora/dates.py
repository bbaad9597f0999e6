"""Calendar dates, in the ways that notices, spreadsheets and people write them.

A zone or a time of day is dropped, never applied: a notice dated `2024-12-05+01:00` is of the fifth
of December wherever it is read.
"""

import math
import re
from datetime import date, datetime, timedelta

from matcher.phrases import phrase

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)? ?(?:Z|UTC|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DAY_FIRST = re.compile(r"(\d{1,2})([./-]) ?(\d{1,2})\2 ?(\d{4})\.?(?: \d{1,2}:\d{2}(?::\d{2})?)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")

_EXCEL_DAY_ZERO = date(1899, 12, 30)
_YEARS = range(1950, 2151)
_LONGEST = 60


def read_date(cell: object) -> date:
    """The calendar date that a cell holds.

    Reads ISO dates and date-times with or without zone, `YYYYMMDD`, day-first dates with dots,
    slashes or dashes, and the day numbers of Excel. Raises `ValueError`, whose text says what is
    wrong, for anything else, for impossible days, and for years outside 1950 to 2150.

    >>> print(read_date("2024-12-05+01:00"), read_date("5.12.2024"), read_date("20241205"), read_date(45631))
    2024-12-05 2024-12-05 2024-12-05 2024-12-05
    """
    if isinstance(cell, datetime):
        return _plausible(cell.date())
    if isinstance(cell, date):
        return _plausible(cell)
    if isinstance(cell, float):
        cell = repr(cell) if not cell.is_integer() else int(cell)
    text = " ".join(str(cell).split())
    if len(text) > _LONGEST:
        raise ValueError(phrase("{n} characters are not a date", n=len(text)))
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = found[1], found[2], found[3]
    elif found := _DAY_FIRST.fullmatch(text):
        year, month, day = found[4], found[3], found[1]
    elif _SERIAL.fullmatch(text):
        return _plausible(_EXCEL_DAY_ZERO + timedelta(days=math.floor(float(text))))
    else:
        raise ValueError(phrase("{text} is not a date", text=repr(text)))
    try:
        return _plausible(date(int(year), int(month), int(day)))
    except ValueError:
        raise ValueError(phrase("{text} is not a day of the calendar", text=repr(text))) from None


def _plausible(day: date) -> date:
    if day.year not in _YEARS:
        raise ValueError(phrase("{day} is outside the years 1950 to 2150", day=repr(day.isoformat())))
    return day
