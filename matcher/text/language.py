"""Which of the 24 official EU languages a text is in (py3langid, restricted to them)."""

from dataclasses import dataclass
from typing import Any

from matcher.records import EU_LANGUAGES, Record
from matcher.text.loading import once


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


def detect(text: str) -> Detected | None:
    """The most probable EU language of a text, or None when it has no letters.

    >>> detect("Nákup ochranných vest pro policisty").language
    'cs'
    >>> detect("12 345") is None
    True
    """
    if not any(character.isalpha() for character in text):
        return None
    # An all-capitals title is unlike anything the detector was trained on.
    language, probability = _identifier().classify(text.lower() if text.isupper() else text)
    return Detected(str(language), float(probability))


def language_of(record: Record) -> str | None:
    """The language a record declares, else the one detected in its text.

    A declared language stands even against the detector: owners may correct it, code may not.
    """
    if record.language:
        return record.language
    found = detect(record.text)
    return found.language if found else None
