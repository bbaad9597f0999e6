"""The records of one kind with everything that is searched or quoted of them, by row number."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import compress

import numpy as np

from matcher.embed import Embedded, Embedder
from matcher.errors import RecordUnknown
from matcher.filters import Filter, Selection, Verdicts, narrowed, selection, verdicts
from matcher.index.ladder import LadderIndex
from matcher.late import Parts
from matcher.lexical import LexicalIndex, TermStatistics
from matcher.protocols import Float32, Int64, Role, VectorIndex
from matcher.records import Kind, Record, Visibility
from matcher.text.language import language_of
from matcher.text.terms import terms
from matcher.turns import Turns

SELECTIONS_KEPT = 64
"""Filters whose verdicts are remembered."""
WRITES_KEPT = 256
"""Writes that remembered verdicts may be behind; those that are further behind are made anew."""


Numbering = Callable[[Sequence[str]], Sequence[int]]
"""Row numbers of record ids: the same id has the same number always, and no other has it."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a collection's vectors are kept, when that is not its own memory, and who numbers its rows."""

    index: VectorIndex
    number: Numbering


@dataclass(frozen=True, slots=True)
class Stored:
    """A record with what its row number finds."""

    row: int
    record: Record
    language: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a filter says of the records, as of one change."""

    changes: int
    verdicts: Verdicts
    selection: Selection


class Collection:
    """Needs, or solutions: records under dense row numbers, with both indexes and their parts.

    A record that comes again under its id keeps its row; the row of a deleted record is not given
    to another. Many threads may read while one writes: each method gives what was there before a write or
    after it, and so does all that is asked inside one `reading()`.
    """

    def __init__(
        self,
        kind: Kind,
        dense: VectorIndex,
        lexical: LexicalIndex | None = None,
        number: Numbering | None = None,
    ) -> None:
        self.kind = kind
        self.dense = dense
        self._number = number
        self.lexical = LexicalIndex() if lexical is None else lexical
        self.records: list[Record | None] = []
        self.languages: list[str | None] = []
        self.parts: list[Parts | None] = []
        self.changes = 0
        """How often records were stored or deleted."""
        self._changed: dict[int, int] = {}
        self._rows: dict[str, int] = {}
        self._passages: dict[int, Float32 | None] = {}
        """Vectors of each row's passages; None for one, which is what the index gives as centroid."""
        self._selections: dict[Filter, Judged] = {}
        self._selecting = threading.Lock()
        self._writes: deque[tuple[int, tuple[int, ...]]] = deque(maxlen=WRITES_KEPT)
        """Changes with the rows of each."""
        self._turns = Turns()

    @classmethod
    def empty(
        cls,
        kind: Kind,
        dimension: int,
        statistics: TermStatistics | None = None,
        shelf: Shelf | None = None,
    ) -> "Collection":
        """A collection without records, over an exact index of its own unless there is a shelf."""
        if shelf is not None:
            return cls(kind, shelf.index, LexicalIndex(statistics), shelf.number)
        return cls(kind, LadderIndex(dimension), LexicalIndex(statistics))

    def reading(self) -> AbstractContextManager[None]:
        """While no record is stored or deleted: what is asked inside is of one state.

        A write waits for it, so keep it short; nothing may be written inside.
        """
        return self._turns.reading()

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Stored]:
        with self.reading():
            kept = list(zip(self.records, self.languages, strict=True))
        for row, (record, language) in enumerate(kept):
            if record is not None:
                yield Stored(row, record, language)

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

    def passages(self, row: int) -> Float32 | None:
        """`float32[p, d]`, a row's passages; None where a snapshot does not tell them apart."""
        with self.reading():
            if row not in self._passages:
                return None
            several = self._passages[row]
            return self.centroids(np.array([row], dtype=np.int64)) if several is None else several

    def several(self) -> dict[int, Float32] | None:
        """Rows with more than one passage, with the vectors `float32[p, d]` of each; None where unknown."""
        with self.reading():
            if len(self._passages) < len(self._rows):
                return None
            return {row: own for row, own in sorted(self._passages.items()) if own is not None}

    def select(self, where: Filter) -> Selection:
        """The rows that a filter admits.

        What it says of records is remembered, without the ids that it names, and brought up to date by
        the records that changed.
        """
        with self.reading():
            kept = self._judged(where.shared)
            return narrowed(kept.verdicts, where, self._rows) if where.named else kept.selection

    def _judged(self, shared: Filter) -> Judged:
        with self._selecting:
            kept = self._selections.pop(shared, None)
            if kept is None or kept.changes != self.changes:
                found = self._verdicts(shared, kept)
                kept = Judged(self.changes, found, selection(found))
            self._selections[shared] = kept  # the last asked for stands last
            if len(self._selections) > SELECTIONS_KEPT:
                self._selections.pop(next(iter(self._selections)))
            return kept

    def _verdicts(self, shared: Filter, kept: Judged | None) -> Verdicts:
        if kept is None or not self._writes or kept.changes + 1 < self._writes[0][0]:
            return verdicts(self.records, shared)
        later = {row for number, rows in self._writes if number > kept.changes for row in rows}
        changed = sorted(later)
        found = np.zeros(len(self.records), dtype=np.uint8)
        found[: kept.verdicts.size] = kept.verdicts
        found[changed] = verdicts([self.records[row] for row in changed], shared)
        return found

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
        # Of an id that comes twice in one call, the later stands.
        last = sorted({record.id: at for at, record in enumerate(records)}.values())
        weighed = self.lexical.weigh([items[at] for at in last])
        given = dict.fromkeys(record.id for record in records if record.id not in self._rows)
        numbers = dict(zip(given, self._number(list(given)), strict=True)) if self._number else {}
        with self._turns.writing():
            rows = np.array([self._place(record, numbers) for record in records], dtype=np.int64)
            self._store(rows[last], [records[at] for at in last], [embedded[at] for at in last])
            self.lexical.store(rows[last], weighed)
        return rows

    def _store(self, rows: Int64, records: Sequence[Record], embedded: Sequence[Embedded]) -> None:
        self._write(rows.tolist())
        self._changed |= dict.fromkeys(rows.tolist(), self.changes)
        for row, record, own in zip(rows.tolist(), records, embedded, strict=True):
            self.records[row] = record
            self.languages[row] = own.language
            self.parts[row] = own.parts
            self._passages[row] = own.passages if len(own.passages) > 1 else None
        if records:
            repeated = np.repeat(rows, [len(own.passages) for own in embedded])
            self.dense.upsert(repeated, np.concatenate([own.passages for own in embedded]))

    def _write(self, rows: Iterable[int]) -> None:
        """Count a change of some rows."""
        self.changes += 1
        self._writes.append((self.changes, tuple(rows)))

    def _place(self, record: Record, numbers: Mapping[str, int]) -> int:
        row = self._rows.get(record.id)
        if row is None:
            row = self._rows[record.id] = numbers.get(record.id, len(self.records))
            # a number given elsewhere may lie further on: what is between belongs to others
            missing = [None] * (row + 1 - len(self.records))
            self.records += missing
            self.languages += missing
            self.parts += missing
        return row

    def delete(self, record_ids: Iterable[str]) -> int:
        """Forget records; raises `RecordUnknown` for an id that is not there, before any is deleted."""
        with self._turns.writing():
            rows = sorted({self.row(record_id) for record_id in record_ids})
            self._write(rows)
            for row in rows:
                del self._rows[self.record(row).id]
                self.records[row] = self.languages[row] = self.parts[row] = None
                self._passages.pop(row, None)
            self.dense.delete(np.array(rows, dtype=np.int64))
            self.lexical.delete(np.array(rows, dtype=np.int64))
        return len(rows)

    def restore(
        self,
        records: Sequence[Record | None],
        languages: Sequence[str | None],
        parts: Sequence[Parts | None],
        several: Mapping[int, Float32] | None = None,
    ) -> None:
        """Take over records by row, as a snapshot kept them; both indexes are already in place.

        `several` are the passages of rows with more than one; None where that is not known of any row.
        """
        self.records, self.languages, self.parts = list(records), list(languages), list(parts)
        self._rows = {record.id: row for row, record in enumerate(self.records) if record is not None}
        self._passages = {}
        if several is not None:
            self._passages = {row: several.get(row) for row in self._rows.values()}
        self._selections = {}
        self._write(range(len(self.records)))
