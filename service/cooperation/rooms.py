"""The workspace of a candidate, and who takes part in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.joint import JointCandidate
from matcher.records import JointInterest, Visibility
from service.confidentiality.audience import Audience
from service.confidentiality.redaction import in_force, withheld
from service.cooperation.stages import Stage, check_move, fresh_checklist
from service.notify.messages import tell
from service.problems import conflict, forbidden, not_found
from service.projection.entry import Entry
from service.projection.views import everybody
from service.rights.policy import Permission, Role
from service.rights.viewer import Viewer
from service.security.identify import viewer_of
from service.store import audit, records
from service.store.tables import FollowerRow, InterestRow, RoomRow, StageRow, UserRow

PARTICIPANT, OBSERVER = "participant", "observer"
_SAID = {PARTICIPANT: JointInterest.YES, OBSERVER: JointInterest.OBSERVER}
CANDIDATE = "candidate"


def room_of(session: Session, candidate_id: str) -> RoomRow | None:
    """The room of a candidate, if anybody has acted in it."""
    return session.get(RoomRow, candidate_id)


def opened(session: Session, candidate: JointCandidate) -> RoomRow:
    """The room of a candidate, opened where there is none; held until the transaction ends."""
    row = session.get(RoomRow, candidate.id, with_for_update=True)
    if row is None:
        row = RoomRow(candidate_id=candidate.id, checklist=fresh_checklist())
        session.add(row)
    row.need_ids = [need.id for need in everybody(candidate)]
    session.flush()
    return row


def interests(session: Session, candidate_id: str, *, active: bool = False) -> Sequence[InterestRow]:
    """All interest ever expressed, oldest first; only what stands with `active`."""
    query = select(InterestRow).where(InterestRow.candidate_id == candidate_id)
    if active:
        query = query.where(InterestRow.withdrawn_at.is_(None))
    return session.scalars(query.order_by(InterestRow.at, InterestRow.id)).all()


def takes_part(session: Session, viewer: Viewer, candidate_id: str) -> bool:
    """Whether interest of the viewer's organisation stands."""
    return any(
        row.organisation_id == viewer.organisation_id for row in interests(session, candidate_id, active=True)
    )


@dataclass(frozen=True, slots=True)
class Present:
    """Whose needs are in a candidate now, as a viewer of the network may know."""

    organisation_id: str | None
    """The viewer's own organisation: it always sees itself."""
    owners: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    """Owners of whom a need in the candidate shows the name."""

    def shown(self, row: InterestRow) -> bool:
        """Whether a viewer may know of this interest: who takes part has a need in the candidate."""
        own = row.organisation_id == self.organisation_id
        return own or row.kind != PARTICIPANT or row.organisation_id in self.owners

    def names(self, organisation_id: str, expressed: Sequence[InterestRow]) -> bool:
        """Whether an organisation may be named: not, where all its needs there withhold their owner's name.

        Nor where it came with a need (`expressed` is all interest in the candidate) that is there no more.
        """
        if organisation_id == self.organisation_id or organisation_id in self.named:
            return True
        came = any(row.organisation_id == organisation_id and row.need_id for row in expressed)
        return not came and organisation_id not in self.owners


def present(
    viewer: Viewer, candidate: JointCandidate | None, entries: Mapping[str, Entry], day: date
) -> Present:
    """Whose needs are in a candidate on a day; nobody's in one that is no more."""
    there = [
        entry
        for need in (everybody(candidate) if candidate else ())
        if (entry := entries.get(need.id)) and entry.matched and entry.to(Audience.NETWORK, day) is not None
    ]
    named = (entry.organisation_id for entry in there if not _nameless(entry, day))
    return Present(
        viewer.organisation_id, frozenset(entry.organisation_id for entry in there), frozenset(named)
    )


def _nameless(entry: Entry, day: date) -> bool:
    """Whether a need withholds its owner's name from the network."""
    fields, _ = withheld(entry.record, [each.field for each in in_force(entry.redactions, day)])
    return not fields.isdisjoint(("organisation", "organisation_id"))


