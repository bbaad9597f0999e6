from datetime import date

import pytest

from corpora.money import Rates
from corpora.report import Issue, Report, Severity
from corpora.rows import FirstSeen, build_record
from matcher.records import JointInterest, Kind, Nature, Need, Record, Solution, Visibility


def read(
    row: dict[str, object], kind: Kind = Kind.NEED, **options: object
) -> tuple[Record | None, list[Issue]]:
    """The record of one row on line 3, and what was reported."""
    report = Report()
    record = build_record(row, kind, file="rows.csv", line=3, report=report, **options)  # type: ignore[arg-type]
    assert report.rows == report.kept + report.refused == 1
    return record, report.issues


def need(**row: object) -> Need:
    """The need of a row that has an id and a title besides."""
    record, _ = read({"id": "N1", "title": "Vests", **row})
    assert isinstance(record, Need)
    return record


def test_every_column_of_a_need_is_read() -> None:
    """A full row fills every field."""
    record, issues = read(
        {
            "id": "N1",
            "title": "Body armour",
            "description": "For patrols.",
            "requirements": "Class 4.\nUnder 3 kg.",
            "language": "ENG",
            "country": "EL",
            "organisation": "Coast guard",
            "organisation_id": "GR-1",
            "buyer_type": "cga",
            "cpv": "35815100-1;18100000",
            "nature": "SUPPLIES",
            "value": "195 583,00",
            "currency": "BGN",
            "value_min": 97791.5,
            "value_max": "391166",
            "vat_included": "no",
            "quantity": "200 pieces",
            "window_start": "2026-03-01",
            "window_end": "2026-06-30+02:00",
            "delivery_start": "01.09.2026",
            "delivery_end": "2026-12-31",
            "regime": "32014L0024",
            "standards": "EN 1063; EN 1522",
            "working_languages": "el;en",
            "visibility": "Group",
            "joint_interest": "Yes",
            "trl_min": "8",
            "status": "open",
            "source": "plan",
            "url": "https://example.org/n1",
            "title_FR": "Gilets",
            "Colour": "blue",
        }
    )
    assert issues == []
    assert record == Need(
        id="N1",
        title="Body armour",
        description="For patrols.",
        requirements="Class 4.\nUnder 3 kg.",
        language="en",
        country="GR",
        organisation="Coast guard",
        organisation_id="GR-1",
        buyer_type="cga",
        cpv=("35815100", "18100000"),
        nature=Nature.SUPPLIES,
        value=195583.0,
        currency="BGN",
        value_eur=100000.0,
        value_min_eur=50000.0,
        value_max_eur=200000.0,
        vat_included=False,
        quantity="200 pieces",
        window_start=date(2026, 3, 1),
        window_end=date(2026, 6, 30),
        delivery_start=date(2026, 9, 1),
        delivery_end=date(2026, 12, 31),
        regime="2014/24",
        standards=("EN 1063", "EN 1522"),
        working_languages=("el", "en"),
        visibility=Visibility.GROUP,
        joint_interest=JointInterest.YES,
        trl_min=8,
        status="open",
        source="plan",
        url="https://example.org/n1",
        titles={"fr": "Gilets"},
        extra={"Colour": "blue"},
    )


def test_every_column_of_a_solution_is_read() -> None:
    """A full row fills every field; `title` is read as the name."""
    record, issues = read(
        {
            "_id": "S1",
            "title": "SkyNet",
            "text": "Radar",
            "language": "de-AT",
            "country": "AUT",
            "vendor": "Wolke",
            "vendor_id": "AT-9",
            "size": "small",
            "cpv": "35722000",
            "trl": "TRL 7",
            "standards": ["EN 1", "EN 2"],
            "delivery_countries": "AT;EL",
            "price_min": "2.000,50",
            "price_max": "3000 EUR",
            "currency": "eur",
            "availability": "pilot",
            "visibility": "network",
            "source": "fair",
            "url": "https://example.org/s1",
        },
        Kind.SOLUTION,
    )
    assert issues == []
    assert record == Solution(
        id="S1",
        name="SkyNet",
        description="Radar",
        language="de",
        country="AT",
        vendor="Wolke",
        vendor_id="AT-9",
        size="small",
        cpv=("35722000",),
        trl=7,
        standards=("EN 1", "EN 2"),
        delivery_countries=("AT", "GR"),
        price_min=2000.5,
        price_max=3000.0,
        currency="EUR",
        price_min_eur=2000.5,
        price_max_eur=3000.0,
        availability="pilot",
        visibility=Visibility.NETWORK,
        source="fair",
        url="https://example.org/s1",
    )


