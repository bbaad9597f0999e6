"""Where one can go from every page, by what one may do."""

from collections.abc import Mapping
from dataclasses import dataclass

from matcher.phrases import Phrase, phrase
from service.rights.policy import Permission, may
from service.rights.viewer import Viewer

P = Permission


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the menu."""

    path: str
    name: Phrase
    needs: Permission
    also: tuple[str, ...] = ()
    """Other addresses that belong to it."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Where one is at this place."""
        return (self.path, *self.also)


PLACES: tuple[Place, ...] = (
    Place("/needs", phrase("Needs"), P.READ_NEEDS, ("/search",)),
    Place("/solutions", phrase("Solutions"), P.READ_SOLUTIONS),
    Place("/candidates", phrase("Joint buying"), P.READ_CANDIDATES),
    Place("/demand", phrase("Demand"), P.DEMAND, ("/saved-searches",)),
    Place("/clusters", phrase("Clusters"), P.REVIEW_CLUSTERS, ("/cycles",)),
    Place("/market", phrase("Market"), P.MARKET),
    Place("/administration", phrase("Administration"), P.VET, ("/imports", "/exports")),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as one page shows it."""

    path: str
    name: Phrase
    current: bool


def menu(viewer: Viewer, path: str) -> tuple[Entry, ...]:
    """The entries that a visitor may follow, with the one that a page belongs to."""
    return tuple(
        Entry(place.path, place.name, any(path == one or path.startswith(one + "/") for one in place.paths))
        for place in PLACES
        if may(viewer.role, place.needs)
    )


ROLES: Mapping[str, Phrase] = {
    "procurer": phrase("Procurer"),
    "prescriber": phrase("Prescriber"),
    "legal": phrase("Legal adviser"),
    "industry": phrase("Industry"),
    "analyst": phrase("Analyst"),
    "national_contact": phrase("National contact"),
    "administrator": phrase("Administrator"),
}
