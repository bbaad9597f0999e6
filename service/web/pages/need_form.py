"""The form of a need: what it holds, as texts, and what that means for the interface."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData

from matcher.phrases import phrase
from service.problems import Problem
from service.schemas.records import NeedIn, NeedOut

Values = dict[str, Any]
"""Name of a field to its text; lists for what may hold several."""
Errors = dict[str, str]
"""Name of a field to what is wrong with it."""

LINES = (
    "title", "outcome", "description", "requirements", "language", "country", "nature", "quantity", "value",
    "currency", "vat_included", "value_min", "value_max", "window_start", "window_end", "delivery_start",
    "delivery_end", "duration_months", "regime", "procedure_intent", "joint_interest", "trl_min",
    "classification", "level", "budget_status", "budget_year", "contact", "ref", "visibility", "tlp",
    "expires_at", "organisation_id",
)  # fmt: skip
SPLIT: Mapping[str, str] = {"cpv": r"[\s,;]+", "nuts": r"[\s,;]+", "tags": r"[,;\n]", "standards": r"[;\n]"}
"""Fields that hold several in one text, and what parts them."""
LISTS = ("working_languages", "shared_with")
DAYS = ("window_start", "window_end", "delivery_start", "delivery_end", "expires_at")
AMOUNTS = ("value", "value_min", "value_max")
WHOLE = ("duration_months", "trl_min", "budget_year")
PARTS = ("field", "reason_code", "reason", "until")
"""Of one withheld field."""
_CODE = re.compile(r"(\d{8})(-\d)?")


def fresh(language: str) -> Values:
    """The form of a new need."""
    values: Values = dict.fromkeys((*LINES, *SPLIT), "")
    values |= {name: [] for name in (*LISTS, "redactions", "titles")}
    return values | {"language": language, "currency": "EUR", "visibility": "network"}


def of_form(data: FormData, before: Values) -> Values:
    """What was sent; what the form did not show stays as it was before.

    >>> sent = of_form(FormData([("title", " Vests ")]), fresh("et"))
    >>> sent["title"], sent["language"]
    ('Vests', 'et')
    """
    values: Values = {
        name: _text(data.get(name)) if name in data else before[name] for name in (*LINES, *SPLIT)
    }
    values |= {name: [_text(one) for one in data.getlist(name) if _text(one)] for name in LISTS}
    values["redactions"] = _rows(data, "redaction_", PARTS, least=("field", "reason"))
    values["titles"] = _rows(data, "titles_", ("language", "title"), least=("language", "title"))
    return values


def of_need(need: NeedOut) -> Values:
    """What the form shows of a need as it is kept."""
    values: Values = {name: _shown(getattr(need, name, "")) for name in (*LINES, *SPLIT)}
    values["vat_included"] = {True: "true", False: "false", None: ""}[need.vat_included]
    values |= {"working_languages": list(need.working_languages), "shared_with": list(need.shared_with or ())}
    if need.currency in ("", "EUR"):
        values |= {"value_min": _shown(need.value_min_eur), "value_max": _shown(need.value_max_eur)}
    values["expires_at"] = need.expires_at.date().isoformat() if need.expires_at else ""
    values["standards"] = "\n".join(need.standards)
    values["redactions"] = [
        {name: _shown(getattr(one, name)) for name in PARTS} for one in need.redactions or ()
    ]
    values["titles"] = [{"language": code, "title": text} for code, text in need.titles.items()]
    return values


def body_of(values: Values) -> tuple[dict[str, Any], Errors]:
    """The fields of the interface, None for what is empty, and what is no number and no day.

    >>> body, errors = body_of({**fresh("en"), "title": "Vests", "value": "many", "cpv": "35815100-1"})
    >>> body["title"], body["cpv"], sorted(errors)
    ('Vests', ['35815100-1'], ['value'])
    """
    body: dict[str, Any] = {name: values[name] or None for name in LINES}
    body |= {name: parts(values[name], name) or None for name in SPLIT}
    body |= {name: values[name] or None for name in LISTS}
    errors: Errors = {}
    for name in (*AMOUNTS, *WHOLE):
        try:
            body[name] = _number(values[name], whole=name in WHOLE)
        except ValueError:
            body[name], errors[name] = None, phrase("Give a number, in digits.")
    for name in DAYS:
        if values[name] and not _is_day(values[name]):
            body[name], errors[name] = None, phrase("Give a day, such as 2027-03-31.")
    if body["expires_at"]:
        body["expires_at"] += "T23:59:59Z"
    body["vat_included"] = {"true": True, "false": False}.get(values["vat_included"])
    body["shared_with"] = body["shared_with"] if values["visibility"] == "group" else None
    body["redactions"] = [_redaction(one) for one in values["redactions"]] or None
    if any(one["until"] and not _is_day(one["until"]) for one in values["redactions"]):
        errors["redactions"] = phrase("Give a day, such as 2027-03-31.")
        body["redactions"] = None
    body["titles"] = {one["language"]: one["title"] for one in values["titles"]} or None
    return body, errors


def given(body: Mapping[str, Any]) -> tuple[NeedIn | None, Errors]:
    """The body of the interface, or what it does not take."""
    try:
        return NeedIn.model_validate({name: value for name, value in body.items() if value is not None}), {}
    except ValidationError as error:
        found: Errors = {}
        for each in error.errors(include_url=False):
            name = str(each["loc"][0]) if each["loc"] else ""
            found.setdefault(name, _worded(name, str(each["type"]), each.get("ctx") or {}))
        return None, found


def changed(body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch from one body to another: only what differs, so that nothing else is touched.

    >>> changed({"title": "Vests", "titles": None}, {"title": "Vest", "titles": {"fr": "Gilet"}})
    {'title': 'Vests', 'titles': {'fr': None}}
    """
    found = {name: value for name, value in body.items() if value != before.get(name)}
    if "titles" in found:
        gone = dict.fromkeys(set(before.get("titles") or {}) - set(body["titles"] or {}))
        found["titles"] = {**(body["titles"] or {}), **gone}
    if "redactions" in found:
        found["redactions"] = found["redactions"] or []
    return found


