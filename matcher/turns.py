"""Who reads and who writes: many at once, or one alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 0.05
"""How long new readers let a writer go first, who waits for a reader that may take long."""


class Turns:
    """Lets many threads read at once, or one write; a writer that waits goes before new readers.

    It does so for a moment only: behind one who reads for seconds, those who read for milliseconds would
    wait as long as the writer.

    Who reads may read again inside, and so may who writes. Who reads must not write inside, and whoever
    needs another lock as well takes that one first.

    >>> turns = Turns()
    >>> with turns.writing(), turns.reading():
    ...     "alone"
    'alone'
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._free = threading.Condition()
        self._readers = 0
        self._writers = 0
        """Those that write or wait to."""
        self._busy = False
        self._own = threading.local()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While nobody writes."""
        depth = getattr(self._own, "depth", 0)
        if not depth:
            with self._free:
                self._free.wait_for(lambda: not self._writers, self._patience_s)
                self._free.wait_for(lambda: not self._busy)
                self._readers += 1
        self._own.depth = depth + 1
        try:
            yield
        finally:
            self._own.depth = depth
            if not depth:
                with self._free:
                    self._readers -= 1
                    self._free.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While nobody else reads or writes."""
        with self._free:
            self._writers += 1
            while self._readers or self._busy:
                self._free.wait()
            self._busy = True
        self._own.depth = 1
        try:
            yield
        finally:
            self._own.depth = 0
            with self._free:
                self._busy = False
                self._writers -= 1
                self._free.notify_all()
