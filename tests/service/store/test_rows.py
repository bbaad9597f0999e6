"""Records as bodies of rows, and back."""

import json
from dataclasses import fields
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from matcher.records import JointInterest, Kind, Nature, Need, Solution, Visibility
from service.store.rows import IN_COLUMNS, OWNER, body_of, record_from, record_of
from service.store.tables import RecordRow

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)
BY_TYPE = {
    "str": TEXT,
    "str | None": st.none() | TEXT,
    "tuple[str, ...]": st.lists(TEXT, max_size=3).map(tuple),
    "float | None": NUMBER,
    "bool | None": st.none() | st.booleans(),
    "int | None": st.none() | st.integers(0, 9),
    "date | None": st.none() | st.dates(),
    "Nature | None": st.none() | st.sampled_from(Nature),
    "JointInterest | None": st.none() | st.sampled_from(JointInterest),
    "Visibility": st.sampled_from(Visibility),
    "Mapping[str, str]": st.dictionaries(TEXT, TEXT, max_size=3),
}


def records_of(made):
    """Any record of a class, every field filled with anything of its type."""

    def strategy(annotation):
        name = annotation if isinstance(annotation, str) else str(annotation)
        for prefix in ("datetime.", "collections.abc.", "matcher.records.", "typing."):
            name = name.replace(prefix, "")
        name = name.removeprefix("<class '").removesuffix("'>").removeprefix("<enum '")
        return BY_TYPE[name]

    return st.builds(made, **{field.name: strategy(field.type) for field in fields(made)})


@given(records_of(Need) | records_of(Solution))
def test_a_record_comes_back_from_its_body_and_columns(record):
    """Nothing of any field is lost, through JSON text as the database keeps it."""
    body = json.loads(json.dumps(body_of(record)))
    assert not IN_COLUMNS & body.keys()
    assert None not in body.values()
    columns = {"id": record.id, "visibility": record.visibility.value}
    columns["organisation_id"] = getattr(record, OWNER[record.kind])
    if record.kind is Kind.NEED:
        columns["status"] = record.status
    assert record_from(record.kind.value, body, **columns) == record


def test_whole_numbers_are_amounts_again():
    """PostgreSQL gives 1e16 back as a whole number; an amount is a float all the same."""
    columns = {"id": "n", "organisation_id": "o", "visibility": "public"}
    need = record_from("need", {"title": "t", "value": 10**16, "window_end": "2027-01-02"}, **columns)
    assert type(need.value) is float
    assert need.window_end == date(2027, 1, 2)


def test_a_key_that_no_field_has_is_kept_beside_the_record():
    """Nothing is lost, and what is in a column is not taken from the body."""
    columns = {"id": "n", "organisation_id": "o", "visibility": "network", "status": "open"}
    body = {"title": "t", "lots": 2, "extra": {"colour": "red"}, "id": "other", "cpv": None}
    need = record_from("need", body, **columns)
    assert (need.id, need.status, need.cpv) == ("n", "open", ())
    assert need.extra == {"lots": "2", "colour": "red"}


def test_a_row_is_its_record():
    """Id, owner, visibility and status come from the columns."""
    row = RecordRow(
        id="n", kind="need", organisation_id="o", visibility="group", status="open", body={"title": "t"}
    )
    assert record_of(row) == Need(
        id="n", title="t", organisation_id="o", visibility=Visibility.GROUP, status="open"
    )
