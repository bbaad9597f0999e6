"""Exports: as a job, or at once where they are small."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from matcher.filters import Filter
from matcher.phrases import phrase
from matcher.records import Nature
from service.access import BackendIn, require
from service.backend import Backend
from service.jobs import exports, queue
from service.jobs.exports import RECORDS, Wish
from service.jobs.formats import MEDIA_TYPES, file_name
from service.problems import Problem
from service.records.noting import Sightings
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import Codes, Countries, Languages, LeastTrl, OfNature, filter_of
from service.schemas.jobs import ExportIn, Filters, JobOut, What, job_out

router = APIRouter(prefix="/exports", tags=["jobs"])
AT_ONCE = 5_000
"""Records of an export that is sent at once."""
PIECE = 65_536


@router.post("", status_code=202, response_model=JobOut)
def export(
    given: ExportIn, held: BackendIn, response: Response, viewer: Viewer = require(Permission.EXPORT)
) -> JobOut:
    """Have a file made of what you may see then; fetch it under `links.file` when the job is done."""
    wish = Wish(given.what, given.format, narrowed(given.filters), given.own)
    exports.check(wish, viewer)
    options = given.model_dump(mode="json", exclude_defaults=True) | {
        "what": given.what.value,
        "format": given.format,
        "filters": as_options(given.filters),
    }
    with held.database.write() as session:
        row = queue.enqueue(session, exports.KIND, viewer, options)
        response.headers["Location"] = f"/api/v1/jobs/{row.id}"
        return job_out(row, [])


@router.get(
    "/{what}.{ending}",
    response_class=StreamingResponse,
    responses={200: {"content": {media.partition(";")[0]: {} for media in MEDIA_TYPES.values()}}, 409: {}},
)
def at_once(
    what: Literal["needs", "solutions"],
    ending: Literal["csv", "tsv", "xlsx", "jsonl", "json"],
    held: BackendIn,
    viewer: Viewer = require(Permission.EXPORT),
    countries: Countries = None,
    languages: Languages = None,
    cpv: Codes = None,
    nature: OfNature = None,
    trl_min: LeastTrl = None,
    own: Annotated[bool, Query(description="Only what belongs to your organisation.")] = False,
) -> StreamingResponse:
    """Needs or solutions as a file, at once; `.json` is OCDS. 409 where there are too many."""
    where = filter_of(countries, languages, cpv, nature, trl_min)
    wish = Wish(What(what), "ocds" if ending == "json" else ending, where, own)
    exports.check(wish, viewer)
    folder = TemporaryDirectory(prefix="needmatch-")
    try:
        path = _made(held, viewer, wish, Path(folder.name))
    except BaseException:
        folder.cleanup()
        raise
    headers = {"Content-Disposition": f'attachment; filename="{path.name}"'}
    return StreamingResponse(_content(path, folder), media_type=MEDIA_TYPES[wish.format], headers=headers)


def narrowed(filters: Filters) -> Filter:
    """The filter of a body. Raises `Problem` 422."""
    return filter_of(
        list(filters.countries), list(filters.languages), list(filters.cpv), filters.nature, filters.trl_min
    )


def as_options(filters: Filters) -> dict[str, object]:
    """The filter as it is kept, countries and codes written one way."""
    found = narrowed(filters)
    kept: dict[str, object] = {
        "countries": list(found.countries),
        "languages": list(found.languages),
        "cpv": list(found.cpv),
        "nature": found.nature.value if isinstance(found.nature, Nature) else None,
        "trl_min": found.trl_min,
    }
    return {name: value for name, value in kept.items() if value}


def _made(held: Backend, viewer: Viewer, wish: Wish, folder: Path) -> Path:
    number = sum(1 for _ in exports.visible(held, viewer, RECORDS[wish.what], wish))
    if number > AT_ONCE:
        raise Problem(
            409,
            "conflict",
            phrase(
                "{number:,} records are too many to be sent at once; the limit is {at_once:,}. "
                "Narrow them, or have a job make the file (POST /exports).",
                number=number,
                at_once=AT_ONCE,
            ),
        )
    path = folder / file_name(wish.what.value, wish.format)
    seen = Sightings(held, viewer)
    rows = exports.write(held, viewer, wish, path, seen)
    with held.database.write() as session:
        exports.note(session, viewer, wish, rows, seen)
    return path


def _content(path: Path, folder: "TemporaryDirectory[str]") -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    finally:
        folder.cleanup()
