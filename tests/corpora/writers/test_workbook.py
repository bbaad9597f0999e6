from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from corpora.columns import COLUMNS
from corpora.writers import workbook
from corpora.writers.workbook import write
from matcher.errors import FileTooLarge, RecordInvalid
from matcher.records import Kind, Need, Solution


def test_sheet_has_the_columns_of_the_contract_and_real_values(tmp_path: Path) -> None:
    """Numbers, days and flags stay what they are, so that the sheet sorts and sums."""
    path = tmp_path / "needs.xlsx"
    need = Need(
        id="N1",
        title="=1+1",
        value=2500.5,
        vat_included=False,
        window_end=date(2026, 3, 1),
        extra={"note": "-x"},
    )
    assert write([need], path) == 1
    sheet = load_workbook(path)["needs"]
    header, row = (list(cells) for cells in sheet.iter_rows())
    assert [cell.value for cell in header] == [*COLUMNS[Kind.NEED], "note"]
    cells = {heading.value: cell for heading, cell in zip(header, row, strict=True)}
    assert cells["value"].value == 2500.5
    assert cells["window_end"].value == datetime(2026, 3, 1)
    assert cells["window_end"].number_format == "yyyy-mm-dd"
    assert cells["vat_included"].value is False
    assert (cells["title"].value, cells["title"].data_type) == ("'=1+1", "s")
    assert cells["note"].value == "'-x"


def test_sheet_is_named_after_the_kind(tmp_path: Path) -> None:
    """Reading finds the sheet again among others."""
    path = tmp_path / "solutions.xlsx"
    write([Solution(id="S1", name="a")], path)
    assert load_workbook(path).sheetnames == ["solutions"]


def test_text_that_looks_like_an_error_stays_text(tmp_path: Path) -> None:
    """A vendor may be called #N/A."""
    path = tmp_path / "solutions.xlsx"
    write([Solution(id="S1", name="#N/A")], path)
    assert load_workbook(path)["solutions"]["B2"].data_type == "s"


def test_too_long_text_is_an_error_and_not_cut(tmp_path: Path) -> None:
    """A cell has a limit; text beyond it is never lost silently."""
    path = tmp_path / "needs.xlsx"
    with pytest.raises(FileTooLarge, match="description of 'N1' has 32,768 characters"):
        write([Need(id="N1", title="a", description="x" * 32_768)], path)
    assert list(tmp_path.iterdir()) == []


def test_too_many_rows_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet has a limit of rows, its header included."""
    monkeypatch.setattr(workbook, "ROWS_MAX", 2)
    assert write([Need(id="N1", title="a")], tmp_path / "one.xlsx") == 1
    with pytest.raises(FileTooLarge, match="holds 1 records, not 2"):
        write([Need(id="N1", title="a"), Need(id="N2", title="b")], tmp_path / "two.xlsx")


def test_control_characters_are_an_error(tmp_path: Path) -> None:
    """A record made by hand with what no workbook holds is named."""
    with pytest.raises(RecordInvalid, match="title of 'N1'"):
        write([Need(id="N1", title="a\x00b")], tmp_path / "needs.xlsx")
