"""XML read as if an enemy had written it: no entities, no document type, no network, bounded size and depth.

What is handed on is a tree of local names. Procurement documents spread one vocabulary over a dozen
namespaces that differ between versions, and no reader here needs to tell them apart.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lxml import etree

from matcher.errors import FileTooLarge, FileUnreadable
from matcher.phrases import phrase

Element = etree._Element

MAX_BYTES: Final = 50_000_000
"""Largest file that is read unless the caller says otherwise; notices are a hundredth of it."""
MAX_DEPTH: Final = 100
"""Deepest nesting that is read; notices need about 25."""
_HEAD_BYTES: Final = 1_000_000
"""How far `root_tag` looks for the first element."""
_CHUNK: Final = 65_536
_BLOCKS: Final = frozenset({"P", "BR", "LI"})
"""Elements that start a line of their own in running text."""


class _Refused(Exception):
    """The document holds something that is not read."""


class _Found(Exception):
    """The root has been seen; the rest is not needed."""

    def __init__(self, namespace: str, name: str) -> None:
        self.namespace = namespace
        self.name = name
        super().__init__(name)


class _Target:
    """Builds the tree from local names; comments and processing instructions are left out."""

    def __init__(self) -> None:
        self._builder = etree.TreeBuilder()
        self._depth = 0

    def doctype(self, name: str | None, *_: object) -> None:
        raise _Refused(
            phrase(
                "it has a document type declaration (DOCTYPE {name}), which can hide entities; "
                "remove the declaration, notices need none",
                name=name or "",
            )
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Refused(
                phrase("its elements are nested deeper than {most}, notices need about 25", most=MAX_DEPTH)
            )
        self._builder.start(_split(tag)[1], {_split(key)[1]: value for key, value in attributes.items()})

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._builder.end(_split(tag)[1])

    def data(self, data: str) -> None:
        self._builder.data(data)

    def close(self) -> Element | None:
        # lxml calls this after a failure too, where an error of ours would hide the real one
        try:
            root: Element = self._builder.close()
        except (etree.LxmlError, AssertionError):
            return None
        return root


class _RootTarget(_Target):
    """Stops at the first element."""

    def start(self, tag: str, _: dict[str, str]) -> None:
        raise _Found(*_split(tag))


def parse(path: Path, limit: int = MAX_BYTES) -> Element:
    """The root of an XML file, all names local, without comments.

    Raises `FileTooLarge` above `limit` bytes, and `FileUnreadable`, with the line where there is one,
    for a file that is missing, malformed, in another encoding than it says, nested deeper than
    `MAX_DEPTH`, or has a document type declaration.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            raise FileTooLarge(
                phrase(
                    "{file} has {size:,} bytes; XML is read up to {most:,}. "
                    "Split the file, or raise the limit.",
                    file=path.name,
                    size=size,
                    most=limit,
                )
            )
        content = path.read_bytes()
    except OSError as error:
        raise _cannot_open(path, error) from error
    parser = _parser(_Target())
    try:
        for start in range(0, len(content), _CHUNK):
            parser.feed(content[start : start + _CHUNK])
        root: Element | None = parser.close()
    except _Refused as refusal:
        raise _not_read(path, refusal) from None
    except etree.XMLSyntaxError as error:
        raise FileUnreadable(
            phrase(
                "{file}:{line}: not well-formed XML ({error}). "
                "Export the document again, or repair that line.",
                file=path.name,
                line=str(error.lineno or 1),
                error=error.msg or "",
            )
        ) from error
    except (etree.LxmlError, AssertionError, LookupError, ValueError) as error:
        raise FileUnreadable(
            phrase("{file}:1: not XML that can be read ({error}).", file=path.name, error=str(error))
        ) from error
    if root is None:
        raise FileUnreadable(
            phrase(
                "{file}:1: no XML element in it. Check that this is the document you meant.", file=path.name
            )
        )
    return root


def root_tag(path: Path) -> tuple[str, str] | None:
    """Namespace and local name of the root, read from the head of the file; None when it is not XML.

    Raises `FileUnreadable` when the file cannot be opened or has a document type declaration.
    """
    parser = _parser(_RootTarget())
    seen = 0
    try:
        with path.open("rb") as stream:
            while seen < _HEAD_BYTES and (chunk := stream.read(_CHUNK)):
                seen += len(chunk)
                parser.feed(chunk)
    except _Found as found:
        return found.namespace, found.name
    except _Refused as refusal:
        raise _not_read(path, refusal) from None
    except OSError as error:
        raise _cannot_open(path, error) from error
    except (etree.LxmlError, AssertionError, LookupError, ValueError):
        return None
    return None


def clean(text: str) -> str:
    r"""The text with blanks collapsed and empty lines left out; lines are kept.

    >>> clean("  Body   armour \n\n\t for patrols ")
    'Body armour\nfor patrols'
    """
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def plain(element: Element | None) -> str:
    r"""All text inside an element, cleaned; paragraphs become lines, other markup is dropped.

    >>> plain(etree.fromstring("<D><P>10 m<FT TYPE='SUP'>2</FT></P><P>steel</P></D>"))
    '10 m2\nsteel'
    """
    if element is None:
        return ""
    parts: list[str] = []
    for event, inner in etree.iterwalk(element, events=("start", "end")):
        if inner.tag in _BLOCKS:
            parts.append("\n")
        if event == "start":
            parts.append(inner.text or "")
        elif inner is not element:
            parts.append(inner.tail or "")
    return clean("".join(parts))


def texts(element: Element, path: str) -> Iterator[str]:
    """The cleaned text of each element at a path below this one, empty ones left out."""
    for found in element.iterfind(path):
        if text := plain(found):
            yield text


def first(element: Element, path: str) -> str:
    """The first text at a path below this element, or nothing."""
    return next(texts(element, path), "")


def _parser(target: _Target) -> etree.XMLParser:
    # entities are refused with the DOCTYPE that must declare them; the rest is a second lock
    return etree.XMLParser(
        target=target,  # type: ignore[arg-type] # the stubs ask for methods that lxml does without
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
    )


def _split(tag: str) -> tuple[str, str]:
    namespace, brace, name = tag.rpartition("}")
    return (namespace.lstrip("{"), name) if brace else ("", tag)


def _not_read(path: Path, refusal: Exception) -> FileUnreadable:
    return FileUnreadable(phrase("{file} is not read: {reason}.", file=path.name, reason=refusal.args[0]))


def _cannot_open(path: Path, error: OSError) -> FileUnreadable:
    return FileUnreadable(
        phrase(
            "{path} cannot be opened: {error}. Check the name and your permission.",
            path=str(path),
            error=error.strerror or str(error),
        )
    )
