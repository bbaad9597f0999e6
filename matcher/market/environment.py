"""The procurement environment: who asks for what, where and under which rules."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from matcher.errors import SettingInvalid
from matcher.market.dimension import Dimension, groups
from matcher.market.finding import Finding, largest, suppressed, tidy
from matcher.market.market import Market
from matcher.market.words import DIMENSIONS, cell
from matcher.phrases import counted, phrase
from matcher.records import Need

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CAVEAT = phrase("Registered needs, not the market.")
FLAGS: dict[str, tuple[str, ...]] = {
    "cpb": ("is_cpb", "awarding_cpb", "acquiring_cpb"),
    "framework": ("framework",),
    "innovation": ("innovation",),
}
"""Flag to the extra columns that may state it: central purchasing body (OPP-051, OPP-052), framework
agreement (BT-765), innovation (BT-776)."""
NO = frozenset({"no", "false", "0", "none"})


def flag(need: Need, name: str) -> bool | None:
    """What a need states of a flag; None where it states nothing.

    >>> [flag(Need(id="N", title="T", extra={"framework": x}), "framework") for x in ("fa-wo-rc", "none", "")]
    [True, False, None]
    """
    said = [need.extra.get(column, "").strip().casefold() for column in FLAGS[name]]
    stated = [value not in NO for value in said if value]
    return any(stated) if stated else None


def environment(
    market: Market, *, by: Sequence[Dimension] = ("country", "area", "regime"), suppress: bool = False
) -> Finding:
    """Counts and stated value of the needs, by country, area and regime or by other dimensions.

    A share of a flag is a range: the least if every need that states nothing has it not, the most if
    each has it; notices tend to state a flag only where it holds. Raises `SettingInvalid` for dimensions that
    are unknown, twice the same, or none.
    """
    if not by or len(set(by)) < len(by):
        raise SettingInvalid(
            phrase("by is {by}: expected one dimension or more, each once.", by=str(list(by)))
        )
    rows: list[dict[str, Any]] = []
    for key, members in groups(market, *by).items():
        value = market.total(members)
        row: dict[str, Any] = dict(zip(by, key, strict=True))
        row |= {"needs": len(members), "organisations": market.organisations(members)}
        row |= {"value_eur": value.eur, "value_stated": value.stated}
        for name in FLAGS:
            stated = [flag(market.needs[member], name) for member in members]
            yes, no = stated.count(True), stated.count(False)
            row |= {f"{name}_yes": yes, f"{name}_no": no}
            row |= {f"{name}_share_min": yes / len(stated), f"{name}_share_max": 1 - no / len(stated)}
        rows.append(row)
    types = dict.fromkeys(by, "string") | {"needs": "Int64", "organisations": "Int64"}
    types |= {"value_eur": "Float64", "value_stated": "Int64"}
    for name in FLAGS:
        types |= {f"{name}_yes": "Int64", f"{name}_no": "Int64"}
        types |= {f"{name}_share_min": "Float64", f"{name}_share_max": "Float64"}
    table = tidy(rows, types)
    if suppress:
        table = suppressed(table, [name for name in types if name not in by])
    most = largest(table, "needs", list(by))
    sentence = phrase("No group of needs can be shown.")
    if most and most.apart:
        sentence = counted(
            "The largest group of needs, apart from what is not stated, is {name}: {size} of {n}.",
            "The largest group of needs, apart from what is not stated, is {name}: {size} of {n}.",
            len(market.needs),
            name=most.name,
            size=most.size,
        )
    elif most:
        sentence = counted(
            "The largest group of needs is {name}: {size} of {n}.",
            "The largest group of needs is {name}: {size} of {n}.",
            len(market.needs),
            name=most.name,
            size=most.size,
        )
    return Finding(
        name=phrase("procurement environment"),
        table=table,
        sentence=sentence,
        n=len(market.needs),
        coverage=market.coverage("value", "country", "area", "regime"),
        versions=market.versions,
        caveat=CAVEAT,
        day=market.day,
        draw=partial(_matrix, across=by[1] if len(by) > 1 else "", down=by[0]),
    )


def _matrix(table: pd.DataFrame, down: str, across: str) -> "Figure":
    """Counts of the first two dimensions; a "+" says that more is suppressed behind a cell."""
    from matcher.market.chart import matrix

    cells: dict[tuple[str, str], tuple[float | None, str]] = {}
    keys = [down, across] if across else [down]
    for key, part in table.groupby(keys, sort=True):
        shown = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
        place = (cell(shown, down), cell(shown, across) if across else phrase("needs"))
        seen = part["needs"].dropna()
        count = int(seen.sum()) if len(seen) else None
        text = "" if count is None else str(count)
        if len(seen) < len(part):
            text = f"{text}+" if text else phrase("hidden")
        cells[place] = (count, text)
    return matrix(
        cells,
        rows=sorted({row for row, _ in cells}),
        columns=sorted({column for _, column in cells}),
        row_title=DIMENSIONS[down],
        column_title=DIMENSIONS[across] if across else phrase("all"),
        measure=phrase("needs"),
    )


def country_map(market: Market, *, suppress: bool = False) -> Finding:
    """Needs and their stated value by country, as a map of one tile a country."""
    rows = []
    for (country,), members in groups(market, "country").items():
        value = market.total(members)
        rows.append(
            {
                "country": country,
                "needs": len(members),
                "organisations": market.organisations(members),
                "value_eur": value.eur,
                "value_stated": value.stated,
            }
        )
    types = {"country": "string", "needs": "Int64", "organisations": "Int64"}
    table = tidy(rows, types | {"value_eur": "Float64", "value_stated": "Int64"})
    if suppress:
        table = suppressed(table, ["needs", "value_eur", "value_stated"])
    most = largest(table, "needs", ["country"])
    sentence = phrase("No country can be shown.")
    if most and most.apart:
        sentence = counted(
            "Most needs, apart from what is not stated, are of {name}: {size} of {n}.",
            "Most needs, apart from what is not stated, are of {name}: {size} of {n}.",
            len(market.needs),
            name=most.name,
            size=most.size,
        )
    elif most:
        sentence = counted(
            "Most needs are of {name}: {size} of {n}.",
            "Most needs are of {name}: {size} of {n}.",
            len(market.needs),
            name=most.name,
            size=most.size,
        )
    return Finding(
        name=phrase("map of needs"),
        table=table,
        sentence=sentence,
        n=len(market.needs),
        coverage=market.coverage("country", "value"),
        versions=market.versions,
        caveat=CAVEAT,
        day=market.day,
        draw=_tiles,
    )


def _tiles(table: pd.DataFrame) -> "Figure":
    from matcher.market.chart import plain
    from matcher.market.tiles import draw

    return draw(dict(zip(table["country"], plain(table["needs"]), strict=True)), phrase("needs"))
