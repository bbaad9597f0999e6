"""What a user narrows a search to: always said, always counted, never applied in silence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.protocols import Int64
from matcher.records import Nature, Need, Record, Solution, Visibility
from matcher.rows import RowSet

Verdicts = NDArray[np.uint8]
"""`uint8[n]`: one bit for each condition that a row fails; `UNSEEN` for what the viewer may not know of."""
UNSEEN = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions on the records that are searched; an empty one admits all.

    A record that does not state a field passes the condition on it: unknown is not a "no".

    >>> Filter(countries=("FR",)).why_not(Need(id="1", title="Radar", country="PL"))
    ('countries',)
    """

    countries: tuple[str, ...] = ()
    """Country of a need's buyer; country a solution is delivered to."""
    languages: tuple[str, ...] = ()
    cpv: tuple[str, ...] = ()
    """CPV prefixes."""
    nature: Nature | None = None
    trl_min: int | None = None
    open_to: Visibility = Visibility.PRIVATE
    """The least open visibility that the viewer may see; this one hides what it excludes."""
    exclude: frozenset[str] = frozenset()
    """Ids that are left out."""
    only: frozenset[str] | None = None
    """Ids of needs and solutions that may be searched at all, None for any; hides as `open_to` does."""

    @property
    def sight(self) -> "Filter":
        """What the viewer may know of, without what narrows it."""
        return Filter(open_to=self.open_to, only=self.only)

    @property
    def shared(self) -> "Filter":
        """The same without the ids that it names: what many viewers have in common."""
        return replace(self, exclude=frozenset(), only=None) if self.named else self

    @property
    def named(self) -> bool:
        """Whether it names ids."""
        return bool(self.exclude) or self.only is not None

    def sees(self, record: Record) -> bool:
        """Whether the viewer may know of the record at all."""
        return record.visibility.rank >= self.open_to.rank and (self.only is None or record.id in self.only)

    def why_not(self, record: Record) -> tuple[str, ...]:
        """Names of the conditions that a record fails, in the order of the fields."""
        return tuple(name for name, fails in _CONDITIONS.items() if fails(self, record))

    def admits(self, record: Record) -> bool:
        """Whether the viewer may see the record and it passes every condition."""
        return self.sees(record) and not self.why_not(record)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a filter leaves of a collection."""

    allowed: RowSet
    hidden: Mapping[str, int]
    """For each condition, how many records the viewer may see it hides."""


def select(records: Sequence[Record | None], where: Filter) -> Selection:
    """The rows that a filter admits, and what each of its conditions hides; None is a deleted row."""
    return selection(verdicts(records, where))


def verdicts(records: Sequence[Record | None], where: Filter) -> Verdicts:
    """Which conditions each record fails, be it seen."""
    asked = [(bit, _CONDITIONS[name]) for name, bit in _BITS.items() if getattr(where, name)]
    found = np.full(len(records), UNSEEN, dtype=np.uint8)
    for row, record in enumerate(records):
        if record is not None and where.sees(record):
            found[row] = sum(bit for bit, fails in asked if fails(where, record))
    return found


def selection(found: Verdicts) -> Selection:
    """The rows without a fault, and how many of those seen fail each condition."""
    return Selection(RowSet(found == 0), _hidden(found))


def narrowed(shared: Verdicts, where: Filter, rows: Mapping[str, int]) -> Selection:
    """What is left of the verdicts on `where.shared` by the ids that the filter names.

    `rows` are those of all ids. Asks for as many records as the filter names, whatever their number.
    """
    excluded = _rows(where.exclude, rows)
    if where.only is None:
        found = shared.copy()
        found[excluded] |= _BITS["exclude"]
        return selection(found)
    seen = _rows(where.only, rows)
    found = shared[seen]
    found[np.isin(seen, excluded)] |= _BITS["exclude"]
    return Selection(RowSet.of(seen[found == 0].tolist(), shared.size), _hidden(found))


def _rows(ids: frozenset[str], rows: Mapping[str, int]) -> Int64:
    return np.array([row for id_ in ids if (row := rows.get(id_)) is not None], dtype=np.int64)


def _hidden(found: Verdicts) -> dict[str, int]:
    seen = found[found < UNSEEN]
    counts = {name: int(np.count_nonzero(seen & bit)) for name, bit in _BITS.items()}
    return {name: count for name, count in counts.items() if count}


def _country(wanted: Filter, record: Record) -> bool:
    if not wanted.countries:
        return False
    if isinstance(record, Need):
        return record.country is not None and record.country not in wanted.countries
    reach = record.delivery_countries
    return bool(reach) and "EU" not in reach and not set(reach) & set(wanted.countries)


def _language(wanted: Filter, record: Record) -> bool:
    return bool(wanted.languages) and record.language is not None and record.language not in wanted.languages


def _cpv(wanted: Filter, record: Record) -> bool:
    return bool(wanted.cpv) and bool(record.cpv) and not any(c.startswith(wanted.cpv) for c in record.cpv)


def _nature(wanted: Filter, record: Record) -> bool:
    return (
        wanted.nature is not None
        and isinstance(record, Need)
        and record.nature is not None
        and record.nature is not wanted.nature
    )


def _trl(wanted: Filter, record: Record) -> bool:
    return (
        wanted.trl_min is not None
        and isinstance(record, Solution)
        and record.trl is not None
        and record.trl < wanted.trl_min
    )


def _excluded(wanted: Filter, record: Record) -> bool:
    return record.id in wanted.exclude


Condition = Literal["countries", "languages", "cpv", "nature", "trl_min", "exclude"]
_CONDITIONS: dict[Condition, Callable[[Filter, Record], bool]] = {
    "countries": _country,
    "languages": _language,
    "cpv": _cpv,
    "nature": _nature,
    "trl_min": _trl,
    "exclude": _excluded,
}
_BITS: dict[Condition, int] = {name: 1 << place for place, name in enumerate(_CONDITIONS)}
