"""Which index a collection gets, and which way a search takes: chosen by what was measured, with the reason.

`costs.json` holds the measurements: `python -m service.measure.index --costs` writes it.
"""

import json
import os
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import ceil
from pathlib import Path

from pydantic import TypeAdapter

from matcher.index.lists import number_of

PATIENCE_MS = 20.0
"""A search that looks at every vector may take so long; beyond it, the next rung is due."""
BRISK_MS = 3.0
"""Beyond it, numbers of 2 bytes are due, which take half the time and find the same."""
SHARE_OF_MEMORY = 0.5
"""Of the machine's memory, what one index may fill unless told otherwise."""
COSTS = Path(__file__).with_name("costs.json")


class Rung(StrEnum):
    """How the vectors of an index are kept."""

    EXACT32 = "exact, 4 bytes a number"
    EXACT16 = "exact, 2 bytes a number"
    LISTS16 = "lists beside exact, 2 bytes a number"
    INT8 = "1 byte a number, the best scored again in 2"


class Way(StrEnum):
    """How one search goes about it."""

    GATHER = "gather"
    """Score the allowed vectors, and no other."""
    SCAN = "scan"
    """Pass over all vectors and score the allowed ones."""
    LISTS = "lists"
    """Score the allowed vectors of those lists whose middle is near."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What steps take on one thread, as measured."""

    machine: str
    date: str
    commit: str
    flat_ns: float
    """A number of a vector of 4 bytes a number, looked at."""
    scan16_ns: float
    scan8_ns: float
    """The same of 2 bytes a number, and of 1."""
    skip_ns: float
    """A vector passed over because it is not allowed."""
    gather_ns: float
    """A number of an allowed vector fetched from its place and scored."""
    lists_ms: float
    """A search by way of lists, among `lists_vectors`."""
    lists_vectors: int
    lists_looked: int
    """Lists that such a search looks into, where all vectors are allowed."""
    lists_share: float
    """The smallest measured share of allowed vectors at which it finds 98 of the true 100; above 1: none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an index of so many vectors should be, and why."""

    rung: Rung
    vectors: int
    dimension: int
    memory_bytes: int
    """What the rung fills, roughly; vectors that are mapped and rarely touched not counted."""
    budget_bytes: int
    scan_ms: float
    """What a search among all takes that looks at each vector."""
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The way of one search, what it should take, and why."""

    way: Way
    expected_ms: float
    why: str


@cache
def costs(path: Path = COSTS) -> Costs:
    """The measured costs that ship."""
    return TypeAdapter(Costs).validate_json(path.read_bytes())


def half_of_memory() -> int:
    """Bytes that one index may fill on this machine unless told otherwise."""
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * SHARE_OF_MEMORY)


def size_bytes(rung: Rung, vectors: int, dimension: int) -> int:
    """What a rung fills: its vectors, its lists, and the row number of each vector.

    >>> size_bytes(Rung.EXACT16, 1_000_000, 384) // 10**6
    776
    """
    width = {Rung.EXACT32: 4, Rung.EXACT16: 2, Rung.LISTS16: 2, Rung.INT8: 1}[rung]
    filed = vectors * 4 + number_of(vectors) * (4 * dimension + 8) if rung is Rung.LISTS16 else 0
    return vectors * (dimension * width + 8) + filed


class Planner:
    """Chooses rungs and ways for a budget of memory; with `rung` given, that one at any size."""

    def __init__(
        self, memory_bytes: int | None = None, measured: Costs | None = None, rung: Rung | None = None
    ) -> None:
        self.rung = rung
        self.memory_bytes = half_of_memory() if memory_bytes is None else memory_bytes
        self.costs = costs() if measured is None else measured

    def plan(self, vectors: int, dimension: int) -> Plan:
        """The rung for so many vectors.

        >>> Planner(10**10).plan(1_000, 384).rung.name
        'EXACT32'
        """
        numbers = vectors * dimension
        fits = {rung: size_bytes(rung, vectors, dimension) <= self.memory_bytes for rung in Rung}
        plain_ms = numbers * self.costs.flat_ns / 1e6
        half_ms = numbers * self.costs.scan16_ns / 1e6
        budget = f"{self.memory_bytes / 1e9:.2g} GB of memory"
        if self.rung is not None:
            each = {Rung.EXACT32: plain_ms, Rung.INT8: numbers * self.costs.scan8_ns / 1e6}
            rung, scan, why = self.rung, each.get(self.rung, half_ms), "it was asked for"
        elif fits[Rung.EXACT32] and plain_ms <= BRISK_MS:
            rung, scan = Rung.EXACT32, plain_ms
            why = f"a look at each of {vectors:,} vectors takes about {plain_ms:.2g} ms"
        elif fits[Rung.EXACT16] and half_ms <= PATIENCE_MS:
            rung, scan = Rung.EXACT16, half_ms
            why = (
                f"at 2 bytes a number a look at each of {vectors:,} vectors takes about {half_ms:.2g} ms, "
                f"at 4 about {plain_ms:.2g}"
            )
        elif fits[Rung.LISTS16] and self.costs.lists_share <= 1:
            rung, scan = Rung.LISTS16, half_ms
            why = (
                f"a look at each of {vectors:,} vectors takes about {half_ms:.3g} ms, "
                f"more than {PATIENCE_MS:.0f}: wide searches look into near lists, narrow ones stay exact"
            )
        elif fits[Rung.EXACT16]:
            rung, scan = Rung.EXACT16, half_ms
            reached = self.costs.lists_share <= 1
            lists = f"do not fit {budget}" if reached else "would hold too few of the nearest"
            why = f"lists beside {vectors:,} vectors {lists}; a look at each takes {half_ms:.3g} ms"
        else:
            rung, scan = Rung.INT8, numbers * self.costs.scan8_ns / 1e6
            needed = size_bytes(Rung.INT8, vectors, dimension) / 1e9
            why = (
                f"{vectors:,} vectors of 2 bytes a number do not fit {budget}; of 1 byte they take "
                f"{needed:.2g} GB"
            )
            if not fits[Rung.INT8]:
                why += ", which does not fit either: give more memory, or several machines"
        memory = size_bytes(rung, vectors, dimension)
        return Plan(rung, vectors, dimension, memory, self.memory_bytes, scan, why)

    def looked(self, vectors: int, allowed: int) -> int:
        """How many lists a search looks into: more among more vectors than was measured, and where few count.

        Recall falls slowly with size at the same number; the root is more than makes up for it.
        """
        share = max(allowed, 1) / max(vectors, 1)
        return ceil(self.costs.lists_looked * self._larger(vectors) / share)

    def _larger(self, vectors: int) -> float:
        return float(max(1.0, vectors / self.costs.lists_vectors) ** 0.5)

    def way(self, rung: Rung, vectors: int, dimension: int, allowed: int) -> Choice:
        """The way of one search among `allowed` of the vectors.

        >>> Planner(10**10).way(Rung.LISTS16, 1_000_000, 384, 1_000).way.name
        'GATHER'
        """
        share = allowed / max(vectors, 1)
        each = {Rung.EXACT32: self.costs.flat_ns, Rung.INT8: self.costs.scan8_ns}.get(
            rung, self.costs.scan16_ns
        )
        gather = allowed * dimension * self.costs.gather_ns / 1e6
        # vectors far apart are fetched one by one, whichever way they are come by
        fetched = max(each, self.costs.gather_ns * (1 - share))
        scan = (allowed * dimension * fetched + (vectors - allowed) * self.costs.skip_ns) / 1e6
        # more lists by the root, each longer by the root; and what is not allowed is passed over
        listed = self.costs.lists_ms * self._larger(vectors) ** 2
        passed = self.looked(vectors, allowed) * vectors / number_of(max(vectors, 1))
        listed += passed * self.costs.skip_ns / 1e6
        seen = f"{allowed:,} of {vectors:,} vectors are allowed"
        if rung is Rung.LISTS16 and share >= self.costs.lists_share and listed < min(gather, scan):
            return Choice(
                Way.LISTS,
                listed,
                f"{seen}: near lists take {listed:.2g} ms, a look at each takes {scan:.3g}",
            )
        if rung is Rung.EXACT32:
            return Choice(Way.SCAN, scan, f"{seen}: so few are all passed over, in {scan:.2g} ms")
        if gather <= scan:
            return Choice(
                Way.GATHER,
                gather,
                f"{seen}: to fetch them alone takes {gather:.2g} ms, to pass over all {scan:.3g}",
            )
        return Choice(
            Way.SCAN, scan, f"{seen}: to pass over all takes {scan:.3g} ms, to fetch the allowed {gather:.3g}"
        )


def kept(measured: Costs, path: Path = COSTS) -> None:
    """Write measured costs where they ship from."""
    path.write_text(json.dumps(TypeAdapter(Costs).dump_python(measured), indent=1) + "\n", encoding="utf-8")
