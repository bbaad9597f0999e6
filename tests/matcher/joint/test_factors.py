"""Nine factors, each known over those who state what it asks for, or unknown."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.joint.differences import Difference
from matcher.joint.factors import Factor, factors
from matcher.joint.thresholds import check
from matcher.joint.timeline import timeline
from matcher.joint.weights import NAMES, WEIGHTS
from matcher.records import JointInterest, Need, Visibility

DAY = date(2026, 6, 1)
A, B, C = (Need(id=name, title=f"Vests {name}", country=name * 2) for name in "ABC")


def alike(*pairs: float) -> NDArray[np.float64]:
    """`float64[n, n]` of the pairs in the order of the upper triangle."""
    size = {1: 2, 3: 3}[len(pairs)]
    matrix = np.eye(size)
    matrix[np.triu_indices(size, 1)] = pairs
    return np.maximum(matrix, matrix.T)


def all_of(
    members: list[Need], likeness: NDArray[np.float64] | None = None, conflicts: int = 0
) -> dict[str, Factor]:
    """All factors of some members by name."""
    differing = [
        Difference(
            requirement="weight",
            values={"A": "2 kg", "B": "3 kg"},
            severity="conflict",
            sentence="Conflict: A requires 2 kg, B 3 kg.",
            groups=(("A",), ("B",)),
        )
    ]
    found = factors(
        members,
        np.ones((len(members), len(members))) if likeness is None else likeness,
        line=timeline(members),
        check=check(members, DAY),
        conflicts=differing * conflicts,
    )
    return {factor.name: factor for factor in found}


def stating(name: str, *values: object) -> list[Need]:
    """Three needs (or as many as there are values) that state one field."""
    return [replace(need, **{name: value}) for need, value in zip((A, B, C), values, strict=False)]  # type: ignore[arg-type]


def test_needs_that_state_nothing_leave_factors_unknown_and_not_zero() -> None:
    """Only what every need has is known: what it is about, and who may see it."""
    found = all_of([A, B, C])
    assert tuple(found) == NAMES
    known = {name for name, factor in found.items() if factor.value is not None}
    assert known == {"functional overlap", "security and sharing"}
    for name in set(NAMES) - known:
        assert found[name].known == 0
        assert "unknown for A, B, C" in found[name].sentence
        assert len(found[name].missing) == (6 if name == "timeline" else 3)
    assert {factor.weight for factor in found.values()} == set(WEIGHTS.of.values())


FIELDS: list[tuple[str, str, object]] = [
    ("classification", "cpv", ("35815100",)),
    ("legal regime", "regime", "2014/24"),
    ("standards", "standards", ("EN 1063",)),
    ("language", "working_languages", ("en",)),
    ("willingness", "joint_interest", JointInterest.YES),
    ("budget and volume", "value_eur", 700_000.0),
]


@pytest.mark.parametrize(("name", "field", "value"), FIELDS)
def test_two_who_state_it_make_a_factor_known(name: str, field: str, value: object) -> None:
    """The share that is known is counted, and the sentence says who states nothing; one alone is nobody."""
    empty = getattr(A, field)
    two, one = stating(field, value, value, empty), stating(field, value, empty, empty)
    of_two, of_one = all_of(two)[name], all_of(one)[name]
    assert of_two.value == pytest.approx(1)
    assert of_two.known == pytest.approx(2 / 3)
    assert "Unknown for 1 of 3: C." in of_two.sentence
    assert [entry.split(":")[0] for entry in of_two.missing] == ["C"]
    assert of_one.value is None
    assert of_one.known == pytest.approx(1 / 3)
    assert all_of(stating(field, value, value, value))[name].missing == ()


def test_functional_overlap_takes_probabilities_as_they_are() -> None:
    """0.7 of the mean and 0.3 of the least; the weakest pair is named with its level."""
    found = all_of([A, B, C], alike(0.9, 0.6, 0.75))["functional overlap"]
    assert found.value == pytest.approx(0.7 * 0.75 + 0.3 * 0.6)
    assert "weakest pair A–C (likely)" in found.sentence
    assert found.sentence.startswith("All 3 describe “Vests A”")
    weak = all_of([A, B], alike(0.1))["functional overlap"]
    assert weak.sentence.startswith("Not all are clearly about")


def test_codes_that_all_members_name_are_shared() -> None:
    """A standard in the text of each is told."""
    members = [replace(need, description="Glass to EN 1063") for need in (A, B)]
    assert "Shared: EN1063." in all_of(members)["functional overlap"].sentence


def test_classification_is_the_mean_of_the_nearest_codes_of_each_pair() -> None:
    """By shared prefix, a code above another nearer."""
    found = all_of(stating("cpv", ("35815100",), ("35800000", "35815100"), ("35813000",)))["classification"]
    assert found.value == pytest.approx(0.8)
    assert found.sentence == "Common CPV branch 3581."
    odd = all_of(stating("cpv", ("35815100",), ("35813000",), ("48000000",)))["classification"]
    assert "C uses 48000000, check it" in odd.sentence
    assert odd.value == pytest.approx(0.7 / 3)


@pytest.mark.parametrize(
    ("days", "value"),
    [(400, 1.0), (90, 1.0), (45, 0.85), (0, 0.7), (-63, 0.7 * (1 - 63 / 365)), (-365, 0.0), (-800, 0.0)],
)
def test_windows_count_by_the_days_in_which_they_meet_or_miss(days: int, value: float) -> None:
    """1 from 90 days on, .7 where they touch, 0 from a year apart."""
    first = replace(A, window_start=date(2027, 1, 1), window_end=date(2028, 6, 1))
    start = date(2028, 6, 1) - timedelta(days)
    second = replace(B, window_start=start, window_end=start + timedelta(2000))
    found = all_of([first, second])["timeline"]
    assert found.value == pytest.approx(value)
    assert found.sentence


def test_a_window_without_both_ends_is_not_known() -> None:
    """The end that is missing is what is asked for."""
    both = {"window_start": date(2027, 1, 1), "window_end": date(2027, 12, 1)}
    half = replace(B, window_start=date(2027, 2, 1))
    found = all_of([replace(A, **both), half])["timeline"]
    assert (found.value, found.known, found.missing) == (None, 0.5, ("B: window_end",))
    three = all_of([replace(A, **both), half, replace(C, **both)])["timeline"]
    assert three.value is not None
    assert three.known == pytest.approx(2 / 3)
    assert "not stated in full by B" in three.sentence


def test_volume_is_half_size_and_half_balance() -> None:
    """Tenfold the threshold is full size; equal shares are full balance; the sentence has the row's days."""
    members = [replace(need, regime="2014/24", buyer_type="cga") for need in (A, B)]
    even = [replace(need, value_eur=70_000.0) for need in members]
    found = all_of(even)["budget and volume"]
    assert found.value == pytest.approx(0.5 * 0 + 0.5)
    assert "EUR 140,000 (1.0 times the threshold of EUR 140,000" in found.sentence
    assert "in force 1 Jan 2026 - 31 Dec 2027" in found.sentence
    uneven = [replace(members[0], value_eur=1_300_000.0), replace(members[1], value_eur=100_000.0)]
    effective = 1 / ((13 / 14) ** 2 + (1 / 14) ** 2)
    assert all_of(uneven)["budget and volume"].value == pytest.approx(0.5 + 0.5 * effective / 2)
    assert "largest share 93 %" in all_of(uneven)["budget and volume"].sentence


