"""Who gets to be seen: a matching engine that always shows the same few suppliers serves nobody.

Coverage and long tail beside accuracy, after Mynarz 2017 on procurement matchmaking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TOP = 10


@dataclass(frozen=True, slots=True)
class SupplierCoverage:
    """How the places in the top 10 are spread."""

    diversity: float
    """Distinct suppliers in a top 10, over ten or as many as there are, mean over queries."""
    suppliers_shown: float
    """Share of suppliers that stand in at least one top 10."""
    never_shown: float
    """Share of documents that stand in none."""


def supplier_coverage(rankings: Sequence[Sequence[str]], suppliers: Mapping[str, str]) -> SupplierCoverage:
    """Coverage of rankings of documents, each of a supplier; a document without one is its own.

    >>> supplier_coverage([["a", "b"]], {"a": "X", "b": "X", "c": "Y", "d": "Y"})
    SupplierCoverage(diversity=0.5, suppliers_shown=0.5, never_shown=0.5)
    """
    owner = {document: supplier or f"\0{document}" for document, supplier in suppliers.items()}
    every = set(owner.values())
    tops = [list(ranking[:TOP]) for ranking in rankings if ranking]
    shown = {document for top in tops for document in top}
    spread = [len({owner[d] for d in top}) / min(TOP, len(every)) for top in tops]
    return SupplierCoverage(
        sum(spread) / len(spread) if spread else 0.0,
        len({owner[d] for d in shown}) / len(every) if every else 0.0,
        1 - len(shown) / len(owner) if owner else 0.0,
    )
