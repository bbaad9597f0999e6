"""The form of a solution: what was typed, what it means, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData

from matcher.phrases import Phrase, phrase
from service.problems import Problem
from service.schemas.records import SolutionIn, SolutionOut

LINES = ("name", "language", "country", "size", "availability", "currency", "contact", "url", "visibility")
NUMBERS = ("price_min", "price_max")
LISTS = ("cpv", "standards")
MANY = ("delivery_countries",)
EXTRAS: Mapping[str, Phrase] = {
    "trl_evidence": phrase("What shows this readiness"),
    "capacity": phrase("How much you can deliver, and how soon"),
    "rights": phrase("Intellectual property"),
    "ownership": phrase("Who owns and controls the company"),
    "references": phrase("References"),
}
"""Columns that the form asks for beside the fields of a solution."""
SUGGESTED = "cpv_suggested"
"""Codes that were ticked among those suggested."""


async def _read(request: Request) -> FormData:
    return await request.form()


Filled = Annotated[FormData, Depends(_read)]
"""What a form sent."""


@dataclass(slots=True)
class Offered:
    """A form as it was typed; `fields` is what it says, as far as it can be read."""

    typed: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: FormData) -> "Offered":
        """What was typed."""
        made = cls()
        one = {key: str(value).strip() for key, value in form.items() if isinstance(value, str)}
        made.typed = {name: one.get(name, "") for name in (*LINES, *NUMBERS, *EXTRAS, "trl", "until")}
        made.typed["description"] = one.get("description", "").replace("\r\n", "\n")
        for name in LISTS:
            made.typed[name] = one.get(name, "")
        for name in MANY:
            made.typed[name] = [str(value) for value in form.getlist(name)]
        ticked = [str(value) for value in form.getlist(SUGGESTED)]
        known = _parts(made.typed["cpv"])
        made.typed["cpv"] = ", ".join([*known, *(code for code in ticked if code not in known)])
        made._mean()
        return made

    @classmethod
    def from_record(cls, record: SolutionOut) -> "Offered":
        """The form of a solution that is there."""
        made = cls()
        for name in (*LINES, "description"):
            made.typed[name] = getattr(record, name) or ""
        made.typed["visibility"] = record.visibility.value
        made.typed["cpv"] = ", ".join(record.cpv)
        made.typed["standards"] = "\n".join(record.standards)
        made.typed["delivery_countries"] = list(record.delivery_countries)
        made.typed["trl"] = str(record.trl or "")
        for name in NUMBERS:
            value = getattr(record, name)
            made.typed[name] = "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
        made.typed |= {name: record.extra.get(name, "") for name in EXTRAS}
        made.typed["until"] = record.expires_at.date().isoformat() if record.expires_at else ""
        made._mean()
        return made

    @classmethod
    def blank(cls, language: str, country: str | None) -> "Offered":
        """An empty form."""
        made = cls()
        made.typed = dict.fromkeys((*LINES, *NUMBERS, *LISTS, *EXTRAS, "description", "trl", "until"), "")
        made.typed |= {"language": language, "country": country or "", "currency": "EUR"}
        made.typed |= {"visibility": "public", "delivery_countries": []}
        return made

    def given(self, *, status: str | None = None) -> SolutionIn | None:
        """A solution to be entered; None where something is wrong with it, see `errors`."""
        told = {name: value for name, value in self.fields.items() if value not in (None, "", [], {})}
        if status is not None:
            told["status"] = status
        if extra := {name: text for name, text in told.pop("extra", {}).items() if text}:
            told["extra"] = extra
        try:
            made = SolutionIn(**told)
        except ValidationError as error:
            for one in error.errors():
                name = str(one["loc"][0]) if one["loc"] else "name"
                self.errors.setdefault("until" if name == "expires_at" else name, _plain(one["msg"]))
            return None
        return None if self.errors else made

    def patch(self) -> dict[str, Any]:
        """The changes to a solution that is there: null takes a field out."""
        told = {name: value or None for name, value in self.fields.items() if name != "extra"}
        told["extra"] = {name: text or None for name, text in self.fields["extra"].items()}
        for name in (*LISTS, *MANY):
            told[name] = self.fields[name]
        if not told["visibility"]:
            del told["visibility"]
        return told

    def blame(self, problem: Problem) -> None:
        """Lay each error of a problem beside its field."""
        for error in problem.errors:
            name = error.pointer.strip("/").split("/")[0]
            self.errors.setdefault("until" if name == "expires_at" else name, error.detail)

    def _mean(self) -> None:
        typed = self.typed
        self.fields = {name: typed[name] for name in (*LINES, "description")}
        self.fields["cpv"] = _parts(typed["cpv"])
        self.fields["standards"] = _parts(typed["standards"], newlines_only=True)
        self.fields["delivery_countries"] = typed["delivery_countries"]
        self.fields["extra"] = {name: typed[name] for name in EXTRAS}
        self.fields["trl"] = int(typed["trl"]) if typed["trl"].isdecimal() else None
        for name in NUMBERS:
            self.fields[name] = self._amount(name)
        until = typed["until"]
        self.fields["expires_at"] = f"{until}T00:00:00Z" if until else None

    def _amount(self, name: str) -> float | None:
        text = "".join(self.typed[name].split()).replace("\N{NO-BREAK SPACE}", "").replace(",", ".")
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1e15:
            self.errors[name] = phrase("Give a number without separators, such as 1250 or 1250.50.")
            return None
        return value


def _parts(text: str, *, newlines_only: bool = False) -> list[str]:
    lines = text.replace(";", "\n")
    if not newlines_only:
        lines = lines.replace(",", "\n").replace(" ", "\n")
    return list(dict.fromkeys(part.strip() for part in lines.splitlines() if part.strip()))


def _plain(message: str) -> str:
    told = message.removeprefix("Value error, ")
    return told[:1].upper() + told[1:] + ("" if told.endswith(".") else ".")
