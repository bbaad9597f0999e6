from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from openpyxl import Workbook

from corpora.readers import workbook
from corpora.readers.workbook import read_rows
from corpora.report import Report, Severity
from matcher.errors import FileTooLarge, FileUnreadable
from matcher.records import Kind


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the workbook of a test lies."""
    return tmp_path / "needs.xlsx"


def save(
    path: Path, *rows: list[object], title: str = "Sheet", others: dict[str, list[list[object]]] | None = None
) -> None:
    """A workbook with one sheet of these rows, and others after it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for name, content in (others or {}).items():
        other = book.create_sheet(name)
        for row in content:
            other.append(row)
    book.save(path)


def test_numbers_and_dates_are_real(path: Path) -> None:
    """What the sheet knows as a number or a day comes out as one."""
    save(
        path,
        ["id", "value", "day", "at", "hour", "yes"],
        [1, 2.5, date(2026, 3, 1), datetime(2026, 3, 1, 8, 30), time(8, 30), True],
    )
    rows = list(read_rows(path, Report()))
    assert rows == [
        (
            2,
            {
                "id": 1,
                "value": 2.5,
                "day": date(2026, 3, 1),
                "at": datetime(2026, 3, 1, 8, 30),
                "hour": "08:30:00",
                "yes": True,
            },
        )
    ]


def test_row_numbers_are_those_of_the_sheet(path: Path) -> None:
    """Empty rows, before the heading too, are passed over and counted."""
    save(path, [], ["id"], [None], ["N1"], [""], ["N2"])
    assert [(line, row["id"]) for line, row in read_rows(path, Report())] == [(4, "N1"), (6, "N2")]


def test_sheet_named_after_the_kind_is_read_else_the_first(path: Path) -> None:
    """A workbook may hold needs, solutions and a cover page."""
    save(
        path,
        ["cover"],
        ["x"],
        title="Cover",
        others={"Needs": [["id"], ["N1"]], "solutions": [["id"], ["S1"]]},
    )
    assert next(read_rows(path, Report(), kind=Kind.NEED))[1] == {"id": "N1"}
    assert next(read_rows(path, Report(), kind=Kind.SOLUTION))[1] == {"id": "S1"}
    save(path, ["id"], ["N1"], title="Blatt1", others={"Notes": [["id"], ["x"]]})
    assert next(read_rows(path, Report(), kind=Kind.NEED))[1] == {"id": "N1"}


def test_rows_outside_the_stated_extent_are_read(path: Path) -> None:
    """Programs that write a wrong extent into the file do not cut rows off."""
    save(path, ["id"], ["N1"], ["N2"])
    with ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'ref="A1:A3"', b'ref="A1:A2"')
    assert b'ref="A1:A2"' in parts[sheet]
    with ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    assert [row["id"] for _, row in read_rows(path, Report())] == ["N1", "N2"]


def test_error_values_and_cells_without_heading_are_reported(path: Path) -> None:
    """A cell that shows an error has no value, and a cell under no heading has no name."""
    save(path, ["id", "title"], ["N1", "#N/A"], ["N2", "b", None, "lost"])
    report = Report()
    rows = list(read_rows(path, report))
    assert rows == [(2, {"id": "N1", "title": None}), (3, {"id": "N2", "title": "b"})]
    assert [(i.line, i.field, i.severity) for i in report.issues] == [
        (2, "column B", Severity.DROPPED),
        (3, "row", Severity.DROPPED),
    ]


def test_escaped_characters_and_apostrophes_are_restored(path: Path) -> None:
    """The file form's own escapes, and the apostrophe before a formula, are taken away."""
    save(path, ["id", "title"], ["N1", "a_x000D_\nb"], ["N2", "'=1+1"], ["N3", "_x005F_x0041_"])
    assert [row["title"] for _, row in read_rows(path, Report())] == ["a\r\nb", "=1+1", "_x0041_"]


