"""Numbers as people write them in 24 languages: grouped by spaces, points or commas, either decimal sign.

A separator before exactly three digits groups thousands, unless the number begins with 0; any other is a
decimal sign. `1.200` is therefore twelve hundred, in every language.
"""

import re

_MARK = "[ \u00a0\u2009\u202f.,'’]"
NUMBER = rf"(?:\d{{1,3}}(?:{_MARK}\d{{3}})+(?!\d)|\d+(?:[.,]\d+)?)"
"""A number without its sign, to build patterns from; it holds no group of its own."""
_GROUPED = re.compile(rf"[1-9]\d{{0,2}}(?:{_MARK}\d{{3}})+")


def value(text: str) -> float:
    """The number that a match of `NUMBER` stands for.

    >>> [value(text) for text in ("1 850", "2,500", "3.000.000", "12,5", "0.125", "5.5")]
    [1850.0, 2500.0, 3000000.0, 12.5, 0.125, 5.5]
    """
    if _GROUPED.fullmatch(text):
        return float(re.sub(r"\D", "", text))
    *whole, last = re.split(_MARK, text)
    return float(f"{''.join(whole)}.{last}") if whole else float(last)
