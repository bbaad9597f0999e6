"""The inbox: what happened to what one follows."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from matcher.phrases import counted, phrase
from service.paging import Paging
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import inbox as resource
from service.schemas.forms import Key
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
ACCOUNT = Permission.ACCOUNT
AT_ONCE = 100
"""Messages marked as read together."""


@router.get("/inbox")
def inbox(
    visit: Visit = door(ACCOUNT),
    only: Annotated[str, Query(max_length=10)] = "",
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """One's messages, the latest first."""
    unread = only == "unread"
    found = resource.inbox(visit.held, Paging(cursor), visit.viewer, unread=unread)
    return visit.show("following/inbox.html", found=found, unread=unread)


@router.post("/inbox/{message_id}/read")
def read(
    message_id: Key, visit: Visit = door(ACCOUNT), only: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Mark one message as read."""
    resource.read(message_id, visit.held, visit.viewer)
    return visit.go("/inbox?only=unread" if only == "unread" else f"/inbox#m-{message_id}")


@router.post("/inbox/read")
def read_all(visit: Visit = door(ACCOUNT)) -> Response:
    """Mark the messages of the inbox as read."""
    found = resource.inbox(visit.held, Paging(None, AT_ONCE), visit.viewer, unread=True)
    for message in found.items:
        try:
            resource.read(message.id, visit.held, visit.viewer)
        except Problem as problem:  # one that went meanwhile
            if problem.status != 404:
                raise
    if not found.items:
        return visit.go("/inbox", phrase("Everything was read already."))
    said = counted("{n} message is marked as read.", "{n} messages are marked as read.", len(found.items))
    return visit.go("/inbox", said)
