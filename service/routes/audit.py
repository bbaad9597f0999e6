"""The audit log, for those who watch over the service."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import ColumnElement, String, cast, or_

from matcher.phrases import phrase
from service.access import BackendIn, require
from service.paging import PagingIn
from service.problems import invalid
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.schemas.forms import Answer, Key, Page, UtcDateTime
from service.store import audit
from service.store.tables import AuditRow

router = APIRouter(prefix="/audit", tags=["audit"])
Wanted = Annotated[Key | None, Query()]
Moment = Annotated[UtcDateTime | None, Query(examples=["2027-03-31T12:00:00Z"])]


class Event(Answer):
    """One thing that was done or seen."""

    id: int = Field(examples=[7])
    at: UtcDateTime = Field(examples=["2027-03-31T12:00:00Z"])
    actor_id: str | None = Field(description="The user; null for nobody, and for one who was erased.")
    organisation_id: str | None
    action: str = Field(examples=["need.create"])
    object_kind: str = Field(examples=["need"])
    object_id: str
    before_hash: str | None = Field(description="SHA-256 of what it was.")
    after_hash: str | None = Field(description="SHA-256 of what it became.")
    reason: str
    versions: dict[str, str | int | float | bool | list[str] | None] = Field(
        description="Model and fitted values; in `shown` the ids of restricted records that an answer showed."
    )
    request_id: str


@router.get("", response_model=Page[Event])
def events(
    held: BackendIn,
    part: PagingIn,
    viewer: Viewer = require(Permission.AUDIT),
    actor: Wanted = None,
    organisation: Wanted = None,
    action: Annotated[Key | None, Query(examples=["need.create"])] = None,
    kind: Annotated[Key | None, Query(examples=["need"])] = None,
    object: Wanted = None,
    request: Wanted = None,
    since: Moment = None,
    until: Moment = None,
) -> Page[Event]:
    """What was done and seen, newest first. Filters narrow it down; moments include `since`, not `until`."""
    del viewer
    if since is not None and until is not None and since >= until:
        raise invalid("query.until", phrase("The end is not after the beginning. Give a later one."))
    columns = {
        AuditRow.actor_id: actor,
        AuditRow.organisation_id: organisation,
        AuditRow.action: action,
        AuditRow.object_kind: kind,
        AuditRow.request_id: request,
    }
    where: list[ColumnElement[bool]] = [
        column == wanted for column, wanted in columns.items() if wanted is not None
    ]
    if object is not None:
        # what shows many records at once names them all in one row
        among = cast(AuditRow.versions, String).contains(f'"{object}"', autoescape=True)
        where.append(or_(AuditRow.object_id == object, among))
    if since is not None:
        where.append(AuditRow.at >= since)
    if until is not None:
        where.append(AuditRow.at < until)
    with held.database.read() as session:
        found = audit.page(session, where=where, after=part.cursor, limit=part.limit)
    return Page[Event](items=[_event(row) for row in found.items], next=found.next)


def _event(row: AuditRow) -> Event:
    names = set(Event.model_fields) - {"versions"}
    versions = {
        key: value
        if isinstance(value, str | int | float | bool | None)
        or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        else str(value)
        for key, value in row.versions.items()
    }
    return Event(**{name: getattr(row, name) for name in names}, versions=versions)
