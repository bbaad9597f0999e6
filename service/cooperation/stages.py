"""How far a candidate has come, by the seven steps of the iProcureNet Toolbox; what each stage asks for."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from matcher.phrases import Phrase, counted, joined, phrase
from service.problems import FieldError, Problem, conflict, invalid


class Stage(StrEnum):
    """The stages of a candidate, in order; `closed` can follow any."""

    DETECTED = "detected"
    CONFIRMED = "confirmed_by_owners"
    INTEREST = "interest"
    WORKSPACE = "workspace"
    CONSULTATION = "consultation"
    MEMORANDUM = "memorandum"
    AGREEMENT = "agreement"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"


ORDER = tuple(Stage)
STAGES: Mapping[str, Phrase] = {
    "detected": phrase("Detected"),
    "confirmed_by_owners": phrase("Confirmed by the owners"),
    "interest": phrase("Interest expressed"),
    "workspace": phrase("Working together"),
    "consultation": phrase("Market consultation"),
    "memorandum": phrase("Memorandum"),
    "agreement": phrase("Agreement"),
    "handed_over": phrase("Handed over to procurement"),
    "closed": phrase("Closed"),
}
"""Each stage in words."""
STEPS: Mapping[str, Phrase] = {
    "identification": phrase("Identification of joint needs"),
    "financing": phrase("Financing"),
    "market_research": phrase("Market research"),
    "memorandum": phrase("Decision or memorandum to cooperate"),
    "agreement": phrase("Binding collaboration agreement"),
    "description": phrase("Technical description"),
    "terms": phrase("Choosing and drafting the terms of procedure"),
}
"""The seven steps before a tender."""
NEEDED: Mapping[str, str] = {
    "responsibilities": phrase("who is responsible for what"),
    "applicable_law": phrase("which national law applies"),
    "internal_organisation": phrase("how the participants organise themselves"),
}
"""What an agreement has to settle (Directive 2014/24/EU, Article 39(4))."""
FRAMEWORK: Mapping[str, str] = {
    "named_users": phrase("the authorities that may call off, by name"),
    "max_value_eur": phrase("the greatest value of all call-offs"),
}
"""What a framework has to name beside that (Directive 2014/24/EU, Article 33; C-23/20)."""
PARTICIPANTS = 2


def fresh_checklist() -> list[dict[str, Any]]:
    """The seven steps, all open."""
    return [
        {"step": step, "item": str(item), "owner": "", "due": None, "done": False, "note": ""}
        for step, item in STEPS.items()
    ]


def check_move(
    before: Stage, after: Stage, *, participants: int, agreement: Mapping[str, Any], reason: str
) -> None:
    """Pass where a candidate may go from one stage to another.

    Raises `Problem` 409 for a stage that is not open yet, 422 where something has to be said first.
    """
    if before is after:
        raise conflict(phrase("It is at the stage {stage!r} already.", stage=after.value))
    if before is Stage.CLOSED and not reason.strip():
        raise invalid("/reason", phrase("Say why a closed candidate is taken up again."))
    backwards = ORDER.index(after) < ORDER.index(before)
    if (after is Stage.CLOSED or backwards) and not reason.strip():
        raise invalid("/reason", phrase("Say why: a reason is needed to close a candidate or to go back."))
    if after is Stage.CLOSED or backwards:
        return
    if ORDER.index(after) >= ORDER.index(Stage.CONFIRMED) and participants < PARTICIPANTS:
        raise conflict(
            counted(
                "The stage {stage!r} needs the interest of {least} authorities with needs in it; "
                "there is {n}.",
                "The stage {stage!r} needs the interest of {least} authorities with needs in it; "
                "there are {n}.",
                participants,
                stage=after.value,
                least=PARTICIPANTS,
            )
        )
    if ORDER.index(after) >= ORDER.index(Stage.AGREEMENT):
        unsettled = missing(agreement)
        if unsettled:
            raise Problem(
                422,
                "invalid",
                phrase(
                    "The stage {stage!r} needs an agreement on: {unsettled}.",
                    stage=after.value,
                    unsettled=joined(unsettled.values(), between=", "),
                ),
                [
                    FieldError(f"/agreement/{name}", phrase("say {words}", words=words))
                    for name, words in unsettled.items()
                ],
            )


def missing(agreement: Mapping[str, Any]) -> dict[str, str]:
    """What an agreement does not settle yet, by field.

    >>> list(missing({"responsibilities": "lead: EE", "framework": True}))
    ['applicable_law', 'internal_organisation', 'named_users', 'max_value_eur']
    """
    needed = {**NEEDED, **(FRAMEWORK if agreement.get("framework") else {})}
    return {name: words for name, words in needed.items() if not _settled(agreement.get(name))}


def _settled(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Sequence):
        return any(str(item).strip() for item in value)
    return value is not None and value is not False
