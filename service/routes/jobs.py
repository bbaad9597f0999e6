"""Jobs: how far they are, what came of them, and how to end them."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.access import BackendIn, require
from service.backend import Backend
from service.jobs import queue
from service.jobs.formats import MEDIA_TYPES
from service.jobs.imports import REPORT
from service.paging import PagingIn
from service.problems import Problem, not_found
from service.rights.policy import Permission, Scope, may
from service.rights.viewer import Viewer
from service.routes.latest import older
from service.schemas.forms import Key, Page
from service.schemas.jobs import JobOut, job_out
from service.store import audit
from service.store.tables import JobRow, UserRow
from service.store.tables.operation import Status

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("", response_model=Page[JobOut])
def listed(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.ACCOUNT),
    status: Annotated[Status | None, Query(description="Only these.")] = None,
    everybody: Annotated[bool, Query(description="Those of all users; administrators only.")] = False,
) -> Page[JobOut]:
    """One's jobs, the latest first."""
    asked = select(JobRow).order_by(JobRow.created_at.desc(), JobRow.id.desc()).limit(paging.limit + 1)
    if not (everybody and _operates(viewer)):
        asked = asked.where(JobRow.user_id == viewer.user_id)
    if status is not None:
        asked = asked.where(JobRow.status == status.value)
    if (rest := older(paging, JobRow.created_at, JobRow.id)) is not None:
        asked = asked.where(rest)
    with held.database.read() as session:
        rows = session.scalars(asked).all()
        shown, following = paging.cut(rows, lambda row: [row.created_at.isoformat(), row.id])
        names = names_of(session, shown) if everybody and _operates(viewer) else {}
        return Page(
            items=[_out(session, row, names.get(row.user_id or "", "")) for row in shown], next=following
        )


@router.get("/{job_id}", response_model=JobOut)
def one(job_id: Key, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)) -> JobOut:
    """A job with its progress, its result, and the beginning of its report."""
    with held.database.read() as session:
        row = own(session, viewer, job_id)
        names = {} if row.user_id == viewer.user_id else names_of(session, [row])
        return _out(session, row, names.get(row.user_id or "", ""))


@router.get(
    "/{job_id}/report.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}}
)
def report(job_id: Key, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)) -> StreamingResponse:
    """All that was found about the rows of an import, a line for each finding."""
    return _sent(held, viewer, job_id, report=True)


@router.get(
    "/{job_id}/file",
    response_class=StreamingResponse,
    responses={200: {"content": {media.partition(";")[0]: {} for media in MEDIA_TYPES.values()}}},
)
def file(job_id: Key, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)) -> StreamingResponse:
    """What an export made."""
    return _sent(held, viewer, job_id, report=False)


@router.post("/{job_id}/cancel", response_model=JobOut)
def cancel(job_id: Key, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)) -> JobOut:
    """End a job. What it kept so far stays kept; one that is over stays as it is."""
    with held.database.write() as session:
        before = own(session, viewer, job_id).status
        row = queue.cancel(session, job_id, held.clock())
        if row is None:
            raise not_found("job", job_id)
        if row.status != before:
            queue.drop_given(session, job_id)
            audit.record(session, action="job.cancel", viewer=viewer, kind="job", id=job_id)
        return _out(session, row)


def own(session: Session, viewer: Viewer, job_id: str) -> JobRow:
    """A job of the viewer, or any for an administrator. Raises 404 for any other."""
    row = session.get(JobRow, job_id)
    if row is None or (row.user_id != viewer.user_id and not _operates(viewer)):
        raise not_found("job", job_id)
    return row


def _operates(viewer: Viewer) -> bool:
    return may(viewer.role, Permission.OPERATE) and Scope.ADMIN in viewer.scopes


def names_of(session: Session, jobs: Iterable[JobRow]) -> dict[str, str]:
    """Ids of those whose jobs they are, and what they are called: their address where they gave no name."""
    wanted = {row.user_id for row in jobs if row.user_id}
    return {
        user.id: user.name or user.email
        for user in session.scalars(select(UserRow).where(UserRow.id.in_(wanted)))
    }


def _out(session: Session, row: JobRow, user: str = "") -> JobOut:
    return job_out(row, [name for name, _ in queue.files_of(session, row.id, made=True)], user)


def _sent(held: Backend, viewer: Viewer, job_id: str, *, report: bool) -> StreamingResponse:
    with held.database.read() as session:
        row = own(session, viewer, job_id)
        if not report and row.user_id != viewer.user_id:
            # it holds what its user may see; an administrator may not see all of that
            raise not_found("file of job", job_id)
        made = [each for each in queue.files_of(session, job_id, made=True) if (each[0] == REPORT) is report]
        if not made:
            raise Problem(
                404,
                "not-found",
                phrase(
                    "The job {job_id} is {status} and has no such file.", job_id=job_id, status=row.status
                ),
            )
        name, media_type = made[0]
    content: Iterator[bytes] = queue.pieces(held.database, job_id, name, made=True)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, media_type=media_type, headers=headers)
