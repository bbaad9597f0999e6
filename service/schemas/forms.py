"""What all models of the interface share: texts that can be kept, moments in UTC, pages."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from matcher.phrases import Phrase, phrase

T = TypeVar("T")

NO_NUL = "^[^\\u0000]*$"
"""The pattern of texts that a database can hold, for the documentation."""


def storable(text: str) -> str:
    """The text, if every database can hold it. Raises `ValueError` for NUL and for halves of characters.

    >>> storable("Häirekeskus")
    'Häirekeskus'
    """
    if "\x00" in text:
        raise ValueError(phrase("the text holds the character NUL; leave it out"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(
            phrase("the text holds half of a character (a lone surrogate); send it as UTF-8")
        ) from None
    return text


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(phrase("a moment needs a zone: end it with Z or an offset"))
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(phrase("the moment is outside the calendar")) from None


def _written(value: object) -> object:
    """Only text is a moment: numbers would be taken as seconds since 1970."""
    if isinstance(value, str | date):
        return value
    raise ValueError(phrase("give a text of the form 2027-03-31T12:00:00Z"))


def _calendar(value: object) -> object:
    if isinstance(value, str) and (len(value) != 10 or value[4:5] != "-"):
        raise ValueError(phrase("give a day of the form 2027-03-31"))
    if isinstance(value, str) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise ValueError(phrase("give a day of the form 2027-03-31"))


def _kept(value: object, check: ValidatorFunctionWrapHandler) -> object:
    """A phrase keeps what it is made of: pages say it in other languages."""
    return value if isinstance(value, Phrase) else check(value)


Said = Annotated[str, WrapValidator(_kept)]
"""A sentence or word that the engine or service composed for people."""

_storable = AfterValidator(storable)
_documented: dict[str, Any] = {"pattern": NO_NUL}

Code = Annotated[str, Field(max_length=40, json_schema_extra=_documented), _storable]
Key = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=_documented), _storable]
"""An id, as a part of an address or in a body."""
Line = Annotated[str, Field(max_length=400, json_schema_extra=_documented), _storable]
Link = Annotated[str, Field(max_length=2_000, json_schema_extra=_documented), _storable]
Note = Annotated[str, Field(max_length=2_000, json_schema_extra=_documented), _storable]
Text = Annotated[str, Field(max_length=20_000, json_schema_extra=_documented), _storable]

UtcDateTime = Annotated[datetime, BeforeValidator(_written), AfterValidator(_utc)]
"""A moment with its zone; ends in Z on the way out."""
Day = Annotated[date, BeforeValidator(_calendar)]
"""A calendar day, `2027-03-31`."""
Count = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Money = Annotated[float, Field(strict=True, ge=0, le=1e15, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Model(BaseModel):
    """A body: unknown fields are refused, so that no misspelt one is lost in silence."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """What is sent back."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Page(Answer, Generic[T]):
    """A part of a list. `next` is the `cursor` of the following part; null at the end."""

    items: list[T]
    next: str | None = Field(default=None, examples=["WyIyMDI3LTAzLTMxIiwiYSJd"])
