"""How often one may ask: by user where one is known, else by address; health is never counted."""

from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service import access
from service.problems import Problem
from service.rights.viewer import ANONYMOUS, Viewer
from service.security.limits import address_key
from service.security.sessions import COOKIE

if TYPE_CHECKING:
    from service.backend import Backend

FREE = ("/health/", "/metrics", "/static/")


class Rates:
    """Finds out who asks, and refuses with 429 who asks too often."""

    def __init__(self, app: ASGIApp, backend: "Backend") -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `Problem` 429."""
        if scope["type"] != "http" or scope["path"].startswith(FREE):
            await self._app(scope, receive, send)
            return
        viewer = ANONYMOUS
        headers = Headers(scope=scope)
        if "authorization" in headers or COOKIE in headers.get("cookie", ""):
            viewer = await anyio.to_thread.run_sync(self._viewer, scope)
        settings, limiter = self._backend.settings, self._backend.limiter
        if viewer.user_id is not None:
            limiter.take(f"user {viewer.user_id}", settings.requests_per_minute)
        else:
            host = scope["client"][0] if scope.get("client") else None
            limiter.take(f"address {address_key(host)}", settings.anonymous_per_minute)
        if viewer.user_id is not None and "accept-language" not in headers:
            scope["state"]["locale"] = viewer.locale
        await self._app(scope, receive, send)

    def _viewer(self, scope: Scope) -> Viewer:
        try:
            # kept in the request's state, where the route finds it
            return access.viewer(Request(scope), self._backend)
        except Problem:
            # the route says it again, if it asks who this is; bad tokens count against their address
            return ANONYMOUS
