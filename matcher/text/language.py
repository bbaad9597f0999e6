"""Which of the 24 official EU languages a text is in (py3langid, restricted to them)."""

from dataclasses import dataclass
from typing import Any

from matcher.records import EU_LANGUAGES, Record
from matcher.text.loading import once

OWN = 3.0
"""How many times likelier it is that somebody writes in the language that one reads pages in."""


@dataclass(frozen=True, slots=True)
class Detected:
    """A language and how sure the detector is of it."""

    language: str
    """ISO 639-1."""
    probability: float


@once
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(EU_LANGUAGES))
    return identifier


def detect(text: str, reader: str | None = None) -> Detected | None:
    """The most probable EU language of a text, or None when it has no letters.

    Few words could be of many languages: that which their `reader` uses counts
    `OWN` times as much as others.

    >>> detect("Nákup ochranných vest pro policisty").language
    'cs'
    >>> detect("ballistic vests").language, detect("ballistic vests", reader="en").language
    ('fi', 'en')
    >>> detect("12 345") is None
    True
    """
    if not any(character.isalpha() for character in text):
        return None
    # An all-capitals title is unlike anything the detector was trained on.
    said = text.lower() if text.isupper() else text
    if reader is None:
        language, probability = _identifier().classify(said)
        return Detected(str(language), float(probability))
    weighed = {str(one): float(p) * (OWN if one == reader else 1.0) for one, p in _identifier().rank(said)}
    best = max(weighed, key=weighed.__getitem__)
    return Detected(best, weighed[best] / sum(weighed.values()))


def language_of(record: Record) -> str | None:
    """The language a record declares, else the one detected in its text.

    A declared language stands even against the detector: owners may correct it, code may not.
    """
    if record.language:
        return record.language
    found = detect(record.text)
    return found.language if found else None
