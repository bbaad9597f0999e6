"""The web application: routes, errors, limits and what surrounds each request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from service.backend import Backend
from service.routes import health, mounted
from service.surround import surround
from service.web import furnish

API = "/api/v1"
DESCRIPTION = """Matches security procurers' needs with solutions in 24 languages, and finds needs of
different countries that could be bought together. What is suggested is a suggestion: authorities decide.

Sign in with `Authorization: Bearer TOKEN`. Errors are problem details (RFC 9457). Lists are paged by
`cursor`. Changes of versioned resources need `If-Match`. Writes may carry `Idempotency-Key`."""


def create_app(backend: Backend) -> FastAPI:
    """The application over a backend, which it starts and stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        import anyio.to_thread

        if not backend.ready.is_set():
            await anyio.to_thread.run_sync(backend.start)
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(backend.stop)

    app = FastAPI(
        title="needmatch",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        separate_input_output_schemas=False,
    )
    app.state.backend = backend
    surround(app, backend)
    app.include_router(health.router)
    for router in mounted():
        app.include_router(router, prefix=API)
    furnish(app)
    return app
