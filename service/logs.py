"""Logs as JSON lines: what happened, never what was written or by whom.

A line holds `time`, `level`, `logger`, `event` and what is known of `request_id`, `worker`, `method`,
`route` (the template, never the path), `status` and `ms`. Of an error it holds kinds and places in the code;
its words only where they cannot quote a user: a database, for one, repeats values that it did not like.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

from matcher.errors import SettingInvalid

REQUEST_ID: ContextVar[str] = ContextVar("needmatch_request", default="")
"""Of the request being answered in a context; empty outside of one."""
TELLING = (AttributeError, TypeError, NameError, ImportError, OSError, RecursionError, MemoryError)
"""Errors whose words are about the code or the machine."""
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message", "taskName"}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class JsonFormatter(logging.Formatter):
    """One JSON object a record.

    >>> import logging
    >>> record = logging.LogRecord("needmatch", logging.INFO, "", 0, "index saved", (), None)
    >>> '"event": "index saved"' in JsonFormatter(worker="1").format(record)
    True
    """

    def __init__(self, worker: str = "") -> None:
        super().__init__()
        self._worker = worker

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        if self._worker:
            line["worker"] = self._worker
        line |= {key: value for key, value in record.__dict__.items() if key not in _OWN and key[0] != "_"}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = list(told(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False, default=str)


def told(error: BaseException) -> Iterator[dict[str, Any]]:
    """An error and what led to it: kinds and places; words only where they cannot quote a user."""
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        one: dict[str, Any] = {"kind": f"{type(now).__module__}.{type(now).__qualname__}"}
        if isinstance(now, TELLING):
            one["words"] = str(now)[:500]
        one["at"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(now.__traceback__)
        ][-30:]
        yield one
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)


def configure(level: str, worker: str = "", stream: TextIO | None = None) -> None:
    """Send all logs of this process as JSON lines to standard error. Raises `SettingInvalid`."""
    if level.upper() not in _LEVELS:
        raise SettingInvalid(f"The log level is {level!r}: expected one of {', '.join(_LEVELS)}.")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(worker))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("needmatch").setLevel(level.upper())
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    logging.captureWarnings(True)
