"""Needs judged as joint candidates, with the worked examples of the score."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.joint import JointCandidate, NotJoint, judge
from matcher.joint.thresholds import day_words
from matcher.records import JointInterest, Nature, Need, Visibility

DAY = date(2026, 6, 1)
YES, MAYBE, NO, OBSERVER = JointInterest.YES, JointInterest.MAYBE, JointInterest.NO, JointInterest.OBSERVER


def cal(cosine: float) -> float:
    """The calibration of the worked examples, from a cosine to a probability."""
    return min(1.0, max(0.0, (cosine - 0.45) / (0.85 - 0.45)))


def alike(*pairs: float) -> NDArray[np.float64]:
    """`float64[n, n]` of the pairs in the order of the upper triangle."""
    size = {1: 2, 3: 3, 6: 4}[len(pairs)]
    matrix = np.eye(size)
    matrix[np.triu_indices(size, 1)] = pairs
    return np.maximum(matrix, matrix.T)


def need(name: str, **fields: Any) -> Need:
    """A need that states everything, except what is stated otherwise."""
    usual: dict[str, Any] = {
        "title": f"Body armour {name}",
        "country": name[:2],
        "organisation": f"Police {name}",
        "buyer_type": "cga",
        "nature": Nature.SUPPLIES,
        "cpv": ("35815100",),
        "regime": "2014/24",
        "value_eur": 700_000.0,
        "vat_included": False,
        "window_start": date(2027, 1, 1),
        "window_end": date(2027, 12, 31),
        "standards": ("EN 1063",),
        "working_languages": ("en",),
        "joint_interest": YES,
        "extra": {"classification": "none"},
    }
    return Need(id=f"{name}1", **(usual | fields))


def candidate(needs: list[Need], likeness: NDArray[np.float64] | None = None, **more: Any) -> JointCandidate:
    """The candidate that these needs make."""
    likeness = np.ones((len(needs), len(needs))) if likeness is None else likeness
    judged = judge(needs, likeness, day=DAY, **more)
    assert isinstance(judged, JointCandidate)
    return judged


def values(found: JointCandidate) -> dict[str, float | None]:
    """Factor values by name."""
    return {factor.name: factor.value for factor in found.score.factors}


TRIO = [
    need(
        "EE",
        value_eur=2_500_000.0,
        standards=("EN 1063", "VPAM APR 2006"),
        window_start=date(2027, 3, 1),
        working_languages=("et", "en"),
    ),
    need(
        "FI",
        cpv=("35800000", "35815100"),
        value_eur=1_200_000.0,
        window_end=date(2027, 7, 31),
        working_languages=("fi", "en"),
    ),
    need(
        "LT",
        cpv=("35813000",),
        value_eur=800_000.0,
        standards=("EN 1063", "EN 1522"),
        joint_interest=MAYBE,
        working_languages=("lt", "en"),
    ),
]
ALIKE = alike(cal(0.83), cal(0.80), cal(0.78))


def test_body_armour_is_ready_to_talk() -> None:
    """Worked example 1: three of three countries, cosines .83, .80 and .78, EUR 4.5 million."""
    found = candidate(TRIO, ALIKE)
    got = values(found)
    assert got["functional overlap"] == pytest.approx(0.87, abs=0.005)
    assert got["classification"] == pytest.approx(0.80)
    assert got["timeline"] == 1
    assert found.timeline.overlap_days == 152
    assert got["budget and volume"] == pytest.approx(0.91, abs=0.005)
    assert got["standards"] == pytest.approx(0.44, abs=0.005)
    assert got["willingness"] == pytest.approx(0.83, abs=0.005)
    assert found.threshold.amount_eur == 140_000
    assert (round(found.score.total, 1), found.score.completeness, found.score.level) == (88.3, 1.0, "A")
    assert (found.scope, found.countries) == ("cross-border", ("EE", "FI", "LT"))


def test_every_part_of_a_joint_candidate_can_be_recomputed() -> None:
    """The score follows from the factors; each has a sentence; total, missing and threshold are dated."""
    found = candidate([TRIO[0], TRIO[1], replace(TRIO[2], value_eur=None)], ALIKE)
    factors = found.score.factors
    assert sum(factor.weight for factor in factors) == pytest.approx(1)
    assert all(factor.sentence for factor in factors)
    known = [factor for factor in factors if factor.value is not None]
    total = sum(factor.weight * (factor.value or 0) for factor in known) / sum(f.weight for f in known)
    assert found.score.total == pytest.approx(100 * total)
    assert found.score.completeness == pytest.approx(sum(factor.weight * factor.known for factor in known))
    assert (found.totals.value_eur, found.totals.values_missing) == (3_700_000, 1)
    row = found.threshold.row
    assert row is not None
    assert day_words(row.valid_from) in found.threshold.sentence
    assert [gate.name for gate in found.gates] == ["G1", "G2", "G3", "G4", "G5", "G6"]


def test_counter_drones_are_promising() -> None:
    """Worked example 2: windows 63 days apart, one under 2009/81, standards unknown."""
    common: dict[str, Any] = {"standards": (), "title": "Counter-drone"}
    drones = [
        need(
            "FR",
            cpv=("35722000",),
            working_languages=("fr",),
            value_eur=2_500_000.0,
            window_end=date(2027, 3, 1),
            **common,
        ),
        need(
            "PT",
            cpv=("35125100",),
            working_languages=("pt", "en"),
            visibility=Visibility.NETWORK_INDUSTRY,
            value_eur=1_200_000.0,
            joint_interest=MAYBE,
            window_start=date(2027, 5, 3),
            **common,
        ),
        need(
            "RO",
            cpv=("35613000",),
            working_languages=("ro", "en"),
            value_eur=800_000.0,
            joint_interest=MAYBE,
            regime="2009/81",
            **common,
        ),
    ]
    found = candidate(drones, alike(cal(0.74), cal(0.70), cal(0.66)))
    got = values(found)
    assert got["functional overlap"] == pytest.approx(0.595)
    assert got["timeline"] == pytest.approx(0.7 * (1 - 63 / 365))
    assert (got["legal regime"], got["standards"], got["language"]) == (0.4, None, pytest.approx(1 / 3))
    score = found.score
    assert (round(score.total, 1), round(score.completeness, 2), round(score.rank, 1)) == (55.8, 0.93, 53.8)
    assert score.level == "B"
    assert {each.factor for each in score.improvements} == {"legal regime", "language", "timeline"}


def test_patrol_boats_and_patrol_cars_are_held_down() -> None:
    """Worked example 3: the same words, another thing; all else is perfect, and the cap does its job."""
    pair = [need("EE", title="Patrol boats"), need("FI", title="Patrol cars")]
    found = candidate(pair, alike(cal(0.58)))
    assert {value for name, value in values(found).items() if name != "functional overlap"} == {1.0}
    assert (found.score.total, found.score.level) == (49, "C")
    assert "Functional overlap 0.33 is below 0.4" in found.score.caps[0]


def test_a_pair_of_which_little_is_known_asks_for_it() -> None:
    """Worked example 4: regime, standards and willingness unknown: a good S, but K .78 and so level B."""
    unknown: dict[str, Any] = {"regime": "", "standards": (), "joint_interest": None, "title": "SIEM"}
    pair = [
        need("EE", cpv=("48731000",), value_eur=315_000.0, **unknown),
        need("FI", cpv=("48732000",), value_eur=185_000.0, **unknown),
    ]
    found = candidate(pair, alike(cal(0.80)))
    score = found.score
    assert (round(score.total, 1), round(score.completeness, 2), score.level) == (88.1, 0.78, "B")
    assert [(each.factor, each.kind) for each in score.improvements] == [
        ("legal regime", "fill"),
        ("standards", "fill"),
        ("willingness", "fill"),
    ]


def test_unknown_is_not_zero() -> None:
    """Without regime and window of two members K falls, the level is B, and prompts name the fields."""
    bare: dict[str, Any] = {"regime": "", "window_start": None, "window_end": None}
    before = candidate(TRIO, ALIKE)
    after = candidate([TRIO[0], *(replace(member, **bare) for member in TRIO[1:])], ALIKE)
    gone = {"timeline", "legal regime"}
    for name, value in values(after).items():
        assert value == (None if name in gone else values(before)[name])
    known = [factor for factor in after.score.factors if factor.value is not None]
    expected = sum(f.weight * (f.value or 0) for f in known) / sum(f.weight for f in known)
    assert after.score.total == pytest.approx(100 * expected)
    assert after.score.completeness == pytest.approx(0.75)
    assert (before.score.level, after.score.level) == ("A", "B")
    fields = ("regime", "window_start", "window_end")
    prompts = {entry for factor in after.score.factors for entry in factor.missing}
    assert prompts == {f"{member.id}: {field}" for member in TRIO[1:] for field in fields}
    assert {each.factor for each in after.score.improvements if each.kind == "fill"} == gone
    assert "nan" not in " ".join(factor.sentence for factor in after.score.factors).casefold()


def test_needs_of_one_country_are_a_national_candidate() -> None:
    """Two buyers of one country may buy together; it crosses no border, and is not shown unasked."""
    found = candidate([need("EE"), replace(need("EE", organisation="Other"), id="EE2")])
    assert found.scope == "national"
    assert found.gates[0].passed is True
    assert "all in EE" in found.gates[0].reason
    assert not found.shown


def test_one_organisation_is_labelled_too() -> None:
    """A buyer does not buy together with itself."""
    found = candidate([need("EE", organisation="Agency"), need("FI", organisation="Agency")])
    assert found.score.level == "C"
    assert any("All are of one organisation" in cap for cap in found.score.caps)


def test_what_is_excluded_or_classified_is_for_review_first() -> None:
    """Level C and the words; the other numbers stay."""
    found = candidate([need("EE"), need("FI", extra={"classification": "restricted"})])
    assert found.score.level == "C"
    assert found.score.total > 70
    assert any("Review first" in cap for cap in found.score.caps)


def test_a_classification_that_nobody_states_does_not_hold_a_candidate_down() -> None:
    """The gate cannot be said to hold, nor to fail."""
    found = candidate([need("EE", extra={}), need("FI", extra={})])
    assert found.gates[3].passed is None
    assert found.score.level == "A"


def test_owners_who_said_no_and_who_observe_are_named_and_count_for_nothing() -> None:
    """Neither members nor money; the others are the candidate."""
    refusing = need("CZ", joint_interest=NO, value_eur=9e9)
    watching = need("AT", joint_interest=OBSERVER, value_eur=9e9)
    found = candidate([need("PL"), refusing, watching, need("FR")])
    assert [member.id for member in found.members] == ["FR1", "PL1"]
    assert (found.declined, found.observers) == ((refusing,), (watching,))
    assert found.countries == ("FR", "PL")
    assert (found.totals.value_eur, found.totals.organisations) == (1_400_000, 2)
    assert found.likeness.shape == (2, 2)
    assert [each.country for each in found.members] == ["FR", "PL"]


@pytest.mark.parametrize("interest", [YES, MAYBE, None])
def test_any_other_interest_keeps_a_member(interest: JointInterest | None) -> None:
    """Only a no is a no."""
    assert len(candidate([need("PL"), need("FR", joint_interest=interest)]).members) == 2


@pytest.mark.parametrize(
    ("interests", "copies", "reason"),
    [
        ((YES, NO, NO), (), "only EE1 is left to buy: FI1, LT1 said no to joint buying"),
        (
            (NO, NO, OBSERVER),
            (),
            "nobody is left to buy: EE1, FI1 said no to joint buying; LT1 only observing",
        ),
        (
            (YES, YES, NO),
            (("FI1", "EE1"),),
            "only EE1 is left to buy: LT1 said no to joint buying; FI1 repeats EE1",
        ),
    ],
)
def test_fewer_than_two_willing_members_are_no_candidate(
    interests: tuple[JointInterest, ...], copies: tuple[tuple[str, str], ...], reason: str
) -> None:
    """The reason says what became of the others; all are there, by country and id."""
    needs = [replace(member, joint_interest=said) for member, said in zip(TRIO, interests, strict=True)]
    judged = judge(needs[::-1], np.ones((3, 3)), copies=copies, day=DAY)
    assert judged == NotJoint(tuple(needs), reason)
    assert judge(needs[:1], np.ones((1, 1)), day=DAY) != judged


def test_copies_are_counted_once() -> None:
    """A copy adds no value, a copy of a copy neither; a circle of copies keeps one of them."""
    copy, again = replace(TRIO[0], id="EE2"), replace(TRIO[0], id="EE3")
    everybody = [*TRIO, copy]
    found = candidate(everybody, copies=[("EE2", "EE1")])
    assert [member.id for member in found.members] == ["EE1", "FI1", "LT1"]
    assert found.copies == (("EE2", "EE1"),)
    assert found.totals.value_eur == 4_500_000
    assert found.gates[4].passed
    assert candidate(everybody).gates[4].passed is False
    chain = candidate([*everybody, again], copies=[("EE3", "EE2"), ("EE2", "EE1"), ("EE1", "EE3")])
    assert len({member.id for member in chain.members} & {"EE1", "EE2", "EE3"}) == 1


def test_a_copy_that_was_left_out_before_is_still_named() -> None:
    """Unless what it repeats is not there either."""
    found = candidate(TRIO, copies=[("EE2", "EE1"), ("EE3", "EE2"), ("X2", "X1"), ("EE1", "X1")])
    assert found.copies == (("EE2", "EE1"), ("EE3", "EE1"))
    assert len(found.members) == 3


def test_a_no_on_a_copy_is_a_no() -> None:
    """Of the same owner; another owner answers for itself."""
    refusing = replace(TRIO[0], id="EE2", joint_interest=NO)
    found = candidate([*TRIO, refusing], copies=[("EE2", "EE1")])
    assert [member.id for member in found.declined] == ["EE1"]
    other = replace(refusing, organisation="Other")
    assert len(candidate([*TRIO, other], copies=[("EE2", "EE1")]).members) == 3


def test_cohesion_medoid_and_weakest_pair_are_those_of_the_probabilities() -> None:
    """Mean over pairs, the member nearest to all, and the pair least alike."""
    matrix = alike(0.9, 0.8, 0.4)
    np.fill_diagonal(matrix, [0.0, 1.0, 1.0])  # what a need is to itself does not count
    found = candidate(TRIO, matrix)
    assert found.medoid.id == "EE1"
    assert found.cohesion == pytest.approx(0.7)
    assert (found.weakest[0].id, found.weakest[1].id, found.weakest[2]) == ("FI1", "LT1", pytest.approx(0.4))


def test_what_is_handed_in_is_kept() -> None:
    """Id and day; a viewer who sees too little is told so and changes no level."""
    found = candidate(TRIO, ALIKE, id="c-7", viewer_sees=1)
    assert (found.id, found.day, found.label, found.offers) == ("c-7", DAY, None, None)
    assert found.instrument is None
    assert found.gates[5].passed is False
    assert found.score.level == "A"


MANY = [
    *TRIO,
    replace(TRIO[0], id="EE2", organisation="Border guard", value_eur=None, standards=()),
    replace(TRIO[1], id="FI2", joint_interest=NO),
    need("SE", joint_interest=None, regime="2009/81", visibility=TRIO[0].visibility),
]


@given(st.permutations(range(len(MANY))))
def test_the_order_of_the_needs_changes_nothing(shuffled: list[int]) -> None:
    """Even of needs that are all alike the same one is the medoid."""
    base = np.random.default_rng(7).uniform(0.3, 0.9, (len(MANY), len(MANY)))
    for matrix in ((base + base.T) / 2, np.full(base.shape, 0.7)):
        plain = judge(MANY, matrix, day=DAY)
        assert judge([MANY[i] for i in shuffled], matrix[np.ix_(shuffled, shuffled)], day=DAY) == plain


FIELDS: list[tuple[str, object]] = [
    ("cpv", ()),
    ("regime", ""),
    ("value_eur", None),
    ("window_end", None),
    ("standards", ()),
    ("working_languages", ()),
    ("joint_interest", None),
]


@given(st.integers(0, 2), st.lists(st.sampled_from(FIELDS), min_size=1, max_size=7, unique_by=lambda f: f[0]))
def test_a_field_that_is_removed_lowers_completeness_alone(
    which: int, removed: list[tuple[str, object]]
) -> None:
    """K falls with each; S is the mean of what is still known."""
    needs = list(TRIO)
    before = candidate(needs, ALIKE)
    needs[which] = replace(needs[which], **dict(removed))  # type: ignore[arg-type]  # a table of fields
    after = candidate(needs, ALIKE)
    assert after.score.completeness < before.score.completeness
    known = [factor for factor in after.score.factors if factor.value is not None]
    mean = sum(f.weight * (f.value or 0) for f in known) / sum(f.weight for f in known)
    assert after.score.total == pytest.approx(100 * mean)
    touched = {factor.name for factor in after.score.factors if factor.missing}
    for was, now in zip(before.score.factors, after.score.factors, strict=True):
        if now.name not in touched | {"budget and volume"}:  # a threshold may follow from regime and window
            assert was.value == now.value
