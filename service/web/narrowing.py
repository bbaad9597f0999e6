"""What a visitor narrowed a list of results to, read from the address as a browser sends its form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from matcher.calibrate import Level
from matcher.phrases import phrase
from matcher.records import EU_COUNTRIES
from service.language import CODES, Language
from service.problems import Problem, invalid

SHOWN = 10
"""Results of a list at first."""
MOST = 100


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Filters, the least level and how many: empty fields of a form narrow nothing."""

    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    cpv: str = ""
    trl_min: int | None = None
    min_level: Level | None = None
    rerank: bool = False
    k: int = SHOWN

    @property
    def filters(self) -> dict[str, Any]:
        """The filters as the functions of the interface take them."""
        return {
            "countries": list(self.countries) or None,
            "languages": list(self.languages) or None,
            "cpv": self.codes or None,
            "trl_min": self.trl_min,
        }

    @property
    def codes(self) -> list[str]:
        """CPV prefixes, parted by commas or spaces."""
        return self.cpv.replace(",", " ").split()

    @property
    def more(self) -> int | None:
        """How many to ask for next; None where no more may be."""
        return min(MOST, self.k * 2) if self.k < MOST else None


def narrowing(given: QueryParams) -> Narrowing:
    """What an address asks for. Raises `Problem` 422 for a TRL or level that is none.

    >>> narrowing(QueryParams("countries=&trl_min=7&cpv=3512,35")).filters
    {'countries': None, 'languages': None, 'cpv': ['3512', '35'], 'trl_min': 7}
    """
    level, least = given.get("min_level", ""), given.get("trl_min", "")
    if least and not (least.isascii() and least.isdigit() and 1 <= int(least[:4]) <= 9):
        raise invalid("query.trl_min", phrase("A TRL is a number from 1 to 9."))
    if level and level not in list(Level):
        raise invalid("query.min_level", phrase("Choose one of the levels."))
    number = given.get("k", "")
    return Narrowing(
        countries=_several(given.getlist("countries")),
        languages=_several(given.getlist("languages")),
        cpv=given.get("cpv", "").strip()[:400],
        trl_min=int(least) if least else None,
        min_level=Level(level) if level else None,
        rerank=given.get("rerank") == "true",
        k=max(1, min(MOST, int(number[:4]))) if number.isascii() and number.isdigit() else SHOWN,
    )


def wrong(problem: Problem) -> Mapping[str, str]:
    """Name of a field to what is wrong with it.

    >>> wrong(invalid("query.cpv", "no digits"))
    {'cpv': 'no digits'}
    """
    return {error.pointer.removeprefix("query.").lstrip("/"): error.detail for error in problem.errors}


def countries(spoken: Language, chosen: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The countries to choose from, by name; several that were chosen before stay one choice."""
    return _choices({code: spoken.country(code) for code in EU_COUNTRIES}, spoken.country, chosen)


def languages(spoken: Language, chosen: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The languages to choose from, by name."""
    return _choices({code: spoken.language(code) for code in CODES}, spoken.language, chosen)


def _choices(known: Mapping[str, str], name: Any, chosen: Iterable[str]) -> list[tuple[str, str]]:
    found = sorted(known.items(), key=lambda pair: pair[1].casefold())
    key = ",".join(chosen)
    if key and key not in known:
        found.insert(0, (key, ", ".join(name(code) for code in chosen)))
    return found


def _several(values: Iterable[str]) -> tuple[str, ...]:
    found = (part.strip() for value in values for part in value.split(","))
    return tuple(dict.fromkeys(part for part in found if part))[:40]
