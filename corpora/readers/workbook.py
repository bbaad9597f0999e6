"""Rows of a sheet of an xlsx workbook, with its real numbers and dates."""

import re
import warnings
import zlib
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from corpora.formulas import restore
from corpora.readers.delimited import column_names
from corpora.report import Issue, Report, Severity
from matcher.errors import FileTooLarge, FileUnreadable
from matcher.phrases import phrase
from matcher.records import Kind

if TYPE_CHECKING:
    from openpyxl import Workbook

UNPACKED_MAX = 256 * 2**20
"""Bytes that all parts of the workbook may unpack to."""
PARTS_MAX = 10_000
ROWS_MAX = 1_048_576
"""Rows of a sheet, by the limits of Excel."""
CELLS_MAX = 50_000_000
"""Cells of a sheet, empty ones between others included: a few bytes can name a cell in the last column."""
_PACKED = frozenset({ZIP_STORED, ZIP_DEFLATED})
"""How parts may be packed: the other ways unpack in pieces of any size."""
_PROLOG_MAX = 2**16
"""Bytes in which a part of XML comes to its first element."""

# how the file form writes characters that XML does not allow, such as _x000D_
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_rows(
    path: Path, report: Report, *, kind: Kind | None = None
) -> Iterator[tuple[int, dict[str, object]]]:
    """Row number and cells of every filled row of a sheet, by column name.

    The sheet is the one named after the kind (`needs`, `solutions`), else the first. Formulas count
    with their stored result. Raises `FileTooLarge` for a workbook that unpacks to more than
    `UNPACKED_MAX`, and `FileUnreadable` for what is no workbook.
    """
    _check_size(path)
    workbook = _open(path)
    try:
        sheet = _sheet(workbook, kind, path)
        # what the file says about its own extent is often wrong, and would cut rows off
        sheet.reset_dimensions()
        header: list[str] | None = None
        seen = 0
        for number, row in enumerate(sheet.iter_rows(max_row=ROWS_MAX), start=1):
            seen += max(len(row), len(header or ()))
            if seen > CELLS_MAX:
                raise ValueError(f"its sheet has more than {CELLS_MAX:,} cells")
            cells = [_value(cell, number, path.name, report) for cell in row]
            if all(cell is None or cell == "" for cell in cells):
                continue
            if header is None:
                header = column_names([_heading(cell) for cell in cells], path.name, number, report)
                continue
            surplus = [cell for cell in cells[len(header) :] if cell not in (None, "")]
            if surplus:
                problem = phrase("{n} cells stand to the right of the last column", n=len(surplus))
                remedy = phrase("give their column a name")
                report.add(Issue(path.name, number, "row", Severity.DROPPED, problem, remedy))
            cells += [None] * (len(header) - len(cells))
            yield number, dict(zip(header, cells, strict=False))
    except (OSError, KeyError, ValueError, TypeError, AttributeError, SyntaxError, BadZipFile) as error:
        raise _damaged(path, error) from error
    finally:
        workbook.close()


def _check_size(path: Path) -> None:
    try:
        with ZipFile(path) as archive:
            parts = archive.infolist()
            odd = next((part.filename for part in parts if part.compress_type not in _PACKED), None)
            if odd is not None:
                raise _damaged(path, ValueError(f"{odd!r} is packed in a way that is not read"))
            if sum(part.file_size for part in parts) <= UNPACKED_MAX and len(parts) <= PARTS_MAX:
                for part in parts:
                    _check_prolog(path, archive, part)
    except BadZipFile as error:
        raise FileUnreadable(
            phrase(
                "{path} is not an xlsx workbook ({error}). Save it as 'Excel workbook (.xlsx)' or as csv.",
                path=str(path),
                error=str(error),
            )
        ) from error
    unpacked = sum(part.file_size for part in parts)
    if unpacked > UNPACKED_MAX or len(parts) > PARTS_MAX:
        raise FileTooLarge(
            phrase(
                "{path} unpacks to {size:,} bytes in {parts:,} parts; the limit is "
                "{most:,} bytes in {most_parts:,} parts. "
                "Split it, or save it as csv, which is read in any size.",
                path=str(path),
                size=unpacked,
                parts=len(parts),
                most=UNPACKED_MAX,
                most_parts=PARTS_MAX,
            )
        )


def _check_prolog(path: Path, archive: ZipFile, part: ZipInfo) -> None:
    """Raises `FileUnreadable` for a part with a document type, which the library would expand entities of."""

    def refuse(*_: object) -> None:
        raise _Refused

    def enough(*_: object) -> None:
        raise _Begun

    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = enough
    try:
        with archive.open(part) as file:
            head = file.read(_PROLOG_MAX)
        parser.Parse(head, False)
    except _Begun:
        return
    except (ExpatError, NotImplementedError, RuntimeError, OSError, zlib.error, EOFError, ValueError):
        return  # it is said by who reads it
    except _Refused:
        raise _damaged(path, ValueError(f"{part.filename!r} has a document type declaration")) from None
    if len(head) == _PROLOG_MAX:
        raise _damaged(path, ValueError(f"{part.filename!r} has no element in its first {len(head):,} bytes"))


class _Begun(Exception):
    """The first element has been seen."""


class _Refused(Exception):
    """There is a document type declaration."""


def _open(path: Path) -> "Workbook":
    from openpyxl import load_workbook  # half a second, so not before it is needed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which no row depends on
            return load_workbook(path, read_only=True, data_only=True, keep_links=False)
    # the library raises whatever its parsing of a damaged file runs into
    except Exception as error:
        raise _damaged(path, error) from error


def _sheet(workbook: "Workbook", kind: Kind | None, path: Path) -> Any:
    sheets = workbook.worksheets
    if not sheets:
        raise FileUnreadable(
            phrase("{path} has no sheet with cells. Save one that has the rows.", path=str(path))
        )
    kinds = (kind,) if kind else tuple(Kind)
    named = [
        sheet
        for sheet in sheets
        if sheet.title.strip().casefold() in {f"{k}{s}" for k in kinds for s in ("", "s")}
    ]
    return (named or sheets)[0]


def _value(cell: Any, number: int, name: str, report: Report) -> object:
    value = cell.value
    if isinstance(value, str):
        if cell.data_type == "e":
            problem = phrase("the cell shows the error {error}", error=value)
            remedy = phrase("correct its formula")
            report.add(Issue(name, number, f"column {cell.column_letter}", Severity.DROPPED, problem, remedy))
            return None
        return restore(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    return str(value) if isinstance(value, time | timedelta) else value


def _heading(cell: object) -> str:
    return "" if cell is None else str(cell)


def _damaged(path: Path, error: Exception) -> FileUnreadable:
    return FileUnreadable(
        phrase(
            "{path} cannot be read as a workbook ({error}). "
            "Open it in a spreadsheet program and save it again, or save it as csv.",
            path=str(path),
            error=type(error).__name__ + ": " + str(error),
        )
    )
