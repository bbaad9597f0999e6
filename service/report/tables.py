"""Tables in Markdown, and figures as they stand in them."""

from collections.abc import Sequence

from matcher.evaluate.significance import Interval


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table.

    >>> table(["a", "b"], [["1", "2"]])
    ['| a | b |', '|---|---|', '| 1 | 2 |']
    """
    written = ["| " + " | ".join(row) + " |" for row in (columns, *rows)]
    return [written[0], "|" + "---|" * len(columns), *written[1:]]


def spread(found: Interval) -> str:
    """A difference with its interval.

    >>> spread(Interval(0.1, -0.05, 0.25))
    '+0.100 [-0.050, +0.250]'
    """
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
