"""Columns renamed by whoever reads the file: `new=old`, or `new=old|older`; the first filled one wins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from corpora.columns import contract_name, contract_names
from corpora.report import Issue, Report, Severity
from matcher.errors import SettingInvalid
from matcher.phrases import phrase
from matcher.records import Kind


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which columns of a file stand for which of the contract; made by `parse_mapping`."""

    sources: Mapping[str, tuple[str, ...]]
    """Contract name to the columns of the file, the preferred one first."""
    seen: set[str] = field(default_factory=set, compare=False)
    """Columns of `sources` that a row had; grows while rows are read."""

    def apply(self, row: Mapping[str, object]) -> dict[str, object]:
        """The row with its columns renamed.

        A column that gave its value goes; the others stay. A value of the row that a mapped one
        replaces stays too, as `<name> (replaced)`.

        >>> parse_mapping(["title=titel|name"], Kind.NEED).apply({"titel": "", "name": "Vests", "cpv": "1"})
        {'titel': '', 'cpv': '1', 'title': 'Vests'}
        """
        if not self.sources:
            return dict(row)
        by_folded = {column.strip().casefold(): column for column in row}
        found: dict[str, object] = {}
        used: set[str] = set()
        for new, olds in self.sources.items():
            for old in olds:
                column = old if old in row else by_folded.get(old.strip().casefold())
                if column is None:
                    continue
                self.seen.add(old)
                cell = row[column]
                if new not in found and not _empty(cell):
                    found[new] = cell
                    used.add(column)
        mapped = {column: cell for column, cell in row.items() if column not in used}
        for new in found:
            if not _empty(mapped.get(new)):
                mapped[f"{new} (replaced)"] = mapped[new]
            mapped.pop(new, None)
        return mapped | found

    def report_unseen(self, file: str, report: Report) -> None:
        """Warn of columns that were asked for and that no row had."""
        for new, olds in self.sources.items():
            for old in olds:
                if old not in self.seen:
                    problem = phrase(
                        "no row has a column {old}, which was mapped to {new}", old=repr(old), new=repr(new)
                    )
                    remedy = phrase("check its name in the file")
                    report.add(Issue(file, 1, new, Severity.WARNED, problem, remedy))


def parse_mapping(options: Iterable[str], kind: Kind) -> ColumnMapping:
    """The mapping that options of the form `new=old` or `new=old|older` ask for.

    Raises `SettingInvalid` for another form, for a name that is not in the contract, and for a name
    that is mapped twice.

    >>> parse_mapping(["title=title_orig|title_en", "budget_eur=amount"], Kind.NEED).sources
    {'title': ('title_orig', 'title_en'), 'value_eur': ('amount',)}
    """
    sources: dict[str, tuple[str, ...]] = {}
    for option in options:
        new, equals, old = option.partition("=")
        olds = tuple(name.strip() for name in old.split("|"))
        if not equals or not new.strip() or not all(olds):
            raise SettingInvalid(
                phrase(
                    "The mapping {mapping} cannot be read. Write NEW=OLD or NEW=OLD|OLDER, where NEW is "
                    "a column of needmatch and OLD one of the file.",
                    mapping=repr(option),
                )
            )
        name = contract_name(new, kind)
        if name is None:
            known = contract_names(kind)
            near = get_close_matches(new.strip().casefold(), known, n=1)
            hint = phrase("Did you mean {near}? ", near=repr(near[0])) if near else ""
            raise SettingInvalid(
                phrase(
                    "{column} is not a column of a {kind}. {hint}"
                    "Known columns: {known}, and title_<language>.",
                    column=repr(new.strip()),
                    kind=kind.value,
                    hint=hint,
                    known=", ".join(known),
                )
            )
        if name in sources:
            raise SettingInvalid(
                phrase(
                    "The column {column} is mapped twice. Give all its sources at once: {form}.",
                    column=repr(name),
                    form=name + "=OLD|OLDER",
                )
            )
        sources[name] = olds
    return ColumnMapping(sources)


def _empty(cell: object) -> bool:
    return cell is None or cell == [] or (isinstance(cell, str) and not cell.strip())
