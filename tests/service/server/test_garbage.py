"""When garbage is looked for."""

import gc
import sys
import threading
import weakref

import pytest

from service.server import garbage


@pytest.fixture(autouse=True)
def as_before():
    """What is set for the whole process is set back."""
    kept = gc.get_threshold(), gc.isenabled(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*kept[0])
    (gc.enable if kept[1] else gc.disable)()
    sys.setswitchinterval(kept[2])


class Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.own = self


def test_what_was_loaded_is_not_looked_through_again():
    """It is put aside, and threads take turns more often than usual."""
    garbage.settle()
    assert gc.get_freeze_count() > 1000
    assert gc.isenabled()
    assert sys.getswitchinterval() == pytest.approx(garbage.TURN_S)


def test_young_cycles_are_freed_as_they_come():
    """Only those that lived through many rounds wait for a quiet moment."""
    garbage.settle()
    gone = weakref.ref(Knot())
    kept = [[] for _ in range(3 * garbage.YOUNG)]
    assert gone() is None
    assert len(kept) == 3 * garbage.YOUNG


def test_old_cycles_are_freed_when_nobody_is_served(monkeypatch):
    """The moment is waited for; after that all are looked through."""
    garbage.settle()
    knot = Knot()
    for _ in range(2):
        gc.collect(1)  # now it is among the oldest
    gone = weakref.ref(knot)
    del knot
    asked, free, over = threading.Event(), threading.Event(), threading.Event()

    def quiet(seconds):
        asked.set()
        return free.wait(seconds)

    monkeypatch.setattr(garbage, "EVERY_S", 0.01)
    garbage.keep_swept(quiet, over)
    assert asked.wait(10)
    assert gone() is not None
    free.set()
    for _ in range(1000):
        if gone() is None:
            break
        over.wait(0.01)
    over.set()
    assert gone() is None
