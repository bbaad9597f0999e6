"""A job as its handler sees it: whose it is, what was asked, and how to say how far it is."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matcher.errors import InputError
from matcher.phrases import phrase
from service.backend import Backend
from service.jobs import queue
from service.jobs.queue import Lease, LeaseLost
from service.problems import Problem
from service.rights.policy import Permission, may
from service.rights.viewer import Viewer
from service.security.identify import viewer_of
from service.store.tables import UserRow

SAID_S = 1.0
"""Progress is written down at most this often."""


class HandedBack(Exception):
    """The service ends; the job goes back into the queue."""


class Work:
    """One attempt at a job."""

    def __init__(self, backend: Backend, lease: Lease, stopping: threading.Event) -> None:
        self.backend = backend
        self.lease = lease
        self.lost = threading.Event()
        """Set by the heartbeat when the job is no longer ours."""
        self._stopping = stopping
        self._said = float("-inf")

    @property
    def options(self) -> Mapping[str, Any]:
        """What was asked for."""
        return self.lease.options

    def viewer(self, permission: Permission | None = None) -> Viewer:
        """The user behind the job, with the rights of this moment.

        Raises `Problem` when the account is gone or may no longer do this.
        """
        with self.backend.database.read() as session:
            user = session.get(UserRow, self.lease.user_id) if self.lease.user_id else None
            if user is None or not user.active:
                raise Problem(
                    403, "forbidden", phrase("The account that asked for this is no longer active.")
                )
            viewer = viewer_of(user)
        if permission is not None and not may(viewer.role, permission):
            raise Problem(
                403,
                "forbidden",
                phrase("The account may no longer do this ({permission}).", permission=permission.value),
            )
        return viewer

    def check(self) -> None:
        """Raises `LeaseLost` when the job was cancelled or taken over, `HandedBack` when the service ends."""
        if self.lost.is_set():
            raise LeaseLost(f"The job {self.lease.job_id} was cancelled, or another worker took it over.")
        if self._stopping.is_set():
            raise HandedBack

    def step(self, done: int, total: int | None = None) -> None:
        """Say how far the job is, and `check`; what comes too often is left out."""
        self.check()
        moment = time.monotonic()
        if moment - self._said >= SAID_S:
            self._said = moment
            queue.beat(self.backend.database, self.lease, self.backend.clock(), done=done, total=total)

    def fetch(self, folder: Path) -> Path:
        """The file that the job was given, written into a folder under its own name.

        Raises `InputError` when there is none.
        """
        with self.backend.database.read() as session:
            given = queue.files_of(session, self.lease.job_id, made=False)
        if not given:
            raise InputError(phrase("The file of this job is no longer there. Send it again."))
        name = given[0][0]
        path = folder / name
        with path.open("wb") as file:
            for piece in queue.pieces(self.backend.database, self.lease.job_id, name, made=False):
                file.write(piece)
        return path
