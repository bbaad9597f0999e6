"""Sentences as spans of the text itself, so that a quotation is always verbatim."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from matcher.protocols import Span
from matcher.text.loading import once

_LIST_MARK = re.compile(r"^(?:[-*•–—·▪◦‣o]|\(?\d{1,2}(?:\.\d{1,2})*[.)]|\(?[a-z][.)])$")
_CLOSING = frozenset("\"'»”’)]")
_ENDING = frozenset(".!?…;")
MIN_WORDS = 3
"""A shorter piece joins what follows it on its line: "No." or "Yes!" is no sentence to quote."""


@contextmanager
def without_torch() -> Iterator[None]:
    """Import without torch: spaCy's thinc takes it wherever it finds it, and it costs seconds."""
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["torch"]


@once
def _tokenizer(language: str) -> Any:
    with without_torch():
        import spacy

        # The French rules take three seconds to compile, for hyphened words that end no sentence.
        if language == "fr":
            language = "xx"
        try:
            return spacy.blank(language).tokenizer
        except ImportError:
            # Maltese, and whatever is not one of the 24: the multi-language rules.
            return spacy.blank("xx").tokenizer


@cache
def abbreviations(language: str) -> frozenset[str]:
    """Abbreviations whose full stop does not end a sentence, lower case, of one language.

    >>> "bzw." in abbreviations("de")
    True
    """
    table = files("matcher.text").joinpath("abbreviations.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if "\t" in line and not line.startswith("#"))
    return frozenset(form.strip() for code, form in rows if code == language)


def sentences(text: str, language: str | None = None) -> list[Span]:
    """Spans of the sentences of a text, in order, without the white space around them.

    A line break ends a sentence; the stop of an abbreviation, an ordinal or an initial does not.

    >>> text = "Za dodávku odpovídá dodavatel, např. výrobce. Lhůta je 30 dní."
    >>> [text[a:b] for a, b in sentences(text, "cs")]
    ['Za dodávku odpovídá dodavatel, např. výrobce.', 'Lhůta je 30 dní.']
    """
    spans: list[Span] = []
    for start, end in _lines(text):
        spans.extend(_split_line(text, start, end, language or "xx"))
    return spans


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.splitlines(keepends=True):
        body = line.strip()
        if body:
            offset = start + line.index(body[0])
            yield offset, offset + len(body)
        start += len(line)


def _split_line(text: str, start: int, end: int, language: str) -> Iterator[Span]:
    line = text[start:end]
    if not any(mark in line[:-1] for mark in _ENDING):
        yield start, end
        return
    tokens = [(token.idx, token.text) for token in _tokenizer(language)(line)]
    known = abbreviations(language)
    begin = 0
    position = 0
    while position < len(tokens):
        if _ends_sentence(line, tokens, position, known):
            while position + 1 < len(tokens) and tokens[position + 1][1] in _CLOSING:
                position += 1
            stop = tokens[position][0] + len(tokens[position][1])
            if len(line[begin:stop].split()) >= MIN_WORDS:
                yield start + begin, start + stop
                begin = stop + len(line[stop:]) - len(line[stop:].lstrip())
        position += 1
    if begin < len(line):
        yield start + begin, end


def _ends_sentence(line: str, tokens: list[tuple[int, str]], position: int, known: frozenset[str]) -> bool:
    at, token = tokens[position]
    if token[-1] not in _ENDING:
        return False
    after = at + len(token)
    following = line[after:].lstrip("\"'»”’)]")
    if following and not following[0].isspace():
        return False
    if token[-1] in "!?…;":
        return True
    # The word that carries the stop, whether the tokenizer kept the stop with it or not.
    word = line[:after].split()[-1].lstrip("([\"'«„“")
    stem = word[:-1]
    if {word.lower(), word.lower().rpartition("'")[2].rpartition("’")[2]} & known or _LIST_MARK.match(word):
        return False
    if len(stem) == 1 and stem.isalpha():
        return False
    return not following.lstrip()[:1].islower()
