"""What a line of a code list says, before it is checked."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A code with labels, all as written."""

    position: int
    """Row of the sheet or file, or number of the XML record; from 1."""
    code: str
    labels: list[tuple[str, str]]
    """(language, text); a language may come twice."""
