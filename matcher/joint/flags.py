"""Answers to yes-or-no questions that needs carry in columns of their own (`Need.extra`)."""

from enum import StrEnum

from matcher.records import Need


class Answer(StrEnum):
    """What an owner answers."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


_WORDS = {
    **dict.fromkeys(("yes", "true", "1"), Answer.YES),
    "maybe": Answer.MAYBE,
    **dict.fromkeys(("no", "false", "0"), Answer.NO),
}


def answer(need: Need, column: str) -> Answer | None:
    """The answer in a column, `lead` or `is_cpb` for instance; None where there is none that can be read.

    >>> answer(Need(id="N1", title="Vests", extra={"lead": " Yes"}), "lead")
    <Answer.YES: 'yes'>
    """
    return _WORDS.get(need.extra.get(column, "").strip().casefold())
