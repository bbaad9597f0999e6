"""Sets of row numbers: who may be seen, as a bitmap that every search must be given."""

from collections.abc import Iterable, Iterator
from numbers import Integral

import numpy as np
from numpy.typing import NDArray


class RowSet:
    """An immutable set of dense row numbers, stored as one boolean a row.

    >>> allowed = RowSet.of([1, 3], size=5)
    >>> 3 in allowed, 2 in allowed, len(allowed)
    (True, False, 2)
    >>> list(allowed & RowSet.all(3))
    [1]
    """

    __slots__ = ("_count", "_mask")

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self._mask = np.array(mask, dtype=np.bool_)  # a copy: whoever made the mask may go on with it
        self._mask.setflags(write=False)
        self._count = int(np.count_nonzero(self._mask))

    @classmethod
    def all(cls, size: int) -> "RowSet":
        """Every row below `size`."""
        return cls(np.ones(size, dtype=np.bool_))

    @classmethod
    def none(cls, size: int = 0) -> "RowSet":
        """No row at all."""
        return cls(np.zeros(size, dtype=np.bool_))

    @classmethod
    def of(cls, rows: Iterable[int], size: int | None = None) -> "RowSet":
        """The rows named; `size` is the number of rows there are, or one more than the largest.

        Raises `ValueError` for a negative row.
        """
        numbers = np.fromiter(rows, dtype=np.int64)
        if numbers.size and numbers.min() < 0:
            raise ValueError(f"row numbers start at 0, got {int(numbers.min())}")
        top = int(numbers.max()) + 1 if numbers.size else 0
        mask = np.zeros(max(size or 0, top), dtype=np.bool_)
        mask[numbers] = True
        return cls(mask)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """`bool[size]`, read-only."""
        return self._mask

    def contains(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`bool[n]`: which of the rows are in the set; rows beyond its size are not."""
        if rows.size and rows.min() >= 0 and rows.max() < self._mask.size:
            return self._mask[rows]
        inside = (rows >= 0) & (rows < self._mask.size)
        found = np.zeros(rows.shape, dtype=np.bool_)
        found[inside] = self._mask[rows[inside]]
        return found

    def __contains__(self, row: object) -> bool:
        return isinstance(row, Integral) and 0 <= int(row) < self._mask.size and bool(self._mask[int(row)])

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self._mask).tolist())

    def __and__(self, other: "RowSet") -> "RowSet":
        size = min(self._mask.size, other._mask.size)
        return RowSet(self._mask[:size] & other._mask[:size])

    def without(self, rows: Iterable[int]) -> "RowSet":
        """The set less some rows."""
        mask = self._mask.copy()
        numbers = np.fromiter(rows, dtype=np.int64)
        mask[numbers[(numbers >= 0) & (numbers < mask.size)]] = False
        return RowSet(mask)

    def including(self, rows: Iterable[int]) -> "RowSet":
        """The set and some rows more; rows beyond its size are left out."""
        mask = self._mask.copy()
        numbers = np.fromiter(rows, dtype=np.int64)
        mask[numbers[(numbers >= 0) & (numbers < mask.size)]] = True
        return RowSet(mask)
