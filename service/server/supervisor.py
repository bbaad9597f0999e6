"""Keeps the processes of a service running, and ends them in good order.

It opens the socket, starts workers that share it, starts again what dies, and says when all are ready.
Children hold one end of a pipe of which it holds the other: should it be killed, they end at once.
"""

import errno
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from matcher.errors import SettingInvalid
from service.security import limits
from service.settings import ServerSettings

FINISH_S = 20
"""Seconds that requests in flight have to end."""
LEAVE_S = 2 * FINISH_S + 15
"""Seconds until a child that was asked to end is killed: requests, a job, and the index to disk."""
LOOK_S = 0.1
BIND_S = 3.0
"""How long an address in use is tried again: the workers of a killed service take a moment to end."""
TRIES = 5
"""Times in a row that a child may die before it is ready."""
HOPELESS = 78
"""Exit code of a child that would fail again (EX_CONFIG of sysexits.h)."""
BACKLOG = 2048
SOCKET_FD, READY_FD, LIFELINE_FD = "NEEDMATCH_SOCKET_FD", "NEEDMATCH_READY_FD", "NEEDMATCH_LIFELINE_FD"
LIMITS_FD = "NEEDMATCH_LIMITS_FD"
METRICS = "PROMETHEUS_MULTIPROC_DIR"
PASSED = ("model", "engine", "cache", "data", "database", "host", "port", "workers", "jobs", "log_level")
"""Settings that the command line may have changed: children read them from the environment."""

logger = logging.getLogger("needmatch.supervisor")


