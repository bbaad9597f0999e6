"""Files and streams of records on their way in."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, BinaryIO, Literal

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile

from corpora import archive
from corpora.formats import TOLD
from matcher.phrases import phrase
from matcher.records import Kind, Visibility
from service.access import BackendIn, require
from service.backend import Backend
from service.jobs import queue
from service.jobs.bulk import answers
from service.jobs.formats import SENT, safe_name
from service.jobs.imports import KIND, WRITING, Order
from service.jobs.queue import Upload
from service.problems import Problem, forbidden, invalid
from service.rights.policy import Permission, may
from service.rights.viewer import Viewer
from service.schemas.forms import Line
from service.schemas.jobs import JobOut, job_out
from service.store.tables import JobRow

router = APIRouter(tags=["jobs"])
NDJSON = "application/x-ndjson"
FILE: dict[str, Any] = {"type": "string", "format": "binary"}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": FILE}}
            },
            **{media_type: {"schema": FILE} for media_type in (*SENT, "application/octet-stream")},
        },
    }
}
LINES: dict[str, Any] = {
    "requestBody": {"required": True, "content": {NDJSON: {"schema": FILE}}},
}
ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {"description": "One line for each line: its number, and id or errors.", "content": {NDJSON: {}}}
}


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it was sent."""

    name: str
    media_type: str
    content: BinaryIO
    size: int


@router.post("/imports", status_code=202, response_model=JobOut, openapi_extra=BODY)
async def import_file(
    request: Request,
    held: BackendIn,
    response: Response,
    kind: Annotated[Literal["needs", "solutions"], Query(description="What the file holds.")],
    viewer: Viewer = require(Permission.IMPORT),
    file_format: Annotated[
        Literal[
            "csv",
            "tsv",
            "xlsx",
            "jsonl",
            "ndjson",
            "json",
            "xml",
            "ocds",
            "eforms",
            "ted",
            "tar.gz",
            "tgz",
            "tar",
            "zip",
        ]
        | None,
        Query(alias="format", description="By the name of the file, or its Content-Type, unless given."),
    ] = None,
    name: Annotated[Line | None, Query(description="Name of the file, where it is the body itself.")] = None,
    renamed: Annotated[
        list[Line] | None,
        Query(alias="map", max_length=60, description="Columns: `new=old`, or `new=old|older`."),
    ] = None,
    visibility: Annotated[
        Visibility | None, Query(description="Of every row, whatever the file says.")
    ] = None,
    dry_run: Annotated[bool, Query(description="Only report; keep nothing.")] = False,
    on_error: Annotated[
        Literal["keep_good", "refuse_all"],
        Query(description="Whether rows that are good are kept when others are not."),
    ] = "keep_good",
) -> JobOut:
    """Import a file of needs or solutions. The answer is a job; its report says what became of each row.

    A tar.gz or zip holds notices, eForms or TED, each a file of its own; in the report each has its name.
    A row whose id your organisation used before changes that record; nothing is kept twice.
    """
    of = Kind(kind.removesuffix("s"))
    if not may(viewer.role, WRITING[of]):
        raise forbidden(
            phrase("Your role may not enter needs.")
            if of is Kind.NEED
            else phrase("Your role may not enter solutions.")
        )
    order = Order(of, file_format, tuple(renamed or ()), visibility, dry_run, on_error == "refuse_all")
    _ = order.mapping  # a mapping that cannot be is refused before the file is read
    async with received(request, name) as file:
        if not file.size:
            raise invalid(
                "", phrase("The file is empty. Send the file itself, or as the field 'file' of a form.")
            )
        called = named(file, file_format)
        row, made = await anyio.to_thread.run_sync(_queued, held, viewer, order, called, file)
    response.headers["Location"] = f"/api/v1/jobs/{row.id}"
    return job_out(row, made)


