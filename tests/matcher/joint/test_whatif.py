"""Candidates judged again with something changed."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from matcher.errors import SettingInvalid
from matcher.joint import JointCandidate, NotJoint, Offers, WhatIf, judge, what_if
from matcher.records import JointInterest, Need, Solution

DAY = date(2026, 6, 1)
USUAL: dict[str, Any] = {
    "title": "Vests",
    "regime": "2014/24",
    "buyer_type": "cga",
    "value_eur": 300_000.0,
    "window_start": date(2027, 1, 1),
    "window_end": date(2027, 12, 31),
    "joint_interest": JointInterest.YES,
}
EE, FI, LT, SE = (Need(id=f"{c}1", country=c, organisation=c, **USUAL) for c in ("EE", "FI", "LT", "SE"))
WATCHING = replace(SE, id="SE2", joint_interest=JointInterest.OBSERVER)
REFUSING = replace(SE, id="SE3", joint_interest=JointInterest.NO)
OFFERS = Offers((Solution(id="S1", name="Vest", trl=9),), np.array([[0.9], [0.4], [0.8], [0.9], [0.9]]))


def candidate(*needs: Need, **more: Any) -> JointCandidate:
    """The candidate of some needs that are all alike."""
    judged = judge(needs, np.full((len(needs), len(needs)), 0.8), day=DAY, **more)
    assert isinstance(judged, JointCandidate)
    return judged


TRIO = candidate(EE, FI, LT, WATCHING, REFUSING, offers=OFFERS, copies=[("EE2", "EE1")], id="c-1")


def after(found: WhatIf) -> JointCandidate:
    """What comes out, which is a candidate."""
    assert isinstance(found.after, JointCandidate)
    return found.after


def test_nothing_changed_changes_nothing() -> None:
    """Judged again it is the same, with observers, refusals and copies."""
    found = what_if(TRIO)
    assert found.after == found.before == TRIO
    assert found.changes == ()
    assert after(found).solutions == TRIO.solutions


def test_a_member_less() -> None:
    """Value, countries and solutions follow."""
    found = what_if(TRIO, drop=["FI1"])
    assert [need.id for need in after(found).members] == ["EE1", "LT1"]
    assert after(found).totals.value_eur == 600_000
    assert after(found).solutions[0].covers == ("EE1", "LT1")
    assert after(found).solutions[0].min_fit == pytest.approx(0.8)
    assert "Left out: FI1" in found.changes
    assert after(found).observers == (WATCHING,)
    assert after(found).declined == (REFUSING,)


def test_a_need_more() -> None:
    """It comes with its likeness to the members, and with no offers that were compared."""
    found = what_if(TRIO, add=(SE, np.array([0.8, 0.8, 0.3])))
    assert [need.id for need in after(found).members] == ["EE1", "FI1", "LT1", "SE1"]
    assert after(found).weakest[2] == pytest.approx(0.3)
    assert (after(found).weakest[0].id, after(found).weakest[1].id) == ("LT1", "SE1")
    assert after(found).solutions[0].covers == ("EE1", "LT1")
    assert "Joined: SE1" in found.changes


def test_a_window_moved() -> None:
    """From a gap to an overlap: the score rises and the change says from what to what."""
    apart = candidate(replace(EE, window_end=date(2027, 2, 1)), replace(FI, window_start=date(2027, 9, 1)))
    found = what_if(apart, move={"EE1": (date(2027, 1, 1), date(2027, 12, 31))})
    assert after(found).score.total > apart.score.total
    assert found.changes[0] == f"S {apart.score.total:.1f} -> {after(found).score.total:.1f}"
    assert any(change.startswith("timeline 0.29 -> 1.00: Windows overlap") for change in found.changes)


def test_a_field_stated() -> None:
    """Words of an enumeration are read; what no need has by itself goes to the other columns."""
    bare = candidate(replace(EE, regime="", joint_interest=None), FI, LT)
    stated = {"regime": "2009/81", "joint_interest": "maybe", "lead": "yes", "standards": "EN 1063; EN 1522"}
    found = what_if(bare, state={"EE1": stated})
    member = after(found).members[0]
    assert member.standards == ("EN 1063", "EN 1522")
    assert (member.regime, member.joint_interest, member.extra["lead"]) == (
        "2009/81",
        JointInterest.MAYBE,
        "yes",
    )
    assert after(found).score.completeness > bare.score.completeness
    assert any(change.startswith("legal regime 1.00 -> 0.40") for change in found.changes)
    assert any(change.startswith("K ") for change in found.changes)


def test_an_owner_who_would_say_no_leaves() -> None:
    """As a word too; where fewer than two are left, there is no candidate any more."""
    found = what_if(TRIO, state={"LT1": {"joint_interest": "no"}})
    assert [need.id for need in after(found).declined] == ["LT1", "SE3"]
    gone = what_if(candidate(EE, FI), state={"FI1": {"joint_interest": JointInterest.NO}})
    assert isinstance(gone.after, NotJoint)
    assert gone.changes == ("No candidate any more: only EE1 is left to buy: FI1 said no to joint buying.",)


def test_a_level_that_falls_is_told_with_the_gate() -> None:
    """A mark of classification asks for a review first."""
    found = what_if(TRIO, state={"FI1": {"classification": "secret"}})
    assert after(found).score.level == "C"
    assert any(change.endswith("-> C (watch)") for change in found.changes)
    assert any("Review first: FI1 marked as classified" in change for change in found.changes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"drop": ["SE1"]}, "'SE1' is no member"),
        ({"move": {"X": (None, None)}}, "'X' is no member"),
        ({"move": {"EE1": (date(2027, 2, 1), date(2027, 1, 1))}}, "before it starts"),
        ({"state": {"EE1": {"window_end": date(1999, 1, 1)}}}, "before it starts"),
        ({"state": {"EE1": {"id": "EE9"}}}, "cannot be stated anew"),
        ({"state": {"EE1": {"nature": "gifts"}}}, "expected one of supplies, services, works"),
        ({"state": {"EE1": {"value_eur": "much"}}}, "an amount of 0 or more"),
        ({"state": {"EE1": {"value_eur": float("nan")}}}, "an amount of 0 or more"),
        ({"state": {"EE1": {"window_end": "soon"}}}, "expected a date"),
        ({"add": (WATCHING, np.ones(3))}, "SE2 is part of the candidate already"),
        ({"add": (SE, np.ones(2))}, "one probability a member"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(change: dict[str, Any], says: str) -> None:
    """The message says what was expected."""
    with pytest.raises(SettingInvalid, match=says):
        what_if(TRIO, **change)
