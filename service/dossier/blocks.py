"""A document as values: sections of paragraphs, lists and tables, of which every renderer shows the same.

A text is a sequence of spans, so that a passage in another language keeps its language, and a gap that
the reader must fill keeps its mark. Nothing here knows Markdown, HTML or Word.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

LANGUAGE: Final = "en"
"""The language of every span that names no other."""

# control characters, halves of characters, byte order marks and non-characters, which XML cannot hold, and
# marks that turn the writing direction round, with which a title could make its neighbours read otherwise
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)

_BLANK = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029 ]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one language."""

    text: str
    language: str | None = None
    """ISO 639-1 of a passage that is not in the language of the document."""
    to_fill: bool = False
    """Whether the text says what somebody must put in its place."""


Text = tuple[Span, ...]


def said(*parts: str | Span) -> Text:
    r"""A text of strings and spans: one line, without characters that are not seen.

    >>> [(span.text, span.language) for span in said("Title: ", Span("Küpsised\n=1+1", "et"))]
    [('Title: ', None), ('Küpsised =1+1', 'et')]
    """
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(
        Span(text, span.language if span.language != LANGUAGE else None, span.to_fill)
        for span in spans
        if (text := _one_line(span.text))
    )


def joined(texts: Iterable[Text], between: str) -> Text:
    """Texts one behind the other with the same words between them."""
    out: list[Span] = []
    for text in texts:
        if out:
            out.append(Span(between))
        out.extend(text)
    return tuple(out)


def words(text: Text) -> str:
    """The text without its marks.

    >>> words(said("from ", Span("Tallinn", "et")))
    'from Tallinn'
    """
    return "".join(span.text for span in text)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a note stands out from its neighbours."""

    text: Text
    kind: Literal["plain", "note"] = "plain"


@dataclass(frozen=True, slots=True)
class Listing:
    """Items one below the other, numbered where their order means something."""

    items: tuple[Text, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under one head; the first cell of a row is what the row is about."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    shares: tuple[int, ...]
    """Width of each column in proportion to the others."""
    right: frozenset[int] = frozenset()
    """Columns of figures, which are set to the right."""

    def __post_init__(self) -> None:
        wide = len(self.head)
        if len(self.shares) != wide or any(len(row) != wide for row in self.rows):
            raise ValueError(f"a table of {wide} columns has a row or shares of another length")


Block = Paragraph | Listing | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document."""

    title: Text
    subject: str
    """What the document is, in one line."""
    day: date
    """The day it speaks of; renderers that must date a file date it so."""
    sections: tuple[Section, ...]

    def texts(self) -> Iterator[Text]:
        """Every text of the document in the order in which it is read.

        >>> section = Section("Law", (Paragraph(said("To be agreed.")),))
        >>> document = Document(said("Boats"), "Dossier", date(2026, 5, 4), (section,))
        >>> [words(text) for text in document.texts()]
        ['Boats', 'Dossier', 'Law', 'To be agreed.']
        """
        yield self.title
        yield said(self.subject)
        for section in self.sections:
            yield said(section.title)
            for block in section.blocks:
                yield from _texts(block)


def _texts(block: Block) -> Iterator[Text]:
    match block:
        case Paragraph(text):
            yield text
        case Listing(items):
            yield from items
        case Table():
            yield said(block.caption)
            yield from (said(cell) for cell in block.head)
            for row in block.rows:
                yield from row


def _one_line(text: str) -> str:
    """The text with line ends and runs of spaces as one space; spaces that must not break stay."""
    return _BLANK.sub(" ", _UNSEEN.sub("", _BLANK.sub(" ", text)))
