"""The queue of jobs in the database: each is claimed by one worker, and taken over when that one dies.

Who claims a job holds a lease: its name and the number of the attempt. Every write about the job names the
lease, so that a worker that was given up can no longer write when it wakes. A job may run again from its
beginning at any moment: handlers do not do twice what they did.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from uuid import uuid4

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from matcher.errors import NeedmatchError
from matcher.phrases import Phrase, as_json, phrase
from service.rights.viewer import Viewer
from service.store.database import Database
from service.store.tables import FileRow, JobRow
from service.store.tables.operation import Status

HEARTBEAT_S = 5
"""Seconds between two signs of life of a running job."""
STALE = timedelta(seconds=30)
"""Without a sign of life for so long, a job is another worker's to take."""
ATTEMPTS = 3
"""Times that a job is begun; one whose workers die again and again is the reason for it."""
PIECE = 2**20
"""Bytes of one row of a file: files of any size are kept and read in bounded memory."""


OVER = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})


class LeaseLost(NeedmatchError):
    """The job is no longer this worker's: it was cancelled, or another took it over."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A job as its worker holds it."""

    job_id: str
    kind: str
    worker: str
    attempt: int
    user_id: str | None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way into the database."""

    name: str
    media_type: str
    content: BinaryIO


def enqueue(
    session: Session,
    kind: str,
    viewer: Viewer,
    options: Mapping[str, Any],
    files: Iterable[Upload] = (),
) -> JobRow:
    """Add a job of a user, with the files that it reads."""
    row = JobRow(
        kind=kind,
        user_id=viewer.user_id,
        organisation_id=viewer.organisation_id,
        options=dict(options),
        status=Status.QUEUED.value,
    )
    session.add(row)
    session.flush()
    for file in files:
        put_file(session, row.id, file)
    return row


def claim(database: Database, worker: str, at: datetime, kinds: Iterable[str] | None = None) -> Lease | None:
    """The oldest job that waits, or whose worker died; None where there is none.

    One that was begun too often fails here.
    """
    waiting = JobRow.status == Status.QUEUED.value
    silent = or_(JobRow.heartbeat_at.is_(None), JobRow.heartbeat_at < at - STALE)
    asked = select(JobRow).where(or_(waiting, (JobRow.status == Status.RUNNING.value) & silent))
    if kinds is not None:
        asked = asked.where(JobRow.kind.in_(list(kinds)))
    while True:
        with database.read() as session:
            # an empty queue, which is the rule, takes no turn from those who write
            if session.scalars(asked.limit(1)).one_or_none() is None:
                return None
        with database.write() as session:
            row = session.scalars(
                asked.order_by(JobRow.created_at, JobRow.id).limit(1).with_for_update(skip_locked=True)
            ).one_or_none()
            if row is None:
                return None
            if row.attempts >= ATTEMPTS:
                row.status, row.finished_at = Status.FAILED.value, at
                _note(
                    row,
                    phrase(
                        "The job was begun {n} times and its worker ended each time. "
                        "Nothing was left half done; give it less at once.",
                        n=row.attempts,
                    ),
                )
                continue
            row.status, row.worker, row.heartbeat_at = Status.RUNNING.value, worker, at
            row.attempts += 1
            return Lease(row.id, row.kind, worker, row.attempts, row.user_id, dict(row.options))


def beat(
    database: Database, lease: Lease, at: datetime, *, done: int | None = None, total: int | None = None
) -> None:
    """A sign of life, with how far the job is. Raises `LeaseLost`."""
    values: dict[str, Any] = {"heartbeat_at": at}
    if done is not None:
        values["done"] = done
    if total is not None:
        values["total"] = total
    with database.write() as session:
        changed = session.execute(
            update(JobRow).where(*_held(lease)).values(**values).execution_options(synchronize_session=False)
        )
        if not changed.rowcount:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
            raise _lost(lease)


def hold(session: Session, lease: Lease) -> JobRow:
    """The job, held until the transaction ends: what is written beside it is written by its worker alone.

    Raises `LeaseLost`.
    """
    row = session.scalars(select(JobRow).where(*_held(lease)).with_for_update()).one_or_none()
    if row is None:
        raise _lost(lease)
    return row


def finish(session: Session, lease: Lease, result: Mapping[str, Any], at: datetime) -> None:
    """Note that the job is done, in the transaction that writes the last of it. Raises `LeaseLost`."""
    row = hold(session, lease)
    row.status, row.finished_at, row.result = Status.DONE.value, at, dict(result)
    row.heartbeat_at = at
    _note(row, "")
    if row.total is not None:
        row.done = row.total


def fail(
    session: Session, lease: Lease, error: str, at: datetime, result: Mapping[str, Any] | None = None
) -> None:
    """Note why the job cannot be done. Raises `LeaseLost`."""
    row = hold(session, lease)
    row.status, row.finished_at = Status.FAILED.value, at
    _note(row, error)
    if result is not None:
        row.result = dict(result)


def hand_back(session: Session, lease: Lease) -> None:
    """Let another worker go on with it at once; the attempt does not count. Raises `LeaseLost`."""
    row = hold(session, lease)
    row.status, row.worker, row.heartbeat_at = Status.QUEUED.value, None, None
    row.attempts -= 1


def cancel(session: Session, job_id: str, at: datetime) -> JobRow | None:
    """End a job that is not over; a running one notices at its next step. None where there is no such job."""
    row = session.get(JobRow, job_id, with_for_update=True)
    if row is not None and row.status not in OVER:
        row.status, row.finished_at = Status.CANCELLED.value, at
    return row


# -- files ----------------------------------------------------------------------------------------


def put_file(session: Session, job_id: str, file: Upload, *, made: bool = False) -> int:
    """Keep a file of a job in pieces; returns its bytes. One the job made before under this name is replaced.

    The ids of the pieces sort in the order of the file.
    """
    if made:
        session.execute(
            delete(FileRow)
            .where(FileRow.job_id == job_id, FileRow.made, FileRow.name == file.name)
            .execution_options(synchronize_session=False)
        )
    base, size, number = uuid4().hex[:28], 0, 0
    while (piece := file.content.read(PIECE)) or not number:
        row = FileRow(
            id=f"{base}{number:08x}",
            job_id=job_id,
            name=file.name,
            media_type=file.media_type,
            made=made,
            content=piece,
        )
        session.add(row)
        session.flush()
        session.expunge(row)
        size, number = size + len(piece), number + 1
    return size


def files_of(session: Session, job_id: str, *, made: bool) -> list[tuple[str, str]]:
    """Name and media type of the files that a job was given, or made."""
    rows = session.execute(
        select(FileRow.name, FileRow.media_type)
        .where(FileRow.job_id == job_id, FileRow.made.is_(made))
        .distinct()
        .order_by(FileRow.name)
    )
    return [(name, media_type) for name, media_type in rows]


def pieces(database: Database, job_id: str, name: str, *, made: bool) -> Iterator[bytes]:
    """The content of a file, piece by piece; each is read as it is asked for."""
    with database.read() as session:
        ids = session.scalars(
            select(FileRow.id)
            .where(FileRow.job_id == job_id, FileRow.name == name, FileRow.made.is_(made))
            .order_by(FileRow.id)
        ).all()
    for piece in ids:
        with database.read() as session:
            content = session.scalar(select(FileRow.content).where(FileRow.id == piece))
        if content is None:
            return
        yield content


def drop_given(session: Session, job_id: str) -> None:
    """Forget what a job was given to read, once it is over."""
    session.execute(
        delete(FileRow)
        .where(FileRow.job_id == job_id, FileRow.made.is_(False))
        .execution_options(synchronize_session=False)
    )


def _note(row: JobRow, error: str) -> None:
    row.error = str(error)
    row.error_said = as_json(error) if isinstance(error, Phrase) else None


def _held(lease: Lease) -> tuple[Any, ...]:
    return (
        JobRow.id == lease.job_id,
        JobRow.status == Status.RUNNING.value,
        JobRow.worker == lease.worker,
        JobRow.attempts == lease.attempt,
    )


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"The job {lease.job_id} was cancelled, or another worker took it over.")
