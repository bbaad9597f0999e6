"""Security areas and functions: a small list of our own, and which CPV codes point to which.

Six areas: the four of the EU Security Market Study (European Commission, DG HOME, 2023), cybersecurity, and
one for what serves several. Ten functions say what a thing does. The study's own taxonomy below its areas is
not used here. The crosswalk (`areas.tsv`) was made by hand from the labels of CPV and is not measured: a code
tells what is bought and seldom what for, so functions are surer than areas, and each carries how sure.
"""

from collections.abc import Iterator, Mapping, Sequence
from csv import DictReader
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

SHIPPED = Path(__file__).with_name("areas.tsv")


class Sureness(StrEnum):
    """How sure a code points to an area or function."""

    HIGH = "high"
    """The label of the code says it."""
    MEDIUM = "medium"
    """Mostly so."""
    LOW = "low"
    """Often enough to sort by, too seldom to rely on."""

    @property
    def rank(self) -> int:
        """Position from the surest (0).

        >>> Sureness.HIGH.rank < Sureness.LOW.rank
        True
        """
        return list(Sureness).index(self)


@dataclass(frozen=True, slots=True)
class Placed:
    """An area or function that codes point to."""

    key: str
    label: str
    sure: Sureness
    prefix: str
    """The CPV prefix that says so."""


class _Pointer(NamedTuple):
    key: str
    sure: Sureness


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas and functions with their English labels, and the CPV prefixes that point to them."""

    areas: Mapping[str, str]
    """Key to label."""
    functions: Mapping[str, str]
    area_of_prefix: Mapping[str, _Pointer]
    function_of_prefix: Mapping[str, _Pointer]

    def area(self, codes: Sequence[str]) -> Placed | None:
        """The area that the codes point to most surely, or None if none of them does.

        For each code its longest prefix speaks; between codes the surest wins, of equals the one
        named first.

        >>> areas().area(["35000000", "35111000"])
        Placed(key='disaster', label='Disaster risk management', sure=<Sureness.HIGH: 'high'>, prefix='35111')
        """
        return _placed(codes, self.area_of_prefix, self.areas)

    def function(self, codes: Sequence[str]) -> Placed | None:
        """The function that the codes point to most surely, chosen as areas are."""
        return _placed(codes, self.function_of_prefix, self.functions)


def area_of(codes: Sequence[str]) -> str | None:
    """The key of the area that CPV codes point to; None where they point to none.

    >>> area_of(["38546100"]), area_of(["48730000", "35000000"]), area_of(["39113000"]), area_of([])
    ('crime', 'cyber', None, None)
    """
    placed = areas().area(codes)
    return None if placed is None else placed.key


def function_of(codes: Sequence[str]) -> str | None:
    """The key of the function that CPV codes point to; None where they point to none.

    >>> function_of(["35815100"]), function_of(["35000000"])
    ('protect', None)
    """
    placed = areas().function(codes)
    return None if placed is None else placed.key


@cache
def areas() -> Areas:
    """The list that ships, read once."""
    labels: dict[str, dict[str, str]] = {"area": {}, "function": {}}
    pointers: dict[str, dict[str, _Pointer]] = {"area": {}, "function": {}}
    for row in _rows(SHIPPED):
        if row["kind"] in labels:
            labels[row["kind"]][row["code"]] = row["label"]
            continue
        for kind, known in pointers.items():
            if row[kind]:
                known[row["code"]] = _Pointer(row[kind], Sureness(row[f"{kind}_sure"]))
    return Areas(
        MappingProxyType(labels["area"]),
        MappingProxyType(labels["function"]),
        MappingProxyType(pointers["area"]),
        MappingProxyType(pointers["function"]),
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from DictReader((line for line in file if not line.startswith("#")), delimiter="\t")


def _placed(
    codes: Sequence[str], pointers: Mapping[str, _Pointer], labels: Mapping[str, str]
) -> Placed | None:
    found: list[tuple[int, int, str]] = []
    for place, code in enumerate(codes):
        prefix = next((code[:size] for size in range(8, 1, -1) if code[:size] in pointers), None)
        if prefix is not None:
            found.append((pointers[prefix].sure.rank, place, prefix))
    if not found:
        return None
    prefix = min(found)[2]
    key, sure = pointers[prefix]
    return Placed(key, labels[key], sure, prefix)