@dataclass
class Child:
    """One process: a worker, or the one for jobs."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    ready_fd: int = -1
    ready: bool = False
    failures: int = 0
    """Deaths in a row before it was ready."""
    again_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Handed:
    """Open files that every child of the service gets."""

    lifeline: int
    counts: int
    """Where workers count together how often each user asks."""


@dataclass
class Supervisor:
    """The processes of one service."""

    settings: ServerSettings
    say: Callable[[str], None] = print
    _children: list[Child] = field(default_factory=list)
    _signals: int = 0

    def run(self) -> int:
        """Serve until a signal ends it; returns the exit code. Raises `SettingInvalid`."""
        opened = listening(self.settings.host, self.settings.port)
        port = opened.getsockname()[1]
        lifeline_read, lifeline_write = os.pipe()
        folder = self.settings.data / "metrics"
        # without a name: it goes with the last process that counts in it
        counts = TemporaryFile()  # noqa: SIM115
        try:
            limits.prepare(counts.fileno())
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            self._children = [Child(f"worker-{n}") for n in range(1, self.settings.workers + 1)]
            if apart(self.settings):
                self._children.append(Child("jobs"))
            with self._hearing():
                return self._keep(opened, port, _Handed(lifeline_read, counts.fileno()), folder)
        finally:
            for child in self._children:
                if child.process is not None and child.process.poll() is None:
                    child.process.kill()
                    child.process.wait()
            os.close(lifeline_read)
            os.close(lifeline_write)
            opened.close()
            counts.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, opened: socket.socket, port: int, handed: "_Handed", folder: Path) -> int:
        told = False
        while not self._signals:
            for child in self._children:
                # jobs wait until requests are served: start-up needs every core
                late = child.name == "jobs" and not told
                if child.process is None and time.monotonic() >= child.again_at and not late:
                    self._start(child, opened, port, handed, folder)
                self._look(child)
                if child.process is not None and (code := child.process.poll()) is not None:
                    self._died(child, code, folder)
                    if code == HOPELESS or child.failures >= TRIES:
                        self._end()
                        return 2 if code == HOPELESS else 1
            if not told and all(child.ready for child in self._children if child.name != "jobs"):
                told = True
                self.say(f"needmatch is ready on http://{_named(self.settings.host)}:{port}")
                _notify("READY=1")
            time.sleep(LOOK_S)
        _notify("STOPPING=1")
        opened.close()
        return 0 if self._end() else 1

    def _start(self, child: Child, opened: socket.socket, port: int, handed: "_Handed", folder: Path) -> None:
        ready_read, ready_write = os.pipe()
        os.set_blocking(ready_read, False)
        kept = [ready_write, handed.lifeline]
        if child.name != "jobs":
            kept += [opened.fileno(), handed.counts]
        env = environment(self.settings, child.name) | {
            READY_FD: str(ready_write),
            LIFELINE_FD: str(handed.lifeline),
            LIMITS_FD: str(handed.counts),
            SOCKET_FD: str(opened.fileno()),
            "NEEDMATCH_PORT": str(port),
        }
        if self.settings.workers > 1:
            env[METRICS] = str(folder)
        child.process = subprocess.Popen(
            [sys.executable, "-m", "service.server.worker", child.name],
            env=env,
            pass_fds=kept,
            stdin=subprocess.DEVNULL,
            process_group=0,  # a terminal's Ctrl-C reaches the supervisor alone
        )
        os.close(ready_write)
        child.ready_fd, child.ready = ready_read, False

    def _look(self, child: Child) -> None:
        if child.ready_fd < 0 or child.ready:
            return
        try:
            said = os.read(child.ready_fd, 16)
        except BlockingIOError:
            return
        os.close(child.ready_fd)
        child.ready_fd = -1
        if said:
            child.ready, child.failures = True, 0

    def _died(self, child: Child, code: int, folder: Path) -> None:
        assert child.process is not None
        logger.error(
            "process ended", extra={"child": child.name, "child_pid": child.process.pid, "code": code}
        )
        for live in folder.glob(f"gauge_live*_{child.process.pid}.db"):
            live.unlink(missing_ok=True)
        if child.ready_fd >= 0:
            os.close(child.ready_fd)
        child.failures = 0 if child.ready else child.failures + 1
        child.again_at = time.monotonic() + (0.2 * 2**child.failures if child.failures else 0)
        child.process, child.ready, child.ready_fd = None, False, -1

    def _end(self) -> bool:
        """Ask all children to end, and wait; whether none had to be killed. A second signal kills."""
        before = self._signals
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        ends = time.monotonic() + LEAVE_S
        while any(process.poll() is None for process in running):
            if time.monotonic() > ends or self._signals > before:
                for process in running:
                    process.kill()
                    process.wait()
                return False
            time.sleep(LOOK_S / 2)
        return True

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        def heard(*_: object) -> None:
            self._signals += 1

        before = {one: signal.signal(one, heard) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def apart(settings: ServerSettings) -> bool:
    """Whether jobs run in a process of their own: beside one worker alone they are its threads."""
    return settings.jobs and settings.workers > 1


def environment(settings: ServerSettings, name: str) -> dict[str, str]:
    """The environment of a child: the settings of the command line, and its share of the cores."""
    given = {f"NEEDMATCH_{one.upper()}": str(getattr(settings, one)) for one in PASSED}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = 1 if name == "jobs" else max(1, cores // settings.workers)
    if settings.threads is None or name == "jobs":
        given["NEEDMATCH_THREADS"] = str(share)
    else:
        given["NEEDMATCH_THREADS"] = str(settings.threads)
    for libraries in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        given[libraries] = os.environ.get(libraries, str(share))
    kept = {key: value for key, value in os.environ.items() if key != METRICS}
    return kept | given | {"PYTHONUNBUFFERED": "1"}


def listening(host: str, port: int) -> socket.socket:
    """A socket that workers can share. Raises `SettingInvalid` where the address cannot be had."""
    ends = time.monotonic() + BIND_S
    while True:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            opened = socket.socket(family, kind, protocol)
            try:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                opened.bind(address)
                opened.listen(BACKLOG)
            except OSError:
                opened.close()
                raise
            opened.setblocking(False)
            return opened
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < ends:
                time.sleep(LOOK_S)
                continue
            raise SettingInvalid(
                f"{host}:{port} cannot be listened on ({error.strerror}). Give another --host or --port; "
                "--port 0 takes a free one."
            ) from error


def _named(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _notify(state: str) -> None:
    """Tell systemd, where it asked to be told (sd_notify)."""
    where = os.environ.get("NOTIFY_SOCKET")
    if not where:
        return
    address = "\0" + where[1:] if where.startswith("@") else where
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        try:
            told.connect(address)
            told.send(state.encode())
        except OSError:
            logger.warning("systemd could not be told", extra={"state": state})
