"""Vocabularies: CPV codes, EU thresholds as dated rows, security areas and functions."""

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query

from corpora.taxonomy.areas import areas
from corpora.taxonomy.cpv import CpvTable, nature
from matcher.joint.thresholds import ROWS, ThresholdRow, in_force
from service.access import require
from service.paging import PagingIn
from service.problems import not_found
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.wanted import CpvPrefix
from service.schemas.forms import Day, Key, Page
from service.schemas.suggestions import AreaOut, AreasOut, CpvDetail, CpvOut, ThresholdOut, ThresholdsOut

router = APIRouter(prefix="/taxonomy", tags=["taxonomy"])
Words = Annotated[str | None, Query(max_length=200, description="Words that a label holds, all of them.")]


@router.get("/cpv", response_model=Page[CpvOut])
def cpv_codes(
    paging: PagingIn,
    viewer: Viewer = require(Permission.OPEN),
    prefix: CpvPrefix = None,
    q: Words = None,
) -> Page[CpvOut]:
    """CPV codes with their labels, in order. Those of what security buyers use, as far as the table goes."""
    table = CpvTable.load()
    place = paging.place(str)
    sought = q.casefold().split() if q else []
    found: list[CpvOut] = []
    for entry in table:
        code = entry.code
        if (prefix and not code.startswith(prefix)) or (place is not None and code <= str(place[0])):
            continue
        label = table.label(code, viewer.locale) or entry.label
        if all(word in label.casefold() for word in sought):
            found.append(CpvOut(code=code, label=label, parent=_parents()[code]))
            if len(found) > paging.limit:
                break
    items, following = paging.cut(found, lambda each: [each.code])
    return Page(items=items, next=following)


@router.get("/cpv/{code}", response_model=CpvDetail)
def cpv_code(code: Key, viewer: Viewer = require(Permission.OPEN)) -> CpvDetail:
    """One code: what is above and below it, and what it points to."""
    table, bare = CpvTable.load(), code.partition("-")[0]
    label = table.label(bare, viewer.locale)
    if label is None:
        raise not_found("CPV code", code)
    area, function, bought = areas().area([bare]), areas().function([bare]), nature(bare)
    return CpvDetail(
        code=bare,
        label=label,
        parent=_parents()[bare],
        path=[_out(table, above.code, viewer.locale) for above in reversed(table.ancestors(bare))],
        children=[_out(table, one, viewer.locale) for one, above in _parents().items() if above == bare],
        nature=bought.value if bought else None,
        area=area.label if area else None,
        function=function.label if function else None,
    )


@router.get("/thresholds", response_model=ThresholdsOut)
def thresholds(
    _: Viewer = require(Permission.OPEN),
    day: Annotated[Day | None, Query(description="Only those in force on this day.")] = None,
) -> ThresholdsOut:
    """EU thresholds with the days on which they hold; beyond the last known day they are provisional."""
    rows = ROWS if day is None else in_force(ROWS, day)
    return ThresholdsOut(
        items=[_threshold(row) for row in rows],
        note="Not legal advice. Amounts are euro, net of VAT; of a joint purchase the total value counts.",
    )


@router.get("/areas", response_model=AreasOut)
def security_areas(_: Viewer = require(Permission.OPEN)) -> AreasOut:
    """Security areas and functions, and the CPV prefixes that point to them."""
    known = areas()
    placed = (known.areas, known.area_of_prefix), (known.functions, known.function_of_prefix)
    of_areas, of_functions = (
        [
            AreaOut(
                key=key, label=label, prefixes=[prefix for prefix, to in pointers.items() if to.key == key]
            )
            for key, label in labels.items()
        ]
        for labels, pointers in placed
    )
    return AreasOut(areas=of_areas, functions=of_functions)


@cache
def _parents() -> dict[str, str | None]:
    table = CpvTable.load()
    above = ((entry.code, table.parent(entry.code)) for entry in table)
    return {code: parent.code if parent else None for code, parent in above}


def _out(table: CpvTable, code: str, locale: str) -> CpvOut:
    return CpvOut(code=code, label=table.label(code, locale) or "", parent=_parents()[code])


def _threshold(row: ThresholdRow) -> ThresholdOut:
    return ThresholdOut(
        rule=row.rule,
        contract_kind=row.contract_kind,
        buyer_class=row.buyer_class,
        directive=row.directive,
        amount_eur=row.amount_eur,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        validity=row.validity,
        source=row.source,
        note=row.note,
        provisional=row.provisional,
    )
