"""Needs like one's own: whose they are, how alike, what differs, and how to reach their owners."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy import select

from matcher.errors import RecordUnknown
from matcher.explain import Match
from matcher.joint.differences import differences
from matcher.joint.timeline import timeline
from matcher.phrases import named, phrase
from matcher.records import Need
from service.access import BackendIn, require
from service.backend import Backend
from service.confidentiality.redaction import in_force
from service.judging import judged, refused
from service.projection.views import Cooperation
from service.records.noting import noted
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import (
    Codes,
    Countries,
    Languages,
    Most,
    OfNature,
    audience_of,
    filter_of,
    need_for,
)
from service.schemas.forms import Key
from service.schemas.matching import SimilarOut, SimilarsOut, evidence_out, need_brief
from service.store.tables import OrganisationRow

router = APIRouter(prefix="/needs", tags=["matching"])
DIFFERENCES = 5
"""Differences named beside a similar need, at most."""
SEARCHED = 100
"""Needs looked through for those of other countries."""


@router.get("/{need_id}/similar", response_model=SimilarsOut)
def similar(
    need_id: Key,
    held: BackendIn,
    viewer: Viewer = require(Permission.MATCH),
    k: Most = 10,
    countries: Countries = None,
    languages: Languages = None,
    cpv: Codes = None,
    nature: OfNature = None,
    abroad: Annotated[bool, Query(description="Leave out needs of the same country.")] = False,
) -> SimilarsOut:
    """Needs like this one: whose, how alike, what differs, when, and how to reach the owner."""
    _, need = need_for(held, viewer, need_id)
    out = refused(judged(held.database, viewer, "similar", need.id))
    where = filter_of(countries, languages, cpv, nature, None, out)
    found = held.searches.similar(viewer, need, max(k, SEARCHED) if abroad else k, where)
    there = [match for match in found.items if not abroad or match.record.country not in (None, need.country)]
    shown = there[:k]
    hidden = {name: count for name, count in found.hidden.items() if name != "exclude"}
    if abroad and len(there) < len(found.items):
        hidden["abroad"] = len(found.items) - len(there)
    same = _same(held, viewer, need, shown)
    mailboxes = _mailboxes(held, viewer, shown)
    view = None
    if Permission.READ_CANDIDATES in viewer.permissions:
        view = held.views.known(audience_of(viewer), held.today)
    noted(held, viewer, "similar", [need, *(match.record for match in shown)])
    return SimilarsOut(
        items=[
            _shown(held, viewer, need, match, place, same, mailboxes, view)
            for place, match in enumerate(shown, 1)
        ],
        hidden=hidden,
        refused=len(out),
        versions=held.versions,
    )


def _same(held: Backend, viewer: Viewer, need: Need, shown: Sequence[Match]) -> Mapping[str, float]:
    """How likely each asks for the same as the need, where both stand in the viewer's audience."""
    audience = audience_of(viewer)
    there = held.catalogue.engines[audience].needs
    ids = [match.record.id for match in shown if match.record.id in there]
    if need.id not in there or not ids:
        return {}
    try:
        rows = held.views.likeness(audience, [need.id, *ids])
    except RecordUnknown:  # hidden just now
        return {}
    return dict(zip(ids, rows[0][1:], strict=True))


def _mailboxes(held: Backend, viewer: Viewer, shown: Sequence[Match]) -> Mapping[str, str]:
    """Need id to the role mailbox of its owner, where the viewer may be told it."""
    if not viewer.vetted:
        return {}
    owners: dict[str, str] = {}
    for match in shown:
        entry, other = held.catalogue.get(match.record.id), match.record
        if entry is None or not isinstance(other, Need) or not other.organisation:
            continue
        if all(
            one.field not in ("contact", "organisation") for one in in_force(entry.redactions, held.today)
        ):
            owners[other.id] = entry.organisation_id
    asked = select(OrganisationRow.id, OrganisationRow.contact).where(
        OrganisationRow.id.in_(set(owners.values()))
    )
    with held.database.read() as session:
        contacts = {row.id: row.contact for row in session.execute(asked)}
    return {need_id: found for need_id, owner in owners.items() if (found := contacts.get(owner))}


def _shown(
    held: Backend,
    viewer: Viewer,
    need: Need,
    match: Match,
    place: int,
    same: Mapping[str, float],
    mailboxes: Mapping[str, str],
    view: Cooperation | None,
) -> SimilarOut:
    other = match.record
    assert isinstance(other, Need)
    entry = held.catalogue.get(other.id)
    own = entry is not None and viewer.owns(entry.organisation_id)
    candidate = view.of_need(need.id) if view is not None else None
    return SimilarOut(
        rank=place,
        score=round(match.score, 4),
        same_need=same.get(other.id),
        relation=_relation(own, need, other),
        own=own,
        who=_who(other),
        need=need_brief(other),
        overlap_days=timeline([need, other]).overlap_days,
        differences=[found.sentence for found in differences([need, other])][:DIFFERENCES],
        evidence=[evidence_out(pair, asks_need=True) for pair in match.explanation.evidence],
        contact=mailboxes.get(other.id)
        or phrase("Ask through the service: POST {address}", address=f"/api/v1/needs/{other.id}/questions"),
        candidate_id=candidate.id
        if candidate is not None and view is not None and view.of_need(other.id) is candidate
        else None,
    )


def _relation(own: bool, need: Need, other: Need) -> Literal["national", "abroad", "unknown"]:
    if own:
        return "national"
    if need.country is None or other.country is None:
        return "unknown"
    return "national" if need.country == other.country else "abroad"


def _who(other: Need) -> str:
    if other.organisation:
        return other.organisation
    if not other.country:
        return phrase("an authority")
    country = named("country", other.country, other.country)
    return phrase("an authority in one Member State ({country})", country=country)