def test_volume_without_threshold_or_without_any_money_is_unknown() -> None:
    """There is nothing to compare with, or nothing to compare."""
    excluded = [replace(need, regime="excluded-346", value_eur=1e6) for need in (A, B)]
    assert all_of(excluded)["budget and volume"].value is None
    assert all_of(stating("value_eur", 0.0, 0.0))["budget and volume"].value is None


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        (("2014/24", "2014/24"), 1.0),
        (("2014/24", "2014/25"), 0.6),
        (("2014/24", "below-threshold"), 0.6),
        (("2009/81", "2009/81"), 1.0),
        (("2014/24", "2009/81", "2014/24"), 0.4),
        (("2014/24", "excluded-346"), 0.0),
        (("excluded-346", "excluded-346"), 0.0),
        (("2014/24", "unknown"), None),
    ],
)
def test_regimes_count_by_how_they_mix(stated: tuple[str, ...], value: float | None) -> None:
    """One and the same, two that are alike, the defence directive among others, or excluded."""
    found = all_of(stating("regime", *stated))["legal regime"]
    assert found.value == value
    assert value in (1.0, None) or "ask a lawyer" in found.sentence
    assert not any(code in found.sentence for code in ("excluded-346", "below-threshold"))


@pytest.mark.parametrize(
    ("levels", "value"),
    [
        ((Visibility.PUBLIC, Visibility.PUBLIC), 1.0),
        ((Visibility.PUBLIC, Visibility.NETWORK_INDUSTRY), 0.6),
        ((Visibility.PUBLIC, Visibility.NETWORK), 0.2),
        ((Visibility.PRIVATE, Visibility.PUBLIC), 0.2),
    ],
)
def test_sharing_counts_levels_between_the_most_and_the_least_open(
    levels: tuple[Visibility, ...], value: float
) -> None:
    """The more restricted one is named."""
    found = all_of(stating("visibility", *levels))["security and sharing"]
    assert (found.value, found.known) == (value, 1.0)
    most_closed = min(zip(levels, "AB", strict=True), key=lambda pair: pair[0].rank)[1]
    assert value == 1.0 or found.sentence.startswith(f"{most_closed} is more restricted")
    assert value < 1.0 or found.sentence == "All may be seen by everybody."


