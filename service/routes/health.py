"""Whether the process answers and is ready, and its metrics; at the root, beside the interface proper."""

from functools import cache
from ipaddress import ip_address
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from service.access import BackendIn, Right, viewer
from service.backend import Backend
from service.problems import FieldError, Problem, not_found
from service.rights.policy import Permission
from service.schemas.forms import Answer
from service.store import migrate
from service.surround import metrics

router = APIRouter(tags=["health"])
BEHIND_S = 10.0
"""How old a change may be that the index lacks, in a service that is ready."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class Alive(Answer):
    """The process answers."""

    status: Literal["alive"] = Field(default="alive", examples=["alive"])


class Ready(Answer):
    """The process can do its work."""

    status: Literal["ready"] = Field(default="ready", examples=["ready"])


@router.get("/health/live", response_model=Alive)
def live() -> Alive:
    """Whether the process answers; restart it where this fails."""
    return Alive()


@router.get("/health/ready", response_model=Ready, responses={503: {"description": "Not ready"}})
def ready(held: BackendIn) -> Ready:
    """Whether requests can be served: database and its schema, index, model. Numbers are not told here."""
    wrong = unready(held)
    if wrong:
        raise Problem(503, "not-ready", "The service is not ready.", wrong, headers={"Retry-After": "2"})
    return Ready()


@router.get("/metrics", include_in_schema=False)
def scrape(request: Request, held: BackendIn) -> Response:
    """Metrics in Prometheus' text form, for this machine or with a token that may operate."""
    if not held.settings.metrics:
        raise not_found("page", "metrics")
    if not _near(request):
        Right(Permission.OPERATE)(request, viewer(request, held))
    return Response(metrics.exposed(held), media_type="text/plain; version=0.0.4; charset=utf-8")


def unready(held: Backend) -> list[FieldError]:
    """What keeps the service from its work."""
    if not held.ready.is_set():
        return [FieldError("index", "The index is being loaded.")]
    try:
        if migrate.current(held.database) != _head():
            return [FieldError("schema", "The database is of another version. Start the service anew.")]
        changes, seconds = metrics.lag(held)
    except SQLAlchemyError:
        return [FieldError("database", "The database does not answer.")]
    if changes and seconds > BEHIND_S:
        return [FieldError("index", "The index is behind the database.")]
    return []


@cache
def _head() -> str:
    return migrate.head()  # reads files


def _near(request: Request) -> bool:
    """Whether a request is of this very machine, and not passed on by a proxy on it."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
