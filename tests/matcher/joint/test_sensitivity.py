"""How far an order depends on the weights."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from matcher.errors import SettingInvalid
from matcher.joint import JointCandidate, judge, sensitivity
from matcher.joint.weights import NAMES
from matcher.records import JointInterest, Need


def candidate(name: str, chance: float, regimes: tuple[str, str], spoken: tuple[str, str]) -> JointCandidate:
    """A pair that is good in some factors and bad in others."""
    pair = [
        Need(
            id=f"{name}{i}",
            title="Vests",
            country=("EE", "FI")[i],
            organisation=str(i),
            regime=regimes[i],
            working_languages=(spoken[i],),
            joint_interest=JointInterest.YES,
        )
        for i in range(2)
    ]
    judged = judge(pair, np.array([[1, chance], [chance, 1]]), id=name, day=date(2026, 6, 1))
    assert isinstance(judged, JointCandidate)
    return judged


BEST = candidate("best", 0.95, ("2014/24", "2014/24"), ("en", "en"))
ALIKE = candidate("alike", 0.9, ("2014/24", "2009/81"), ("fr", "en"))
LEGAL = candidate("legal", 0.72, ("2014/24", "2014/24"), ("fr", "en"))
CAPPED = candidate("capped", 0.3, ("2014/24", "2014/24"), ("en", "en"))
ALL = [BEST, ALIKE, LEGAL, CAPPED]


def test_what_is_better_in_all_stays_first_and_what_is_capped_stays_last() -> None:
    """Whatever the weights; between them the order depends on how much each factor counts."""
    first, *between, last = sensitivity(ALL, 2)
    assert (first.candidate, first.rank, first.best, first.worst, first.in_top) == (BEST, 1, 1, 1, 1.0)
    assert (last.candidate, last.best, last.worst, last.in_top) == (CAPPED, 4, 4, 0.0)
    assert {(standing.best, standing.worst) for standing in between} == {(2, 3)}
    assert sum(standing.in_top for standing in between) == pytest.approx(1)
    assert 0 < between[0].in_top < 1


def test_ranks_without_spread_are_those_of_the_scores() -> None:
    """Where weights do not move, the order is that of R, in every draw."""
    found = sensitivity(ALL, 1, draws=3, spread=0)
    by_rank = sorted(ALL, key=lambda each: -each.score.rank)
    assert [standing.candidate for standing in found] == by_rank
    assert all(standing.best == standing.rank == standing.worst for standing in found)


def test_the_same_seed_gives_the_same_whatever_the_order() -> None:
    """Neither chance nor the order of candidates changes what is shown; another seed may."""
    assert sensitivity(ALL[::-1], 2, seed=3) == sensitivity(ALL, 2, seed=3)
    assert sensitivity(ALL, 2, seed=3, draws=50) != sensitivity(ALL, 2, seed=4, draws=50)


def test_equals_are_ordered_by_id() -> None:
    """Two that score the same share no rank."""
    twins = [replace(BEST, id="b"), replace(BEST, id="a")]
    assert [(each.candidate.id, each.worst) for each in sensitivity(twins, 1)] == [("a", 1), ("b", 2)]


def test_the_sentence_has_rank_range_and_share() -> None:
    """For analysts, in words."""
    said = sensitivity(ALL, 2, draws=10)[0].sentence
    assert said == (
        "Rank 1, between 1 and 1 over 10 draws of the weights; among the first 2 in 100 % of them."
    )


@pytest.mark.parametrize("options", [{"k": 0}, {"k": 1, "draws": 0}, {"k": 1, "spread": 1.5}])
def test_nothing_to_draw_is_refused(options: dict[str, int]) -> None:
    """No place, no draw, or weights below zero; no candidates are no standings."""
    with pytest.raises(SettingInvalid, match="at least one draw"):
        sensitivity(ALL, **options)
    assert sensitivity([], 1) == ()


def test_every_factor_can_decide() -> None:
    """All nine are drawn: a candidate's factors are those of the weights."""
    assert tuple(factor.name for factor in BEST.score.factors) == NAMES
