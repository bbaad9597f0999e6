"""Text that a spreadsheet would run as a formula, made harmless on the way out and restored on the way in.

A cell that begins with = + - @ or a tab is a program to Excel and its like (CWE-1236). Such a cell
gets an apostrophe in front; reading takes exactly one away again, so that a round trip is identical. The same
holds inside a cell behind a semicolon, a tab or a line end: a spreadsheet of a country that separates cells
by semicolons cuts a file there, whatever stands in quotation marks.
"""

import re

# the full-width signs start a formula in East Asian versions of Excel; a hyphen begins a line of many a list
_SIGNS = "=+@＝＋＠"
_AT_START = rf"\A(?='*[{_SIGNS}\-－\t\r\n])"
_INSIDE = rf"(?<=[;\t])(?='*[{_SIGNS}\-－])|(?<=[\r\n])(?='*[{_SIGNS}])"
_NUMBER = r"-\d+(?:[.,]\d+)?"
_DANGEROUS = re.compile(rf"{_AT_START}(?!{_NUMBER}\Z)|(?:{_INSIDE})(?!{_NUMBER}(?:[;\t\r\n]|\Z))")
_GUARDED = re.compile(rf"(?:{_AT_START}|{_INSIDE})'")


def neutralise(text: str) -> str:
    r"""The text with an apostrophe wherever a spreadsheet would take what follows for a formula.

    Plain negative numbers stay as they are.

    >>> neutralise("=1+1"), neutralise("-5"), neutralise("A-5"), neutralise("a;=1+1")
    ("'=1+1", '-5', 'A-5', "a;'=1+1")
    """
    return _DANGEROUS.sub("'", text)


def restore(text: str) -> str:
    """The text that was given to `neutralise`.

    >>> restore("'=1+1"), restore("'twas")
    ('=1+1', "'twas")
    """
    return _GUARDED.sub("", text)
