"""How well each need of a market is answered: the solutions nearest to it, with their probabilities."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from scipy.sparse import csr_array

from matcher.asking import Asking
from matcher.collection import Collection
from matcher.errors import RecordUnknown, SnapshotCorrupt
from matcher.pace import give_way
from matcher.protocols import Float32, Int64
from matcher.records import Kind, Need, Solution
from matcher.retrieve import Query
from matcher.rows import RowSet

FITS = "fits.json"
AT_ONCE = 64
"""Needs asked together; memory does not grow with their number."""
Nearest = Callable[[Query, RowSet], tuple[Int64, Float32]]


class Fits:
    """What was found for each need is remembered while the need and all solutions are as they were."""

    def __init__(self, asking: Asking, collections: Mapping[Kind, Collection], nearest: Nearest) -> None:
        self._asking = asking
        self._collections = collections
        self._nearest = nearest
        self._state: tuple[int, tuple[int, ...]] | None = None
        self._known: dict[str, tuple[Need, Int64, Float32]] = {}

    def of(self, needs: Sequence[Need], solutions: Sequence[Solution], offers: RowSet) -> csr_array:
        """`[n, m]`, sparse: probabilities of the solutions nearest to each need; others were not compared."""
        if not needs or not solutions:
            return csr_array((len(needs), len(solutions)), dtype=np.float32)
        stored = self._collections[Kind.SOLUTION]
        with stored.reading():
            column = np.full(stored.size, -1, dtype=np.int64)
            column[[stored.row(solution.id) for solution in solutions]] = np.arange(len(solutions))
            state = stored.changes, tuple(offers)
        if self._state != state:
            self._state, self._known = state, {}
        lines, columns, values = [], [], []
        for line, (rows, chances) in enumerate(self._found(needs, offers, self._known)):
            at = column[np.minimum(rows, column.size - 1)]
            there = (rows < column.size) & (at >= 0)  # a solution may have come or gone meanwhile
            lines.append(np.full(int(there.sum()), line, dtype=np.int64))
            columns.append(at[there])
            values.append(chances[there])
        placed = np.concatenate(lines), np.concatenate(columns)
        return csr_array((np.concatenate(values), placed), shape=(len(needs), len(solutions)))

    def save(self) -> str:
        """What is known of the needs and solutions as they are now, to be kept beside them."""
        solutions, needs = self._collections[Kind.SOLUTION], self._collections[Kind.NEED]
        if self._state is None or self._state[0] != solutions.changes:
            return json.dumps(None)
        kept = {
            need_id: [rows.tolist(), chances.tolist()]
            for need_id, (need, rows, chances) in list(self._known.items())
            if need_id in needs and needs.record(needs.row(need_id)) is need
        }
        return json.dumps({"offers": [int(row) for row in self._state[1]], "found": kept})

    def restore(self, saved: str) -> None:
        """Take over what `save` gave, of the same needs and solutions. Raises `SnapshotCorrupt`."""
        solutions, needs = self._collections[Kind.SOLUTION], self._collections[Kind.NEED]
        try:
            stored = json.loads(saved or "null")
            if stored is None:
                return
            self._known = {
                need_id: (need, np.array(rows, dtype=np.int64), np.array(chances, dtype=np.float32))
                for need_id, (rows, chances) in stored["found"].items()
                if isinstance(need := needs.record(needs.row(need_id)), Need)
            }
            self._state = solutions.changes, tuple(stored["offers"])
        except (ValueError, LookupError, TypeError, RecordUnknown) as error:
            raise SnapshotCorrupt(
                f"{FITS} cannot be read ({error}). Build the snapshot again from the records."
            ) from error

    def _found(
        self, needs: Sequence[Need], offers: RowSet, known: dict[str, tuple[Need, Int64, Float32]]
    ) -> Iterator[tuple[Int64, Float32]]:
        stream = iter(needs)
        while batch := list(islice(stream, AT_ONCE)):
            fresh = [need for need in batch if need.id not in known or known[need.id][0] is not need]
            for need, query in zip(fresh, self._asking.many(fresh), strict=True):
                give_way()
                known[need.id] = need, *self._nearest(query, offers)
            yield from (known[need.id][1:] for need in batch)
