"""The columns of a flat row: their names and order, the names read for them, and a record as a row.

One row is one record in one language. `title_<language>` columns hold translations; a column with
any other name is kept beside the record as `extra`.
"""

import re
from collections.abc import Mapping
from datetime import date
from enum import Enum
from functools import lru_cache

from corpora import tongues
from matcher.records import Kind, Record

Cell = str | int | float | bool | date
"""What a cell of a written row may hold."""

COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEED: tuple(
        "id title description language country organisation organisation_id buyer_type cpv nature value "
        "currency value_eur value_min_eur value_max_eur vat_included quantity window_start window_end "
        "delivery_start delivery_end regime standards requirements working_languages visibility "
        "joint_interest trl_min status source url".split()
    ),
    Kind.SOLUTION: tuple(
        "id name description language country vendor vendor_id size cpv trl standards delivery_countries "
        "price_min price_max currency price_min_eur price_max_eur availability visibility source url".split()
    ),
}
"""Columns that are written, in this order; they are the fields of the record."""

_ALIASES: Mapping[Kind, Mapping[str, str]] = {
    Kind.NEED: {
        "_id": "id",
        "text": "description",
        "buyer": "organisation",
        "budget_eur": "value_eur",
        "needed_from": "window_start",
        "needed_by": "window_end",
    },
    Kind.SOLUTION: {"_id": "id", "text": "description", "title": "name"},
}
_READ_ONLY: Mapping[Kind, tuple[str, ...]] = {Kind.NEED: ("value_min", "value_max"), Kind.SOLUTION: ()}
_READABLE = {kind: frozenset((*COLUMNS[kind], *_READ_ONLY[kind])) for kind in Kind}
_TRANSLATION = re.compile(r"(?:title|name)_(.+)")
_APART = re.compile(r"[\s-]+")


@lru_cache(maxsize=4096)
def contract_name(column: str, kind: Kind) -> str | None:
    """The contract's name for a column, whatever its casing; None for a column that it does not name.

    >>> contract_name("Window start", Kind.NEED), contract_name("budget_eur", Kind.NEED)
    ('window_start', 'value_eur')
    >>> contract_name("title_DEU", Kind.NEED), contract_name("colour", Kind.NEED)
    ('title_de', None)
    """
    name = _APART.sub("_", column.strip().casefold())
    if name in _READABLE[kind]:
        return name
    if alias := _ALIASES[kind].get(name):
        return alias
    translation = _TRANSLATION.fullmatch(name)
    language = tongues.language(translation[1]) if translation else None
    return f"title_{language}" if language else None


def contract_names(kind: Kind) -> tuple[str, ...]:
    """Every name that a column may have, aliases left out."""
    return (*COLUMNS[kind], *_READ_ONLY[kind])


def flatten(record: Record) -> dict[str, Cell]:
    """The record as a flat row: columns in the order of the contract, then translations, then extras.

    Unknown and empty values are left out; lists are joined by `;`.

    >>> from matcher.records import Need
    >>> flatten(Need(id="N1", title="Body armour", cpv=("35815100", "18100000"), titles={"fr": "Gilets"}))
    {'id': 'N1', 'title': 'Body armour', 'cpv': '35815100;18100000', 'visibility': 'network',
     'title_fr': 'Gilets'}
    """
    row: dict[str, Cell] = {}
    for column in COLUMNS[record.kind]:
        value = getattr(record, column)
        if isinstance(value, tuple):
            value = ";".join(value)
        elif isinstance(value, Enum):
            value = value.value
        if value is not None and value != "":
            row[column] = value
    row |= {f"title_{language}": title for language, title in sorted(record.titles.items())}
    for name, text in sorted(record.extra.items()):
        # only a record made by hand has an extra of a name that would be read as something else
        taken = contract_name(name, record.kind) not in (None, *_READ_ONLY[record.kind])
        row[f"extra {name}" if taken else name] = text
    return row
