"""The market from above: findings with their sentence, n, coverage and caveat; small cells withheld."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from matcher.errors import SettingInvalid
from service.access import BackendIn, require
from service.analyses import ANALYSES, NOTHING, analysed, as_json
from service.backend import Backend
from service.problems import invalid, not_found
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import Codes, Countries, audience_of, filter_of
from service.schemas.analysis import AnalysisOut, FindingOut
from service.schemas.forms import Page

router = APIRouter(prefix="/analytics", tags=["analytics"])
DETAILED = frozenset({"unmet-clusters", "joint-buying", "cooperation"})
"""Analyses of groups of needs, or of who buys alike: for those who may read candidates."""
Dimension = Literal[
    "country", "area", "function", "regime", "buyer_type", "nature", "year", "maturity", "organisation"
]
EACH = frozenset({"unmet-needs"})
"""Analyses whose rows are records that their audience may open, and no cells that tell of who is in them."""
State = Literal["unserved", "immature", "unclear", "thin", "served", "not compared"]
MUCH, LONG = 1e12, 1e6
"""Euro and hours that a scenario may assume, at most."""


@router.get("", response_model=Page[AnalysisOut])
def analyses(viewer: Viewer = require(Permission.MARKET)) -> Page[AnalysisOut]:
    """The analyses that one may ask for."""
    return Page(items=[AnalysisOut(name=n, tells=words) for n, words in ANALYSES.items() if _may(viewer, n)])


@router.get("/demand", response_model=FindingOut)
def demand(held: BackendIn, viewer: Viewer = require(Permission.MARKET)) -> FindingOut:
    """Demand by area and country beside adequate suppliers, cells of under three organisations withheld."""
    return finding(held, viewer, "supply-and-demand")


@router.get("/gaps", response_model=FindingOut)
def gaps(
    held: BackendIn,
    viewer: Viewer = require(Permission.READ_NEEDS),
    countries: Countries = None,
    cpv: Codes = None,
    state: Annotated[State | None, Query(description="How far the catalogue answers them.")] = None,
) -> FindingOut:
    """Needs that you may see by how little answers them, with a hint how such a need could be bought.

    Their rows can be narrowed to countries and CPV branches, and have their CPV codes beside them; what is
    said of all stays. Owners are reached by `POST /needs/{id}/questions`.
    """
    found = finding(held, viewer, "unmet-needs")
    where = filter_of(countries, None, cpv)
    needs = {need.id: need for need in held.views.market(audience_of(viewer), held.today).needs}
    rows = []
    for row in found.rows:
        need = needs.get(row["id"])
        if need is not None and state in (None, row["state"]) and where.admits(need):
            rows.append(row | {"cpv": list(need.cpv)})
    return found.model_copy(update={"rows": rows})


@router.get("/{name}", response_model=FindingOut)
def analysis(
    name: str,
    held: BackendIn,
    viewer: Viewer = require(Permission.MARKET),
    by: Annotated[
        list[Dimension] | None,
        Query(description="What to divide by, where the analysis can.", max_length=4),
    ] = None,
    least: Annotated[
        int | None, Query(ge=1, le=1_000, description="Countries with fewer needs are hidden.")
    ] = None,
    digits: Annotated[int | None, Query(ge=2, le=8, description="Digits of a CPV branch.")] = None,
    split: Annotated[date | None, Query(description="The day that parts before from after.")] = None,
    threshold_eur: Annotated[float | None, Query(ge=0, le=MUCH, allow_inf_nan=False)] = None,
    threshold_basis: Annotated[str | None, Query(max_length=200)] = None,
    elasticity: Annotated[float | None, Query(ge=-1, le=1, allow_inf_nan=False)] = None,
    specification_hours: Annotated[float | None, Query(ge=0, le=LONG, allow_inf_nan=False)] = None,
    coordination_hours: Annotated[float | None, Query(ge=0, le=LONG, allow_inf_nan=False)] = None,
) -> FindingOut:
    """One analysis as rows, with everything it rests on; the last five are what a scenario assumes."""
    chosen = {
        "least": least,
        "digits": digits,
        "split": split,
        "threshold_eur": threshold_eur,
        "threshold_basis": threshold_basis,
        "elasticity": elasticity,
        "specification_hours": specification_hours,
        "coordination_hours": coordination_hours,
    }
    return finding(held, viewer, name, by or [], chosen)


def finding(
    held: Backend, viewer: Viewer, name: str, by: Sequence[str] = (), chosen: Mapping[str, Any] = NOTHING
) -> FindingOut:
    """One analysis; what is chosen as None is not chosen. Raises `Problem` 404, 422, and 503 while busy."""
    if name not in ANALYSES or not _may(viewer, name):
        raise not_found("analysis", name)
    audience = audience_of(viewer)
    market = held.views.market(audience, held.today)
    given = {key: value for key, value in chosen.items() if value is not None}
    asked = name, tuple(by), tuple(sorted(given.items()))
    suppress = name not in EACH
    try:
        found = held.views.findings[audience].get(
            market, asked, lambda: as_json(name, analysed(name, market, by, chosen=given, suppress=suppress))
        )
    except (SettingInvalid, ValueError) as error:
        raise invalid("query.by", *error.args[:1]) from error
    return FindingOut(**found)


def _may(viewer: Viewer, name: str) -> bool:
    return name not in DETAILED or Permission.READ_CANDIDATES in viewer.permissions
