"""Administration: what waits, the audit log, and the models that answers are made with."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from matcher.phrases import phrase
from service.paging import MOST, Paging
from service.problems import FieldError, Problem
from service.rights.policy import Permission, Role
from service.rights.viewer import Viewer
from service.routes import audit as log
from service.routes import jobs as work
from service.routes import models as registry
from service.routes import organisations as directory
from service.schemas.organisations import OrganisationOut
from service.store.tables.operation import Status
from service.web import forms, terms
from service.web.page import PageRoute, Visit, door
from service.web.pages import users as accounts

router = APIRouter(route_class=PageRoute)
SHOWN = 5
"""Entries of each list of the overview."""
PART = 50
"""Rows of one page of the audit log."""
Text = Annotated[str, Query(max_length=200)]


@router.get("/administration")
def overview(visit: Visit = door(Permission.VET)) -> Response:
    """What waits for somebody: organisations to vet, jobs that failed, accounts that are locked."""
    held, viewer = visit.held, visit.viewer
    waiting = [one for one in pending(visit) if judges(viewer, one)]
    failed = None
    if visit.may("operate"):
        failed = work.listed(held, Paging(limit=SHOWN), viewer, Status.FAILED, True)
    locked = None
    if visit.may("manage_users"):
        now = held.clock()
        locked = [u for u in accounts.all_users(visit) if u.locked_until is not None and u.locked_until > now]
    return visit.show(
        "administration/overview.html", waiting=waiting, failed=failed, locked=locked, shown=SHOWN,
        model=registry.models(held, viewer).in_use, terms=terms,
    )  # fmt: skip


def pending(visit: Visit) -> list[OrganisationOut]:
    """The organisations that wait to be vetted."""
    found: list[OrganisationOut] = []
    cursor = None
    while True:
        part = directory.organisations(visit.held, Paging(cursor, MOST), visit.viewer, None, None, True)
        found += part.items
        cursor = part.next
        if cursor is None:
            return found


def judges(viewer: Viewer, one: OrganisationOut) -> bool:
    """Whether a viewer decides on an organisation: contacts on their own country's, never on their own."""
    if viewer.role is Role.ADMINISTRATOR:
        return True
    return viewer.vetted and one.vetting is not None and not viewer.owns(one.id)


@router.get("/administration/audit")
def audit(
    visit: Visit = door(Permission.AUDIT),
    actor: Text = "",
    action: Text = "",
    kind: Text = "",
    object: Text = "",
    request: Text = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """What was done and seen, newest first."""
    asked = {
        "actor": actor, "action": action, "kind": kind, "object": object, "request": request,
        "since": since, "until": until,
    }  # fmt: skip
    problem, found = None, None
    try:
        who, begin, end = accounts.id_of(visit, actor), _moment("since", since), _moment("until", until, 1)
        found = log.events(
            visit.held, Paging(cursor, PART), visit.viewer, who, None, action or None, kind or None,
            object or None, request or None, begin, end,
        )  # fmt: skip
    except Problem as error:
        forms.again(error)
        problem = error
    return visit.show(
        "administration/audit.html", status=problem.status if problem else 200, asked=asked, found=found,
        names=_names(visit, found.items if found else []), problem=problem, errors=forms.errors(problem),
        terms=terms, cursor=cursor,
        actions=sorted(terms.ACTIONS.items(), key=lambda pair: visit.spoken.say(pair[1])),
        kinds=sorted(terms.OBJECTS.items(), key=lambda pair: visit.spoken.say(pair[1])),
    )  # fmt: skip


def _moment(name: str, text: str, days: int = 0) -> datetime | None:
    """The beginning of a day in UTC, so many days later."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), UTC)
    except (ValueError, OverflowError):
        said = phrase("Give a day, such as 2027-03-31.")
        raise Problem(422, "invalid", said, [FieldError(f"query.{name}", said)]) from None


def _names(visit: Visit, events: list[log.Event]) -> dict[str, str]:
    """Who acted and whose organisation it was, by id."""
    names: dict[str, str] = {}
    for id_ in {one.actor_id for one in events if one.actor_id}:
        user = accounts.found(visit, id_)
        if user is not None:
            names[id_] = user.name or user.email
    for id_ in {one.organisation_id for one in events if one.organisation_id}:
        try:
            names[id_] = directory.organisation(id_, Response(), visit.held, visit.viewer).name
        except Problem:
            continue  # it is gone; its id stays in the log
    return names


@router.get("/administration/models")
def models(visit: Visit = door(Permission.VET)) -> Response:
    """The models that are known, the one in use, and what was fitted for it."""
    found = registry.models(visit.held, visit.viewer)
    base: Any = next((one for one in found.known if one.id == found.in_use.base), None)
    return visit.show("administration/models.html", found=found, used=found.in_use, base=base)
