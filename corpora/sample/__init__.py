"""The sample corpus: invented needs and solutions in 24 languages, judged; see CARD.md beside it.

>>> sample = load()
>>> len({need.language for need in sample.needs}), len({need.country for need in sample.needs})
(24, 27)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from corpora.formats import read_records
from corpora.judgements import read_groups, read_qrels, read_split
from corpora.report import Report
from matcher.errors import RecordInvalid
from matcher.records import Kind, Need, Solution

FOLDER = Path(__file__).parent
Split = Literal["tune", "test"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Needs and solutions with what is known of them."""

    needs: tuple[Need, ...]
    solutions: tuple[Solution, ...]
    qrels: Mapping[str, Mapping[str, int]]
    """Need id to solution id to grade, 1 to 3; absent is 0."""
    groups: Mapping[str, str]
    """Need id to group id; a single has a group of its own."""
    themes: Mapping[str, str]
    """Record id to theme."""
    splits: Mapping[str, str]
    """Record id to `tune` or `test`; a theme and its lookalikes stand in one."""

    def part(self, split: Split) -> "Sample":
        """The needs of one split, with all solutions: those of the other split are distractors."""
        needs = tuple(need for need in self.needs if self.splits[need.id] == split)
        ids = {need.id for need in needs}
        return Sample(
            needs,
            self.solutions,
            {need: grades for need, grades in self.qrels.items() if need in ids},
            {need: group for need, group in self.groups.items() if need in ids},
            self.themes,
            self.splits,
        )


@cache
def load() -> Sample:
    """The whole sample. Raises `RecordInvalid` if a shipped row is refused."""
    report = Report()
    needs = [r for r in read_records(FOLDER / "needs.jsonl", Kind.NEED, report=report) if isinstance(r, Need)]
    solutions = [
        r
        for r in read_records(FOLDER / "solutions.jsonl", Kind.SOLUTION, report=report)
        if isinstance(r, Solution)
    ]
    if report.refused:
        raise RecordInvalid(f"The sample corpus is damaged: {report.issues[0]}. Install needmatch again.")
    split = read_split(FOLDER / "splits.tsv")
    return Sample(
        tuple(needs),
        tuple(solutions),
        read_qrels(FOLDER / "qrels.tsv"),
        read_groups(FOLDER / "groups.tsv"),
        {record: theme for record, (theme, _) in split.items()},
        {record: part for record, (_, part) in split.items()},
    )
