"""What every analysis returns: a tidy table, one sentence, what it rests on, and a figure on demand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from matcher.market.words import UNSAID_WORDS, cell
from matcher.phrases import counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LEAST_ORGANISATIONS = 3
"""Cells of fewer organisations are suppressed for shared audiences."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One answer about the market."""

    name: str
    table: pd.DataFrame
    """Tidy, with nullable types: what is not known or suppressed is `<NA>`, never 0."""
    sentence: str
    """What the table says, in one sentence."""
    n: int
    """How many needs it rests on."""
    coverage: str
    """What the needs do not say."""
    versions: Mapping[str, str]
    caveat: str
    day: date
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Every number that was chosen rather than read, by what it is called."""
    draw: Callable[[pd.DataFrame], "Figure"] = field(repr=False)

    def figure(self, said: Callable[[str], str] = str) -> "Figure":
        """The figure, with the sentence as its title and n, coverage, caveat and versions below it.

        `said` says each phrase in a reader's language. Needs plotly, which is imported only now.
        """
        from matcher.market.chart import dressed, told

        drawn = told(self.draw(self.table), said)
        return dressed(drawn, said(self.sentence), [said(note) for note in self.footnotes])

    @property
    def footnotes(self) -> tuple[str, ...]:
        """What stands below the figure."""
        made, chosen = _pairs(sorted(self.versions.items())), _pairs(self.parameters.items())
        lines = (
            phrase("n = {n}; {coverage}; {day:%Y-%m-%d}", n=self.n, coverage=self.coverage, day=self.day),
            self.caveat,
            phrase("Chosen: {parameters}", parameters=chosen) if chosen else "",
            phrase("Versions: {versions}", versions=made) if made else "",
        )
        return tuple(line for line in lines if line)


def _pairs(named: Iterable[tuple[str, object]]) -> str:
    return joined((phrase("{name} {value}", name=name, value=value) for name, value in named), ", ")


def tidy(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """A table of the named columns and types; None becomes `<NA>`.

    >>> tidy([{"country": "FI", "value_eur": None}], {"country": "string", "value_eur": "Float64"})
      country  value_eur
    0      FI       <NA>
    """
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in types.items()}
    )


def suppressed(
    table: pd.DataFrame, measures: Sequence[str], organisations: str = "organisations"
) -> pd.DataFrame:
    """The table with the measures of cells under three organisations taken out, and a column that says so.

    So that what is taken out does not follow from the total, the next smallest cells go too until at least
    three organisations stand behind what is gone: two cells at least. Cells without any need stay. Totals
    of other tables are not guarded against.

    >>> counts = tidy([{"organisations": n} for n in (5, 1, 4)], {"organisations": "Int64"})
    >>> suppressed(counts, []).suppressed.tolist()
    [False, True, True]
    """
    counts = [int(count) for count in table[organisations]]
    hidden = {row for row, count in enumerate(counts) if 0 < count < LEAST_ORGANISATIONS}
    # a count of 0 is a need that does not say whose it is, or no need at all
    asked = [True] * len(counts) if "needs" not in table else [bool(n > 0) for n in table["needs"]]
    hidden |= {row for row, count in enumerate(counts) if count == 0 and asked[row]}
    if hidden:
        others = sorted((count, row) for row, count in enumerate(counts) if row not in hidden and asked[row])
        for _, row in others:
            if sum(counts[h] for h in hidden) >= LEAST_ORGANISATIONS:
                break
            hidden.add(row)
    mask = pd.Series([row in hidden for row in range(len(counts))], dtype="boolean")
    kept = table.copy()
    for measure in {organisations, *measures} if hidden else ():
        kept[measure] = kept[measure].mask(mask)
    return kept.assign(suppressed=mask)


def visible(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not suppressed."""
    return table[~table["suppressed"]] if "suppressed" in table else table


class Largest(NamedTuple):
    """The cell that a headline names."""

    name: str
    size: int
    apart: bool
    """Whether a larger cell was passed over, since it holds what is not stated; the sentence must say so."""


def largest(table: pd.DataFrame, measure: str, keys: Sequence[str]) -> Largest | None:
    """The largest cell, the first of equals; None if there is none.

    What is not stated makes no headline, unless there is nothing else.

    >>> cells = tidy([{"c": "FI", "n": 2}, {"c": "EE", "n": 2}], {"c": "string", "n": "Int64"})
    >>> largest(cells, "n", ["c"])
    Largest(name='FI (and 1 as large)', size=2, apart=False)
    """
    there = visible(table).dropna(subset=[measure])
    there = there[there[measure] > 0]
    if there.empty:
        return None
    said = there[~there[list(keys)].isin(UNSAID_WORDS).any(axis=1)]
    chosen = there if said.empty else said
    most = chosen[chosen[measure] == chosen[measure].max()]
    first, others = most.iloc[0], len(most) - 1
    count = int(first[measure])
    name: str = joined((cell(first, key) for key in keys), ", ")
    if others:
        name = counted("{cell} (and {n} as large)", "{cell} (and {n} as large)", others, cell=name)
    return Largest(name, count, int(there[measure].max()) > count)
