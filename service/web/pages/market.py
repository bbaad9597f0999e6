"""The market from above: which analyses there are, and one of them with its chart, table and caveats."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from corpora.formulas import neutralise
from matcher.phrases import Phrase, phrase
from service.analyses import takes
from service.problems import Problem, not_found
from service.rights.policy import Permission
from service.routes import analytics
from service.routes.seeing import audience_of
from service.schemas.analysis import FindingOut
from service.web.drawing import drawing, filled, form_of, names
from service.web.market import ANALYSES, COLUMNS, DIVIDED, GROUPS, PARAMETERS, VERSIONS, Analysis
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
NUMBERS: Mapping[str, tuple[float, float]] = {
    "threshold_eur": (0, analytics.MUCH),
    "elasticity": (-1, 1),
    "specification_hours": (0, analytics.LONG),
    "coordination_hours": (0, analytics.LONG),
}
"""Numbers that may have a fraction, with their bounds."""
WHOLE: Mapping[str, tuple[int, int]] = {"least": (1, 1_000), "digits": (2, 8)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody chose in the form of an analysis."""

    by: tuple[str, ...]
    typed: Mapping[str, str]
    """As it was typed, by the name of its field."""
    chosen: Mapping[str, Any]
    errors: dict[str, Phrase] = field(default_factory=dict)


@router.get("/market")
def overview(visit: Visit = door(Permission.MARKET)) -> Response:
    """The analyses in groups, each with its question."""
    allowed = {one.name for one in analytics.analyses(visit.viewer).items}
    groups = [
        (title, [ANALYSES[name] for name in inside if name in allowed])
        for title, inside in GROUPS
        if allowed & set(inside)
    ]
    return visit.show("market/overview.html", groups=groups)


@router.get("/market/{name}")
def show(name: str, visit: Visit = door(Permission.MARKET)) -> Response:
    """One analysis."""
    one, asked = _asked(name, visit)
    finding, problem = None, None
    if not asked.errors:
        try:
            finding = _found(one, asked, visit)
        except Problem as found:
            if found.status == 503:
                return _busy(one, visit)
            if found.status != 422:
                raise
            problem = found
    about = _about(one, finding, asked) if finding else {}
    return visit.show(
        "market/analysis.html",
        status=422 if asked.errors or problem else 200,
        one=one, asked=asked, finding=finding, problem=problem, divided=DIVIDED, others=_others(one, visit),
        query=visit.request.url.query, **about,
    )  # fmt: skip


@router.get("/market/{name}/table.csv")
def table(name: str, visit: Visit = door(Permission.MARKET)) -> Response:
    """The rows of an analysis for a spreadsheet; a cell that is withheld or not known is empty."""
    one, asked = _asked(name, visit)
    found = _found(one, asked, visit)
    out = io.StringIO()
    writer = csv.writer(out)
    columns = list(found.rows[0]) if found.rows else []
    writer.writerow(columns)
    for row in found.rows:
        cells = [row[column] for column in columns]
        writer.writerow([neutralise(value) if isinstance(value, str) else value for value in cells])
    return _file("\ufeff" + out.getvalue(), "text/csv; charset=utf-8", f"{name}.csv")


@router.get("/market/{name}/finding.json")
def finding(name: str, visit: Visit = door(Permission.MARKET)) -> Response:
    """An analysis with everything it rests on, as the interface gives it."""
    one, asked = _asked(name, visit)
    return _file(_found(one, asked, visit).model_dump_json(), "application/json", f"{name}.json")


