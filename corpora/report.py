"""What reading a file found out about its rows: kept, changed, refused, and why.

Nothing is lost silently: a row that cannot become a record is refused with file, line, field and
a remedy; a value that had to be changed or dropped is reported, and its row is kept.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum

ISSUES_KEPT = 10_000
"""Issues remembered in full; later ones are only counted, so that a bad file cannot fill the memory."""


class Severity(StrEnum):
    """What became of the row that an issue speaks of."""

    REFUSED = "refused"
    """The row did not become a record."""
    DROPPED = "dropped"
    """The row was kept; the value of this field was not understood and is left out."""
    CHANGED = "changed"
    """The row was kept; the value was normalised in a way its owner should know of."""
    WARNED = "warned"
    """The row and the value were kept as they are, but something about them looks wrong."""
    SKIPPED = "skipped"
    """Not an error: a document of a kind that is not wanted here (an award notice, say)."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding about one field of one row.

    >>> print(Issue("needs.csv", 7, "cpv", Severity.DROPPED, "'3511' has 4 digits", "give 8 digits"))
    needs.csv:7 cpv: '3511' has 4 digits (value dropped; give 8 digits)
    """

    file: str
    line: int
    """Line of the file, row of the sheet, or position of the release in the package; from 1."""
    field: str
    severity: Severity
    problem: str
    remedy: str

    def __str__(self) -> str:
        outcome = {"dropped": "value dropped", "changed": "value changed", "warned": "value kept"}.get(
            self.severity, f"row {self.severity}"
        )
        where = f"{self.file}:{self.line}"
        return f"{where} {self.field}: {self.problem} ({outcome}; {self.remedy})"


@dataclass(slots=True)
class Report:
    """The running account of one or more reads; readers add to it while they yield records."""

    rows: int = 0
    kept: int = 0
    skipped: int = 0
    """Rows that are no error and not wanted: notices of awards, say."""
    issues: list[Issue] = field(default_factory=list)
    counts: Counter[Severity] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    """Things worth a total but not a line each, e.g. 'value not converted'."""

    def add(self, issue: Issue) -> None:
        """Count an issue, and remember it while there is room."""
        self.counts[issue.severity] += 1
        if len(self.issues) < ISSUES_KEPT:
            self.issues.append(issue)

    def take(self, other: "Report", file: str) -> None:
        """Take over what was found out about one file, under the name that it is known by."""
        self.rows += other.rows
        self.kept += other.kept
        self.skipped += other.skipped
        self.notes += other.notes
        for issue in other.issues:
            self.add(replace(issue, file=file))

    @property
    def refused(self) -> int:
        """Issues that cost a row."""
        return self.counts[Severity.REFUSED]

    def summary(self) -> str:
        """One line for people.

        >>> Report(rows=3, kept=3).summary()
        '3 rows read, 3 kept'
        """
        parts = [f"{self.rows} rows read, {self.kept} kept"]
        parts += [f"{n} {severity}" for severity, n in sorted(self.counts.items()) if n]
        parts += [f"{n} {note}" for note, n in sorted(self.notes.items()) if n]
        return ", ".join(parts)
