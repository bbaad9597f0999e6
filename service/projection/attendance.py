"""Who is being served just now: what is computed beside the requests gives way to them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 9.0
"""While requests are served, what gives way rests so many times as long as it worked: it goes on slowly."""
STEP_S = 0.002
"""Work of a processor that is not worth a rest."""
MOST_S = 0.5
"""The longest rest."""


def _as_it_is(_: int) -> None:
    """Nobody gives room."""


class Attendance:
    """Counts the requests that are being served, without those that wait for what gives way itself.

    >>> attendance = Attendance()
    >>> with attendance.serving():
    ...     attendance.here
    1
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.room: Callable[[int], None] = _as_it_is
        """Told of every thread that begins (1) or ends (-1) to wait: another may work meanwhile."""
        self.here = 0
        """Requests that are being served."""

    @contextmanager
    def serving(self) -> Iterator[None]:
        """While a request is served."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While who is served waits for what gives way: then it need not."""
        self._count(-1)
        self.room(1)
        try:
            yield
        finally:
            self.room(-1)
            self._count(1)

    def quiet(self, seconds: float) -> bool:
        """Wait until nobody is served, so long at most; whether nobody is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.here <= 0, seconds)

    def pause(self, rest: float = SHARE) -> Callable[[], None]:
        """What one thread calls between its steps: while anybody is served it works a small share of time.

        It rests so many times as long as it worked.
        """
        resumed = time.thread_time()

        def give_way() -> None:
            nonlocal resumed
            worked = time.thread_time() - resumed
            if worked < STEP_S:
                return
            if self.here > 0:
                self.quiet(min(MOST_S, rest * worked))
            resumed = time.thread_time()

        return give_way

    def _count(self, change: int) -> None:
        with self._changed:
            self.here += change
            if self.here <= 0:
                self._changed.notify_all()
