"""Amounts of money: numbers as people write them, and their conversion to euro at stated rates.

A value of 0, 0.01 or 1 is what forms are filled with when the value is not to be told; such an
amount counts as unknown, never as small.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from corpora.dates import read_date
from matcher.errors import FileUnreadable
from matcher.phrases import phrase

DUMMIES = frozenset({0.0, 0.01, 1.0})
"""Amounts that stand for "not told"."""

SHIPPED_RATES = Path(__file__).with_name("rates.tsv")

_SYMBOLS = {
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "£": "GBP", "$": "USD", "US$": "USD", "ZŁ": "PLN", "KČ": "CZK",
    "FT": "HUF", "LEI": "RON", "ЛВ": "BGN", "ЛВ.": "BGN", "₴": "UAH",
}  # fmt: skip
_CODE = re.compile(r"[A-Z]{3}")
_SPACED = re.compile(r"[\s'’`´]")
# letters or signs, a number, letters or signs; a closing ",-" is how some write round amounts
_WRITTEN = re.compile(r"([^\d\s.,+-]*)\s*([+-]?[\d.,\s'’`´]*\d)(?:[.,][-–]{1,2})?\s*([^\d\s,]*)")
_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([ .,])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and, when the cell names one, its currency."""

    value: float
    currency: str = ""
    guessed: bool = False
    """A single dot or comma before three digits was taken to part thousands."""


def read_amount(cell: object) -> Amount:
    """The amount that a cell holds: decimal comma or point, grouped by space, dot, comma or apostrophe.

    Raises `ValueError`, whose text says what is wrong, for text that is no amount and for negative
    or infinite numbers.

    >>> read_amount("1 234 567,89 PLN")
    Amount(value=1234567.89, currency='PLN', guessed=False)
    >>> read_amount("1'500.50").value, read_amount("€ 250.000,-").value, read_amount("250,000").guessed
    (1500.5, 250000.0, True)
    """
    if isinstance(cell, bool):
        raise ValueError(_no_amount(cell))
    if isinstance(cell, int | float):
        return Amount(_checked(float(cell), cell))
    text = str(cell).strip()
    if len(text) > _LONGEST:
        raise ValueError(phrase("{n} characters are not an amount", n=len(text)))
    if _SCIENTIFIC.fullmatch(text):
        return Amount(_checked(float(text), text))
    parts = _WRITTEN.fullmatch(text)
    if parts is None:
        raise ValueError(_no_amount(text))
    before, digits, after = parts[1], _SPACED.sub(" ", parts[2]), parts[3]
    named = [currency(sign) for sign in (before, after) if sign]
    if None in named or len(named) > 1:
        raise ValueError(phrase("{text} is not an amount in one known currency", text=repr(text)))
    value, guessed = _number(digits, text)
    return Amount(_checked(value, text), named[0] or "" if named else "", guessed)


def currency(text: str) -> str | None:
    """ISO 4217 code of a currency code or sign, or None; three letters are taken on trust.

    >>> currency("pln"), currency("€"), currency("kr")
    ('PLN', 'EUR', None)
    """
    text = text.strip().upper()
    return _SYMBOLS.get(text) or (text if _CODE.fullmatch(text) else None)


@dataclass(frozen=True, slots=True)
class Rates:
    """Exchange rates to the euro, each of a stated day."""

    units_per_eur: Mapping[str, float]
    days: Mapping[str, date]

    def to_eur(self, value: float, currency: str) -> float | None:
        """The value in euro, to the cent; None without a rate.

        >>> load_rates().to_eur(195.583, "BGN"), load_rates().to_eur(5, "XYZ")
        (100.0, None)
        """
        if currency == "EUR":
            return value
        units = self.units_per_eur.get(currency)
        return round(value / units, 2) if units else None


@lru_cache(maxsize=4)
def load_rates(path: Path = SHIPPED_RATES) -> Rates:
    """Rates from a tab-separated file: currency, units for one euro, day; `#` begins a comment line.

    Raises `FileUnreadable` when the file cannot be read or a line of it is not of this form.

    >>> load_rates().days["USD"].isoformat()
    '2024-12-31'
    """
    units: dict[str, float] = {}
    days: dict[str, date] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(
            f"The rate table {path} cannot be read ({error}). Give a UTF-8 text file with the columns "
            "currency, units_per_eur and date, separated by tabs."
        ) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith(("#", "currency\t")):
            continue
        try:
            code, rate, day = (cell.strip() for cell in line.split("\t"))
            units[code.upper()] = _rate(rate)
            days[code.upper()] = read_date(day)
        except ValueError as error:
            raise FileUnreadable(
                f"Line {number} of the rate table {path} cannot be read ({error}). "
                "Each line holds a currency, the units for one euro and a date, separated by tabs."
            ) from error
    return Rates(MappingProxyType(units), MappingProxyType(days))


def written(value: float) -> str:
    """The shortest text that `read_amount` reads back as exactly this number.

    >>> written(250000.0), written(1.234), written(0.5)
    ('250000', '1.2340', '0.5')
    """
    text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    # "1.234" would be read as one thousand two hundred and thirty-four
    return f"{text}0" if _ONE_GROUP.fullmatch(text) else text


def _number(digits: str, text: str) -> tuple[float, bool]:
    if _ONE_GROUP.fullmatch(digits):
        return float(re.sub("[.,]", "", digits)), True
    if _PLAIN.fullmatch(digits):
        return float(digits.replace(",", ".")), False
    if grouped := _GROUPED.fullmatch(digits):
        return float(digits.replace(grouped[1], "").replace(",", ".")), False
    raise ValueError(_no_amount(text))


def _checked(value: float, seen: object) -> float:
    if not math.isfinite(value) or value < 0:
        raise ValueError(phrase("{seen} is not an amount of money", seen=repr(seen)))
    return value


def _no_amount(seen: object) -> str:
    return phrase("{seen} is not an amount", seen=repr(seen))


def _rate(text: str) -> float:
    rate = float(text)
    if not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"{text!r} is not a rate")
    return rate
