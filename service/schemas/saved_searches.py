"""Saved searches as users keep them."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from matcher.calibrate import Level
from matcher.phrases import phrase
from service.schemas.forms import Answer, Code, Count, Flag, Key, Line, Link, Model, Said, Text, UtcDateTime
from service.schemas.jobs import Filters

Searched = Literal["needs", "solutions"]
Frequency = Literal["instant", "daily", "weekly"]
Channel = Literal["inbox", "email", "webhook", "feed"]

EXAMPLE: JsonValue = {
    "name": "Counter-drone demand",
    "searched": "needs",
    "query_text": "Detect and stop small drones over prisons",
    "language": "en",
    "filters": {"countries": ["FR", "BE"], "cpv": ["35"]},
    "min_level": "likely",
    "frequency": "daily",
    "max_items": 10,
    "channel": "inbox",
}


class SavedSearchIn(Model):
    """A search that is run again; by text, or by a record of one's own that stands for it."""

    name: Line = Field(min_length=1)
    searched: Searched
    query_text: Text = ""
    language: Code | None = Field(default=None, description="ISO 639-1 of the text; found out unless stated.")
    example_id: Key | None = Field(default=None, description="A need or solution instead of a text.")
    filters: Filters = Filters()
    min_level: Level = Level.POSSIBLE
    frequency: Frequency = "daily"
    max_items: int = Field(default=10, ge=1, le=10)
    channel: Channel = "inbox"
    target: Link = Field(default="", description="Address of the webhook; e-mails go to your own address.")
    expires_at: UtcDateTime | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if bool(self.query_text.strip()) == (self.example_id is not None):
            raise ValueError(phrase("give query_text or example_id, one of the two"))
        return self


class SavedSearchPatch(Model):
    """What is changed of a saved search; what is left out stays. Null is for what may be empty."""

    name: Line | None = Field(default=None, min_length=1)
    query_text: Text | None = None
    language: Code | None = None
    example_id: Key | None = None
    filters: Filters | None = None
    min_level: Level | None = None
    frequency: Frequency | None = None
    max_items: int | None = Field(default=None, ge=1, le=10)
    channel: Channel | None = Field(
        default=None, description="Naming a webhook or a feed, even the same, makes a new secret or address."
    )
    target: Link | None = None
    active: Flag | None = None
    expires_at: UtcDateTime | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"frequency": "weekly"}]})


class DeliveryOut(Answer):
    """Where the last e-mail or webhook is."""

    state: Literal["waiting", "arrived", "given_up"]
    attempts: Count
    next_at: UtcDateTime | None
    error: str


class SavedSearchOut(Answer):
    """A saved search, and when it last ran."""

    id: str
    version: Count
    name: str
    searched: Searched
    query_text: str
    language: str | None
    example_id: str | None
    filters: Filters
    min_level: Level
    frequency: Frequency
    max_items: Count
    channel: Channel
    target: str
    active: bool
    expires_at: UtcDateTime | None
    last_run_at: UtcDateTime | None
    told: Count = Field(description="Records that were told of so far.")
    last_delivery: DeliveryOut | None
    created_at: UtcDateTime
    secret: str | None = Field(description="Signs webhooks; shown when it is made, and then never again.")
    feed_url: str | None = Field(description="Address of the Atom feed; shown when it is made.")


class ToldOut(Answer):
    """One record of a digest."""

    id: str
    kind: Literal["need", "solution"]
    change: Literal["new", "changed"]
    level: Level | None
    title: str
    language: str | None
    facts: Said
    link: str


class DigestOut(Answer):
    """What a run found, and whether it was sent on."""

    items: list[ToldOut]
    waiting: Count = Field(description="New ones that did not fit.")
    told: bool = Field(description="False where there was nothing new: nothing empty is sent.")
