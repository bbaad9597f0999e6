"""How near two records stand in the CPV tree, by the longest prefix that their codes share.

Each further digit that two codes share brings them nearer; a code and one above it stand nearer still.
A sign and never a filter: about a fifth of the codes that buyers publish are wrong.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

LIKENESS = (0.0, 0.0, 0.25, 0.5, 0.7, 0.85, 0.95, 0.95, 1.0)
"""By the number of leading digits that two codes share."""
ANCESTOR = 0.1
"""Added where one code is above the other in the tree."""
UNSAID = 0.3
"""What a pair is taken to share while either side has no code: more than chance, less than pairs that fit."""


def likeness(one: Sequence[str], other: Sequence[str]) -> float | None:
    """The likeness of the nearest two codes, in [0, 1]; None where either side has none.

    >>> likeness(["35815100"], ["35813000", "48000000"]), likeness(["35815100"], ["35000000"])
    (0.7, 0.35)
    >>> likeness([], ["35813000"])
    """
    return max((nearness(a, b) for a in one for b in other), default=None)


def prefix(one: Sequence[str], other: Sequence[str]) -> str:
    """The longest shared prefix of three digits or more, without the zeros that fill it up.

    >>> prefix(["35815100"], ["35813000", "48000000"])
    '3581'
    """
    shared = (significant(a)[: shared_digits(a, b)] for a in one for b in other)
    return max((text for text in shared if len(text) > 2), key=len, default="")


def shared_digits(one: str, other: str) -> int:
    """How many leading digits two codes share; zeros that fill a code up are none.

    >>> shared_digits("35815100", "35813000"), shared_digits("35800000", "35800000")
    (4, 3)
    """
    pairs = zip(significant(one), significant(other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@lru_cache(maxsize=100_000)
def nearness(one: str, other: str) -> float:
    """How near two codes of eight digits are in the tree, in [0, 1].

    >>> nearness("35813000", "35815100"), nearness("35810000", "35815100")
    (0.7, 0.8)
    """
    if one == other:
        return 1.0
    shared = shared_digits(one, other)
    above = shared == min(len(significant(one)), len(significant(other)))
    return round(min(1.0, LIKENESS[shared] + ANCESTOR * (above and shared >= 2)), 2)


def significant(code: str) -> str:
    """The digits that say something; a division has two, also when the second is 0.

    >>> significant("35810000"), significant("30000000")
    ('3581', '30')
    """
    return code[: max(2, len(code.rstrip("0")))]
