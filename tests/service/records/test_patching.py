"""A merge patch leaves alone what it does not name."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from matcher.records import Kind, Need
from service.records.patching import read_given, read_patched, understood
from service.schemas.records import NeedIn
from service.store.rows import body_of, record_of
from service.store.tables import RecordRow

words = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30)
amounts = st.none() | st.floats(2, 1e9).map(lambda value: round(value, 2))
days = st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1))
needs = st.fixed_dictionaries(
    {"title": st.just("Vests") | words.map(lambda text: f"x{text}")},
    optional={
        "description": words,
        "requirements": words,
        "language": st.sampled_from(["en", "DEU"]),
        "country": st.sampled_from(["EL", "ee"]),
        "cpv": st.lists(st.sampled_from(["35815100-1", "35000000", "99999999"]), max_size=3),
        "value": amounts,
        "value_min": amounts,
        "value_eur": amounts,
        "currency": st.sampled_from(["EUR", "SEK", "XYZ"]),
        "window_start": days,
        "standards": st.lists(words, max_size=3),
        "titles": st.dictionaries(st.sampled_from(["fr", "fi"]), words.map(lambda text: f"x{text}")),
        "nuts": st.lists(st.sampled_from(["EE001", "EE004"]), max_size=2),
        "budget_year": st.none() | st.integers(2000, 2100),
        "extra": st.dictionaries(st.sampled_from(["lots", "colour"]), words),
    },
)


@given(needs)
def test_an_empty_patch_changes_nothing(values):
    """What was entered is read back from its row as it is, however it was written."""
    reading, errors = read_given(NeedIn.model_validate(values), Kind.NEED, "N1", {})
    assert errors == []
    assert reading.record is not None
    row = RecordRow(
        id="N1",
        kind="need",
        organisation_id="",
        status="",
        visibility="network",
        body=body_of(reading.record),
    )
    again, errors = read_patched(understood({}, Kind.NEED), Kind.NEED, row)
    assert (again.record, errors) == (record_of(row), [])
    assert (again.record, again.issues) == (reading.record, ())


def test_columns_that_no_form_would_take_stay():
    """An import kept them beside the record; a patch of another field does not lose them."""
    need = Need(id="N1", title="Vests", extra={"buyer": "X", "budget_year": "FY31", "lots": "2"})
    row = RecordRow(
        id="N1", kind="need", organisation_id="", status="", visibility="network", body=body_of(need)
    )
    found, errors = read_patched(understood({"quantity": "3"}, Kind.NEED), Kind.NEED, row)
    assert (found.record, errors) == (replace(need, quantity="3"), [])
    found, errors = read_patched(understood({"extra": {"buyer": "Y"}}, Kind.NEED), Kind.NEED, row)
    assert [error.pointer for error in errors] == ["/extra/buyer"]
