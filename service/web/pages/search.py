"""Solutions by free text in any language."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from matcher.phrases import phrase
from service.language import CODES
from service.problems import Problem, invalid
from service.rights.policy import Permission
from service.routes import matching
from service.schemas.matching import MatchesOut
from service.schemas.searching import SolutionSearch
from service.web.narrowing import Narrowing, countries, languages, narrowing, wrong
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
LONGEST = 4_000
"""Characters that an address can carry with some ease."""


@router.get("/search")
def search(
    visit: Visit = door(Permission.READ_SOLUTIONS),
    text: Annotated[str, Query()] = "",
    language: Annotated[str, Query(max_length=2)] = "",
) -> Response:
    """What is looked for, and the solutions that answer it."""
    asked, found, errors = Narrowing(), None, {}
    try:
        asked = narrowing(visit.request.query_params)
        if text.strip():
            found = _found(visit, text.strip(), language, asked)
    except Problem as problem:
        if problem.status != 422:
            raise
        errors = dict(wrong(problem))
    return visit.show(
        "matches/search.html",
        status=422 if errors else 200,
        part="results",
        text=text,
        language=language,
        asked=asked,
        found=found,
        errors=errors,
        country_choices=countries(visit.spoken, asked.countries),
        language_choices=languages(visit.spoken, asked.languages),
        spoken_in=languages(visit.spoken),
    )


def _found(visit: Visit, text: str, language: str, asked: Narrowing) -> MatchesOut:
    if len(text) > LONGEST:
        raise invalid("query.text", phrase("This is too long: at most {most:,.0f} characters.", most=LONGEST))
    try:
        given = SolutionSearch(
            text=text,
            language=language if language in CODES else visit.language_of(text),
            k=asked.k,
            min_level=asked.min_level,
            countries=list(asked.countries),
            languages=list(asked.languages),
            cpv=asked.codes,
            trl_min=asked.trl_min,
        )
    except ValidationError:
        raise invalid("query.text", phrase("The text or a filter cannot be read.")) from None
    return matching.search_solutions(given, visit.held, visit.viewer)
