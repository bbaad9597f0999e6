"""What the service refused, as an exception."""

from collections.abc import Mapping
from typing import Any


class ProblemAnswer(Exception):
    """A problem detail (RFC 9457) that came instead of an answer.

    >>> raised = ProblemAnswer(404, {"type": "https://needmatch.eu/problems/not-found", "detail": "No need."})
    >>> raised.slug, str(raised)
    ('not-found', '404 not-found: No need.')
    """

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.slug = str(body.get("type", "")).rpartition("/")[2] or "unknown"
        """The problem's name, such as `not-found`."""
        self.detail = str(body.get("detail", ""))
        self.errors: dict[str, str] = {
            str(one["pointer"]): str(one["detail"]) for one in body.get("errors", [])
        }
        """JSON pointer or parameter to what is wrong with it."""
        self.request_id = str(body.get("instance", "")).rpartition(":")[2]
        self.headers = dict(headers or {})
        wrong = "".join(f"; {pointer}: {detail}" for pointer, detail in self.errors.items())
        super().__init__(f"{status} {self.slug}: {self.detail}{wrong}")
