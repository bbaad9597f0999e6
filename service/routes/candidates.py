"""Joint-procurement candidates: found, explained, and what authorities make of them."""

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.errors import SettingInvalid
from matcher.joint import JointCandidate
from matcher.records import Kind, Need, Visibility
from service import plain
from service.access import BackendIn, require
from service.backend import Backend
from service.confidentiality.audience import Audience
from service.cooperation import rooms
from service.cooperation.stages import Stage, fresh_checklist, missing
from service.dossier.audience import as_shown
from service.paging import PagingIn
from service.problems import Problem, conflict, forbidden
from service.projection.views import everybody, sight
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import audience_of, candidate_for, entry_for, in_network, network_only
from service.schemas.cooperation import (
    AgreementIn,
    CandidateBrief,
    CandidateOut,
    CandidatesOut,
    ChecklistIn,
    ChecklistOut,
    FollowOut,
    InterestIn,
    InterestOut,
    MoveIn,
    MoveOut,
    RoomOut,
    Step,
    WhatIfIn,
    WhatIfOut,
    WithdrawalIn,
)
from service.schemas.forms import Key
from service.store import audit
from service.store.tables import FollowerRow, InterestRow, OrganisationRow, RoomRow, StageRow
from service.versions import IfMatch, tag, unchanged

router = APIRouter(prefix="/candidates", tags=["candidates"])
MEDIA = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ocds": "application/json",
    "consultation": "text/markdown; charset=utf-8",
}

NAMELESS = "an authority in one Member State"
"""Who takes part with needs that all withhold their owner's name."""


@router.get("", response_model=CandidatesOut, responses={404: {}})
def candidates(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
    level: Annotated[Literal["A", "B", "C"] | None, Query(description="Least level.")] = None,
    scope: Annotated[Literal["cross-border", "national"] | None, Query()] = None,
    country: Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="A member's country.")] = None,
    need: Annotated[Key | None, Query(description="Holds this need.")] = None,
    mine: Annotated[bool, Query(description="Only with a need of one's own organisation.")] = False,
    doubtful: Annotated[bool, Query(description="Also those that somebody should look at first.")] = True,
) -> CandidatesOut:
    """Candidates of the needs that the one who asks may see: across borders and beyond doubt first."""
    view = held.views.cooperation(audience_of(viewer), held.today)
    wanted = entry_for(held, viewer, need, Kind.NEED)[0].id if need is not None else None
    found = [
        candidate
        for candidate in view.candidates
        if (level is None or candidate.score.level.value <= level)
        and (scope is None or candidate.scope == scope)
        and (country is None or country in candidate.countries)
        and (doubtful or not candidate.doubt)
        and (wanted is None or any(one.id == wanted for one in everybody(candidate)))
        and (not mine or rooms.own_needs(viewer, candidate, held.catalogue.entries))
    ]
    start = paging.number() or 0
    shown = found[start : start + paging.limit]
    following = paging.cut(
        [*range(start, min(start + paging.limit + 1, len(found)))], lambda place: [str(place + 1)]
    )[1]
    with held.database.read() as session:
        briefs = [_brief(session, held, viewer, candidate) for candidate in shown]
    return CandidatesOut(items=briefs, next=following, versions=held.versions, day=view.state.day)


@router.get("/{candidate_id}", response_model=CandidateOut)
def candidate(
    candidate_id: Key,
    held: BackendIn,
    response: Response,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
) -> CandidateOut:
    """A candidate with everything that explains it, and its workspace."""
    found = candidate_for(held, viewer, candidate_id)
    with held.database.read() as session:
        room = _room(session, held, viewer, found) if in_network(viewer) else None
        brief = _brief(session, held, viewer, found)
    named = held.views.named(audience_of(viewer), found)
    if room is not None:
        tag(response, room.version)
    return CandidateOut(
        brief=brief,
        candidate=plain.candidate(named),
        room=room,
        requested_id=candidate_id,
        versions=held.versions,
    )


