"""A record exactly as an audience sees it.

What is not to be seen is blank, as if it had never been stated, so that whatever is computed from the
result cannot tell of it. An owner's name is taken out of the texts too, as far as it stands there as in
its own field; other words that give it away are the owner's to find (`sensitive` helps).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from datetime import date
from typing import Any

from matcher.records import Kind, Need, Record, Solution, Visibility
from service.confidentiality.audience import Audience
from service.confidentiality.redaction import Redaction, in_force, withheld
from service.confidentiality.sensitive import contacts

MASKED: tuple[str, ...] = ("organisation", "contact", "place", "url", "source", "value", "quantity")
"""What industry is not shown of a need that was opened to it: the buyer is nameless until it answers."""
KEPT_COLUMNS = frozenset({"areas", "duration", "framework", "functions", "innovation", "legal_basis"})
"""Columns of `extra` that industry is shown of such a need: codes that many share, no free text."""
GONE = "[…]"
"""What stands in a text where something was taken out; the same in every language."""
LEAST_LETTERS = 3
"""Names shorter than this are not looked for in texts: they stand within too many words."""
INFLECTED = 8
"""Names of so many letters are found with up to four more at their end: `Häirekeskus`, `Häirekeskuse`."""

_NAMES: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEED: ("organisation", "organisation_id"),
    Kind.SOLUTION: ("vendor", "vendor_id"),
}
_TEXTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEED: ("title", "description", "requirements", "quantity", "status", "regime", "source"),
    Kind.SOLUTION: ("name", "description", "availability", "source"),
}


def seen(
    record: Record, *, audience: Audience, redactions: Iterable[Redaction] = (), day: date
) -> Record | None:
    """The record as the audience sees it on a day; None where it may not know that there is one.

    Redactions that are in force hold for every audience; `redactions` are those of this record. A need that
    is open to the network and to industry is masked for industry. Seen again, a record stays as it is.
    Raises `RecordInvalid` for a redaction of what cannot be withheld.

    >>> need = Need(id="N1", title="Vests", organisation="Police of Saaremaa", country="EE", value_eur=9e4,
    ...             visibility=Visibility.NETWORK_INDUSTRY)
    >>> shown = seen(need, audience=Audience.NETWORK_INDUSTRY, day=date(2027, 1, 1))
    >>> shown.title, shown.country, shown.organisation, shown.value_eur
    ('Vests', 'EE', '', None)
    >>> seen(need, audience=Audience.PUBLIC, day=date(2027, 1, 1)) is None
    True
    """
    if not audience.sees(record):
        return None
    names = [each.field for each in in_force(redactions, day)]
    masked = (
        audience is Audience.NETWORK_INDUSTRY
        and isinstance(record, Need)
        and record.visibility is Visibility.NETWORK_INDUSTRY
    )
    if masked:
        names += MASKED
    if not names:
        return record
    gone, columns = withheld(record, names)
    if masked:
        columns |= frozenset(column for column in record.extra if column not in KEPT_COLUMNS)
    shown = replace(
        record,
        **{field: _BLANK[record.kind][field] for field in gone},
        extra={column: text for column, text in record.extra.items() if column not in columns},
    )
    named = _names(record, gone, columns)
    return _cleared(shown, named, links=masked) if named or masked else shown


def _blank(kind: type[Need] | type[Solution]) -> Mapping[str, Any]:
    """What each field holds that is not stated."""
    return {
        each.name: each.default_factory() if each.default_factory is not MISSING else each.default
        for each in fields(kind)
    }


_BLANK: Mapping[Kind, Mapping[str, Any]] = {Kind.NEED: _blank(Need), Kind.SOLUTION: _blank(Solution)}


def _names(record: Record, gone: frozenset[str], columns: frozenset[str]) -> tuple[str, ...]:
    """Names that went with the owner's, and may stand in texts; longest first."""
    own = [field for field in _NAMES[record.kind] if field in gone]
    if not own:
        return ()
    found = {getattr(record, field) for field in own}
    for column in columns:
        if "buyer" in column.casefold() or "lead" in column.casefold():
            found.update(record.extra[column].split(";"))
    plain = {" ".join(name.split()) for name in found}
    letters = {name: sum(map(str.isalnum, name)) for name in plain}
    # a code such as `de` or `12` names nobody
    return tuple(sorted((n for n in plain if letters[n] >= LEAST_LETTERS), key=lambda n: (-len(n), n)))


def _cleared(record: Record, names: Sequence[str], *, links: bool) -> Record:
    """The record without some names in its texts, and without addresses and links where these go too."""
    pattern = _pattern(names)

    def clear(text: str) -> str:
        while (again := _once(text, pattern, links)) != text:
            text = again
        return text

    cleared: dict[str, Any] = {field: clear(getattr(record, field)) for field in _TEXTS[record.kind]}
    cleared["titles"] = {language: clear(title) for language, title in record.titles.items()}
    cleared["extra"] = {column: clear(text) for column, text in record.extra.items()}
    return replace(record, **cleared)


def _once(text: str, pattern: re.Pattern[str] | None, links: bool) -> str:
    if pattern is not None:
        text = pattern.sub(GONE, text)
    for start, end in reversed(contacts(text) if links else ()):
        text = text[:start] + GONE + text[end:]
    return text


def _pattern(names: Sequence[str]) -> re.Pattern[str] | None:
    if not names:
        return None
    spelt = (
        r"\s+".join(map(re.escape, name.split())) + (r"\w{0,4}" if len(name) >= INFLECTED else "")
        for name in names
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelt)})(?!\w)", re.IGNORECASE)
