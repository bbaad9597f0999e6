"""Jobs: how far imports and exports are, what came of each row, and what they made."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from matcher.phrases import phrase
from service.paging import Paging
from service.rights.policy import Permission
from service.routes import jobs as resource
from service.schemas.forms import Key
from service.schemas.jobs import JobOut
from service.store.tables.operation import Status
from service.web import terms
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
PART = 20
OVER = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})
StatusIn = Annotated[str, Query(max_length=20)]
Cursor = Annotated[str | None, Query(max_length=2_000)]


@router.get("/administration/jobs")
def of_all(visit: Visit = door(Permission.OPERATE), status: StatusIn = "", cursor: Cursor = None) -> Response:
    """The jobs of all users, the latest first."""
    return _list(visit, status, cursor, everybody=True)


@router.get("/jobs")
def mine(visit: Visit = door(Permission.ACCOUNT), status: StatusIn = "", cursor: Cursor = None) -> Response:
    """One's own jobs, the latest first."""
    return _list(visit, status, cursor, everybody=False)


@router.get("/jobs/{job_id}")
def one(
    job_id: Key, visit: Visit = door(Permission.ACCOUNT), was: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """A job with its progress and its report; a script asks for it again until it is over."""
    job = resource.one(job_id, visit.held, visit.viewer)
    return visit.show(
        "work/job.html", part="progress", job=job, over=job.status in OVER, was=was, terms=terms,
        share=_share(job),
    )  # fmt: skip


@router.post("/jobs/{job_id}/cancel")
def cancel(job_id: Key, visit: Visit = door(Permission.ACCOUNT)) -> Response:
    """End a job."""
    job = resource.cancel(job_id, visit.held, visit.viewer)
    if job.status is Status.CANCELLED:
        return visit.go(f"/jobs/{job_id}", phrase("The job was cancelled. What it kept so far stays."))
    return visit.go(f"/jobs/{job_id}", phrase("The job was over already, so it stays as it is."), "warn")


@router.get("/jobs/{job_id}/report.csv")
def report(job_id: Key, visit: Visit = door(Permission.ACCOUNT)) -> Response:
    """The whole report of an import."""
    return resource.report(job_id, visit.held, visit.viewer)


@router.get("/jobs/{job_id}/file")
def file(job_id: Key, visit: Visit = door(Permission.ACCOUNT)) -> Response:
    """What an export made."""
    return resource.file(job_id, visit.held, visit.viewer)


def _list(visit: Visit, status: str, cursor: str | None, *, everybody: bool) -> Response:
    only = Status(status) if status in set(Status) else None
    found = resource.listed(visit.held, Paging(cursor, PART), visit.viewer, only, everybody)
    return visit.show(
        "administration/jobs.html" if everybody else "work/jobs.html", found=found, only=status,
        cursor=cursor, terms=terms, shares={job.id: _share(job) for job in found.items},
    )  # fmt: skip


def _share(job: JobOut) -> float | None:
    """How much of a job is done, of 1; None while that is not known."""
    if job.status is Status.DONE:
        return 1.0
    return min(1.0, job.done / job.total) if job.total else None
