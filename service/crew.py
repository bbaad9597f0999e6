"""Workers on several machines, or several on this one, by Ray: needs `pip install 'needmatch[ray]'`.

Ray is imported when a crew is opened and not before. It starts the processes, brings pieces of work to them
and tells when one of them died; which piece is done where, and how often it is tried, is decided here.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from matcher.errors import ExtraMissing, SettingInvalid, WorkerLost

Tool = TypeVar("Tool")
Piece = TypeVar("Piece")
Result = TypeVar("Result")

ATTEMPTS = 3
"""Workers that may die on one piece until it is given up: it may be the piece that kills them."""
HERE = "local"
"""Instead of an address: new processes on this machine alone."""
AUTO = "auto"
"""Instead of an address: the cluster that this machine is part of, or else this machine alone."""
CPUS = 2
"""Processors of a worker, unless it is said how many workers there are."""
KEYS = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
"""Variables that say who may give a cluster work."""
STORE_BYTES = 256 * 2**20
"""What Ray keeps in memory between processes on this machine alone: results are small."""


@dataclass(frozen=True, slots=True)
class Order:
    """A piece of work, and which attempt at it this is."""

    number: int
    piece: Any
    attempt: int = 1


class RayCrew:
    """Workers of a Ray cluster that is open; see `matcher.spread.Crew`.

    They start when there is work, and stay until the crew is closed. One that dies is replaced, on another
    machine if need be, and what it was doing is done again; one that cannot start for want of room keeps
    nobody waiting while there are others.
    """

    def __init__(self, workers: int, threads: int = 1) -> None:
        self._ray = _ray()
        self._kind = self._ray.remote(_Worker).options(
            num_cpus=threads, max_restarts=0, max_task_retries=0, max_concurrency=1
        )
        self._idle: list[Any] = []
        self._starting: dict[Any, Any] = {}
        """What says that a worker is there, and the worker."""
        self.workers = workers
        self.threads = threads
        """Processors that each worker takes up."""
        self.lost = 0
        """Workers that died so far."""

    def each(
        self, prepare: Callable[[], Tool], do: Callable[[Tool, Piece], Result], pieces: Iterable[Piece]
    ) -> Iterator[tuple[int, Result]]:
        """See `Crew.each`."""
        queue = _Queue(pieces)
        busy: dict[Any, tuple[Any, Order]] = {}
        if queue:
            job = self._ray.put((uuid4().hex, prepare, do))
            for _ in range(self.workers - len(self._idle) - len(self._starting)):
                self._start()
        stillborn = 0
        try:
            while queue or busy:
                while queue and self._idle:
                    worker, order = self._idle.pop(), queue.take()
                    busy[worker.do.remote(job, order.piece)] = worker, order
                (done,), _ = self._ray.wait([*busy, *self._starting], num_returns=1)
                asked = busy.pop(done, None)
                worker = asked[0] if asked else self._starting.pop(done)
                try:
                    result = self._ray.get(done)
                except self._ray.exceptions.RayTaskError as error:
                    self._idle.append(worker)
                    raise (error.cause or error) from error
                except self._ray.exceptions.RayError as error:
                    # the worker died, or its machine, or what it told was lost with that
                    self.lost += 1
                    self._ray.kill(worker)
                    stillborn = 0 if asked else stillborn + 1
                    queue.back(_again(asked[1] if asked else None, stillborn, error))
                    self._start()
                    continue
                stillborn = 0
                if asked and queue:  # the worker goes on while whoever asked looks at the result
                    following = queue.take()
                    busy[worker.do.remote(job, following.piece)] = worker, following
                else:
                    self._idle.append(worker)
                if asked:
                    yield asked[1].number, result
        finally:
            # those that are still at it are not waited for
            for worker, _ in busy.values():
                self._ray.kill(worker)

    def close(self) -> None:
        """Send the workers away."""
        for worker in [*self._idle, *self._starting.values()]:
            self._ray.kill(worker)
        self._idle, self._starting = [], {}

    def _start(self) -> None:
        worker = self._kind.remote()
        self._starting[worker.ready.remote()] = worker


class _Worker:
    """What runs in a process of Ray's: it prepares its tool when the first piece of a job comes."""

    def __init__(self) -> None:
        self._job = ""
        self._tool: Any = None

    def ready(self) -> None:
        """Tell that the process runs."""

    def do(self, job: tuple[str, Callable[[], Any], Callable[[Any, Any], Any]], piece: Any) -> Any:
        """Do a piece of a job."""
        name, prepare, do = job
        if self._job != name:
            self._tool = None  # what is no longer needed makes room
            self._tool, self._job = prepare(), name
        return do(self._tool, piece)


