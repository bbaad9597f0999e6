"""What is due by the clock is done once, by one worker, and again when it is due again."""

import threading
from datetime import date, timedelta

from service.jobs import clock, queue
from service.jobs.clock import Clock, Task, take_turn
from service.store.tables import AnswerRow, JobRow, MessageRow, RecordRow, SessionRow, UserRow

TASK = Task("test", timedelta(minutes=1), lambda held, stopping: None)


def test_of_many_workers_one_has_the_turn(database):
    """Whoever moves the mark does it; the others find it moved."""
    from tests.service.jobs.conftest import START

    turns = []
    threads = [
        threading.Thread(target=lambda: turns.append(take_turn(database, TASK, START))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(turns) == [False] * 5 + [True]
    assert not take_turn(database, TASK, START + timedelta(seconds=59))
    assert take_turn(database, TASK, START + timedelta(seconds=60))


def test_what_fails_does_not_keep_the_rest(house):
    """A task that breaks is tried again at its next turn, and the others are done."""

    def break_(held, stopping):
        raise ZeroDivisionError

    done = Clock(house.held, (Task("bad", timedelta(minutes=1), break_), TASK)).tick()
    assert done == ["test"]


def test_records_expire_when_their_time_is_over(house, vest):
    """A need whose end has come is expired, and leaves the searches."""
    record_id = house.enter("ana", vest())
    house.change(record_id, expires_at=house.moment[0] + timedelta(hours=1))
    Clock(house.held).tick()
    assert house.held.catalogue.entries[record_id].status == "open"
    house.pass_(hours=2)
    Clock(house.held).tick()
    assert house.held.catalogue.entries[record_id].status == "expired"


def test_a_redaction_that_ended_shows_the_field(house, vest):
    """From the day on which a redaction ends, others see the field without anybody doing anything."""
    record_id = house.enter("ana", vest(value_eur=5e4))
    until = house.held.today + timedelta(days=2)
    house.change(
        record_id,
        redactions=[
            {"field": "value", "reason_code": "fair-comp", "reason": "x", "until": until.isoformat()}
        ],
    )
    entry = house.held.catalogue.entries[record_id]
    bea = house.viewer("bea")
    assert entry.to_viewer(bea, house.held.today).value_eur is None
    house.pass_(days=3)
    Clock(house.held).tick()
    with house.held.database.read() as session:
        assert session.get(RecordRow, record_id).redacted_until is None
    engine = house.held.catalogue.engine(bea)
    assert engine.needs.record(engine.needs.row(record_id)).value_eur == 5e4
    assert until < date(2031, 3, 10)


def test_what_had_its_time_is_removed(house):
    """Old answers, sessions that ended and jobs of last month go; what is fresh stays."""
    at = house.moment[0]
    with house.held.database.write() as session:
        for name, moment in (("old", at - timedelta(days=40)), ("new", at)):
            session.add(
                AnswerRow(
                    user_id="ana", idempotency_key=name, request_digest="", status=201, body=b"", at=moment
                )
            )
            session.add(
                SessionRow(digest=name, user_id="ana", csrf="c", expires_at=moment + timedelta(hours=1))
            )
            row = queue.enqueue(session, "import", house.viewer("ana"), {"name": name})
            row.status, row.finished_at = "done", moment
        queue.enqueue(session, "import", house.viewer("ana"), {"name": "waiting"})
    clock.tidy(house.held, lambda: False)
    with house.held.database.read() as session:
        assert [row.idempotency_key for row in session.query(AnswerRow)] == ["new"]
        assert [row.digest for row in session.query(SessionRow)] == ["new"]
        assert sorted(row.options["name"] for row in session.query(JobRow)) == ["new", "waiting"]


def test_dormant_accounts_are_warned_and_then_erased(house):
    """An account that nobody uses is told in its inbox, and goes after the last warning."""
    house.held.settings.dormant_days = 40
    with house.held.database.write() as session:
        for user in session.query(UserRow):
            user.created_at = house.moment[0] - timedelta(days=30)
            user.last_login_at = house.moment[0] if user.id != "eva" else None
        session.query(UserRow).filter_by(id="eva").one()
    clock.retain(house.held, lambda: False)
    with house.held.database.read() as session:
        told = session.query(MessageRow).filter_by(kind="account").all()
    assert [row.user_id for row in told] == ["eva"]
    house.pass_(days=31)
    clock.retain(house.held, lambda: False)
    with house.held.database.read() as session:
        assert session.get(UserRow, "eva") is None
        assert session.get(UserRow, "ana") is not None


def test_the_index_is_kept_on_disk_from_the_second_turn(house, vest):
    """Each worker saves its own index, not at once after it was opened."""
    watch = Clock(house.held, tuple(task for task in clock.TASKS if task.each))
    house.enter("ana", vest())
    assert watch.tick() == []
    house.pass_(minutes=6)
    assert watch.tick() == ["index"]
    assert (house.held.settings.data / "index" / "applied.json").is_file()
