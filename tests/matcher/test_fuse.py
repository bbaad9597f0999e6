"""One order out of two scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.branch import UNSAID
from matcher.fuse import FusionWeights, fuse, order
from matcher.retrieve import Candidates

SHARES = st.floats(0, 1, width=32)


def fused(
    dense: float, late: float, words: float, codes: float, branch: float, same: bool, weights: FusionWeights
) -> float:
    """The fused score of one candidate with the given scores."""
    one, two, three, four, five = (
        np.array([value], dtype=np.float32) for value in (dense, words, codes, late, branch)
    )
    return float(fuse(Candidates(np.array([0]), one, two, three, np.array([same]), four, five), weights)[0])


@st.composite
def weights(draw: st.DrawFn) -> FusionWeights:
    """Any weights that are shares."""
    codes = draw(st.floats(0, 1))
    late = draw(st.floats(0, 1 - codes))
    branch = draw(st.floats(0, max(0.0, 1 - codes - late)))
    left = max(0.0, 1 - codes - late - branch)
    return FusionWeights(draw(st.floats(0, left)), draw(st.floats(0, left)), codes, late, branch)


COSINES = st.floats(-1, 1, width=32)
BRANCHES = st.one_of(SHARES, st.just(float("nan")))


@given(COSINES, COSINES, SHARES, SHARES, BRANCHES, st.booleans(), weights())
def test_the_fused_score_is_a_share(
    dense: float, late: float, words: float, codes: float, branch: float, same: bool, given: FusionWeights
) -> None:
    """Whatever the legs say, the score stays in [0, 1]."""
    assert -1e-6 <= fused(dense, late, words, codes, branch, same, given) <= 1 + 1e-6


@given(
    st.lists(COSINES, min_size=2, max_size=2),
    st.lists(COSINES, min_size=2, max_size=2),
    st.lists(SHARES, min_size=2, max_size=2),
    st.lists(SHARES, min_size=2, max_size=2),
    st.lists(SHARES, min_size=2, max_size=2),
    st.booleans(),
    weights(),
)
def test_the_fused_score_rises_with_every_leg(
    dense: list[float],
    late: list[float],
    words: list[float],
    codes: list[float],
    branch: list[float],
    same: bool,
    given_weights: FusionWeights,
) -> None:
    """A candidate that is nowhere worse is not ordered behind."""
    low = (min(dense), min(late), min(words), min(codes), min(branch))
    high = (max(dense), max(late), max(words), max(codes), max(branch))
    worse = fused(*low, same, given_weights)
    for at in range(5):
        better = (*low[:at], high[at], *low[at + 1 :])
        assert fused(*better, same, given_weights) >= worse - 1e-6


def test_words_count_by_whether_languages_agree() -> None:
    """The two gates have a weight each."""
    gated = FusionWeights(words_same_language=0.4, words_cross_language=0.1, codes=0.0)
    assert fused(0, 0, 1, 0, 0, True, gated) - fused(0, 0, 0, 0, 0, True, gated) == pytest.approx(0.4)
    assert fused(0, 0, 1, 0, 0, False, gated) - fused(0, 0, 0, 0, 0, False, gated) == pytest.approx(0.1)


def test_what_is_left_is_the_weight_of_meaning() -> None:
    """The weights add up to one, so that a perfect candidate scores one."""
    assert FusionWeights(0.3, 0.1, 0.2).meaning == 0.5
    assert fused(1, 1, 1, 1, 1, True, FusionWeights(0.3, 0.1, 0.2, 0.1, 0.1)) == pytest.approx(1.0)
    assert FusionWeights(0.6, 0.6, 0.4).meaning == 0.0
    assert FusionWeights(0.1, 0.2, 0.3, 0.4).meaning == pytest.approx(0.1)


@pytest.mark.parametrize("shares", [(-0.1, 0, 0), (0, 0, -0.1), (0.7, 0, 0.4), (0, 0.9, 0.2)])
def test_weights_that_are_no_shares_are_refused(shares: tuple[float, float, float]) -> None:
    """A negative weight would turn an order round, and more than one would leave meaning below zero."""
    with pytest.raises(ValueError, match="shares"):
        FusionWeights(*shares)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.text("abc", max_size=2)), max_size=12))
def test_ties_are_broken_by_name_or_by_row(items: list[tuple[float, str]]) -> None:
    """Best first; equals in the order of their names if there are any, else of their rows."""
    scores = np.array([score for score, _ in items], dtype=np.float32)
    names = [name for _, name in items]
    rows = np.arange(len(items))[::-1]
    by_name = [(-float(scores[i]), names[i]) for i in order(rows, scores, names)]
    by_row = [(-float(scores[i]), int(rows[i])) for i in order(rows, scores)]
    assert by_name == sorted(by_name)
    assert by_row == sorted(by_row)
    assert len(by_name) == len(by_row) == len(items)


def test_a_code_that_is_not_stated_is_neither_the_best_nor_the_worst() -> None:
    """Unknown is not zero: it stands between codes that agree and codes that do not."""
    given = FusionWeights(0, 0, 0, 0, 0.2)
    apart, unsaid, alike = (fused(0, 0, 0, 0, branch, False, given) for branch in (0, float("nan"), 1))
    assert apart < unsaid < alike
    assert unsaid - apart == pytest.approx(0.2 * UNSAID, abs=1e-6)
