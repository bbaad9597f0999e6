"""Groups turned into joint candidates, or the reason why not."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.joint import JointCandidate, NotJoint, judge
from matcher.likeness import Likeness
from matcher.protocols import Float32
from matcher.records import JointInterest, Need

PL = Need(id="PL1", title="Vests", country="PL", organisation="Straż", value_eur=100_000.0)
FR = Need(id="FR1", title="Gilets", country="FR", organisation="Service", value_eur=250_000.0)
CZ = Need(id="CZ1", title="Vesty", country="CZ", organisation="Sbor")
BARE = Need(id="X1", title="Vests")


def alike(vectors: Float32) -> NDArray[np.float64]:
    """The likeness of all pairs."""
    return Likeness(vectors).of(np.arange(len(vectors)))


def vectors_of(count: int) -> Float32:
    """Unit vectors, all different."""
    vectors = np.eye(8, dtype=np.float32)[:count] + np.linspace(0.5, 1.5, count, dtype=np.float32)[:, None]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def candidate(*needs: Need) -> JointCandidate:
    """The candidate that these needs make."""
    judged = judge(needs, alike(vectors_of(len(needs))))
    assert isinstance(judged, JointCandidate)
    return judged


def reason(*needs: Need) -> str:
    """Why these needs make none."""
    judged = judge(needs, alike(vectors_of(len(needs))))
    assert isinstance(judged, NotJoint)
    assert list(judged.members) == sorted(needs, key=lambda need: (need.country or "", need.id))
    return judged.reason


def test_needs_of_two_countries_are_a_candidate() -> None:
    """Members come by country and id, with the countries they are of."""
    found = candidate(PL, FR, CZ)
    assert [need.id for need in found.members] == ["CZ1", "FR1", "PL1"]
    assert found.countries == ("CZ", "FR", "PL")
    assert found.declined == ()


def test_one_country_or_none_is_no_candidate() -> None:
    """The reason says which country, or that none is stated."""
    assert "all are in PL" in reason(PL, replace(PL, id="PL2", organisation="Other"))
    assert "no country is stated" in reason(BARE, replace(BARE, id="X2"))
    assert "all are in PL" in reason(PL, BARE)


def test_one_organisation_in_two_countries_is_no_candidate() -> None:
    """A buyer does not buy together with itself; its id goes before its name."""
    assert "one organisation" in reason(PL, replace(FR, organisation=PL.organisation))
    same = replace(PL, organisation_id="X-1"), replace(FR, organisation_id="X-1")
    assert "one organisation" in reason(*same)
    assert candidate(PL, replace(FR, organisation="")).countries == ("FR", "PL")


def test_owners_who_said_no_are_left_out_and_named() -> None:
    """Whoever refuses is no member and adds nothing, but is not lost."""
    refusing = replace(CZ, joint_interest=JointInterest.NO, value_eur=9e9)
    found = candidate(PL, refusing, FR)
    assert [need.id for need in found.members] == ["FR1", "PL1"]
    assert found.declined == (refusing,)
    assert found.countries == ("FR", "PL")
    assert found.totals.value_eur == 350_000


@pytest.mark.parametrize("interest", [JointInterest.YES, JointInterest.MAYBE, JointInterest.OBSERVER, None])
def test_any_other_interest_keeps_a_member(interest: JointInterest | None) -> None:
    """Only a no is a no."""
    assert len(candidate(PL, replace(FR, joint_interest=interest)).members) == 2


def test_where_only_one_or_nobody_is_left_the_reason_is_refusal() -> None:
    """The sentence tells whether one owner or none has not refused."""
    no_fr, no_pl = (replace(need, joint_interest=JointInterest.NO) for need in (FR, PL))
    assert reason(PL, no_fr) == "the owners of all but one have said no to joint buying"
    assert reason(no_pl, no_fr) == "the owners of all have said no to joint buying"


def test_totals_count_what_is_stated_and_what_is_missing() -> None:
    """An unstated value is missing, not zero."""
    found = candidate(PL, FR, CZ)
    assert (found.totals.value_eur, found.totals.values_missing) == (350_000, 1)
    assert candidate(CZ, replace(FR, value_eur=0.0)).totals.values_missing == 1


def window(need: Need, start: date | None, end: date | None) -> Need:
    """The need with a procurement window."""
    return replace(need, window_start=start, window_end=end)


def test_the_common_window_is_that_of_all_stated_ones() -> None:
    """From the latest start to the earliest end; a need without window is counted, not asked."""
    found = candidate(
        window(PL, date(2027, 1, 1), date(2027, 6, 30)), window(FR, date(2027, 3, 1), date(2027, 12, 31)), CZ
    )
    assert found.window == (date(2027, 3, 1), date(2027, 6, 30))
    assert found.windows_missing == 1


def test_windows_that_do_not_meet_have_no_common_days() -> None:
    """The candidate stays, without a window; windows of one day do meet."""
    early, late = date(2027, 1, 1), date(2027, 9, 1)
    assert candidate(window(PL, early, early), window(FR, late, late)).window is None
    assert candidate(window(PL, early, late), window(FR, late, late)).window == (late, late)
    assert candidate(window(PL, early, None), window(FR, None, late)).window == (early, late)
    assert candidate(PL, FR).window is None
    assert candidate(PL, FR).windows_missing == 2


def test_cohesion_medoid_and_weakest_pair_are_those_of_the_vectors() -> None:
    """Mean over all pairs, the member nearest to all, and the pair least alike."""
    angles = np.radians([0, 10, 60])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = judge([PL, FR, CZ], alike(vectors))
    assert isinstance(found, JointCandidate)
    assert found.medoid is FR
    assert {found.weakest[0].id, found.weakest[1].id} == {"PL1", "CZ1"}
    assert found.weakest[2] == pytest.approx(0.5, abs=1e-6)
    assert found.cohesion == pytest.approx(np.cos(np.radians([10, 50, 60])).mean(), abs=1e-6)


MANY = [
    PL,
    FR,
    CZ,
    replace(PL, id="PL2", organisation="Komenda"),
    replace(FR, id="FR2", joint_interest=JointInterest.NO),
]


@given(st.permutations(range(len(MANY))))
def test_the_order_of_the_needs_changes_nothing(shuffled: list[int]) -> None:
    """Even of needs that are all alike the same one is the medoid."""
    for vectors in (vectors_of(len(MANY)), np.ones((len(MANY), 1), dtype=np.float32)):
        plain = judge(MANY, alike(vectors))
        assert judge([MANY[i] for i in shuffled], alike(vectors[shuffled])) == plain
