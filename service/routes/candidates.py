"""Joint-procurement candidates: found, explained, and what authorities make of them."""

import json
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from matcher.errors import SettingInvalid
from matcher.filters import Filter
from matcher.joint import JointCandidate
from matcher.phrases import phrase
from matcher.records import Kind, Need, Record, Visibility
from service import plain
from service.access import BackendIn, require
from service.backend import Backend
from service.confidentiality.audience import Audience
from service.cooperation import rooms
from service.cooperation.rooms import Place
from service.dossier.audience import as_shown
from service.paging import PagingIn
from service.problems import conflict, forbidden, not_found, told
from service.projection.views import everybody, sight
from service.records.noting import noted
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.seeing import (
    audience_of,
    candidate_for,
    entry_for,
    in_network,
    need_for,
    network_only,
    past_place,
    place_for,
)
from service.routes.workspaces import brief_out, former_ids, room_out
from service.schemas.cooperation import (
    AgreementIn,
    CandidateOut,
    CandidatesOut,
    ChecklistIn,
    FollowOut,
    InterestIn,
    MoveIn,
    RoomOut,
    Step,
    WhatIfIn,
    WhatIfOut,
    WithdrawalIn,
)
from service.schemas.forms import Key
from service.store import audit
from service.store.tables import RoomRow
from service.versions import IfMatch, tag, unchanged

router = APIRouter(prefix="/candidates", tags=["candidates"])
MEDIA = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ocds": "application/json",
    "consultation": "text/markdown; charset=utf-8",
}


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
        and (not mine or rooms.own_needs(viewer, candidate, held.catalogue.entries, held.today))
    ]
    start = paging.number() or 0
    shown = found[start : start + paging.limit]
    following = paging.cut(
        [*range(start, min(start + paging.limit + 1, len(found)))], lambda place: [str(place + 1)]
    )[1]
    former = former_ids(view.identities)
    with held.database.read() as session:
        briefs = [
            brief_out(session, held, viewer, one, Place(one.id, former.get(one.id, ()), one)) for one in shown
        ]
    noted(held, viewer, "candidates", (need for one in shown for need in one.members))
    return CandidatesOut(items=briefs, next=following, versions=held.versions, day=view.state.day)


