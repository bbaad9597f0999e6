from collections.abc import Callable
from dataclasses import replace

import pytest

from matcher.explain import Quote
from matcher.joint import JointCandidate
from matcher.records import Need, Visibility
from service.dossier import consultation, consultation_document
from service.dossier.blocks import Document, words

Make = Callable[..., JointCandidate]


def told(document: Document) -> str:
    """Every text of a document, one a line."""
    return "\n".join(words(text) for text in document.texts())


def test_what_only_the_buyer_can_say_is_marked(candidate: JointCandidate) -> None:
    """Gaps are marked in the document, and stand out in the Markdown."""
    document = consultation_document(candidate)
    gaps = [span.text for text in document.texts() for span in text if span.to_fill]
    for gap in ("role mailbox", "date and time", "directive and national law", "whether to publish one"):
        assert any(gap in each for each in gaps)
    assert consultation(candidate).count("**\\[FILL IN") == len(gaps)


def test_the_market_is_asked_about_the_differences(candidate: JointCandidate) -> None:
    """A conflict is a question with what each country asks for; ids of needs mean nothing to the market."""
    text = told(consultation_document(candidate))
    question = (
        "NIJ class (Estonia: “Kaitseklass NIJ IIIA”; Finland: “Suojausluokka NIJ III”). Can one product"
    )
    assert question in text


def test_matters_of_the_authorities_are_not_asked(make: Make, trio: tuple[Need, ...]) -> None:
    """Which regime applies is for them and their lawyers."""
    mixed = make([trio[0], replace(trio[1], regime="2009/81")])
    assert any(each.requirement == "regime" for each in mixed.differences)
    assert "Regime (" not in told(consultation_document(mixed))


def test_the_market_is_asked_about_what_nobody_covers(make: Make, trio: tuple[Need, ...]) -> None:
    """A requirement that no solution speaks to is quoted; a need that none covers is named."""
    candidate = make(trio, fit=0.1)
    quote = Quote("Kaitseklass NIJ IIIA.", "et")
    document = consultation_document(candidate, uncovered={"EE-1": [quote], "not a member": [quote]})
    text = told(document)
    assert text.count("Estonia asks: “Kaitseklass NIJ IIIA.”. Can you meet this, and how?") == 1
    assert "No known solution covers “Gilets pare-balles (French)”. Do you offer one?" in text
    assert any(
        span == replace(span, text=quote.text, language="et") for each in document.texts() for span in each
    )


def test_no_value_is_given_away(candidate: JointCandidate) -> None:
    """Whether the market is told a value is for the buyer to say."""
    text = consultation(candidate)
    assert "EUR" not in text
    assert "500,000" not in text


@pytest.mark.parametrize(("visibility", "warned"), [(Visibility.PUBLIC, False), (Visibility.NETWORK, True)])
def test_owners_must_agree_to_be_named(
    visibility: Visibility, warned: bool, make: Make, trio: tuple[Need, ...]
) -> None:
    """Needs that are not public yet are listed before the text begins."""
    text = told(consultation_document(make([replace(need, visibility=visibility) for need in trio])))
    assert ("These needs are not open to the public yet" in text) is warned
