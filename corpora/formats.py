"""Which reader or writer a file takes, and the whole way from a file to records and back."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from corpora.mapping import ColumnMapping
from corpora.money import Rates, load_rates
from corpora.report import Issue, Report, Severity
from corpora.rows import FirstSeen, build_record
from matcher.errors import FileTooLarge, FileUnreadable, FormatUnknown, InputError
from matcher.records import Kind, Record

READABLE: Mapping[str, str] = {
    "csv": "corpora.readers.delimited",
    "tsv": "corpora.readers.delimited",
    "xlsx": "corpora.readers.workbook",
    "jsonl": "corpora.readers.jsonl",
    "ndjson": "corpora.readers.jsonl",
    "json": "corpora.readers.jsonl",
    "ocds": "corpora.readers.ocds",
    "eforms": "corpora.readers.eforms",
    "ted": "corpora.readers.ted",
}
"""Formats that can be read, and the module that does; a module is imported when it is first needed."""

WRITABLE: Mapping[str, str] = {
    "csv": "corpora.writers.delimited",
    "tsv": "corpora.writers.delimited",
    "xlsx": "corpora.writers.workbook",
    "jsonl": "corpora.writers.jsonl",
    "ndjson": "corpora.writers.jsonl",
    "ocds": "corpora.writers.ocds",
}
"""Formats that can be written, and the module that does."""

_SUFFIXES = frozenset(("csv", "tsv", "xlsx", "jsonl", "ndjson", "json", "xml"))
_SUFFIX_OF = {"ocds": ("json", "jsonl"), "eforms": ("xml",), "ted": ("xml",)}
_XML = frozenset(("eforms", "ted"))
_NOTICES = _XML | {"ocds"}
_WITH_KIND = frozenset(("xlsx", "jsonl", "ndjson", "json"))
_OCDS_KEY = re.compile(rb'"(?:ocid|releases|records|compiledRelease)"\s*:')
_HEAD = 2**16

Rows = Iterator[tuple[int, dict[str, object]]]
"""Line and cells of each row, as every reader gives them."""


def read_records(
    path: Path,
    kind: Kind,
    *,
    report: Report,
    mapping: ColumnMapping | None = None,
    source_format: str | None = None,
    rates: Rates | Path | None = None,
    cpv_codes: Container[str] | None = None,
    awards: bool = False,
) -> Iterator[Record]:
    """The records of a file, or of every readable file in a folder, in name order.

    Files are read as the records are asked for; memory does not grow with them, but for the hash of
    each id. Rows that cannot be used are in the report. Amounts are converted at the rates given, or at
    those of a file, or at the shipped ones. Notices of awards are skipped unless `awards` asks for them.
    Raises `FileUnreadable` for what is missing
    and `FormatUnknown` for what has no reader at once, `FileTooLarge` while reading. In a folder a
    file that cannot be read is reported, and the others go on.
    """
    if source_format is not None and source_format not in READABLE:
        raise FormatUnknown(f"There is no format {source_format!r}. Known formats: {', '.join(READABLE)}.")
    if path.is_dir():
        files = _files_in(path, source_format, report)
        formats = [(file, source_format) for file in files]
    elif path.is_file():
        formats = [(path, source_format or _format_of(path))]
        _check_kind(path, formats[0][1], kind)
    elif path.exists():
        raise FileUnreadable(f"{path} is neither a file nor a folder. Save its content to a file first.")
    else:
        raise FileUnreadable(f"{path} does not exist. Check the path.")
    if not isinstance(rates, Rates):
        rates = load_rates(rates) if rates else load_rates()
    rows = ((file, _rows(file, name, kind, report, awards)) for file, name in formats)
    return _records(rows, path.is_dir(), kind, report, mapping, rates, cpv_codes)


def first_row(path: Path, source_format: str | None = None) -> dict[str, object]:
    """The cells of the first row of a file, by its own column names; empty when there is no row.

    Raises as `read_records` does.
    """
    if not path.is_file():
        raise FileUnreadable(f"{path} is not a file. Check the path.")
    name = source_format or _format_of(path)
    return next((row for _, row in _rows(path, name, None, Report(), False)), {})


def write_records(records: Iterable[Record], path: Path, target_format: str | None = None) -> int:
    """Write the records in the format that the path's suffix or `target_format` names; returns how many.

    The file appears whole or not at all. A `.json` file is written as OCDS. Raises `FormatUnknown`
    for a format that cannot be written.
    """
    suffix = path.suffix.lower().removeprefix(".")
    name = target_format or ("ocds" if suffix == "json" else suffix)
    if name not in WRITABLE:
        raise FormatUnknown(
            f"No writer is known for {target_format or path.name!r}. Known formats: {', '.join(WRITABLE)}."
        )
    return int(import_module(WRITABLE[name]).write(records, path))


def _records(
    files: Iterable[tuple[Path, Rows]],
    folder: bool,
    kind: Kind,
    report: Report,
    mapping: ColumnMapping | None,
    rates: Rates,
    cpv_codes: Container[str] | None,
) -> Iterator[Record]:
    seen = FirstSeen()
    rows_before = report.rows
    path = Path()
    for path, rows in files:
        try:
            for line, row in rows:
                record = build_record(
                    mapping.apply(row) if mapping else row,
                    kind,
                    file=path.name,
                    line=line,
                    report=report,
                    rates=rates,
                    cpv_codes=cpv_codes,
                    seen=seen,
                )
                if record is not None:
                    yield record
        except InputError as error:
            if not folder:
                raise
            severity = Severity.SKIPPED if isinstance(error, FormatUnknown) else Severity.REFUSED
            report.add(Issue(path.name, 1, "file", severity, str(error), "the other files were read"))
    if mapping is not None and report.rows > rows_before:
        mapping.report_unseen(path.name, report)


def _rows(path: Path, name: str | None, kind: Kind | None, report: Report, awards: bool) -> Rows:
    name = name or _format_of(path)
    _check_kind(path, name, kind)
    reader: Any = import_module(READABLE[name])
    options: dict[str, Any] = {"kind": kind} if name in _WITH_KIND else {}
    if name in _NOTICES:
        options = {"awards": awards}
    found = False
    try:
        for line, row in reader.read_rows(path, report, **options):
            found = True
            yield line, row
    except OSError as error:
        raise _unreadable(path, error) from error
    except MemoryError as error:
        raise FileTooLarge(
            f"{path} does not fit into the memory. Split it, or save it as csv or jsonl."
        ) from error
    if name in _XML and not found:
        report.rows += 1  # one notice a file: it was skipped or refused by its reader


def _files_in(folder: Path, source_format: str | None, report: Report) -> list[Path]:
    wanted = _SUFFIX_OF.get(source_format, (source_format,)) if source_format else _SUFFIXES
    files = []
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        raise _unreadable(folder, error) from error
    for entry in entries:
        if entry.name.startswith((".", "~$")):
            continue
        if entry.suffix.lower().removeprefix(".") in wanted:
            files.append(entry)
        else:
            known = ", ".join(f".{suffix}" for suffix in sorted(filter(None, wanted)))
            problem = f"not one of {known}"
            report.add(Issue(entry.name, 1, "file", Severity.SKIPPED, problem, "name its format to read it"))
    if not files:
        raise FileUnreadable(
            f"{folder} holds no file that can be read. Put csv, xlsx, jsonl, json or xml there."
        )
    return files


def _format_of(path: Path) -> str:
    suffix = path.suffix.lower().removeprefix(".")
    if suffix == "xml":
        found = import_module("corpora.readers.notices").sniff(path)
        if found is None:
            raise FormatUnknown(
                f"{path} is XML, but neither an eForms nor a TED notice. Give a notice, or another format."
            )
        return str(found)
    if suffix == "json":
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD)
        except OSError as error:
            raise _unreadable(path, error) from error
        return "ocds" if _OCDS_KEY.search(head) else "json"
    if suffix not in READABLE or suffix not in _SUFFIXES:
        raise FormatUnknown(
            f"No reader is known for {path.name!r}. Known suffixes: {', '.join(sorted(_SUFFIXES))}; "
            "or state the format."
        )
    return suffix


def _check_kind(path: Path, name: str | None, kind: Kind | None) -> None:
    if name in _NOTICES and kind is Kind.SOLUTION:
        raise FormatUnknown(f"{path} holds notices, which are needs, not solutions. Read it as needs.")


def _unreadable(path: Path, error: OSError) -> FileUnreadable:
    return FileUnreadable(
        f"{path} cannot be read ({error.strerror or error}). Check the path and its permissions."
    )
