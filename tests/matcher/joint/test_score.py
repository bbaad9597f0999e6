"""S, K and R of nine factors, the level under the gates, and what would raise them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.joint.factors import Factor
from matcher.joint.gates import Gate
from matcher.joint.score import CandidateLevel, Score, score
from matcher.joint.weights import NAMES, WEIGHTS

OPEN = tuple(Gate(name, f"title of {name}", True, "reason") for name in ("G1", "G2", "G3", "G4", "G5", "G6"))


def nine(otherwise: float | None = 1.0, /, **values: float | None) -> tuple[Factor, ...]:
    """All factors at one value, except those named by their first word."""
    found = []
    for name in NAMES:
        value = values.get(name.split()[0], otherwise)
        missing = ("N1: field",) if value is None else ()
        found.append(Factor(name, WEIGHTS.of[name], value, float(value is not None), "Sentence.", missing))
    return tuple(found)


def gated(name: str, passed: bool | None) -> tuple[Gate, ...]:
    """The gates, one of them as stated."""
    return tuple(replace(gate, passed=passed) if gate.name == name else gate for gate in OPEN)


def test_unknown_factors_take_part_in_completeness_alone() -> None:
    """S is the mean of what is known, K the weight of it, R what orders."""
    found = score(nine(0.6, legal=None, standards=None), OPEN)
    assert found.total == pytest.approx(60)
    assert found.completeness == pytest.approx(0.83)
    assert found.rank == pytest.approx(60 * 0.915)


def test_completeness_counts_a_factor_by_the_share_that_is_known() -> None:
    """Two of three members known is two thirds of its weight in K, and all of it in S."""
    third = tuple(
        replace(factor, known=2 / 3, value=0.0) if factor.name == "timeline" else factor
        for factor in nine(legal=None)
    )
    found = score(third, OPEN)
    assert found.completeness == pytest.approx(0.9 - 0.05)
    assert found.total == 49  # 0.75 / 0.9 before the cap


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ({"functional": 0.399}, 49),
        ({"functional": 0.4}, 82),
        ({"timeline": 0.0}, 49),
        ({"timeline": 0.01}, 85.15),
        ({"timeline": None}, 100),
        ({"legal": 0.0}, 49),
        ({"language": 0.0, "willingness": 0.0}, 90),
    ],
)
def test_what_nothing_makes_up_for_caps_the_score(values: dict[str, float | None], total: float) -> None:
    """Another function, windows a year apart, an excluded member; the unknown caps nothing."""
    found = score(nine(**values), OPEN)
    assert found.total == pytest.approx(total)
    assert (len(found.caps), found.capped) == ((1, True) if total == 49 else (0, False))
    assert found.level is (CandidateLevel.C if total == 49 else CandidateLevel.A)


@pytest.mark.parametrize(
    ("factors", "level"),
    [
        (nine(0.7), "A"),
        (nine(0.699), "B"),
        (nine(0.5), "B"),
        (nine(0.499), "C"),
        (nine(legal=None, budget=None), "A"),
        (nine(legal=None, budget=None, language=None), "B"),
    ],
)
def test_levels_begin_where_the_weights_say(factors: tuple[Factor, ...], level: str) -> None:
    """A from 70 points with .8 known, B from 50."""
    found = score(factors, OPEN).level
    assert found == level
    assert found.words == {"A": "ready to talk", "B": "promising", "C": "watch"}[level]


@pytest.mark.parametrize("name", ["G1", "G2", "G3", "G4", "G5", "G6"])
@pytest.mark.parametrize("passed", [False, None])
def test_gates_hold_the_level_and_never_the_score(name: str, passed: bool | None) -> None:
    """G1-G3 and G5 are needed, a failed G4 caps; what G4 cannot say, and who looks, does not."""
    found = score(nine(), gated(name, passed))
    needed = name in ("G1", "G2", "G3", "G5") or (name == "G4" and passed is False)
    assert found.level == ("C" if needed else "A")
    assert bool(found.caps) == needed
    assert found.total == 100


def improvements(found: Score) -> list[tuple[str, str]]:
    """Factor and kind of each."""
    return [(each.factor, each.kind) for each in found.improvements]


def test_the_three_greatest_improvements_are_shown() -> None:
    """Moves by what S gains, gaps by what K gains, in the order of what R gains from either."""
    found = score(nine(timeline=0.5, legal=None, language=0.0, security=0.9, classification=0.0), OPEN)
    assert improvements(found) == [("timeline", "move"), ("language", "move"), ("legal regime", "fill")]
    moved, _, filled = found.improvements
    assert moved.gain == pytest.approx(100 * 0.15 * 0.5 / 0.9)
    assert "S could rise by up to 8.3 points" in moved.sentence
    assert filled.gain == pytest.approx(10)
    assert "State the legal regime (N1)" in filled.sentence


def test_what_a_need_is_about_cannot_be_moved() -> None:
    """Neither function nor codes nor value; and a perfect candidate has nothing to improve."""
    assert improvements(score(nine(functional=0.6, classification=0.0, budget=0.1), OPEN)) == []
    assert improvements(score(nine(), OPEN)) == []


def test_what_is_for_review_is_no_move() -> None:
    """Where G4 fails, neither the regime nor who may see it is shown as something to be talked round."""
    factors = nine(legal=0.4, security=0.2, language=0.5)
    assert len(improvements(score(factors, OPEN))) == 3
    assert improvements(score(factors, gated("G4", False))) == [("language", "move")]


def test_under_a_cap_only_what_lifts_it_helps() -> None:
    """A better language is no help while the windows lie a year apart."""
    found = score(nine(timeline=0.0, language=0.0), OPEN)
    assert improvements(found) == [("timeline", "move")]
    assert found.improvements[0].gain == pytest.approx(95 - 49)
    assert improvements(score(nine(functional=0.2, language=0.0), OPEN)) == []


VALUES = st.lists(st.none() | st.floats(0, 1), min_size=9, max_size=9)


@given(VALUES, st.integers(0, 8), st.floats(0, 1))
def test_the_score_never_falls_as_a_factor_rises(
    values: list[float | None], place: int, other: float
) -> None:
    """Monotone in each factor, within its bounds, and the same completeness."""
    low, high = sorted((values[place] or 0.0, other))
    found = []
    for value in (low, high):
        names = zip(NAMES, [*values[:place], value, *values[place + 1 :]], strict=True)
        found.append(score(nine(**{name.split()[0]: each for name, each in names}), OPEN))
    below, above = found
    assert 0 <= below.total <= above.total <= 100
    assert below.rank <= above.rank
    assert below.completeness == above.completeness
    assert below.level >= above.level  # as letters: A stands before C


@given(VALUES, st.integers(0, 8))
def test_a_factor_that_becomes_unknown_lowers_completeness(values: list[float | None], place: int) -> None:
    """By its weight; the rest decides S."""
    by_name = {name.split()[0]: each for name, each in zip(NAMES, values, strict=True)}
    before = score(nine(**by_name), OPEN)
    after = score(nine(**(by_name | {NAMES[place].split()[0]: None})), OPEN)
    lost = WEIGHTS.of[NAMES[place]] if values[place] is not None else 0
    assert after.completeness == pytest.approx(before.completeness - lost)
    for found in (before, after):
        known = [factor for factor in found.factors if factor.value is not None]
        weight = sum(factor.weight for factor in known)
        plain = sum(factor.weight * (factor.value or 0) for factor in known) * 100 / weight if known else 0
        assert found.total == pytest.approx(min(plain, 49) if found.capped else plain, abs=1e-6)


def test_what_to_fill_in_is_asked_in_words() -> None:
    """Who leaves it out, and of a window which end; no name of a field."""
    factors = tuple(
        replace(factor, missing=("A: window_start", "A: window_end", "B: window_end"))
        if factor.name == "timeline"
        else replace(factor, missing=("A: joint_interest",))
        if factor.name == "willingness"
        else factor
        for factor in nine(timeline=None, willingness=None)
    )
    told = [each.sentence for each in score(factors, OPEN).improvements]
    assert told[0].startswith("State the procurement window (A: start and end; B: end): K could rise by")
    assert told[1].startswith("Ask the owners (A): ")
