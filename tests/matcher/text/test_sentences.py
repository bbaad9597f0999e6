"""Sentences as spans of their text."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.records import EU_LANGUAGES
from matcher.text.sentences import abbreviations, sentences


def cut(text: str, language: str | None = None) -> list[str]:
    """The sentences themselves."""
    return [text[start:end] for start, end in sentences(text, language)]


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "Vests shall stop e.g. Level 3 rounds.", "They weigh little."),
        ("de", "Westen bzw. Platten sind zu liefern.", "Die Frist beträgt vier Wochen."),
        ("cs", "Dodavatel doloží např. Protokol o zkoušce.", "Cena je konečná a pevná."),
        ("pl", "Zakup obejmuje m.in. Kamery oraz radary.", "Termin wynosi dwa tygodnie."),
        ("el", "Συσκευές, π.χ. Κάμερες με θερμική όραση.", "Η παράδοση γίνεται αμέσως."),
        ("bg", "Съгласно чл. Пети от закона се доставя.", "Срокът е две седмици."),
        ("xx", "The device of J. Novak is small.", "It works well outdoors."),
    ],
)
def test_an_abbreviation_or_initial_does_not_end_a_sentence(language: str, first: str, second: str) -> None:
    """The stop of a known abbreviation or of an initial, even before a capital, is no end."""
    assert cut(f"{first} {second}", language) == [first, second]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Die Lieferung erfolgt am 3. Oktober des Jahres."),
        ("cs", "Dodávka proběhne 15. června v sídle zadavatele."),
        ("fi", "Toimitus tapahtuu 7. kesäkuuta satamassa."),
    ],
)
def test_an_ordinal_does_not_end_a_sentence(language: str, text: str) -> None:
    """A number with a stop stands before what it counts."""
    assert cut(text, language) == [text]


@pytest.mark.parametrize("mark", ["-", "*", "•", "–", "1.", "2)", "a)", "(b)"])
def test_each_bullet_is_a_sentence(mark: str) -> None:
    """An entry of a list stays whole, with its mark."""
    text = f"{mark} portable radios for patrols\n{mark} chargers for vehicles"
    assert cut(text, "en") == text.split("\n")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n\n", " \n\t", "\u2028"])
def test_a_line_break_ends_a_sentence(line_break: str) -> None:
    """Lines are apart, whatever breaks them, and the white space around them is left out."""
    assert cut(f"Body armour{line_break}Light vests for patrols") == [
        "Body armour",
        "Light vests for patrols",
    ]


@pytest.mark.parametrize("mark", [".", "!", "?", "…", ";"])
def test_marks_that_end_a_sentence(mark: str) -> None:
    """Stop, exclamation, question, ellipsis and the semicolon of lists end a sentence."""
    assert cut(f"The pump must float{mark} It has to start cold.", "en") == [
        f"The pump must float{mark}",
        "It has to start cold.",
    ]


def test_a_closing_quote_belongs_to_its_sentence() -> None:
    """The quotation mark behind the stop is not left to the next sentence."""
    assert cut("They said “the pump must float.” Nobody has one.", "en") == [
        "They said “the pump must float.”",
        "Nobody has one.",
    ]


def test_numbers_addresses_and_small_letters_do_not_split() -> None:
    """A stop inside a number or an address, or before a small letter, is no end."""
    text = "Send 1.5 million to unit.one@example.org approx. two weeks before the start."
    assert cut(text, "en") == [text]


def test_a_piece_too_short_to_quote_joins_what_follows() -> None:
    """One or two words with a stop are no sentence of their own before another."""
    assert cut("Yes. The pump must float on water.", "en") == ["Yes. The pump must float on water."]


def test_nothing_to_read_gives_no_sentence() -> None:
    """White space has no sentences."""
    assert sentences("") == sentences(" \n\t\n ") == []


_PIECES = st.sampled_from(
    [
        *"Vest radar Größe Μάσκα дрон é e.g. No. 3. 12 1.5 a) - • ( ) « ” . ! … ;".split(),
        *("z. B.", " ", "  ", "\t", "\u00a0", "\n", "\r\n", "\x0b", "\u2028"),
    ]
)


@given(st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=80), st.sampled_from(EU_LANGUAGES))
def test_spans_are_ordered_disjoint_and_leave_out_white_space_only(text: str, language: str) -> None:
    """Sentences follow each other, hold something, lie in the text, and together hold all of it."""
    end = 0
    for start, stop in sentences(text, language):
        assert end <= start < stop <= len(text)
        assert not text[end:start].strip()
        assert text[start:stop] == text[start:stop].strip()
        end = stop
    assert not text[end:].strip()


@pytest.mark.parametrize("language", EU_LANGUAGES)
def test_every_language_splits_two_plain_sentences(language: str) -> None:
    """All tokenizers load, Maltese by the rules for any language."""
    assert cut("Alfa beta gama delta. Omega sigma lambda.", language) == [
        "Alfa beta gama delta.",
        "Omega sigma lambda.",
    ]


def test_abbreviations_of_an_unknown_language_are_none() -> None:
    """Another language has an empty list, not somebody else's."""
    assert abbreviations("xx") == frozenset()


def test_splitting_sentences_does_not_load_torch() -> None:
    """Serving starts without torch, and whoever needs it afterwards finds it as it was."""
    program = (
        "import sys; from importlib.util import find_spec; from matcher.text.sentences import sentences; "
        "sentences('One two three. Four five six.', 'en'); "
        "assert 'torch' not in sys.modules; assert find_spec('torch')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
