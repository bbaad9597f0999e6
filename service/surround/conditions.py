"""HEAD for every GET, and 304 for what the caller has already."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
KEPT = frozenset(
    {b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary", b"set-cookie"}
)
"""Headers of a 304 (RFC 9110, 15.4.5), beside those that every answer gets."""


class Conditions:
    """Answers `HEAD`, and `If-None-Match` where the answer has an `ETag`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        known = Headers(scope=scope).get("if-none-match")
        bare = scope["method"] == "HEAD"
        silent = bare

        async def conditioned(message: Message) -> None:
            nonlocal silent
            if message["type"] == "http.response.start":
                tag = Headers(raw=message["headers"]).get("etag")
                if known and tag and message["status"] == 200 and among(tag, known):
                    silent = True
                    headers = [(name, value) for name, value in message["headers"] if name.lower() in KEPT]
                    message = {**message, "status": 304, "headers": headers}
                await send(message)
            elif message["type"] != "http.response.body" or not silent:
                await send(message)
            elif not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        if bare:
            # the application has GET routes only; length and type are told as of a GET
            scope["method"] = "GET"
        try:
            await self._app(scope, receive, conditioned)
        finally:
            if bare:
                scope["method"] = "HEAD"


def among(tag: str, known: str) -> bool:
    """Whether a tag is among those of `If-None-Match`, compared weakly.

    >>> among('"3"', 'W/"2", W/"3"'), among('"3"', "*"), among('"3"', '"33"')
    (True, True, False)
    """
    if known.strip() == "*":
        return True
    return tag.removeprefix("W/") in {one.removeprefix("W/") for one in _TAG.findall(known)}