class _Queue:
    """Orders that wait; those that came back go first. Pieces are taken from their source one by one."""

    def __init__(self, pieces: Iterable[Any]) -> None:
        self._source = enumerate(pieces)
        self._held: deque[Order] = deque()

    def __bool__(self) -> bool:
        if not self._held:
            self._held.extend(Order(*found) for found in [next(self._source, None)] if found is not None)
        return bool(self._held)

    def take(self) -> Order:
        """The next; there must be one."""
        return self._held.popleft()

    def back(self, order: Order | None) -> None:
        """Have an order be given once more."""
        if order is not None:
            self._held.appendleft(order)


def _again(order: Order | None, stillborn: int, error: Exception) -> Order | None:
    """What to do after a worker died. Raises `WorkerLost` when it is no use to go on."""
    said = " ".join(str(error).split())[:300]
    if order is None and stillborn > ATTEMPTS:
        raise WorkerLost(
            f"Workers die as they start ({said}). Install the same needmatch and Ray on all machines."
        ) from error
    if order is None:
        return None
    if order.attempt >= ATTEMPTS:
        raise WorkerLost(
            f"{ATTEMPTS} workers died on piece {order.number} of the work, one after the other ({said}). "
            "Look for want of memory on their machines, and take fewer workers. What is done is kept: the "
            "same command goes on."
        ) from error
    return Order(order.number, order.piece, order.attempt + 1)


@contextmanager
def ray_crew(nodes: str, workers: int | None = None) -> Iterator[RayCrew]:
    """Workers of the cluster at an address (`HOST:PORT`), or of `AUTO` or `HERE`, for as long as it is open.

    Without `workers` there is one for every two processors. Raises `ExtraMissing` where Ray is not installed
    and `SettingInvalid` where no cluster answers.
    """
    ray = _ray()
    own = not ray.is_initialized()
    if own:
        # what is read is nobody's business, nor how much of it there is
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        _join(ray, nodes, workers)
    try:
        cpus = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
        count = workers or max(1, sum(each // CPUS for each in cpus))
        crew = RayCrew(count, threads(cpus, count))
        try:
            yield crew
        finally:
            crew.close()
    finally:
        if own:
            ray.shutdown()


def threads(cpus: Sequence[int], workers: int) -> int:
    """The most processors that each of so many workers can have on machines with so many; at least 1.

    >>> threads([8, 8], 3), threads([8, 8], 2), threads([2], 4)
    (4, 8, 1)
    """
    fitting = (n for n in range(max(cpus, default=1), 1, -1) if sum(each // n for each in cpus) >= workers)
    return next(fitting, 1)


def _join(ray: Any, nodes: str, workers: int | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "warning"}
    if nodes != HERE:
        try:
            ray.init(address=nodes, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            if nodes != AUTO or not isinstance(error, ConnectionError):
                raise SettingInvalid(
                    f"No Ray cluster can be joined at {nodes!r} ({error}). Start one with 'ray start --head' "
                    "and give its HOST:PORT, or 'auto' on one of its machines."
                ) from error
        else:
            return
    if not any(name in os.environ for name in KEYS):
        # Ray would write one to the user's home: so nobody else on this machine can give work either
        os.environ["RAY_AUTH_TOKEN"] = uuid4().hex
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)
    cpus = max(os.cpu_count() or 1, workers or 1)
    ray.init(
        address=HERE,
        num_cpus=cpus,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        **quiet,
    )


def _ray() -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise ExtraMissing(
            "Ray is not installed. Run pip install 'needmatch[ray]' on every machine, or leave out --nodes "
            "and --workers: one process comes to the same."
        ) from error
    return ray
