"""What pages say in a language: words of catalogues, numbers, money, dates and names of its own."""

from datetime import date

import pytest
from babel.messages.catalog import Catalog
from hypothesis import given
from hypothesis import strategies as st

from matcher.phrases import counted, joined, listed, named, phrase
from service import language
from service.language import CODES, Language
from service.web import catalogue


def test_there_are_24() -> None:
    """The official languages of the Union."""
    assert len(CODES) == 24


@pytest.mark.parametrize("code", CODES)
def test_every_language_writes_numbers_dates_and_names(code: str) -> None:
    """None of them is left with a code where it has a name."""
    spoken = Language(code)
    assert spoken.country("EE") not in {"", "EE"}
    assert spoken.language("mt") not in {"", "mt"}
    assert "2027" in spoken.date(date(2027, 3, 1))
    assert "1" in spoken.money(1_234_567)
    assert "€" in spoken.money(1_234_567) or "EUR" in spoken.money(1_234_567)
    assert "6" in spoken.percent(0.456, 1)


def test_values_of_a_phrase_are_written_as_the_language_does() -> None:
    """The format of the English template is kept, in the language's signs."""
    said = phrase("Together {total:eur}, {share:.0%}, from {day:%d %b %Y}.",
                  total=1_234_567.4, share=0.5, day=date(2027, 3, 1))  # fmt: skip
    assert (
        Language("de").say(said)
        == "Together 1.234.567\N{NO-BREAK SPACE}€, 50\N{NO-BREAK SPACE}%, from 01.03.2027."
    )
    assert Language("en").say(said) == "Together €1,234,567, 50\N{NO-BREAK SPACE}%, from 1 Mar 2027."


def test_parts_of_a_phrase_are_said_too() -> None:
    """Sentences within sentences, enumerations, names of countries."""
    said = joined([phrase("Seen by {who}.", who=listed(["a", named("country", "DE", "Germany")])), "N1"])
    assert Language("fr").say(said) == "Seen by a et Allemagne. N1"


@given(st.text())
def test_other_text_is_left_alone(text: str) -> None:
    """Braces, percent signs or markup of records mean nothing."""
    assert Language("de").say(text) == text
    assert text in Language("de").say(phrase("Quoted: {text}", text=text))


@pytest.fixture
def polish(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Language:
    """Polish with two texts of its own: it has more forms of number than English."""
    from pathlib import Path

    folder = Path(str(tmp_path))
    monkeypatch.setattr(language, "HERE", folder)
    monkeypatch.setattr(catalogue, "HERE", folder)
    known = Catalog(locale="pl", fuzzy=False)
    known.add(("{n} need", "{n} needs"), ("{n} potrzeba", "{n} potrzeby", "{n} potrzeb"))
    known.add("In common: {codes}.", "Wspólne: {codes}.")
    catalogue.save(known)
    return Language("pl")


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 potrzeba"), (3, "3 potrzeby"), (5, "5 potrzeb"), (22, "22 potrzeby")]
)
def test_the_form_goes_by_the_number(polish: Language, n: int, said: str) -> None:
    """Each language by its own rule."""
    assert polish.say(counted("{n} need", "{n} needs", n)) == said


def test_what_a_catalogue_lacks_or_says_otherwise_is_found(polish: Language) -> None:
    """A text without translation, a number of forms too few, a value that is not there."""
    wanted = Catalog()
    for text in ("In common: {codes}.", "Nobody asks.", ("{n} need", "{n} needs")):
        wanted.add(text)
    assert [fault.text for fault in catalogue.faults("pl", wanted)] == ["Nobody asks."]
    wrong = catalogue.load("pl")
    wrong["In common: {codes}."].string = "Wspólne: {kody}."
    catalogue.save(wrong)
    assert {fault.why[:10] for fault in catalogue.faults("pl", wanted)} == {"is not tra", "has the va"}


def test_bringing_up_to_date_keeps_what_is_translated(polish: Language) -> None:
    """New texts come in, those no longer said go, and a second run changes nothing."""
    wanted = Catalog()
    for text in ("In common: {codes}.", "Nobody asks."):
        wanted.add(text)
    catalogue.save(catalogue.renewed("pl", wanted))
    first = catalogue.path_of("pl").read_bytes()
    catalogue.save(catalogue.renewed("pl", wanted))
    assert catalogue.path_of("pl").read_bytes() == first
    found = catalogue.load("pl")
    assert found["In common: {codes}."].string == "Wspólne: {codes}."
    assert ("{n} need", "{n} needs") not in [message.id for message in found]
