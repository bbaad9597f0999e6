"""What needs can be divided by: country, area, regime and so on, and what each need says of it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from matcher.errors import SettingInvalid
from matcher.market.market import Market
from matcher.market.words import MATURITIES, NO_AREA, NO_FUNCTION, NOT_STATED
from matcher.phrases import phrase
from matcher.records import Need

Dimension = Literal[
    "country", "area", "function", "regime", "buyer_type", "nature", "year", "maturity", "organisation"
]

UNSAID: Mapping[str, str] = MappingProxyType({"area": NO_AREA, "function": NO_FUNCTION})
"""What is shown where a need says nothing; "not stated" for the other dimensions."""


def maturity(need: Need) -> str | None:
    """The maturity that a need asks for, in words; None where it states no TRL.

    >>> [maturity(Need(id="N", title="T", trl_min=trl)) for trl in (None, 6, 7, 9)]
    [None, 'research (TRL 6 or less)', 'near the market (TRL 7-8)', 'on the market (TRL 9)']
    """
    if need.trl_min is None:
        return None
    if need.trl_min <= 6:
        return MATURITIES[0]
    return MATURITIES[1] if need.trl_min < 9 else MATURITIES[2]


def said(market: Market, by: str) -> list[str | None]:
    """By need, what it says of a dimension; None where it says nothing. Raises `SettingInvalid`."""
    read: dict[str, Callable[[Need], str | None]] = {
        "country": lambda need: need.country,
        "area": lambda need: market.areas.get(need.id),
        "function": lambda need: market.functions.get(need.id),
        "regime": lambda need: None if need.regime == "unknown" else need.regime,
        "buyer_type": lambda need: need.buyer_type,
        "nature": lambda need: need.nature and str(need.nature),
        "year": lambda need: None if need.window_start is None else str(need.window_start.year),
        "maturity": maturity,
        "organisation": lambda need: market.buyers[market.rows[need.id]],
    }
    if by not in read:
        expected = ", ".join(read)
        raise SettingInvalid(
            phrase("Needs cannot be divided by {by!r}: expected one of {expected}.", by=by, expected=expected)
        )
    return [read[by](need) or None for need in market.needs]


def shown(market: Market, by: str) -> list[str]:
    """As `said`, with words where a need says nothing."""
    unsaid = UNSAID.get(by, NOT_STATED)
    return [value or unsaid for value in said(market, by)]


def groups(market: Market, *by: str) -> dict[tuple[str, ...], list[int]]:
    """Rows of the needs by what they say of some dimensions, sorted; unsaid is a group of its own."""
    found: dict[tuple[str, ...], list[int]] = {}
    for row, key in enumerate(zip(*(shown(market, name) for name in by), strict=True)):
        found.setdefault(key, []).append(row)
    return dict(sorted(found.items()))
