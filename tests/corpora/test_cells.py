import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.cells import CHARACTERS_MAX, Cells, Refused, plain
from corpora.report import Report, Severity
from matcher.records import JointInterest, Nature, Visibility


def cells(**named: object) -> Cells:
    """The cells of a row on line 7."""
    return Cells(named, "needs.csv", 7, Report())


@given(st.text())
def test_cleaning_is_idempotent_and_leaves_nothing_invisible(text: str) -> None:
    """Clean text is NFC, encodes as UTF-8, has no control characters but tab and newline, and stays so."""
    row = cells()
    clean = row.clean(text, "title")
    assert row.clean(clean, "title") == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean.encode().decode() == clean
    assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in clean)


def test_line_ends_become_one_kind_and_removed_characters_are_counted() -> None:
    """Carriage returns and separators end lines; a bell is taken out and counted."""
    row = cells(description="a\r\nb\rc\u2028d\x07")
    assert row.text("description") == "a\nb\nc\nd"
    assert row.report.notes == {"text with control characters removed": 1}


def test_too_long_text_refuses_the_row() -> None:
    """A text beyond the limit is not cut silently."""
    with pytest.raises(Refused, match="200001 characters"):
        cells(title="a" * (CHARACTERS_MAX + 1)).words("title")


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("35000000-4", ("35000000",)),
        (" 35000000 - 4 ", ("35000000",)),
        ("35 00 00 00", ("35000000",)),
        ("35000000;35100000-5;35000000", ("35000000", "35100000")),
        ("35000000, 35100000|18100000 30000000", ("35000000", "35100000", "18100000", "30000000")),
        (["35000000-4", 35100000], ("35000000", "35100000")),
        (35000000.0, ("35000000",)),
        ("35000000-4 Security equipment", ("35000000",)),
    ],
)
def test_cpv_codes_are_read_with_or_without_check_digit(cell: object, codes: tuple[str, ...]) -> None:
    """Lists, separators, blanks and labels around eight digits do not matter."""
    row = cells(cpv=cell)
    assert row.codes("cpv") == codes
    assert row.report.issues == []


@pytest.mark.parametrize("bad", ["3511", "350000004", "AB123456", "35000000-45", "vests"])
def test_what_is_no_cpv_code_is_dropped_and_the_others_stay(bad: str) -> None:
    """One bad code costs neither its row nor its neighbours."""
    row = cells(cpv=f"18100000;{bad}")
    assert "18100000" in row.codes("cpv")
    assert [(i.line, i.field, i.severity) for i in row.report.issues] == [(7, "cpv", Severity.DROPPED)]


def test_number_that_lost_its_leading_zero_gets_it_back() -> None:
    """Spreadsheets turn 03000000 into a number; the loss is repaired and reported."""
    row = cells(cpv=3000000)
    assert row.codes("cpv") == ("03000000",)
    assert row.report.counts == {Severity.CHANGED: 1}


def test_code_outside_the_vocabulary_is_kept_with_a_warning() -> None:
    """A vocabulary may be an extract: it can doubt a code, not remove it."""
    row = cells(cpv="35000000;99999999")
    assert row.codes("cpv", {"35000000"}) == ("35000000", "99999999")
    assert [(i.severity, "99999999" in i.problem) for i in row.report.issues] == [(Severity.WARNED, True)]


@pytest.mark.parametrize("text", ["Supplies", "SUPPLIES", "supplies ", "goods", "Supply"])
def test_nature_is_read_whatever_its_casing(text: str) -> None:
    """Notices of every generation and OCDS write the same thing."""
    assert cells(nature=text).nature("nature") is Nature.SUPPLIES


@pytest.mark.parametrize(
    ("text", "interest"),
    [
        ("YES", JointInterest.YES),
        (True, JointInterest.YES),
        ("Observer", JointInterest.OBSERVER),
        ("perhaps", JointInterest.MAYBE),
        ("no", JointInterest.NO),
    ],
)
def test_joint_interest_is_read_whatever_its_casing(text: object, interest: JointInterest) -> None:
    """Plain words and flags say whether the owner would join."""
    assert cells(joint_interest=text).interest("joint_interest") is interest


