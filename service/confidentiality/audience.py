"""Who a shared result is computed for: three audiences, each of which sees what the wider ones see."""

from enum import StrEnum

from matcher.records import Record, Visibility


class Audience(StrEnum):
    """A group of readers who may all see the same; from the widest to the narrowest.

    `private` and `group` records enter no shared result, so that there is no audience for them.

    >>> Audience.NETWORK.open_to
    <Visibility.NETWORK: 'network'>
    """

    PUBLIC = "public"
    NETWORK_INDUSTRY = "network_industry"
    NETWORK = "network"

    @property
    def open_to(self) -> Visibility:
        """The most closed visibility that the audience may see."""
        return Visibility(self.value)

    def sees(self, record: Record) -> bool:
        """Whether the audience may know of the record at all, be it masked."""
        return record.visibility.rank >= self.open_to.rank

    def within(self, other: "Audience") -> bool:
        """Whether everybody in this audience is in the other one too.

        >>> Audience.NETWORK.within(Audience.PUBLIC), Audience.PUBLIC.within(Audience.NETWORK)
        (True, False)
        """
        return self.open_to.rank <= other.open_to.rank
