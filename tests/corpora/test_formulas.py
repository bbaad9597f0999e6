import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.formulas import neutralise, restore

TEXTS = st.text(st.one_of(st.sampled_from("'=+-@\t\r5A＝"), st.characters(exclude_categories=["Cs"])))


@pytest.mark.parametrize("text", ["=1+1", "+49 30 1", "-A1", "@SUM(A1)", "\tx", "\rx", "＝1", "'=1", "-5;-6"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    """No cell that is written begins with a sign that starts a formula."""
    assert neutralise(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "-1234,50", "A=1", "", "twas", "'twas", "5+5"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    """Plain negative numbers and signs inside a text are left alone."""
    assert neutralise(text) == text


@given(TEXTS)
def test_restoring_gives_back_every_text(text: str) -> None:
    """A round trip is identical, also for text that had an apostrophe of its own."""
    assert restore(neutralise(text)) == text


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("vests;=HYPERLINK(1)", "vests;'=HYPERLINK(1)"),
        ("a\t@SUM(A1)", "a\t'@SUM(A1)"),
        ("a\n=1+1\r\n+2", "a\n'=1+1\r\n'+2"),
        ("a;'=1", "a;''=1"),
        ("needs:\n- a\n- b", "needs:\n- a\n- b"),
        ("1;-5;2", "1;-5;2"),
        ("a; =1", "a; =1"),
    ],
)
def test_a_file_that_is_cut_at_semicolons_runs_nothing(text: str, harmless: str) -> None:
    """A spreadsheet that separates cells otherwise finds no formula inside a cell; lists stay lists."""
    assert neutralise(text) == harmless
    assert restore(harmless) == text


@given(st.text(alphabet="'=+-@;\t\n\r1a＝－"))
def test_signs_in_any_order_come_back(text: str) -> None:
    """What is put in is taken away again, and nothing else."""
    made = neutralise(text)
    assert restore(made) == text
    for piece in re.split(r"[;\t]", made):
        assert not piece.startswith(("=", "+", "@", "＝"))
