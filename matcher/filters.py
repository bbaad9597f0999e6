"""What a user narrows a search to: always said, always counted, never applied in silence."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from matcher.records import Nature, Need, Record, Solution, Visibility
from matcher.rows import RowSet


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

    def sees(self, record: Record) -> bool:
        """Whether the viewer may know of the record at all."""
        return record.visibility.rank >= self.open_to.rank

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
    mask = np.zeros(len(records), dtype=np.bool_)
    hidden: Counter[str] = Counter()
    for row, record in enumerate(records):
        if record is not None and where.sees(record):
            failed = where.why_not(record)
            hidden.update(failed)
            mask[row] = not failed
    return Selection(RowSet(mask), hidden)


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
