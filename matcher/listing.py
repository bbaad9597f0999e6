"""Ids in a sentence: named up to a number, the rest counted."""

from collections.abc import Sequence


def listed(ids: Sequence[str], most: int) -> str:
    """The first ids, and how many more there are.

    >>> listed(["N1", "N2", "N3"], 2), listed(["N1", "N2"], 2)
    ('N1, N2 and 1 more', 'N1, N2')
    """
    more = len(ids) - most
    return ", ".join(ids[:most]) + (f" and {more} more" if more > 0 else "")
