"""One of the 24 official languages as pages and e-mails speak it: words, numbers, money, dates, names."""

import string
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from babel import Locale, dates, numbers
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from matcher.phrases import EUR, Counted, Joined, Listed, Named, Phrase
from matcher.records import EU_LANGUAGES

HERE = Path(__file__).parent / "web" / "locale"
DEFAULT = "en"
Day = date
"""Inside `Language`, `date` is how it writes one."""
CODES: tuple[str, ...] = tuple(sorted(EU_LANGUAGES))


class Language:
    r"""How one language says what pages show.

    >>> language("de").money(1234567)
    '1.234.567\xa0€'
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self.locale = Locale.parse("en_IE" if code == "en" else code)
        self._catalogue = _catalogue(code)
        self._formatter = _Formatter(self)

    # -- words ------------------------------------------------------------------------------------

    def gettext(self, text: str) -> str:
        """The text in this language."""
        return self._catalogue.gettext(text) if text else ""

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The form of a text that this language has for a number."""
        return self._catalogue.ngettext(one, many, n)

    def say(self, text: str) -> str:
        """A phrase in this language; any other text as it is."""
        match text:
            case Counted():
                template = self.ngettext(text.one, text.template, text.values["n"])
                return self._formatter.vformat(template, (), text.values)
            case Joined():
                return text.template.join(self.say(part) for part in text.values["parts"])
            case Listed():
                return format_list([self.say(part) for part in text.values["parts"]], locale=self.locale)
            case Named():
                code = text.values["code"]
                return self.language(code) if text.template == "language" else self.country(code)
            case Phrase():
                return self._formatter.vformat(self.gettext(text.template), (), text.values)
        return text

    # -- numbers, dates, names --------------------------------------------------------------------

    def number(self, value: float, digits: int | None = None) -> str:
        """A number, to so many digits behind the point."""
        if digits is None:
            return numbers.format_decimal(value, locale=self.locale)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return numbers.format_decimal(value, format=pattern, locale=self.locale)

    def percent(self, share: float, digits: int = 0) -> str:
        """A share of 1 as a percentage."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + "\N{NO-BREAK SPACE}%"
        return numbers.format_percent(share, format=pattern, locale=self.locale)

    def money(self, value: float, currency: str = "EUR") -> str:
        """An amount without cents."""
        return numbers.format_currency(value, currency, locale=self.locale, currency_digits=False,
                                       format=_whole(self.locale))  # fmt: skip

    def date(self, day: Day | None) -> str:
        """A day in words, short."""
        return dates.format_date(day, "medium", self.locale) if day else ""

    def month(self, day: Day) -> str:
        """A month and its year."""
        return dates.format_skeleton("yMMM", day, locale=self.locale)

    def moment(self, moment: datetime | None) -> str:
        """A moment, in UTC."""
        if moment is None:
            return ""
        return dates.format_datetime(moment.astimezone(UTC), "medium", locale=self.locale) + " UTC"

    def country(self, code: str | None) -> str:
        """The name of a country by its ISO 3166-1 code."""
        return str(self.locale.territories.get(code or "", code or ""))

    def language(self, code: str | None) -> str:
        """The name of a language by its ISO 639-1 code."""
        return str(self.locale.languages.get(code or "", code or ""))

    def own_name(self) -> str:
        """What speakers call it."""
        name = self.locale.get_language_name(self.code) or self.code
        return name[:1].upper() + name[1:]

    def list(self, parts: Iterable[str]) -> str:
        """An enumeration in words."""
        return format_list([self.say(part) for part in parts], locale=self.locale)

    def value(self, value: Any, spec: str) -> str:
        """One value of a phrase, by the format that its English template gives it."""
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, str):
            return self.say(value)
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.date(value)
        if spec == EUR:
            return self.money(value)
        if isinstance(value, Integral):
            return self._number(int(value), spec)
        if isinstance(value, Real):  # those of tables, too
            return self._number(float(value), spec)
        return format(value, spec)

    def _number(self, value: float, spec: str) -> str:
        if spec.endswith("%"):
            return self.percent(value, _digits(spec) or 0)
        digits = _digits(spec)
        if digits is None and isinstance(value, float) and spec.endswith("g"):
            value = float(format(value, spec))
        if digits is not None:
            value = float(f"{value:.{digits}f}")  # of two equally near, the one that English takes
        said = self.number(value, digits)
        return f"+{said}" if spec.startswith("+") and value >= 0 else said


def _digits(spec: str) -> int | None:
    kind = spec.rstrip("f%")
    _, point, after = kind.partition(".")
    return int(after) if point and after.isdigit() and not spec.endswith("g") else None


@cache
def _whole(locale: Locale) -> str:
    pattern: str = locale.currency_formats["standard"].pattern
    return pattern.replace(".00", "")


class _Formatter(string.Formatter):
    """Fills templates with values as a language writes them."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._language.value(value, format_spec)


@cache
def language(code: str) -> Language:
    """A language by its ISO 639-1 code; English for what is none of the 24."""
    return Language(code if code in EU_LANGUAGES else DEFAULT)


def _catalogue(code: str) -> NullTranslations:
    path = HERE / f"{code}.po"
    if code == DEFAULT or not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        known = read_po(file, locale=code)
    compiled = BytesIO()
    write_mo(compiled, known)
    compiled.seek(0)
    return GNUTranslations(compiled)


_present: ContextVar[Language | None] = ContextVar("needmatch_language", default=None)


def present() -> Language:
    """The language of the page that is being made."""
    return _present.get() or language(DEFAULT)


def speak(spoken: Language) -> None:
    """Make this the language of the page that is being made."""
    _present.set(spoken)


Words = Mapping[str, Phrase]
