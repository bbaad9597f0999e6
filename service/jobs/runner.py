"""Works off the queue and does what is due, in threads of the serving process or in a process of its own."""

import logging
import threading
from collections.abc import Mapping
from uuid import uuid4

from sqlalchemy.exc import OperationalError

from matcher.errors import NeedmatchError
from matcher.phrases import phrase
from service.backend import Backend
from service.jobs import queue
from service.jobs.clock import Clock
from service.jobs.handlers import HANDLERS, Handler
from service.jobs.queue import HEARTBEAT_S, Lease, LeaseLost
from service.jobs.work import HandedBack, Work
from service.problems import Problem

POLL_S = 0.5
"""Seconds between two looks into an empty queue."""
LEAVE_S = 20.0
"""How long `stop` waits for a job to come to a point where it can be handed back."""
BROKEN = phrase(
    "The job failed by a fault of the service. It was noted; try again, or tell the administrator."
)

logger = logging.getLogger("needmatch.jobs")


class Runner:
    """Claims jobs one after the other, and winds the clock."""

    def __init__(self, backend: Backend, handlers: Mapping[str, Handler] = HANDLERS) -> None:
        self.backend = backend
        self.clock = Clock(backend)
        # two runners of one process are two workers
        self.worker = f"{backend.worker}:{uuid4().hex[:6]}"
        self._handlers = handlers
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work."""
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._work, name="needmatch-jobs", daemon=True),
            threading.Thread(target=self._wind, name="needmatch-clock", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is quickly finished, hand back the rest, and end."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=LEAVE_S)
            if thread.is_alive():
                logger.warning("a job did not stop in time and is left to be taken over")
        self._threads = []

    def once(self) -> bool:
        """Do one job; whether there was one."""
        lease = queue.claim(self.backend.database, self.worker, self.backend.clock(), self._handlers)
        if lease is None:
            return False
        self._do(lease)
        return True

    # -- inside -------------------------------------------------------------------------------

    def _do(self, lease: Lease) -> None:
        work = Work(self.backend, lease, self._stopping)
        over = threading.Event()
        pulse = threading.Thread(target=self._beat, args=(work, over), name="needmatch-pulse", daemon=True)
        pulse.start()
        database, clock = self.backend.database, self.backend.clock
        try:
            try:
                self._handlers[lease.kind](work)
            except (LeaseLost, HandedBack, OperationalError):
                raise
            except (NeedmatchError, Problem) as error:
                with database.write() as session:
                    said = error.detail if isinstance(error, Problem) else str(error)
                    queue.fail(session, lease, said, clock())
                    queue.drop_given(session, lease.job_id)
            except Exception:
                logger.exception("job failed", extra={"job_id": lease.job_id, "kind": lease.kind})
                with database.write() as session:
                    queue.fail(session, lease, BROKEN, clock())
                    queue.drop_given(session, lease.job_id)
        except LeaseLost:
            logger.info("job left", extra={"job_id": lease.job_id, "kind": lease.kind})
        except HandedBack:
            self._hand_back(lease)
        except OperationalError:
            # the database is away or busy: whoever finds the job without a heartbeat goes on with it
            logger.exception("job interrupted", extra={"job_id": lease.job_id, "kind": lease.kind})
        finally:
            over.set()
            pulse.join(timeout=HEARTBEAT_S)

    def _hand_back(self, lease: Lease) -> None:
        try:
            with self.backend.database.write() as session:
                queue.hand_back(session, lease)
        except LeaseLost:
            pass  # cancelled at the same moment
        except OperationalError:
            logger.exception("job not handed back", extra={"job_id": lease.job_id})

    def _beat(self, work: Work, over: threading.Event) -> None:
        while not over.wait(HEARTBEAT_S):
            try:
                queue.beat(self.backend.database, work.lease, self.backend.clock())
            except LeaseLost:
                work.lost.set()
                return
            except OperationalError:
                logger.warning("no heartbeat: the database is busy", extra={"job_id": work.lease.job_id})

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                worked = self.once()
            except Exception:
                logger.exception("looking for jobs failed")
                worked = False
            if not worked:
                self._stopping.wait(POLL_S)

    def _wind(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                self.clock.tick(self._stopping.is_set)
            except Exception:
                logger.exception("the clock failed")
