from collections.abc import Iterator

import pytest

from corpora.writers.spool import Spool
from matcher.errors import RecordInvalid
from matcher.records import Kind, Need, Record, Solution


def test_rows_can_be_read_as_often_as_needed() -> None:
    """The columns are known before the first row is given, although the records passed only once."""
    passing: Iterator[Record] = iter([Need(id="N1", title="a"), Need(id="N2", title="b", extra={"c": "d"})])
    with Spool(passing) as spool:
        assert (spool.kind, spool.rows, spool.columns[-1]) == (Kind.NEED, 2, "c")
        assert [row["id"] for row in spool] == [row["id"] for row in spool] == ["N1", "N2"]


def test_two_kinds_in_one_table_are_an_error() -> None:
    """Needs and solutions have different columns."""
    with pytest.raises(RecordInvalid, match="'S1' stands among records of the kind need"):
        Spool([Need(id="N1", title="a"), Solution(id="S1", name="b")])
