"""Text that a spreadsheet would run as a formula, made harmless on the way out and restored on the way in.

A cell that begins with = + - @ or a tab is a program to Excel and its like (CWE-1236). Such a cell
gets an apostrophe in front; reading takes exactly one away again, so that a round trip is identical.
"""

import re

# the full-width signs start a formula in East Asian versions of Excel
_DANGEROUS = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
_NEGATIVE = re.compile(r"-\d+(?:[.,]\d+)?")


def neutralise(text: str) -> str:
    r"""The text with an apostrophe in front, if a spreadsheet would take it for a formula.

    Plain negative numbers stay as they are.

    >>> neutralise("=1+1"), neutralise("-5"), neutralise("A-5")
    ("'=1+1", '-5', 'A-5')
    """
    return f"'{text}" if _DANGEROUS.match(text) and not _NEGATIVE.fullmatch(text) else text


def restore(text: str) -> str:
    """The text that was given to `neutralise`.

    >>> restore("'=1+1"), restore("'twas")
    ('=1+1', "'twas")
    """
    return text[1:] if _GUARDED.match(text) else text
