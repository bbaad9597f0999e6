from datetime import date

import pytest

from matcher.records import Need
from service.dossier.blocks import words
from service.dossier.wording import Voice, counted, listed, span, titled, value


@pytest.mark.parametrize(
    ("need", "shown"),
    [
        (Need(id="1", title=""), "not stated"),
        (Need(id="1", title="", value_eur=0.0), "EUR 0, VAT not stated"),
        (Need(id="1", title="", value_eur=2.5e6, vat_included=True), "EUR 2,500,000, VAT included"),
        (Need(id="1", title="", value_min_eur=1e5), "at least EUR 100,000, VAT not stated"),
        (Need(id="1", title="", value_max_eur=1e5), "at most EUR 100,000, VAT not stated"),
        (Need(id="1", title="", value=9e5, currency="XTS"), "900,000 XTS, not converted"),
    ],
)
def test_a_value_says_what_is_known_of_it(need: Need, shown: str) -> None:
    """A bound is no value, unknown is no zero, and an amount without a rate keeps its currency."""
    assert value(need) == shown


def test_titles_inside_sentences_keep_their_language() -> None:
    """The longer title wins where one stands within another; ids are never capitalised."""
    needs = [
        Need(id="a", title="Vest", language="sv"),
        Need(id="b", title="Vest (grå)", language="sv"),
        Need(id="c", title="Vests", language="en"),
    ]
    text = Voice.of(needs).sentence("b asks for “Vest (grå)”")
    assert [(part.text, part.language) for part in text] == [
        ("b asks for “", None),
        ("Vest (grå)", "sv"),
        ("”.", None),
    ]


def test_a_quotation_is_in_the_language_of_its_need() -> None:
    """What the software put into words itself is not."""
    voice = Voice.of([Need(id="a", title="Weste", description="Gewicht 3 kg", language="de")])
    assert voice.quoted("a", "Gewicht 3 kg")[0].language == "de"
    assert voice.quoted("a", "2014/24")[0].language is None


def test_a_title_without_a_language_says_so() -> None:
    """Its language is not guessed."""
    assert words(titled(Need(id="a", title="Vest"))) == "Vest (language not stated)"


def test_needs_of_one_country_are_told_apart() -> None:
    """By their ids, where the country does not."""
    voice = Voice.of([Need(id=name, title="", country="EE") for name in ("E1", "E2")])
    assert voice.place("E2") == "Estonia (E2)"


def test_lists_counts_and_days_read_as_english() -> None:
    """One, two and more."""
    assert [listed([]), listed(["a"]), listed(["a", "b"])] == ["", "a", "a and b"]
    assert [counted(0, "need"), counted(1, "need"), counted(13, "need")] == [
        "no needs",
        "one need",
        "13 needs",
    ]
    assert span(None, date(2027, 3, 1)) == "not stated to 1 Mar 2027"
