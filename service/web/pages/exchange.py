"""Files on their way in and out: imports with a rehearsal first, exports at once or as a job."""

from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Form, Query, Response, UploadFile

from matcher.errors import NeedmatchError
from matcher.phrases import phrase
from matcher.records import Nature, Visibility
from service.jobs.exports import NEEDED, RECORDS
from service.jobs.imports import WRITING
from service.paging import Paging
from service.problems import FieldError, Problem, invalid
from service.rights.policy import Permission
from service.routes import exports as outgoing
from service.routes import imports as incoming
from service.routes import jobs as work
from service.schemas.jobs import ExportIn, JobOut, What
from service.surround.answers import problem_of
from service.web import choices, forms, terms, words
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
LATEST = 5
"""Imports or exports shown beside the form."""
OnError = Literal["keep_good", "refuse_all"]
Code = Annotated[str, Query(max_length=40)]
Text = Annotated[str, Form(max_length=2_000)]
Codes = Annotated[list[str] | None, Form()]
ENDINGS = {"csv": "csv", "tsv": "tsv", "xlsx": "xlsx", "jsonl": "jsonl", "ocds": "json"}


@router.get("/imports")
def ask(
    visit: Visit = door(Permission.IMPORT),
    kind: Code = "",
    on_error: Code = "",
    visibility: Code = "",
    dry_run: bool = True,
) -> Response:
    """The form that a file is sent with."""
    values = {
        "kind": kind, "format": "", "visibility": visibility, "on_error": on_error or "keep_good",
        "mapping": "", "dry_run": dry_run,
    }  # fmt: skip
    return _import_form(visit, values)


@router.post("/imports")
async def take(
    visit: Visit = door(Permission.IMPORT),
    file: UploadFile | None = None,
    kind: Annotated[Literal["needs", "solutions"], Form()] = "needs",
    format: Text = "",
    visibility: Text = "",
    on_error: Annotated[OnError, Form()] = "keep_good",
    mapping: Annotated[str, Form(max_length=20_000)] = "",
    dry_run: Annotated[bool, Form()] = False,
) -> Response:
    """Take a file in; the page of its job tells what became of it."""
    values = {
        "kind": kind, "format": format, "visibility": visibility, "on_error": on_error, "mapping": mapping,
        "dry_run": dry_run,
    }  # fmt: skip
    try:
        if file is None or not file.filename:
            raise invalid("/file", phrase("Choose the file."))
        if format and format not in terms.ENTERED:
            raise invalid("/format", phrase("Choose one of the values offered."))
        if visibility and visibility not in set(Visibility):
            raise invalid("/visibility", phrase("Choose one of the values offered."))
        lines: list[str] = [line.strip() for line in mapping.splitlines() if line.strip()]
        chosen: Any = format or None
        job = await incoming.import_file(
            visit.request, visit.held, Response(), kind, visit.viewer, chosen, None, lines or None,
            Visibility(visibility) if visibility else None, dry_run, on_error,
        )  # fmt: skip
    except (Problem, NeedmatchError) as error:
        problem = problem_of(error)
        forms.again(problem)
        if problem.status == 415:
            said = phrase("The name of the file does not tell what it is. Choose its format.")
            problem = Problem(415, problem.slug, said, [FieldError("/format", said)])
        return await anyio.to_thread.run_sync(_import_form, visit, values, problem)
    return visit.go(f"/jobs/{job.id}")


@router.get("/exports")
def wish(
    visit: Visit = door(Permission.EXPORT),
    what: Code = "",
    own: bool = False,
    format: Code = "csv",
) -> Response:
    """The form of an export."""
    values = {"what": what, "format": format, "own": own, "countries": [], "languages": [], "cpv": "",
              "nature": "", "trl_min": ""}  # fmt: skip
    return _export_form(visit, values)


@router.post("/exports")
def make(
    visit: Visit = door(Permission.EXPORT),
    what: Text = "",
    format: Text = "csv",
    own: Annotated[bool, Form()] = False,
    countries: Codes = None,
    languages: Codes = None,
    cpv: Text = "",
    nature: Text = "",
    trl_min: Text = "",
    how: Annotated[Literal["now", "job"], Form()] = "job",
) -> Response:
    """Make a file: at once where it is small, else by a job."""
    values = {
        "what": what, "format": format, "own": own, "countries": countries or [],
        "languages": languages or [], "cpv": cpv, "nature": nature, "trl_min": trl_min,
    }  # fmt: skip
    try:
        given = _wanted(values)
        if given.format == "ocds" and given.what is not What.NEEDS:
            raise invalid("/format", phrase("Only needs are written as OCDS. Choose another format."))
        if how == "now" and given.what in RECORDS:
            only = given.filters
            ending: Any = ENDINGS[given.format]
            return outgoing.at_once(
                given.what.value, ending, visit.held, visit.viewer,  # type: ignore[arg-type]
                only.countries or None, only.languages or None, only.cpv or None, only.nature, only.trl_min,
                given.own,
            )  # fmt: skip
        job = outgoing.export(given, visit.held, Response(), visit.viewer)
    except (Problem, NeedmatchError) as error:
        problem = problem_of(error)
        forms.again(problem)
        return _export_form(visit, values, problem)
    return visit.go(f"/jobs/{job.id}")


def _wanted(values: dict[str, Any]) -> ExportIn:
    """The wish of a form. Raises `Problem` 422, each field under its own name."""
    filters = {
        "countries": values["countries"], "languages": values["languages"],
        "cpv": values["cpv"].replace(",", " ").split(), "nature": values["nature"] or None,
        "trl_min": values["trl_min"] or None,
    }  # fmt: skip
    wanted = {"what": values["what"], "format": values["format"], "own": values["own"], "filters": filters}
    return forms.taken(ExportIn, wanted)


def _import_form(visit: Visit, values: dict[str, Any], problem: Problem | None = None) -> Response:
    kinds = [(f"{kind.value}s", terms.WHAT[f"{kind.value}s"]) for kind, p in WRITING.items() if visit.may(p)]
    return visit.show(
        "work/imports.html", status=problem.status if problem else 200, values=values, problem=problem,
        errors=forms.errors(problem), kinds=kinds, terms=terms, words=words,
        latest_jobs=_latest(visit, "import"),
        most=visit.held.settings.max_upload_bytes // 1_000_000,
    )  # fmt: skip


def _export_form(visit: Visit, values: dict[str, Any], problem: Problem | None = None) -> Response:
    whats = [(w.value, terms.WHAT[w.value]) for w in What if any(visit.may(p) for p in NEEDED[w])]
    return visit.show(
        "work/exports.html", status=problem.status if problem else 200, values=values, problem=problem,
        errors=_flat(forms.errors(problem), problem), whats=whats, terms=terms, words=words,
        natures=[nature.value for nature in Nature], latest_jobs=_latest(visit, "export"),
        countries=choices.countries(visit.spoken), tongues=choices.languages(visit.spoken),
        most=outgoing.AT_ONCE, trls=[(str(trl), str(trl)) for trl in range(1, 10)],
    )  # fmt: skip


def _flat(errors: dict[str, str], problem: Problem | None) -> dict[str, str]:
    """Errors of filters under the names of their fields."""
    for one in problem.errors if problem else ():
        _, _, name = one.pointer.partition("/filters/")
        if name:
            errors.setdefault(name.partition("/")[0], one.detail)
    return errors


def _latest(visit: Visit, kind: str) -> list[JobOut]:
    found = work.listed(visit.held, Paging(limit=50), visit.viewer, None, False)
    return [job for job in found.items if job.kind == kind][:LATEST]