def test_classification_marks_count_where_two_state_them() -> None:
    """One mark alone is told, and compared with nothing."""
    two = stating("extra", {"classification": "none"}, {"classification": "confidential"})
    found = all_of(two)["security and sharing"]
    assert found.value == 0.2
    assert found.sentence == "B is classified higher: security review first. Marked: B confidential."
    alone = all_of([two[1], A])["security and sharing"]
    assert alone.value == 1.0
    assert "Marked: B confidential." in alone.sentence


def test_standards_count_by_what_pairs_share_less_conflicts() -> None:
    """Spelling does not matter; a conflict of must-requirements takes .2, down to nothing."""
    members = stating("standards", ("EN 1063", "VPAM APR 2006"), ("EN1063",), ("EN 1063", "EN 1522"))
    adopted = all_of(stating("standards", ("EN ISO 20345",), ("ISO 20345:2022",)))["standards"]
    assert adopted.value == 1.0  # the EN adoption of an ISO standard is the same
    plain, conflicting = all_of(members)["standards"], all_of(members, conflicts=1)["standards"]
    assert plain.value == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 3)
    assert plain.sentence.startswith("In common: EN 1063. Named by some:")
    assert conflicting.value == pytest.approx((4 / 3) / 3 - 0.2)
    assert "A requires 2 kg, B 3 kg" in conflicting.sentence
    assert all_of(members, conflicts=9)["standards"].value == 0
    silent = all_of([A, B], conflicts=1)["standards"]
    assert silent.value is None
    assert "A requires 2 kg" in silent.sentence


@pytest.mark.parametrize(
    ("spoken", "value", "says"),
    [
        ((("fr",), ("pt", "en"), ("ro", "en")), 1 / 3, "Common language: English, but not of A."),
        ((("fr", "en"), ("pt", "en"), ("ro", "en")), 1.0, "Common language: English."),
        ((("fr",), ("pt",), ("ro",)), 0.0, "No two have"),
    ],
)
def test_language_is_the_share_of_pairs_that_can_talk(
    spoken: tuple[tuple[str, ...], ...], value: float, says: str
) -> None:
    """A known nothing is zero: these have said what they speak."""
    found = all_of(stating("working_languages", *spoken))["language"]
    assert found.value == pytest.approx(value)
    assert says in found.sentence


def test_willingness_is_the_mean_of_what_owners_say() -> None:
    """Yes 1, maybe half; who was not asked is unknown."""
    said = stating("joint_interest", JointInterest.YES, JointInterest.MAYBE, None)
    found = all_of(said)["willingness"]
    assert found.value == 0.75
    assert found.sentence == "A said yes; B said maybe. Unknown for 1 of 3: C."
    assert found.missing == ("C: joint_interest",)


MAYBE = st.one_of(st.none(), st.floats(1, 1e9, allow_nan=False))
NEEDS = st.builds(
    Need,
    id=st.just(""),
    title=st.just("Vests"),
    cpv=st.lists(st.sampled_from(["35815100", "35800000", "48000000"]), max_size=2, unique=True).map(tuple),
    regime=st.sampled_from(["", "2014/24", "2014/25", "2009/81", "excluded-346", "unknown"]),
    value_eur=MAYBE,
    standards=st.lists(st.sampled_from(["EN 1063", "EN 1522"]), max_size=2, unique=True).map(tuple),
    working_languages=st.lists(st.sampled_from(["en", "fr"]), max_size=2, unique=True).map(tuple),
    joint_interest=st.sampled_from([None, JointInterest.YES, JointInterest.MAYBE]),
    visibility=st.sampled_from(Visibility),
    window_start=st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 1)),
    window_end=st.none() | st.dates(date(2027, 1, 1), date(2027, 12, 1)),
)


@given(st.lists(NEEDS, min_size=2, max_size=4))
def test_factors_keep_their_bounds_and_a_field_that_goes_makes_less_known(members: list[Need]) -> None:
    """In [0, 1] or unknown, with a sentence and what is missing; leaving a field out never raises `known`."""
    members = [replace(need, id=f"N{i}") for i, need in enumerate(members)]
    found = all_of(members)
    for factor in found.values():
        assert factor.value is None or 0 <= factor.value <= 1
        assert 0 <= factor.known <= 1
        assert factor.sentence
        assert (factor.known == 1) == (not factor.missing)
    for name, field, _ in FIELDS:
        fewer = [replace(members[0], **{field: getattr(A, field)}), *members[1:]]  # type: ignore[arg-type]
        assert all_of(fewer)[name].known <= found[name].known
