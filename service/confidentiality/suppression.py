"""What a table of counts must not show to a shared audience, and what must go with it.

A cell of fewer than three organisations tells of one of them. One hidden cell alone follows from the total,
so others are hidden with it; where that is not enough, the total is.
"""

from collections.abc import Hashable, Mapping, Set
from dataclasses import dataclass
from typing import Generic, TypeVar

LEAST_ORGANISATIONS = 3
"""Organisations that must stand behind a number."""

Cell = TypeVar("Cell", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Suppression(Generic[Cell]):
    """One table of counts as a shared audience may see it."""

    withheld: frozenset[Cell]
    """Cells of which nothing but the name may be shown: no measure of any kind."""
    shown: Mapping[Cell, int]
    """Organisations in each of the others."""
    total: int | None
    """Organisations in all cells, each counted once; None where it must not be shown either."""


def suppressed(cells: Mapping[Cell, Set[str]], *, least: int = LEAST_ORGANISATIONS) -> Suppression[Cell]:
    """The cells of one table, keyed as the table is, with the organisations that stand in each.

    A cell of nobody stays: it tells of nobody. Large cells always go with the small ones, for what two small
    ones add up to tells too much of each; where there are none, the total goes. From what is shown, the
    total included, no withheld cell can then be computed, even by who knows this rule. Guards one table:
    whoever shows a second one over the same organisations has to guard the two together.

    >>> table = suppressed({"FI": {"a"}, "EE": {"b", "c", "d"}, "FR": {"e", "f", "g", "h"}})
    >>> sorted(table.withheld), dict(table.shown), table.total
    (['EE', 'FI'], {'FR': 4}, 8)
    """
    sizes = {cell: len(held) for cell, held in cells.items()}
    everybody: set[str] = set().union(*cells.values())
    small = {cell for cell, size in sizes.items() if 0 < size < least}
    hidden, total = set(small), None if small else len(everybody)
    # the smallest first, so that least is lost; all of one size together, since which of them went would tell
    for large in sorted({size for size in sizes.values() if size >= least}) if small else ():
        hidden |= {cell for cell, size in sizes.items() if size == large}
        if _safe(hidden, cells, least):
            total = len(everybody)
            break
    else:
        hidden = small
    return Suppression(
        frozenset(hidden), {cell: size for cell, size in sizes.items() if cell not in hidden}, total
    )


def _safe(hidden: Set[Cell], cells: Mapping[Cell, Set[str]], least: int) -> bool:
    """Whether enough organisations stand behind what is hidden, those in several cells counted once."""
    behind: set[str] = set().union(*(cells[cell] for cell in hidden))
    # with no more organisations than cells, each would be known to hold one
    return len(behind) >= max(least, len(hidden) + 1)
