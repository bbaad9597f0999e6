"""Many read at once, or one writes."""

import threading

from matcher.turns import Turns


def test_readers_read_together() -> None:
    """Two of them meet inside."""
    turns, met = Turns(), threading.Barrier(2, timeout=10)

    def read() -> None:
        with turns.reading(), turns.reading():
            met.wait()

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert not met.broken
    assert not any(thread.is_alive() for thread in threads)


def test_a_writer_is_alone_and_goes_before_new_readers() -> None:
    """It waits for who reads; who comes later waits for it, but may read again inside."""
    turns, order = Turns(patience_s=10), []
    waiting = threading.Event()

    def write() -> None:
        waiting.set()
        with turns.writing(), turns.reading():
            order.append("written")

    def read() -> None:
        with turns.reading():
            order.append("read later")

    writer, later = threading.Thread(target=write), threading.Thread(target=read)
    with turns.reading():
        writer.start()
        waiting.wait(timeout=10)
        while not turns._writers:
            pass
        later.start()
        later.join(timeout=0.05)
        with turns.reading():
            order.append("read again")
    writer.join(timeout=10)
    later.join(timeout=10)
    assert order == ["read again", "written", "read later"]


def test_behind_a_long_reader_others_read_though_a_writer_waits() -> None:
    """Who reads for seconds keeps the writer waiting, and nobody else."""
    turns = Turns(patience_s=0.05)
    over, read = threading.Event(), threading.Event()

    def write() -> None:
        with turns.writing():
            over.set()

    def look() -> None:
        with turns.reading():
            read.set()

    writer, reader = threading.Thread(target=write), threading.Thread(target=look)
    with turns.reading():
        writer.start()
        while not turns._writers:
            pass
        reader.start()
        assert read.wait(timeout=10)
        assert not over.is_set()
    assert over.wait(timeout=10)
    writer.join(timeout=10)
    reader.join(timeout=10)


def test_a_failure_gives_the_turn_back() -> None:
    """Whoever comes next is not kept waiting."""
    turns = Turns()
    for turn in (turns.reading, turns.writing):
        try:
            with turn():
                raise ValueError
        except ValueError:
            pass
    with turns.writing():
        pass
    with turns.reading():
        pass
