"""Which language an answer is wanted in."""

import re

from matcher.records import EU_LANGUAGES

DEFAULT = "en"
_PART = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]{1,40})?\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$"
)


def preferred(accept: str | None, otherwise: str = DEFAULT) -> str:
    """The official language that an `Accept-Language` header likes best; broken parts count for nothing.

    >>> preferred("de-AT;q=0.8, fr;q=0.9, tlh"), preferred("tlh, *;q=0.1"), preferred(None)
    ('fr', 'en', 'en')
    """
    best, weight = otherwise, 0.0
    for part in (accept or "")[:500].split(","):
        found = _PART.match(part)
        if found is None:
            continue
        code, q = found[1].lower(), float(found[2] or 1)
        if code in EU_LANGUAGES and q > weight:
            best, weight = code, q
    return best
