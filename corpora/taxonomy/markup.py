"""Code lists in XML: the list of 2008, Genericode, and SKOS, told apart by their root element."""

from collections.abc import Callable, Iterator
from pathlib import Path

from corpora.readers.xml import Element, first, parse, plain
from corpora.taxonomy.cpv import normalise
from corpora.taxonomy.entry import Entry
from matcher.errors import FormatUnknown, RecordInvalid

Described = tuple[str, list[tuple[str, str]]]


def from_markup(path: Path, limit: int) -> Iterator[Entry]:
    """Entries of any of the three forms.

    Raises `FormatUnknown` for another root, `FileTooLarge` above `limit` bytes, `FileUnreadable`
    for what the hardened parser refuses.
    """
    root = parse(path, limit)
    if root.tag not in _FORMS:
        raise FormatUnknown(
            f"{path.name!r} begins with <{root.tag}>: expected <CPV_CODE> (list of 2008), <CodeList> "
            "(Genericode) or <RDF> (SKOS). Take one of these forms."
        )
    wanted, describe = _FORMS[root.tag]
    described = (entry for element in root.iter(*wanted) if (entry := describe(element)))
    for position, (code, labels) in enumerate(described, 1):
        yield Entry(position, code, labels)


def _of_list(element: Element) -> Described:
    """`<CPV CODE="03000000-1"><TEXT LANG="EN">`."""
    return element.get("CODE", ""), [(text.get("LANG", ""), plain(text)) for text in element.iterfind("TEXT")]


def _of_genericode(element: Element) -> Described:
    """`<Row><Value ColumnRef="eng_label"><SimpleValue>`; `Name` is English where there is no such column."""
    cells = {
        value.get("ColumnRef", "").lower(): first(value, "SimpleValue") for value in element.iterfind("Value")
    }
    labels = [(column.removesuffix("_label"), text) for column, text in cells.items() if "_label" in column]
    if not cells.get("eng_label"):
        labels.append(("en", cells.get("name", "")))
    return cells.get("code", ""), labels


def _of_skos(element: Element) -> Described | None:
    """`<skos:Concept><skos:prefLabel xml:lang="en">`; None for a reference and for what has no label."""
    labels = [(label.get("lang", "en"), plain(label)) for label in element.iterfind("prefLabel")]
    if not labels:
        return None
    about = element.get("about", "").rstrip("/").rpartition("/")[2]
    named = [plain(child) for child in element if child.tag in ("notation", "identifier")]
    return next(filter(_is_code, (*named, about)), about), labels


def _is_code(text: str) -> bool:
    try:
        normalise(text)
    except RecordInvalid:
        return False
    return True


_FORMS: dict[str, tuple[tuple[str, ...], Callable[[Element], Described | None]]] = {
    "CPV_CODE": (("CPV",), _of_list),
    "CodeList": (("Row",), _of_genericode),
    "RDF": (("Concept", "Description"), _of_skos),
}
