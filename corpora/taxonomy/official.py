"""The official CPV list, in every form that the European Union publishes it.

| form | where it is published | shape |
|---|---|---|
| XLSX | the list of 2008 | sheet with `CODE` and a column for each language (`EN`, `FR`, ...) |
| XML | the list of 2008 | `<CPV CODE="03000000-1"><TEXT LANG="EN">` |
| Genericode | eForms SDK, EU Vocabularies (`cpv.gc`) | `<Row><Value ColumnRef="eng_label">` |
| SKOS | EU Vocabularies (RDF/XML) | `<skos:Concept>` with `skos:prefLabel xml:lang` |
| CSV, TSV | extracts | `code` and a column for each language |

XML is told apart by its root element, not by its name. Codes of the supplementary vocabulary
(`AA01-1`) are not codes of this table; they are counted, not read.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

from corpora.report import Issue, Report, Severity
from corpora.taxonomy.cpv import CpvTable, normalise
from corpora.taxonomy.entry import Entry
from corpora.taxonomy.markup import from_markup
from corpora.taxonomy.sheets import from_delimited, from_workbook
from corpora.tongues import language
from matcher.errors import FileTooLarge, FileUnreadable, FormatUnknown, RecordInvalid
from matcher.records import EU_LANGUAGES

BYTES_MAX = 128 * 2**20
"""Largest file read; `cpv.gc` with 24 languages has about 32 MB."""
ROWS_MAX = 100_000
"""Most entries read of a file; both vocabularies together have about 10,400."""

_SUPPLEMENTARY = re.compile(r"[A-Z]{2}[0-9]{2}(?:-[0-9])?")


def read_official(path: Path, report: Report | None = None) -> CpvTable:
    """The table of an official file, with its labels in all of the 24 languages it has.

    What is left out (supplementary codes, rows without a label, other languages) is told to
    `report`. Raises `FormatUnknown`, `FileTooLarge`, or `FileUnreadable` when the file is
    damaged or holds no CPV codes.
    """
    report = report if report is not None else Report()
    try:
        size = path.stat().st_size
        if size > BYTES_MAX:
            raise FileTooLarge(
                f"{path.name!r} has {size / 2**20:.0f} MB: expected at most {BYTES_MAX // 2**20}. "
                "Take the file with the codes alone."
            )
        return _table(path, _entries(path, report), report)
    except OSError as error:
        raise FileUnreadable(
            f"{os.fspath(path)!r} could not be read: {error.strerror or error}. "
            "Check the path and that you may read it."
        ) from error


def _entries(path: Path, report: Report) -> Iterator[Entry]:
    match path.suffix.lower():
        case ".xml" | ".gc" | ".rdf":
            return from_markup(path, BYTES_MAX)
        case ".xlsx":
            return from_workbook(path, report)
        case ".csv" | ".tsv" | ".txt":
            return from_delimited(path, report)
        case _:
            raise FormatUnknown(
                f"{path.name!r} is no form of the CPV list: expected .xlsx, .xml, .gc, .rdf, .csv or .tsv. "
                "Unpack archives first; save an old .xls as .xlsx."
            )


def _table(path: Path, entries: Iterable[Entry], report: Report) -> CpvTable:
    """Entries checked and merged; the first label for a code and language stays."""
    found: dict[str, dict[str, str]] = {}
    for count, (line, written, texts) in enumerate(entries, 1):
        if count > ROWS_MAX:
            raise FileTooLarge(
                f"{path.name!r} has more than {ROWS_MAX:,} entries: expected about 10,000. "
                "Take the file with the codes alone."
            )
        report.rows += 1
        try:
            code = normalise(written)
        except RecordInvalid as error:
            if _SUPPLEMENTARY.fullmatch(written.strip()):
                report.notes["codes of the supplementary vocabulary left out"] += 1
            else:
                problem, _, remedy = str(error).rpartition(". ")
                report.add(Issue(path.name, line, "code", Severity.REFUSED, problem, remedy.rstrip(".")))
            continue
        labels = _labels(texts, report)
        if not labels:
            problem = f"{code} has no label"
            report.add(
                Issue(path.name, line, "label", Severity.REFUSED, problem, "give one in some language")
            )
            continue
        report.kept += 1
        known = found.setdefault(code, labels)
        for found_in, label in labels.items():
            if known.setdefault(found_in, label) != label:
                problem = f"{code} has a second label, {label!r}"
                report.add(Issue(path.name, line, found_in, Severity.DROPPED, problem, "the first one stays"))
    if not found:
        raise FileUnreadable(
            f"{path.name!r} holds no CPV codes with labels: {report.summary()}. "
            "Take the CPV 2008 list of the Publications Office as XLSX, XML, Genericode or SKOS."
        )
    return CpvTable(MappingProxyType({code: MappingProxyType(found[code]) for code in sorted(found)}))


def _labels(texts: Iterable[tuple[str, str]], report: Report) -> dict[str, str]:
    labels: dict[str, str] = {}
    for written, text in texts:
        label = " ".join(text.split())
        if not label:
            continue
        found = language(written)
        if found in EU_LANGUAGES:
            labels.setdefault(found, label)
        else:
            report.notes["labels in other languages left out"] += 1
    return labels
