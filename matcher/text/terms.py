"""The terms of a text for lexical search: stems, character 4-grams, verbatim codes.

Stems bridge inflection, 4-grams bridge compounds (`Drohnenabwehr` in `Drohnenabwehrsysteme`;
McNamee & Mayfield 2004), codes must match to the letter: `EN 1063`, `STANAG 4569`, `35815100`,
`ISMS`. A code is cut into neither stems nor grams, so that `ISMS` never meets `LC-MSMS`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from matcher.text.clean import fold
from matcher.text.loading import once

_SNOWBALL = {
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hr": "serbian",
    "hu": "hungarian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
}
_LEMMAS = frozenset({"bg", "lv", "sk", "sl"})  # Snowball has no stemmer; Maltese has neither

_BODY = (
    "(?:EN|IEC|ISO|CEN|ETSI|ITU|STANAG|NIJ|VPAM|AEP|MIL-STD|ASTM|ANSI|IEEE|DIN|ICAO"
    "|HOSDB|CAST|NFPA|TS|TR|CWA|RFC)"
)
_STANDARD = re.compile(
    rf"\b({_BODY}(?:[ /-]{_BODY}){{0,3}})[ -]?((?:[A-Z]{{1,3}}[ -]?)?\d(?:[\d.]*\d)?(?:-\d+)*)\b(?::\d{{4}})?"
)
# Each begins with a character, and looks back from there whether a word begins: a search for one of some
# characters is several times as fast as one for the edge of a word.
_CPV = re.compile(r"(\d(?<!\w\d)\d{7})(?:-\d)?\b")
_MIXED = re.compile(
    r"[A-Z0-9](?<!\w.)(?:(?<=[A-Z])(?=[A-Z0-9./-]*\d)|(?<=[0-9])(?=[A-Z0-9./-]*[A-Z]))"
    r"[A-Z0-9]*(?:[./-][A-Z0-9]+)*\b"
)
_ACRONYM = re.compile(r"[A-ZΑ-ΩА-Я](?<!\w.)[A-ZΑ-ΩА-Я]{1,5}(?:[-/&][A-ZΑ-ΩА-Я]{2,6})*\b")
_WORD = re.compile(r"[^\W\d_]{2,}(?:'[^\W\d_]+)?")
_SMALL = bytes(range(ord("a"), ord("z") + 1))
_BLANK = " \n "


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one text with their counts, by field."""

    stems: Counter[str] = field(default_factory=Counter)
    grams: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)


def codes(text: str) -> list[str]:
    """Standards, CPV codes, type designations and acronyms of a text, in one spelling each.

    >>> codes("Conform EN ISO 12312-1:2013 and STANAG 4569, cpv 35815100-8, an ISMS")
    ['ENISO12312-1', 'STANAG4569', '35815100', 'ISMS']
    """
    return list(_extract(text)[0])


def terms(text: str, language: str | None = None, *, grams: bool = True, named: Iterable[str] = ()) -> Terms:
    """Stems, 4-grams and codes of a text; the language chooses stemmer and stop words.

    Without `grams` the 4-grams, which cost most of the time, are left out. `named` are standards that stand
    in a field of their own: each counts once, unless the text names it anyway.

    >>> sorted(terms("The drones have to comply with EN 1063", "en").stems)
    ['compli', 'drone']
    """
    found, rest = _extract(text)
    further = {code for standard in named for code in codes(standard)} - set(found)
    stop = stop_words(language or "")
    words = [word for word in _WORD.findall(rest.casefold()) if word not in stop]
    return Terms(
        Counter(stem(word, language or "") for word in words),
        Counter(chain.from_iterable(map(_grams, words)) if grams else ()),
        Counter((*found, *sorted(further))),
    )


def surface(text: str, language: str | None, stems: Set[str]) -> Iterator[str]:
    """The words of a text that have one of some stems, as they stand there, each stem once.

    >>> list(surface("Pumps, a pump and hoses", "en", {"pump"}))
    ['Pumps']
    """
    seen: set[str] = set()
    for word in _WORD.findall(_extract(text)[1]):
        found = stem(word.casefold(), language or "")
        if found in stems and found not in seen:
            seen.add(found)
            yield word


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """The stem (or lemma) of a lower-case word; the word itself where its language has no stemmer."""
    if language in _SNOWBALL:
        return str(_stemmer(language).stemWord(word))
    if language in _LEMMAS:
        return str(_lemmatize(language)(word, lang=language)).casefold()
    return word


@once
def _lemmatize(language: str) -> Callable[..., str]:
    import simplemma

    simplemma.lemmatize("a", lang=language)  # reads its dictionary, which takes a moment
    return simplemma.lemmatize


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(_SNOWBALL[language], 0)  # its own cache would not be shared; ours is


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words of a language that carry no meaning of their own (spaCy's lists; none for Maltese)."""
    from importlib.util import find_spec
    from pathlib import Path
    from runpy import run_path

    # the list alone: importing a language compiles its rules, which takes seconds for French
    spacy = find_spec("spacy")
    home = Path(spacy.origin).parent if spacy and spacy.origin else Path()
    file = home / "lang" / language / "stop_words.py"
    if not language or not file.is_file():
        return frozenset()
    return frozenset(word.casefold() for word in run_path(str(file))["STOP_WORDS"])


@lru_cache(maxsize=200_000)
def _grams(word: str) -> tuple[str, ...]:
    marked = f"_{word}_"
    return tuple(marked[i : i + 4] for i in range(max(1, len(marked) - 3)))


@lru_cache(maxsize=256)  # a query is held against each of its results
def _extract(text: str) -> tuple[tuple[str, ...], str]:
    """The codes of a text, and the folded text without them."""
    text = fold(text)
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        found.append(re.sub(r"[\s/]", "", "".join(g for g in match.groups() if g) or match.group()))
        return _BLANK

    def take_acronym(match: re.Match[str]) -> str:
        found.append(match.group())
        return _BLANK

    text = _STANDARD.sub(take, text)
    text = _CPV.sub(take, text)
    text = _MIXED.sub(take, text)
    # In a line of capitals, capitals say nothing; a single word of capitals is an acronym.
    if not _shouted(text) or _ACRONYM.fullmatch(text.strip()):
        text = _ACRONYM.sub(take_acronym, text)
    return tuple(found), text


def _shouted(text: str) -> bool:
    """Whether half of the letters are capitals."""
    latin = text.encode("ascii", "ignore")
    small = len(latin) - len(latin.translate(None, _SMALL))
    if 2 * small > len(text):  # more than all else together
        return False
    return sum(map(str.isupper, text)) >= 0.5 * sum(map(str.isalpha, text))
