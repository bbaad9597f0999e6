"""Measures of a grouping, by hand and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.metrics.cluster import pair_confusion_matrix

from matcher.evaluate.clustering import compare

TRUTH = {"a": "1", "b": "1", "c": "1", "d": "2", "e": "2", "f": "3"}


def test_the_true_grouping_is_perfect_under_any_names() -> None:
    """Names of groups mean nothing."""
    scores = compare({item: f"g{group}" for item, group in TRUTH.items()}, TRUTH)
    assert scores.items == 6
    assert (scores.pair_f1, scores.bcubed_f1, scores.ari, scores.ami) == pytest.approx((1, 1, 1, 1))


def test_a_mixed_grouping_by_hand() -> None:
    """{a b} {c d} {e} {f}: one of two claimed pairs is true, one of four true pairs is claimed."""
    scores = compare({"a": "x", "b": "x", "c": "y", "d": "y", "e": "z", "f": "w"}, TRUTH)
    assert scores.pair_precision == pytest.approx(1 / 2)
    assert scores.pair_recall == pytest.approx(1 / 4)
    assert scores.pair_f1 == pytest.approx(1 / 3)
    assert scores.bcubed_precision == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1 + 1) / 6)
    assert scores.bcubed_recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2 + 1) / 6)
    assert scores.bcubed_f1 == pytest.approx(2 * (5 / 6) * (11 / 18) / (5 / 6 + 11 / 18))


def test_all_alone_claims_nothing_wrong_and_finds_nothing() -> None:
    """No pair claimed is precise, and misses all."""
    scores = compare({item: item for item in TRUTH}, TRUTH)
    assert (scores.pair_precision, scores.pair_recall, scores.pair_f1) == (1, 0, 0)
    assert scores.bcubed_precision == 1


def test_an_item_that_was_not_found_is_alone() -> None:
    """Leaving items out is measured like leaving them alone; others than the true items do not count."""
    alone = {item: item for item in TRUTH} | {"a": "x", "b": "x"}
    assert compare({"a": "x", "b": "x", "stranger": "x"}, TRUTH) == compare(alone, TRUTH)


def test_nothing_to_group_is_no_error() -> None:
    """An empty truth has no items."""
    assert compare({}, {}).items == 0


LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=30)


@given(LABELS)
def test_scores_agree_with_scikit_learn(labels: list[tuple[int, int]]) -> None:
    """ARI, AMI, and pairs counted from its confusion matrix."""
    found = {f"i{n}": f"f{a}" for n, (a, _) in enumerate(labels)}
    truth = {f"i{n}": f"t{b}" for n, (_, b) in enumerate(labels)}
    scores = compare(found, truth)
    a, b = [a for a, _ in labels], [b for _, b in labels]
    assert scores.ari == pytest.approx(adjusted_rand_score(b, a), abs=1e-9)
    assert scores.ami == pytest.approx(adjusted_mutual_info_score(b, a), abs=1e-9)
    (_, claimed), (missed, both) = pair_confusion_matrix(b, a)
    assert scores.pair_precision == pytest.approx(both / (both + claimed) if both + claimed else 1)
    assert scores.pair_recall == pytest.approx(both / (both + missed) if both + missed else 1)


@given(LABELS)
def test_precision_and_recall_change_places_with_the_groupings(labels: list[tuple[int, int]]) -> None:
    """The precision of one against the other is the recall of the other against the one."""
    found = {f"i{n}": f"f{a}" for n, (a, _) in enumerate(labels)}
    truth = {f"i{n}": f"t{b}" for n, (_, b) in enumerate(labels)}
    one, other = compare(found, truth), compare(truth, found)
    assert one.pair_precision == pytest.approx(other.pair_recall)
    assert one.bcubed_precision == pytest.approx(other.bcubed_recall)
    values = np.array([one.pair_f1, one.bcubed_precision, one.bcubed_recall, one.bcubed_f1])
    assert np.all((values >= 0) & (values <= 1 + 1e-9))
