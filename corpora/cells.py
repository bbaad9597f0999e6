"""The cells of one flat row, read into values; what cannot be read is reported and left out.

The readers of single values (`places`, `tongues`, `dates`, `money`) know no files and no reports;
this is where their answers meet the row.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from corpora import money, places, tongues
from corpora.dates import read_date
from corpora.report import Issue, Report, Severity
from matcher.phrases import phrase
from matcher.records import JointInterest, Nature, Visibility

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

CHARACTERS_MAX = 200_000
"""Longest text of a cell; a longer one refuses its row."""

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# control characters, halves of characters, byte order marks, and marks that turn the writing direction round
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_UNTOLD = frozenset(
    ("", "-", "--", "–", "—", "?", "n/a", "n.a.", "null", "none", "nan", "unknown", "und", "unspecified")
)
_CHECK_DIGIT = re.compile(r"(?<![0-9])([0-9]{8})\s*[-\u2010-\u2013]\s*[0-9](?![0-9])")
_CODE = re.compile(r"[0-9]{8}")
_TRL = re.compile(r"(?:trl)?[\s-]*([1-9])", re.IGNORECASE)
_APART = re.compile(r"[^a-z]+")

_NATURES = {
    "supply": Nature.SUPPLIES,
    "goods": Nature.SUPPLIES,
    "service": Nature.SERVICES,
    "work": Nature.WORKS,
    "public_works": Nature.WORKS,
}
_INTERESTS = {
    "true": JointInterest.YES,
    "y": JointInterest.YES,
    "false": JointInterest.NO,
    "n": JointInterest.NO,
    "perhaps": JointInterest.MAYBE,
    "observing": JointInterest.OBSERVER,
}
_FLAGS = dict.fromkeys(("true", "yes", "y", "1", "included", "incl", "gross"), True) | dict.fromkeys(
    ("false", "no", "n", "0", "excluded", "excl", "net"), False
)


class Refused(Exception):
    """The row cannot become a record; says why, and what would help."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        self.field, self.problem, self.remedy = field, problem, remedy
        super().__init__(problem)


def plain(cell: object) -> str:
    """Any cell as text: numbers without a needless fraction, ISO dates, lists joined by `;`, objects as JSON.

    >>> plain(3.0), plain([35000000, "x"]), plain(date(2026, 1, 31)), plain({"a": 1})
    ('3', '35000000;x', '2026-01-31', '{"a": 1}')
    """
    if isinstance(cell, str):
        return cell
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat() if cell.time() != datetime.min.time() else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, list | tuple | set):
        return ";".join(filter(None, map(plain, cell)))
    if isinstance(cell, dict):
        return json.dumps(cell, ensure_ascii=False, sort_keys=True, default=str)
    return str(cell)


def shown(cell: object) -> str:
    """A cell as messages quote it: not longer than 60 characters."""
    text = plain(cell)
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