def test_unknown_word_of_a_list_is_dropped_with_the_choices() -> None:
    """The message says what was seen and what could stand there."""
    row = cells(nature="combined")
    assert row.nature("nature") is None
    assert "'combined'" in row.report.issues[0].problem
    assert "supplies, services, works" in row.report.issues[0].remedy


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Public", Visibility.PUBLIC),
        ("network + industry", Visibility.NETWORK_INDUSTRY),
        ("Network-Industry", Visibility.NETWORK_INDUSTRY),
        (["public", "group"], Visibility.GROUP),
        ("secret", Visibility.PRIVATE),
        ("publc", Visibility.PRIVATE),
        ("public;private", Visibility.PRIVATE),
        ("n/a", Visibility.PRIVATE),
        (1, Visibility.PRIVATE),
        (None, Visibility.NETWORK),
    ],
)
def test_visibility_is_never_more_open_than_said(cell: object, expected: Visibility) -> None:
    """What is not understood closes the record; of two words the more closed one counts."""
    assert cells(visibility=cell).visibility("visibility", Visibility.NETWORK) is expected


@given(st.one_of(st.text(min_size=1), st.integers(), st.booleans(), st.lists(st.text(), min_size=1)))
def test_no_unknown_visibility_opens_a_record(cell: object) -> None:
    """Anything but the five words is private, and reported."""
    row = cells(visibility=cell)
    found = row.visibility("visibility", Visibility.PUBLIC)
    assert found is Visibility.PRIVATE or row.report.issues == []


@pytest.mark.parametrize(
    ("cell", "flag"),
    [("yes", True), ("Y", True), (1, True), ("incl", True), ("No", False), (False, False), ("0", False)],
)
def test_flags_are_read_as_people_write_them(cell: object, flag: bool) -> None:
    """Words, letters, digits and real booleans mean the same."""
    assert cells(vat_included=cell).flag("vat_included") is flag


@pytest.mark.parametrize(
    ("cell", "level"),
    [("7", 7), ("TRL 9", 9), ("trl-4", 4), (6.0, 6), ("0", None), ("10", None), ("TRL 6-7", None)],
)
def test_readiness_is_one_level_from_one_to_nine(cell: object, level: int | None) -> None:
    """A range or a level that does not exist is dropped, and reported."""
    row = cells(trl=cell)
    assert row.readiness("trl") == level
    assert len(row.report.issues) == (level is None)


def test_groups_of_countries_are_spelt_out() -> None:
    """A vendor that delivers to the EU delivers to its members."""
    row = cells(delivery_countries="EL; UK, Norway;EU;Mars")
    countries = row.countries("delivery_countries")
    assert countries[:3] == ("GR", "GB", "NO")
    assert len(countries) == 29
    assert [i.problem for i in row.report.issues] == ["'Mars' is no country known here"]


def test_nuts_code_in_the_country_counts_and_is_reported() -> None:
    """The country is read off the code, and its owner hears of it."""
    row = cells(country="EL301")
    assert row.country("country") == "GR"
    assert row.report.counts == {Severity.CHANGED: 1}


@pytest.mark.parametrize("cell", ["-", "n/a", "N/A", "unknown", "null", float("nan"), []])
def test_words_for_nothing_are_nothing(cell: object) -> None:
    """A cell that says that it is empty is empty, without an issue."""
    row = cells(country=cell, value=cell, window_end=cell)
    assert (row.country("country"), row.amount("value"), row.day("window_end")) == (None, None, None)
    assert row.report.issues == []


def test_object_where_a_text_belongs_is_dropped() -> None:
    """Nested data is not printed into a title."""
    row = cells(title={"en": "Vests"})
    assert row.words("title") == ""
    assert row.report.counts == {Severity.DROPPED: 1}


def test_long_values_are_quoted_shortly() -> None:
    """A message stays readable whatever the file holds."""
    row = cells(country="x" * 5000)
    assert row.country("country") is None
    assert len(row.report.issues[0].problem) < 120


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
    )
)
def test_every_cell_has_a_text(cell: object) -> None:
    """Whatever JSON can hold is written down somehow."""
    assert isinstance(plain(cell), str)
