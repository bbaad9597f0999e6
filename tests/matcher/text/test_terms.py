"""Stems, 4-grams and verbatim codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.records import EU_LANGUAGES
from matcher.text.terms import codes, stem, stop_words, terms

INFLECTED = {
    "bg": ("камери", "камера"),
    "cs": ("vesty", "vestami"),
    "da": ("kameraer", "kameraerne"),
    "de": ("Westen", "Weste"),
    "el": ("κάμερες", "κάμερας"),
    "en": ("drones", "drone"),
    "es": ("cámaras", "cámara"),
    "et": ("seadmed", "seadme"),
    "fi": ("kamerat", "kameran"),
    "fr": ("gilets", "gilet"),
    "ga": ("bhád", "bád"),
    "hr": ("uređaji", "uređaja"),
    "hu": ("mellények", "mellényeket"),
    "it": ("giubbotti", "giubbotto"),
    "lt": ("prietaisai", "prietaisų"),
    "lv": ("ierīces", "ierīce"),
    "nl": ("vesten", "vest"),
    "pl": ("kamery", "kamera"),
    "pt": ("câmaras", "câmara"),
    "ro": ("aparate", "aparatele"),
    "sk": ("vesty", "vesta"),
    "sl": ("naprave", "naprava"),
    "sv": ("kameror", "kamerorna"),
}


@pytest.mark.parametrize(("language", "forms"), INFLECTED.items())
def test_inflected_forms_meet_in_one_stem(language: str, forms: tuple[str, str]) -> None:
    """Two forms of a word share their stem in its own language."""
    one, other = (terms(form, language).stems for form in forms)
    assert one == other
    assert one.total() == 1


def test_maltese_words_stay_as_they_are() -> None:
    """Without a stemmer a word is its own stem; inflection is left to the 4-grams."""
    assert stem("bastimenti", "mt") == "bastimenti"
    assert set(INFLECTED) == set(EU_LANGUAGES) - {"mt"}


def test_compounds_meet_in_grams() -> None:
    """A part of a compound shares most of its 4-grams with the whole."""
    part, whole = terms("Drohnenabwehr", "de"), terms("Drohnenabwehrsysteme", "de")
    assert not part.stems.keys() & whole.stems.keys()
    assert len(part.grams.keys() & whole.grams.keys()) >= 0.8 * len(part.grams)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("glass to EN 1063.", ["EN1063"]),
        ("glass to EN 1063.Then more", ["EN1063"]),
        ("EN\u00a01063", ["EN1063"]),
        ("EN 1063-2 and EN 10634", ["EN1063-2", "EN10634"]),
        ("EN ISO 12312-1:2013", ["ENISO12312-1"]),
        ("ISO/IEC 27001", ["ISOIEC27001"]),
        ("STANAG 4569, MIL-STD-810", ["STANAG4569", "MIL-STD810"]),
        ("cpv 35815100-8", ["35815100"]),
        ("with AES256 and 5G-NR", ["AES256", "5G-NR"]),
        ("the ISMS of a laboratory with LC-MSMS", ["ISMS", "LC-MSMS"]),
        ("a net for fishing in 2027", []),
    ],
)
def test_codes_keep_one_spelling(text: str, found: list[str]) -> None:
    """Standards, CPV codes, designations and acronyms come out to the letter, without spaces and year."""
    assert codes(text) == found


def test_a_standard_meets_only_itself() -> None:
    """EN 1063 shares no term with its neighbours in number, in part or in body."""
    wanted = terms("EN 1063")
    for other in ("EN 10634", "EN 106", "EN 1063-2", "ISO 1063", "1063"):
        found = terms(other)
        assert not wanted.codes.keys() & found.codes.keys(), other
        assert not wanted.grams.keys() & found.grams.keys(), other
    assert wanted.codes == terms("conform to EN1063").codes == {"EN1063": 1}


def test_an_acronym_never_meets_a_word_that_holds_it() -> None:
    """ISMS shares neither stem nor gram nor code with LC-MSMS."""
    one, other = terms("ISMS", "en"), terms("analysis of residues by LC-MSMS", "en")
    for field in ("stems", "grams", "codes"):
        assert not getattr(one, field).keys() & getattr(other, field).keys()


def test_in_a_line_of_capitals_words_are_words() -> None:
    """A shouted title is read like a spoken one; its standards are codes still."""
    shouted, spoken = terms("BODY ARMOUR FOR PATROLS, EN 1063", "en"), terms("Body armour for patrols", "en")
    assert shouted.stems == spoken.stems
    assert shouted.grams == spoken.grams
    assert shouted.codes == {"EN1063": 1}


def test_a_word_counts_as_often_as_it_stands() -> None:
    """Counts are kept for BM25."""
    assert terms("drone, drones and DRONE-2 drone", "en").stems["drone"] == 3


def test_grams_can_be_left_out() -> None:
    """Without grams, stems and codes are the same as with them."""
    text = "Counter-drone radar to EN 1063 for the ISMS of a port"
    whole, lean = terms(text, "en"), terms(text, "en", grams=False)
    assert whole.grams
    assert not lean.grams
    assert (lean.stems, lean.codes) == (whole.stems, whole.codes)


@pytest.mark.parametrize("language", EU_LANGUAGES)
def test_stop_words_are_known_wherever_there_is_a_list(language: str) -> None:
    """All languages but Maltese have words that carry no meaning of their own."""
    assert bool(stop_words(language)) is (language != "mt")


def test_an_unknown_language_has_neither_stemmer_nor_stop_words() -> None:
    """No language leaves words as they are."""
    assert stop_words("") == stop_words("xx") == frozenset()
    assert terms("The drones").stems == {"the": 1, "drones": 1}


@given(st.text(max_size=120), st.sampled_from(EU_LANGUAGES))
def test_terms_count_upwards_from_one(text: str, language: str) -> None:
    """Any text has terms, none of them empty, each at least once."""
    found = terms(text, language)
    for field in (found.stems, found.grams, found.codes):
        assert all(term and count >= 1 for term, count in field.items())


def test_a_standard_named_beside_the_text_counts_once() -> None:
    """Whether or not the text names it too, and in whatever spelling."""
    assert terms("vest", "en", named=["EN 1063", "EN-1063"]).codes == {"EN1063": 1}
    assert terms("vest to EN 1063", "en", named=["EN 1063"]).codes == {"EN1063": 1}
    assert terms("vest", "en", named=["our own rules"]).codes == {}
