"""Rows of JSON: one object a line (jsonl), one array of objects, or an object that holds such an array."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from corpora.report import Issue, Report, Severity
from matcher.errors import FileTooLarge, FileUnreadable
from matcher.phrases import phrase
from matcher.records import Kind

LINE_MAX = 8 * 2**20
"""Bytes of the longest line."""
DOCUMENT_MAX = 128 * 2**20
"""Bytes of the largest file that is one JSON document; lines have no such limit."""

_LINES = (".jsonl", ".ndjson")


def read_rows(
    path: Path, report: Report, *, kind: Kind | None = None
) -> Iterator[tuple[int, dict[str, object]]]:
    """Line number, or position in the array, and the object of every row.

    A line or an element that is no object is refused, and reading goes on. Raises `FileUnreadable`
    for a document that is not JSON or holds no rows, and `FileTooLarge` for one beyond `DOCUMENT_MAX`.
    """
    with path.open("rb") as file:
        rows: Iterator[tuple[int, object]]
        if _is_document(path, file):
            rows = iter(enumerate(_document(path, file, kind), start=1))
        else:
            rows = _lines(file, path.name, report)
        for line, row in rows:
            if isinstance(row, dict):
                yield line, row
            else:
                seen = type(row).__name__
                _refuse(report, path.name, line, phrase("a {type} where an object was expected", type=seen))


def _is_document(path: Path, file: BinaryIO) -> bool:
    start = file.read(2**16)
    file.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileUnreadable(
            phrase("{path} is UTF-16; JSON is read as UTF-8. Save it as UTF-8.", path=str(path))
        )
    start = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"["):
        return True
    if path.suffix.lower() in _LINES or not start:
        return False
    # A file of lines begins with an object that ends on its line, and is no holder of rows itself.
    line = file.readline(LINE_MAX).removeprefix(codecs.BOM_UTF8)
    while line.isspace():
        line = file.readline(LINE_MAX)
    file.seek(0)
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return True
    return isinstance(first, dict) and any(isinstance(first.get(key), list) for key in _keys(None))


def _document(path: Path, file: BinaryIO, kind: Kind | None) -> list[object]:
    size = path.stat().st_size
    if size > DOCUMENT_MAX:
        raise FileTooLarge(
            phrase(
                "{path} is one JSON document of {size:,} bytes; the limit is {most:,}. "
                "Write one object a line (jsonl), which is read in any size.",
                path=str(path),
                size=size,
                most=DOCUMENT_MAX,
            )
        )
    try:
        document = _parsed(file.read())
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(
            phrase(
                "{path} is not JSON ({error}). Give one object a line, or one array of objects.",
                path=str(path),
                error=str(error),
            )
        ) from error
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        for key in _keys(kind):
            if isinstance(document.get(key), list):
                return list(document[key])
        other = next((key for key in _keys(None) if isinstance(document.get(key), list)), None)
        if other is not None:
            raise FileUnreadable(
                phrase(
                    "{path} holds {other} but no {wanted}. Read it as the other kind.",
                    path=str(path),
                    other=repr(other),
                    wanted=repr(str(kind) + "s"),
                )
            )
        if any(key in document for key in ("id", "_id")):
            return [document]
    raise FileUnreadable(
        phrase(
            "{path} holds no rows. Give one object a line, an array of objects, or an object with an array "
            "'needs' or 'solutions'.",
            path=str(path),
        )
    )


def _lines(file: BinaryIO, name: str, report: Report) -> Iterator[tuple[int, object]]:
    number = 0
    while line := file.readline(LINE_MAX):
        number += 1
        if not line.endswith(b"\n") and len(line) == LINE_MAX:
            while (rest := file.readline(LINE_MAX)) and not rest.endswith(b"\n"):
                pass
            problem = phrase("the line is longer than {most:,} bytes", most=LINE_MAX)
            _refuse(report, name, number, problem)
            continue
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line.isspace() or not line:
            continue
        try:
            row = _parsed(line)
        except (ValueError, RecursionError) as error:
            _refuse(report, name, number, phrase("not JSON: {error}", error=str(error)))
            continue
        yield number, row


def _parsed(text: bytes) -> object:
    # NaN is what table programs write for an empty cell
    return json.loads(text.decode("utf-8-sig"), parse_constant=lambda _: None)


def _keys(kind: Kind | None) -> tuple[str, ...]:
    return tuple(f"{k}s" for k in ((kind,) if kind else Kind))


def _refuse(report: Report, name: str, line: int, problem: str) -> None:
    report.rows += 1
    remedy = phrase("give one JSON object for each row")
    report.add(Issue(name, line, "row", Severity.REFUSED, problem, remedy))
