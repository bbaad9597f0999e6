"""What is loaded once."""

import threading
import time

import pytest

from matcher.text.loading import once


def test_threads_that_come_together_load_it_once() -> None:
    """The others wait for the first."""
    loaded: list[str] = []

    @once
    def table(name: str) -> list[str]:
        loaded.append(name)
        time.sleep(0.05)
        return [name]

    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(table("fi"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == ["fi"]
    assert len({id(one) for one in found}) == 1
    assert table("et") == ["et"]


def test_what_could_not_be_loaded_is_tried_again() -> None:
    """A fault is not remembered."""
    times = 0

    @once
    def table() -> int:
        nonlocal times
        times += 1
        if times == 1:
            raise OSError("away")
        return times

    with pytest.raises(OSError, match="away"):
        table()
    assert (table(), table()) == (2, 2)
