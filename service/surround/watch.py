"""The outermost layer: gives a request its id, sees its answer off, and lets no error out."""

import logging
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import Problem
from service.security.sessions import COOKIE
from service.surround import metrics
from service.surround.answers import answer, internal, problem_of
from service.surround.headers import dress
from service.surround.language import preferred
from service.surround.places import NOWHERE, Places
from service.surround.request import begin

if TYPE_CHECKING:
    from service.backend import Backend

QUIET = ("/health/", "/metrics")
"""Asked every few seconds by machines; logged only where they fail."""

logger = logging.getLogger("needmatch.request")


class Watch:
    """Names, logs and counts every request, and answers what nobody foresaw with 500."""

    def __init__(self, app: ASGIApp, backend: "Backend", places: Places) -> None:
        self._app = app
        self._places = places
        self._attendance = backend.attendance
        self._https = backend.settings.public_url.lower().startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        request_id = begin(headers.get("x-request-id"))
        language = preferred(headers.get("accept-language"))
        personal = "authorization" in headers or COOKIE in headers.get("cookie", "")
        secure = self._https or scope.get("scheme") == "https"
        place = self._places.find("GET" if scope["method"] == "HEAD" else scope["method"], scope["path"])
        scope.setdefault("state", {}).update(request_id=request_id, locale=language, place=place)
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                dress(
                    MutableHeaders(scope=message),
                    request_id=request_id,
                    personal=personal,
                    secure=secure,
                    language=language,
                    status=status,
                )
            await send(message)

        try:
            with self._attendance.serving():
                await self._app(scope, receive, dressed)
        except Problem as problem:  # of another layer
            if status:
                raise
            await answer(problem)(scope, receive, dressed)
        except Exception as error:
            found = _foreseen(error)
            if status:
                raise  # half an answer is out: the connection must break
            await answer(found)(scope, receive, dressed)
        finally:
            route = place.template if place else NOWHERE
            seconds = time.perf_counter() - started
            metrics.count(scope["method"], route, status, seconds)
            if status >= 400 or not route.startswith(QUIET):
                logger.info(
                    "request",
                    extra={
                        "method": scope["method"] if scope["method"] in metrics.METHODS else "other",
                        "route": route,
                        "status": status,
                        "ms": round(1000 * seconds, 1),
                    },
                )


def _foreseen(error: Exception) -> Problem:
    """The problem that an error of another layer is: a database that is away, say; or what nobody foresaw."""
    try:
        return problem_of(error)
    except Exception as unforeseen:
        logger.error("request failed", exc_info=unforeseen)
        return internal()
