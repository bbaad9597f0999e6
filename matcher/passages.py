"""Records cut into the passages that a model can read whole, with the sentences of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from matcher.protocols import Encoder, Span
from matcher.text.sentences import sentences

RESERVED_TOKENS = 8
"""Tokens of the window kept free for the model's prefix and its start and end marks."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One piece of a record's text, headed by its title."""

    text: str
    spans: tuple[Span, ...]
    """Its sentences, as spans of `text`."""
    sources: tuple[Span, ...]
    """The same sentences as spans of the record's whole text."""


@dataclass(frozen=True, slots=True)
class Passages:
    """The passages of one record, first to last."""

    language: str | None
    items: tuple[Passage, ...]


def cut(texts: Sequence[str], languages: Sequence[str | None], encoder: Encoder) -> list[Passages]:
    """Passages of texts whose first line is their title.

    A text within the model's window is one passage; a longer one is cut between sentences, and
    each further piece repeats the title, so that no piece loses what it is about.
    """
    room = encoder.max_tokens - RESERVED_TOKENS
    counts = encoder.count_tokens(texts)
    return [
        _cut(text, language, encoder, count <= room, room)
        for text, language, count in zip(texts, languages, counts, strict=True)
    ]


def _cut(text: str, language: str | None, encoder: Encoder, fits: bool, room: int) -> Passages:
    spans = sentences(text, language)
    if fits or not spans:
        whole = tuple(spans)
        return Passages(language, (Passage(text, whole, whole),))
    title = text[slice(*spans[0])]
    sizes = encoder.count_tokens([text[start:end] for start, end in spans])
    # The title may take a third of the window at most; a longer one is not repeated.
    heading = title if sizes[0] <= room // 3 else ""
    budget = room - (sizes[0] if heading else 0)
    items: list[Passage] = []
    group: list[Span] = []
    used = 0
    for span, size in zip(spans[1:] if heading else spans, sizes[1:] if heading else sizes, strict=True):
        if group and used + size > budget:
            items.append(_passage(text, heading, spans[0] if heading and not items else None, group))
            group, used = [], 0
        group.append(span)
        used += size
    if group:
        items.append(_passage(text, heading, spans[0] if heading and not items else None, group))
    return Passages(language, tuple(items))


def _passage(text: str, heading: str, title: Span | None, group: list[Span]) -> Passage:
    start, end = group[0][0], group[-1][1]
    shift = len(heading) + 1 if heading else 0
    body = text[start:end]
    spans = [(a - start + shift, b - start + shift) for a, b in group]
    sources = list(group)
    if title is not None:
        spans.insert(0, (0, len(heading)))
        sources.insert(0, title)
    return Passage(f"{heading}\n{body}" if heading else body, tuple(spans), tuple(sources))
