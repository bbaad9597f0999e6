"""Errors as answers: whatever is raised becomes a problem detail, and nothing inside ever shows."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy import exc
from starlette.exceptions import HTTPException
from starlette.responses import Response

from matcher.errors import (
    ClusterUnknown,
    FileTooLarge,
    FormatUnknown,
    InputError,
    ModelError,
    NeedmatchError,
    RecordUnknown,
    ReviewConflict,
    SettingInvalid,
)
from matcher.phrases import counted, phrase
from service.problems import MEDIA_TYPE, FieldError, Problem, conflict, not_found, told
from service.store.errors import CursorInvalid, RecordGone, RefTaken, Stale
from service.surround.request import current_id

logger = logging.getLogger("needmatch.surround")

BUSY = Problem(
    503, "busy", phrase("The service is busy. Ask again in a moment."), headers={"Retry-After": "1"}
)
UNSTORABLE = Problem(
    422, "invalid", phrase("A value is beyond what can be kept: a number too large, or a text with NUL.")
)
SLUGS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    412: "stale",
    413: "too-large",
    415: "media-type",
    422: "invalid",
    428: "precondition-required",
    429: "too-many",
    503: "busy",
}
"""Status to slug, for what the framework raises by itself."""
SECRETS = frozenset({"password", "new_password", "current_password", "token", "secret", "code"})
"""Fields of which not even a validator's sentence is repeated."""
_AWAY = ("locked", "busy", "unable to open", "disk i/o", "readonly", "read-only", "is full", "interrupted")
"""What SQLite says when it is not the statement that is wrong."""


def answer(problem: Problem) -> Response:
    """The answer that a problem is."""
    body = json.dumps(problem.as_json(current_id()), ensure_ascii=False).encode("utf-8", "replace")
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(body, problem.status, headers, media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """The problem that a foreseen error is; raises any other again."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return _of_http(error)
        case NeedmatchError():
            return of_engine(error)
    return of_database(error)


def internal() -> Problem:
    """The answer to what nobody foresaw."""
    return Problem(
        500,
        "internal",
        phrase("The service failed at this. Tell the administrator: {request}.", request=current_id()),
    )


def install(app: FastAPI) -> None:
    """Have every foreseen error of an application answered as a problem."""
    app.add_exception_handler(RequestValidationError, _handler(_of_validation))
    app.add_exception_handler(HTTPException, _handler(_of_http))
    app.add_exception_handler(Problem, _handler(lambda error: error))
    app.add_exception_handler(NeedmatchError, _handler(of_engine))
    for kind in (exc.SQLAlchemyError, OverflowError):
        app.add_exception_handler(kind, _handler(of_database))


def of_engine(error: NeedmatchError) -> Problem:
    """What an error of the engine or of the store says to a caller."""
    match error:
        case RecordUnknown():
            return not_found(error.kind, error.record_id)
        case ClusterUnknown():
            return not_found("cluster", error.cluster_id)
        case RecordGone():
            return Problem(404, "not-found", phrase("No such record is there for you to see."))
        case Stale():
            return Problem(
                412, "stale", phrase("It was changed since you read it. Read it again, then change it.")
            )
        case ReviewConflict() | RefTaken():
            return conflict(told(error))
        case CursorInvalid():
            return Problem(422, "invalid", told(error), [FieldError("query.cursor", told(error))])
        case FileTooLarge():
            return Problem(413, "too-large", told(error))
        case FormatUnknown():
            return Problem(415, "media-type", told(error))
        case InputError() | SettingInvalid():
            return Problem(422, "invalid", told(error))
        case ModelError():
            logger.error("model cannot be used", exc_info=error)
            return BUSY
    raise error


def of_database(error: Exception) -> Problem:
    """What an error of the database says to a caller; raises it again where it is a fault of ours."""
    if isinstance(error, exc.TimeoutError | exc.InterfaceError) or (
        isinstance(error, exc.OperationalError) and _away(error)
    ):
        logger.warning("database busy or away", exc_info=error)
        return BUSY
    if isinstance(error, exc.DataError | OverflowError):
        # schemas bound what they take; this is the net below them
        logger.warning("value that the database cannot hold", exc_info=error)
        return UNSTORABLE
    if isinstance(error, exc.IntegrityError):
        logger.warning("two writes at once", exc_info=error)
        return conflict(
            phrase("Somebody else wrote at the same moment, or what you name is gone. Read again.")
        )
    raise error


def pointed(errors: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """Where the errors of a validation are, as JSON pointers or names of parameters; no value is repeated.

    >>> pointed([{"loc": ("body", "cpv", 0), "msg": "Value error, no such code", "type": "value_error"}])
    [FieldError(pointer='/cpv/0', detail='no such code')]
    """
    found: list[FieldError] = []
    for error in errors:
        where, *path = error["loc"] or ("body",)
        if where == "body":
            pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
        else:
            pointer = ".".join(map(str, (where, *path)))
        secret = any(str(part).lower() in SECRETS for part in path)
        detail = (
            phrase("This cannot be taken.") if secret and error["type"] == "value_error" else _told(error)
        )
        one = FieldError(_clean(pointer)[:300], detail)
        if one not in found:
            found.append(one)
    return found[:100]


def _told(error: Mapping[str, Any]) -> str:
    """What a validator says; a phrase that it raised stays one."""
    raised = (error.get("ctx") or {}).get("error")
    said = told(raised) if isinstance(raised, ValueError) else error["msg"].removeprefix("Value error, ")
    plain = _clean(said)[:500]
    return said if plain == said else plain


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _of_validation(error: RequestValidationError) -> Problem:
    errors = list(error.errors())
    if any(one["type"] == "json_invalid" for one in errors):
        return Problem(400, "malformed", phrase("The body is not JSON. Send one JSON document in UTF-8."))
    return Problem(
        422,
        "invalid",
        counted(
            "{n} field cannot be taken as given; see errors.",
            "{n} fields cannot be taken as given; see errors.",
            len(errors),
        ),
        pointed(errors),
    )


def _of_http(error: HTTPException) -> Problem:
    slug = SLUGS.get(error.status_code, "http-error")
    detail = {
        404: phrase("There is nothing at this address."),
        405: phrase("This address does not take this method; see Allow."),
    }.get(error.status_code, str(error.detail))
    return Problem(error.status_code, slug, detail, headers=dict(error.headers or {}))


def _away(error: exc.OperationalError) -> bool:
    cause = error.orig
    if type(cause).__module__.startswith("sqlite3"):
        return any(word in str(cause).lower() for word in _AWAY)
    return True


def _handler(turn: Callable[[Any], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(_: Request, error: Exception) -> Response:
        return answer(turn(error))

    return handle
