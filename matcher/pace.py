"""Long work beside what cannot wait: between its small steps it gives way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _at_once() -> None:
    """Go on: nobody is waited for."""


_pause: ContextVar[Callable[[], None]] = ContextVar("needmatch-pause", default=_at_once)


def give_way() -> None:
    """Let others go first, where whoever began this work asked for that; called between small steps.

    It must not be called where others wait for what the caller holds, unless it is `hurrying`.

    >>> with giving_way(lambda: print("after you")):
    ...     give_way()
    after you
    >>> give_way()
    """
    _pause.get()()


@contextmanager
def hurrying() -> Iterator[None]:
    """While something is held that others wait for: nothing inside gives way."""
    with giving_way(_at_once):
        yield


@contextmanager
def giving_way(pause: Callable[[], None]) -> Iterator[None]:
    """Have all work inside, of this thread, call `pause` between its steps."""
    before = _pause.set(pause)
    try:
        yield
    finally:
        _pause.reset(before)
