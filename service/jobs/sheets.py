"""Rows of any table as csv, tsv, xlsx or jsonl; what a spreadsheet would run is made harmless."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from corpora.formulas import neutralise
from matcher.errors import FormatUnknown
from service.jobs.formats import TABLES

Row = Mapping[str, Any]
CHARACTERS_MAX = 32_767
"""Characters of a cell of a workbook, by the limits of Excel."""


def write_rows(columns: Sequence[str], rows: Iterable[Row], path: Path, written: str) -> int:
    """Write rows in the order of the columns; returns how many. Raises `FormatUnknown`."""
    if written not in TABLES:
        raise FormatUnknown(f"A table is not written as {written!r}. Known formats: {', '.join(TABLES)}.")
    if written == "jsonl":
        return _lines(rows, path)
    return _workbook(columns, rows, path) if written == "xlsx" else _delimited(columns, rows, path, written)


def cell(value: Any) -> str | int | float | bool | None:
    """A value as a cell: lists joined by `;`, objects as JSON, formulas made harmless.

    >>> cell(["a", "b"]), cell("=1+1"), cell(0.5)
    ('a;b', "'=1+1", 0.5)
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return neutralise(";".join(value))
    if isinstance(value, list | tuple | Mapping):
        return neutralise(json.dumps(value, ensure_ascii=False, default=str))
    return neutralise(str(value))


def _lines(rows: Iterable[Row], path: Path) -> int:
    number = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
            number += 1
    return number


def _delimited(columns: Sequence[str], rows: Iterable[Row], path: Path, written: str) -> int:
    number = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t" if written == "tsv" else ",", lineterminator="\n")
        table.writerow(columns)
        for row in rows:
            cells = (cell(row.get(column)) for column in columns)
            table.writerow(["" if c is None else str(c).lower() if isinstance(c, bool) else c for c in cells])
            number += 1
    return number


def _workbook(columns: Sequence[str], rows: Iterable[Row], path: Path) -> int:
    from openpyxl import Workbook  # half a second, so not before it is needed
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("rows")
    sheet.freeze_panes = "A2"
    number = 0
    try:
        sheet.append(list(columns))
        for row in rows:
            cells = []
            for column in columns:
                value: Any = cell(row.get(column))
                if isinstance(value, str):
                    value = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:CHARACTERS_MAX])
                    value.data_type = "s"  # whatever it looks like
                cells.append(value)
            sheet.append(cells)
            number += 1
    except BaseException:
        sheet.close()  # a sheet left open complains when it is collected
        raise
    workbook.save(path)
    return number
