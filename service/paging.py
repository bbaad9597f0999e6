"""Lists in parts: `?cursor=&limit=` on the way in, `{"items": [...], "next": ...}` on the way out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Query

from matcher.phrases import phrase
from service.problems import Problem, invalid
from service.store.errors import CursorInvalid
from service.store.paging import cursor as cursor_of
from service.store.paging import place

T = TypeVar("T")

DEFAULT = 20
MOST = 100


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is asked for."""

    cursor: str | None = None
    limit: int = DEFAULT

    def place(self, *kinds: type) -> list[str | int] | None:
        """Where the part begins, as values of these kinds; None at the beginning. Raises `Problem` 422.

        >>> Paging("WyJiIl0").place(str)
        ['b']
        """
        if self.cursor is None:
            return None
        try:
            return place(self.cursor, *kinds)
        except CursorInvalid:
            raise foreign() from None

    def moment_and_id(self) -> tuple[datetime, str] | None:
        """Where the part of a list by time and id begins; None at the beginning. Raises `Problem` 422."""
        found = self.place(str, str)
        if found is None:
            return None
        try:
            moment = datetime.fromisoformat(str(found[0]))
        except ValueError:
            raise foreign() from None
        if moment.tzinfo is None or not 1970 <= moment.year < 9000:
            raise foreign()
        return moment, str(found[1])

    def number(self) -> int | None:
        """Where the part of a list by number begins; None at the beginning. Raises `Problem` 422."""
        found = self.place(str)
        if found is None:
            return None
        text = str(found[0])
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise foreign()
        return int(text)

    def cut(self, found: Sequence[T], key: Callable[[T], Sequence[str | int]]) -> tuple[list[T], str | None]:
        """The items to show and the next cursor, of `limit + 1` items where there are so many.

        >>> Paging(limit=2).cut(["a", "b", "c"], lambda item: [item])
        (['a', 'b'], 'WyJiIl0')
        """
        shown = list(found[: self.limit])
        return shown, cursor_of(key(shown[-1])) if len(found) > self.limit else None


def foreign() -> Problem:
    """A cursor that this list did not give."""
    return invalid("query.cursor", phrase("This cursor is not of this list. Begin again without one."))


def paging(
    cursor: Annotated[
        str | None, Query(max_length=2_000, description="`next` of the part before; none at the beginning.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items in one part.")] = DEFAULT,
) -> Paging:
    """Cursor and limit of a request."""
    return Paging(cursor, limit)


PagingIn = Annotated[Paging, Depends(paging)]
