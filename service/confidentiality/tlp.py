"""The Traffic Light Protocol, version 2.0 (FIRST, 2022), and how far each of its marks lets a record go."""

import re
from enum import StrEnum

from matcher.errors import RecordInvalid
from matcher.phrases import phrase
from matcher.records import Visibility


class Tlp(StrEnum):
    """A handling mark, from the most closed."""

    RED = "TLP:RED"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    AMBER = "TLP:AMBER"
    GREEN = "TLP:GREEN"
    CLEAR = "TLP:CLEAR"

    @property
    def most_open(self) -> Visibility:
        """The most open visibility that the mark allows.

        >>> Tlp.AMBER.most_open
        <Visibility.GROUP: 'group'>
        """
        return _MOST_OPEN[self]


_MOST_OPEN = {
    Tlp.RED: Visibility.PRIVATE,
    Tlp.AMBER_STRICT: Visibility.PRIVATE,
    Tlp.AMBER: Visibility.GROUP,
    Tlp.GREEN: Visibility.NETWORK,
    Tlp.CLEAR: Visibility.PUBLIC,
}
_SPELT = {
    "red": Tlp.RED,
    "amberstrict": Tlp.AMBER_STRICT,
    "amber": Tlp.AMBER,
    "green": Tlp.GREEN,
    "clear": Tlp.CLEAR,
    "white": Tlp.CLEAR,  # its name before version 2.0
}


def parse(text: str) -> Tlp:
    """A mark in any usual spelling; raises `RecordInvalid` for what is none.

    >>> parse("TLP:AMBER+STRICT") is parse("tlp amber-strict") is parse("Amber strict")
    True
    """
    bare = re.sub(r"[\W_]+", "", text.casefold()).removeprefix("tlp")
    if bare not in _SPELT:
        marks = ", ".join(mark.value for mark in Tlp)
        raise RecordInvalid(
            phrase(
                "{text!r} is no mark of TLP 2.0: expected one of {marks}. Leave it empty if none.",
                text=text,
                marks=marks,
            )
        )
    return _SPELT[bare]


def capped(visibility: Visibility, tlp: Tlp | None) -> Visibility:
    """The visibility, or that which the mark allows where this is more closed.

    >>> capped(Visibility.PUBLIC, Tlp.GREEN), capped(Visibility.GROUP, Tlp.CLEAR)
    (<Visibility.NETWORK: 'network'>, <Visibility.GROUP: 'group'>)
    """
    if tlp is None or visibility.rank <= tlp.most_open.rank:
        return visibility
    return tlp.most_open
