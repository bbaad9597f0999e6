"""Flat rows kept on disk until all of their columns are known.

A table needs its header first, and only the last record tells the last extra column; holding the
rows in memory for that would bound the size of an export.
"""

import pickle
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from types import TracebackType

from corpora.columns import COLUMNS, Cell, flatten
from matcher.errors import RecordInvalid
from matcher.records import Kind, Record


class Spool:
    """The rows of records of one kind, and the columns of their table.

    Raises `RecordInvalid` for records of two kinds: a table has one set of columns.

    >>> from matcher.records import Need
    >>> with Spool([Need(id="N1", title="Vests", extra={"colour": "blue"})]) as spool:
    ...     print(spool.columns[0], spool.columns[-1], list(spool)[0]["title"])
    id colour Vests
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self.kind: Kind | None = None
        self.rows = 0
        others: set[str] = set()
        self._file = TemporaryFile()  # noqa: SIM115  # closed on leaving the context
        try:
            for record in records:
                if record.kind is not (self.kind or record.kind):
                    raise RecordInvalid(
                        f"{record.kind} {record.id!r} stands among records of the kind {self.kind}. "
                        "Write needs and solutions to two files."
                    )
                self.kind = record.kind
                row = flatten(record)
                others |= row.keys()
                pickle.dump(row, self._file)
                self.rows += 1
        except BaseException:
            self._file.close()
            raise
        known = COLUMNS[self.kind or Kind.NEED]
        others -= set(known)
        titles = sorted(f"title_{language}" for language in _languages(others))
        self.columns: tuple[str, ...] = (*known, *titles, *sorted(others.difference(titles)))
        """Those of the contract in its order, then translations, then extras."""

    def __iter__(self) -> Iterator[dict[str, Cell]]:
        self._file.seek(0)
        for _ in range(self.rows):
            yield pickle.load(self._file)  # written above, by this very object

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _languages(columns: Iterable[str]) -> Iterator[str]:
    return (column[6:] for column in columns if column.startswith("title_") and len(column) == 8)
