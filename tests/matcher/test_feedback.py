"""What users say moves their own list, a little and reversibly (story 11)."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.calibrate import FEATURES, LogisticCalibrator
from matcher.explain import Contribution, Explanation, Match
from matcher.feedback import LARGEST_MOVE, Feedback, Judgement, Verdict, scores_of
from matcher.records import Solution

PRIOR = LogisticCalibrator("m@1", (4.0, 3.0, 1.0, 1.0, 2.0, 1.0), -3.0, 200, "2026-01-01")
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def said(query: str, document: str, verdict: Verdict, *features: float, model: str = "m@1") -> Judgement:
    """A judgement on a pair with these scores."""
    scores = (*features, *[0.0] * (len(FEATURES) - len(features)))
    return Judgement(query, document, verdict, scores, 1, model, WHEN, "wrong_function")


def shown(rank: int, name: str, *values: float) -> Match:
    """A result with these scores."""
    parts = tuple(Contribution(f, v, None) for f, v in zip(FEATURES, values, strict=False) if v)
    return Match(rank, Solution(id=name, name=name), 0.5, 0.5, None, Explanation(parts, (), (), ()))


MANY = [
    *(said("N", f"R{i}", Verdict.RELEVANT, 0.2 + i / 50, 0.9) for i in range(4)),
    *(said("N", f"X{i}", Verdict.NOT_RELEVANT, 0.8 - i / 50, 0.1) for i in range(4)),
]


def test_few_judgements_change_nothing() -> None:
    """Before there are some of both verdicts the shipped calibrator stands."""
    assert Feedback(tuple(MANY[:4])).refit(PRIOR) == PRIOR
    assert Feedback(tuple(MANY[2:6])).refit(PRIOR) == PRIOR


def test_judgements_move_the_calibrator_towards_them() -> None:
    """What users found relevant becomes likelier than what they refused, and provenance counts them."""
    after = Feedback(tuple(MANY)).refit(PRIOR)
    values = np.array([MANY[0].features, MANY[4].features], dtype=np.float32)
    before, now = PRIOR.probability(values), after.probability(values)
    assert now[0] - now[1] > before[0] - before[1]
    assert after.judgements == PRIOR.judgements + len(MANY)
    assert min(after.coefficients) >= 0


def test_unsure_and_other_models_do_not_count() -> None:
    """Neither a shrug nor a word on other scores moves anything."""
    sure = Feedback(tuple(MANY))
    more = (*MANY, said("N", "U", Verdict.UNSURE, 1.0), said("N", "V", Verdict.RELEVANT, 1.0, model="m@0"))
    assert Feedback(more).refit(PRIOR) == sure.refit(PRIOR)


def test_the_order_of_judgements_does_not_matter() -> None:
    """The state is a function of what is kept."""
    some = [*MANY[:3], *MANY[4:7]]
    states = {Feedback(tuple(order)).refit(PRIOR) for order in list(permutations(some))[::97]}
    assert len(states) == 1


def test_undo_gives_the_state_without_it() -> None:
    """Taking a word back leaves no trace; a later word replaces the earlier."""
    less = Feedback(tuple(MANY))
    more = less.add(said("N", "Z", Verdict.NOT_RELEVANT, 0.9))
    assert more.refit(PRIOR) != less.refit(PRIOR)
    assert more.undo("N", "Z") == less
    changed = less.add(replace(MANY[0], verdict=Verdict.UNSURE))
    assert changed.judged("N")["R0"] is Verdict.UNSURE
    assert len(changed.judgements) == len(MANY)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1, width=32), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_no_result_moves_further_than_allowed(scores: list[float]) -> None:
    """Bounded in logit, whatever was said."""
    extreme = tuple(
        said(f"N{i}", "D", Verdict.RELEVANT if i % 2 else Verdict.NOT_RELEVANT, i % 2, 1 - i % 2)
        for i in range(40)
    )
    values = np.array([scores], dtype=np.float32)
    before, after = PRIOR.probability(values), Feedback(extreme).probabilities(PRIOR, values)
    moved = np.log(after / (1 - after)) - np.log(before / (1 - before))
    assert abs(float(moved[0])) <= LARGEST_MOVE + 1e-3


def test_refused_results_go_to_the_end_and_nothing_is_dropped() -> None:
    """Three refused, two liked: the refused leave the top of this user's list; ranks are counted anew."""
    matches = [shown(i, f"D{i}", 0.9 - i / 20, 0.5) for i in range(1, 8)]
    feedback = Feedback(())
    for i in (1, 2, 3):
        feedback = feedback.add(said("N", f"D{i}", Verdict.NOT_RELEVANT, *scores_of(matches[i - 1])))
    for i in (5, 6):
        feedback = feedback.add(said("N", f"D{i}", Verdict.RELEVANT, *scores_of(matches[i - 1])))
    found = feedback.reorder("N", matches, PRIOR)
    assert [match.record.id for match in found][-3:] == ["D1", "D2", "D3"]
    assert sorted(match.record.id for match in found) == sorted(match.record.id for match in matches)
    assert [match.rank for match in found] == list(range(1, 8))
    assert [m.record.id for m in Feedback(()).reorder("N", matches, PRIOR)] == [m.record.id for m in matches]
    assert [m.record.id for m in feedback.reorder("M", matches, PRIOR)] == [m.record.id for m in matches]


def test_the_identity_of_a_country_is_no_feature() -> None:
    """Permuting countries and vendors of the results changes no probability."""
    matches = [shown(i, f"D{i}", 0.9 - i / 20) for i in range(1, 5)]
    moved = [
        replace(m, record=replace(m.record, country=c, vendor=c))
        for m, c in zip(matches, ("FR", "PL", "MT", "FI"), strict=True)
    ]
    feedback = Feedback(tuple(MANY))
    assert [m.probability for m in feedback.reorder("N", matches, PRIOR)] == [
        m.probability for m in feedback.reorder("N", moved, PRIOR)
    ]


def test_the_export_says_what_was_shown() -> None:
    """Rank and model version go along, in a fixed order."""
    rows = Feedback(tuple(MANY[::-1])).export()
    assert [row["document_id"] for row in rows] == ["R0", "R1", "R2", "R3", "X0", "X1", "X2", "X3"]
    assert rows[0]["rank_shown"] == 1
    assert rows[0]["model_version"] == "m@1"
    assert rows[-1]["verdict"] == "not_relevant"
    assert rows[-1]["reason"] == "wrong_function"


def test_scores_are_read_off_a_result() -> None:
    """Those that were zero are zero again."""
    assert scores_of(shown(1, "D", 0.5, 0.0, 0.25)) == pytest.approx((0.5, 0.0, 0.25, 0.0, 0.0, 0.0))
