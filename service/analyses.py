"""The analyses of the market by name, as the command and the service give them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from matcher.phrases import phrase

if TYPE_CHECKING:
    from matcher.market import Finding, Market

ANALYSES: Mapping[str, str] = {
    "environment": phrase("needs and value by country, area and regime (--by others)"),
    "country-map": phrase("needs and stated value by country, as a map"),
    "profiles": phrase("what each country asks for, beside the others (--by)"),
    "distances": phrase("how far the profiles of countries are apart (--by)"),
    "cooperation": phrase("countries, or organisations, with needs in common (--by)"),
    "supply-and-demand": phrase("demand and adequate suppliers, by area and country"),
    "concentration": phrase("how concentrated supply is, and the share of SMEs (--by)"),
    "import-dependence": phrase("from where the nearest adequate supply of each country is"),
    "unmet-needs": phrase("needs by how little answers them"),
    "unmet-clusters": phrase("groups of needs by how little answers them"),
    "trends": phrase("needs by quarter of planned start (--by)"),
    "cpv-drift": phrase("CPV branches before and after the median planned start"),
    "joint-buying": phrase("what joint buying of each group could change; no forecast"),
}
"""Analyses by the name of their function in `matcher.market`, with what they tell."""
SEVERAL = frozenset({"environment"})
"""Analyses that divide by several things at once."""
SCENARIO = "joint-buying"
"""The analysis whose parameters are assumptions."""
CHOSEN = frozenset({"least", "digits", "split"})
"""Parameters of the other analyses that may be chosen."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


def analysed(
    name: str,
    seen: "Market",
    by: Sequence[str] = (),
    *,
    chosen: Mapping[str, Any] = NOTHING,
    suppress: bool = True,
) -> "Finding":
    """The finding of an analysis, with numbers that were chosen by the names of its parameters.

    Raises `SettingInvalid` for an unknown one, one not divided so, and numbers that it does not take.
    """
    from inspect import signature

    import matcher.market
    from matcher.errors import SettingInvalid

    if name not in ANALYSES:
        names = ", ".join(ANALYSES)
        raise SettingInvalid(
            phrase("There is no analysis {name!r}. Choose one of: {names}.", name=name, names=names)
        )
    analyse = getattr(matcher.market, name.replace("-", "_"))
    given: dict[str, Any] = {"suppress": suppress}
    if by:
        if "by" not in signature(analyse).parameters:
            raise SettingInvalid(phrase("{name} cannot be divided otherwise: leave out 'by'.", name=name))
        if len(by) > 1 and name not in SEVERAL:
            raise SettingInvalid(
                phrase("{name} is divided by one thing at a time: give 'by' once.", name=name)
            )
        given["by"] = list(by) if name in SEVERAL else by[0]
    if other := sorted(chosen.keys() - takes(name)):
        raise SettingInvalid(phrase("{name} takes no {other}: leave it out.", name=name, other=other[0]))
    if chosen and name == SCENARIO:
        given["assumptions"] = matcher.market.Assumptions(**chosen)
    else:
        given |= chosen
    finding: Finding = analyse(seen, **given)
    return finding


def takes(name: str) -> frozenset[str]:
    """What may be chosen of an analysis, apart from what it is divided by.

    >>> sorted(takes("cpv-drift")), sorted(takes("country-map"))
    (['digits', 'split'], [])
    """
    from dataclasses import fields
    from inspect import signature

    import matcher.market

    if name == SCENARIO:
        return frozenset(field.name for field in fields(matcher.market.Assumptions))
    known = signature(getattr(matcher.market, name.replace("-", "_"))).parameters
    return CHOSEN & known.keys()


def as_json(name: str, one: "Finding") -> dict[str, Any]:
    """A finding as plain values: its sentence, what it rests on, and its rows."""
    import json

    return {
        "analysis": name,
        "sentence": one.sentence,
        "n": one.n,
        "coverage": one.coverage,
        "caveat": one.caveat,
        "day": one.day,
        "parameters": dict(one.parameters),
        "versions": dict(one.versions),
        "rows": json.loads(one.table.to_json(orient="records", force_ascii=False, double_precision=6)),
    }
