"""What is done for each kind of job."""

from collections.abc import Callable, Mapping

from service.jobs.exports import KIND as EXPORT
from service.jobs.exports import run as export
from service.jobs.imports import KIND as IMPORT
from service.jobs.imports import run as take_in
from service.jobs.work import Work

Handler = Callable[[Work], None]
"""Does a job and notes its end (`queue.finish`) in the transaction that writes the last of it."""

HANDLERS: Mapping[str, Handler] = {IMPORT: take_in, EXPORT: export}
