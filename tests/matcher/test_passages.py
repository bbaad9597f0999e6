"""Texts cut into what a model can read whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.passages import RESERVED_TOKENS, Passages, cut
from matcher.text.sentences import sentences
from models import HashingEncoder


class Narrow(HashingEncoder):
    """The tiny encoder with a window of few tokens, to see long texts cut."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self._max_tokens = window


def sentence(number: int, words: int) -> str:
    """A sentence of so many words and a stop."""
    return " ".join([f"Word{number}", *["more"] * (words - 1)]) + "."


def whole(title: str, count: int, words: int = 9) -> str:
    """A title and so many sentences on one line."""
    return title + "\n" + " ".join(sentence(number, words) for number in range(count))


def cut_one(text: str, window: int) -> Passages:
    """The passages of one English text."""
    return cut([text], ["en"], Narrow(window))[0]


def test_a_short_text_is_one_passage() -> None:
    """What fits the window is left as it is; both kinds of spans are its sentences."""
    text = whole("Fire pumps for boats", 3)
    (passage,) = cut_one(text, 512).items
    assert passage.text == text
    assert passage.spans == passage.sources == tuple(sentences(text, "en"))


@pytest.mark.parametrize("text", ["", "   ", "word"])
def test_even_an_empty_text_is_one_passage(text: str) -> None:
    """Every record has a vector."""
    assert [passage.text for passage in cut_one(text, 16).items] == [text]


def test_each_piece_of_a_long_text_is_headed_by_its_title() -> None:
    """No piece loses what it is about, and each fits the window."""
    encoder = Narrow(48)
    (found,) = cut([whole("Fire pumps for boats", 12)], ["en"], encoder)
    assert len(found.items) > 2
    assert found.language == "en"
    for passage in found.items:
        assert passage.text.startswith("Fire pumps for boats\nWord")
    assert max(encoder.count_tokens([p.text for p in found.items])) <= 48 - RESERVED_TOKENS


def test_a_title_of_more_than_a_third_of_the_window_is_not_repeated() -> None:
    """A long title would leave no room for the text."""
    text = whole(" ".join(["Title"] * 20), 8)
    items = cut_one(text, 48).items
    assert items[0].text.startswith("Title Title")
    assert not any(passage.text.startswith("Title") for passage in items[1:])


def test_texts_keep_their_order_and_language() -> None:
    """One answer a text, in the order of the texts."""
    found = cut(["eins", "two"], ["de", None], Narrow(512))
    assert [(p.language, p.items[0].text) for p in found] == [("de", "eins"), (None, "two")]


@given(
    title=st.integers(1, 20).map(lambda n: " ".join(["Title"] * n)),
    lengths=st.lists(st.integers(3, 30), max_size=12),
    breaks=st.sampled_from([" ", "\n", "\n\n"]),
    window=st.integers(24, 80),
)
def test_every_sentence_is_covered_once_and_spans_agree_with_sources(
    title: str, lengths: list[int], breaks: str, window: int
) -> None:
    """The sources are the sentences of the text, each once, in order; spans say the same."""
    text = title + "\n" + breaks.join(sentence(number, words) for number, words in enumerate(lengths))
    items = cut_one(text, window).items
    sources = [source for passage in items for source in passage.sources]
    assert sources == sentences(text, "en")
    for passage in items:
        assert len(passage.spans) == len(passage.sources)
        assert [passage.text[slice(*span)] for span in passage.spans] == [
            text[slice(*source)] for source in passage.sources
        ]
