"""A value that is made again, in a thread of its own, when what it was made of has changed."""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from matcher.pace import giving_way
from service.projection.attendance import Attendance

T = TypeVar("T")
S = TypeVar("S")

logger = logging.getLogger("needmatch.projection")


class _Run:
    """One making of the value."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.error: Exception | None = None


class Running(Generic[S, T]):
    """The last value with the state it is of; whoever asks says how long to wait for a newer one.

    However many ask, one thread makes it at a time; it gives way to the requests that `attendance` counts.

    >>> words = Running("words")
    >>> words.get(lambda: 7, lambda: (7, "of 7"), patience=5.0)
    (7, 'of 7')
    """

    def __init__(self, name: str, attendance: Attendance | None = None) -> None:
        self.name = name
        self._attendance = attendance or Attendance()
        self._rested = 0.0
        """When the next making may begin, where rest is asked for."""
        self._took_s = 0.0
        """How long the last making took."""
        self._lock = threading.Lock()
        self._known: tuple[S, T] | None = None
        self._run: _Run | None = None

    def get(
        self, state: Callable[[], S], make: Callable[[], tuple[S, T]], *, patience: float, rest: float = 0.0
    ) -> tuple[S, T] | None:
        """The value of the present state, with its state; when that takes over `patience` seconds, the last.

        None where there is none. Nobody waits who has the last value, if the last making took longer than
        that. `make` gives the value with the state that it was really made of. With
        `rest` the next making begins no sooner than so many times as long as the last one took, so that what
        changes all the time leaves the machine to others; meanwhile the last value is given at once. Raises
        what `make` raised.
        """
        deadline = time.monotonic() + patience
        # what runs already may be of an earlier state; what is begun now is as new as the question
        for _ in range(2):
            known = self._known
            if known is not None and known[0] == state():
                return known
            if known is not None and time.monotonic() < self._rested and rest:
                return known
            run = self._begun(state, make, rest)
            vain = known is not None and self._took_s > patience
            if not self._done(run, 0.0 if vain else deadline - time.monotonic()):
                return self._known
            if run.error is not None:
                raise run.error
        return self._known

    @property
    def known(self) -> tuple[S, T] | None:
        """The last value with its state, be it of now or not."""
        return self._known

    def begin_from(self, state: S, value: T) -> None:
        """Have a value of an earlier state to show while the first one is made, where none is made yet."""
        with self._lock:
            if self._known is None:
                self._known, self._took_s = (state, value), math.inf

    def join(self, seconds: float) -> bool:
        """Wait for what is being made, so long; whether nothing is."""
        run = self._run
        return run is None or run.done.wait(seconds)

    def _done(self, run: _Run, seconds: float) -> bool:
        if run.done.is_set() or seconds <= 0:
            return run.done.is_set()
        with self._attendance.waiting():
            return run.done.wait(seconds)

    def _begun(self, state: Callable[[], S], make: Callable[[], tuple[S, T]], rest: float) -> _Run:
        with self._lock:
            if self._run is None or self._run.done.is_set():
                self._run = _Run()
                if self._known is not None and self._known[0] == state():
                    self._run.done.set()  # made by another since it was looked at
                    return self._run
                name = f"needmatch-{self.name}"
                given = (self._run, make, rest)
                threading.Thread(target=self._work, args=given, name=name, daemon=True).start()
            return self._run

    def _work(self, run: _Run, make: Callable[[], tuple[S, T]], rest: float) -> None:
        began = time.monotonic()
        try:
            with giving_way(self._attendance.pause()):
                self._known = make()
        except Exception as error:  # whoever waits raises it
            run.error = error
            logger.warning("%s not made", self.name, exc_info=error)
        finally:
            ended = time.monotonic()
            self._took_s = ended - began
            self._rested = ended + rest * self._took_s
            run.done.set()
