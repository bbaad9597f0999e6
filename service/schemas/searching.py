"""What is searched for by text."""

from typing import Annotated

from pydantic import Field

from matcher.calibrate import Level
from matcher.records import Nature
from service.schemas.forms import Line, Model, Text

Words = Annotated[list[Line], Field(default_factory=list, max_length=40)]


class _Search(Model):
    text: Text = Field(min_length=1, description="What is looked for, in any language.")
    language: str | None = Field(
        default=None, pattern="^[a-z]{2}$", description="ISO 639-1; found out unless stated."
    )
    k: int = Field(default=10, ge=1, le=100, description="Results, at most.")
    min_level: Level | None = None
    countries: Words
    languages: Words
    cpv: Words


class NeedSearch(_Search):
    """Needs by text.

    >>> NeedSearch(text="gilets pare-balles").k
    10
    """

    nature: Nature | None = None


class SolutionSearch(_Search):
    """Solutions by text."""

    trl_min: int | None = Field(default=None, ge=1, le=9)
