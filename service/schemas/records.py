"""Needs and solutions as users enter them, and as each viewer is shown them."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from matcher.phrases import phrase
from matcher.records import JointInterest, Nature, Visibility
from service.confidentiality.redaction import Reason
from service.confidentiality.tlp import Tlp
from service.schemas.forms import (
    Answer,
    Code,
    Count,
    Day,
    Flag,
    Key,
    Line,
    Link,
    Model,
    Money,
    Note,
    Probability,
    Said,
    Text,
    UtcDateTime,
)

Status = Literal["draft", "open", "in_candidate", "paused", "fulfilled", "withdrawn", "expired"]
Classification = Literal["none", "restricted", "confidential", "secret", "top secret"]
Level = Literal["strategic", "operational", "tactical"]
BudgetStatus = Literal["idea", "planned", "requested", "approved"]
Procedure = Literal[
    "open", "restricted", "negotiated", "dialogue", "innovation", "pcp", "ppi", "framework", "unknown"
]


def _reference(text: str) -> str:
    if any(letter.isspace() for letter in text):
        raise ValueError(phrase("an id has no white space"))
    return text


def _address(text: str) -> str:
    if not text.startswith(("https://", "http://")) or any(letter.isspace() for letter in text):
        raise ValueError(phrase("give an address that begins with https:// or http://"))
    return text


def _mailbox(text: str) -> str:
    name, at, domain = text.partition("@")
    if (
        not at
        or not name
        or "@" in domain
        or not domain.strip(".")
        or any(letter.isspace() for letter in text)
    ):
        raise ValueError(phrase("give the mailbox of a role, such as procurement@police.example"))
    return text


def _one(text: str) -> str:
    if ";" in text:
        raise ValueError(phrase("give one at a time: a semicolon parts several"))
    return text


Ref = Annotated[Key, AfterValidator(_reference)]
Item = Annotated[Code, AfterValidator(_one)]
Address = Annotated[Link, AfterValidator(_address)]
Mailbox = Annotated[Line, AfterValidator(_mailbox)]
Readiness = Annotated[int, Field(strict=True, ge=1, le=9)]
Column = Annotated[Key, Field(max_length=100)]
Columns = Annotated[dict[Column, Note], Field(max_length=50)]


class RedactionIn(Model):
    """A field that nobody but its owner is shown (eForms BT-195 to BT-198)."""

    field: Line = Field(description="Name of a field, such as `value`, or `extra.` and a column.")
    reason_code: Reason = Field(description="EU list non-publication-justification (BT-197).")
    reason: Note = Field(description="In the owner's words; others are shown the code alone.")
    until: Day | None = Field(default=None, description="The day from which it is shown; null for never.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "field": "value",
                    "reason_code": "fair-comp",
                    "reason": "A market consultation is running.",
                    "until": "2027-06-30",
                }
            ]
        }
    )


class RecordIn(Model):
    """What needs and solutions have in common."""

    ref: Ref | None = Field(default=None, description="The owner's own id, unique within the organisation.")
    id: Ref | None = Field(default=None, description="The same as `ref`.")
    description: Text | None = None
    language: Code | None = Field(default=None, description="ISO 639-1; `ENG` and `de-AT` are understood.")
    country: Code | None = Field(
        default=None, description="ISO alpha-2; EL counts as GR. The organisation's own where it has one."
    )
    cpv: list[Code] = Field(default=[], max_length=30, description="Eight digits, a check digit is dropped.")
    currency: Code | None = Field(default=None, description="ISO 4217.")
    standards: list[Line] = Field(default=[], max_length=50)
    source: Line | None = None
    url: Address | None = None
    titles: dict[Code, Line] = Field(default={}, max_length=40, description="The title in other languages.")
    contact: Mailbox | None = Field(default=None, description="A role mailbox, no person's.")
    nuts: list[Item] = Field(default=[], max_length=50, description="NUTS codes (BT-5071).")
    tags: list[Item] = Field(default=[], max_length=30)
    extra: Columns = Field(default={}, description="Anything else, as texts.")

    status: Literal["draft", "open"] | None = Field(
        default=None, description="A new record is open; a changed one stays as it is."
    )
    visibility: Visibility | None = Field(
        default=None,
        description="New needs: network; new solutions: public. A changed record stays as it is.",
    )
    tlp: Tlp | None = Field(default=None, description="FIRST TLP 2.0; it caps the visibility.")
    shared_with: list[Key] = Field(
        default=[], max_length=200, description="Ids of organisations, where the visibility is group."
    )
    redactions: list[RedactionIn] = Field(default=[], max_length=40)
    expires_at: UtcDateTime | None = None

    @model_validator(mode="after")
    def _one_id(self) -> Self:
        if self.ref is not None and self.id is not None and self.ref != self.id:
            raise ValueError(phrase("ref and id mean the same; give one of them"))
        return self


NEED: dict[str, Any] = {
    "ref": "N-2027-14",
    "title": "Ballistic vests for dog handlers",
    "description": "Vests that protect dog handlers without hindering them, washable, for women and men.",
    "language": "en",
    "cpv": ["35815100"],
    "nature": "supplies",
    "value": 250000,
    "currency": "EUR",
    "vat_included": False,
    "quantity": "300 sets",
    "window_start": "2027-03-01",
    "window_end": "2027-09-30",
    "regime": "2014/24",
    "standards": ["VPAM BSW 2006"],
    "working_languages": ["en", "et"],
    "joint_interest": "maybe",
    "visibility": "network",
    "tlp": "TLP:GREEN",
    "contact": "procurement@police.example",
    "budget_status": "planned",
    "budget_year": 2027,
}
SOLUTION: dict[str, Any] = {
    "ref": "S-7",
    "name": "SafeCell vest",
    "description": "Ballistic vest of class four with washable cover, for women and men.",
    "language": "en",
    "cpv": ["35815100"],
    "trl": 9,
    "standards": ["VPAM BSW 2006"],
    "delivery_countries": ["EE", "FI", "LV"],
    "price_min": 400,
    "price_max": 650,
    "currency": "EUR",
    "availability": "commercial",
    "url": "https://vendor.example/safecell",
}


class NeedIn(RecordIn):
    """A need as its owner enters it; a title or a description must be there."""

    title: Line | None = None
    requirements: Text | None = None
    organisation: Line | None = Field(
        default=None,
        description="Set from your organisation; administrators and national contacts may give it.",
    )
    organisation_id: Key | None = Field(
        default=None, description="Id of the organisation it is entered for; your own unless given."
    )
    buyer_type: Code | None = Field(default=None, description="eForms BT-11, such as `cga`.")
    nature: Nature | None = None
    value: Money | None = Field(default=None, description="Net of VAT unless `vat_included`.")
    value_eur: Money | None = None
    value_min: Money | None = None
    value_max: Money | None = None
    value_min_eur: Money | None = None
    value_max_eur: Money | None = None
    vat_included: Flag | None = None
    quantity: Line | None = None
    window_start: Day | None = Field(default=None, description="First day of the procurement window.")
    window_end: Day | None = None
    delivery_start: Day | None = None
    delivery_end: Day | None = None
    regime: Code | None = Field(default=None, description="2014/24, 2014/25, 2009/81, excluded-346, ...")
    working_languages: list[Code] = Field(default=[], max_length=30)
    joint_interest: JointInterest | None = None
    trl_min: Readiness | None = None
    outcome: Text | None = Field(default=None, description="The problem, and where it arises.")
    level: Level | None = None
    classification: Classification | None = Field(
        default=None, description="Whether classified documents belong to it; the documents must stay out."
    )
    budget_status: BudgetStatus | None = None
    budget_year: Annotated[int, Field(strict=True, ge=2000, le=2100)] | None = None
    procedure_intent: Procedure | None = None
    duration_months: Annotated[int, Field(strict=True, ge=1, le=600)] | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [NEED]})


class SolutionIn(RecordIn):
    """A solution as its vendor enters it; a name or a description must be there."""

    name: Line | None = None
    vendor: Line | None = Field(
        default=None, description="Set from your organisation; administrators may give it."
    )
    vendor_id: Key | None = Field(
        default=None, description="Id of the organisation it is entered for; your own unless given."
    )
    size: Code | None = Field(default=None, description="micro, small, medium or large (BT-165).")
    trl: Readiness | None = None
    delivery_countries: list[Code] = Field(default=[], max_length=60, description="ISO alpha-2, EU or EEA.")
    price_min: Money | None = None
    price_max: Money | None = None
    price_min_eur: Money | None = None
    price_max_eur: Money | None = None
    availability: Line | None = Field(default=None, description="concept, prototype, pilot, commercial, ...")

    model_config = ConfigDict(json_schema_extra={"examples": [SOLUTION]})


class MoveIn(Model):
    """Why a record is moved on."""

    reason: Note = Field(default="", examples=["The budget was cut."])


class RenewIn(MoveIn):
    """Until when a record stays; a year from now unless said."""

    expires_at: UtcDateTime | None = Field(default=None, examples=["2028-01-01T00:00:00Z"])


class Finding(Answer):
    """Something about a field that was changed, left out or looks wrong."""

    pointer: str = Field(description="JSON pointer to the field; empty for the whole.", examples=["/cpv"])
    problem: Said
    remedy: Said


class Issue(Finding):
    """Something that must be put right before the record can be kept."""

    severity: Literal["refused", "dropped"] = Field(description="What would become of row or value.")


class SensitiveOut(Answer):
    """Words that should be looked at again before others read them."""

    pointer: str = Field(examples=["/description"])
    kind: Said = Field(examples=["phone number"])
    text: str
    start: int
    end: int
    advice: Said


class MarkingOut(Answer):
    """A marking of classified information."""

    pointer: str
    text: str
    level: str
    country: str | None
    start: int
    end: int


class GapOut(Answer):
    """A field that is not filled in, and what that costs."""

    field: str = Field(examples=["window_start"])
    weight: Probability
    effect: Said


class MaskedOut(Answer):
    """A field that the owner withholds; never its value."""

    field: str
    reason_code: Reason
    reason: Said = Field(description="The label of the code.")
    until: date | None


class RecordOut(Answer):
    """What is shown of a need or a solution. What is null or empty is not stated, or not shown to you."""

    id: str
    description: str
    language: str | None
    country: str | None
    cpv: list[str]
    currency: str
    standards: list[str]
    source: str
    url: str
    titles: dict[str, str]
    contact: str
    nuts: list[str]
    tags: list[str]
    extra: dict[str, str]
    visibility: Visibility
    updated_at: UtcDateTime
    own: bool = Field(description="Whether it belongs to your organisation.")
    masked: list[MaskedOut] = Field(description="Fields withheld from you by their owner.")

    ref: str | None = Field(description="Owners only, as all that follows.")
    version: int | None
    tlp: Tlp | None
    shared_with: list[str] | None
    redactions: list[RedactionIn] | None
    expires_at: UtcDateTime | None
    created_at: UtcDateTime | None
    completeness: Probability | None
    missing: list[GapOut] | None
    warnings: list[Finding] | None = Field(description="In the answer to a change.")
    sensitive: list[SensitiveOut] | None = Field(description="In the answer to a change.")


class NeedOut(RecordOut):
    """A need as one viewer sees it."""

    status: str = Field(
        description="One of draft, open, in_candidate, paused, fulfilled, withdrawn, expired."
    )
    title: str
    requirements: str
    organisation: str
    organisation_id: str
    buyer_type: str
    nature: Nature | None
    value: float | None
    value_eur: float | None
    value_min_eur: float | None
    value_max_eur: float | None
    vat_included: bool | None
    quantity: str
    window_start: date | None
    window_end: date | None
    delivery_start: date | None
    delivery_end: date | None
    regime: str
    working_languages: list[str]
    joint_interest: JointInterest | None
    trl_min: int | None
    outcome: str
    level: str
    classification: str
    budget_status: str
    budget_year: int | None
    procedure_intent: str
    duration_months: int | None


class SolutionOut(RecordOut):
    """A solution as one viewer sees it."""

    status: str = Field(description="One of draft, open, paused, withdrawn, expired.")
    name: str
    vendor: str
    vendor_id: str
    size: str
    trl: int | None
    delivery_countries: list[str]
    price_min: float | None
    price_max: float | None
    price_min_eur: float | None
    price_max_eur: float | None
    availability: str


class VersionOut(Answer):
    """What a record was at one version."""

    version: Count
    at: UtcDateTime
    by: str | None = Field(description="Id of the user; null for the service itself.")
    changed: list[str] = Field(description="What differs from the version before.", examples=[["status"]])
    status: Status
    visibility: Visibility
    body: dict[str, Any] = Field(description="The fields as they were kept.")


class CopyOut(Answer):
    """A need that looks like this one entered twice."""

    id: str
    title: str
    country: str | None
    organisation: str = Field(description="Empty where it is not shown.")
    own: bool
    probability: Probability
    reasons: list[Said]


class CopiesOut(Answer):
    """Needs that look like one entered twice."""

    items: list[CopyOut]


class SuggestedCode(Answer):
    """A CPV code that a text may be about."""

    code: str = Field(examples=["35815100"])
    label: str = Field(examples=["Bullet-proof vests"])
    likelihood: Probability
    path: list[str] = Field(description="Labels above it, division first.")


class Checked(Answer):
    """What would come of entering a record; nothing was kept."""

    acceptable: bool = Field(description="Whether it would be kept as it is.")
    issues: list[Issue]
    warnings: list[Finding]
    sensitive: list[SensitiveOut]
    classified: list[MarkingOut]
    vetting: Said | None = Field(description="Why your organisation may not open it to others yet.")
    completeness: Probability | None
    missing: list[GapOut]
    cpv: list[SuggestedCode] | None = Field(description="Null where the model in use suggests none.")
    duplicates: list[CopyOut] | None = Field(description="Null where the model in use cannot tell.")
