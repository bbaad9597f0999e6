"""Formats of files that come in and go out, by their names and media types."""

from collections.abc import Mapping

MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
    "ocds": "application/json",
}
"""What is written, and as what it is sent."""
TABLES = ("csv", "tsv", "xlsx", "jsonl")
SUFFIXES: Mapping[str, str] = {"ocds": "json"}
"""Endings of files whose format is called otherwise."""
SENT: Mapping[str, str] = {
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/gzip": "tar.gz",
    "application/x-gzip": "tar.gz",
    "application/x-tar": "tar",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
}
"""Formats of bodies that are sent without a name, by media type."""


def file_name(what: str, written: str) -> str:
    """The name of a file of records in a format.

    >>> file_name("needs", "ocds")
    'needs.json'
    """
    return f"{what}.{SUFFIXES.get(written, written)}"


def safe_name(given: str) -> str:
    r"""The last part of a name that somebody sent, fit for any file system; its ending is kept.

    >>> safe_name("C:\\data\\..\\needs 2027.CSV"), safe_name("../../etc/.passwd"), safe_name("")
    ('needs_2027.csv', 'passwd', 'upload')
    """
    last = given.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in last).strip("._")
    stem, point, suffix = kept.rpartition(".")
    name = f"{stem[:80]}.{suffix[:10].lower()}" if point and stem else kept[:80]
    return name or "upload"