@router.get("/{candidate_id}/dossier", responses={200: {"content": {media: {} for media in MEDIA.values()}}})
def dossier(
    candidate_id: Key,
    held: BackendIn,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
    form: Annotated[
        Literal["md", "html", "docx", "ocds", "consultation"],
        Query(alias="format", description="What to make."),
    ] = "md",
    open_to: Annotated[
        Literal["network", "network_industry", "public"] | None,
        Query(description="For whom it is; one's own audience unless stated."),
    ] = None,
) -> Response:
    """The dossier of a candidate, a draft consultation, or an OCDS package, for an audience."""
    found = candidate_for(held, viewer, candidate_id)
    audience = Visibility(open_to) if open_to else viewer.open_to
    if audience.rank < viewer.open_to.rank:
        raise forbidden(f"You see what is open to {viewer.open_to.value}; a dossier cannot show more.")
    shown = found
    try:
        if audience.rank > viewer.open_to.rank:
            shown = as_shown(found, audience, lambda need: _to_audience(held, need, Audience(audience.value)))
        named = held.views.named(Audience(audience.value), shown)
        content = _written(named, audience, form, held.versions)
    except SettingInvalid as error:  # fewer than two members are left
        raise conflict(str(error)) from error
    with held.database.write() as session:
        audit.record(
            session,
            action="candidate.exported",
            viewer=viewer,
            kind=rooms.CANDIDATE,
            id=found.id,
            after={"format": form, "open_to": audience.value},
            versions=held.versions,
        )
    ending = {"ocds": "json", "consultation": "md"}.get(form, form)
    headers = {"Content-Disposition": f'attachment; filename="candidate-{found.id}-{form}.{ending}"'}
    return Response(content, media_type=MEDIA[form], headers=headers)


@router.post("/{candidate_id}/what-if", response_model=WhatIfOut)
def what_if(
    candidate_id: Key,
    asked: WhatIfIn,
    held: BackendIn,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
) -> WhatIfOut:
    """The candidate without some members, with another need, with windows moved or fields stated."""
    found = candidate_for(held, viewer, candidate_id)
    result = held.catalogue.engine(viewer).what_if(
        found,
        drop=asked.drop,
        add=asked.add,
        move=asked.move,
        state={need_id: said.fields() for need_id, said in asked.state.items()},
        where=sight(audience_of(viewer)),
    )
    told = plain.what_if(result)
    return WhatIfOut(before=told["before"], after=told["after"], changes=told["changes"])


@router.post("/{candidate_id}/interest", status_code=201, response_model=RoomOut)
def express(
    candidate_id: Key,
    given: InterestIn,
    held: BackendIn,
    response: Response,
    viewer: Viewer = require(Permission.JOIN_CANDIDATES),
) -> RoomOut:
    """Express interest for one's organisation, as participant or observer: not binding."""
    network_only(viewer)
    found = candidate_for(held, viewer, candidate_id)
    with held.database.write() as session:
        rooms.express(
            session, viewer, found, given.kind, given.conditions, held.catalogue.entries, held.clock()
        )
        room = _room(session, held, viewer, found)
    held.follower.catch_up()
    tag(response, room.version)
    return room


@router.post("/{candidate_id}/interest/withdraw", response_model=RoomOut)
def withdraw(
    candidate_id: Key,
    given: WithdrawalIn,
    held: BackendIn,
    response: Response,
    viewer: Viewer = require(Permission.JOIN_CANDIDATES),
) -> RoomOut:
    """Withdraw the interest of one's organisation: the score is computed again, the history stays."""
    network_only(viewer)
    with held.database.read() as session:
        takes_part = rooms.takes_part(session, viewer, candidate_id)
    found: JointCandidate | None = None
    try:
        found = candidate_for(held, viewer, candidate_id)
    except Problem as problem:
        # a candidate that is no more can still be left by who is in it
        if problem.status == 503 or not takes_part:
            raise
    # interest in what was merged into another stands where it was expressed
    own_id = candidate_id if takes_part or found is None else found.id
    with held.database.write() as session:
        rooms.withdraw(session, viewer, own_id, given.reason, held.clock())
        room = _room_by_id(session, held, viewer, own_id, found)
    held.follower.catch_up()
    tag(response, room.version)
    return room