def errors_of(problem: Problem) -> Errors:
    """What a refusal says of each field."""
    found: Errors = {}
    for each in problem.errors:
        found.setdefault(each.pointer.strip("/").split("/")[0], each.detail)
    return found


def parts(text: str, name: str) -> list[str]:
    """Several in one text.

    >>> parts("35815100, 35811000", "cpv")
    ['35815100', '35811000']
    """
    return list(dict.fromkeys(one.strip() for one in re.split(SPLIT[name], text) if one.strip()))


def taken(text: str, code: str) -> str:
    """The text of codes with one put in, or out where it stands there.

    >>> taken("35815100", "35811000"), taken("35815100-1 35811000", "35815100")
    ('35815100, 35811000', '35811000')
    """
    codes = parts(text, "cpv")
    kept = [one for one in codes if _bare(one) != code]
    return ", ".join(kept if len(kept) < len(codes) else [*codes, code])


def bare_codes(text: str) -> list[str]:
    """The codes of a text without check digits."""
    return [_bare(one) for one in parts(text, "cpv")]


# -- inside -----------------------------------------------------------------------------------


def _bare(code: str) -> str:
    match = _CODE.fullmatch(code)
    return match[1] if match else code


def _text(value: object) -> str:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _rows(
    data: FormData, prefix: str, names: tuple[str, ...], least: tuple[str, ...]
) -> list[dict[str, str]]:
    columns = [[_text(one) for one in data.getlist(prefix + name)] for name in names]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]
    return [row for row in rows if any(row[name] for name in least)]


def _number(text: str, *, whole: bool) -> float | int | None:
    plain = "".join(text.split())
    if not plain:
        return None
    return int(plain) if whole else float(plain.replace(",", ".") if plain.count(",") == 1 else plain)


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _redaction(row: Mapping[str, str]) -> dict[str, str | None]:
    return {name: row[name] or None if name == "until" else row[name] for name in PARTS}


def _worded(name: str, kind: str, context: Mapping[str, Any]) -> str:
    if kind in ("string_too_long", "too_long") and "max_length" in context:
        return phrase("This is too long: at most {n:,} are kept.", n=int(context["max_length"]))
    match name:
        case "contact":
            return phrase("Give the mailbox of a role, such as procurement@police.example.")
        case "ref":
            return phrase("Give one word: a number of your own holds no spaces.")
        case "trl_min":
            return phrase("Give a readiness level from 1 to 9.")
        case "budget_year":
            return phrase("Give a year from 2000 to 2100.")
        case "duration_months":
            return phrase("Give a number of months from 1 to 600.")
        case "value" | "value_min" | "value_max":
            return phrase("Give an amount of zero or more.")
        case "redactions":
            return phrase("Choose a field and a reason, and say why in your own words.")
    return phrase("This is not one of the possible values. Choose another.")
