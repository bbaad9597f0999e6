"""Which reader or writer a file takes, and the whole way from a file to records and back."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from corpora import archive
from corpora.mapping import ColumnMapping
from corpora.money import Rates, load_rates
from corpora.report import Issue, Report, Severity
from corpora.rows import FirstSeen, build_record
from matcher.errors import FileTooLarge, FileUnreadable, FormatUnknown, InputError
from matcher.phrases import phrase, replaced
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

TOLD: tuple[str, ...] = (*READABLE, "xml", *archive.SUFFIXES)
"""What a file may be said to be: `xml` is eForms or TED, `json` may be OCDS, archives hold notices."""

_SUFFIXES = frozenset(("csv", "tsv", "xlsx", "jsonl", "ndjson", "json", "xml"))
_SUFFIX_OF = {"ocds": ("json", "jsonl"), "eforms": ("xml",), "ted": ("xml",)}
_XML = frozenset(("eforms", "ted"))
_NOTICES = _XML | {"ocds"}
_FOUND = frozenset(("xml", "json"))
"""Told from the content, also where they are stated."""
_PACKED = frozenset((*archive.SUFFIXES, *_XML, "xml"))
"""What a file may be said to be that is an archive by its name."""
_WITH_KIND = frozenset(("xlsx", "jsonl", "ndjson", "json"))
_OCDS_KEY = re.compile(rb'"(?:ocid|releases|records|compiledRelease)"\s*:')
_HEAD = 2**16

Rows = Iterator[tuple[int, dict[str, object]]]
"""Line and cells of each row, as every reader gives them."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record with where it was read; None where the row, or the whole notice, is no record."""

    file: str
    """Name of the file; of a member of an archive behind that of the archive."""
    line: int
    record: Record | None


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is the same for all files of one read."""

    kind: Kind
    report: Report
    mapping: ColumnMapping | None
    rates: Rates
    cpv_codes: Container[str] | None
    awards: bool
    seen: FirstSeen


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
    """The records of a file, of an archive of notices, or of every readable file in a folder, in name order.

    Files are read as the records are asked for; memory does not grow with them, but for the hash of
    each id. Rows that cannot be used are in the report. Amounts are converted at the rates given, or at
    those of a file, or at the shipped ones. Notices of awards are skipped unless `awards` asks for them.
    Raises `FileUnreadable` for what is missing and `FormatUnknown` for what has no reader at once,
    `FileTooLarge` while reading. In a folder or an archive a file that cannot be read is reported, and the
    others go on.
    """
    found = read_placed(
        path,
        kind,
        report=report,
        mapping=mapping,
        source_format=source_format,
        rates=rates,
        cpv_codes=cpv_codes,
        awards=awards,
    )
    return (one.record for one in found if one.record is not None)


def read_placed(
    path: Path,
    kind: Kind,
    *,
    report: Report,
    mapping: ColumnMapping | None = None,
    source_format: str | None = None,
    rates: Rates | Path | None = None,
    cpv_codes: Container[str] | None = None,
    awards: bool = False,
) -> Iterator[Placed]:
    """The same with the place of each, and one without a record for each row that is none.

    Raises as `read_records` does.
    """
    if source_format is not None and source_format not in TOLD:
        raise FormatUnknown(f"There is no format {source_format!r}. Known formats: {', '.join(TOLD)}.")
    if path.is_dir():
        files = [(file, source_format) for file in _files_in(path, source_format, report)]
    elif path.is_file():
        packed = _is_archive(path, source_format)
        name = source_format if packed else _format_of(path, source_format)
        _check_kind(path, "eforms" if packed else name, kind)
        files = [(path, name)]
    elif path.exists():
        raise FileUnreadable(f"{path} is neither a file nor a folder. Save its content to a file first.")
    else:
        raise FileUnreadable(f"{path} does not exist. Check the path.")
    if not isinstance(rates, Rates):
        rates = load_rates(rates) if rates else load_rates()
    reading = _Reading(kind, report, mapping, rates, cpv_codes, awards, FirstSeen())
    return _placed(files, path.is_dir(), reading)


def first_row(path: Path, source_format: str | None = None) -> dict[str, object]:
    """The cells of the first row of a file, by its own column names; empty when there is no row.

    Raises as `read_records` does.
    """
    if not path.is_file():
        raise FileUnreadable(f"{path} is not a file. Check the path.")
    if not _is_archive(path, source_format):
        return next((row for _, row in _rows(path, source_format, None, Report(), False)), {})
    notices = archive.members(path, Report())
    return next((row for _, one in notices for _, row in _rows(one, None, None, Report(), False)), {})


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


def _placed(files: Iterable[tuple[Path, str | None]], folder: bool, reading: _Reading) -> Iterator[Placed]:
    report, mapping = reading.report, reading.mapping
    rows_before = report.rows
    path = Path()
    for path, name in files:
        try:
            if _is_archive(path, name):
                yield from _unpacked(path, name, reading)
            else:
                yield from _of_file(path, path.name, name, reading)
        except InputError as error:
            if not folder:
                raise
            report.add(_unread(path.name, error, str(error)))
    if mapping is not None and report.rows > rows_before:
        mapping.report_unseen(path.name, report)


def _of_file(path: Path, file: str, name: str | None, reading: _Reading) -> Iterator[Placed]:
    mapping = reading.mapping
    for line, row in _rows(path, name, reading.kind, reading.report, reading.awards):
        record = build_record(
            mapping.apply(row) if mapping else row,
            reading.kind,
            file=file,
            line=line,
            report=reading.report,
            rates=reading.rates,
            cpv_codes=reading.cpv_codes,
            seen=reading.seen,
        )
        yield Placed(file, line, record)


def _unpacked(path: Path, name: str | None, reading: _Reading) -> Iterator[Placed]:
    """The notices of an archive; what is said of one is said under its name in there."""
    _check_kind(path, "eforms", reading.kind)
    form = name if name in _XML else None
    try:
        for file, notice in archive.members(path, reading.report):
            own = Report()
            found = None
            try:
                for found in _of_file(notice, file, form, replace(reading, report=own)):
                    yield found
            except InputError as error:
                own.rows += 1
                own.skipped += isinstance(error, FormatUnknown)
                said = replaced(str(error), str(notice), file)
                own.add(_unread(file, error, said))
            reading.report.take(own, file)
            if found is None:
                yield Placed(file, 1, None)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unread(file: str, error: InputError, problem: str) -> Issue:
    severity = Severity.SKIPPED if isinstance(error, FormatUnknown) else Severity.REFUSED
    return Issue(file, 1, "file", severity, problem, phrase("the other files were read"))


def _rows(path: Path, name: str | None, kind: Kind | None, report: Report, awards: bool) -> Rows:
    name = _format_of(path, name)
    _check_kind(path, name, kind)
    reader: Any = import_module(READABLE[name])
    options: dict[str, Any] = {"kind": kind} if name in _WITH_KIND else {}
    if name in _NOTICES:
        options = {"awards": awards}
    found = False
    refused = report.refused
    try:
        for line, row in reader.read_rows(path, report, **options):
            found = True
            yield line, row
    except OSError as error:
        raise _unreadable(path, error) from error
    except MemoryError as error:
        raise FileTooLarge(
            phrase(
                "{path} does not fit into the memory. Split it, or save it as csv or jsonl.", path=str(path)
            )
        ) from error
    if name in _XML and not found:
        report.rows += 1  # one notice a file: it was skipped or refused by its reader
        report.skipped += report.refused == refused


def _files_in(folder: Path, source_format: str | None, report: Report) -> list[Path]:
    wanted = _SUFFIX_OF.get(source_format, (source_format,)) if source_format else (*sorted(_SUFFIXES),)
    if source_format is None or source_format in _PACKED:
        wanted = tuple(dict.fromkeys((*wanted, *archive.SUFFIXES)))
    files = []
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        raise _unreadable(folder, error) from error
    for entry in entries:
        if entry.name.startswith((".", "~$")):
            continue
        if (archive.suffix_of(entry) or entry.suffix.lower().removeprefix(".")) in wanted:
            files.append(entry)
        else:
            known = ", ".join(f".{suffix}" for suffix in sorted(filter(None, wanted)))
            problem, remedy = phrase("not one of {known}", known=known), phrase("name its format to read it")
            report.add(Issue(entry.name, 1, "file", Severity.SKIPPED, problem, remedy))
    if not files:
        raise FileUnreadable(
            f"{folder} holds no file that can be read. Put csv, xlsx, jsonl, json or xml there."
        )
    return files


def _is_archive(path: Path, stated: str | None) -> bool:
    if stated in archive.SUFFIXES:
        return True
    return (stated is None or stated in _PACKED) and archive.suffix_of(path) is not None


def _format_of(path: Path, stated: str | None = None) -> str:
    """The reader of a file that is no archive: as stated, or by its ending, and where that says too little
    by its beginning.
    """
    suffix = stated or path.suffix.lower().removeprefix(".")
    if stated is not None and stated not in _FOUND:
        return stated
    if suffix == "xml":
        found = import_module("corpora.readers.notices").sniff(path)
        if found is None:
            raise FormatUnknown(
                phrase(
                    "{path} is XML, but neither an eForms nor a TED notice. "
                    "Give a notice, or another format.",
                    path=str(path),
                )
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
            phrase(
                "No reader is known for {file}. Known suffixes: {known}; or state the format.",
                file=repr(path.name),
                known=", ".join(sorted((*_SUFFIXES, *archive.SUFFIXES))),
            )
        )
    return suffix


def _check_kind(path: Path, name: str | None, kind: Kind | None) -> None:
    if name in _NOTICES and kind is Kind.SOLUTION:
        raise FormatUnknown(
            phrase("{path} holds notices, which are needs, not solutions. Read it as needs.", path=str(path))
        )


def _unreadable(path: Path, error: OSError) -> FileUnreadable:
    return FileUnreadable(
        phrase(
            "{path} cannot be read ({error}). Check the path and its permissions.",
            path=str(path),
            error=error.strerror or str(error),
        )
    )
