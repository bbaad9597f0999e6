"""The shipped list of abbreviations whose full stop does not end a sentence."""

from collections import Counter
from importlib.resources import files

import pytest

from matcher.records import EU_LANGUAGES

ROWS = [
    line.split("\t")
    for line in files("matcher.text").joinpath("abbreviations.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("language", EU_LANGUAGES)
def test_every_language_has_a_list(language: str) -> None:
    """Each of the 24 languages has at least 15 abbreviations, and no more than can be looked over."""
    assert 15 <= sum(row[0] == language for row in ROWS) <= 40


def test_forms_are_written_as_they_are_looked_up() -> None:
    """A form is one lower-case word with its stop, because that is what a sentence is compared with."""
    odd = [
        row for row in ROWS if len(row) != 2 or not row[1].endswith(".") or row[1] != row[1].lower().strip()
    ]
    assert odd == []
    assert [form for _, form in ROWS if len(form.split()) != 1 or len(form) < 3] == []


def test_no_form_is_listed_twice() -> None:
    """A repeated row would be a slip of the hand."""
    assert [row for row, times in Counter(map(tuple, ROWS)).items() if times > 1] == []


@pytest.mark.parametrize(
    ("language", "form"),
    [
        ("de", "bzw."),
        ("en", "e.g."),
        ("cs", "odst."),
        ("pl", "m.in."),
        ("el", "π.χ."),
        ("bg", "чл."),
        ("mt", "nru."),
    ],
)
def test_words_of_law_and_purchase_are_known(language: str, form: str) -> None:
    """The abbreviations that stand in nearly every notice are in the list."""
    assert [language, form] in ROWS


def test_words_that_end_sentences_are_left_out() -> None:
    """'And so on' before a capital is the end of a sentence."""
    closing = {"etc.", "usw.", "osv.", "itd.", "atd.", "ecc.", "jne.", "stb.", "utt."}
    assert [row for row in ROWS if row[1] in closing] == []
