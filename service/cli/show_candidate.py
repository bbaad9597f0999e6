"""One joint candidate in a terminal, in full: factors, gates, differences, forms, each with its reason."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rich.text import Text

from service.cli.screen import heading, indented, table
from service.cli.show_candidates import Line, bystanders, cut, indented_lines, level, members, places, title

if TYPE_CHECKING:
    from rich.console import Console

    from matcher.joint import Difference, Factor, JointCandidate, Score, Timeline, WhatIf
    from matcher.records import Solution

BAR = 10
CHART = 36
"""Characters of the timeline."""
SOLUTIONS = 10
"""Solutions shown, at most."""
HOLDS = {True: ("+", "yes", ""), False: ("-", "no", "yellow"), None: ("?", "cannot be said", "dim")}


def print_candidate(out: "Console", item: "JointCandidate", name: str = "") -> None:
    """Everything about one candidate, the most telling first."""
    out.print(title(item, name))
    out.print(level(item).append(f"  {places(item)}  {item.id}  judged on {item.day}"))
    for language, phrases in item.label.phrases.items() if item.label else ():
        out.print(f"{language}: {'; '.join(phrases)}", markup=False, style="dim")
    held = [item.doubt] if item.doubt else []
    indented_lines(out, (("!", why, "yellow") for why in (*held, *item.score.caps)), 0)
    heading(out, "Members")
    members(out, item.members)
    indented_lines(out, bystanders(item))
    _together(out, item)
    heading(out, f"Score: S {cut(item.score.total, 1)} of 100, K {cut(item.score.completeness, 2)}")
    _factors(out, item.score, len(item.members))
    heading(out, "What would help")
    indented_lines(out, _improvements(item.score), 4)
    heading(out, "Gates")
    gates = ((HOLDS[gate.passed], gate) for gate in item.gates)
    indented_lines(out, ((mark, f"{g.name}, {g.title}: {g.reason}", s) for (mark, _, s), g in gates), 4)
    _differences(out, item)
    heading(out, "Timeline")
    _timeline(out, item.timeline)
    _ways(out, item)
    _supply(out, item)


def print_what_if(out: "Console", found: "WhatIf") -> None:
    """A candidate before and after a change, and what the change does."""
    from matcher.joint import JointCandidate

    before, after = found.before, found.after
    out.print(title(before))
    out.print(Text("before  ").append_text(level(before)).append(f"  {places(before)}"))
    if isinstance(after, JointCandidate):
        out.print(Text("after   ").append_text(level(after)).append(f"  {places(after)}"))
    else:
        out.print(Text("after   no candidate", style="yellow"))
    if not found.changes:
        out.print("Nothing changes.")
    told = [change for change in found.changes if not change.startswith(("S ", "K ", "Level "))]
    indented_lines(out, (("·", change, "") for change in told), 4)
    out.print("Nothing was stored.", style="dim")


def _together(out: "Console", item: "JointCandidate") -> None:
    check = item.threshold
    lines: list[Line] = [("·", check.sentence, "")]
    lines += [("·", note, "dim") for note in check.notes]
    if item.totals.quantity:
        lines.append(("·", f"Quantities: {'; '.join(item.totals.quantity)}.", ""))
    indented_lines(out, lines)


def _factors(out: "Console", score: "Score", count: int) -> None:
    for factor in score.factors:
        out.print(_factor(factor, count))
        indented(out, factor.sentence, "dim")


def _factor(factor: "Factor", count: int) -> Text:
    value = factor.value
    filled = 0 if value is None else round(value * BAR)
    text = Text(f"    {factor.name:<21}")
    text.append("█" * filled, style="green").append("░" * (BAR - filled), style="dim")
    shown = "unknown" if value is None else cut(value, 2)
    known = f"  known of {round(factor.known * count)} of {count}" if factor.known < 1 else ""
    return text.append(f"  {shown:<7}  weight {factor.weight:.2f}{known}")


def _improvements(score: "Score") -> "Iterator[Line]":
    if not score.improvements:
        yield "·", "Nothing that the score could tell.", "dim"
    for step in score.improvements:
        yield ">", step.sentence, "cyan"


def _differences(out: "Console", item: "JointCandidate") -> None:
    heading(out, "What they ask for differently")
    if not item.differences:
        indented(out, "None was found in fields, figures and classes; the texts may still differ.", "dim")
    for difference in item.differences:
        style = "yellow" if difference.severity == "conflict" else ""
        out.print(Text(f"    {difference.requirement}  ({difference.severity})", style=style))
        indented_lines(out, _sides(difference, [need.id for need in item.members]))


def _sides(difference: "Difference", ids: Iterable[str]) -> "Iterator[Line]":
    for group in difference.groups:
        yield "·", f"{difference.values[group[0]]}  ({', '.join(group)})", ""
    if silent := [need_id for need_id in ids if need_id not in difference.values]:
        yield "?", f"not stated  ({', '.join(silent)})", "dim"


def _timeline(out: "Console", line: "Timeline") -> None:
    from matcher.joint.timeline import period

    rows = [
        [
            f"{row.country or '??'} {row.need_id}",
            _bar(row.start, row.end, *_span(line)),
            period(row.start, row.end) or "not stated",
        ]
        for row in line.rows
    ]
    table(out, ["window", "", "days"], rows)
    said = [line.sentence, line.delivery, line.budget]
    indented_lines(out, (("·", sentence, "") for sentence in said if sentence), 4)


def _span(line: "Timeline") -> tuple[date, date]:
    days = [day for row in line.rows for day in (row.start, row.end) if day is not None]
    first, last = min(days, default=date.min), max(days, default=date.min)
    return first, max(last, first + timedelta(days=1))


def _bar(start: date | None, end: date | None, first: date, last: date) -> str:
    """A window within all windows; an end that is not stated is a question mark."""
    if start is None and end is None:
        return ""
    whole = (last - first).days
    left = round(((start or first) - first).days / whole * (CHART - 1))
    right = round(((end or last) - first).days / whole * (CHART - 1))
    bar = "·" * left + "█" * (right - left + 1) + "·" * (CHART - 1 - right)
    return f"{'?' if start is None else ''}{bar}{'?' if end is None else ''}"


def _ways(out: "Console", item: "JointCandidate") -> None:
    heading(out, "Forms of cooperation (ask a lawyer)")
    for form in item.forms:
        mark, words, style = HOLDS[form.open]
        out.print(Text(f"    {mark} {form.title}  ({form.basis}): open: {words}", style=style))
        indented_lines(
            out, [("·", form.why, "dim"), ("·", f"To settle: {'; '.join(form.to_settle)}.", "dim")]
        )
    indented_lines(out, [("§", item.law.sentence, ""), *(("!", w, "dim") for w in item.law.warnings)], 4)
    heading(out, "Who could lead (a suggestion, from what they state)")
    leads = (
        (
            "·",
            f"{lead.organisation or lead.need_id} ({lead.country or '??'}): {'; '.join(lead.reasons)}.",
            "",
        )
        for lead in item.leads
    )
    indented_lines(out, leads, 4)
    if item.lots:
        heading(out, "Lots to consider")
        indented_lines(
            out, (("·", f"{lot.title} ({', '.join(lot.need_ids)}): {lot.why}", "") for lot in item.lots), 4
        )


def _supply(out: "Console", item: "JointCandidate") -> None:
    heading(out, "Solutions that are known")
    if item.instrument is not None:
        indented(out, item.instrument.sentence)
    if not item.solutions:
        why = "Nothing was compared." if item.offers is None else "None covers a member."
        indented(out, why, "dim")
    indented_lines(
        out,
        (
            (
                "·",
                f"{_offer(found.solution)}: "
                f"{len(found.covers)} of {len(item.members)} needs ({', '.join(found.covers)})",
                "",
            )
            for found in item.solutions[:SOLUTIONS]
        ),
        4,
    )
    if len(item.solutions) > SOLUTIONS:
        indented(out, f"... and {len(item.solutions) - SOLUTIONS} more (--json lists all)", "dim")


def _offer(solution: "Solution") -> str:
    vendor = solution.vendor or "vendor not stated"
    trl = f"TRL {solution.trl}" if solution.trl else "TRL not stated"
    return f"{solution.id}  {solution.name}  ({vendor}; {trl})"
