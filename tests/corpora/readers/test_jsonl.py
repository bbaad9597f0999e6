import json
from pathlib import Path

import pytest

from corpora.readers import jsonl
from corpora.readers.jsonl import read_rows
from corpora.report import Report, Severity
from matcher.errors import FileTooLarge, FileUnreadable
from matcher.records import Kind

ROWS = [{"id": "N1", "title": "a"}, {"id": "N2", "title": "b"}]


def read(
    path: Path, content: str | bytes, kind: Kind | None = None
) -> tuple[list[tuple[int, dict[str, object]]], Report]:
    """The rows of a file with this content, and the report."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = Report()
    return list(read_rows(path, report, kind=kind)), report


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "json"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_are_read_under_their_numbers(tmp_path: Path, suffix: str, mark: bytes) -> None:
    """One object a line; blank lines count but give nothing."""
    rows, report = read(tmp_path / f"needs.{suffix}", mark + b'{"id": "N1"}\n\n{"id": "N2"}\r\n{"id": "N3"}')
    assert rows == [(1, {"id": "N1"}), (3, {"id": "N2"}), (4, {"id": "N3"})]
    assert report.issues == []


@pytest.mark.parametrize(
    "document",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        json.dumps({"needs": ROWS}),
        json.dumps({"made": "today", "needs": ROWS, "solutions": []}, indent=2),
        f"\n {json.dumps(ROWS)}",
    ],
)
def test_one_document_gives_its_rows_by_position(tmp_path: Path, document: str) -> None:
    """An array, or an object that holds one, is read like lines."""
    rows, _ = read(tmp_path / "needs.json", document, Kind.NEED)
    assert rows == [(1, ROWS[0]), (2, ROWS[1])]


def test_array_in_a_file_of_lines_is_read(tmp_path: Path) -> None:
    """A wrong suffix does not matter where the content is clear."""
    rows, _ = read(tmp_path / "needs.jsonl", json.dumps(ROWS, indent=1))
    assert [line for line, _ in rows] == [1, 2]


def test_single_object_is_one_row(tmp_path: Path) -> None:
    """A file with one record, on many lines, is that record."""
    rows, _ = read(tmp_path / "needs.json", json.dumps(ROWS[0], indent=2))
    assert rows == [(1, ROWS[0])]


@pytest.mark.parametrize(
    "bad",
    [
        b'{"id": ',
        b"[1]",
        b"7",
        b'"N1"',
        b"null",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b"}",
    ],
)
def test_broken_line_is_refused_and_reading_goes_on(tmp_path: Path, bad: bytes) -> None:
    """One bad line costs one row, whatever is wrong with it."""
    rows, report = read(tmp_path / "needs.jsonl", b'{"id": "N1"}\n' + bad + b'\n{"id": "N3"}\n')
    assert [line for line, _ in rows] == [1, 3]
    assert [(i.line, i.severity) for i in report.issues] == [(2, Severity.REFUSED)]
    assert report.rows == 1


def test_overlong_line_is_refused_without_being_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line beyond the limit is passed over in pieces."""
    monkeypatch.setattr(jsonl, "LINE_MAX", 20)
    rows, report = read(tmp_path / "needs.jsonl", b'{"id": "' + b"x" * 95 + b'"}\n{"id": "N2"}\n')
    assert rows == [(2, {"id": "N2"})]
    assert [(i.line, i.severity) for i in report.issues] == [(1, Severity.REFUSED)]


def test_not_a_number_is_an_empty_cell(tmp_path: Path) -> None:
    """Table programs write NaN, which is not JSON, for what is missing."""
    rows, _ = read(tmp_path / "needs.jsonl", '{"id": "N1", "value": NaN}\n')
    assert rows == [(1, {"id": "N1", "value": None})]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("[1, 2", "is not JSON"),
        ('{\n "a": 1\n}', "holds no rows"),
        ('{"solutions": []}', "Read it as the other kind"),
        ("[" * 100_000, "is not JSON"),
        ("[]".encode("utf-16"), "UTF-16"),
    ],
)
def test_document_without_rows_is_an_error(tmp_path: Path, document: str | bytes, message: str) -> None:
    """The message says what is wrong with the file as a whole."""
    with pytest.raises(FileUnreadable, match=message):
        read(tmp_path / "needs.json", document, Kind.NEED)


def test_document_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only lines are read in any size."""
    monkeypatch.setattr(jsonl, "DOCUMENT_MAX", 10)
    with pytest.raises(FileTooLarge, match="one JSON document"):
        read(tmp_path / "needs.json", json.dumps(ROWS))


def test_element_that_is_no_object_is_refused(tmp_path: Path) -> None:
    """The others of the array are read."""
    rows, report = read(tmp_path / "needs.json", '[{"id": "N1"}, 7, {"id": "N3"}]')
    assert [line for line, _ in rows] == [1, 3]
    assert [(i.line, i.severity) for i in report.issues] == [(2, Severity.REFUSED)]


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_empty_file_gives_no_rows(tmp_path: Path, suffix: str) -> None:
    """An empty file is an empty table."""
    assert read(tmp_path / f"needs.{suffix}", "")[0] == []
