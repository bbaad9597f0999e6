"""The market from above: findings with their sentence, n, coverage and caveat; small cells withheld."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from matcher.errors import SettingInvalid
from service.access import BackendIn, require
from service.analyses import ANALYSES, analysed, as_json
from service.problems import invalid, not_found
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import audience_of
from service.schemas.analysis import AnalysisOut, FindingOut
from service.schemas.forms import Page

router = APIRouter(prefix="/analytics", tags=["analytics"])
DETAILED = frozenset({"unmet-clusters", "joint-buying", "cooperation"})
"""Analyses of groups of needs, or of who buys alike: for those who may read candidates."""


@router.get("", response_model=Page[AnalysisOut])
def analyses(viewer: Viewer = require(Permission.MARKET)) -> Page[AnalysisOut]:
    """The analyses that one may ask for."""
    return Page(items=[AnalysisOut(name=n, tells=words) for n, words in ANALYSES.items() if _may(viewer, n)])


@router.get("/demand", response_model=FindingOut)
def demand(held: BackendIn, viewer: Viewer = require(Permission.MARKET)) -> FindingOut:
    """Demand by area and country beside adequate suppliers, cells of under three organisations withheld."""
    return _finding(held, viewer, "supply-and-demand", [])


@router.get("/gaps", response_model=FindingOut)
def gaps(held: BackendIn, viewer: Viewer = require(Permission.READ_NEEDS)) -> FindingOut:
    """Needs by how little answers them, with a hint how such a need could be bought."""
    return _finding(held, viewer, "unmet-needs", [])


@router.get("/{name}", response_model=FindingOut)
def analysis(
    name: str,
    held: BackendIn,
    viewer: Viewer = require(Permission.MARKET),
    by: Annotated[
        list[Literal["country", "area", "function", "regime", "nature", "cpv", "organisation"]] | None,
        Query(description="What to divide by, where the analysis can.", max_length=4),
    ] = None,
) -> FindingOut:
    """One analysis as rows, with everything it rests on."""
    if name not in ANALYSES or not _may(viewer, name):
        raise not_found("analysis", name)
    return _finding(held, viewer, name, list(by or []))


def _may(viewer: Viewer, name: str) -> bool:
    return name not in DETAILED or Permission.READ_CANDIDATES in viewer.permissions


def _finding(held: BackendIn, viewer: Viewer, name: str, by: list[str]) -> FindingOut:
    market = held.views.market(audience_of(viewer), held.today)
    try:
        found = analysed(name, market, by, suppress=True)
    except (SettingInvalid, ValueError) as error:
        raise invalid("query.by", str(error)) from error
    return FindingOut(**as_json(name, found))
