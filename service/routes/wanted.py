"""Filters of the lists of needs and solutions, from the address."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from corpora import places
from matcher.phrases import phrase
from matcher.records import Nature
from service.problems import invalid
from service.records.finding import Wanted
from service.schemas.forms import UtcDateTime
from service.schemas.records import Status

Mine = Annotated[bool, Query(description="Only those of one's own organisation, drafts included.")]
OfStatus = Annotated[Status | None, Query(description="Of others only what is open is listed.")]
InCountry = Annotated[str | None, Query(max_length=2, description="ISO alpha-2; EL counts as GR.")]
CpvPrefix = Annotated[
    str | None, Query(pattern="^[0-9]{1,8}$", description="Digits that a CPV code begins with.")
]
Part = Annotated[str | None, Query(max_length=200, description="Part of the title.")]
After = Annotated[
    UtcDateTime | None,
    Query(
        description="Only what was changed later, as far as one is shown it; the list is then oldest first."
    ),
]
Override = Annotated[
    str | None,
    Query(max_length=2_000, description="Why what looks classified is not; administrators only, audited."),
]


def wanted(
    *,
    mine: bool,
    status: str | None,
    country: str | None,
    cpv: str | None,
    q: str | None,
    updated_after: datetime | None,
    nature: Nature | None = None,
) -> Wanted:
    """What a list is of. Raises `Problem` 422 for a country that is none."""
    code = None
    if country is not None:
        code = places.country(country)
        if code is None:
            raise invalid(
                "query.country",
                phrase("{country!r} is no country: expected two letters, such as FR.", country=country),
            )
    return Wanted(mine, status, code, cpv, nature, q, updated_after)
