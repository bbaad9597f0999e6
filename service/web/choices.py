"""Countries and languages to choose from, under the names that the page's language gives them."""

from unicodedata import combining, normalize

from matcher.market.tiles import PLACES
from matcher.records import EU_LANGUAGES
from service.language import Language

Choices = list[tuple[str, str]]
"""Pairs of code and name, by name."""


def countries(spoken: Language) -> Choices:
    """The countries of Europe.

    >>> from service.language import language
    >>> countries(language("de"))[-1]
    ('CY', 'Zypern')
    """
    return _by_name([(code, spoken.country(code)) for code in PLACES])


def languages(spoken: Language) -> Choices:
    """The official languages of the Union."""
    return _by_name([(code, spoken.language(code)) for code in EU_LANGUAGES])


def _by_name(pairs: Choices) -> Choices:
    return sorted(pairs, key=lambda pair: _bare(pair[1]))


def _bare(name: str) -> str:
    """Without accents, so that Österreich stands by O."""
    return "".join(letter for letter in normalize("NFD", name.casefold()) if not combining(letter))
