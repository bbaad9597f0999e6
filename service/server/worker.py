"""One process of a service, started by the supervisor: `python -m service.server.worker NAME`."""

import asyncio
import faulthandler
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import Message, Scope

from matcher.errors import NeedmatchError
from service import logs
from service.security.limits import Limiter
from service.server.garbage import keep_swept, settle
from service.server.supervisor import (
    FINISH_S,
    HOPELESS,
    LIFELINE_FD,
    LIMITS_FD,
    METRICS,
    READY_FD,
    SOCKET_FD,
    apart,
)
from service.settings import ServerSettings

THREADS = 12
"""Requests worked on at once: fewer than database connections, more than cores for those that wait."""
KEEP_ALIVE_S = 15
JOBS_NICE = 5
"""Jobs give way to requests."""

logger = logging.getLogger("needmatch.worker")


class Server(uvicorn.Server):
    """A server that says when it listens, and ends without error when it is asked to."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGTERM and SIGINT; unlike uvicorn's own, the signal is not raised again afterwards."""

        def leave(number: int, _: FrameType | None) -> None:
            del number
            self.should_exit = True

        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, leave)
        yield


def serve_requests(
    settings: ServerSettings, opened: socket.socket, counts: int, ready: Callable[[], None]
) -> None:
    """Answer requests of a shared socket until a signal; rates are counted in the file that all share."""
    from models import open_encoder

    gc.disable()  # until `settle`: nearly all that a start makes stays
    with ThreadPoolExecutor(1) as beside:
        opening = beside.submit(
            lambda: open_encoder(
                settings.model, engine=settings.engine, cache=settings.cache, threads=settings.threads
            )
        )
        # imported while the model is compiled, which needs no turn of Python
        from service.app import create_app
        from service.backend import open_backend
        from service.surround import metrics
        from service.wiring import open_embedder

        backend = open_backend(settings, embedder=open_embedder(settings, encoder=opening.result()))
    backend.limiter = Limiter(counts)
    backend.start_beside()
    app = create_app(backend)
    inner: Any = app.router.lifespan_context

    @asynccontextmanager
    async def whole(app: FastAPI) -> AsyncIterator[Any]:
        import anyio.to_thread

        limiter, loop = anyio.to_thread.current_default_thread_limiter(), asyncio.get_running_loop()
        limiter.total_tokens = THREADS

        def widen(by: int) -> None:
            limiter.total_tokens += by

        def room(by: int) -> None:
            with suppress(RuntimeError):  # at the end nobody is left to give room
                loop.call_soon_threadsafe(widen, by)

        backend.attendance.room = room
        async with inner(app) as state:
            await practise(app)
            settle()
            backend.warm()
            over = threading.Event()
            keep_swept(backend.attendance.quiet, over)
            if os.environ.get(METRICS):
                metrics.keep_refreshed(backend, over)
            runner = None
            if settings.jobs and not apart(settings):
                from service.jobs.runner import Runner

                runner = Runner(backend)
                runner.start()
            try:
                yield state
            finally:
                over.set()
                if runner is not None:
                    await anyio.to_thread.run_sync(runner.stop)

    app.router.lifespan_context = whole
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=FINISH_S,
    )
    Server(config, ready).run(sockets=[opened])


async def practise(app: FastAPI) -> None:
    """Ask an application something: what it makes at its first request is made before anybody waits."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        pass

    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/health/live", "raw_path": b"/health/live", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 0),
    }  # fmt: skip
    await app(scope, receive, send)


def work_jobs(settings: ServerSettings, ready: Callable[[], None]) -> None:
    """Do background jobs until a signal."""
    from service.backend import open_backend
    from service.jobs.runner import Runner

    leaving = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: leaving.set())
    os.nice(JOBS_NICE)
    backend = open_backend(settings)
    backend.start()
    runner = Runner(backend)
    runner.start()
    ready()
    while not leaving.wait(1.0):
        pass
    runner.stop()
    backend.stop()


def main(name: str) -> int:
    """Be one process of a service; returns its exit code."""
    # kill -USR1 tells where every thread is, also of a process that hangs
    faulthandler.register(signal.SIGUSR1)
    settings = ServerSettings()
    logs.configure(settings.log_level, name)
    ready_fd = int(os.environ.pop(READY_FD))
    _hold(int(os.environ.pop(LIFELINE_FD)))
    handed, counts = int(os.environ.pop(SOCKET_FD)), int(os.environ.pop(LIMITS_FD))

    def ready() -> None:
        os.write(ready_fd, b"ready")
        os.close(ready_fd)

    try:
        if name == "jobs":
            work_jobs(settings, ready)
        else:
            serve_requests(settings, socket.socket(fileno=handed), counts, ready)
    except NeedmatchError as error:
        print(f"needmatch: {error}", file=sys.stderr)
        return HOPELESS
    except Exception:
        logger.exception("process failed")
        return 1
    return 0


def _hold(lifeline: int) -> None:
    """End at once when the supervisor is gone: another one may be starting in its place."""

    def wait() -> None:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=wait, name="needmatch-lifeline", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