def express(
    session: Session,
    viewer: Viewer,
    candidate: JointCandidate,
    kind: str,
    conditions: str,
    entries: Mapping[str, Entry],
    at: datetime,
) -> InterestRow:
    """Take down that an organisation is interested, and say so of its needs in the candidate.

    Not binding, and can be withdrawn. Raises `Problem` 409 where the same stands already or where somebody
    without a need in the candidate wants to take part.
    """
    assert viewer.organisation_id is not None
    assert viewer.user_id is not None
    own = own_needs(viewer, candidate, entries)
    if kind == PARTICIPANT and not own:
        raise conflict(
            "Only an organisation with a need in the candidate can take part. Enter yours first, or observe."
        )
    opened(session, candidate)
    earlier: dict[str, InterestRow] = {}
    for row in interests(session, candidate.id, active=True):
        if row.organisation_id != viewer.organisation_id:
            continue
        if row.kind == kind and row.conditions == conditions:
            raise conflict(f"Your organisation is {kind} already.")
        # needs that have left the candidate are not spoken for any more
        _end(session, viewer, row, at, f"now {kind}", [one for one in row.before if one not in own])
        earlier |= dict.fromkeys(row.before, row)
    before: dict[str, Any] = {}
    for need_id in own:
        held = records.get(session, need_id, for_update=True)
        if held is None:
            continue
        said = held.body.get("joint_interest")
        ended = earlier.get(need_id)
        # what an earlier interest made the need say was never its owner's own word
        before[need_id] = ended.before[need_id] if ended and said == _SAID[ended.kind].value else said
        _say(session, viewer, need_id, _SAID[kind].value)
    row = InterestRow(
        candidate_id=candidate.id,
        organisation_id=viewer.organisation_id,
        kind=kind,
        need_id=own[0] if own else None,
        conditions=conditions,
        by=viewer.user_id,
        at=at,
        before=before,
    )
    session.add(row)
    follow(session, viewer, CANDIDATE, candidate.id)
    session.flush()
    audit.record(
        session, action="interest.expressed", viewer=viewer, kind=CANDIDATE, id=candidate.id, after=kind
    )
    _announce(session, candidate.id, "interest", f"New {kind} in a joint candidate", viewer, at)
    return row


def withdraw(
    session: Session, viewer: Viewer, candidate_id: str, reason: str, at: datetime
) -> Sequence[InterestRow]:
    """End an organisation's interest; its needs say again what they said before. The history is kept.

    A need whose owner has made it say something else since is left alone.
    """
    found = [
        row
        for row in interests(session, candidate_id, active=True)
        if row.organisation_id == viewer.organisation_id
    ]
    if not found:
        raise conflict("Your organisation has expressed no interest that stands.")
    for row in found:
        _end(session, viewer, row, at, reason, list(row.before))
    audit.record(
        session,
        action="interest.withdrawn",
        viewer=viewer,
        kind=CANDIDATE,
        id=candidate_id,
        reason=reason,
    )
    _announce(session, candidate_id, "interest", "Interest in a joint candidate was withdrawn", viewer, at)
    return found


def move(
    session: Session,
    viewer: Viewer,
    candidate: JointCandidate,
    after: Stage,
    reason: str,
    entries: Mapping[str, Entry],
    at: datetime,
) -> RoomRow:
    """Bring a candidate to another stage, where that stage's conditions hold."""
    row = opened(session, candidate)
    before = Stage(row.stage)
    standing = interests(session, candidate.id, active=True)
    owners = present(viewer, candidate, entries, at.date()).owners
    taking_part = {one.organisation_id for one in standing if one.kind == PARTICIPANT} & owners
    check_move(before, after, participants=len(taking_part), agreement=row.agreement, reason=reason)
    assert viewer.user_id is not None
    assert viewer.organisation_id is not None
    row.stage = after.value
    raised(row, at)
    session.add(
        StageRow(
            candidate_id=candidate.id,
            before=before.value,
            after=after.value,
            reason=reason,
            by=viewer.user_id,
            organisation_id=viewer.organisation_id,
            at=at,
        )
    )
    audit.record(
        session,
        action="candidate.moved",
        viewer=viewer,
        kind=CANDIDATE,
        id=candidate.id,
        before=before.value,
        after=after.value,
        reason=reason,
    )
    _announce(session, candidate.id, "stage", f"A joint candidate is now at: {after.value}", viewer, at)
    return row


