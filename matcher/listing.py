"""Ids in a sentence: named up to a number, the rest counted."""

from collections.abc import Sequence

from matcher.phrases import counted


def listed(ids: Sequence[str], most: int, of: int | None = None) -> str:
    """The first ids, and how many more there are; of `of` in all, where not all are given.

    >>> listed(["N1", "N2", "N3"], 2), listed(["N1", "N2"], 2), listed(["N1", "N2"], 2, 4)
    ('N1, N2 and 1 more', 'N1, N2', 'N1, N2 and 2 more')
    """
    more, named = (len(ids) if of is None else of) - most, ", ".join(ids[:most])
    return counted("{ids} and {n} more", "{ids} and {n} more", more, ids=named) if more > 0 else named
