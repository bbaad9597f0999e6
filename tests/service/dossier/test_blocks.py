import pytest

from service.dossier.blocks import Span, Table, joined, said, words


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("one\r\ntwo\u2028three", "one two three"),
        ("nul\x00 esc\x1b[31m", "nul esc[31m"),
        ("turn \u202eround\u2066", "turn round"),
        ("half \ud83d character", "half character"),
        ("12\u00a0000 pièces", "12\u00a0000 pièces"),
    ],
)
def test_a_text_is_one_line_that_every_form_can_hold(given: str, shown: str) -> None:
    """Line ends become spaces, what is not seen goes, and spaces that must not break stay."""
    assert words(said(given)) == shown


def test_the_language_of_the_document_is_not_marked() -> None:
    """Only passages in another language carry one."""
    assert [span.language for span in said(Span("vest", "en"), Span("Weste", "de"))] == [None, "de"]


def test_texts_are_joined_with_their_marks() -> None:
    """Words go between the texts alone."""
    text = joined([said(Span("a", "et")), said("b"), said("c")], "; ")
    assert (words(text), text[0].language) == ("a; b; c", "et")


@pytest.mark.parametrize(("row", "shares"), [(("a",), (1, 1)), (("a", "b"), (1,))])
def test_a_table_has_as_many_cells_in_every_row(row: tuple[str, ...], shares: tuple[int, ...]) -> None:
    """A row or shares of another length are refused where the table is made."""
    with pytest.raises(ValueError, match="2 columns"):
        Table("Caption", ("one", "two"), (tuple(said(cell) for cell in row),), shares)
