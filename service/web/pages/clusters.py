"""Clusters of needs for analysts: the list, the map, the ranking of those that could be bought jointly."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from corpora.taxonomy.areas import areas
from matcher.joint.score import FLOOR
from matcher.joint.sensitivity import DRAWS, sensitivity
from matcher.joint.weights import WEIGHTS
from matcher.joint.words import FACTORS, LEVELS
from matcher.phrases import phrase
from service.jobs.sheets import cell
from service.paging import Paging
from service.records.noting import noted
from service.rights.policy import Permission
from service.routes import clusters as resource
from service.routes.seeing import audience_of
from service.schemas.analysis import ClustersOut
from service.schemas.forms import Key
from service.web import clusters as told
from service.web.page import PageRoute, Visit, door
from service.web.pages.demand_views import AREAS

router = APIRouter(route_class=PageRoute)
READ = Permission.READ_CANDIDATES
PER_PAGE = 20
EVERY = 1_000_000
"""Clusters in an export: all there are."""
POINTS = 3_000
"""Needs on the map; it says how many more there are."""
MOST_RANKED = 100
SPREADS = {
    "0.1": phrase("By a tenth"),
    "0.25": phrase("By a quarter"),
    "0.5": phrase("By a half"),
    "1": phrase("Freely, from nothing to double"),
}
"""How far each weight is moved, at most."""
COLUMNS = ("id", "name", "title", "language", "needs", "countries", "cohesion", "level", "locked", "need_ids")
Level = Annotated[Literal["A", "B", "C", "none", ""], Query()]
Sort = Annotated[Literal["size", "cohesion", "loose", "countries", "level"], Query()]
Text = Annotated[str, Query(max_length=200)]
Country = Annotated[str, Query(pattern="^([A-Z]{2})?$")]
Locked = Annotated[Literal["yes", "no", ""], Query()]
WORDS = {
    "COHESIONS": told.COHESIONS,
    "LEVELS": LEVELS,
    "FACTORS": FACTORS,
    "SAME": told.SAME,
    "OPS": told.OPS,
}


@router.get("/clusters")
def listed(
    visit: Visit = door(READ),
    q: Text = "",
    country: Country = "",
    level: Level = "",
    locked: Locked = "",
    sort: Sort = "size",
    singles: bool = False,
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """Groups of needs that ask for the same."""
    held, audience = visit.held, audience_of(visit.viewer)
    found = _found(visit, Paging(cursor, PER_PAGE), q, country, level, locked, sort, singles)
    items = [
        {
            "cluster": one,
            "sure": told.sure(one.cohesion),
            "needs": resource.needs_of(held, audience, one.need_ids),
        }
        for one in found.items
    ]
    asked = {"q": q, "country": country, "level": level, "locked": locked, "singles": singles}
    return visit.show(
        "clusters/list.html", part="results", items=items, found=found, asked=asked, sort=sort,
        narrowed=any(asked.values()), countries=_countries(visit), W=WORDS,
    )  # fmt: skip


@router.get("/clusters/export.{ending}")
def export(
    ending: Literal["csv", "json"],
    visit: Visit = door(READ),
    q: Text = "",
    country: Country = "",
    level: Level = "",
    locked: Locked = "",
    sort: Sort = "size",
    singles: bool = False,
) -> Response:
    """All of the list as a file."""
    found = _found(visit, Paging(None, EVERY), q, country, level, locked, sort, singles)
    if ending == "json":
        return file(json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=1), "clusters.json")
    rows = [one.model_dump(mode="json") | {"needs": len(one.need_ids)} for one in found.items]
    return file(table(COLUMNS, rows), "clusters.csv")


@router.get("/clusters/of/{need_id}")
def of_need(need_id: Key, visit: Visit = door(READ)) -> Response:
    """To the cluster that a need is in."""
    view = visit.held.views.cooperation(audience_of(visit.viewer), visit.held.today)
    home = next((one.id for one in view.clusters if need_id in one.members), None)
    return visit.go(f"/clusters/{home}" if home else "/clusters")


@router.get("/clusters/map")
def mapped(visit: Visit = door(READ)) -> Response:
    """The map of needs: a point a need, near those that ask for like things."""
    held, audience = visit.held, audience_of(visit.viewer)
    places = held.views.places(audience)
    if places is None:
        return visit.show("clusters/map.html", points=None, total=0, W=WORDS)
    view = held.views.cooperation(audience, held.today)
    levels = resource.levels_of(view)
    several = sorted(view.clusters, key=lambda one: (-len(one.members), one.id))
    home = {need_id: one for one in several for need_id in one.members if need_id in places}
    needs = resource.needs_of(held, audience, [*home][:POINTS])
    noted(held, visit.viewer, "clusters", needs)
    called = {need.id: need for need in needs}
    points: list[dict[str, Any]] = []
    for need in needs:
        cluster, placed = home[need.id], areas().area(need.cpv)
        medoid = called.get(cluster.medoid, need)
        points.append(
            {
                "need": need,
                "x": places[need.id][0],
                "y": places[need.id][1],
                "cluster": cluster,
                "alone": len(cluster.members) == 1,
                "called": cluster.name or medoid.title,
                "spoken": None if cluster.name else medoid.language,
                "level": levels.get(cluster.id),
                "area": AREAS.get(placed.label, placed.label) if placed else None,
            }
        )
    return visit.show(
        "clusters/map.html", points=points, total=len(home), W=WORDS,
        groups=len({one["cluster"].id for one in points if not one["alone"]}),
        alone=sum(one["alone"] for one in points),
        tongues=len({need.language for need in needs} - {None}),
        lands=len({need.country for need in needs} - {None}),
    )  # fmt: skip


@router.get("/clusters/ranking")
def ranking(
    visit: Visit = door(READ),
    spread: Annotated[Literal["0.1", "0.25", "0.5", "1"], Query()] = "0.5",
    k: Annotated[Literal["5", "10", "20"], Query()] = "10",
    scope: Annotated[Literal["cross-border", "national", "all"], Query()] = "cross-border",
    doubtful: bool = False,
) -> Response:
    """Candidates by rank, and how far each place depends on the weights of the score."""
    return visit.show(
        "clusters/ranking.html", standings=_standings(visit, spread, k, scope, doubtful)[:MOST_RANKED],
        asked={"spread": spread, "k": k, "scope": scope, "doubtful": doubtful}, spreads=SPREADS,
        weights=sorted(WEIGHTS.of.items(), key=lambda pair: -pair[1]), owner=WEIGHTS.owner, draws=DRAWS,
        floor=FLOOR, W=WORDS,
    )  # fmt: skip


@router.get("/clusters/ranking.csv")
def ranking_file(
    visit: Visit = door(READ),
    spread: Annotated[Literal["0.1", "0.25", "0.5", "1"], Query()] = "0.5",
    k: Annotated[Literal["5", "10", "20"], Query()] = "10",
    scope: Annotated[Literal["cross-border", "national", "all"], Query()] = "cross-border",
    doubtful: bool = False,
) -> Response:
    """The same as a file."""
    rows = [
        {
            "rank": one.rank, "best": one.best, "worst": one.worst, "in_top": round(one.in_top, 4),
            "k": one.k, "draws": one.draws, "spread": spread, "id": one.candidate.id,
            "title": title(one.candidate)[0], "level": one.candidate.score.level.value,
            "score": round(one.candidate.score.total, 1),
            "completeness": round(one.candidate.score.completeness, 3),
            "ranked_by": round(one.candidate.score.rank, 1), "countries": list(one.candidate.countries),
        }
        for one in (standing["of"] for standing in _standings(visit, spread, k, scope, doubtful))
    ]  # fmt: skip
    columns = (
        "rank best worst in_top k draws spread id title level score completeness ranked_by countries"
    ).split()
    return file(table(columns, rows), "ranking.csv")


# -- for the other pages of clusters ----------------------------------------------------------


def table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Rows as CSV, formulas made harmless."""
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\r\n")
    written.writerow(columns)
    written.writerows(
        [["" if row.get(name) is None else cell(row[name]) for name in columns] for row in rows]
    )
    return "\ufeff" + text.getvalue()