def test_formula_without_a_stored_result_is_empty(path: Path) -> None:
    """Formulas are never run; only what was computed before counts."""
    save(path, ["id", "title"], ["N1", "=1+1"])
    assert list(read_rows(path, Report())) == [(2, {"id": "N1", "title": None})]


@pytest.mark.parametrize("content", [b"", b"id,title\n", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_is_an_error(path: Path, content: bytes) -> None:
    """A renamed text file is not read as a table."""
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match="not an xlsx workbook"):
        list(read_rows(path, Report()))


def test_archive_that_is_no_workbook_is_an_error(path: Path) -> None:
    """Nor is any other zip file."""
    with ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(FileUnreadable, match="cannot be read as a workbook"):
        list(read_rows(path, Report()))


def test_damaged_sheet_is_an_error(path: Path) -> None:
    """Broken XML inside the archive is no crash."""
    save(path, ["id"], ["N1"])
    with ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", b"<row")
    with ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    with pytest.raises(FileUnreadable, match="cannot be read as a workbook"):
        list(read_rows(path, Report()))


def test_zip_bomb_is_refused_before_it_is_unpacked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a workbook unpacks to is added up first."""
    monkeypatch.setattr(workbook, "UNPACKED_MAX", 1_000_000)
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 1_000_001)
    assert path.stat().st_size < 10_000
    with pytest.raises(FileTooLarge, match="unpacks to 1,000,001 bytes"):
        list(read_rows(path, Report()))


def test_too_many_parts_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of countless empty files is no workbook."""
    monkeypatch.setattr(workbook, "PARTS_MAX", 3)
    with ZipFile(path, "w") as archive:
        for n in range(4):
            archive.writestr(f"{n}", b"")
    with pytest.raises(FileTooLarge, match="4 parts"):
        list(read_rows(path, Report()))


def repacked(path: Path, part: str, change: Callable[[bytes], bytes], kind: int = ZIP_DEFLATED) -> None:
    """The workbook with one part changed, or packed otherwise."""
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, change(body) if name == part else body, kind if name == part else None)


@pytest.mark.parametrize("before", [b"", b"<!-- " + b"x" * 70_000 + b" -->", b"\n" * 70_000])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_document_type_in_any_part_is_refused(path: Path, part: str, before: bytes) -> None:
    """Entities of a document type would be expanded without a limit of ours; no workbook has one."""
    save(path, ["id", "title"], ["N1", "Vests"])
    bomb = before + b'<!DOCTYPE a [<!ENTITY x "boom">]>'

    def planted(body: bytes) -> bytes:
        # a declaration of XML, where there is one, comes first
        at = body.find(b"?>") + 2 if body.startswith(b"<?xml") else 0
        return body[:at] + bomb + body[at:]

    repacked(path, part, planted)
    with pytest.raises(FileUnreadable, match=r"document type|no element"):
        list(read_rows(path, Report()))


@pytest.mark.parametrize("kind", [ZIP_LZMA, ZIP_BZIP2])
def test_parts_that_unpack_in_pieces_of_any_size_are_refused(path: Path, kind: int) -> None:
    """A few bytes packed so become gigabytes before anybody counts them."""
    save(path, ["id", "title"], ["N1", "Vests"])
    repacked(path, "xl/worksheets/sheet1.xml", lambda body: body, kind)
    with pytest.raises(FileUnreadable, match="packed in a way"):
        list(read_rows(path, Report()))


def test_cells_that_are_only_implied_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of one cell in the last column has all columns before it: a small file would last for hours."""
    monkeypatch.setattr(workbook, "CELLS_MAX", 100_000)
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(2, 30)).encode()
    save(path, ["id", "title"])
    repacked(
        path, "xl/worksheets/sheet1.xml", lambda body: body.replace(b"</sheetData>", rows + b"</sheetData>")
    )
    with pytest.raises(FileUnreadable, match="more than 100,000 cells"):
        list(read_rows(path, Report()))
