"""Imports, exports and other jobs."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from service.client.connection import Connection
from service.client.values import JobOut

LOOK_S = 0.2
OVER = frozenset({"done", "failed", "cancelled"})


class JobFailed(Exception):
    """A job that ended otherwise than done."""

    def __init__(self, job: JobOut) -> None:
        self.job = job
        super().__init__(f"The job {job['id']} is {job['status']}: {job['error'] or 'it was ended'}")


class Jobs:
    """Work that outlives its request."""

    def __init__(self, connection: Connection, wait: Callable[[float], None] = time.sleep) -> None:
        self._connection = connection
        self._wait = wait

    def list(self, **filters: Any) -> Iterator[JobOut]:
        """One's jobs, the latest first."""
        return self._connection.pages("/jobs", **filters)

    def get(self, job_id: str) -> JobOut:
        """A job with its progress."""
        found: JobOut = self._connection.get(f"/jobs/{job_id}")
        return found

    def cancel(self, job_id: str) -> JobOut:
        """End a job."""
        found: JobOut = self._connection.post(f"/jobs/{job_id}/cancel")
        return found

    def wait(self, job_id: str, timeout: float = 300.0) -> JobOut:
        """The job once it is done. Raises `JobFailed`, and `TimeoutError`."""
        ends = time.monotonic() + timeout
        while True:
            job = self.get(job_id)
            if job["status"] == "done":
                return job
            if job["status"] in OVER:
                raise JobFailed(job)
            if time.monotonic() > ends:
                raise TimeoutError(f"The job {job_id} is {job['status']} after {timeout:g} s.")
            self._wait(LOOK_S)

    def report(self, job_id: str) -> str:
        """All that was found about the rows of an import, as CSV."""
        text: str = self._connection.send("GET", f"/jobs/{job_id}/report.csv").text
        return text

    def file(self, job_id: str) -> bytes:
        """What an export made."""
        content: bytes = self._connection.send("GET", f"/jobs/{job_id}/file").content
        return content

    def import_file(
        self,
        kind: str,
        file: Path | bytes,
        *,
        name: str = "",
        timeout: float | None = 300.0,
        **params: Any,
    ) -> JobOut:
        """Import a file of `needs` or `solutions`, and wait until that is done (None: do not wait)."""
        content = file if isinstance(file, bytes) else file.read_bytes()
        called = name or (file.name if isinstance(file, Path) else "import.csv")
        answer = self._connection.send(
            "POST", "/imports", params={"kind": kind, **params}, files={"file": (called, content)}
        )
        job: JobOut = answer.json()
        return job if timeout is None else self.wait(job["id"], timeout)

    def export(self, what: str, form: str = "csv", *, timeout: float = 300.0, **given: Any) -> bytes:
        """A file of `needs` or `solutions` that one may see."""
        job: JobOut = self._connection.post("/exports", {"what": what, "format": form, **given})
        self.wait(job["id"], timeout)
        return self.file(job["id"])
