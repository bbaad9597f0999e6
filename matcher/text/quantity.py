"""What a free-text quantity counts, and how much of it: `25 usuarios` is 25 people, `24 ks` 24 items.

The words of all 24 languages stand in one table (`quantity.tsv`), because a quantity rarely says in which
language it is. What the table does not know stays unknown: a bare `40` has an amount and no kind.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, get_args

from matcher.text.clean import fold
from matcher.text.numbers import NUMBER, value

Counted = Literal["items", "people", "licences", "time", "distance", "area", "mass", "volume", "events"]
"""What a quantity can count. Places, rooms and documents are items; users are people, accounts licences."""

_NUMBER = re.compile(rf"({NUMBER})(?:\s?-\s?({NUMBER}))?")
_WORD = re.compile(r"[^\W\d_][\w']*")
_BREAK = re.compile(r"[;:]|,(?!\d)")
"""Between two quantities; a comma before a digit is a decimal sign."""
_END = re.compile(r"[+()/]|(?<![^\W\d_])\d|\bpar (?=an\b|mois\b|jour\b|semaine\b)")
"""Where the words that belong to a number end; the 2 of `m2` is none, and French `par an` no pair."""
_LENITED = frozenset("bcdfgmpst")
_ECLIPSES = {"b": "m", "c": "g", "d": "n", "f": "bh", "g": "n", "p": "b", "t": "d"}
_ENDING = 3
"""Letters that may follow the last part of a compound."""
_INFLECTED = 5
"""Letters that may follow a stem before the word is rather a compound that only begins with it."""


@dataclass(frozen=True, slots=True)
class _Table:
    whole: dict[str, str] = field(default_factory=dict)
    stems: dict[str, str] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    numerals: dict[str, int] = field(default_factory=dict)


@lru_cache(maxsize=10_000)
def kind(text: str) -> Counted | None:
    """What the quantity counts; None where that is not said or not known.

    The word after the first number decides, else what stands before it; a unit of time only right after the
    number, for in `600 al año` the year is no quantity.

    >>> [kind(text) for text in ("25 usuarios", "ok. 310 szt.", "7 n-aonad", "600 al año", "24 months", "40")]
    ['people', 'items', 'items', None, 'time', None]
    """
    return _kind(_stated(text))


@lru_cache(maxsize=10_000)
def amount(text: str) -> float | None:
    """How much the quantity states: its first number, the middle of a range, or one to three in words.

    In the unit as stated: of what is measured rather than counted, two amounts compare only in one unit.
    Options behind a plus sign are not counted. None where there is no number.

    >>> [amount(text) for text in ("400–900 buc.", "6 st + option 4", "2,1 milijona zapisov", "tlieta", "?")]
    [650.0, 6.0, 2100000.0, 3.0, None]
    """
    part = _stated(text)
    found = _NUMBER.search(part)
    if found is None:
        numeral = _numeral(part)
        return None if numeral is None else float(numeral)
    low, high = found.groups()
    times = next((_multiplier(word) for word in _words(_after(part, found.end()))), 1)
    if high is None or value(high) < value(low):
        return value(low) * times
    return (value(low) + value(high)) / 2 * times


def _stated(text: str) -> str:
    """The first part that states a quantity: digits, or a number in words beside a known unit; else all."""
    plain = _plain(text)
    for part in _BREAK.split(plain):
        if _NUMBER.search(part) or (_numeral(part) is not None and _kind(part) is not None):
            return part
    return plain


def _kind(part: str) -> Counted | None:
    numbers = list(_NUMBER.finditer(part))
    for number in numbers:
        if _WORD.search(after := _after(part, number.end())):
            found = _first(after, timely=True)
            if found is not None:
                return found
            break
    return _first(part[: numbers[0].start()] if numbers else part, timely=False)


def _after(part: str, start: int) -> str:
    """What stands behind a number, up to the next one or to a sign that begins something else."""
    end = _END.search(part, start)
    return part[start : end.start() if end else None]


def _numeral(part: str) -> int | None:
    numerals = _table().numerals
    return next((numerals[word] for word in _words(part) if word in numerals), None)


def _first(part: str, *, timely: bool) -> Counted | None:
    """The kind of the first word that has one; a time counts where `timely` and nothing stands before it."""
    words = [word for word in _words(part) if _multiplier(word) == 1]
    for place, word in enumerate(words):
        found = _known(word)
        if found == "time" and (place or not timely):
            return None
        if found is not None:
            return found
    return None


def _known(word: str) -> Counted | None:
    found = _look_up(word)
    return next((counted for counted in get_args(Counted) if counted == found), None)


def _multiplier(word: str) -> int:
    found = _look_up(word) or ""
    return int(found[1:]) if found.startswith("*") else 1


@lru_cache(maxsize=20_000)
def _look_up(word: str) -> str | None:
    table = _table()
    if word in table.whole:
        return table.whole[word]
    starts = (word[:end] for end in range(len(word), 2, -1))
    stem = next((start for start in starts if start in table.stems), None)
    if stem is not None and len(word) - len(stem) <= _INFLECTED:
        return table.stems[stem]
    tails = (word[start:end] for start in range(1, len(word) - 2) for end in _endings(word, start))
    end = next((tail for tail in tails if tail in table.ends), None)
    if end is not None:
        return table.ends[end]
    return table.stems[stem] if stem is not None else None


def _endings(word: str, start: int) -> range:
    return range(len(word), max(start + 2, len(word) - _ENDING - 1), -1)


def _words(plain: str) -> Iterator[str]:
    return (found.group() for found in _WORD.finditer(plain))


@cache
def _table() -> _Table:
    table = _Table()
    for line in files("matcher.text").joinpath("quantity.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        language, counted, words = line.split("\t")
        for word in words.split():
            for form in _forms(_plain(word.strip("!~")), language):
                if counted.startswith("="):
                    table.numerals.setdefault(form, int(counted[1:]))
                elif word.endswith("!"):
                    table.whole.setdefault(form, counted)
                else:
                    table.stems.setdefault(form, counted)
                    if word.startswith("~"):
                        table.ends.setdefault(form, counted)
    return table


def _forms(word: str, language: str) -> set[str]:
    """The word, and for Irish what a numeral before it makes of its first letter."""
    forms = {word}
    if language == "ga" and word[0] in _LENITED:
        forms.add(f"{word[0]}h{word[1:]}")
    if language == "ga" and word[0] in _ECLIPSES:
        forms.add(_ECLIPSES[word[0]] + word)
    return forms


def _plain(text: str) -> str:
    """Lower case without accents, so that capitals and hasty typing are read as well."""
    letters = unicodedata.normalize("NFD", fold(text).casefold())
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
