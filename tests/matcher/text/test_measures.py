"""Figures and classes read from texts."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.records import EU_LANGUAGES
from matcher.text import measures as module
from matcher.text.measures import UNITS, grades, measures


def figures(text: str, language: str | None = None) -> list[tuple[str, float, float]]:
    """The dimensions and sizes, in the common unit."""
    found = measures(text, language)
    return [(each.dimension, round(each.low, 6), round(each.high, 6)) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("masa do 18 kg z akumulatorem", ("mass", 18, 18)),
        ("paino enintään 180 g.", ("mass", 0.18, 0.18)),
        ("височина най-малко 1200 мм", ("length", 1.2, 1.2)),
        ("ζεύξη εικόνας 50 χλμ", ("length", 50_000, 50_000)),
        ("−30…+55 °C", ("temperature", -30, 55)),
        ("Praca w temperaturze od –35 do +50 °C", ("temperature", -35, 50)),
        ("Prevádzka −20 až +45 °C", ("temperature", -20, 45)),
        ("−20 és +50 °C között", ("temperature", -20, 50)),
        ("Apă 0 °C minimum", ("temperature", 0, 0)),
        ("fonctionne à -15°C", ("temperature", -15, -15)),
        ("autonomía mínima 100 h", ("time", 100, 100)),
        ("mill-inqas 48 siegħa", ("time", 48, 48)),
        ("opstilling under 10 min", ("time", 1 / 6, 1 / 6)),
        ("oibriú 24 uair", ("time", 24, 24)),
        ("vähintään 8 tuntia", ("time", 8, 8)),
        ("vind op til 15 m/s", ("speed", 54, 54)),
        ("20–90 km/h", ("speed", 20, 90)),
        ("Pásmo 380–430 MHz", ("frequency", 380, 430)),
        ("2,3 GHz", ("frequency", 2300, 2300)),
        ("kamera nejméně 8 Mpx", ("resolution", 8, 8)),
        ("1920 × 1080 pixels", ("resolution", 2.0736, 2.0736)),
        ("od 500 g do 2 kg", ("mass", 0.5, 2)),
    ],
)
def test_figures_come_in_the_common_unit(text: str, expected: tuple[str, float, float]) -> None:
    """Signs, words, ranges and minus signs of many languages."""
    dimension, low, high = expected
    assert figures(text) == [(dimension, pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))]


@pytest.mark.parametrize(
    "text",
    ["iki 2027 m.", "2 x 3 m", "100 x 300 mm", "70 t€", "820 m² hall", "EN 12312-1", "3 personnes", "5 Gbps"],
)
def test_what_is_no_single_figure_is_left_out(text: str) -> None:
    """Years, sizes of two figures, money, areas and numbers of standards."""
    assert figures(text) == []


def test_a_range_does_not_fall() -> None:
    """A date before an hour is no range."""
    assert figures("2027 do 10.00 h") == [("time", 10, 10)]


def test_a_sign_means_what_it_means_in_the_language() -> None:
    """`t` is an hour in Danish and a tonne elsewhere."""
    assert figures("12 t drift", "da") == [("time", 12, 12)]
    assert figures("12 t", "de") == [("mass", 12_000, 12_000)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Schutz IP67", ("IP", "67")),
        ("IP 69K", ("IP", "69K")),
        ("IK10", ("IK", "10")),
        ("niveau NIJ III-A", ("NIJ", "IIIA")),
        ("NIJ 0101.06 level IV", ("NIJ", "IV")),
        ("VPAM 7", ("VPAM", "7")),
        ("VPAM BRV 2009 VR9", ("VPAM BRV", "9")),
        ("VPAM PM 9", ("VPAM PM", "9")),
        ("sklo BR6-NS", ("EN 1063", "6")),
        ("clasa P6B", ("EN 356", "6B")),
        ("EN 1143-1 Klasse III", ("EN 1143-1", "III")),
        ("STANAG 4569 úroveň 2", ("STANAG 4569", "2")),
        ("EN ISO 20471 classe 2", ("ISO 20471", "2")),
        ("EN 343 luokka 4", ("EN 343", "4")),
        ("EN 50131 stupeň 3", ("EN 50131", "3")),
    ],
)
def test_classes_name_their_scale(text: str, expected: tuple[str, str]) -> None:
    """Classes of protection in the spellings that are met."""
    assert [(each.scale, each.grade) for each in grades(text)] == [expected]


@pytest.mark.parametrize(
    "text", ["1500 IP", "NIJ 0101.06", "EN 1063", "VPAM BRV", "VR 2 Brillen", "ISO 9001"]
)
def test_a_standard_without_a_class_has_none(text: str) -> None:
    """Numbers and years of a standard are no class."""
    assert grades(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "mindestens BR6",
        "EN 1143-1 grade III or above",
        "vähintään BR4",
        "τουλάχιστον BR4",
        "BR4 ou supérieur",
    ],
)
def test_a_class_may_be_a_lower_limit(text: str) -> None:
    """Words for "at least" and "or higher" beside it say so."""
    assert [each.limit for each in grades(text)] == [True]
    assert [each.limit for each in grades("BR6 glass")] == [False]


def test_the_table_has_every_sense_in_every_language() -> None:
    """A slip in the table is seen; its words stand without accents, as texts are compared."""
    lines = files("matcher.text").joinpath("measures.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    senses = {"class", "least", "minute", "hour", "day"}
    assert {(language, sense) for language, sense, _ in rows} == {
        (a, b) for a in EU_LANGUAGES for b in senses
    }
    assert all(words == module._even(words) for _, _, words in rows)


PIECES = st.sampled_from(
    ["-", "–", " ", "\n", ".", ",", "x", "až", "å", "IP", "VPAM ", "mind. ", "€", *UNITS]
)


@given(st.lists(st.one_of(PIECES, st.integers(0, 99999).map(str)), max_size=15).map("".join))
def test_quotations_stand_in_the_text_and_ranges_rise(text: str) -> None:
    """Each quote is a slice of the text, not longer than allowed unless the figure itself is."""
    for measure in measures(text):
        assert measure.quote in text
        assert measure.low <= measure.high
    for grade in grades(text):
        assert grade.quote in text


def test_long_clauses_are_cut_at_words() -> None:
    """The figure stays in the quotation."""
    text = f"{'word ' * 40}a mast of 12 m{' more' * 40}"
    (found,) = measures(text)
    assert "12 m" in found.quote
    assert len(found.quote) <= 95
    assert set(found.quote.split()) <= {"word", "a", "mast", "of", "12", "m", "more"}
