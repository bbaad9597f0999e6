"""Answers kept in columns of their own."""

import pytest

from matcher.joint.flags import Answer, answer
from matcher.records import Need


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("yes", Answer.YES),
        (" TRUE ", Answer.YES),
        ("1", Answer.YES),
        ("maybe", Answer.MAYBE),
        ("No", Answer.NO),
        ("0", Answer.NO),
        ("", None),
        ("perhaps later", None),
    ],
)
def test_answers_are_read_and_anything_else_is_unknown(said: str, read: Answer | None) -> None:
    """What is not an answer is not a no."""
    assert answer(Need(id="N", title="", extra={"lead": said}), "lead") is read
    assert answer(Need(id="N", title=""), "lead") is None
