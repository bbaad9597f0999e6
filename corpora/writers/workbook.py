"""Records as a sheet of an xlsx workbook, with real numbers and dates."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from corpora.columns import Cell
from corpora.formulas import neutralise
from corpora.writers.atomic import replacing
from corpora.writers.spool import Spool
from matcher.errors import FileTooLarge, RecordInvalid
from matcher.records import Kind, Record

ROWS_MAX = 1_048_576
"""Rows of a sheet, header included, by the limits of Excel."""
CHARACTERS_MAX = 32_767
"""Characters of a cell, by the limits of Excel."""

# text that looks like the file form's way of writing a character has to be escaped itself
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def write(records: Iterable[Record], path: Path) -> int:
    """Write the records to the sheet `needs` or `solutions`; returns how many.

    Text that a spreadsheet would run as a formula gets an apostrophe in front, which reading takes
    away. Raises `FileTooLarge` for more rows or longer texts than a sheet holds.
    """
    from openpyxl import Workbook  # half a second, so not before it is needed

    with Spool(records) as spool, replacing(path) as part:
        if spool.rows >= ROWS_MAX:
            raise FileTooLarge(
                f"A sheet holds {ROWS_MAX - 1:,} records, not {spool.rows:,}. Write csv or jsonl."
            )
        workbook = Workbook(write_only=True)
        sheet = workbook.create_sheet(f"{spool.kind or Kind.NEED}s")
        sheet.freeze_panes = "A2"
        try:
            sheet.append([_cell(sheet, column, "header", "") for column in spool.columns])
            for row in spool:
                sheet.append([_cell(sheet, row.get(name), name, str(row["id"])) for name in spool.columns])
        except BaseException:
            sheet.close()  # a sheet left open complains when it is collected
            raise
        workbook.save(part)
        return spool.rows


def _cell(sheet: Any, cell: Cell | None, column: str, record_id: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils.exceptions import IllegalCharacterError

    if not isinstance(cell, str):
        return cell
    text = _ESCAPE.sub("_x005F_", neutralise(cell))
    if len(text) > CHARACTERS_MAX:
        raise FileTooLarge(
            f"The {column} of {record_id!r} has {len(text):,} characters; a cell holds {CHARACTERS_MAX:,}. "
            "Write csv or jsonl."
        )
    try:
        written = WriteOnlyCell(sheet, text)
    except IllegalCharacterError as error:
        raise RecordInvalid(
            f"The {column} of {record_id!r} holds control characters, which a workbook cannot. Remove them."
        ) from error
    written.data_type = "s"  # whatever it looks like
    return written
