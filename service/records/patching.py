"""A change to some fields of a record: a merge patch (RFC 7396), where null takes a field out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from corpora.columns import contract_names
from matcher.records import Kind
from service.problems import FieldError
from service.records.columns import TYPED, column, named, reserved
from service.records.entering import HEADING, Reading, read
from service.schemas.records import NeedIn, SolutionIn
from service.store.tables import RecordRow

Given = NeedIn | SolutionIn
MODELS: Mapping[Kind, type[NeedIn] | type[SolutionIn]] = {Kind.NEED: NeedIn, Kind.SOLUTION: SolutionIn}
IN_EURO = {
    "value": "value_eur",
    "value_min": "value_min_eur",
    "value_max": "value_max_eur",
    "price_min": "price_min_eur",
    "price_max": "price_max_eur",
}
"""What is computed of an amount, and goes when the amount is changed."""
_APART = frozenset({"id", "status", "visibility"})


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch that was understood."""

    given: Given
    """What it states."""
    gone: frozenset[str]
    """Fields that it takes out."""
    titles_gone: frozenset[str]
    extra_gone: frozenset[str]

    @property
    def touched(self) -> frozenset[str]:
        """All fields that it speaks of."""
        return self.gone | self.given.model_fields_set


def understood(patch: Mapping[str, Any], kind: Kind) -> Patch:
    """A patch, checked field by field. Raises `RequestValidationError`."""
    model = MODELS[kind]
    gone = {name for name, value in patch.items() if value is None}
    values = {name: value for name, value in patch.items() if value is not None}
    inner_gone: dict[str, frozenset[str]] = {}
    for name in ("titles", "extra"):
        if isinstance(values.get(name), dict):
            inner_gone[name] = frozenset(key for key, text in values[name].items() if text is None)
            values[name] = {key: text for key, text in values[name].items() if text is not None}
    # null is no value of a list; that a field is unknown is found out with it
    values |= dict.fromkeys(
        n for n in gone if n not in model.model_fields or model.model_fields[n].default is None
    )
    try:
        given = model.model_validate(values)
    except ValidationError as error:
        details = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        raise RequestValidationError(details) from error
    none: frozenset[str] = frozenset()
    return Patch(given, frozenset(gone), inner_gone.get("titles", none), inner_gone.get("extra", none))


def read_given(
    given: Given, kind: Kind, record_id: str, known: Mapping[str, str]
) -> tuple[Reading, list[FieldError]]:
    """The record that is stated, and what is wrong with titles and columns; `known` columns may stay."""
    titles, errors = named(given.titles)
    errors += reserved(given.extra, kind, known)
    return read({**flat(given, kind), **titles}, kind, columns(given, kind), record_id), errors


def read_patched(patch: Patch, kind: Kind, row: RecordRow) -> tuple[Reading, list[FieldError]]:
    """The record of a row with a patch laid over it, and what is wrong with titles and columns."""
    given, touched = patch.given, patch.touched
    body = dict(row.body)
    known: dict[str, str] = body.pop("extra", {})
    titles: dict[str, str] = body.pop("titles", {})
    if body.get(HEADING[kind]) == body.get("description"):
        # it stood in, and would go on saying what the description no longer does
        body.pop(HEADING[kind], None)
    for amount, euro in IN_EURO.items():
        if (amount in touched or (amount in body and "currency" in touched)) and euro not in touched:
            body.pop(euro, None)
    fields: dict[str, object] = {name: value for name, value in body.items() if name not in touched}
    if "titles" not in patch.gone:
        kept = (each for each in titles.items() if each[0] not in patch.titles_gone)
        fields |= {f"title_{tongue}": title for tongue, title in kept}
    new_titles, errors = named(given.titles)
    errors += reserved(given.extra, kind, known)
    own = frozenset(TYPED[kind])
    extra = {
        name: text
        for name, text in known.items()
        if name not in (own & touched) | patch.extra_gone and (name in own or "extra" not in patch.gone)
    }
    reading = read({**fields, **flat(given, kind), **new_titles}, kind, extra | columns(given, kind), row.id)
    return reading, errors


def flat(given: Given, kind: Kind) -> dict[str, object]:
    """What is stated under the names of the contract."""
    wanted = set(contract_names(kind)) - _APART
    return {name: value for name, value in given if name in wanted and value not in (None, [], "")}


def columns(given: Given, kind: Kind) -> dict[str, str]:
    """What is stated beside the contract, as the columns of a record."""
    stated = {name: getattr(given, name) for name in TYPED[kind]}
    return {**given.extra, **{n: column(value) for n, value in stated.items() if value not in (None, [], "")}}
