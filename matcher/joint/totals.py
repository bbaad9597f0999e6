"""What the members of a candidate would buy together, as far as they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from matcher.records import Need


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the members; what is not stated is counted, never taken as nothing."""

    value_eur: float
    """Sum over the members that state a value; euro."""
    values_missing: int
    """Members that state none."""
    value_min_eur: float | None
    """What the members state at least; None where nobody states anything."""
    value_max_eur: float | None
    """What they state at most; None while a member states no upper end."""
    quantity: tuple[str, ...]
    """As the members word it, each once."""
    organisations: int
    """Distinct ones among the members that name theirs."""


def totals(members: Sequence[Need]) -> Totals:
    """The totals of some needs.

    >>> found = totals([Need(id="A", title="", value_eur=2e5), Need(id="B", title="", value_max_eur=1e5)])
    >>> found.value_eur, found.values_missing, found.value_min_eur, found.value_max_eur
    (200000.0, 1, 200000.0, 300000.0)
    """
    values = [need.value_eur for need in members if need.value_eur is not None]
    lower = [low for need in members if (low := _either(need.value_eur, need.value_min_eur)) is not None]
    upper = [high for need in members if (high := _either(need.value_eur, need.value_max_eur)) is not None]
    return Totals(
        value_eur=float(sum(values)),
        values_missing=len(members) - len(values),
        value_min_eur=float(sum(lower)) if lower else None,
        value_max_eur=float(sum(upper)) if members and len(upper) == len(members) else None,
        quantity=tuple(dict.fromkeys(need.quantity for need in members if need.quantity)),
        organisations=len({name for need in members if (name := organisation(need))}),
    )


def organisation(need: Need) -> str:
    """What an organisation is told apart by: its id, else its name; empty where it states neither.

    >>> organisation(Need(id="N1", title="Vests", organisation="Police ", organisation_id=""))
    'police'
    """
    return _organisation(need.organisation_id, need.organisation)


@lru_cache(maxsize=4096)
def _organisation(id: str, name: str) -> str:
    return id.strip() or " ".join(name.casefold().split())


def _either(value: float | None, end_of_range: float | None) -> float | None:
    return end_of_range if value is None else value
