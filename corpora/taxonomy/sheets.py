"""Code lists in tables: workbooks, CSV and TSV, with a column of codes and one for each language."""

import csv
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from corpora.report import Report
from corpora.taxonomy.entry import Entry
from corpora.tongues import language
from matcher.errors import FileTooLarge, FileUnreadable
from matcher.records import EU_LANGUAGES

UNPACKED_MAX = 512 * 2**20
"""Largest content of a workbook, all parts together."""
HEADER_ROWS = 20
"""Rows of a sheet in which a header is looked for; titles may stand above it."""
LINE_MAX = 240_000
"""Longest line of a CSV file; the longest label has about 400 characters."""

_CODE_COLUMNS = ("code", "cpv", "cpv code", "cpv_code", "full code", "notation", "identifier", "id")
_ENGLISH_COLUMNS = ("name", "label", "description")
_DAMAGE = (
    # what the zip and workbook readers let through when a part is missing, cut or scrambled
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def from_workbook(path: Path, report: Report) -> Iterator[Entry]:
    """Entries of every sheet that has a header with codes and a language."""
    # the file is opened here, because the workbook reader leaves it open when it fails
    with path.open("rb") as file:
        try:
            _check_archive(path, file)
            workbook = load_workbook(file, read_only=True, data_only=True)
            for sheet in workbook.worksheets:
                # the dimension a workbook states can be wrong, and then hides rows
                sheet.reset_dimensions()
                rows = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
                yield from _from_rows(rows, report)
        except _DAMAGE as error:
            raise FileUnreadable(
                f"{path.name!r} is not a readable workbook: expected .xlsx as published. "
                "Download it again, or save it as .xlsx from a spreadsheet program."
            ) from error


def _check_archive(path: Path, file: BinaryIO) -> None:
    """Refuse what unpacks to too much, and document types: no workbook needs one."""
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > UNPACKED_MAX:
            raise FileTooLarge(
                f"{path.name!r} unpacks to {unpacked / 2**20:.0f} MB: expected at most "
                f"{UNPACKED_MAX // 2**20}. Take the file with the codes alone."
            )
        for part in archive.infolist():
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as content:
                    head = content.read(65_536).replace(b"\0", b"")
                if b"<!DOCTYPE" in head:
                    raise FileUnreadable(
                        f"{path.name!r} declares a document type in {part.filename!r}: it is refused, "
                        "because declarations can hide entities. Save it again from a spreadsheet program."
                    )


def _cell(value: object) -> str:
    """Text of a cell; a code kept as a number gets back the zero it lost at the front."""
    if isinstance(value, int | float) and float(value).is_integer():
        return f"{int(value):08d}"
    return "" if value is None else str(value)


def from_delimited(path: Path, report: Report) -> Iterator[Entry]:
    """Entries of a CSV or TSV file in UTF-8; the delimiter is the commonest one of the header."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next((line for line in file if not line.startswith("#") and line.strip()), "")
            file.seek(0)
            delimiter = max("\t;,", key=header.count)
            yield from _from_rows(csv.reader(_without_comments(file), delimiter=delimiter), report)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileUnreadable(
            f"{path.name!r} could not be read as text: {error}. Save it as CSV in UTF-8."
        ) from error


def _without_comments(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if len(line) > LINE_MAX:
            raise csv.Error(f"line {number + 1} is longer than any row of the list")
        yield "\n" if line.startswith("#") else line


def _from_rows(rows: Iterable[Sequence[str]], report: Report) -> Iterator[Entry]:
    """Entries below the first row that names a column of codes and one of labels."""
    numbered = enumerate(rows, 1)
    columns: tuple[int, Mapping[int, str]] | None = None
    for number, row in numbered:
        columns = _columns(row)
        if columns is not None or number >= HEADER_ROWS:
            break
    if columns is None:
        report.notes["tables without columns of codes and labels left out"] += 1
        return
    code, languages = columns
    for number, row in numbered:
        if len(row) > code and row[code].strip():
            texts = [(language, row[place]) for place, language in languages.items() if place < len(row)]
            yield Entry(number, row[code], texts)


def _columns(header: Sequence[str]) -> tuple[int, Mapping[int, str]] | None:
    """Place of the codes, and language by place of the labels."""
    names = [name.strip().lower() for name in header]
    code = next((names.index(name) for name in _CODE_COLUMNS if name in names), None)
    if code is None:
        return None
    languages = {place: language for place, name in enumerate(names) if (language := _column_language(name))}
    if "en" not in languages.values():
        english = next((names.index(name) for name in _ENGLISH_COLUMNS if name in names), None)
        if english is not None:
            languages[english] = "en"
    return (code, languages) if languages else None


def _column_language(name: str) -> str | None:
    """One of the 24 languages, named alone or beside a word such as label."""
    words = [
        word for word in re.split(r"[_\s]+", name) if word not in {"cpv", "description", "label", "name"}
    ]
    found = language(words[0]) if len(words) == 1 else None
    return found if found in EU_LANGUAGES else None
