"""Gates label a candidate; each says whether it holds and why."""

from dataclasses import replace
from datetime import date

import pytest

from matcher.joint.gates import Gate, gates
from matcher.records import JointInterest, Need

DAY = date(2026, 6, 1)
STATED = {"regime": "2014/24", "extra": {"classification": "none"}}
EE = Need(id="EE1", title="Vests", country="EE", organisation="Politsei", **STATED)  # type: ignore[arg-type]
FI = Need(id="FI1", title="Vests", country="FI", organisation="Poliisi", **STATED)  # type: ignore[arg-type]


def gate(name: str, *members: Need, **more: object) -> Gate:
    """One of the six gates of some members."""
    found = gates(members, day=DAY, **more)  # type: ignore[arg-type]  # passed on as they come
    assert [each.name for each in found] == ["G1", "G2", "G3", "G4", "G5", "G6"]
    return next(each for each in found if each.name == name)


def test_members_that_state_everything_pass() -> None:
    """Two countries, two organisations, open, willing, unmarked and unlike."""
    assert [each.passed for each in gates([EE, FI], day=DAY, viewer_sees=2)] == [True] * 6


@pytest.mark.parametrize(
    ("members", "passed", "says"),
    [
        ((EE, replace(FI, country="EE")), True, "2 organisations, all in EE: a national candidate."),
        ((EE, replace(FI, country=None)), None, "Country not stated by FI1"),
        ((EE, replace(FI, organisation="politsei ")), False, "All are of one organisation."),
        ((EE, replace(FI, organisation="")), None, "Organisation not stated by FI1"),
        ((replace(EE, organisation_id="X"), replace(FI, organisation_id="X")), False, "one organisation"),
        ((EE, FI, replace(FI, id="X", country=None, organisation="")), True, "2 organisations in EE, FI"),
    ],
)
def test_a_buyer_does_not_buy_together_with_itself(
    members: tuple[Need, ...], passed: bool | None, says: str
) -> None:
    """What is not stated cannot be said, unless the others suffice."""
    found = gate("G1", *members)
    assert found.passed is passed
    assert says in found.reason


@pytest.mark.parametrize("status", ["withdrawn", "Expired", "draft", "paused", "fulfilled"])
def test_a_member_that_is_not_open_fails(status: str) -> None:
    """The reason names it."""
    found = gate("G2", EE, replace(FI, status=status))
    assert (found.passed, found.reason) == (False, f"FI1 is {status}.")


def test_a_window_is_past_the_day_after_it_ends() -> None:
    """On its last day it is open; a need without status or window is open."""
    assert gate("G2", EE, replace(FI, window_end=DAY, status="open")).passed
    past = gate("G2", EE, replace(FI, window_end=date(2026, 5, 31)))
    assert (past.passed, past.reason) == (False, "The window of FI1 ended on 31 May 2026.")


def test_who_said_no_or_observes_is_named_and_leaves_the_gate_open() -> None:
    """They are no members; the gate is about those who are."""
    no, watching = replace(FI, id="N", joint_interest=JointInterest.NO), replace(FI, id="O")
    found = gate("G3", EE, FI, declined=[no], observers=[watching])
    assert found.passed
    assert "N said no" in found.reason
    assert "Only observing: O." in found.reason


@pytest.mark.parametrize(
    ("fields", "passed", "says"),
    [
        ({"regime": "excluded-346"}, False, "Review first: FI1 stated as excluded"),
        ({"extra": {"classification": "Restricted"}}, False, "Review first: FI1 marked as classified"),
        ({"extra": {"classification": "confidential+"}}, False, "marked as classified"),
        ({"extra": {"classification": "VS-NfD"}}, False, "marked as classified"),
        ({"extra": {"classification": "Unclassified"}}, True, "No member is excluded"),
        ({"extra": {}}, None, "classification not stated by FI1"),
        ({"regime": ""}, None, "regime not stated by FI1"),
    ],
)
def test_what_is_excluded_or_classified_asks_for_a_review(
    fields: dict[str, object], passed: bool | None, says: str
) -> None:
    """A mark that is not known is a mark; no mark at all leaves it open."""
    found = gate("G4", EE, replace(FI, **fields))  # type: ignore[arg-type]  # a table of fields
    assert found.passed is passed
    assert says in found.reason


def test_copies_are_counted_once_and_named() -> None:
    """A copy that was found is no failure; the same text of the same organisation left in is one."""
    assert gate("G5", EE, FI, copies=[("EE2", "EE1")]).reason == "Counted once: EE2 repeats EE1."
    left_in = gate("G5", EE, FI, replace(EE, id="EE2"))
    assert left_in.passed is False
    assert "EE2 has the text and the organisation of EE1" in left_in.reason
    assert gate("G5", EE, replace(EE, id="X", organisation="Other")).passed


@pytest.mark.parametrize(("sees", "passed"), [(None, None), (0, False), (1, False), (2, True)])
def test_a_viewer_must_see_two_members(sees: int | None, passed: bool | None) -> None:
    """How many fewer is not told."""
    found = gate("G6", EE, FI, viewer_sees=sees)
    assert found.passed is passed
    assert "0" not in found.reason
    assert "1" not in found.reason
