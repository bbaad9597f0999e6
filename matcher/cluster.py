"""Average linkage inside one component of the graph, with what analysts have said of its pairs.

A group whose members an analyst keeps apart is cut where they last met; those tied together count as one
from the start. The order of the rows decides nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from matcher.protocols import Calibrator, Int64

GIANT = 400
"""A component above this size is cut at a higher probability first: every pair inside one is compared."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """When needs count as the same; fitted on the tuning splits."""

    similarity: float = 0.3
    """Least cosine of neighbours in the graph."""
    edge: float = 0.3
    """Least probability of an edge that holds a component together."""
    linkage: float = 0.42
    """Least mean probability between two parts that are merged, where no solutions are loaded."""
    linkage_beside: float = 0.42
    """The same where solutions are loaded."""
    sure: float = 0.0
    """Probability of the weakest pair of a group from which nine in ten groups are of one thing."""
    strength: float | None = None
    """Strength of the language offset; None for that of ranking."""
    beside: Calibrator | None = None
    """Probability that a pair asks for the same, where solutions are loaded (`pairs.FEATURES`)."""
    alone: Calibrator | None = None
    """The same where none are."""
    answers: Calibrator | None = None
    """How likely a solution near a need answers it (`profiles.FEATURES`)."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What analysts said of pairs of places."""

    must: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    cannot: frozenset[tuple[int, int]] = field(default_factory=frozenset)


def components(count: int, pairs: Int64, probabilities: NDArray[np.float64]) -> list[Int64]:
    """Places of each component of two or more, ascending; giants are thinned until they fall apart.

    `pairs` is `int64[p, 2]` over `count` places, `probabilities` `float64[p]`.
    """
    graph = sparse.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    number, labels = connected_components(graph, directed=False)
    sizes = np.bincount(labels, minlength=number)
    order = np.argsort(labels, kind="stable")
    found: list[Int64] = []
    giants: list[Int64] = []
    for nodes in np.split(order, np.cumsum(sizes)[:-1]):
        if nodes.size > GIANT:
            giants.append(nodes)
        elif nodes.size > 1:
            found.append(nodes)
    if giants:
        inside = np.zeros(count, dtype=np.int64)
        for number, nodes in enumerate(giants, 1):
            inside[nodes] = number
        owner = inside[pairs[:, 0]]
        for number, nodes in enumerate(giants, 1):
            own = owner == number
            found += _thinned(nodes, pairs[own], probabilities[own])
    return found


def _thinned(nodes: Int64, pairs: Int64, probabilities: NDArray[np.float64]) -> list[Int64]:
    """What a giant falls into without the weakest tenth of its edges."""
    least, most = probabilities.min(), probabilities.max()
    if least >= most:
        # Nothing is weaker than the rest: copies of one text, in parts that can be compared.
        return [nodes[start : start + GIANT] for start in range(0, nodes.size, GIANT)]
    cut = min(max(float(np.quantile(probabilities, 0.1, method="higher")), np.nextafter(least, 1)), most)
    kept = probabilities >= cut
    at = np.searchsorted(nodes, pairs[kept])
    return [nodes[part] for part in components(nodes.size, at, probabilities[kept])]


def split(probability: NDArray[np.float64], least: float, ties: Ties = Ties()) -> list[Int64]:
    """Places of each group, ascending, from the probabilities `float64[n, n]` of all pairs.

    Two parts are merged while their mean probability is `least` or more. Places should stand in an order
    that depends on what they are, since ties are broken by place.

    >>> close = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]])
    >>> [group.tolist() for group in split(close, 0.5)]
    [[0, 1], [2]]
    >>> [group.tolist() for group in split(close, 0.5, Ties(cannot=frozenset({(0, 1)})))]
    [[0], [1], [2]]
    """
    count = len(probability)
    if count == 1:
        return [np.zeros(1, dtype=np.int64)]
    if count == 2 and ties == Ties():
        together = 1.0 - min(max(float(probability[0, 1]), 0.0), 1.0) <= 1.0 - least
        return [np.arange(2)] if together else [np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)]
    tree = merges(_tied(probability, ties))
    labels = cut(tree, least)
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    apart = [part for group in groups for part in _kept_apart(group, tree, count, ties)]
    return sorted(apart, key=lambda group: int(group[0]))


def merges(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """How average linkage merges two or more places, as scipy gives it: `float64[n - 1, 4]`."""
    distances = 1.0 - np.clip(probability, 0.0, 1.0)
    np.fill_diagonal(distances, 0.0)
    tree: NDArray[np.float64] = linkage(squareform(distances, checks=False), method="average")
    return tree


def cut(tree: NDArray[np.float64], least: float) -> Int64:
    """`int64[n]`: the group of each place where parts are merged at a mean probability of `least` or more."""
    count = len(tree) + 1
    labels = list(range(count))
    members: list[list[int]] = [[place] for place in range(count)]
    # scipy's fcluster says the same, at a cost that tells with thousands of small trees
    for one, other, distance, _ in tree.tolist():
        joined = members[int(one)] + members[int(other)]
        members.append(joined)
        if distance <= 1.0 - least:
            for place in joined:
                labels[place] = labels[joined[0]]
    return np.array(labels, dtype=np.int64)


def _tied(probability: NDArray[np.float64], ties: Ties) -> NDArray[np.float64]:
    """Those that must be together stand together from the start, and against others as their mean."""
    if not ties.must:
        return probability
    count = len(probability)
    pairs = np.array(sorted(ties.must))
    graph = sparse.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    member = (labels[:, None] == np.unique(labels)[None, :]).astype(np.float64)
    share = member / member.sum(axis=0)
    # Others stay just below 1: copies must not be merged before what is tied, or a cut could untie it.
    mean = np.minimum(member @ (share.T @ probability @ share) @ member.T, 1.0 - 1e-9)
    tied: NDArray[np.float64] = np.where(labels[:, None] == labels[None, :], 1.0, mean)
    return (tied + tied.T) / 2


def _kept_apart(group: Int64, tree: NDArray[np.float64], count: int, ties: Ties) -> list[Int64]:
    """The group, or the parts it was merged from, cut until no pair that must not meet is in one."""
    inside = set(group.tolist())
    if not any(one in inside and other in inside for one, other in ties.cannot):
        return [group]
    leaves: list[frozenset[int]] = [frozenset([i]) for i in range(count)]
    made_of: dict[frozenset[int], tuple[frozenset[int], frozenset[int]]] = {}
    for one, other, *_ in tree:
        parts = leaves[int(one)], leaves[int(other)]
        leaves.append(parts[0] | parts[1])
        made_of[leaves[-1]] = parts
    waiting, done = [frozenset(inside)], []
    while waiting:
        part = waiting.pop()
        if any(one in part and other in part for one, other in ties.cannot):
            waiting += made_of[part]
        else:
            done.append(np.array(sorted(part), dtype=np.int64))
    return done
