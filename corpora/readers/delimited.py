"""Rows of csv and tsv files, as a spreadsheet or a script writes them.

The separator is the one the header uses most. Files are read as UTF-8, or UTF-16 with its mark;
anything else is taken for the code page of Windows that its letters speak for, and reported.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TextIO

from corpora.formulas import restore
from corpora.report import Issue, Report, Severity
from matcher.errors import FileTooLarge
from matcher.phrases import phrase

FIELD_MAX = 4 * 2**20
"""Characters of the largest cell; an unclosed quotation mark would otherwise swallow the file."""

COLUMNS_MAX = 2_000
"""Columns of a table; each name is compared with all before it."""

_CHUNK = 2**20
_SAMPLE = 2**16
_SEPARATORS = ",;\t"
_MOSTLY = 10
"""A file with this many times more letters in UTF-8 than broken ones is UTF-8 with an accident."""

# Letters of one code page that are signs, or rare, in the other: weights for 1250 (Central Europe)
# and for 1252 (West). A sign of 1252 counts only when it stands in a word, where only 1250 has a letter.
_CENTRAL = re.compile(rb"(?<=[a-z])[\xb9\xb3\xbf\x9f\x9d\xbe\xba\x9c]|[\x9a\x9e\x8a\x8e\xfb\xf9\xec]")
_WESTERN = re.compile(rb"[\xe0\xe5\xf1\xf0\xc5\xd8]")


def read_rows(path: Path, report: Report) -> Iterator[tuple[int, dict[str, object]]]:
    """Line number and cells of every filled row, by column name.

    Lines are those of the file, also where cells hold line breaks; the number is that of the first
    line of a row. Rows of the wrong width are reported and kept.
    """
    # The limit is one for the process, so it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_MAX))
    encoding = _encoding(path, report)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(_SAMPLE)
        file.seek(0)
        lines = _Lines(file)
        if stated := re.match(r'"?sep=([,;\t])"?\r?\n', sample):
            next(lines)
        separator = stated[1] if stated else _separator(sample)
        yield from _rows(lines, separator, path.name, report)


class _Lines:
    """The lines of a file, counted, and the quotation marks in them."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.number = self.quotes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._file)
        self.number += 1
        self.quotes += line.count('"')
        return line


def _rows(
    lines: _Lines, separator: str, name: str, report: Report
) -> Iterator[tuple[int, dict[str, object]]]:
    rows = csv.reader(lines, delimiter=separator)
    header: list[str] | None = None
    while True:
        line, lines.quotes = lines.number + 1, 0
        problem: str = ""
        cells: list[str] = []
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            problem = phrase("not readable as csv: {error}", error=str(error))
        if lines.number > line and lines.quotes % 2:
            problem = phrase(
                "lines {first} to {last} ran together, for a quotation mark is not closed",
                first=line,
                last=lines.number,
            )
        if problem:
            report.rows += 1
            remedy = phrase("close its quotation marks, or double those inside a cell")
            report.add(Issue(name, line, "row", Severity.REFUSED, problem, remedy))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        cells = [restore(cell) for cell in cells]
        if header is None:
            header = column_names(cells, name, line, report)
            continue
        if len(cells) != len(header):
            surplus = any(cells[len(header) :])
            problem = phrase("{cells} cells under {columns} columns", cells=len(cells), columns=len(header))
            remedy = phrase("write one cell for each column")
            if surplus:
                remedy = phrase("quote cells that hold the separator")
            severity = Severity.DROPPED if surplus else Severity.WARNED
            report.add(Issue(name, line, "row", severity, problem, remedy))
        yield line, dict(zip(header, cells, strict=False))


def column_names(cells: list[str], name: str, line: int, report: Report) -> list[str]:
    """The header as column names, each once; a missing or repeated one is given a name and reported.

    >>> report = Report()
    >>> column_names(["id", "", "id"], "needs.csv", 1, report)
    ['id', 'column 2', 'id (3)']
    >>> len(report.issues)
    1
    """
    if len(cells) > COLUMNS_MAX:
        raise FileTooLarge(
            f"{name} has more than {COLUMNS_MAX:,} columns in line {line}. Leave out those that are empty."
        )
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        column = cell.strip() or f"column {place}"
        if column in names:
            renamed = next(new for new in (f"{column} ({n})" for n in count(place)) if new not in names)
            problem = phrase(
                "the column stands there twice, the second is read as {column}", column=repr(renamed)
            )
            remedy = phrase("give every column its own name")
            report.add(Issue(name, line, column, Severity.CHANGED, problem, remedy))
            column = renamed
        names.append(column)
    return names


def _separator(sample: str) -> str:
    counts: Counter[str] = Counter()
    quoted = False
    for character in sample.lstrip("\r\n\ufeff"):
        if character == '"':
            quoted = not quoted
        elif character in "\r\n" and not quoted:
            break
        elif not quoted:
            counts[character] += 1
    return max(_SEPARATORS, key=lambda separator: counts[separator])


def _encoding(path: Path, report: Report) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    letters = broken = 0
    with path.open("rb") as file:
        head = file.read(_CHUNK)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        chunk = head
        while chunk:
            text = decoder.decode(chunk)
            if not text.isascii():
                # a replacement character may also stand in the file itself
                wrong = text.count("\ufffd") - chunk.count("\ufffd".encode())
                broken += max(wrong, 0)
                letters += len(text) - len(text.encode("ascii", "ignore")) - wrong
            chunk = file.read(_CHUNK)
        broken += len(decoder.decode(b"", final=True))
    if not broken:
        return "utf-8-sig"
    if letters > _MOSTLY * broken:
        encoding = "utf-8-sig"
        problem = phrase("{n} characters are not UTF-8 and were read as \ufffd", n=broken)
    else:
        encoding = "cp1250" if len(_CENTRAL.findall(head)) > len(_WESTERN.findall(head)) else "cp1252"
        problem = phrase(
            "the file is not UTF-8; it was read as {encoding}, by its letters", encoding=encoding
        )
    remedy = phrase("check accented letters, or save as UTF-8")
    report.add(Issue(path.name, 1, "file", Severity.CHANGED, problem, remedy))
    return encoding
