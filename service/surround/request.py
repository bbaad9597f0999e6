"""The request that is being answered: its id, which answers, logs and audit rows share."""

import re
from typing import Any
from uuid import uuid4

from sqlalchemy import event

from service.logs import REQUEST_ID
from service.store.tables import AuditRow

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,35}")


def current_id() -> str:
    """The id of the request being answered in this context; empty outside of one."""
    return REQUEST_ID.get()


def begin(given: str | None) -> str:
    """Take over a request's own id if it is sane, else make one; it holds for this context.

    >>> begin("build-2027-0001"), len(begin("a b")), len(begin(None))
    ('build-2027-0001', 36, 36)
    """
    found = given if given is not None and _SANE.fullmatch(given) else str(uuid4())
    REQUEST_ID.set(found)
    return found


def name_audit() -> None:
    """Have every audit row carry the id of the request that writes it."""
    if not event.contains(AuditRow, "init", _name):
        event.listen(AuditRow, "init", _name)


def _name(_: object, __: object, given: dict[str, Any]) -> None:
    given["request_id"] = given.get("request_id") or current_id()
