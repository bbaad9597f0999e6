"""Rows of an uploaded file with their places, so that whatever is said of a row says where it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from corpora.formats import READABLE
from corpora.mapping import ColumnMapping
from corpora.money import Rates
from corpora.report import Report
from corpora.rows import FirstSeen, build_record
from corpora.taxonomy.cpv import CpvTable
from matcher.errors import FileTooLarge, FileUnreadable, FormatUnknown
from matcher.records import Kind, Record

GIVEN = ("csv", "tsv", "xlsx", "jsonl", "ndjson", "json", "xml", "ocds", "eforms", "ted")
"""Formats that somebody may name; `xml` is found to be eForms or TED, `json` may be OCDS."""
NOTICES = frozenset({"ocds", "eforms", "ted"})
_WITH_KIND = frozenset({"xlsx", "jsonl", "ndjson", "json"})
_OCDS = re.compile(rb'"(?:ocid|releases|records|compiledRelease)"\s*:')
_HEAD = 2**16


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and the line that it was read from; None where the row is no record."""

    line: int
    record: Record | None


def format_of(path: Path, given: str | None) -> str:
    """The format of a file: as named, else by its ending and its beginning. Raises `InputError`."""
    name = given or path.suffix.lower().removeprefix(".")
    if name not in GIVEN:
        known = ", ".join(GIVEN)
        raise FormatUnknown(f"No reader is known for {path.name!r}. Name its format: {known}.")
    if name == "xml":
        found = import_module("corpora.readers.notices").sniff(path)
        if found is None:
            raise FormatUnknown(f"{path.name} is XML, but neither an eForms nor a TED notice. Give a notice.")
        return str(found)
    if name == "json":
        with path.open("rb") as file:
            return "ocds" if _OCDS.search(file.read(_HEAD)) else "json"
    return name


def placed(
    path: Path, name: str, kind: Kind, report: Report, mapping: ColumnMapping | None, rates: Rates
) -> Iterator[Placed]:
    """The rows of a file in their order, with what became of each. Raises `InputError` for the whole file."""
    if name in NOTICES and kind is Kind.SOLUTION:
        raise FormatUnknown(f"{path.name} holds notices, which are needs, not solutions. Import it as needs.")
    reader: Any = import_module(READABLE[name])
    options = {"kind": kind} if name in _WITH_KIND else {}
    seen, codes = FirstSeen(), CpvTable.load()
    try:
        for line, row in reader.read_rows(path, report, **options):
            fields = mapping.apply(row) if mapping else row
            yield Placed(
                line,
                build_record(
                    fields,
                    kind,
                    file=path.name,
                    line=line,
                    report=report,
                    rates=rates,
                    cpv_codes=codes,
                    seen=seen,
                ),
            )
    except OSError as error:
        raise FileUnreadable(
            f"{path.name} cannot be read ({error.strerror or error}). Send it again."
        ) from error
    except MemoryError as error:
        raise FileTooLarge(
            f"{path.name} does not fit into the memory. Split it, or send csv or jsonl."
        ) from error
    if mapping is not None:
        mapping.report_unseen(path.name, report)
