"""Demand from above: where it is, and what nothing in the catalogue answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from matcher.market.tiles import PLACES
from matcher.market.words import NOT_STATED, cell
from matcher.phrases import Phrase, phrase
from matcher.records import Record
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import analytics
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
CLASSES = 4
SHOWN = 25
"""Gaps on one page at first."""
AREAS: Mapping[str, Phrase] = {
    "Fighting crime and terrorism": phrase("Fighting crime and terrorism"),
    "Resilience of critical infrastructure": phrase("Resilience of critical infrastructure"),
    "Border management": phrase("Border management"),
    "Disaster risk management": phrase("Disaster risk management"),
    "Cybersecurity": phrase("Cybersecurity"),
    "Across security areas": phrase("Across security areas"),
}
"""Labels of areas in the table of areas, in words of the page."""
STATES: Mapping[str, Phrase] = {
    "unserved": phrase("Nothing adequate in the catalogue"),
    "immature": phrase("Only what is not ready yet"),
    "unclear": phrase("Unclear: readiness is not stated"),
    "thin": phrase("One or two adequate solutions"),
    "served": phrase("Three or more adequate solutions"),
    "not compared": phrase("Not compared"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """A country on the map."""

    code: str
    column: int
    row: int
    needs: int | None
    """None where it is withheld."""
    suppressed: bool
    depth: int
    """0 for none, 1 to `CLASSES` by how many."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Demand of one area in one country."""

    needs: int | None
    suppliers: int | None
    suppressed: bool


@router.get("/demand/map")
def atlas(visit: Visit = door(Permission.DEMAND)) -> Response:
    """Demand by country on a map of equal tiles, and by country and area in a table."""
    by_country = analytics.analysis("country-map", visit.held, visit.viewer, by=None)
    by_area = analytics.demand(visit.held, visit.viewer)
    known = {str(row["country"]): row for row in by_country.rows}
    most = max((row["needs"] or 0 for row in by_country.rows), default=0)
    columns, lines = matrix(by_area.rows)
    return visit.show(
        "demand/map.html", tiles=tiles(known, most), steps=steps(most), by_country=by_country,
        by_area=by_area, columns=columns, lines=lines, cell=cell, not_stated=str(NOT_STATED),
        area_words=AREAS,
    )  # fmt: skip


@router.get("/demand/gaps")
def unanswered(visit: Visit = door(Permission.READ_NEEDS)) -> Response:
    """Needs that nothing in the catalogue answers well, with a hint how such a need could be bought."""
    query = visit.request.query_params
    state, country, every = query.get("state", ""), query.get("country", ""), query.get("all", "")
    cpv, errors = query.get("cpv", "").strip(), dict[str, str]()
    known = analytics.gaps(visit.held, visit.viewer)
    found = known
    if country or cpv:
        wanted = cpv.replace(",", " ").split()
        try:
            found = analytics.gaps(visit.held, visit.viewer, [country] if country else None, wanted)
        except Problem as problem:
            if problem.status != 422:
                raise
            errors = {one.pointer.removeprefix("query."): one.detail for one in problem.errors}
    open_ = [row for row in found.rows if row["state"] not in {"served", "not compared"}]
    rows = [row for row in found.rows if row["state"] == state] if state in STATES else open_
    counts = {name: sum(row["state"] == name for row in found.rows) for name in STATES}
    shown = [(row, seen) for row in (rows if every else rows[:SHOWN]) if (seen := _seen(visit, row["id"]))]
    return visit.show(
        "demand/gaps.html", found=found, rows=shown, number=len(rows), counts=counts,
        state=state, country=country, cpv=cpv, errors=errors, states=STATES, cell=cell, area_words=AREAS,
        countries=sorted(
            {code for row in known.rows for code in str(row["country"] or "").split(", ") if code},
            key=visit.spoken.country,
        ),
    )  # fmt: skip


def tiles(known: Mapping[str, Mapping[str, Any]], most: int) -> list[Tile]:
    """All tiles of the map, from the north-west.

    >>> tiles({"IS": {"needs": 4, "suppressed": False}}, 4)[0]
    Tile(code='IS', column=1, row=1, needs=4, suppressed=False, depth=4)
    """
    found = []
    for code, (column, row) in sorted(PLACES.items(), key=lambda pair: (pair[1][1], pair[1][0])):
        said = known.get(code)
        needs = None if said is None else said["needs"]
        hidden = bool(said and said["suppressed"])
        found.append(Tile(code, column + 1, row + 1, needs, hidden, depth(needs or 0, most)))
    return found


def depth(needs: int, most: int) -> int:
    """The class of a number: the shares of the largest are cut into equal parts.

    >>> [depth(n, 10) for n in (0, 1, 3, 6, 10)]
    [0, 1, 1, 3, 4]
    """
    return 0 if needs <= 0 else min(CLASSES, 1 + (needs - 1) * CLASSES // max(most, 1))


def steps(most: int) -> list[tuple[int, int, int]]:
    """Class, least and greatest number in it; classes that hold no number are left out.

    >>> steps(10)
    [(1, 1, 3), (2, 4, 5), (3, 6, 8), (4, 9, 10)]
    """
    found: dict[int, list[int]] = {}
    for number in range(1, most + 1):
        found.setdefault(depth(number, most), []).append(number)
    return [(step, held[0], held[-1]) for step, held in found.items()]


def matrix(rows: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[tuple[str, dict[str, Cell]]]]:
    """Areas, and for each country its cells by area; what nobody asks for has none."""
    lines: dict[str, dict[str, Cell]] = {}
    columns: dict[str, int] = {}
    for row in rows:
        area, country = str(row["area"]), str(row["country"])
        lines.setdefault(country, {})[area] = Cell(row["needs"], row["suppliers"], bool(row["suppressed"]))
        columns[area] = columns.get(area, 0) + 1
    order = [name for name in (*AREAS, *sorted(columns)) if name in columns]
    return list(dict.fromkeys(order)), sorted(lines.items())


# -- inside ---------------------------------------------------------------------------------------


def _seen(visit: Visit, need_id: str) -> Record | None:
    """A need as the visitor sees it, for the language of its title."""
    entry = visit.held.catalogue.get(need_id)
    return entry.to_viewer(visit.viewer, visit.held.today) if entry is not None else None
