"""Records as the database holds them: columns for whose they are and who sees them, a body for what they say.

The body is the flat row of the contract as JSON: unknown and empty fields left out, lists as lists, days in
ISO form, translations under `titles` and other columns under `extra`. What has a column of its own is not in
it.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import Row

from matcher.records import JointInterest, Kind, Nature, Need, Record, Solution, Visibility
from service.store.tables import RecordRow

CLASSES: Mapping[Kind, type[Need] | type[Solution]] = {Kind.NEED: Need, Kind.SOLUTION: Solution}
OWNER = {Kind.NEED: "organisation_id", Kind.SOLUTION: "vendor_id"}
"""The field that says whose a record is."""
IN_COLUMNS = frozenset({"id", "organisation_id", "vendor_id", "visibility", "status"})
"""Fields that are columns of `RecordRow`, and not in its body."""

_FIELDS = {kind: {field.name: field for field in fields(made)} for kind, made in CLASSES.items()}
_READ: Mapping[str, Any] = {
    **dict.fromkeys(("cpv", "standards", "working_languages", "delivery_countries"), tuple),
    **dict.fromkeys(("window_start", "window_end", "delivery_start", "delivery_end"), date.fromisoformat),
    # jsonb gives whole numbers back as such
    **dict.fromkeys(("value", "value_eur", "value_min_eur", "value_max_eur"), float),
    **dict.fromkeys(("price_min", "price_max", "price_min_eur", "price_max_eur"), float),
    "nature": Nature,
    "joint_interest": JointInterest,
    "titles": dict,
    "extra": dict,
}


def body_of(record: Record) -> dict[str, Any]:
    """What a record says, as the body of a row.

    >>> body_of(Need(id="N1", title="Vests", cpv=("35815100",), window_end=date(2027, 3, 1), trl_min=7))
    {'title': 'Vests', 'cpv': ['35815100'], 'window_end': '2027-03-01', 'trl_min': 7}
    """
    body: dict[str, Any] = {}
    for name, field in _FIELDS[record.kind].items():
        value = getattr(record, name)
        if name in IN_COLUMNS or value is None or (field.default is not MISSING and value == field.default):
            continue
        if isinstance(value, Mapping):
            if value:
                body[name] = dict(value)
        else:
            body[name] = _plain(value)
    return body


def record_from(
    kind: Kind | str,
    body: Mapping[str, Any],
    *,
    id: str,
    organisation_id: str,
    visibility: Visibility | str,
    status: str = "",
) -> Record:
    """The record of a body and its columns; a key that no field has goes to `extra`.

    >>> columns = {"id": "S1", "organisation_id": "O1", "visibility": "public"}
    >>> record_from("solution", {"name": "SkyNet", "trl": 9}, **columns).vendor_id
    'O1'
    """
    kind = Kind(kind)
    given: dict[str, Any] = {}
    unknown: dict[str, str] = {}
    for name, value in body.items():
        if name in IN_COLUMNS or value is None:
            continue
        if name in _FIELDS[kind]:
            given[name] = _READ[name](value) if name in _READ else value
        else:
            unknown[name] = str(value)
    if unknown:
        given["extra"] = unknown | given.get("extra", {})
    given |= {"id": id, OWNER[kind]: organisation_id, "visibility": Visibility(visibility)}
    if kind is Kind.NEED:
        given["status"] = status
    return CLASSES[kind](**given)


def record_of(row: RecordRow | Row[Any]) -> Record:
    """The record of a row, as its owner entered it, under the id of the database."""
    return record_from(
        row.kind,
        row.body,
        id=row.id,
        organisation_id=row.organisation_id,
        visibility=row.visibility,
        status=row.status,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
