"""What is due by the clock. Of several workers one does each thing: who moves its mark does it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from matcher.phrases import counted, phrase
from service.backend import Backend
from service.jobs import digests
from service.jobs.queue import OVER
from service.language import language
from service.notify.deliveries import deliver_due, send_later
from service.notify.messages import tell
from service.store import outbox, records, retention
from service.store.database import Database
from service.store.tables import AnswerRow, CounterRow, JobRow, SavedSearchRow, SessionRow

PERIODS = {
    "instant": timedelta(minutes=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
}
"""How often a saved search runs."""
SEARCHES_AT_ONCE = 100
ANSWERS_KEPT = timedelta(days=1)
JOBS_KEPT = timedelta(days=30)
"""How long what a job made can be fetched."""

Stopping = Callable[[], bool]
logger = logging.getLogger("needmatch.jobs")


@dataclass(frozen=True, slots=True)
class Task:
    """Something that is done again and again."""

    name: str
    every: timedelta
    do: Callable[[Backend, Stopping], None]
    each: bool = False
    """Done by every worker for itself, as its index is its own."""


class Clock:
    """Looks what is due, and does it."""

    def __init__(self, backend: Backend, tasks: tuple[Task, ...] | None = None) -> None:
        self.backend = backend
        self._tasks = TASKS if tasks is None else tasks
        self._own: dict[str, datetime] = {}

    def tick(self, stopping: Stopping = lambda: False) -> list[str]:
        """Do everything that is due now; returns the names of what was done.

        What fails is logged and tried again at its next turn; it does not keep the others from theirs.
        """
        done = []
        for task in self._tasks:
            if stopping():
                break
            at = self.backend.clock()
            if not (self._due(task, at) if task.each else take_turn(self.backend.database, task, at)):
                continue
            try:
                task.do(self.backend, stopping)
                done.append(task.name)
            except Exception:
                logger.exception("due work failed", extra={"task": task.name})
        return done

    def _due(self, task: Task, at: datetime) -> bool:
        before = self._own.get(task.name)
        if before is not None and at - before < task.every:
            return False
        self._own[task.name] = at
        # an index that was just opened is on disk already
        return before is not None


def take_turn(database: Database, task: Task, at: datetime) -> bool:
    """Whether this worker does it now: it is due, and nobody else took it.

    The mark is the moment (in milliseconds) from which it is due again; a worker that dies in the middle
    leaves it for the next turn.
    """
    name, now_ms = f"clock:{task.name}", int(at.timestamp() * 1000)
    with database.read() as session:
        mark = session.scalar(select(CounterRow.value).where(CounterRow.name == name))
    if mark is not None and mark > now_ms:
        return False
    try:
        with database.write() as session:
            row = session.get(CounterRow, name, with_for_update=True)
            if row is None:
                session.add(CounterRow(name=name, value=0))
                session.flush()
                row = session.get_one(CounterRow, name)
            if row.value > now_ms:
                return False
            row.value = now_ms + int(task.every.total_seconds() * 1000)
            return True
    except IntegrityError:
        return False  # another worker made the mark at this moment


def expire(held: Backend, stopping: Stopping) -> None:
    """End records whose time is over, and show fields whose redaction ended."""
    while not stopping():
        with held.database.write() as session:
            ended = records.expire(session, held.clock())
            shown = records.unredacted(session, held.today)
        if not ended and not shown:
            break
        held.follower.catch_up()


def search_again(held: Backend, stopping: Stopping) -> None:
    """Run the saved searches that are due."""
    at = held.clock()
    never = SavedSearchRow.last_run_at.is_(None)
    due = or_(
        *(
            (SavedSearchRow.frequency == frequency) & or_(never, SavedSearchRow.last_run_at <= at - period)
            for frequency, period in PERIODS.items()
        )
    )
    with held.database.read() as session:
        ids = session.scalars(
            select(SavedSearchRow.id)
            .where(
                SavedSearchRow.active,
                or_(SavedSearchRow.expires_at.is_(None), SavedSearchRow.expires_at > at),
                due,
            )
            .order_by(SavedSearchRow.last_run_at.is_not(None), SavedSearchRow.last_run_at, SavedSearchRow.id)
            .limit(SEARCHES_AT_ONCE)
        ).all()
    for search_id in ids:
        if stopping():
            return
        try:
            digests.run(held, search_id, at=at)
        except Exception:
            logger.exception("saved search failed", extra={"saved_search_id": search_id})


def deliver(held: Backend, stopping: Stopping) -> None:
    """Send e-mails and webhooks that are due."""
    deliver_due(held.database, held.settings, held.clock, stopping)


def save_index(held: Backend, _: Stopping) -> None:
    """Keep the index on disk, so that a start is quick."""
    held.save()


def tidy(held: Backend, stopping: Stopping) -> None:
    """Remove what has had its time: answers to repeated requests, sessions, files of old jobs."""
    at = held.clock()
    old_jobs = JobRow.status.in_(sorted(OVER)) & (JobRow.finished_at < at - JOBS_KEPT)
    for table, over in (
        (AnswerRow, AnswerRow.at < at - ANSWERS_KEPT),
        (SessionRow, SessionRow.expires_at < at),
        (JobRow, old_jobs),
    ):
        if stopping():
            return
        with held.database.write() as session:
            session.query(table).where(over).delete(synchronize_session=False)


def retain(held: Backend, stopping: Stopping) -> None:
    """Warn accounts that nobody uses, and erase those that were warned in time."""
    at, days = held.clock(), held.settings.dormant_days
    with held.database.write() as session:
        for ending in retention.warn(session, at, days):
            subject = counted(
                "Your account will be erased in {n} day",
                "Your account will be erased in {n} days",
                ending.days_left,
            )
            text = phrase(
                "Nobody has used your needmatch account for a long time. It will be erased on {day}. "
                "To keep it, sign in before then.",
                day=ending.erased_on.date(),
            )
            body = {"days_left": ending.days_left, "erased_on": ending.erased_on.date().isoformat()}
            tell(session, [ending.user_id], "account", subject, body, at=at)
            if held.settings.smtp_host:
                say = language(ending.locale).say
                payload = {"subject": say(subject), "text": say(text)}
                send_later(session, "email", ending.email, payload, at=at)
    if stopping():
        return
    with held.database.write() as session:
        retention.erase_dormant(session, at, days)
    with held.database.write() as session:
        outbox.compact(session)


TASKS = (
    Task("expiry", timedelta(seconds=20), expire),
    Task("searches", timedelta(seconds=5), search_again),
    Task("deliveries", timedelta(seconds=2), deliver),
    Task("index", timedelta(minutes=5), save_index, each=True),
    Task("tidy", timedelta(minutes=10), tidy),
    Task("retention", timedelta(hours=1), retain),
)