@router.post("/needs/bulk", response_class=StreamingResponse, openapi_extra=LINES, responses=ANSWERED)
async def bulk_needs(
    request: Request, held: BackendIn, viewer: Viewer = require(Permission.WRITE_NEEDS)
) -> StreamingResponse:
    """Enter many needs, one JSON object a line, as for `POST /needs`; an answer line for each."""
    return await _bulk(request, held, viewer, Kind.NEED)


@router.post("/solutions/bulk", response_class=StreamingResponse, openapi_extra=LINES, responses=ANSWERED)
async def bulk_solutions(
    request: Request, held: BackendIn, viewer: Viewer = require(Permission.WRITE_SOLUTIONS)
) -> StreamingResponse:
    """Enter many solutions, one JSON object a line, as for `POST /solutions`; an answer line for each."""
    return await _bulk(request, held, viewer, Kind.SOLUTION)


@asynccontextmanager
async def received(request: Request, name: str | None = None) -> AsyncIterator[Received]:
    """The file of a request, a field of a form or the body itself, on disk where it is large."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        async with request.form(max_files=1, max_fields=10) as form:
            files = [part for part in form.values() if isinstance(part, UploadFile)]
            if not files:
                raise invalid("/file", phrase("The form has no file. Send one as the field 'file'."))
            file = files[0]
            sent = (file.content_type or "").partition(";")[0].strip().lower()
            yield Received(name or file.filename or "", sent, file.file, file.size or 0)
        return
    with TemporaryFile() as body:
        size = await _spooled(request, body)
        yield Received(name or "", media_type, body, size)


def named(file: Received, file_format: str | None) -> str:
    """A safe name that ends in the file's format. Raises 415 where nothing tells the format."""
    name = safe_name(file.name) if file.name else "upload"
    packed = archive.suffix_of(Path(name))
    if packed and file_format in (None, "xml", "eforms", "ted"):
        return name
    if file_format is not None:
        # readers go by the ending in places
        endings = {"ocds": "json", "eforms": "xml", "ted": "xml"}
        ending = endings.get(file_format, file_format)
    else:
        ending = name.rpartition(".")[2] if "." in name else SENT.get(file.media_type, "")
    if ending not in TOLD:
        raise Problem(
            415,
            "media-type",
            phrase(
                "The format of {name!r} ({media_type}) is not known. Name it: format={formats}.",
                name=name,
                media_type=file.media_type or phrase("no Content-Type"),
                formats="|".join(TOLD),
            ),
        )
    return name if name.endswith(f".{ending}") else f"{name}.{ending}"


async def _spooled(request: Request, body: IO[bytes]) -> int:
    size = 0
    async for part in request.stream():
        await anyio.to_thread.run_sync(body.write, part)
        size += len(part)
    body.seek(0)
    return size


def _queued(
    held: Backend, viewer: Viewer, order: Order, name: str, file: Received
) -> tuple[JobRow, list[str]]:
    with held.database.write() as session:
        upload = Upload(name, file.media_type[:100] or "application/octet-stream", file.content)
        options = order.as_options() | {"name": name, "bytes": file.size}
        return queue.enqueue(session, KIND, viewer, options, [upload]), []


async def _bulk(request: Request, held: Backend, viewer: Viewer, kind: Kind) -> StreamingResponse:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (NDJSON, "application/jsonl", "application/ndjson"):
        raise Problem(415, "media-type", phrase("Send {ndjson}, one JSON object a line.", ndjson=NDJSON))
    # clients send all before they read: an answer that began earlier could fill the pipe for both
    body = TemporaryFile()  # noqa: SIM115  # closed when it was answered
    try:
        await _spooled(request, body)
    except BaseException:
        body.close()
        raise
    return StreamingResponse(_lines(held, viewer, kind, body), media_type=NDJSON)


def _lines(held: Backend, viewer: Viewer, kind: Kind, body: IO[bytes]) -> Iterator[bytes]:
    with body:
        for answer in answers(held, viewer, kind, body):
            yield json.dumps(answer, ensure_ascii=False).encode() + b"\n"
