"""The words of findings: what needs are divided by, and the engine's own words in the cells of tables.

In a table all text is plain, for pandas keeps no more of it. `cell` tells by the column which texts are
the engine's words, and which are names, codes and titles of records.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

import pandas as pd

from matcher.phrases import counted, joined, named, phrase
from matcher.records import Nature

NOT_STATED, NO_AREA, NO_FUNCTION = phrase("not stated"), phrase("no area"), phrase("no function")
UNSAID_WORDS = (NOT_STATED, NO_AREA, NO_FUNCTION)
"""What stands in a table where a need says nothing."""
DIMENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "country": phrase("country"),
        "area": phrase("area"),
        "function": phrase("function"),
        "regime": phrase("regime"),
        "buyer_type": phrase("buyer type"),
        "nature": phrase("nature"),
        "year": phrase("year"),
        "maturity": phrase("maturity"),
        "organisation": phrase("organisation"),
    }
)
"""What needs are divided by."""
MATURITIES = (
    phrase("research (TRL 6 or less)"),
    phrase("near the market (TRL 7-8)"),
    phrase("on the market (TRL 9)"),
)
STATES = (phrase("unserved"), phrase("immature"), phrase("unclear"), phrase("thin"), phrase("served"))
"""How well a need is supplied, the worst first."""
NOT_COMPARED = phrase("not compared")
TOPICS = (phrase("new topic"), phrase("related"), phrase("known"), NOT_COMPARED)
"""How near a topic is to earlier ones, the farthest first."""
ORIGINS = (
    phrase("domestic"),
    phrase("EU, not domestic"),
    phrase("outside the EU only"),
    phrase("origin not stated"),
    phrase("no adequate supply"),
    NOT_COMPARED,
)
"""Where the nearest adequate supply of a need is from."""
HINTS: Mapping[str, str] = MappingProxyType(
    {
        "market": phrase("Market exists: consider a framework or a coordinated purchase."),
        "thin market": phrase("Thin market: consider consulting it, and lots."),
        "ppi": phrase("Not yet on the market: consider PPI, or a late-phase PCP."),
        "pcp": phrase("Research stage: consider PCP or an innovation partnership."),
        "unmet": phrase("Unmet need: consider publishing it as a challenge."),
    }
)
"""What a hint says."""


def _by_word(*words: str) -> Mapping[str, str]:
    return {word: word for word in words}


_WORDS: Mapping[str, Mapping[str, str]] = {
    "area": _by_word(
        phrase("crime"),
        phrase("infrastructure"),
        phrase("border"),
        phrase("disaster"),
        phrase("cyber"),
        phrase("horizontal"),
    ),
    "function": _by_word(
        phrase("detect"),
        phrase("monitor"),
        phrase("communicate"),
        phrase("command"),
        phrase("protect"),
        phrase("intervene"),
        phrase("investigate"),
        phrase("rescue"),
        phrase("train"),
        phrase("access"),
    ),
    "regime": _by_word(phrase("below-threshold"), phrase("excluded-346")),
    "nature": _by_word(*(nature.words for nature in Nature)),
    "maturity": _by_word(*MATURITIES),
    "group": _by_word(phrase("all")),
    "state": _by_word(*STATES, *TOPICS),
    "origin": _by_word(*ORIGINS),
    "hint": _by_word(phrase("market"), phrase("thin market"), phrase("ppi"), phrase("pcp"), phrase("unmet")),
    "kind": _by_word(phrase("cluster"), phrase("need")),
}
"""By column, the engine's own words in it; any other text is a record's."""
_COUNTRIES = frozenset({"country", "other", "other_country"})
_UNSAID = {str(word): word for word in UNSAID_WORDS}


def cell(row: Any, column: str) -> Any:
    """What a cell of a row (anything that is asked by column) shows: the engine's words as phrases.

    >>> cell({"state": "thin", "id": "known"}, "state").template
    'thin'
    >>> cell({"country": "EE, FI"}, "country").values["parts"][0].values
    {'code': 'EE'}
    >>> cell({"state": "thin", "id": "known", "needs": 3}, "id"), cell({"needs": 3}, "needs")
    ('known', 3)
    """
    value = row[column]
    if not isinstance(value, str):
        return value
    if column == "hint_sentence":
        hint, (adequate, unknown) = row["hint"], (_int(row[name]) for name in ("adequate", "trl_unknown"))
        return hinted(hint if isinstance(hint, str) else None, adequate, unknown)
    if column == "possible":
        return either(value.split(" or "))
    if column == "area" and value not in _UNSAID:
        return joined((_WORDS["area"].get(one, one) for one in value.split("; ")), "; ")
    if value in _UNSAID and column not in ("id", "title"):
        return _UNSAID[value]
    if column in _COUNTRIES:
        return joined((named("country", one, one) for one in value.split(", ")), ", ")
    return _WORDS.get(column, {}).get(value, value)


def _int(value: Any) -> int | None:
    """A number of a nullable column."""
    return None if value is pd.NA or value is None else int(value)


def cells(column: Iterable[str], name: str) -> list[str]:
    """What the cells of one column show.

    >>> cells(["FI", "not stated"], "country")
    ['FI', 'not stated']
    """
    return [cell({name: value}, name) for value in column]


def either(states: Iterable[str]) -> str:
    """Classes of supply of which one holds.

    >>> either(["thin", "served"])
    'thin or served'
    """
    told = [_WORDS["state"].get(state, state) for state in states]
    return reduce(lambda one, other: phrase("{one} or {other}", one=one, other=other), told)


def hinted(hint: str | None, adequate: int | None, unknown: int | None) -> str:
    """A hint in words; without one why there is none, with how many solutions are adequate and state no TRL.

    >>> hinted("unmet", 0, 0), hinted(None, 3, 2)
    ('Unmet need: consider publishing it as a challenge.', 'No hint: 2 of 3 adequate solutions state no TRL.')
    """
    if hint is not None:
        return HINTS[hint]
    if adequate is None:
        return phrase("No hint: no solution was compared.")
    return counted(
        "No hint: {unknown} of {n} adequate solutions state no TRL.",
        "No hint: {unknown} of {n} adequate solutions state no TRL.",
        adequate,
        unknown=unknown,
    )