def _file(text: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(text, media_type=kind, headers=headers)


def _asked(name: str, visit: Visit) -> tuple[Analysis, Asked]:
    one = ANALYSES.get(name)
    if one is None or name not in {known.name for known in analytics.analyses(visit.viewer).items}:
        raise not_found("analysis", name)
    given = {key: value.strip() for key, value in visit.request.query_params.items()}
    names_ = [given[key] for key in ("down", "across") if given.get(key) in one.by]
    by = tuple(dict.fromkeys(names_))
    if "down" not in given or (not by and not one.whole):
        by = one.usual
    chosen: dict[str, Any] = {}
    errors: dict[str, Phrase] = {}
    for key in takes(name):
        if typed := given.get(key, ""):
            value = _read(key, typed[:200])
            if isinstance(value, Phrase):
                errors[key] = value
            else:
                chosen[key] = value
    return one, Asked(by, given, chosen, errors)


def _read(key: str, typed: str) -> Any:
    """What was typed as a value, or what is wrong with it."""
    if key == "split":
        try:
            return date.fromisoformat(typed)
        except ValueError:
            return phrase("Give a date, such as 2027-03-01.")
    if key in WHOLE:
        low, high = WHOLE[key]
        if typed.isascii() and typed.isdigit() and low <= int(typed) <= high:
            return int(typed)
        return phrase("Give a whole number from {low} to {high}.", low=low, high=high)
    if key in NUMBERS:
        least, most = NUMBERS[key]
        try:
            number = float(typed.replace(",", "."))
        except ValueError:
            number = float("nan")
        if isfinite(number) and least <= number <= most:
            return number
        return phrase("Give a number from {low} to {high}.", low=int(least), high=int(most))
    return typed


def _found(one: Analysis, asked: Asked, visit: Visit) -> FindingOut:
    """The finding. Raises `Problem`: 503 at once while its groups are being made, instead of waiting."""
    held = visit.held
    if held.views.known(audience_of(visit.viewer), held.today) is None:
        raise Problem(503, "busy", phrase("This is being computed. Ask again in a moment."))
    return analytics.finding(held, visit.viewer, one.name, asked.by, asked.chosen)


def _busy(one: Analysis, visit: Visit) -> Response:
    """A page that asks again by itself; to a script that asks, nothing yet."""
    if visit.partly:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    response = visit.show("market/busy.html", status=202, one=one)
    response.headers["Retry-After"] = "5"
    return response


def _about(one: Analysis, found: FindingOut, asked: Asked) -> dict[str, Any]:
    """What the page shows of a finding."""
    divided = asked.by or (("group",) if one.name == "trends" else ())
    own = [name for name in divided if name not in one.columns and name != "group"]
    if one.name == "profiles":
        own = ["country", *own]
    columns = [*own, *one.columns]
    if found.rows:
        columns = [name for name in columns if name in found.rows[0] and _told(found.rows, name)]
    seen = [row for row in found.rows if not row.get("suppressed")]
    gone = [row for row in found.rows if row.get("suppressed")]
    label = [name for name in columns if form_of(one.name, name) == "text"][:2]
    return {
        "drawn": drawing(one.name, found.rows, asked.by),
        "heads": [(name, COLUMNS[name].words, form_of(one.name, name)) for name in columns],
        "lines": [(row, [filled(one.name, row, name) for name in columns]) for row in seen],
        "withheld": [names(one.name, row, label) for row in gone],
        "total": len(found.rows),
        "chosen": [
            (PARAMETERS.get(str(key), key), date.fromisoformat(value) if key == "split" else value)
            for key, value in found.parameters.items()
        ],
        "versions": [(VERSIONS.get(key, key), value) for key, value in sorted(found.versions.items())],
    }


def _told(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    """Whether any row says something in a column; assumptions that were not made have none."""
    return column not in {"exceeds_together", "scenario_eur", "effort_hours"} or any(
        row[column] is not None for row in rows
    )


def _others(one: Analysis, visit: Visit) -> list[Analysis]:
    """Analyses of the same group."""
    allowed = {known.name for known in analytics.analyses(visit.viewer).items}
    beside = next((inside for _, inside in GROUPS if one.name in inside), GROUPS[1][1])
    return [ANALYSES[name] for name in beside if name in allowed and name != one.name]
