"""A digest: what is new or changed for a saved search, as text, as HTML and as plain values.

What is kept of a digest names records by id. Their words are looked up when it is read, so that what became
hidden since is no longer shown, and what was masked stays so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from matcher.records import Need, Record
from service.projection.catalogue import Catalogue
from service.rights.viewer import Viewer
from service.settings import ServerSettings

GIST = 300
"""Characters of a description that are quoted."""
CHANGES = {"new": "New", "changed": "Changed"}


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a digest, as the reader may see it."""

    record: Record
    change: str
    """new or changed."""
    level: str | None

    def kept(self) -> dict[str, Any]:
        """What is kept of it."""
        return {
            "id": self.record.id,
            "kind": self.record.kind.value,
            "change": self.change,
            "level": self.level,
        }


@dataclass(frozen=True, slots=True)
class Digest:
    """What one run of a saved search has to tell; never empty when it is sent."""

    search_id: str
    name: str
    items: tuple[Item, ...]
    waiting: int = 0
    """New ones that did not fit and come with the next digest."""

    @property
    def subject(self) -> str:
        """One line."""
        number = len(self.items)
        return f"{self.name}: {number} new or changed"

    def kept(self) -> dict[str, Any]:
        """What is kept of it in an inbox or a feed."""
        return {"items": [item.kept() for item in self.items], "waiting": self.waiting}


def read_again(catalogue: Catalogue, viewer: Viewer, day: date, kept: Mapping[str, Any]) -> list[Item]:
    """The items of a digest that was kept, as the viewer sees their records today; without hidden ones."""
    found = []
    for item in kept.get("items", ()):
        entry = catalogue.get(item["id"])
        record = entry.to_viewer(viewer, day) if entry is not None else None
        if record is not None:
            found.append(Item(record, item["change"], item["level"]))
    return found


def public_url(settings: ServerSettings) -> str:
    """Where users reach the service, without a slash at the end."""
    return (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")


def link(public_url: str, record: Record) -> str:
    """Where a record is to be read."""
    return f"{public_url}/{record.kind.value}s/{record.id}"


def facts(record: Record) -> str:
    """Who and when, in one line; nothing that is not stated.

    >>> facts(Need(id="N1", title="Vests", country="EE", organisation="Police", window_end=date(2027, 3, 1)))
    'EE · Police · until 2027-03-01'
    """
    parts = [record.country or ""]
    if isinstance(record, Need):
        parts += [record.organisation, f"until {record.window_end}" if record.window_end else ""]
    else:
        parts += [record.vendor, f"TRL {record.trl}" if record.trl else ""]
    return " · ".join(part for part in parts if part)


def gist(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= GIST else f"{line[: GIST - 1]}…"


def as_json(public_url: str, items: Sequence[Item]) -> list[dict[str, Any]]:
    """Items for programs."""
    return [
        item.kept()
        | {
            "title": item.record.title,
            "language": item.record.language,
            "facts": facts(item.record),
            "link": link(public_url, item.record),
        }
        for item in items
    ]


def as_text(digest: Digest, public_url: str, unsubscribe: str) -> str:
    """The digest as plain text."""
    lines = [f"What is new for your saved search {digest.name!r}:", ""]
    for item in digest.items:
        lines += [_head(item), facts(item.record), gist(item.record.description)]
        lines += [link(public_url, item.record), ""]
    lines += [*_rest(digest), f"Stop these e-mails: {unsubscribe}"]
    return "\n".join(line for line in lines if line is not None) + "\n"


def as_html(digest: Digest, public_url: str, unsubscribe: str) -> str:
    """The digest as HTML, with the language of each quoted text named."""
    parts = []
    for item in digest.items:
        record = item.record
        lang = f' lang="{escape(record.language)}"' if record.language else ""
        parts.append(
            f"<li><p><strong>{escape(CHANGES[item.change])}{_level(item)}:</strong> "
            f'<a href="{escape(link(public_url, record))}"{lang}>{escape(record.title)}</a><br>'
            f"{escape(facts(record))}</p><p{lang}>{escape(gist(record.description))}</p></li>"
        )
    rest = "".join(f"<p>{escape(line)}</p>" for line in _rest(digest) if line)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(digest.subject)}</title></head><body>"
        f"<h1>{escape(digest.subject)}</h1><ol>{''.join(parts)}</ol>{rest}"
        f'<p><a href="{escape(unsubscribe)}">Stop these e-mails</a></p></body></html>'
    )


def _head(item: Item) -> str:
    return f"{CHANGES[item.change]}{_level(item)}: {item.record.title}"


def _level(item: Item) -> str:
    return f" ({escape(item.level)})" if item.level else ""


def _rest(digest: Digest) -> list[str]:
    return [f"{digest.waiting} more wait for the next digest.", ""] if digest.waiting else []