def file(content: str, called: str) -> Response:
    """A text as a file to keep."""
    kind = "text/csv; charset=utf-8" if called.endswith(".csv") else "application/json"
    return Response(
        content.encode(), media_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{called}"', "Cache-Control": "private, no-store",
        },
    )  # fmt: skip


def title(candidate: Any) -> tuple[str, str | None]:
    """The title of a candidate, with its language."""
    if candidate.label is not None:
        return candidate.label.title, candidate.label.title_language
    return candidate.medoid.title, candidate.medoid.language


# -- inside -----------------------------------------------------------------------------------


def _found(
    visit: Visit, paging: Paging, q: str, country: str, level: str, locked: str, sort: Any, singles: bool
) -> ClustersOut:
    return resource.clusters(
        visit.held, paging, visit.viewer, singles, 2, q.strip() or None, country or None,
        level or None,  # type: ignore[arg-type]
        {"yes": True, "no": False}.get(locked), sort,
    )  # fmt: skip


def _countries(visit: Visit) -> list[tuple[str, str]]:
    """The countries that needs of the audience are from, by name."""
    engine = visit.held.catalogue.engines[audience_of(visit.viewer)]
    with engine.needs.reading():
        codes = {engine.needs.record(row).country for row in engine.needs.rows().tolist()} - {None}
    return sorted(((str(code), visit.spoken.country(code)) for code in codes), key=lambda pair: pair[1])


def _standings(visit: Visit, spread: str, k: str, scope: str, doubtful: bool) -> list[dict[str, Any]]:
    held, viewer = visit.held, visit.viewer
    view = held.views.cooperation(audience_of(viewer), held.today)
    ranked = [one for one in view.candidates if scope in (one.scope, "all") and (doubtful or not one.doubt)]
    noted(held, viewer, "candidates", (need for one in ranked for need in one.members))
    found = sensitivity(ranked, int(k), spread=float(spread))
    return [
        {"of": one, "title": title(one.candidate), "level": one.candidate.score.level.value} for one in found
    ]
