"""The tuning set: invented needs and solutions that models are trained on; see CARD.md beside it.

>>> tuning = load()
>>> len({need.language for need in tuning.needs})
24
"""

from collections.abc import Mapping
from csv import QUOTE_NONE, reader
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from corpora.formats import read_records
from corpora.judgements import read_groups, read_qrels, read_split
from corpora.report import Report
from matcher.errors import RecordInvalid
from matcher.records import Kind, Need, Solution

FOLDER = Path(__file__).parent
HELD_OUT = frozenset(f"B{number}" for number in (*range(32, 113, 6), *range(145, 169)))
"""Blocks that no model is trained on: weights, thresholds and calibrators are fitted on them."""


@dataclass(frozen=True, slots=True)
class TuningSet:
    """Needs, solutions and questions with what is known of them."""

    needs: tuple[Need, ...]
    solutions: tuple[Solution, ...]
    questions: Mapping[str, tuple[tuple[str, str], ...]]
    """Solution id to short questions it answers, each as (language, text)."""
    qrels: Mapping[str, Mapping[str, int]]
    """Need id to solution id to grade, 1 to 3; absent is 0."""
    groups: Mapping[str, str]
    """Need id to group id; a single has a group of its own."""
    themes: Mapping[str, str]
    """Record id to theme."""
    blocks: Mapping[str, str]
    """Record id to block: a theme and the one it is easily taken for."""
    procedure: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Half (`train`, `test`) to language to sentences about procedure: they say nothing of what is bought."""

    def part(self, *, held_out: bool) -> "TuningSet":
        """The blocks that are held out, or those that models are trained on; of procedure all."""
        own = {record for record, block in self.blocks.items() if (block in HELD_OUT) is held_out}
        return TuningSet(
            tuple(need for need in self.needs if need.id in own),
            tuple(solution for solution in self.solutions if solution.id in own),
            {solution: asked for solution, asked in self.questions.items() if solution in own},
            {need: grades for need, grades in self.qrels.items() if need in own},
            {need: group for need, group in self.groups.items() if need in own},
            {record: theme for record, theme in self.themes.items() if record in own},
            {record: block for record, block in self.blocks.items() if record in own},
            self.procedure,
        )


@cache
def load() -> TuningSet:
    """The whole set. Raises `RecordInvalid` if a shipped row is refused."""
    report = Report()
    needs = read_records(FOLDER / "needs.jsonl", Kind.NEED, report=report)
    solutions = read_records(FOLDER / "solutions.jsonl", Kind.SOLUTION, report=report)
    read = [*needs], [*solutions]
    if report.refused:
        raise RecordInvalid(f"The tuning set is damaged: {report.issues[0]}. Install needmatch again.")
    placed = read_split(FOLDER / "themes.tsv")
    questions: dict[str, list[tuple[str, str]]] = {}
    with (FOLDER / "questions.tsv").open(encoding="utf-8", newline="") as file:
        for solution, language, text in reader(file, delimiter="\t", quoting=QUOTE_NONE):
            questions.setdefault(solution, []).append((language, text))
    procedure: dict[str, dict[str, tuple[str, ...]]] = {"train": {}, "test": {}}
    with (FOLDER / "procedure.tsv").open(encoding="utf-8", newline="") as file:
        for language, half, text in reader(file, delimiter="\t", quoting=QUOTE_NONE):
            procedure[half][language] = (*procedure[half].get(language, ()), text)
    return TuningSet(
        tuple(record for record in read[0] if isinstance(record, Need)),
        tuple(record for record in read[1] if isinstance(record, Solution)),
        {solution: tuple(asked) for solution, asked in questions.items()},
        read_qrels(FOLDER / "qrels.tsv"),
        read_groups(FOLDER / "groups.tsv"),
        {record: theme for record, (theme, _) in placed.items()},
        {record: block for record, (_, block) in placed.items()},
        procedure,
    )
