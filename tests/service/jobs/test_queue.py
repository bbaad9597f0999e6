"""The queue's contract, the same on both databases: one winner, a lease, a takeover, an end."""

import io
import threading
from datetime import UTC, datetime, timedelta

import pytest

from service.jobs import queue
from service.jobs.queue import Upload
from service.rights.viewer import ANONYMOUS, Viewer
from service.store.tables import JobRow, OrganisationRow, UserRow
from service.store.tables.operation import Status

START = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
ANA = Viewer(user_id="ana", organisation_id="o")


@pytest.fixture
def users(database):
    """An organisation with one user."""
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="Police", kind="agency"))
        session.flush()
        session.add(UserRow(id="ana", organisation_id="o", email="ana@example.eu", role="procurer"))
    return database


def add(database, kind="import", **options):
    """The id of a new job."""
    with database.write() as session:
        return queue.enqueue(session, kind, ANA, options).id


def job(database, job_id):
    """A job's row."""
    with database.read() as session:
        return session.get(JobRow, job_id)


def test_the_oldest_job_is_claimed_once(users):
    """A job goes to one worker, in the order of arrival, and then there is none."""
    first, second = add(users, n=1), add(users, n=2)
    one, two = queue.claim(users, "w1", START), queue.claim(users, "w2", START)
    assert [one.job_id, two.job_id] == [first, second]
    assert one.options == {"n": 1}
    assert queue.claim(users, "w3", START) is None
    assert job(users, first).status == Status.RUNNING


def test_of_many_workers_each_job_has_one(users):
    """Workers that claim at the same moment never get the same job."""
    wanted = {add(users) for _ in range(12)}
    got, lock = [], threading.Lock()

    def work(name):
        while (lease := queue.claim(users, name, START)) is not None:
            with lock:
                got.append(lease.job_id)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == sorted(wanted)


def test_only_kinds_that_a_worker_knows_are_claimed(users):
    """A worker of another version leaves what it cannot do."""
    add(users, "unheard of")
    assert queue.claim(users, "w", START, ["import"]) is None


def test_a_job_without_sign_of_life_is_taken_over_and_its_first_worker_is_out(users):
    """After 30 s without a heartbeat another worker gets the job; the first can neither beat nor finish."""
    add(users)
    first = queue.claim(users, "w1", START)
    queue.beat(users, first, START + timedelta(seconds=20), done=3, total=9)
    assert (job(users, first.job_id).done, job(users, first.job_id).total) == (3, 9)
    assert queue.claim(users, "w2", START + timedelta(seconds=49)) is None
    second = queue.claim(users, "w2", START + timedelta(seconds=51))
    assert (second.job_id, second.attempt) == (first.job_id, 2)
    with pytest.raises(queue.LeaseLost):
        queue.beat(users, first, START)
    with pytest.raises(queue.LeaseLost), users.write() as session:
        queue.finish(session, first, {"rows": 1}, START)
    with users.write() as session:
        queue.finish(session, second, {"rows": 2}, START)
    assert job(users, first.job_id).result == {"rows": 2}


def test_after_three_attempts_a_job_fails(users):
    """A job whose workers die again and again is not begun for ever."""
    job_id = add(users)
    for attempt in range(queue.ATTEMPTS):
        assert queue.claim(users, "w", START + attempt * timedelta(minutes=1)) is not None
    assert queue.claim(users, "w", START + timedelta(minutes=9)) is None
    failed = job(users, job_id)
    assert failed.status == Status.FAILED
    assert "3 times" in failed.error


def test_a_job_that_is_handed_back_goes_on_at_once(users):
    """A worker that ends gives its job back, and the attempt does not count."""
    add(users)
    lease = queue.claim(users, "w1", START)
    with users.write() as session:
        queue.hand_back(session, lease)
    again = queue.claim(users, "w2", START)
    assert (again.job_id, again.attempt) == (lease.job_id, 1)


def test_a_cancelled_job_is_over_for_its_worker_too(users):
    """Cancelling ends a waiting or a running job; one that is over stays as it is."""
    job_id = add(users)
    lease = queue.claim(users, "w", START)
    with users.write() as session:
        assert queue.cancel(session, job_id, START).status == Status.CANCELLED
    with pytest.raises(queue.LeaseLost):
        queue.beat(users, lease, START)
    done = add(users)
    lease = queue.claim(users, "w", START)
    with users.write() as session:
        queue.finish(session, lease, {}, START)
    with users.write() as session:
        assert queue.cancel(session, done, START).status == Status.DONE
        assert queue.cancel(session, "nothing", START) is None


@pytest.mark.parametrize("size", [0, 1, 10, 2500])
def test_a_file_comes_back_as_it_was_given(users, monkeypatch, size):
    """Files of any size are kept in pieces and read in their order."""
    monkeypatch.setattr(queue, "PIECE", 100)
    content = bytes(range(256)) * 10
    with users.write() as session:
        row = queue.enqueue(
            session, "import", ANA, {}, [Upload("n.csv", "text/csv", io.BytesIO(content[:size]))]
        )
    assert b"".join(queue.pieces(users, row.id, "n.csv", made=False)) == content[:size]
    with users.read() as session:
        assert queue.files_of(session, row.id, made=False) == [("n.csv", "text/csv")]
        assert queue.files_of(session, row.id, made=True) == []


def test_a_file_that_is_made_again_replaces_the_one_before(users):
    """A job that ran twice has one file."""
    job_id = add(users)
    for content in (b"first", b"second"):
        with users.write() as session:
            queue.put_file(session, job_id, Upload("o.csv", "text/csv", io.BytesIO(content)), made=True)
    assert b"".join(queue.pieces(users, job_id, "o.csv", made=True)) == b"second"


def test_a_job_may_belong_to_nobody(database):
    """The service's own jobs have no user."""
    with database.write() as session:
        assert queue.enqueue(session, "import", ANONYMOUS, {}).user_id is None