def may_act(
    session: Session, viewer: Viewer, candidate: JointCandidate, entries: Mapping[str, Entry]
) -> None:
    """Pass for those who take part, own a need in it, or run the service; raises 403 for others."""
    if viewer.role in (Role.ADMINISTRATOR, Role.NATIONAL_CONTACT) or own_needs(viewer, candidate, entries):
        return
    active = interests(session, candidate.id, active=True)
    if any(row.organisation_id == viewer.organisation_id and row.kind == PARTICIPANT for row in active):
        return
    raise forbidden(
        "Only participants and owners of its needs may change a candidate. Express interest first."
    )


def own_needs(viewer: Viewer, candidate: JointCandidate, entries: Mapping[str, Entry]) -> list[str]:
    """Ids of the viewer's organisation's needs in a candidate, in its order."""
    return [
        need.id
        for need in everybody(candidate)
        if (entry := entries.get(need.id)) is not None and viewer.owns(entry.organisation_id)
    ]


def raised(row: RoomRow, at: datetime) -> None:
    """A changed room has a new version."""
    row.version += 1
    row.updated_at = at


def follow(session: Session, viewer: Viewer, kind: str, subject_id: str) -> None:
    """Get every answer given on something from now on."""
    assert viewer.user_id is not None
    if session.get(FollowerRow, (kind, subject_id, viewer.user_id)) is None:
        session.add(FollowerRow(subject_kind=kind, subject_id=subject_id, user_id=viewer.user_id))


def unfollow(session: Session, viewer: Viewer, kind: str, subject_id: str) -> None:
    """Get none from now on; raises 404 where one does not follow."""
    row = session.get(FollowerRow, (kind, subject_id, viewer.user_id))
    if row is None:
        raise not_found("follower", subject_id)
    session.delete(row)


def followers(session: Session, kind: str, subject_id: str, sees: Callable[[Viewer], bool]) -> list[str]:
    """Ids of the users who follow something, are active, and may still see it; sorted."""
    query = (
        select(UserRow)
        .join(FollowerRow, FollowerRow.user_id == UserRow.id)
        .where(FollowerRow.subject_kind == kind, FollowerRow.subject_id == subject_id, UserRow.active)
    )
    return sorted(user.id for user in session.scalars(query) if sees(viewer_of(user)))


def sees_candidates(viewer: Viewer) -> bool:
    """Whether somebody may be told what happens in a candidate's room."""
    return viewer.open_to is Visibility.NETWORK and Permission.READ_CANDIDATES in viewer.permissions


def _end(
    session: Session,
    viewer: Viewer,
    row: InterestRow,
    at: datetime,
    reason: str,
    restored: Sequence[str],
) -> None:
    row.withdrawn_at = at
    row.withdrawn_by = viewer.user_id
    row.withdrawn_reason = reason
    for need_id in restored:
        held = records.get(session, need_id, for_update=True)
        if held is not None and held.body.get("joint_interest") == _SAID[row.kind].value:
            _say(session, viewer, need_id, row.before[need_id])


def _say(session: Session, viewer: Viewer, need_id: str, said: str | None) -> None:
    """Let a need say what its owner thinks of buying together."""
    row = records.get(session, need_id)
    assert row is not None
    body = {name: value for name, value in row.body.items() if name != "joint_interest"}
    if said is not None:
        body["joint_interest"] = said
    if body != row.body:
        records.change(session, need_id, None, {"body": body}, viewer, action="joint_interest")


def _announce(
    session: Session, candidate_id: str, kind: str, subject: str, viewer: Viewer, at: datetime
) -> None:
    everybody_else = followers(session, CANDIDATE, candidate_id, sees_candidates)
    told = [one for one in everybody_else if one != viewer.user_id]
    if told:
        tell(session, told, kind, subject, {"candidate_id": candidate_id, "at": at.isoformat()})
