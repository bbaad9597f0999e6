"""What surrounds each request: identity, limits, guards, errors, logs and metrics.

From the outside in: `watch` names and logs, gzip, `conditions` answers HEAD and 304, `rates` finds out who
asks and how often, `bodies` refuses what is no proper body, `idempotency` answers repeated writes.
"""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from service.surround import answers, request
from service.surround.bodies import Bodies
from service.surround.conditions import Conditions
from service.surround.idempotency import Idempotency
from service.surround.interface import describe
from service.surround.places import Places
from service.surround.rates import Rates
from service.surround.watch import Watch

if TYPE_CHECKING:
    from service.backend import Backend

__all__ = ["surround"]
GZIPPED = 1_000
"""Bytes from which an answer is worth compressing."""


def surround(app: FastAPI, backend: "Backend") -> None:
    """Put an application into all that its routes count on; they may come later."""
    request.name_audit()
    answers.install(app)
    # a redirect would be built from the Host header, which callers choose
    app.router.redirect_slashes = False
    places = Places(app.router.routes)
    # the last one added is the outermost
    app.add_middleware(Idempotency, backend=backend)
    app.add_middleware(Bodies, settings=backend.settings)
    app.add_middleware(Rates, backend=backend)
    app.add_middleware(Conditions)
    app.add_middleware(GZipMiddleware, minimum_size=GZIPPED, compresslevel=5)
    app.add_middleware(Watch, backend=backend, places=places)
    describe(app)
