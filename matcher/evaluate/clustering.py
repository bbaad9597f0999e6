"""Measures of a grouping against the true one: pair F1, B-cubed F1, ARI, AMI.

B-cubed after Amigó et al. 2009; pairs count unordered; singles are groups like any other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GroupScores:
    """How well one grouping agrees with another."""

    pair_precision: float
    pair_recall: float
    pair_f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    ari: float
    ami: float
    items: int


def compare(found: Mapping[str, str], truth: Mapping[str, str]) -> GroupScores:
    """Agreement of two groupings (item to group) over the items of the true one.

    An item that was not found in any group counts as alone.

    >>> scores = compare({"a": "x", "b": "x", "c": "y"}, {"a": "1", "b": "1", "c": "1"})
    >>> round(scores.pair_precision, 3), round(scores.pair_recall, 3)
    (1.0, 0.333)
    """
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    items, predicted, actual = _labels(found, truth)
    precision, recall, cubed_p, cubed_r = _overlap(predicted, actual)
    return GroupScores(
        precision,
        recall,
        _harmonic(precision, recall),
        cubed_p,
        cubed_r,
        _harmonic(cubed_p, cubed_r),
        float(adjusted_rand_score(actual, predicted)),
        float(adjusted_mutual_info_score(actual, predicted)),
        len(items),
    )


def overlap(found: Mapping[str, str], truth: Mapping[str, str]) -> tuple[float, float]:
    """Pair F1 and B-cubed F1 alone: linear in the items, where `compare` grows with groups times groups.

    >>> overlap({"a": "1", "b": "1", "c": "2"}, {"a": "x", "b": "x", "c": "y"})
    (1.0, 1.0)
    """
    _, predicted, actual = _labels(found, truth)
    precision, recall, cubed_p, cubed_r = _overlap(predicted, actual)
    return _harmonic(precision, recall), _harmonic(cubed_p, cubed_r)


def _labels(found: Mapping[str, str], truth: Mapping[str, str]) -> tuple[list[str], list[str], list[str]]:
    items = sorted(truth)
    return items, [found.get(item, f"\0{item}") for item in items], [truth[item] for item in items]


def _overlap(predicted: Sequence[str], actual: Sequence[str]) -> tuple[float, float, float, float]:
    """Precision and recall over pairs, and B-cubed."""
    cells = Counter(zip(predicted, actual, strict=True))
    rows, columns = Counter(predicted), Counter(actual)
    together = sum(_pairs(n) for n in cells.values())
    return (
        _share(together, sum(_pairs(n) for n in rows.values())),
        _share(together, sum(_pairs(n) for n in columns.values())),
        sum(n * n / rows[p] for (p, _), n in cells.items()) / max(len(actual), 1),
        sum(n * n / columns[a] for (_, a), n in cells.items()) / max(len(actual), 1),
    )


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


def _share(part: float, whole: float) -> float:
    # No pair claimed is no wrong claim; no pair to find is none missed.
    return part / whole if whole else 1.0


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
