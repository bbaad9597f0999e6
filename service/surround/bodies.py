"""Bodies that are taken: not too large, of the kind that the route reads, and JSON that is JSON."""

from collections.abc import Iterator
from typing import Any

import anyio
import pydantic_core
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.phrases import phrase
from service.problems import FieldError, Problem
from service.settings import ServerSettings
from service.surround.places import Body, Place

DEEPEST = 64
"""Objects and lists within each other."""
UPLOADS = ("/api/v1/imports", "/imports")
BULK = "/bulk"
DRAINED = 8
"""Times the limit that is still read of a body too large, so that its sender gets to read why."""
DRAINED_S = 10.0
FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


class Bodies:
    """Refuses bodies before a route reads them: 413, 415, 400 and 422."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `Problem`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        check_address(scope)
        headers = Headers(scope=scope)
        length = _length(headers)
        if length == 0 and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        most = self._settings.max_upload_bytes if upload(scope) else self._settings.max_body_bytes
        if length is not None and length > most:
            await _drain(receive, DRAINED * most)
            raise _too_large(most)
        place: Place | None = scope["state"].get("place")
        check_type(headers, place)
        if place is not None and place.body is Body.JSON and scope["method"] in place.methods:
            body = await _read(receive, most)
            check_json(body)
            receive = again(body, receive)
        else:
            receive = _counted(receive, most)
        await self._app(scope, receive, send)


def upload(scope: Scope) -> bool:
    """Whether a path takes files."""
    path: str = scope["path"]
    return path.startswith(UPLOADS) or path.endswith(BULK)


def check_address(scope: Scope) -> None:
    """Raises `Problem` for what no text of an address may hold: NUL."""
    if "\x00" in scope["path"]:
        raise Problem(404, "not-found", phrase("There is nothing at this address."))
    if b"%00" in scope["query_string"] or b"\x00" in scope["query_string"]:
        raise Problem(422, "invalid", phrase("A parameter holds the character NUL. Leave it out."))


def check_type(headers: Headers, place: Place | None) -> None:
    """Raises `Problem` 415 where a route reads another kind of body than what is sent."""
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Problem(415, "media-type", phrase("Send the body as it is, without Content-Encoding."))
    if place is None or place.body is Body.RAW:
        return
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    charset = _charset(headers.get("content-type", ""))
    if place.body is Body.JSON:
        good = given == "application/json" or (given.startswith("application/") and given.endswith("+json"))
        if charset not in {"", "utf-8", "utf8", "us-ascii"}:
            raise Problem(415, "media-type", phrase("JSON is read as UTF-8. Send it so."))
    else:
        good = given in FORMS
    if not good:
        raise Problem(
            415,
            "media-type",
            phrase(
                "This address reads {media_type}, not {given}.", media_type=place.media_type, given=given[:80]
            )
            if given
            else phrase(
                "This address reads {media_type}, not a body without Content-Type.",
                media_type=place.media_type,
            ),
        )


def check_json(body: bytes) -> None:
    """Raises `Problem`: 400 for what is not JSON in UTF-8, or too deep; 422 for text that cannot be kept.

    NaN and Infinity are no JSON; of a key that comes twice the last one counts.
    """
    if not body:
        return
    try:
        found = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Problem(
            400, "malformed", phrase("The body is not JSON in UTF-8: {why}.", why=_said(error))
        ) from None
    for pointer, text, depth in _texts(found):
        if depth > DEEPEST:
            raise Problem(400, "malformed", phrase("The body is nested more than {most} deep.", most=DEEPEST))
        if text is not None and "\x00" in text:
            detail = phrase("The text holds the character NUL. Leave it out.")
            raise Problem(422, "invalid", detail, [FieldError(pointer, detail)])


def again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, and then what comes after it."""
    given = False

    async def give() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


def _texts(value: Any) -> Iterator[tuple[str, str | None, int]]:
    """Every text of a JSON value with its pointer and depth, and every list or object without one."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        pointer, one, depth = waiting.pop()
        if isinstance(one, str):
            yield pointer, one, depth
        elif isinstance(one, dict | list):
            yield pointer, None, depth + 1
            if isinstance(one, dict):
                for key in one:
                    yield pointer, key, depth
                parts = [(f"{pointer}/{key}", inner) for key, inner in one.items()]
            else:
                parts = [(f"{pointer}/{place}", inner) for place, inner in enumerate(one)]
            waiting += [
                (name, inner, depth + 1) for name, inner in parts if isinstance(inner, str | dict | list)
            ]


async def _read(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "malformed", phrase("The body ended before it was whole."))
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            await _drain(receive, DRAINED * most, message)
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _counted(receive: Receive, most: int) -> Receive:
    size = 0

    async def count() -> Message:
        nonlocal size
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > most:
                await _drain(receive, DRAINED * most, message)
                # no Problem: what reads bodies turns any other exception into "cannot be parsed"
                raise HTTPException(413, _too_large(most).detail)
        return message

    return count


async def _drain(receive: Receive, most: int, message: Message | None = None) -> None:
    """Read on after a message, for a while, and throw away."""
    size = 0
    with anyio.move_on_after(DRAINED_S):
        while size < most and (message is None or message.get("more_body", False)):
            message = await receive()
            size += len(message.get("body", b""))


def _length(headers: Headers) -> int | None:
    given = headers.get("content-length")
    if given is None:
        return None if "transfer-encoding" in headers else 0
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def _said(error: ValueError) -> str:
    """What the parser says: words about form and place, which quote nothing."""
    return str(error).replace("\n", " ")[:200].rstrip(".")


def _too_large(most: int) -> Problem:
    return Problem(
        413, "too-large", phrase("The body is larger than {most:,} bytes. Send less at once.", most=most)
    )