@router.get("/{candidate_id}", response_model=CandidateOut)
def candidate(
    candidate_id: Key,
    held: BackendIn,
    response: Response,
    viewer: Viewer = require(Permission.READ_CANDIDATES),
) -> CandidateOut:
    """A candidate with everything that explains it, and its workspace."""
    found, place = place_for(held, viewer, candidate_id)
    with held.database.read() as session:
        room = room_out(session, held, viewer, place) if in_network(viewer) else None
        brief = brief_out(session, held, viewer, found, place)
    noted(held, viewer, "candidate", _concerned(held, found))
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
        raise forbidden(
            phrase(
                "You see what is open to {open_to}; a dossier cannot show more.", open_to=viewer.open_to.value
            )
        )
    shown = found
    try:
        if audience.rank > viewer.open_to.rank:
            shown = as_shown(found, audience, lambda need: _to_audience(held, need, Audience(audience.value)))
        named = held.views.named(Audience(audience.value), shown)
        content = _written(named, audience, form, held.versions)
    except SettingInvalid as error:  # fewer than two members are left
        raise conflict(told(error)) from error
    sees = Filter(open_to=audience).sees
    noted(held, viewer, "dossier", (one for one in _concerned(held, named) if sees(one)))
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
    """The candidate without some members, with another need, with windows moved or fields stated.

    The need that is added may be any that you see, one of your own that is private or a draft too: nobody
    else learns of it.
    """
    found = candidate_for(held, viewer, candidate_id)
    added = need_for(held, viewer, asked.add)[1] if asked.add is not None else None
    result = held.catalogue.engine(viewer).what_if(
        found,
        drop=asked.drop,
        add=added,
        move=asked.move,
        state={need_id: said.fields() for need_id, said in asked.state.items()},
        where=sight(audience_of(viewer)),
    )
    noted(held, viewer, "what_if", [*_concerned(held, found), *([added] if added is not None else [])])
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
    _, place = place_for(held, viewer, candidate_id)
    with held.database.write() as session:
        rooms.express(
            session, viewer, place, given.kind, given.conditions, held.catalogue.entries, held.clock()
        )
        room = room_out(session, held, viewer, place)
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
    # interest in what was merged into another stands where it was expressed
    place = past_place(held, viewer, candidate_id)
    with held.database.write() as session:
        # a candidate that is no more can still be left by who is in it
        if place.candidate is None and not rooms.takes_part(session, viewer, place):
            raise not_found("candidate", candidate_id)
        rooms.withdraw(session, viewer, place, given.reason, held.clock())
        room = room_out(session, held, viewer, place)
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

    def moved(session: Session, _: RoomRow, place: Place) -> None:
        rooms.move(session, viewer, place, given.stage, given.reason, held.catalogue.entries, held.clock())

    return _acted(held, viewer, candidate_id, if_match, response, moved, needed=False)


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
    said = given.model_dump(mode="json", exclude_unset=True)
    said = {name: value for name, value in said.items() if value is not None or name == "due"}

    def checked(session: Session, row: RoomRow, place: Place) -> None:
        row.checklist = [{**one, **(said if one["step"] == step else {})} for one in row.checklist]
        rooms.raised(row, held.clock())
        audit.record(
            session,
            action="candidate.checked",
            viewer=viewer,
            kind=rooms.CANDIDATE,
            id=place.id,
            after={step: said},
        )

    return _acted(held, viewer, candidate_id, if_match, response, checked)


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
    said = given.model_dump(mode="json", exclude_unset=True)

    def agreed(session: Session, row: RoomRow, place: Place) -> None:
        before = row.agreement
        row.agreement = {name: value for name, value in {**before, **said}.items() if value is not None}
        rooms.raised(row, held.clock())
        audit.record(
            session,
            action="candidate.agreed",
            viewer=viewer,
            kind=rooms.CANDIDATE,
            id=place.id,
            before=before,
            after=row.agreement,
        )

    return _acted(held, viewer, candidate_id, if_match, response, agreed)


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
    _, place = place_for(held, viewer, candidate_id)
    with held.database.write() as session:
        rooms.unfollow(session, viewer, rooms.CANDIDATE, place.ids)
    return FollowOut(following=False)


# -- inside -----------------------------------------------------------------------------------


def _acted(
    held: Backend,
    viewer: Viewer,
    candidate_id: str,
    if_match: str | None,
    response: Response,
    act: Callable[[Session, RoomRow, Place], None],
    *,
    needed: bool = True,
) -> RoomOut:
    """The room of a candidate after somebody who may do so acted in it, tagged with its new version."""
    network_only(viewer)
    found, place = place_for(held, viewer, candidate_id)
    with held.database.write() as session:
        row = rooms.opened(session, place)
        unchanged(if_match, row.version, needed=needed)
        rooms.may_act(viewer, found, held.catalogue.entries, held.today)
        act(session, row, place)
        room = room_out(session, held, viewer, place)
    tag(response, room.version)
    return room


def _concerned(held: Backend, found: JointCandidate) -> Iterator[Record]:
    """Every record that the answer on a candidate says anything of."""
    yield from everybody(found)
    yield from (one.solution for one in found.solutions)
    copies = (held.catalogue.get(copy, Kind.NEED) for copy, _ in found.copies)
    yield from (entry.record for entry in copies if entry is not None)


def _to_audience(held: Backend, need: Need, audience: Audience) -> Need | None:
    """A need as an audience sees it by now."""
    entry = held.catalogue.get(need.id, Kind.NEED)
    shown = entry.to(audience, held.today) if entry is not None and entry.matched else None
    return shown if isinstance(shown, Need) else None


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
