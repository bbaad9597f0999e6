"""What was found out about a market, remembered while that market is the one shown."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT = 32
"""Findings of one market: what is asked most is asked in few ways."""


class Findings(Generic[T]):
    """The findings of the last market asked about, each made once.

    Analyses of one market are made one after the other: many who ask together ask mostly the same.

    >>> market, found = object(), Findings()
    >>> found.get(market, "unmet-needs", lambda: 7), found.get(market, "unmet-needs", lambda: 8)
    (7, 7)
    >>> found.get(object(), "unmet-needs", lambda: 8)
    8
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._market: object = None
        self._known: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, market: object, asked: Hashable, make: Callable[[], T]) -> T:
        """What was asked of a market; made now where it is not known. Raises what `make` raises."""
        with self._turn:
            if self._market is not market:
                self._market, self._known = market, OrderedDict()
            if asked not in self._known:
                self._known[asked] = make()
            self._known.move_to_end(asked)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            return self._known[asked]
