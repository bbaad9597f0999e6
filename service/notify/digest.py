"""A digest: what is new or changed for a saved search, as text, as HTML and as plain values.

What is kept of a digest names records by id. Their words are looked up when it is read, so that what became
hidden since is no longer shown, and what was masked stays so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from matcher.calibrate import Level
from matcher.phrases import joined, phrase
from matcher.records import Need, Record
from service.projection.catalogue import Catalogue
from service.rights.viewer import Viewer
from service.settings import ServerSettings

GIST = 300
"""Characters of a description that are quoted."""
CHANGES = {"new": phrase("New"), "changed": phrase("Changed")}
STOP = phrase("Stop these e-mails")
Say = Callable[[str], str]
"""Says a phrase in the language of whom it is for."""


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
        return phrase("{name}: {n} new or changed", name=self.name, n=len(self.items))

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
        parts.append(record.organisation)
        if record.window_end:
            parts.append(phrase("until {day}", day=record.window_end))
    else:
        parts += [record.vendor, f"TRL {record.trl}" if record.trl else ""]
    return joined(parts, " · ")


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


def as_text(digest: Digest, public_url: str, unsubscribe: str, say: Say) -> str:
    """The digest as plain text."""
    lines = [say(phrase("What is new for your saved search {name!r}:", name=digest.name)), ""]
    for item in digest.items:
        lines += [
            f"{_change(item, say)}: {item.record.title}",
            say(facts(item.record)),
            gist(item.record.description),
        ]
        lines += [link(public_url, item.record), ""]
    if digest.waiting:
        lines += [say(_waiting(digest)), ""]
    lines.append(f"{say(STOP)}: {unsubscribe}")
    return "\n".join(lines) + "\n"


def as_html(digest: Digest, public_url: str, unsubscribe: str, say: Say, language: str = "en") -> str:
    """The digest as HTML in the reader's language, with the language of each quoted text named."""
    parts = []
    for item in digest.items:
        record = item.record
        lang = f' lang="{escape(record.language)}"' if record.language else ""
        parts.append(
            f"<li><p><strong>{escape(_change(item, say))}:</strong> "
            f'<a href="{escape(link(public_url, record))}"{lang}>{escape(record.title)}</a><br>'
            f"{escape(say(facts(record)))}</p><p{lang}>{escape(gist(record.description))}</p></li>"
        )
    rest = f"<p>{escape(say(_waiting(digest)))}</p>" if digest.waiting else ""
    subject, stop = escape(say(digest.subject)), escape(say(STOP))
    return (
        f'<!DOCTYPE html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f"<title>{subject}</title></head><body>"
        f"<h1>{subject}</h1><ol>{''.join(parts)}</ol>{rest}"
        f'<p><a href="{escape(unsubscribe)}">{stop}</a></p></body></html>'
    )


def _change(item: Item, say: Say) -> str:
    level = f" ({say(Level(item.level).words)})" if item.level else ""
    return say(CHANGES[item.change]) + level


def _waiting(digest: Digest) -> str:
    return phrase("{n} more wait for the next digest.", n=digest.waiting)
