"""A value that is made beside the requests."""

import threading
import time

import pytest

from service.projection.running import Running

SOON = 5.0


class Maker:
    """Makes values when it is let, and counts."""

    def __init__(self) -> None:
        self.state = 1
        self.made = 0
        self.let = threading.Event()
        self.let.set()

    def __call__(self) -> tuple[int, str]:
        """The value of the state that it began with."""
        state = self.state
        assert self.let.wait(SOON)
        self.made += 1
        return state, f"of {state}"


@pytest.fixture
def maker() -> Maker:
    """The maker."""
    return Maker()


@pytest.fixture
def running() -> Running[int, str]:
    """The value."""
    return Running("test")


def test_a_value_is_made_once_for_each_state(running: Running[int, str], maker: Maker) -> None:
    """Asked for again it is the same."""
    for _ in range(3):
        assert running.get(lambda: maker.state, maker, patience=SOON) == (1, "of 1")
    maker.state = 2
    assert running.get(lambda: maker.state, maker, patience=SOON) == (2, "of 2")
    assert maker.made == 2


def test_who_is_in_a_hurry_gets_the_last_value(running: Running[int, str], maker: Maker) -> None:
    """Without waiting."""
    assert running.get(lambda: maker.state, maker, patience=SOON)
    maker.let.clear()
    maker.state = 2
    assert running.get(lambda: maker.state, maker, patience=0.0) == (1, "of 1")
    maker.let.set()
    assert running.join(SOON)
    assert running.get(lambda: maker.state, maker, patience=0.0) == (2, "of 2")
    assert maker.made == 2


def test_after_a_long_making_there_is_rest(running: Running[int, str], maker: Maker) -> None:
    """What changes all the time is made again after so many times as long as it took, and shown meanwhile."""
    maker.let.clear()
    assert running.get(lambda: maker.state, maker, patience=0.3, rest=5.0) is None
    maker.let.set()
    assert running.join(SOON)
    maker.state = 2
    began = time.monotonic()
    assert running.get(lambda: maker.state, maker, patience=SOON, rest=5.0) == (1, "of 1")
    assert time.monotonic() - began < 1.0
    assert running.get(lambda: maker.state, maker, patience=SOON) == (2, "of 2")


def test_many_who_ask_share_one_making(running: Running[int, str], maker: Maker) -> None:
    """However many wait, one thread works."""
    maker.let.clear()
    found: list[object] = []
    asking = [
        threading.Thread(
            target=lambda: found.append(running.get(lambda: maker.state, maker, patience=SOON))
        )
        for _ in range(8)
    ]  # fmt: skip
    for each in asking:
        each.start()
    maker.let.set()
    for each in asking:
        each.join(SOON)
    assert found == [(1, "of 1")] * 8
    assert maker.made == 1


def test_who_joins_an_earlier_making_gets_one_as_new_as_the_question(
    running: Running[int, str], maker: Maker
) -> None:
    """What was begun before a change is not what is answered after it."""
    maker.let.clear()
    assert running.get(lambda: maker.state, maker, patience=0.0) is None
    maker.state = 2
    threading.Timer(0.05, maker.let.set).start()
    assert running.get(lambda: maker.state, maker, patience=SOON) == (2, "of 2")


def test_what_making_raised_is_raised_and_tried_again(running: Running[int, str], maker: Maker) -> None:
    """A fault is not kept."""

    def broken() -> tuple[int, str]:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        running.get(lambda: 1, broken, patience=SOON)
    assert running.get(lambda: maker.state, maker, patience=SOON) == (1, "of 1")
