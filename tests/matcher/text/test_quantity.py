"""What free-text quantities count, and how much."""

from importlib.resources import files
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.records import EU_LANGUAGES
from matcher.text import quantity
from matcher.text.quantity import Counted, amount, kind

READ = [
    ("60 комплекта", "items", 60),
    ("40 ks", "items", 40),
    ("ca. 40 bestillinger pr. år", "events", 40),
    ("200 Einsatztage pro Jahr", "time", 200),
    ("22 Dreibeine, 31 Höhensicherungsgeräte", "items", 22),
    ("1.600 χρήστες", "people", 1600),
    ("3 licences", "licences", 3),
    ("25 usuarios", "people", 25),
    ("58 sõidukit", "items", 58),
    ("n. 9 000 laitetta", "items", 9000),
    ("420 paires", "items", 420),
    ("7 n-aonad", "items", 7),
    ("4 dhoras", "items", 4),
    ("8 mballa", "items", 8),
    ("24 mjeseca", "time", 24),
    ("480 fő", "people", 480),
    ("85.000 ha", "area", 85000),
    ("38 automobiliai", "items", 38),
    ("260 pāri", "items", 260),
    ("95 liċenzja", "licences", 95),
    ("24 uur per week", "time", 24),
    ("ok. 310 szt.", "items", 310),
    ("7,2 km", "distance", 7.2),
    ("350 de seturi", "items", 350),
    ("3 000 osobodní ročne", "time", 3000),
    ("1.100 tekočih metrov", "distance", 1100),
    ("24 000 liter", "volume", 24000),
    ("8 t", "mass", 8),
    ("120 + 20 m³", "volume", 120),
]


@pytest.mark.parametrize(("text", "counted", "number"), READ)
def test_quantities_of_all_languages_are_read(text: str, counted: str, number: float) -> None:
    """Kind and amount, with the thousands marks, endings and mutations of the language."""
    assert (kind(text), amount(text)) == (counted, number)


def test_the_table_knows_every_language_and_no_other_kind() -> None:
    """A slip in the table is seen: a language left out, a kind nobody reads."""
    lines = files("matcher.text").joinpath("quantity.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert {language for language, _, _ in rows} == {*EU_LANGUAGES, "mul"}
    for language in EU_LANGUAGES:
        own = {counted for name, counted, _ in rows if name == language}
        assert own >= {*get_args(Counted), "=1", "=2", "=3", "*1000", "*1000000"}
    assert {counted for _, counted, _ in rows if counted[0] not in "=*"} == set(get_args(Counted))


@pytest.mark.parametrize(
    "text",
    [
        "40",
        "approx. 160",
        "600 al año",
        "24 000 par an",
        "70.000 årligt",
        "300 TB",
        "140 sager om året",
        "un aérodrome",
        "",
    ],
)
def test_what_is_not_said_is_unknown(text: str) -> None:
    """A bare number, a number a year or a unit of another kind has no kind."""
    assert kind(text) is None


@pytest.mark.parametrize("text", ["", "?", "nach Bedarf", "ar ansamblis"])
def test_no_number_is_no_amount(text: str) -> None:
    """Unknown is None, never zero."""
    assert amount(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("400–900 buc.", 650),
        ("6 st + option 4", 6),
        ("2,1 milijona zapisov", 2_100_000),
        ("180 milioane/an", 180_000_000),
        ("sistema waħda", 1),
        ("tlieta", 3),
        ("ajruplan wieħed, 850 siegħa", 1),
        ("5.5 months", 5.5),
    ],
)
def test_ranges_options_multiples_and_words(text: str, number: float) -> None:
    """The middle of a range, without the option, times millions, one to three in words."""
    assert amount(text) == number


def test_the_first_of_several_quantities_counts() -> None:
    """Kind and amount come from the same part of the text."""
    assert (kind("8 лиценза, 12 месеца"), amount("8 лиценза, 12 месеца")) == ("licences", 8)
    assert (kind("1 base, 24 h/24"), amount("1 base, 24 h/24")) == ("items", 1)


@given(st.sampled_from(READ))
def test_capitals_and_missing_accents_change_nothing(row: tuple[str, str, float]) -> None:
    """People type in capitals, and without accents."""
    text, counted, number = row
    plain = quantity._plain(text)
    assert (kind(plain), amount(plain)) == (counted, number)
    assert kind(text.upper()) == counted


@given(st.text(max_size=60))
def test_any_text_is_read_without_complaint(text: str) -> None:
    """Whatever stands in the field, kinds are of the list and amounts not below zero."""
    assert kind(text) in (None, *get_args(Counted))
    number = amount(text)
    assert number is None or number >= 0
