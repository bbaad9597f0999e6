"""What people see in a terminal: progress, tables, matches with their evidence; 80 columns suffice."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress, Task

    from matcher.duplicates import Duplicate
    from matcher.engine import Matches
    from matcher.explain import Match
    from matcher.records import Record
    from matcher.whynot import WhyNot

MARKS = {"strong": "●●●", "likely": "●●○", "possible": "●○○", "weak": "○○○"}
STYLES = {"strong": "bold green", "likely": "green", "possible": "yellow", "weak": "dim"}


def console() -> Console:
    """Standard output; at least 80 columns, so that piped output looks the same everywhere."""
    out = Console(highlight=False, soft_wrap=False)
    if not out.is_terminal:
        out.width = 80
    return out


def errors() -> Console:
    """Standard error, for progress and warnings: what is piped on stays clean."""
    return Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output, readable and in UTF-8."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, with rate and time left; silent where nobody watches."""
    with _bar() as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def counting(label: str) -> Iterator[Callable[[int, int], None]]:
    """The same, where the work itself tells how much there is."""
    with _bar() as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _bar() -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    class Rate(TextColumn):
        """How many a second."""

        def render(self, task: "Task") -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    columns = [
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(""), TimeRemainingColumn()
    ]  # fmt: skip
    out = errors()
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)


@contextmanager
def saying(label: str) -> Iterator[Callable[[str], None]]:
    """A spinner on standard error whose text can be changed, for work without a count."""
    with errors().status(label) as status:
        yield lambda text: status.update(text)


def heading(out: Console, text: str) -> None:
    """A section's title."""
    out.print()
    out.print(Text(text, style="bold"))
    out.print("─" * min(out.width, 80), style="dim")


def record_line(record: "Record", language: str | None = None) -> str:
    """A record in one line: id, title, where it is from."""
    owner = getattr(record, "organisation", "") or getattr(record, "vendor", "")
    place = ", ".join(part for part in (record.country, language or record.language) if part)
    return f"{record.id}  {record.title}  ({'; '.join(part for part in (owner, place) if part)})"


def print_query(out: Console, matches: "Matches", label: str) -> None:
    """The record or the text that searched."""
    query = matches.query
    if query.record is not None:
        out.print(f"[bold]{label}[/]  {escape(record_line(query.record, query.language))}")
    else:
        out.print(f"[bold]{label}[/]  “{escape(query.text)}”  ({query.language or 'language unknown'})")


def print_matches(out: Console, matches: "Matches") -> None:
    """Results, best first: level, what it is, why, and a sentence of each side."""
    if not matches.items:
        out.print("  Nothing found.", style="dim")
    for match in matches.items:
        _print_match(out, match)
    for name, count in matches.hidden.items():
        if name != "exclude":
            out.print(f"  {count} hidden by your filter on {name}.", style="dim")


def _print_match(out: Console, match: "Match") -> None:
    level = str(match.level) if match.level else "no level"
    mark = MARKS.get(level, "")
    title = Text(f"{match.rank:>2}. ")
    title.append(f"{mark} {level}".strip(), style=STYLES.get(level, "dim"))
    title.append(f"  {record_line(match.record)}")
    out.print(title)
    explanation = match.explanation
    for reason in explanation.reasons:
        indented(out, f"+ {reason}")
    for gap in explanation.gaps:
        indented(out, f"- {gap}", "dim")
    for unmet in explanation.uncovered:
        indented(out, f"? not spoken to: “{unmet.quote.text}”", "yellow")
    for empty in explanation.missing[:1]:
        indented(out, f"? {empty.kind} states no {empty.field}: stated, {empty.effect}", "dim")
    for pair in explanation.evidence[:1]:
        indented(out, f"{pair.query.language or '?'} “{pair.query.text}”", "cyan")
        indented(out, f"{pair.found.language or '?'} “{pair.found.text}”", "cyan")


def indented(out: Console, text: str, style: str = "") -> None:
    """A paragraph under what it belongs to."""
    out.print(Padding(Text(text, style=style), (0, 0, 0, 8)))


def print_why_not(out: Console, found: "WhyNot") -> None:
    """Where a record stands, what hides it and what it lacks."""
    out.print(Text(record_line(found.record), style="bold"))
    indented(out, found.sentence)
    for score in found.behind:
        indented(out, f"- {score.words}")
    for gap in found.gaps:
        indented(out, f"- {gap}", "dim")
    for text in found.uncovered:
        indented(out, f"? not spoken to: “{text}”", "yellow")


def why_not_json(found: "WhyNot") -> dict[str, Any]:
    """The same as plain values."""
    return {
        "id": found.record.id,
        "title": found.record.title,
        "sentence": found.sentence,
        "hidden_by": list(found.hidden_by),
        "rank": found.rank,
        "shown": found.shown,
        "behind": [
            {
                "feature": score.feature,
                "value": round(score.value, 4),
                "needed": round(score.needed, 4),
                "cost": round(score.cost, 4),
                "stated": score.stated,
            }
            for score in found.behind
        ],
        "gaps": list(found.gaps),
        "uncovered": list(found.uncovered),
    }


def print_duplicates(out: Console, found: Sequence["Duplicate"]) -> None:
    """Pairs that look like one need, and what they share."""
    if not found:
        out.print("  No need looks like another entered twice.", style="dim")
    for pair in found:
        out.print(Text(f"{pair.probability:.0%}  {record_line(pair.one)}"))
        indented(out, record_line(pair.other))
        for reason in pair.reasons:
            indented(out, f"+ {reason}", "dim")


def match_json(matches: "Matches") -> dict[str, Any]:
    """Results as plain values."""
    query = matches.query
    return {
        "query": {
            "id": query.record.id if query.record else None,
            "title": query.record.title if query.record else query.text,
            "language": query.language,
        },
        "hidden": dict(matches.hidden),
        "results": [_one_json(match) for match in matches.items],
    }


def _one_json(match: "Match") -> dict[str, Any]:
    explanation = match.explanation
    return {
        "rank": match.rank,
        "id": match.record.id,
        "title": match.record.title,
        "country": match.record.country,
        "language": match.record.language,
        "level": match.level,
        "probability": None if match.probability is None else round(match.probability, 4),
        "contributions": [
            {
                "feature": c.feature,
                "value": round(c.value, 4),
                "logit": None if c.logit is None else round(c.logit, 4),
                "stated": c.stated,
            }
            for c in explanation.contributions
        ],
        "reasons": list(explanation.reasons),
        "gaps": list(explanation.gaps),
        "evidence": [
            {
                "query": {"text": pair.query.text, "language": pair.query.language},
                "found": {"text": pair.found.text, "language": pair.found.language},
                "similarity": round(pair.similarity, 4),
            }
            for pair in explanation.evidence
        ],
        "uncovered": [
            {
                "text": unmet.quote.text,
                "language": unmet.quote.language,
                "coverage": round(unmet.coverage, 4),
            }
            for unmet in explanation.uncovered
        ],
        "missing": [
            {"kind": empty.kind, "field": empty.field, "effect": empty.effect}
            for empty in explanation.missing
        ],
    }


def table(out: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table; every column but the first is aligned right."""
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(columns):
        grid.add_column(column, justify="left" if i == 0 else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(escape(cell) for cell in row))
    out.print(grid)
