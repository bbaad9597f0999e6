"""Folding of characters that a reader would call the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.text.clean import fold


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ﬁre pump", "fire pump"),
        ("cafe\u0301", "café"),
        ("counter‑drone – radar — net", "counter-drone - radar - net"),
        ("the ‘officers’ “vest”", "the 'officers' \"vest\""),
        ("fire\u00adfighter\u200b", "firefighter"),
        ("\ufefftitle", "title"),
        ("2\u00a0000\u202f000\tEUR\r\n net", "2 000 000 EUR net"),
        ("a\x00b", "a b"),
        ("ISMS Straße Ωμέγα", "ISMS Straße Ωμέγα"),
        ("", ""),
    ],
)
def test_variants_of_one_spelling_meet(written: str, folded: str) -> None:
    """Ligatures, dashes, quotes, soft hyphens, odd spaces and control characters leave one spelling."""
    assert fold(written) == folded


@given(st.text())
@example("\u0301 \u00b4a")
@example("a\u200b\u0301")
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is folded stays as it is."""
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_no_space_is_doubled_or_at_the_ends(text: str) -> None:
    """Words stand one space apart."""
    folded = fold(text)
    assert folded == " ".join(folded.split())
