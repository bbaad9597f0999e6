"""Records as csv or tsv: UTF-8, one header, decimal points, ISO dates, `;` between several values."""

import csv
from collections.abc import Iterable
from pathlib import Path

from corpora.columns import Cell
from corpora.formulas import neutralise
from corpora.money import written
from corpora.writers.atomic import replacing
from corpora.writers.spool import Spool
from matcher.records import Record


def write(records: Iterable[Record], path: Path) -> int:
    """Write the records, separated by tabs if the file is called `.tsv`, by commas if not; returns how many.

    Text that a spreadsheet would run as a formula gets an apostrophe in front, which reading takes away.
    """
    with Spool(records) as spool, replacing(path) as part:
        with part.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(
                file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", lineterminator="\n"
            )
            table.writerow([neutralise(column) for column in spool.columns])
            for row in spool:
                table.writerow([_cell(row.get(column, "")) for column in spool.columns])
        return spool.rows


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return neutralise(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return written(float(cell))
    return cell.isoformat()
