"""Things that are read and written: files of needs and solutions in every format, and their vocabularies.

`read_records` takes a csv, xlsx, jsonl, OCDS, eForms or TED file (or a folder of them) and gives
trusted records, with a `Report` of every row and value that could not be used; `write_records` goes
the other way. `build_record` is the single edge between a flat row and a record.
"""

from corpora.formats import first_row, read_records, write_records
from corpora.judgements import read_groups, read_qrels, write_groups, write_run
from corpora.mapping import ColumnMapping, parse_mapping
from corpora.money import Rates, load_rates
from corpora.report import Issue, Report, Severity
from corpora.rows import build_record
from corpora.sample import Sample
from corpora.sample import load as load_sample

__all__ = [
    "ColumnMapping",
    "Issue",
    "Rates",
    "Report",
    "Sample",
    "Severity",
    "build_record",
    "first_row",
    "load_rates",
    "load_sample",
    "parse_mapping",
    "read_groups",
    "read_qrels",
    "read_records",
    "write_groups",
    "write_records",
    "write_run",
]
