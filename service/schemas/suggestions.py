"""Codes suggested for a text, and the vocabularies that records are described with."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from service.schemas.forms import Answer, Code, Model, Text
from service.schemas.records import SuggestedCode


class CpvAsked(Model):
    """A text to be classified."""

    text: Text = Field(min_length=1, description="What is to be bought, in any official language.")
    language: Code | None = Field(default=None, description="ISO 639-1, if known.")
    k: Annotated[int, Field(strict=True, ge=1, le=10)] = 5

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Kuulivestid koerajuhtidele", "language": "et", "k": 5}]}
    )


class CpvSuggested(Answer):
    """Codes, the likeliest first; their likelihoods add up to 1 at most."""

    items: list[SuggestedCode]


class CpvOut(Answer):
    """A CPV code."""

    code: str = Field(examples=["35815100"])
    label: str
    parent: str | None = Field(description="The nearest code above; null for a division.")


class CpvDetail(CpvOut):
    """A CPV code and its place."""

    path: list[CpvOut] = Field(description="Codes above it, division first.")
    children: list[CpvOut]
    nature: str | None
    area: str | None
    function: str | None


class ThresholdOut(Answer):
    """An EU threshold while it is in force; net of VAT."""

    rule: str
    contract_kind: str
    buyer_class: str
    directive: str
    amount_eur: float
    valid_from: date
    valid_to: date
    validity: str
    source: str
    note: str
    provisional: bool = Field(description="Used beyond its last day, because no later row is known.")


class ThresholdsOut(Answer):
    """Thresholds as dated rows. Not legal advice."""

    items: list[ThresholdOut]
    note: str


class AreaOut(Answer):
    """An area or a function, and the CPV prefixes that point to it."""

    key: str
    label: str
    prefixes: list[str]


class AreasOut(Answer):
    """Security areas, and what things do."""

    areas: list[AreaOut]
    functions: list[AreaOut]
