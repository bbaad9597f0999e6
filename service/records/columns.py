"""Columns of a record beside its fields: which have a field of their own, and where errors point to."""

from collections.abc import Mapping
from typing import Any

from corpora.cells import Cells
from corpora.columns import contract_name
from corpora.report import Report
from corpora.tongues import language
from matcher.phrases import phrase
from matcher.records import Kind
from service.problems import FieldError

TYPED: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEED: (
        "contact", "nuts", "tags", "outcome", "level", "classification", "budget_status", "budget_year",
        "procedure_intent", "duration_months",
    ),
    Kind.SOLUTION: ("contact", "nuts", "tags"),
}  # fmt: skip
"""Columns of `extra` that have a field of their own in the interface."""
SEVERAL = frozenset({"nuts", "tags"})
"""Of these, lists; kept with `;` between."""
NUMBERS = frozenset({"budget_year", "duration_months"})


def typed(extra: Mapping[str, str], kind: Kind) -> tuple[dict[str, Any], dict[str, str]]:
    """Columns that have a field of their own, as its values, and all others.

    >>> typed({"nuts": "EE001;EE004", "budget_year": "2027", "colour": "blue"}, Kind.NEED)
    ({'nuts': ['EE001', 'EE004'], 'budget_year': 2027}, {'colour': 'blue'})
    """
    own: dict[str, Any] = {}
    rest: dict[str, str] = {}
    for name, text in extra.items():
        if name not in TYPED[kind]:
            rest[name] = text
        elif name in SEVERAL:
            own[name] = [part for each in text.split(";") if (part := each.strip())]
        elif name not in NUMBERS:
            own[name] = text
        elif text.isascii() and text.isdigit() and len(text) <= 9:
            own[name] = int(text)
        else:
            rest[name] = text
    return own, rest


def column(value: object) -> str:
    """The value of a typed field as its column holds it."""
    return ";".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def reserved(extra: Mapping[str, str], kind: Kind, known: Mapping[str, str]) -> list[FieldError]:
    """Columns whose names mean something else, unless they stand there already as they are."""
    found = []
    for name, text in extra.items():
        if known.get(name) == text:
            continue
        plain = name.casefold()
        if contract_name(name, kind) is not None or plain in TYPED[kind] or plain.startswith("extra"):
            found.append(
                FieldError(
                    pointer(f"extra.{name}", kind, plain=True), phrase("this name has a field of its own")
                )
            )
        elif name != " ".join(name.split()) or not name.isprintable():
            found.append(
                FieldError(
                    pointer(f"extra.{name}", kind, plain=True),
                    phrase("give a name of words with single spaces"),
                )
            )
    return found


def named(titles: Mapping[str, str]) -> tuple[dict[str, str], list[FieldError]]:
    """Translations of a title as columns of a flat row, and which languages are not known."""
    row: dict[str, str] = {}
    errors = []
    for tongue, title in titles.items():
        code = language(tongue)
        if code is None or f"title_{code}" in row:
            said = (
                phrase("{tongue!r} is no language known here; give ISO 639-1 codes", tongue=tongue)
                if code is None
                else phrase("{tongue!r} is here twice; give ISO 639-1 codes", tongue=tongue)
            )
            errors.append(FieldError(_joined("titles", tongue), said))
        else:
            row[f"title_{code}"] = title
    return row, errors


def cleaned(extra: Mapping[str, str]) -> dict[str, str]:
    """Columns as they are kept, cleaned as those of files are; nothing empty."""
    cells = Cells(extra, "", 0, Report())
    texts = ((name, cells.clean(text, name)) for name, text in extra.items())
    return {name: text for name, text in texts if text}


def pointer(field: str, kind: Kind, *, plain: bool = False) -> str:
    """The JSON pointer to what is called so in a record, in a row or in its texts.

    >>> pointer("titles.fr", Kind.NEED), pointer("extra.level", Kind.NEED), pointer("extra.a/b", Kind.NEED)
    ('/titles/fr', '/level', '/extra/a~1b')
    """
    group, dot, name = field.partition(".")
    if not dot and field.startswith("title_"):
        group, dot, name = "titles", ".", field.removeprefix("title_")
    if not dot:
        return _joined(field) if field else ""
    if group == "extra" and name in TYPED[kind] and not plain:
        return _joined(name)
    return _joined(group, name)


def _joined(*parts: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