def test_aliases_fill_their_columns() -> None:
    """The other names of the contract are read without a word."""
    record, issues = read(
        {
            "_id": "N1",
            "text": "Vests for patrols",
            "buyer": "Police",
            "budget_eur": "5000",
            "needed_from": "2026-01-01",
            "needed_by": "2026-02-01",
        }
    )
    assert issues == []
    assert record == Need(
        id="N1",
        title="Vests for patrols",
        description="Vests for patrols",
        organisation="Police",
        value_eur=5000.0,
        window_start=date(2026, 1, 1),
        window_end=date(2026, 2, 1),
    )


@pytest.mark.parametrize("order", [1, -1])
def test_own_name_wins_over_an_alias_and_the_other_is_kept(order: int) -> None:
    """Whatever the order of the columns, nothing is lost."""
    row = dict([("buyer", "Office"), ("organisation", "Police")][::order])
    record = need(**row)
    assert (record.organisation, record.extra) == ("Police", {"buyer": "Office"})


def test_of_two_visibilities_the_more_closed_counts() -> None:
    """Two columns that both mean the visibility cannot open what one of them closes."""
    assert need(Visibility="public", visibility="group").visibility is Visibility.GROUP


def test_title_and_description_stand_in_for_one_another() -> None:
    """Either is enough, and the text has it once."""
    only_title, _ = read({"id": "N1", "title": "Vests"})
    only_description, _ = read({"id": "N1", "description": "Vests\nand plates"})
    only_translation, _ = read({"id": "N1", "title_fr": "Gilets", "title_en": "Vests"})
    assert only_title is not None
    assert only_title.text == "Vests"
    assert only_description is not None
    assert only_description.text == "Vests\nand plates"
    assert only_description.title == "Vests\nand plates"
    assert only_translation is not None
    assert only_translation.title == "Vests"


def test_title_is_one_line() -> None:
    """Line breaks of a title are blanks, those of a description stay."""
    record = need(title="Body\n  armour", description="a\n\nb")
    assert (record.title, record.description) == ("Body armour", "a\n\nb")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"title": "Vests"}, "id"),
        ({"id": "  ", "title": "Vests"}, "id"),
        ({"id": "N1", "colour": "blue"}, "title"),
        ({"id": "N1", "title": " \x00"}, "title"),
        ({"id": "N1", "title": "a" * 200_001}, "title"),
        ({"id": "N1", "title": "a", "notes": "b" * 200_001}, "notes"),
    ],
)
def test_row_that_cannot_be_a_record_is_refused(row: dict[str, object], field: str) -> None:
    """Without an id or any text there is no record; the issue says where and what would help."""
    record, issues = read(row)
    assert record is None
    assert [(i.line, i.field, i.severity) for i in issues] == [(3, field, Severity.REFUSED)]
    assert issues[0].remedy


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" N1 ", "N1"), ("N 1", "N_1"), ("N\u00a01\t2", "N_1_2"), ("N\u200b1", "N1"), ("N\x001", "N1")],
)
def test_ids_lose_their_white_space_and_it_is_reported(given: str, kept: str) -> None:
    """An id is one word in every file that is written later."""
    record, issues = read({"id": given, "title": "Vests"})
    assert record is not None
    assert record.id == kept
    assert [(i.field, i.severity) for i in issues] == [("id", Severity.CHANGED)]


@pytest.mark.parametrize(("given", "kept"), [(7, "7"), (7.0, "7"), ("007", "007"), ("Ä-1", "Ä-1")])
def test_ids_stay_what_they_are(given: object, kept: str) -> None:
    """Numbers become their digits, texts keep their zeros, and neither is worth a report."""
    record, issues = read({"id": given, "title": "Vests"})
    assert record is not None
    assert record.id == kept
    assert issues == []


def test_second_row_of_an_id_is_refused_and_names_the_first() -> None:
    """The first row counts; a row that was refused does not block its id."""
    report, seen = Report(), FirstSeen()
    rows = [("a.csv", 2, ""), ("a.csv", 3, "Vests"), ("b.csv", 2, "Helmets")]
    built = [
        build_record({"id": "N1", "title": title}, Kind.NEED, file=file, line=line, report=report, seen=seen)
        for file, line, title in rows
    ]
    assert [record is not None for record in built] == [False, True, False]
    assert "a.csv:3" in report.issues[-1].problem


@pytest.mark.parametrize(
    ("start", "end"), [("window_start", "window_end"), ("delivery_start", "delivery_end")]
)
def test_period_that_ends_before_it_begins_is_dropped_and_reported(start: str, end: str) -> None:
    """There is no telling which of the two is wrong, so neither is a fact."""
    record, issues = read({"id": "N1", "title": "Vests", start: "2026-06-01", end: "2025-06-01"})
    assert (getattr(record, start), getattr(record, end)) == (None, None)
    assert [(i.field, i.severity) for i in issues] == [(end, Severity.DROPPED)]
    assert "2025-06-01" in issues[0].problem
    assert "2026-06-01" in issues[0].problem


