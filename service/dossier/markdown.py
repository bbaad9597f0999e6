"""A document as Markdown with tables (GitHub's flavour); nothing in it is read as markup but its own."""

import re
from collections.abc import Iterator

from service.dossier.blocks import Block, Document, Listing, Paragraph, Table, Text, said, words

# what could open a link, an emphasis, a cell, HTML or an entity, wherever it stands
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#])")
# what makes a block of a line that begins with it: lists, headings under a line, code
_LEADING = re.compile(r"^(?P<number>\d*)(?P<mark>(?<!\d)[-+=]|(?<=\d)[.)])")
# what viewers turn into a link by themselves
_LINK = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=\bwww)\.", re.IGNORECASE)


def render(document: Document) -> str:
    """The document as Markdown, UTF-8 text that ends with a line end.

    A passage in another language is not marked: Markdown has no place for it.
    """
    blocks = [f"# {_inline(document.title)}", _line(said(document.subject))]
    for section in document.sections:
        blocks.append(f"## {_inline(said(section.title))}")
        marker = "-"
        for block in section.blocks:
            # a list of another marker does not run on from the list before it
            marker = "*" if marker == "-" else "-"
            blocks.extend(_block(block, marker))
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    r"""The text with a backslash before whatever Markdown would take for its own inside a line.

    >>> print(escaped("<b> | *x* from https://x.eu"))
    \<b\> \| \*x\* from https\://x.eu
    """
    return _LINK.sub(lambda found: "\\" + found[0], _SPECIAL.sub(r"\\\1", text))


def _block(block: Block, marker: str) -> Iterator[str]:
    match block:
        case Paragraph(text, kind):
            yield ("> " if kind == "note" else "") + _line(text)
        case Listing(items, ordered):
            ending = "." if marker == "-" else ")"
            yield "\n".join(
                f"{f'{number}{ending}' if ordered else marker} {_line(item)}"
                for number, item in enumerate(items, start=1)
            )
        case Table():
            yield f"**{_inline(said(block.caption))}**"
            rule = ["---:" if column in block.right else "---" for column in range(len(block.head))]
            rows = [[_inline(said(cell)) for cell in block.head], rule]
            rows += [[_inline(cell) for cell in row] for row in block.rows]
            yield "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _inline(text: Text) -> str:
    """A text inside a line; what is to be filled in is bold."""
    if not any(span.to_fill for span in text):
        # in one piece, so that what begins in one span and ends in the next is seen
        return escaped(words(text)).strip()
    parts = []
    for place, span in enumerate(text):
        before, after = words(text[:place])[-1:], words(text[place + 1 :])[:1]
        # stars beside a letter or a digit are stars to some readers
        apart = before in ("", " ") and (after in ("", " ") or after in ".,;:")
        bold = "**" if span.to_fill and apart else ""
        parts.append(f"{bold}{escaped(span.text).strip() if bold else escaped(span.text)}{bold}")
    return "".join(parts).strip()


def _line(text: Text) -> str:
    r"""A text that begins a line, where more is taken for markup.

    >>> print(_line(said("1. of two")), _line(said("=1+1")))
    1\. of two \=1+1
    """
    return _LEADING.sub(r"\g<number>\\\g<mark>", _inline(text), count=1)