@router.post("/{candidate_id}/stage", response_model=RoomOut)
def move(
    candidate_id: Key,
    given: MoveIn,
    held: BackendIn,
    response: Response,
    viewer: Viewer = require(Permission.ADVANCE_CANDIDATES),
    if_match: IfMatch = None,
) -> RoomOut:
    """Bring a candidate to another stage; each stage says what it needs."""
    network_only(viewer)
    found = candidate_for(held, viewer, candidate_id)
    with held.database.write() as session:
        row = rooms.opened(session, found)
        unchanged(if_match, row.version, needed=False)
        rooms.may_act(session, viewer, found, held.catalogue.entries)
        rooms.move(session, viewer, found, given.stage, given.reason, held.catalogue.entries, held.clock())
        room = _room(session, held, viewer, found)
    tag(response, room.version)
    return room


@router.patch("/{candidate_id}/checklist/{step}", response_model=RoomOut)
def check(
    candidate_id: Key,
    step: Step,
    given: ChecklistIn,
    held: BackendIn,
    response: Response,
    viewer: Viewer = require(Permission.ADVANCE_CANDIDATES),
    if_match: IfMatch = None,
) -> RoomOut:
    """Say who does a step of the seven, until when, and whether it is done."""
    network_only(viewer)
    found = candidate_for(held, viewer, candidate_id)
    with held.database.write() as session:
        row = rooms.opened(session, found)
        unchanged(if_match, row.version)
        rooms.may_act(session, viewer, found, held.catalogue.entries)
        said = given.model_dump(mode="json", exclude_unset=True)
        said = {name: value for name, value in said.items() if value is not None or name == "due"}
        row.checklist = [{**one, **(said if one["step"] == step else {})} for one in row.checklist]
        rooms.raised(row, held.clock())
        audit.record(
            session,
            action="candidate.checked",
            viewer=viewer,
            kind=rooms.CANDIDATE,
            id=found.id,
            after={step: said},
        )
        room = _room(session, held, viewer, found)
    tag(response, room.version)
    return room


@router.patch("/{candidate_id}/agreement", response_model=RoomOut)
def agree(
    candidate_id: Key,
    given: AgreementIn,
    held: BackendIn,
    response: Response,
    viewer: Viewer = require(Permission.ADVANCE_CANDIDATES),
    if_match: IfMatch = None,
) -> RoomOut:
    """Write down what participants agreed: responsibilities, law, organisation; for a framework its users."""
    network_only(viewer)
    found = candidate_for(held, viewer, candidate_id)
    with held.database.write() as session:
        row = rooms.opened(session, found)
        unchanged(if_match, row.version)
        rooms.may_act(session, viewer, found, held.catalogue.entries)
        before = row.agreement
        said = given.model_dump(mode="json", exclude_unset=True)
        row.agreement = {
            name: value for name, value in {**row.agreement, **said}.items() if value is not None
        }
        rooms.raised(row, held.clock())
        audit.record(
            session,
            action="candidate.agreed",
            viewer=viewer,
            kind=rooms.CANDIDATE,
            id=found.id,
            before=before,
            after=row.agreement,
        )
        room = _room(session, held, viewer, found)
    tag(response, room.version)
    return room


@router.put("/{candidate_id}/follow", response_model=FollowOut)
def follow(
    candidate_id: Key, held: BackendIn, viewer: Viewer = require(Permission.READ_CANDIDATES)
) -> FollowOut:
    """Get every answer and every change of stage from now on."""
    network_only(viewer)
    found = candidate_for(held, viewer, candidate_id)
    with held.database.write() as session:
        rooms.follow(session, viewer, rooms.CANDIDATE, found.id)
    return FollowOut(following=True)