@pytest.mark.parametrize("dummy", [0, "0", "0,01", 0.01, 1, "1.00"])
def test_dummy_values_are_unknown(dummy: object) -> None:
    """What forms are filled with when the value is not told is not a value."""
    report = Report()
    row = {"id": "N1", "title": "Vests", "value": dummy, "currency": "EUR", "value_eur": dummy}
    record = build_record(row, Kind.NEED, file="f", line=1, report=report)
    assert isinstance(record, Need)
    assert (record.value, record.value_eur) == (None, None)
    assert report.notes == {"dummy value (0, 0.01, 1) taken as unknown": 2}


@pytest.mark.parametrize("currency", ["XYZ", ""])
def test_value_without_a_rate_is_kept_and_counted(currency: str) -> None:
    """An amount in an unknown currency, or in none, is never taken for euro."""
    report = Report()
    row = {"id": "N1", "title": "Vests", "value": "500", "currency": currency, "value_max": "700"}
    record = build_record(row, Kind.NEED, file="f", line=1, report=report)
    assert isinstance(record, Need)
    assert (record.value, record.currency, record.value_eur, record.value_max_eur) == (
        500.0,
        currency,
        None,
        None,
    )
    assert record.extra == {"value_max": "700"}
    assert report.notes == {"value not converted": 2}


def test_rates_that_are_given_convert() -> None:
    """The caller's rates replace the shipped ones."""
    record, _ = read(
        {"id": "N1", "title": "Vests", "value": 100, "currency": "CZK"},
        rates=Rates({"CZK": 20.0}, {"CZK": date(2026, 1, 2)}),
    )
    assert isinstance(record, Need)
    assert record.value_eur == 5


def test_euro_value_that_is_given_wins_over_conversion() -> None:
    """Who states the euro amount knows it better than a rate table."""
    assert need(value="1000", currency="CZK", value_eur="41").value_eur == 41


def test_bounds_of_a_euro_value_are_euro() -> None:
    """A row that speaks of euro and names no other currency means euro throughout."""
    record = need(value_eur=5000, value_min=4000, value_max=6000)
    assert (record.value_min_eur, record.value_max_eur) == (4000, 6000)


def test_exchanged_bounds_are_put_right_and_reported() -> None:
    """The greater of two amounts is the greatest."""
    record, issues = read({"id": "N1", "title": "Vests", "currency": "EUR", "value_min": 9, "value_max": 5})
    assert isinstance(record, Need)
    assert (record.value_min_eur, record.value_max_eur) == (5, 9)
    assert [(i.field, i.severity) for i in issues] == [("value_max", Severity.CHANGED)]


def test_currency_beside_the_number_wins_over_the_column_and_is_reported() -> None:
    """Whoever wrote it next to the amount meant this amount."""
    record, issues = read({"id": "N1", "title": "Vests", "value": "195.583,00 BGN", "currency": "EUR"})
    assert isinstance(record, Need)
    assert (record.currency, record.value_eur) == ("BGN", 100000.0)
    assert [(i.field, i.severity) for i in issues] == [("value", Severity.CHANGED)]


def test_foreign_amount_in_the_euro_column_is_dropped() -> None:
    """A column of euro that holds something else contradicts itself."""
    record, issues = read({"id": "N1", "title": "Vests", "value_eur": "100 CZK"})
    assert isinstance(record, Need)
    assert record.value_eur is None
    assert [(i.field, i.severity) for i in issues] == [("value_eur", Severity.DROPPED)]


def test_unknown_columns_are_kept_as_text() -> None:
    """Whatever the contract does not name stays with the record, lists and flags included."""
    record = need(nuts=["BE10", "SK01"], lots=3.0, urgent=True, empty="", nothing=None, detail={"b": 1})
    assert record.extra == {"nuts": "BE10;SK01", "lots": "3", "urgent": "true", "detail": '{"b": 1}'}


def test_unreadable_values_are_dropped_and_the_row_stays() -> None:
    """Each bad value is one issue with its field; the rest of the row is read."""
    bad: dict[str, object] = {
        "language": "Elvish",
        "country": "Atlantis",
        "cpv": "3511",
        "nature": "mixed",
        "value": "many",
        "currency": "kr",
        "vat_included": "perhaps",
        "window_start": "2026-02-30",
        "working_languages": "Elvish",
        "joint_interest": "later",
        "trl_min": "12",
    }
    record, issues = read({"id": "N1", "title": "Vests", **bad})
    assert record == Need(id="N1", title="Vests")
    assert {i.field for i in issues} == bad.keys()
    assert {i.severity for i in issues} == {Severity.DROPPED}


def test_texts_are_composed() -> None:
    """Letters and their accents are one character, so that equal words are equal."""
    assert need(title="Cafe\u0301").title == "Café"
