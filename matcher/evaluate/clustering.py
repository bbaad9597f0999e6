"""Measures of a grouping against the true one: pair F1, B-cubed F1, ARI, AMI.

B-cubed after Amigó et al. 2009; pairs count unordered; singles are groups like any other.
"""

from collections import Counter
from collections.abc import Mapping
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

    items = sorted(truth)
    predicted = [found.get(item, f"\0{item}") for item in items]
    actual = [truth[item] for item in items]
    cells = Counter(zip(predicted, actual, strict=True))
    rows, columns = Counter(predicted), Counter(actual)
    together = sum(_pairs(n) for n in cells.values())
    precision = _share(together, sum(_pairs(n) for n in rows.values()))
    recall = _share(together, sum(_pairs(n) for n in columns.values()))
    cubed_p = sum(n * n / rows[p] for (p, _), n in cells.items()) / max(len(items), 1)
    cubed_r = sum(n * n / columns[a] for (_, a), n in cells.items()) / max(len(items), 1)
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


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


def _share(part: float, whole: float) -> float:
    # No pair claimed is no wrong claim; no pair to find is none missed.
    return part / whole if whole else 1.0


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
