"""The records of one kind with everything that is searched or quoted of them, by row number."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from matcher.embed import Embedded, Embedder
from matcher.errors import RecordUnknown
from matcher.filters import Filter, Selection, select
from matcher.index.flat import FlatIndex
from matcher.late import Parts
from matcher.lexical import LexicalIndex, TermStatistics
from matcher.protocols import Float32, Int64, Role, VectorIndex
from matcher.records import Kind, Record, Visibility
from matcher.text.language import language_of
from matcher.text.terms import Terms, terms

SELECTIONS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Stored:
    """A record with what its row number finds."""

    row: int
    record: Record
    language: str | None


class Collection:
    """Needs, or solutions: records under dense row numbers, with both indexes and their parts.

    A record that comes again under its id keeps its row; the row of a deleted record is not given
    to another.
    """

    def __init__(self, kind: Kind, dense: VectorIndex, lexical: LexicalIndex | None = None) -> None:
        self.kind = kind
        self.dense = dense
        self.lexical = lexical or LexicalIndex()
        self.records: list[Record | None] = []
        self.languages: list[str | None] = []
        self.parts: list[Parts | None] = []
        self.changes = 0
        """How often records were stored or deleted."""
        self._changed: dict[int, int] = {}
        self._rows: dict[str, int] = {}
        self._selections: dict[Filter, Selection] = {}

    @classmethod
    def empty(cls, kind: Kind, dimension: int) -> "Collection":
        """A collection without records, over an exact index."""
        return cls(kind, FlatIndex(dimension))

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Stored]:
        for row, record in enumerate(self.records):
            if record is not None:
                yield Stored(row, record, self.languages[row])

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._rows

    @property
    def size(self) -> int:
        """Row numbers given out so far, those of deleted records included."""
        return len(self.records)

    def row(self, record_id: str) -> int:
        """The row of an id. Raises `RecordUnknown`."""
        try:
            return self._rows[record_id]
        except KeyError:
            raise RecordUnknown(self.kind, record_id) from None

    def record(self, row: int) -> Record:
        """The record of a row that a search returned."""
        record = self.records[row]
        if record is None:
            raise RecordUnknown(self.kind, f"row {row}")
        return record

    def rows(self) -> Int64:
        """`int64[n]`: rows that hold a record, ascending."""
        return np.array([stored.row for stored in self], dtype=np.int64)

    def changed(self, row: int) -> int:
        """The number of the change that stored what the row holds; it grows when the record comes again."""
        return self._changed.get(row, 0)

    def centroids(self, rows: Int64) -> Float32:
        """`float32[n, d]`: one unit vector a row, the mean of its passages."""
        return self.dense.centroids(rows)

    def select(self, where: Filter) -> Selection:
        """The rows that a filter admits; remembered until the records change."""
        selection = self._selections.get(where)
        if selection is None:
            if len(self._selections) >= SELECTIONS_KEPT:
                self._selections.clear()
            selection = self._selections[where] = select(self.records, where)
        return selection

    def upsert(
        self,
        records: Sequence[Record],
        embedder: Embedder,
        *,
        fit_statistics: bool,
        progress: Callable[[int], None] | None = None,
    ) -> Int64:
        """Add or replace records; returns their rows `int64[n]`.

        `fit_statistics` fits the term statistics first, on those of these records that everybody sees
        who sees any: the most open ones, of the network or wider. Without it records are weighed by the
        statistics that are there.
        """
        languages = [language_of(record) for record in records]
        embedded = embedder.embed([record.text for record in records], languages, Role.PASSAGE, progress)
        items = [
            terms(record.text, language, named=record.standards)
            for record, language in zip(records, languages, strict=True)
        ]
        if fit_statistics:
            most_open = max((r.visibility.rank for r in records), default=0)
            least = max(most_open, Visibility.NETWORK.rank)
            shared = [r.visibility.rank >= least for r in records]
            self.lexical.statistics = TermStatistics.fit(list(compress(items, shared)))
        return self._store(records, embedded, items)

    def _store(
        self, records: Sequence[Record], embedded: Sequence[Embedded], items: Sequence[Terms]
    ) -> Int64:
        self._selections.clear()
        rows = np.array([self._place(record) for record in records], dtype=np.int64)
        # Of an id that comes twice in one call, the later stands.
        last = {int(row): at for at, row in enumerate(rows)}
        self.changes += 1
        self._changed |= dict.fromkeys(last, self.changes)
        order = sorted(last)
        for row, at in last.items():
            self.records[row] = records[at]
            self.languages[row] = embedded[at].language
            self.parts[row] = embedded[at].parts
        if order:
            vectors = [embedded[last[row]].passages for row in order]
            repeated = np.repeat(np.array(order, dtype=np.int64), [len(v) for v in vectors])
            self.dense.upsert(repeated, np.concatenate(vectors))
            self.lexical.upsert(np.array(order, dtype=np.int64), [items[last[row]] for row in order])
        return rows

    def _place(self, record: Record) -> int:
        row = self._rows.get(record.id)
        if row is None:
            row = self._rows[record.id] = len(self.records)
            self.records.append(None)
            self.languages.append(None)
            self.parts.append(None)
        return row

    def delete(self, record_ids: Iterable[str]) -> int:
        """Forget records; raises `RecordUnknown` for an id that is not there, before any is deleted."""
        rows = [self.row(record_id) for record_id in record_ids]
        self._selections.clear()
        self.changes += 1
        for row in set(rows):
            record = self.record(row)
            self.records[row] = self.languages[row] = self.parts[row] = None
            del self._rows[record.id]
        self.dense.delete(np.array(rows, dtype=np.int64))
        self.lexical.delete(np.array(rows, dtype=np.int64))
        return len(set(rows))

    def restore(
        self,
        records: Sequence[Record | None],
        languages: Sequence[str | None],
        parts: Sequence[Parts | None],
    ) -> None:
        """Take over records by row, as a snapshot kept them; both indexes are already in place."""
        self.records, self.languages, self.parts = list(records), list(languages), list(parts)
        self._rows = {record.id: row for row, record in enumerate(self.records) if record is not None}
        self.changes += 1
