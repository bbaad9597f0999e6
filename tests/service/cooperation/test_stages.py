"""Stages of a candidate: what each asks for."""

import pytest

from service.cooperation.stages import ORDER, STEPS, Stage, check_move, fresh_checklist, missing
from service.problems import Problem

AGREED = {"responsibilities": "EE leads.", "applicable_law": "EE", "internal_organisation": "A board."}


@pytest.mark.parametrize("after", [stage for stage in ORDER[1:] if stage is not Stage.CLOSED])
def test_a_stage_needs_two_authorities(after: Stage) -> None:
    """One alone cooperates with nobody."""
    with pytest.raises(Problem) as refused:
        check_move(Stage.DETECTED, after, participants=1, agreement=AGREED, reason="")
    assert refused.value.status == 409
    check_move(Stage.DETECTED, after, participants=2, agreement=AGREED, reason="")


@pytest.mark.parametrize("stage", list(Stage))
def test_to_stay_is_no_move(stage: Stage) -> None:
    """It is there already."""
    with pytest.raises(Problem) as refused:
        check_move(stage, stage, participants=9, agreement=AGREED, reason="why not")
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Stage.WORKSPACE, Stage.INTEREST),
        (Stage.DETECTED, Stage.CLOSED),
        (Stage.CLOSED, Stage.WORKSPACE),
        (Stage.HANDED_OVER, Stage.AGREEMENT),
    ],
)
def test_going_back_and_closing_need_a_reason(before: Stage, after: Stage) -> None:
    """Blanks are none."""
    for reason in ("", "  "):
        with pytest.raises(Problem) as refused:
            check_move(before, after, participants=2, agreement=AGREED, reason=reason)
        assert refused.value.status == 422
        assert [error.pointer for error in refused.value.errors] == ["/reason"]
    check_move(before, after, participants=2, agreement=AGREED, reason="the budget fell through")


@pytest.mark.parametrize("after", [Stage.AGREEMENT, Stage.HANDED_OVER])
@pytest.mark.parametrize("name", list(AGREED))
def test_an_agreement_settles_what_the_directive_asks_for(after: Stage, name: str) -> None:
    """Responsibilities, applicable law, internal organisation: none of them blank."""
    for blank in ({}, {name: ""}, {name: "  "}, {name: None}):
        said = {**{key: value for key, value in AGREED.items() if key != name}, **blank}
        with pytest.raises(Problem) as refused:
            check_move(Stage.MEMORANDUM, after, participants=2, agreement=said, reason="")
        assert [error.pointer for error in refused.value.errors] == [f"/agreement/{name}"]


def test_a_framework_names_its_users_and_its_greatest_value() -> None:
    """Only where it is one."""
    assert list(missing({**AGREED, "framework": True})) == ["named_users", "max_value_eur"]
    assert missing({**AGREED, "framework": False}) == {}
    whole = {**AGREED, "framework": True, "named_users": ["A", "B"], "max_value_eur": 1.0}
    assert missing(whole) == {}
    assert list(missing({**whole, "named_users": [" "]})) == ["named_users"]


def test_the_checklist_is_of_the_seven_steps() -> None:
    """In their order, all open."""
    assert [one["step"] for one in fresh_checklist()] == list(STEPS)
    assert len(STEPS) == 7
    assert not any(one["done"] for one in fresh_checklist())
