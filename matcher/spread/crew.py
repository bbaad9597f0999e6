"""Who does the pieces of a large work: this process alone, or workers elsewhere."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Tool = TypeVar("Tool")
Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Crew(Protocol):
    """Does pieces of work that do not depend on each other.

    What is given to it goes to other processes by pickle. It may do a piece twice, for instance when a worker
    dies after the work and before it tells: a piece must come to the same however often it is done.
    """

    @property
    def workers(self) -> int:
        """How many pieces are done at the same time, at most."""

    @property
    def lost(self) -> int:
        """Workers that died so far."""

    def each(
        self, prepare: Callable[[], Tool], do: Callable[[Tool, Piece], Result], pieces: Iterable[Piece]
    ) -> Iterator[tuple[int, Result]]:
        """Number and result of every piece, each once, as they are done: in any order.

        A worker prepares its tool once, before its first piece. Pieces are taken as they are needed, so that
        few are in memory at a time. An error of a piece is raised here as it was there and ends the work.
        Raises `WorkerLost` for a piece on which one worker after the other died.
        """


class Alone:
    """One process: its own, which does one piece after the other, in their order.

    >>> list(Alone().each(lambda: 10, lambda tool, piece: tool * piece, [1, 2]))
    [(0, 10), (1, 20)]
    """

    workers = 1
    lost = 0

    def each(
        self, prepare: Callable[[], Tool], do: Callable[[Tool, Piece], Result], pieces: Iterable[Piece]
    ) -> Iterator[tuple[int, Result]]:
        """See `Crew.each`."""
        tools: list[Tool] = []
        for number, piece in enumerate(pieces):
            if not tools:
                tools.append(prepare())
            yield number, do(tools[0], piece)
