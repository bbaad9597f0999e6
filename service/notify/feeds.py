"""Atom feeds (RFC 4287) of saved searches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from service.notify.digest import CHANGES, Item, Say, facts, gist, link

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
ENTRIES = 100
"""Entries of a feed, the newest."""
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One record that was told of, when, and in which message."""

    message_id: str
    at: datetime
    item: Item


def feed(
    *,
    search_id: str,
    name: str,
    address: str,
    public_url: str,
    entries: Sequence[FeedEntry],
    since: datetime,
    say: Say = str,
) -> bytes:
    """A feed, the newest entry first; `since` dates one that has no entry yet.

    `say` says what is not quoted in the language of its owner.
    """
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})  # type: ignore[dict-item]  # None is the default namespace
    shown = sorted(entries, key=lambda entry: (entry.at, entry.item.record.id), reverse=True)[:ENTRIES]
    _add(root, "id", f"urn:uuid:{search_id}")
    _add(root, "title", name)
    _add(root, "updated", moment(shown[0].at if shown else since))
    etree.SubElement(root, f"{{{ATOM}}}link", rel="self", href=address, type="application/atom+xml")
    author = etree.SubElement(root, f"{{{ATOM}}}author")
    _add(author, "name", "needmatch")
    _add(root, "generator", "needmatch")
    for one in shown:
        _entry(root, one, public_url, say)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def moment(at: datetime) -> str:
    """A date construct (RFC 3339, UTC).

    >>> moment(datetime(2027, 3, 1, 12, tzinfo=UTC))
    '2027-03-01T12:00:00Z'
    """
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _entry(root: etree._Element, one: FeedEntry, public_url: str, say: Say) -> None:
    record = one.item.record
    entry = etree.SubElement(root, f"{{{ATOM}}}entry")
    if record.language:
        entry.set(_XML_LANG, record.language)
    # told again after a change, it is an entry of its own: readers show what is new by its id
    _add(entry, "id", f"urn:uuid:{one.message_id}:{record.id}")
    _add(entry, "title", record.title)
    _add(entry, "updated", moment(one.at))
    href = link(public_url, record)
    etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=href, type="text/html")
    label = say(CHANGES[one.item.change])
    etree.SubElement(entry, f"{{{ATOM}}}category", term=one.item.change, label=label)
    _add(entry, "summary", "\n".join(filter(None, [say(facts(record)), gist(record.description)])))


def _add(parent: etree._Element, name: str, text: str) -> None:
    element = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    # lxml refuses what XML cannot hold; records were cleaned on their way in, names of searches were not
    element.text = "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\x7f\ufffe\uffff"))