@router.delete("/{candidate_id}/follow", response_model=FollowOut)
def unfollow(
    candidate_id: Key, held: BackendIn, viewer: Viewer = require(Permission.READ_CANDIDATES)
) -> FollowOut:
    """Get none from now on."""
    network_only(viewer)
    found = candidate_for(held, viewer, candidate_id)
    with held.database.write() as session:
        rooms.unfollow(session, viewer, rooms.CANDIDATE, found.id)
    return FollowOut(following=False)


# -- inside -----------------------------------------------------------------------------------


def _brief(session: Session, held: Backend, viewer: Viewer, found: JointCandidate) -> CandidateBrief:
    network = in_network(viewer)
    row = rooms.room_of(session, found.id) if network else None
    here = rooms.present(viewer, found, held.catalogue.entries, held.today)
    expressed = rooms.interests(session, found.id, active=True) if row is not None else []
    standing = [one for one in expressed if here.shown(one)]
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
        stage=Stage(row.stage) if row is not None else Stage.DETECTED,
        participants=sum(1 for one in standing if one.kind == rooms.PARTICIPANT),
        observers=sum(1 for one in standing if one.kind == rooms.OBSERVER),
        mine=bool(rooms.own_needs(viewer, found, held.catalogue.entries)),
    )


def _room(session: Session, held: Backend, viewer: Viewer, found: JointCandidate) -> RoomOut:
    return _room_by_id(session, held, viewer, found.id, found)


def _room_by_id(
    session: Session, held: Backend, viewer: Viewer, candidate_id: str, found: JointCandidate | None
) -> RoomOut:
    session.flush()
    row = rooms.room_of(session, candidate_id)
    if row is None:  # nobody has acted yet
        row = RoomRow(
            candidate_id=candidate_id,
            version=1,
            stage=Stage.DETECTED.value,
            checklist=fresh_checklist(),
            agreement={},
        )
    moves = session.scalars(
        select(StageRow).where(StageRow.candidate_id == candidate_id).order_by(StageRow.at, StageRow.id)
    ).all()
    expressed = rooms.interests(session, candidate_id)
    here = rooms.present(viewer, found, held.catalogue.entries, held.today)
    owners = {
        one.id: one
        for one in session.scalars(
            select(OrganisationRow).where(
                OrganisationRow.id.in_({each.organisation_id for each in expressed})
            )
        ).all()
    }
    following = session.get(FollowerRow, (rooms.CANDIDATE, candidate_id, viewer.user_id or ""))
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
                before=Stage(one.before),
                after=Stage(one.after),
                reason=one.reason,
                organisation_id=one.organisation_id if here.names(one.organisation_id, expressed) else "",
                at=one.at,
            )
            for one in moves
        ],
        following=following is not None,
    )


def _to_audience(held: Backend, need: Need, audience: Audience) -> Need | None:
    """A need as an audience sees it by now."""
    entry = held.catalogue.get(need.id, Kind.NEED)
    shown = entry.to(audience, held.today) if entry is not None and entry.matched else None
    return shown if isinstance(shown, Need) else None


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


def _written(found: JointCandidate, audience: Visibility, form: str, versions: dict[str, str]) -> bytes:
    from service import dossier as made

    if form == "ocds":
        package = made.ocds(found, open_to=audience)
        return (json.dumps(package, ensure_ascii=False, indent=2, default=str) + "\n").encode()
    if form == "consultation":
        return made.consultation(found, open_to=audience).encode()
    if form == "html":
        return made.html(found, open_to=audience, versions=versions).encode()
    if form == "docx":
        from service.dossier.docx import render

        return render(made.dossier_document(found, open_to=audience, versions=versions))
    return made.markdown(found, open_to=audience, versions=versions).encode()