@dataclass(slots=True)
class Cells:
    """One row under contract names, with the report that hears of what could not be read."""

    named: Mapping[str, object]
    file: str
    line: int
    report: Report

    def note(self, field: str, severity: Severity, problem: str, remedy: str) -> None:
        """Add an issue about a field of this row."""
        self.report.add(Issue(self.file, self.line, field, severity, problem, remedy))

    def clean(self, cell: object, field: str) -> str:
        """The cell as text in NFC, without control characters and outer white space; lines end in newline.

        Raises `Refused` for a text that is too long.
        """
        text = plain(cell)
        if len(text) > CHARACTERS_MAX:
            problem = phrase(
                "the text has {n} characters, more than {most}", n=len(text), most=CHARACTERS_MAX
            )
            raise Refused(field, problem, phrase("shorten it, or split the row"))
        if not text.isprintable():
            text = _LINE_ENDS.sub("\n", text)
            text, removed = _INVISIBLE.subn("", text)
            if removed:
                self.report.notes[phrase("text with control characters removed")] += 1
        return unicodedata.normalize("NFC", text).strip()

    def text(self, name: str) -> str:
        """A text of any number of lines; a list becomes one line each; empty when there is none."""
        cell = self.named.get(name)
        if isinstance(cell, dict):
            problem = phrase("{cell} is an object, not a text", cell=shown(cell))
            self._drop(name, problem, phrase("give the text itself"))
            return ""
        if isinstance(cell, list | tuple):
            cell = "\n".join(filter(None, map(plain, cell)))
        return self.clean(cell, name) if cell is not None else ""

    def words(self, name: str) -> str:
        """A text on one line."""
        return " ".join(self.text(name).split())

    def parts(self, name: str, separators: str = ";") -> tuple[str, ...]:
        """The texts of a list or of a cell with separators, each on one line and once."""
        cell = self.named.get(name)
        if cell is None:
            return ()
        found = re.split(f"[{separators}]", self.clean(cell, name))
        return tuple(dict.fromkeys(filter(None, (" ".join(part.split()) for part in found))))

    def codes(self, name: str, vocabulary: Container[str] | None = None) -> tuple[str, ...]:
        """CPV codes of eight digits, without check digit; one outside the vocabulary is warned of."""
        cell = self.named.get(name)
        items = cell if isinstance(cell, list | tuple) else () if cell is None else (cell,)
        found: dict[str, None] = {}
        for item in items:
            for code in self._codes_of(item, name):
                found[code] = None
        if vocabulary is not None:
            for code in found:
                if code not in vocabulary:
                    problem = phrase("'{code}' is not in the CPV vocabulary that was given", code=code)
                    self.note(name, Severity.WARNED, problem, phrase("check the code"))
        return tuple(found)

    def language(self, name: str) -> str | None:
        """A language as ISO 639-1."""
        remedy = phrase("give an ISO 639-1 code such as 'de'")
        return self._read(name, lambda cell: _known(tongues.language(plain(cell)), cell, "language"), remedy)

    def languages(self, name: str) -> tuple[str, ...]:
        """Several languages as ISO 639-1."""
        found: dict[str, None] = {}
        for part in self.parts(name, ";,|"):
            if language := tongues.language(part):
                found[language] = None
            elif part.casefold() not in _UNTOLD:
                self._drop(name, _unknown(part, "language"), phrase("give ISO 639-1 codes"))
        return tuple(found)

    def country(self, name: str) -> str | None:
        """A country as ISO alpha-2; a NUTS code counts for its country and is reported."""
        remedy = phrase("give an ISO alpha-2 code such as 'AT'")
        return self._read(name, lambda cell: self._country(plain(cell), name), remedy)

    def countries(self, name: str) -> tuple[str, ...]:
        """Several countries as ISO alpha-2; EU and EEA stand for their members."""
        found: dict[str, None] = {}
        for part in self.parts(name, ";,|"):
            if members := places.members(part):
                found |= dict.fromkeys(members)
            elif country := places.country(part):
                found[country] = None
            elif part.casefold() not in _UNTOLD:
                self._drop(name, _unknown(part, "country"), phrase("give ISO alpha-2 codes"))
        return tuple(found)

    def day(self, name: str) -> date | None:
        """A calendar date."""
        return self._read(name, read_date, phrase("give an ISO date such as 2026-03-31"))

    def period(self, start: str, end: str) -> tuple[date | None, date | None]:
        """Two dates, or neither if they stand in the wrong order: there is no telling which one is wrong."""
        first, last = self.day(start), self.day(end)
        if first is not None and last is not None and last < first:
            problem = phrase(
                "{last} is before {start} {first}, so neither can be trusted",
                last=last,
                start=start,
                first=first,
            )
            self._drop(end, problem, phrase("correct one of the two"))
            return None, None
        return first, last

    def amount(self, name: str) -> money.Amount | None:
        """An amount of money; a dummy such as 0 or 1 is unknown."""
        found = self._read(name, money.read_amount, phrase("give a number such as 250000 or 250000,50"))
        if found is None:
            return None
        if found.guessed:
            self.report.notes[phrase("amount such as 1.234 or 1,234 read as thousands")] += 1
        if found.value in money.DUMMIES:
            self.report.notes[phrase("dummy value (0, 0.01, 1) taken as unknown")] += 1
            return None
        return found

    def currency(self, name: str) -> str:
        """An ISO 4217 code; empty when there is none."""
        remedy = phrase("give an ISO 4217 code such as EUR")
        return (
            self._read(name, lambda cell: _known(money.currency(plain(cell)), cell, "currency"), remedy) or ""
        )

    def flag(self, name: str) -> bool | None:
        """Yes or no."""
        return self._read(
            name, lambda cell: _known(_FLAGS.get(_folded(cell)), cell, "flag"), phrase("give yes or no")
        )

    def readiness(self, name: str) -> int | None:
        """A technology readiness level, 1 to 9."""
        remedy = phrase("give 1 to 9")
        found = self._read(name, lambda cell: _known(_TRL.fullmatch(plain(cell)), cell, "TRL"), remedy)
        return int(found[1]) if found else None

    def nature(self, name: str) -> Nature | None:
        """Supplies, services or works."""
        return self._choice(name, Nature, _NATURES)

    def interest(self, name: str) -> JointInterest | None:
        """Whether the owner would buy jointly."""
        return self._choice(name, JointInterest, _INTERESTS)

    def visibility(self, name: str, otherwise: Visibility) -> Visibility:
        """Who may see the record: the most closed of what is said; what is not understood is `private`."""
        cell = self.named.get(name)
        if cell is None:
            return otherwise
        found = []
        for item in cell if isinstance(cell, list | tuple) else (cell,):
            try:
                found.append(Visibility(_spelling(item)))
            except ValueError:
                problem = phrase("{cell} is not a visibility, so the record is private", cell=shown(cell))
                remedy = phrase("give one of {values}", values=", ".join(Visibility))
                self.note(name, Severity.CHANGED, problem, remedy)
                return Visibility.PRIVATE
        return min(found, key=lambda visibility: visibility.rank)

    def _read(self, name: str, reader: Callable[[object], T], remedy: str) -> T | None:
        cell = self.named.get(name)
        if cell is None:
            return None
        if isinstance(cell, list | tuple) and len(cell) == 1:
            cell = cell[0]
        if isinstance(cell, str):
            cell = self.clean(cell, name)
        if _folded(cell) in _UNTOLD:
            return None
        try:
            return reader(cell)
        except ValueError as error:
            problem = error.args[0] if error.args else ""
            self._drop(name, problem if isinstance(problem, str) else str(error), remedy)
            return None

    def _choice(self, name: str, kinds: type[E], synonyms: Mapping[str, E]) -> E | None:
        def chosen(cell: object) -> E:
            spelling = _spelling(cell)
            named = next((choice for choice in kinds if choice.value == spelling), None)
            return _known(named or synonyms.get(spelling), cell, name)

        return self._read(name, chosen, phrase("give one of {values}", values=", ".join(kinds)))

    def _country(self, text: str, name: str) -> str:
        if found := places.country(text):
            return found
        found = _known(places.country_of_nuts(text), text, "country")
        problem = phrase("the NUTS code {code} stands for {country}", code=shown(text), country=found)
        self.note(name, Severity.CHANGED, problem, phrase("give the country"))
        return found

    def _codes_of(self, item: object, name: str) -> Iterator[str]:
        text = self.clean(item, name)
        if isinstance(item, int | float) and len(text) == 7:
            problem = phrase("the number {number} lost its leading zero", number=text)
            self.note(name, Severity.CHANGED, problem, phrase("store codes as text"))
            text = f"0{text}"
        for part in re.split(r"[;,|\n]", _CHECK_DIGIT.sub(r"\1", text)):
            tokens = part.split()
            if _CODE.fullmatch("".join(tokens)):
                yield "".join(tokens)
                continue
            labelled = False
            for token in tokens:
                if _CODE.fullmatch(token):
                    labelled = True
                    yield token
                # words after a code are its label
                elif not labelled or any(character.isdigit() for character in token):
                    problem = phrase("{code} is not a CPV code of 8 digits", code=shown(token))
                    self._drop(name, problem, phrase("give 8 digits, with or without check digit"))

    def _drop(self, field: str, problem: str, remedy: str) -> None:
        self.note(field, Severity.DROPPED, problem, remedy)


def _known(found: T | None, cell: object, what: str) -> T:
    if found is None:
        raise ValueError(_unknown(cell, what))
    return found


def _unknown(cell: object, what: str) -> str:
    return phrase("{cell} is no {what} known here", cell=shown(cell), what=what)


def _folded(cell: object) -> str:
    return plain(cell).strip().casefold()


def _spelling(cell: object) -> str:
    return _APART.sub("_", _folded(cell)).strip("_")
