"""Joint candidates in a terminal, several below each other: what speaks for each, and what holds it back."""

import math
from collections.abc import Iterable, Mapping, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.cli.screen import indented

if TYPE_CHECKING:
    from rich.console import Console

    from matcher.engine import Engine
    from matcher.joint import JointCandidate, NotJoint, Standing
    from matcher.joint.factors import Factor
    from matcher.records import Need

STYLES = {"A": "bold green", "B": "green", "C": "yellow"}
WEAK = 0.7
"""Factors below are named as what holds a candidate back."""
NAMED = 2
"""Of these, at most."""
TOLD = frozenset({"timeline", "budget and volume"})
"""Factors that have a line of their own."""
LONG = 210
"""Characters of a sentence in a list; the whole stands with the candidate."""
MEMBERS = 8
"""Members in a list, at most; all stand with the candidate."""
Line = tuple[str, str, str]
"""A mark, a sentence, and a style."""


def print_candidates(
    out: "Console",
    found: "Sequence[JointCandidate]",
    results: int,
    standings: "Sequence[Standing]" = (),
    names: Mapping[str, str] | None = None,
    more: str = "see --results",
) -> None:
    """The first candidates, numbered; how many there are beyond is said."""
    standing = {item.candidate.id: item for item in standings}
    for number, item in enumerate(found[:results], 1):
        print_candidate(out, number, item, standing.get(item.id), (names or {}).get(item.id, ""))
    if len(found) > results:
        out.print(f"... and {len(found) - results} more ({more})", style="dim")


def print_candidate(
    out: "Console",
    number: int,
    item: "JointCandidate",
    standing: "Standing | None" = None,
    name: str = "",
) -> None:
    """One candidate: level, score, members, total, window, what is weak, and what would help most."""
    out.print(Text(f"{number:>2}. ").append_text(level(item)).append(f"  {places(item)}  {item.id}"))
    out.print(Padding(title(item, name), (0, 0, 0, 4)))
    members(out, item.members[:MEMBERS])
    if len(item.members) > MEMBERS:
        indented(out, f"... and {len(item.members) - MEMBERS} more", "dim")
    indented_lines(out, _lines(item, standing))
    out.print()


def level(item: "JointCandidate") -> Text:
    """The level in words, with S and K, which are never shown apart."""
    score = item.score
    text = Text(f"{score.level} {score.level.words}", style=STYLES[score.level.value])
    return text.append(f"  S {cut(score.total, 1)}  K {cut(score.completeness, 2)}", style="default")


def title(item: "JointCandidate", name: str = "") -> Text:
    """What an analyst calls it, else the title of the need nearest to all others; with the CPV branch."""
    label = item.label
    own = label.title if label else item.medoid.title
    text = Text(name or own, style="bold")
    told = [own] if name else []
    if label is not None:
        told += [label.title_language or "", f"CPV {label.cpv} {label.cpv_label}" if label.cpv else ""]
    said = "; ".join(part.strip() for part in told if part)
    return text.append(f"  ({said})", style="not bold dim") if said else text


def places(item: "JointCandidate") -> str:
    """The countries of the members."""
    return f"[{', '.join(item.countries) or 'country not stated'}]"


def cut(value: float, digits: int) -> str:
    """A number cut rather than rounded, so that it never shows a level that it lacks.

    >>> cut(69.96, 1), cut(0.8, 2)
    ('69.9', '0.80')
    """
    scale = 10**digits
    return f"{math.floor(value * scale + 1e-6) / scale:.{digits}f}"


def members(out: "Console", needs: "Iterable[Need]") -> None:
    """One need a line: country, id, title and whose it is."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for need in needs:
        owner = f"  ({need.organisation})" if need.organisation else ""
        grid.add_row(need.country or "??", Text(need.id), Text(f"{need.title}{owner}"))
    out.print(Padding(grid, (0, 0, 0, 8)))


def indented_lines(out: "Console", lines: "Iterable[Line]", left: int = 8) -> None:
    """Sentences behind marks, broken under themselves."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for mark, text, style in lines:
        grid.add_row(Text(mark, style=style), Text(text, style=style))
    if grid.row_count:
        out.print(Padding(grid, (0, 0, 0, left)))


def weakest(factors: "Iterable[Factor]") -> "list[Factor]":
    """The factors that hold a candidate back, the lowest first, without those that have their own line."""
    weak = [f for f in factors if f.value is not None and f.value < WEAK and f.name not in TOLD]
    return sorted(weak, key=lambda factor: (factor.value or 0.0, -factor.weight))[:NAMED]


def total(item: "JointCandidate") -> str:
    """The total against the threshold, and who states no value."""
    told = item.threshold.sentence
    missing = item.totals.values_missing
    return f"{told} Value not stated by {missing} of {len(item.members)}." if missing else told


def bystanders(item: "JointCandidate") -> "list[Line]":
    """Who is not counted, and why."""
    lines: list[Line] = [
        ("·", f"{need.country or '??'} {need.id} is left out: its owner said no.", "dim")
        for need in item.declined
    ]
    lines += [("·", f"{need.country or '??'} {need.id} only observes.", "dim") for need in item.observers]
    lines += [("·", f"{copy} repeats {original} and counts once.", "dim") for copy, original in item.copies]
    return lines


def print_rejected(out: "Console", others: "Sequence[NotJoint]") -> None:
    """Groups that are no candidates, and why."""
    if not others:
        out.print("  There is no such group.", style="dim")
    for group in others:
        out.print(f"{', '.join(need.id for need in group.members)}: {group.reason}", markup=False)


def note_uncalibrated(out: "Console", engine: "Engine") -> None:
    """Say so where likeness is no probability, since nothing was fitted for the model."""
    grouping = engine.tuning.grouping
    if grouping.beside is None and grouping.alone is None:
        out.print(
            "Likeness of needs is not calibrated for this model: take levels and S as rough.", style="yellow"
        )


def _lines(item: "JointCandidate", standing: "Standing | None") -> "Iterable[Line]":
    yield from bystanders(item)
    yield "·", _short(total(item)), ""
    yield "·", _short(item.timeline.sentence), ""
    if item.doubt:
        yield "!", _short(item.doubt), "yellow"
    for cap in item.score.caps[:1]:
        yield "!", _short(cap), "yellow"
    for factor in weakest(item.score.factors):
        yield "-", _short(f"{factor.name}: {factor.sentence}"), "dim"
    for step in item.score.improvements[:1]:
        yield ">", _short(step.sentence), "cyan"
    if standing is not None:
        yield "~", standing.sentence, "dim"


def _short(text: str) -> str:
    return shorten(text, LONG, placeholder=" …")
