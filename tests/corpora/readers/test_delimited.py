from pathlib import Path

import pytest

from corpora.readers.delimited import COLUMNS_MAX, FIELD_MAX, read_rows
from corpora.report import Report, Severity
from matcher.errors import FileTooLarge


def read(path: Path, content: str | bytes) -> tuple[list[tuple[int, dict[str, object]]], Report]:
    """The rows of a file with this content, and the report."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = Report()
    return list(read_rows(path, report)), report


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separator_and_line_ends_are_recognised(tmp_path: Path, separator: str, newline: str) -> None:
    """Whatever separates cells and lines, the rows are the same."""
    lines = [["id", "title", "cpv"], ["N1", '"a;b,c\td"', "1"], ["N2", "x", "2"]]
    rows, report = read(tmp_path / "needs.csv", newline.join(separator.join(line) for line in lines))
    assert rows == [
        (2, {"id": "N1", "title": "a;b,c\td", "cpv": "1"}),
        (3, {"id": "N2", "title": "x", "cpv": "2"}),
    ]
    assert report.issues == []


def test_stated_separator_is_obeyed(tmp_path: Path) -> None:
    """The first line that Excel understands is understood, and counted as a line."""
    rows, _ = read(tmp_path / "needs.csv", "sep=;\r\nid;a,b,c\r\nN1;x\r\n")
    assert rows == [(3, {"id": "N1", "a,b,c": "x"})]


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    """Line breaks inside cells and blank lines count, and a row begins at its first line."""
    rows, _ = read(tmp_path / "needs.csv", 'id,title\n\nN1,"a\nb\nc"\n,\nN2,d\n')
    assert [(line, row["id"]) for line, row in rows] == [(3, "N1"), (7, "N2")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_files_need_no_remark(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without mark, and UTF-16 as Excel saves it, are read silently."""
    rows, report = read(tmp_path / "needs.csv", "id,title\nN1,Žluťoučký kůň Ω\n".encode(encoding))
    assert rows == [(2, {"id": "N1", "title": "Žluťoučký kůň Ω"})]
    assert report.issues == []


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Zażółć gęślą jaźń, sprzęt ochronny", "cp1250"),
        ("Příliš žluťoučký kůň, průzkum", "cp1250"),
        ("Gilets pare-balles à porter sous l'uniforme", "cp1252"),
        ("Skyddsvästar för poliser på gården", "cp1252"),
        ("Chalecos para compañías españolas", "cp1252"),
        ("Schutzwesten für Größen", "cp1252"),
    ],
)
def test_code_pages_of_windows_are_told_apart_by_their_letters(
    tmp_path: Path, text: str, encoding: str
) -> None:
    """A file that is not UTF-8 is read by the likelier page, and its owner hears of the guess."""
    rows, report = read(tmp_path / "needs.csv", f"id;title\nN1;{text}\n".encode(encoding))
    assert rows == [(2, {"id": "N1", "title": text})]
    assert [(i.field, i.severity) for i in report.issues] == [("file", Severity.CHANGED)]
    assert encoding in report.issues[0].problem


def test_one_broken_byte_does_not_garble_a_file(tmp_path: Path) -> None:
    """A file that is UTF-8 but for an accident stays UTF-8, and the accident is reported."""
    rows, report = read(
        tmp_path / "needs.csv", "id,title\nN1,Ωμέγα κείμενο ελληνικό\nN2,a".encode() + b"\xff\n"
    )
    assert rows[0][1]["title"] == "Ωμέγα κείμενο ελληνικό"
    assert rows[1][1]["title"] == "a\ufffd"
    assert report.issues[0].problem.startswith("1 characters are not UTF-8")


def test_ragged_rows_are_reported_and_kept(tmp_path: Path) -> None:
    """A missing cell is a warning; a surplus one is lost, and that is said."""
    rows, report = read(tmp_path / "needs.csv", "id,title,cpv\nN1,a\nN2,b,1,2\nN3,c,1,\n")
    assert [row for _, row in rows] == [
        {"id": "N1", "title": "a"},
        {"id": "N2", "title": "b", "cpv": "1"},
        {"id": "N3", "title": "c", "cpv": "1"},
    ]
    assert [(i.line, i.severity) for i in report.issues] == [
        (2, Severity.WARNED),
        (3, Severity.DROPPED),
        (4, Severity.WARNED),
    ]


def test_unclosed_quotation_mark_is_refused_with_its_lines(tmp_path: Path) -> None:
    """Rows that ran together are not taken for one long text."""
    rows, report = read(tmp_path / "needs.csv", 'id,title\nN1,a\nN2,"b\nN3,c\nN4,d\n')
    assert [row["id"] for _, row in rows] == ["N1"]
    assert [(i.line, i.severity) for i in report.issues] == [(3, Severity.REFUSED)]
    assert "lines 3 to 5" in report.issues[0].problem


def test_inch_mark_inside_a_cell_is_text(tmp_path: Path) -> None:
    """A single quotation mark on one line opens nothing."""
    rows, report = read(tmp_path / "needs.csv", 'id,title\nN1,12" screen\nN2,b\n')
    assert [row["title"] for _, row in rows] == ['12" screen', "b"]
    assert report.issues == []


def test_gigantic_cell_is_refused_and_reading_goes_on(tmp_path: Path) -> None:
    """A cell beyond the limit costs its row, not the file nor the memory."""
    rows, report = read(tmp_path / "needs.csv", f"id,title\nN1,{'x' * (FIELD_MAX + 1)}\nN2,b\n")
    assert [(line, row["id"]) for line, row in rows] == [(3, "N2")]
    assert [(i.line, i.severity) for i in report.issues] == [(2, Severity.REFUSED)]


def test_cells_of_an_average_spreadsheet_limit_are_read(tmp_path: Path) -> None:
    """The module's own limit of 128 KiB does not apply."""
    rows, _ = read(tmp_path / "needs.csv", f"id,title\nN1,{'x' * 150_000}\n")
    assert len(str(rows[0][1]["title"])) == 150_000


def test_repeated_and_missing_headings_get_names(tmp_path: Path) -> None:
    """No column hides another."""
    rows, report = read(tmp_path / "needs.csv", "id,title,title,,title\nN1,a,b,c,d\n")
    assert rows == [(2, {"id": "N1", "title": "a", "title (3)": "b", "column 4": "c", "title (5)": "d"})]
    assert [i.severity for i in report.issues] == [Severity.CHANGED, Severity.CHANGED]


def test_neutralised_formulas_are_restored(tmp_path: Path) -> None:
    """The apostrophe that an export put in front goes again, in headings too."""
    rows, _ = read(tmp_path / "needs.csv", "id,title,'=x\nN1,'=1+1,''+2\n")
    assert rows == [(2, {"id": "N1", "title": "=1+1", "=x": "'+2"})]


@pytest.mark.parametrize("content", ["", "\n\n", "id,title\n"])
def test_file_without_rows_gives_none(tmp_path: Path, content: str) -> None:
    """An empty table is not an error."""
    rows, report = read(tmp_path / "needs.csv", content)
    assert (rows, report.issues) == ([], [])


def test_a_table_of_absurdly_many_columns_is_refused_at_once(tmp_path: Path) -> None:
    """Each heading is compared with all before it: a line of commas would keep a worker busy for hours."""
    with pytest.raises(FileTooLarge, match="columns in line 1"):
        read(tmp_path / "needs.csv", "id" + "," * COLUMNS_MAX + "\nN1\n")
    rows, _ = read(tmp_path / "needs.csv", "id" + ",x" * (COLUMNS_MAX - 1) + "\nN1\n")
    assert len(rows) == 1
