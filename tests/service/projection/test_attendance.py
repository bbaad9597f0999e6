"""Who is being served, and what gives way to them."""

import threading
import time

import pytest

from service.projection.attendance import SHARE, Attendance
from service.projection.running import Running

SOON = 5.0


def busy(seconds: float) -> None:
    """Work of the processor, so long."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def rested(attendance: Attendance, work_s: float) -> float:
    """How long who worked so long rests."""
    pause = attendance.pause()
    busy(work_s)
    began = time.monotonic()
    pause()
    return time.monotonic() - began


def test_nobody_is_waited_for_where_nobody_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work goes on at once."""
    attendance = Attendance()
    monkeypatch.setattr(attendance, "quiet", pytest.fail)
    rested(attendance, 0.02)


def test_while_somebody_is_served_most_of_the_time_is_theirs() -> None:
    """A rest is so many times as long as the work before it."""
    attendance = Attendance()
    with attendance.serving():
        assert rested(attendance, 0.02) >= SHARE * 0.02 * 0.9


def test_the_rest_ends_with_the_last_answer() -> None:
    """Not when its time is over."""
    attendance = Attendance()
    served = attendance.serving()
    served.__enter__()
    pause = attendance.pause()
    busy(0.2)
    threading.Timer(0.05, served.__exit__, (None, None, None)).start()
    pause()
    assert attendance.here == 0


def test_work_of_a_moment_is_not_worth_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small steps may ask often."""
    attendance = Attendance()
    monkeypatch.setattr(attendance, "quiet", pytest.fail)
    with attendance.serving():
        attendance.pause()()


def test_who_waits_for_the_work_is_not_given_way_to() -> None:
    """Else both would wait for each other."""
    attendance = Attendance()
    running: Running[int, int] = Running("test", attendance)
    here: list[int] = []

    def make() -> tuple[int, int]:
        for _ in range(100):
            if attendance.here <= 0:
                break
            time.sleep(0.01)
        here.append(attendance.here)
        return 1, 2

    with attendance.serving():
        assert running.get(lambda: 1, make, patience=SOON) == (1, 2)
        assert here == [0]
        assert attendance.here == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_who_leaves_with_an_error_has_left(error: type[BaseException]) -> None:
    """Nothing waits for them for ever."""
    attendance = Attendance()
    with pytest.raises(error), attendance.serving():
        raise error
    assert attendance.here == 0
    assert attendance.quiet(0.0)


def test_who_waits_gives_room_to_another() -> None:
    """And takes it back at the end."""
    attendance = Attendance()
    told: list[int] = []
    attendance.room = told.append
    with attendance.serving(), attendance.waiting():
        assert told == [1]
    assert told == [1, -1]
