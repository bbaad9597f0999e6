"""What pairs of needs are compared by, in columns: one place a need, ascending by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
from scipy import sparse

from matcher.collection import Collection
from matcher.late import Parts
from matcher.profiles import solution_profiles, unit
from matcher.protocols import Calibrator, Float32, Int64
from matcher.records import Nature, Need
from matcher.rows import RowSet
from matcher.text import quantity
from matcher.text.terms import codes

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Traits:
    """Facts about needs, each a column of `n` places."""

    rows: Int64
    """`int64[n]`, ascending."""
    vectors: Float32
    """`float32[n, d]`, one unit vector a need, with the language offset of grouping."""
    parts: tuple[Parts | None, ...]
    titles: tuple[int, ...]
    """How many characters of the text are its title."""
    named: tuple[frozenset[str], ...]
    """Standards, designations and acronyms, to the letter."""
    cpv: tuple[tuple[str, ...], ...]
    natures: tuple[Nature | None, ...]
    quantities: tuple[str | None, ...]
    """Kind of quantity, as far as it is told."""
    answers: sparse.csr_matrix | None
    """`float32[n, m]`: how likely each of the nearest solutions answers; None where none are loaded."""
    profiles: sparse.csr_matrix | None
    """The same with unit rows."""

    def __len__(self) -> int:
        return int(self.rows.size)

    def places(self, rows: Int64) -> Int64:
        """Where rows stand; they must be there."""
        return np.searchsorted(self.rows, rows)

    def at(self, places: Int64) -> "Traits":
        """Some of the needs, in the order of `places`, which must ascend."""
        chosen = places.tolist()

        def column(values: tuple[Value, ...]) -> tuple[Value, ...]:
            return tuple(values[i] for i in chosen)

        return Traits(
            self.rows[places],
            self.vectors[places],
            column(self.parts),
            column(self.titles),
            column(self.named),
            column(self.cpv),
            column(self.natures),
            column(self.quantities),
            None if self.answers is None else self.answers[places],
            None if self.profiles is None else self.profiles[places],
        )

    def without(self, rows: Int64) -> "Traits":
        """The needs but some."""
        return self.at(np.flatnonzero(~np.isin(self.rows, rows)))

    def joined(self, other: "Traits") -> "Traits":
        """The needs of both; no row may be in both."""
        return joined([self, other])


def traits_of(
    needs: Collection,
    rows: Int64,
    vectors: Float32,
    solutions: Collection,
    offers: RowSet,
    calibrator: Calibrator | None = None,
) -> Traits:
    """The facts of some needs: `int64[n]` rows, ascending, and their vectors `float32[n, d]`.

    `offers` are the solutions that may be seen; the calibrator says how likely they answer
    (`profiles.FEATURES`).
    """
    records = [record for row in rows.tolist() if isinstance(record := needs.record(row), Need)]
    named = tuple(frozenset(codes(r.text)).union(*(codes(s) for s in r.standards)) for r in records)
    cpv = tuple(record.cpv for record in records)
    answers = None
    if len(offers):
        answers = solution_profiles(vectors, named, cpv, solutions, offers, calibrator)
    return Traits(
        rows,
        vectors,
        tuple(needs.parts[row] for row in rows.tolist()),
        tuple(len(record.title) for record in records),
        named,
        cpv,
        tuple(record.nature for record in records),
        tuple(quantity.kind(record.quantity) for record in records),
        answers,
        None if answers is None else unit(answers),
    )


def joined(parts: Sequence[Traits]) -> Traits:
    """The needs of one or more parts; no row may be in two of them."""
    rows = np.concatenate([part.rows for part in parts])
    whole = Traits(
        rows,
        np.concatenate([part.vectors for part in parts]),
        tuple(chain.from_iterable(part.parts for part in parts)),
        tuple(chain.from_iterable(part.titles for part in parts)),
        tuple(chain.from_iterable(part.named for part in parts)),
        tuple(chain.from_iterable(part.cpv for part in parts)),
        tuple(chain.from_iterable(part.natures for part in parts)),
        tuple(chain.from_iterable(part.quantities for part in parts)),
        _stacked([part.answers for part in parts]),
        _stacked([part.profiles for part in parts]),
    )
    return whole.at(np.argsort(rows))


def _stacked(parts: Sequence[sparse.csr_matrix | None]) -> sparse.csr_matrix | None:
    held = [part for part in parts if part is not None]
    return sparse.vstack(held, format="csr") if len(held) == len(parts) else None
