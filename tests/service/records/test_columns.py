"""Columns beside the fields of a record are read back as they were given."""

from matcher.records import Kind
from service.records.columns import cleaned, column, typed


def test_typed_columns_are_read_back():
    """A list, a number and a text."""
    values = {"nuts": ["EE001", "EE004"], "budget_year": 2031, "level": "tactical"}
    columns = {name: column(value) for name, value in values.items()}
    assert typed(columns, Kind.NEED) == (values, {})
    assert typed({"budget_year": "FY31"}, Kind.NEED) == ({}, {"budget_year": "FY31"})


def test_columns_are_cleaned_as_those_of_files_are():
    """No characters that hide or turn the text round, and nothing empty."""
    assert cleaned({"a": " x\u202ey\r\nz ", "b": " "}) == {"a": "xy\nz"}
