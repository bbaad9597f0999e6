"""What pairs of needs are compared by, in columns: one place a need, ascending by row."""

from dataclasses import dataclass
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
        rows = np.concatenate([self.rows, other.rows])
        both = Traits(
            rows,
            np.concatenate([self.vectors, other.vectors]),
            self.parts + other.parts,
            self.titles + other.titles,
            self.named + other.named,
            self.cpv + other.cpv,
            self.natures + other.natures,
            self.quantities + other.quantities,
            _stacked(self.answers, other.answers),
            _stacked(self.profiles, other.profiles),
        )
        return both.at(np.argsort(rows))


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


def _stacked(one: sparse.csr_matrix | None, other: sparse.csr_matrix | None) -> sparse.csr_matrix | None:
    return None if one is None or other is None else sparse.vstack([one, other], format="csr")
