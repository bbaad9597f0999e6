"""The market that the figures are computed from: needs, solutions, and how well they fit.

A market holds exactly the records that its audience may see; nothing here looks beyond it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from math import fsum
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from matcher.errors import RecordUnknown
from matcher.phrases import counted, joined
from matcher.protocols import Float32, Int64
from matcher.records import Need, Solution

ADEQUATE = 0.5
"""Calibrated probability from which a solution counts as adequate for a need."""
PLACEHOLDER_EUR = 1.0
"""Amounts up to this are what sources write for "not stated"."""

R = TypeVar("R", Need, Solution)


class Sum(NamedTuple):
    """An amount with how many needs state theirs."""

    eur: float | None
    """None where none states one."""
    stated: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """Needs and solutions, kept by id, so that no figure depends on the order they came in.

    Raises `ValueError` for ids that come twice, a `fit` of another shape and numbers that are no
    probabilities, and `RecordUnknown` for a cluster or link that names a need which is not there.

    >>> needs = [Need(id="N2", title="Radar"), Need(id="N1", title="Drone")]
    >>> fit = np.array([[0.9], [np.nan]], dtype=np.float32)
    >>> market = Market(needs=needs, solutions=[Solution(id="S1", name="R")], fit=fit, day=date(2027, 1, 1))
    >>> [need.id for need in market.needs], market.compared(0), market.adequate_for(1).tolist()
    (['N1', 'N2'], False, [0])
    """

    needs: Sequence[Need]
    solutions: Sequence[Solution]
    fit: Any
    """Calibrated probabilities `float32[n, m]`, dense or sparse; NaN or not stored was not compared."""
    day: date
    """The day the figures are of."""
    clusters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Cluster id to the ids of its needs."""
    areas: Mapping[str, str] = field(default_factory=dict)
    """Need id to security area; a need without one is in no area."""
    functions: Mapping[str, str] = field(default_factory=dict)
    """Need id to function."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """What made the numbers: model, calibrator, taxonomy, software."""
    links: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Pairs of need ids with the probability that they are one need."""
    adequate: float = ADEQUATE
    buyers: tuple[str | None, ...] = field(init=False, repr=False)
    """By need: who asks, one word for each organisation; None where the need does not say."""
    suppliers: tuple[str | None, ...] = field(init=False, repr=False)
    """By solution: who offers it."""
    rows: Mapping[str, int] = field(init=False, repr=False)
    """Need id to its row."""
    _fit: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        needs, solutions = _by_id(self.needs), _by_id(self.solutions)
        rows = {need.id: row for row, need in enumerate(needs)}
        known = self.clusters.values()
        for named in (*(n for ids in known for n in ids), *(n for pair in self.links for n in pair)):
            if named not in rows:
                raise RecordUnknown("need", named)
        derived: dict[str, object] = {
            "_fit": _matrix(self.fit, self.needs, self.solutions),
            "needs": needs,
            "solutions": solutions,
            "rows": rows,
            "buyers": _organisations((n.organisation_id, n.organisation) for n in needs),
            "suppliers": _organisations((s.vendor_id, s.vendor) for s in solutions),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def offers(self, row: int) -> tuple[Int64, Float32]:
        """The solutions compared with a need, in the order of their ids, and their probabilities."""
        part = slice(self._fit.indptr[row], self._fit.indptr[row + 1])
        return self._fit.indices[part].astype(np.int64), self._fit.data[part]

    def compared(self, row: int) -> bool:
        """Whether any solution was compared with the need: without that nothing is known of its supply."""
        return bool(self._fit.indptr[row + 1] > self._fit.indptr[row])

    def adequate_for(self, row: int) -> Int64:
        """The solutions that are adequate for a need, in the order of their ids."""
        columns, probability = self.offers(row)
        return columns[probability >= np.float32(self.adequate)]

    def supplier(self, column: int) -> str:
        """Who offers a solution; one that does not say it counts as a supplier of its own."""
        return self.suppliers[column] or f"solution {self.solutions[column].id}"

    def organisations(self, rows: Iterable[int]) -> int:
        """How many organisations ask; needs that do not say whose they are add none."""
        return len({self.buyers[row] for row in rows} - {None})

    def countries(self, rows: Iterable[int]) -> list[str]:
        """The countries that needs are from, sorted; those that do not say are left out."""
        return sorted({country for row in rows if (country := self.needs[row].country)})

    def total(self, rows: Iterable[int]) -> Sum:
        """The stated value of needs, in euro; what is not stated is left out, and is not zero."""
        stated = [v for row in rows if (v := value_eur(self.needs[row])) is not None]
        return Sum(fsum(stated) if stated else None, len(stated))

    def members(self, cluster: str) -> list[int]:
        """The rows of a cluster's needs, in order, each once."""
        return sorted({self.rows[need] for need in self.clusters[cluster]})

    def coverage(self, *fields: str, rows: Sequence[int] | None = None) -> str:
        """What the needs do not say, of "value", "country", "area", "function", "window", "cpv",
        "organisation", "regime" and "supply", in one sentence.

        >>> market = Market(needs=[Need(id="N", title="T")], solutions=[], fit=np.zeros((1, 0)), day=date.min)
        >>> market.coverage("value", "area")
        'value stated by 0 of 1 needs; 1 in no area'
        """
        taken = range(len(self.needs)) if rows is None else rows
        return joined((self._covered(name, taken) for name in fields), "; ")

    def _covered(self, name: str, rows: Sequence[int]) -> str:
        needs, all_ = [self.needs[row] for row in rows], len(rows)
        match name:
            case "value":
                return counted(
                    "value stated by {stated} of {n} needs",
                    "value stated by {stated} of {n} needs",
                    all_,
                    stated=self.total(rows).stated,
                )
            case "area":
                bare = sum(need.id not in self.areas for need in needs)
                return counted("{n} in no area", "{n} in no area", bare)
            case "function":
                bare = sum(need.id not in self.functions for need in needs)
                return counted("{n} with no function", "{n} with no function", bare)
            case "country":
                return counted(
                    "country stated by {stated} of {n} needs",
                    "country stated by {stated} of {n} needs",
                    all_,
                    stated=sum(bool(need.country) for need in needs),
                )
            case "window":
                return counted(
                    "planned start stated by {stated} of {n} needs",
                    "planned start stated by {stated} of {n} needs",
                    all_,
                    stated=sum(need.window_start is not None for need in needs),
                )
            case "cpv":
                return counted(
                    "CPV stated by {stated} of {n} needs",
                    "CPV stated by {stated} of {n} needs",
                    all_,
                    stated=sum(bool(need.cpv) for need in needs),
                )
            case "organisation":
                return counted(
                    "organisation stated by {stated} of {n} needs",
                    "organisation stated by {stated} of {n} needs",
                    all_,
                    stated=sum(self.buyers[row] is not None for row in rows),
                )
            case "regime":
                return counted(
                    "regime stated by {stated} of {n} needs",
                    "regime stated by {stated} of {n} needs",
                    all_,
                    stated=sum(bool(need.regime) for need in needs),
                )
            case "supply":
                compared = sum(self.compared(row) for row in rows)
                return counted(
                    "{compared} of {all} needs compared with a catalogue of {n} solutions",
                    "{compared} of {all} needs compared with a catalogue of {n} solutions",
                    len(self.solutions),
                    compared=compared,
                    all=all_,
                )
        raise ValueError(f"no coverage is known of {name!r}")


def value_eur(need: Need) -> float | None:
    """The value of a need in euro: as stated, else the middle of a stated range, else unknown.

    >>> value_eur(Need(id="N", title="T", value_min_eur=100.0, value_max_eur=300.0))
    200.0
    >>> value_eur(Need(id="N", title="T", value_eur=1.0))
    """
    low, high = need.value_min_eur, need.value_max_eur
    value = need.value_eur
    if value is None and low is not None and high is not None:
        value = (low + high) / 2
    return value if value is not None and value > PLACEHOLDER_EUR else None


def _by_id(records: Sequence[R]) -> tuple[R, ...]:
    ordered = tuple(sorted(records, key=lambda record: record.id))
    for one, other in pairwise(ordered):
        if one.id == other.id:
            raise ValueError(f"the id {one.id!r} comes twice; collapse copies before")
    return ordered


def _matrix(fit: Any, needs: Sequence[Need], solutions: Sequence[Solution]) -> Any:
    """`csr float32[n, m]` in the order of ids; zeros that were compared stay stored."""
    if tuple(fit.shape) != (len(needs), len(solutions)):
        raise ValueError(f"fit is {fit.shape}, expected {(len(needs), len(solutions))}: needs x solutions")
    if issparse(fit):
        stored = fit.tocoo()
        rows, columns, data = stored.row, stored.col, stored.data
    else:
        dense: NDArray[Any] = np.asarray(fit)
        rows, columns = np.nonzero(~np.isnan(dense))
        data = dense[rows, columns]
    there = ~np.isnan(data)
    rows, columns, data = rows[there], columns[there], data[there].astype(np.float32)
    matrix = csr_array((data, (_places(needs)[rows], _places(solutions)[columns])), shape=fit.shape)
    matrix.sum_duplicates()
    if matrix.nnz and not (matrix.data.min() >= 0 and matrix.data.max() <= 1 + 1e-6):
        raise ValueError("fit holds numbers outside 0..1: expected calibrated probabilities, each pair once")
    return matrix


def _places(records: Sequence[Need] | Sequence[Solution]) -> NDArray[np.intp]:
    order = sorted(range(len(records)), key=lambda place: records[place].id)
    places = np.empty(len(order), dtype=np.intp)
    places[order] = np.arange(len(order))
    return places


def _organisations(said: Iterable[tuple[str, str]]) -> tuple[str | None, ...]:
    """By identifier, else by name; a name that stands with one identifier elsewhere is that organisation."""
    pairs = [(code.strip(), " ".join(name.casefold().split())) for code, name in said]
    codes: dict[str, set[str]] = {}
    for code, name in pairs:
        if code and name:
            codes.setdefault(name, set()).add(code)
    alone = {name: next(iter(known)) for name, known in codes.items() if len(known) == 1}
    return tuple(code or alone.get(name) or name or None for code, name in pairs)
