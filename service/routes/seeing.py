"""Records and candidates as the one who asks may see them, and filters from the address."""

from typing import Annotated

from fastapi import Query

from matcher.errors import ClusterUnknown
from matcher.filters import Filter
from matcher.joint import JointCandidate
from matcher.phrases import phrase
from matcher.records import EU_LANGUAGES, Kind, Nature, Need, Record, Solution, Visibility
from service.backend import Backend
from service.confidentiality.audience import Audience
from service.cooperation.rooms import Place, place_of
from service.problems import forbidden, invalid, not_found
from service.projection.entry import Entry
from service.rights.viewer import Viewer
from service.store import records

Countries = Annotated[
    list[str] | None, Query(description="Countries, ISO alpha-2.", max_length=40, examples=[["FR", "PL"]])
]
Languages = Annotated[list[str] | None, Query(description="Languages, ISO 639-1.", max_length=24)]
Codes = Annotated[list[str] | None, Query(description="CPV prefixes, 2 to 8 digits.", max_length=40)]
OfNature = Annotated[Nature | None, Query(description="supplies, services or works.")]
LeastTrl = Annotated[int | None, Query(ge=1, le=9, description="Least TRL of a solution.")]
Most = Annotated[int, Query(ge=1, le=100, description="Results, at most.")]


def entry_for(held: Backend, viewer: Viewer, record_id: str, kind: Kind) -> tuple[Entry, Record]:
    """An entry with the record as the viewer sees it; 404 where that is nothing.

    An id may be the owner's own reference, for the owner.
    """
    entry = held.catalogue.get(record_id, kind)
    if entry is None and viewer.organisation_id is not None:
        with held.database.read() as session:
            row = records.by_ref(session, kind, viewer.organisation_id, record_id)
        entry = held.catalogue.get(row.id, kind) if row is not None else None
    shown = entry.to_viewer(viewer, held.today) if entry is not None else None
    if entry is None or shown is None:
        raise not_found(kind.value, record_id)
    return entry, shown


def need_for(held: Backend, viewer: Viewer, record_id: str) -> tuple[Entry, Need]:
    """A need as the viewer sees it."""
    entry, shown = entry_for(held, viewer, record_id, Kind.NEED)
    assert isinstance(shown, Need)
    return entry, shown


def solution_for(held: Backend, viewer: Viewer, record_id: str) -> tuple[Entry, Solution]:
    """A solution as the viewer sees it."""
    entry, shown = entry_for(held, viewer, record_id, Kind.SOLUTION)
    assert isinstance(shown, Solution)
    return entry, shown


def audience_of(viewer: Viewer) -> Audience:
    """The audience whose clusters, candidates and figures a viewer is shown."""
    return Audience(viewer.open_to.value)


def in_network(viewer: Viewer) -> bool:
    """Whether the viewer belongs to the network of procurers, and so sees the rooms of candidates."""
    return viewer.open_to is Visibility.NETWORK


def network_only(viewer: Viewer) -> None:
    """Pass for the network; raises 403 for others, whatever they name."""
    if not in_network(viewer):
        raise forbidden(
            phrase("Only vetted organisations of the network act on candidates. Ask to be vetted.")
        )


def candidate_for(held: Backend, viewer: Viewer, candidate_id: str) -> JointCandidate:
    """The candidate that an id of the viewer's audience names or leads to; 404 where there is none."""
    return place_for(held, viewer, candidate_id)[0]


def place_for(held: Backend, viewer: Viewer, candidate_id: str) -> tuple[JointCandidate, Place]:
    """The same, with the ids under which something may have been done in it."""
    view = held.views.cooperation(audience_of(viewer), held.today)
    try:
        found = view.candidate(candidate_id)
    except ClusterUnknown:
        raise not_found("candidate", candidate_id) from None
    return found, place_of(found.id, view.identities, found)


def past_place(held: Backend, viewer: Viewer, candidate_id: str) -> Place:
    """The place of an id whether or not it is of a candidate: something may have been done there."""
    view = held.views.cooperation(audience_of(viewer), held.today)
    try:
        candidate = view.candidate(candidate_id)
    except ClusterUnknown:
        retired = view.identities.retired.get(candidate_id)
        present = retired.into if retired is not None and retired.into is not None else candidate_id
        return place_of(present, view.identities, None)
    return place_of(candidate.id, view.identities, candidate)


def filter_of(
    countries: list[str] | None = None,
    languages: list[str] | None = None,
    cpv: list[str] | None = None,
    nature: Nature | None = None,
    trl_min: int | None = None,
    exclude: frozenset[str] = frozenset(),
    *,
    at: str = "query.",
) -> Filter:
    """The filter of a request; repeated parameters and comma-separated ones mean the same.

    Raises 422 for a word that is none, pointing to `at` and the name of the parameter.
    """
    places = [one.upper() for one in _parts(countries)]
    for place in places:
        if len(place) != 2 or not place.isascii() or not place.isalpha():
            raise invalid(
                f"{at}countries",
                phrase("{place!r} is no country: expected two letters, such as FR.", place=place),
            )
    tongues = [one.lower() for one in _parts(languages)]
    for tongue in tongues:
        if tongue not in EU_LANGUAGES:
            raise invalid(
                f"{at}languages",
                phrase("{tongue!r} is none of {known}.", tongue=tongue, known=", ".join(EU_LANGUAGES)),
            )
    codes = _parts(cpv)
    for code in codes:
        if not 2 <= len(code) <= 8 or not code.isascii() or not code.isdigit():
            raise invalid(f"{at}cpv", phrase("{code!r} is no CPV prefix: expected 2 to 8 digits.", code=code))
    return Filter(
        # EL is what the Union writes for Greece
        countries=tuple(sorted({"GR" if place == "EL" else place for place in places})),
        languages=tuple(sorted(set(tongues))),
        cpv=tuple(sorted(set(codes))),
        nature=nature,
        trl_min=trl_min,
        exclude=exclude,
    )


def _parts(values: list[str] | None) -> list[str]:
    return [part.strip() for value in values or () for part in value.split(",") if part.strip()]
