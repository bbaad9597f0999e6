"""Candidates and their rooms as the one who asks is shown them."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.identity import Identities
from matcher.joint import JointCandidate
from service.backend import Backend
from service.cooperation import rooms
from service.cooperation.rooms import Place
from service.cooperation.stages import Stage, missing
from service.rights.viewer import Viewer
from service.routes.seeing import in_network
from service.schemas.cooperation import (
    CandidateBrief,
    ChecklistOut,
    FormerRoomOut,
    InterestOut,
    MoveOut,
    RoomOut,
)
from service.store.tables import InterestRow, OrganisationRow

NAMELESS = "an authority in one Member State"
"""Who takes part with needs that all withhold their owner's name."""


def former_ids(identities: Identities) -> Mapping[str, tuple[str, ...]]:
    """Living id to the ids that lead to it."""
    found: dict[str, list[str]] = {}
    for old_id, old in identities.retired.items():
        if old.into is not None:
            found.setdefault(old.into, []).append(old_id)
    return {id_: tuple(sorted(ids)) for id_, ids in found.items()}


def brief_out(
    session: Session, held: Backend, viewer: Viewer, found: JointCandidate, place: Place
) -> CandidateBrief:
    """A candidate on a line; how far it has come only for the network."""
    known = rooms.rooms_of(session, place) if in_network(viewer) else []
    here = rooms.present(viewer, found, held.catalogue.entries, held.today)
    standing = (
        [one for one in rooms.interests(session, place, active=True) if here.shown(one)] if known else []
    )
    # one organisation may have spoken under an earlier id, too
    part = {one.organisation_id for one in standing if one.kind == rooms.PARTICIPANT}
    watching = {one.organisation_id for one in standing if one.kind == rooms.OBSERVER} - part
    title = found.label.title if found.label else found.medoid.title
    return CandidateBrief(
        id=found.id,
        title=title,
        level=f"{found.score.level} {found.score.level.words}",
        score=round(found.score.total, 1),
        completeness=round(found.score.completeness, 4),
        scope=found.scope,
        countries=list(found.countries),
        need_ids=[need.id for need in found.members],
        value_eur_min=found.totals.value_min_eur,
        value_eur_max=found.totals.value_max_eur,
        values_missing=found.totals.values_missing,
        overlap_days=found.timeline.overlap_days,
        doubt=found.doubt,
        shown=found.shown,
        stage=Stage(known[0].stage) if known else Stage.DETECTED,
        participants=len(part),
        observers=len(watching),
        mine=bool(rooms.own_needs(viewer, found, held.catalogue.entries, held.today)),
    )


def room_out(session: Session, held: Backend, viewer: Viewer, place: Place) -> RoomOut:
    """The room of a candidate with what was done in those that it took over, without who has left it."""
    session.flush()
    known = rooms.rooms_of(session, place)
    own = known[0] if known and known[0].candidate_id == place.id else None
    row = own if own is not None else rooms.fresh(session, place)
    moves = rooms.moves(session, place)
    overseers = rooms.overseers(session, moves)
    expressed = rooms.interests(session, place)
    here = rooms.present(viewer, place.candidate, held.catalogue.entries, held.today)
    owners = {
        one.id: one
        for one in session.scalars(
            select(OrganisationRow).where(
                OrganisationRow.id.in_({each.organisation_id for each in expressed})
            )
        ).all()
    }
    return RoomOut(
        version=row.version,
        stage=Stage(row.stage),
        checklist=[ChecklistOut(**one) for one in row.checklist],
        agreement=row.agreement,
        agreement_missing=list(missing(row.agreement).values()),
        interests=[
            _interest(one, owners.get(one.organisation_id), named=here.names(one.organisation_id, expressed))
            for one in expressed
            if here.shown(one)
        ],
        history=[
            MoveOut(
                candidate_id=one.candidate_id,
                before=Stage(one.before),
                after=Stage(one.after),
                reason=one.reason,
                organisation_id=one.organisation_id if here.names_mover(one, expressed, overseers) else "",
                at=one.at,
            )
            for one in moves
        ],
        former=[
            FormerRoomOut(
                candidate_id=one.candidate_id,
                stage=Stage(one.stage),
                checklist=[ChecklistOut(**step) for step in one.checklist],
                agreement=one.agreement,
            )
            for one in known
            if one is not own
        ],
        following=bool(rooms.follows(session, viewer, rooms.CANDIDATE, place.ids)),
    )


def _interest(row: InterestRow, owner: OrganisationRow | None, *, named: bool) -> InterestOut:
    return InterestOut(
        id=row.id,
        organisation_id=row.organisation_id if named else "",
        organisation=(owner.name if owner else "") if named else NAMELESS,
        country=owner.country if owner and named else None,
        kind=row.kind,
        conditions=row.conditions,
        at=row.at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_reason=row.withdrawn_reason,
    )
