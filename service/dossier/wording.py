"""How a dossier says things: amounts, days, countries, languages, and sentences with foreign titles."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from corpora.writers.ocds import COUNTRY_NAMES
from matcher.joint.thresholds import day_words
from matcher.records import Need
from service.dossier.blocks import LANGUAGE, Span, Text, said

UNKNOWN: Final = "not stated"
MASKED: Final = "Authority in one Member State"
"""What stands for a member that the reader may not see."""

_LANGUAGES: Final = dict(
    pair.split(":")
    for pair in (
        "bg:Bulgarian cs:Czech da:Danish de:German el:Greek en:English es:Spanish et:Estonian fi:Finnish "
        "fr:French ga:Irish hr:Croatian hu:Hungarian is:Icelandic it:Italian lb:Luxembourgish lt:Lithuanian "
        "lv:Latvian mt:Maltese nb:Norwegian nl:Dutch no:Norwegian pl:Polish pt:Portuguese ro:Romanian "
        "sk:Slovak sl:Slovenian sv:Swedish uk:Ukrainian"
    ).split()
)
_REGIMES: Final = {
    "2014/23": "Directive 2014/23/EU (concessions)",
    "2014/24": "Directive 2014/24/EU (public sector)",
    "2014/25": "Directive 2014/25/EU (utilities)",
    "2009/81": "Directive 2009/81/EC (defence and security)",
    "excluded-346": "stated as excluded under Art. 346 TFEU",
    "below-threshold": "below the EU thresholds",
}
_NUMBERS: Final = "no one two three four five six seven eight nine ten eleven twelve".split()


@dataclass(frozen=True, slots=True)
class Voice:
    """Who is who in the sentences of a candidate: ids of needs, and titles that are not English."""

    needs: Mapping[str, Need]
    """By id."""
    tongues: Mapping[str, str]
    """Title -> language, for the titles whose language is known and is not that of the document."""

    @classmethod
    def of(cls, needs: Iterable[Need]) -> "Voice":
        """The voice for some needs."""
        by_id = {need.id: need for need in needs}
        titled = {need.title: need.language for need in by_id.values() if len(need.title) > 1}
        tongues = {title: spoken for title, spoken in titled.items() if spoken and spoken != LANGUAGE}
        return cls(by_id, tongues)

    def sentence(self, text: str) -> Text:
        """A finding as a sentence: begun with a capital, ended, its titles in their languages.

        >>> need = Need(id="n1", title="Kuulivest", language="et")
        >>> [span.text for span in Voice.of([need]).sentence("all describe “Kuulivest”")]
        ['All describe “', 'Kuulivest', '”.']
        >>> words = Voice.of([need]).sentence("n1 is paused")
        >>> words[0].text
        'n1 is paused.'
        """
        text = text.strip()
        first = text.partition(" ")[0].rstrip(",:;")
        if first not in self.needs and first.isalpha():
            text = text[:1].upper() + text[1:]
        if text and text[-1] not in ".!?:":
            text += "."
        return self.phrase(text)

    def phrase(self, text: str) -> Text:
        """The text as it is, its titles in their languages."""
        if not self.tongues:
            return said(text)
        longest_first = sorted(self.tongues, key=lambda title: (-len(title), title))
        pattern = "|".join(map(re.escape, longest_first))
        parts = re.split(f"({pattern})", text)
        return said(*(Span(part, self.tongues.get(part)) for part in parts if part))

    def place(self, need_id: str) -> str:
        """The country of a need, with its id where that alone does not tell which need is meant.

        >>> voice = Voice.of([Need(id="E1", title="", country="EE"), Need(id="F1", title="", country="FI")])
        >>> voice.place("E1")
        'Estonia'
        """
        here = self.needs[need_id].country
        alone = here and sum(need.country == here for need in self.needs.values()) == 1
        return country(here) if alone else f"{country(here)} ({need_id})"

    def quoted(self, need_id: str, text: str) -> Text:
        """What a need says, in its language where it stands in its own words."""
        need = self.needs.get(need_id)
        verbatim = need is not None and (text in need.text or text == need.quantity)
        return said(Span(text, need.language if need is not None and verbatim else None))


def country(code: str | None) -> str:
    """The English name of a country.

    >>> country("EE"), country("ZZ"), country(None)
    ('Estonia', 'ZZ', 'not stated')
    """
    return COUNTRY_NAMES.get(code, code) if code else UNKNOWN


def language(code: str) -> str:
    """The English name of a language.

    >>> language("et"), language("xx")
    ('Estonian', 'xx')
    """
    return _LANGUAGES.get(code, code)


def titled(need: Need) -> Text:
    """The title in its own language, with the language named, and the English one that the source gives."""
    if not need.language:
        return said(need.title, " (language not stated)")
    own = said(Span(need.title, need.language), f" ({language(need.language)})")
    translated = need.titles.get(LANGUAGE) if need.language != LANGUAGE else None
    return own + said(f"; in English, as the source translates it: {translated}") if translated else own


def regime(stated: str) -> str:
    """The legal regime in words.

    >>> regime("2014/24"), regime("")
    ('Directive 2014/24/EU (public sector)', 'not stated')
    """
    return _REGIMES.get(stated.strip().casefold(), stated) if stated not in ("", "unknown") else UNKNOWN


def euro(amount: float | None) -> str:
    """An amount in euro, whole.

    >>> euro(1234567.5), euro(None)
    ('EUR 1,234,568', 'not stated')
    """
    return UNKNOWN if amount is None else f"EUR {math.floor(amount + 0.5):,}"


def value(need: Need) -> str:
    """What a need states as its value, and whether VAT is in it.

    >>> value(Need(id="N1", title="Vests", value_min_eur=1e5, value_max_eur=2e5, vat_included=False))
    'EUR 100,000 to EUR 200,000, net of VAT'
    """
    low, high = need.value_min_eur, need.value_max_eur
    if need.value_eur is not None:
        stated = euro(need.value_eur)
    elif low is not None and high is not None:
        stated = f"{euro(low)} to {euro(high)}"
    elif low is not None or high is not None:
        stated = f"at least {euro(low)}" if high is None else f"at most {euro(high)}"
    elif need.value is not None:
        return f"{need.value:,.0f} {need.currency or '(currency not stated)'}, not converted"
    else:
        return UNKNOWN
    vat = {True: "VAT included", False: "net of VAT", None: "VAT not stated"}[need.vat_included]
    return f"{stated}, {vat}"


def span(start: date | None, end: date | None) -> str:
    """Two days, either of which may be unknown.

    >>> span(date(2027, 1, 1), None), span(None, None)
    ('1 Jan 2027 to not stated', 'not stated')
    """
    if start is None and end is None:
        return UNKNOWN
    return f"{day_words(start) if start else UNKNOWN} to {day_words(end) if end else UNKNOWN}"


def number(count: int) -> str:
    """A count in words, as far as that reads well.

    >>> number(3), number(40)
    ('three', '40')
    """
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "authority", "authorities"), counted(2, "member")
    ('one authority', 'two members')
    """
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Parts with commas, the last two with a word.

    >>> listed(["Estonia", "Finland", "Latvia"])
    'Estonia, Finland and Latvia'
    """
    return f" {last} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def points(total: float) -> str:
    """A score with one digit, cut rather than rounded, so that it never shows a level that it lacks.

    >>> points(69.96), points(88.3)
    ('69.9', '88.3')
    """
    return f"{math.floor(total * 10 + 1e-6) / 10:.1f}"


def share(part: float, digits: int = 2) -> str:
    """A number in [0, 1], cut like `points`.

    >>> share(0.799), share(1.0)
    ('0.79', '1.00')
    """
    scale = 10**digits
    return f"{math.floor(part * scale + 1e-6) / scale:.{digits}f}"
