"""Workers: they do jobs, hand them back when they end, and tell nothing of what broke inside."""

import threading
import time

import pytest

from matcher.errors import RecordInvalid
from service.jobs import queue, runner
from service.jobs.runner import Runner
from service.store.tables import JobRow


def add(house, kind="test"):
    """The id of a new job."""
    with house.held.database.write() as session:
        return queue.enqueue(session, kind, house.viewer("ana"), {}).id


def job(house, job_id):
    """A job's row."""
    with house.held.database.read() as session:
        return session.get(JobRow, job_id)


def done(work):
    """Ends well."""
    with work.backend.database.write() as session:
        queue.finish(session, work.lease, {"well": True}, work.backend.clock())


def refuse(work):
    """Ends with an error that is told."""
    raise RecordInvalid("The rows contradict each other. Correct them.")


def break_(work):
    """Breaks."""
    raise ZeroDivisionError("a secret stands here")


@pytest.mark.parametrize(
    ("handler", "status", "said"),
    [
        (done, "done", ""),
        (refuse, "failed", "contradict each other"),
        (break_, "failed", "a fault of the service"),
    ],
)
def test_a_job_ends_as_its_handler_says(house, handler, status, said):
    """What a handler raises on purpose is told; what breaks is noted and not told."""
    job_id = add(house)
    assert Runner(house.held, {"test": handler}).once()
    ended = job(house, job_id)
    assert ended.status == status
    assert said in ended.error
    assert "secret" not in ended.error


def test_a_running_worker_does_what_comes_and_stops(house):
    """Started, it takes up jobs by itself; stopped, it ends its threads."""
    worker = Runner(house.held, {"test": done})
    worker.start()
    try:
        job_id = add(house)
        ends = time.monotonic() + 20
        while job(house, job_id).status != "done" and time.monotonic() < ends:
            time.sleep(0.05)
        assert job(house, job_id).status == "done"
    finally:
        worker.stop()
    assert not any(t.name.startswith("needmatch-jobs") for t in threading.enumerate())


def test_a_worker_that_stops_hands_its_job_back(house):
    """A long job is given back at its next step and waits for another worker."""
    begun = threading.Event()

    def endless(work):
        begun.set()
        while True:
            work.step(1)
            time.sleep(0.01)

    worker = Runner(house.held, {"test": endless})
    job_id = add(house)
    worker.start()
    assert begun.wait(20)
    worker.stop()
    waiting = job(house, job_id)
    assert (waiting.status, waiting.attempts) == ("queued", 0)


def test_a_cancelled_job_stops_at_its_next_sign_of_life(house, monkeypatch):
    """The worker of a cancelled job notices by its heartbeat, and leaves it cancelled."""
    monkeypatch.setattr(runner, "HEARTBEAT_S", 0.05)
    job_id = add(house)

    def cancelled(work):
        with work.backend.database.write() as session:
            queue.cancel(session, job_id, work.backend.clock())
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            work.check()
            time.sleep(0.01)

    assert Runner(house.held, {"test": cancelled}).once()
    assert job(house, job_id).status == "cancelled"


def test_a_heartbeat_keeps_a_long_job(house, monkeypatch):
    """While a worker lives its job shows it, however long a step takes."""
    monkeypatch.setattr(runner, "HEARTBEAT_S", 0.02)
    job_id = add(house)

    def slow(work):
        house.pass_(seconds=60)
        ends = time.monotonic() + 20
        while job(house, job_id).heartbeat_at != house.moment[0] and time.monotonic() < ends:
            time.sleep(0.01)
        assert queue.claim(house.held.database, "other", house.held.clock()) is None
        done(work)

    assert Runner(house.held, {"test": slow}).once()
    assert job(house, job_id).status == "done"
