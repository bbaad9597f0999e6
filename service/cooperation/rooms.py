"""The workspace of a candidate, and who takes part in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.identity import Identities
from matcher.joint import JointCandidate
from matcher.phrases import Phrase, phrase
from matcher.records import JointInterest, Visibility
from service.confidentiality.audience import Audience
from service.confidentiality.redaction import in_force, withheld
from service.cooperation.stages import STAGES, Stage, check_move, fresh_checklist
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
OVERSEEING = frozenset({Role.ADMINISTRATOR, Role.NATIONAL_CONTACT})
"""Roles that act on candidates without a need in them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate with every id under which something may have been done in it."""

    id: str
    """That of the candidate."""
    former: tuple[str, ...] = ()
    """Ids that were given up and lead to it, as its cluster took theirs over."""
    candidate: JointCandidate | None = None
    """None where its needs are no candidate any more."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Its own id, then the former ones."""
        return (self.id, *self.former)


def place_of(id_: str, identities: Identities, candidate: JointCandidate | None) -> Place:
    """The place of a living id among the identities of its audience.

    What was done in a candidate that was merged stays with its id: should the id come back, so does that.
    """
    former = sorted(old_id for old_id, old in identities.retired.items() if old.into == id_)
    return Place(id_, tuple(former), candidate)


def rooms_of(session: Session, place: Place) -> list[RoomRow]:
    """The rooms in which somebody has acted: its own, then former ones, the one changed last first.

    The first of all is the one that goes on.
    """
    query = select(RoomRow).where(RoomRow.candidate_id.in_(place.ids))
    found = sorted(session.scalars(query), key=lambda row: row.candidate_id)
    found.sort(key=lambda row: row.updated_at, reverse=True)
    return sorted(found, key=lambda row: row.candidate_id != place.id)


def opened(session: Session, place: Place) -> RoomRow:
    """The room of a candidate, opened where there is none; held until the transaction ends.

    A new one goes on from the former room that was changed last.
    """
    assert place.candidate is not None
    row = session.get(RoomRow, place.id, with_for_update=True)
    if row is None:
        row = fresh(session, place)
        session.add(row)
    row.need_ids = [need.id for need in everybody(place.candidate)]
    session.flush()
    return row


def fresh(session: Session, place: Place) -> RoomRow:
    """The room of a candidate in which nobody has acted, not kept yet."""
    row = RoomRow(
        candidate_id=place.id,
        version=1,
        stage=Stage.DETECTED.value,
        checklist=fresh_checklist(),
        agreement={},
    )
    for last in rooms_of(session, place)[:1]:
        row.stage, row.checklist, row.agreement = last.stage, list(last.checklist), dict(last.agreement)
    return row


def interests(session: Session, place: Place, *, active: bool = False) -> Sequence[InterestRow]:
    """All interest ever expressed, oldest first; only what stands with `active`."""
    query = select(InterestRow).where(InterestRow.candidate_id.in_(place.ids))
    if active:
        query = query.where(InterestRow.withdrawn_at.is_(None))
    return session.scalars(query.order_by(InterestRow.at, InterestRow.id)).all()


def moves(session: Session, place: Place) -> Sequence[StageRow]:
    """All changes of stage, oldest first."""
    query = select(StageRow).where(StageRow.candidate_id.in_(place.ids))
    return session.scalars(query.order_by(StageRow.at, StageRow.id)).all()


def takes_part(session: Session, viewer: Viewer, place: Place) -> bool:
    """Whether interest of the viewer's organisation stands."""
    return any(
        row.organisation_id == viewer.organisation_id for row in interests(session, place, active=True)
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

    def names_mover(self, row: StageRow, expressed: Sequence[InterestRow], overseers: frozenset[str]) -> bool:
        """Whether who moved the candidate may be named.

        Who has no need there now either had one or runs the service (`overseers`); the first is not told.
        """
        if row.organisation_id == self.organisation_id or row.organisation_id in self.named:
            return True
        return row.by in overseers and self.names(row.organisation_id, expressed)


def overseers(session: Session, moved: Sequence[StageRow]) -> frozenset[str]:
    """Those of the users who moved a candidate that may do so without a need in it."""
    roles = [role.value for role in OVERSEEING]
    asked = select(UserRow.id).where(UserRow.id.in_({row.by for row in moved}), UserRow.role.in_(roles))
    return frozenset(session.scalars(asked))


def present(
    viewer: Viewer, candidate: JointCandidate | None, entries: Mapping[str, Entry], day: date
) -> Present:
    """Whose needs are in a candidate on a day; nobody's in one that is no more."""
    there = [
        entry
        for need in (everybody(candidate) if candidate else ())
        if (entry := entries.get(need.id)) and _is_there(entry, day)
    ]
    named = (entry.organisation_id for entry in there if not _nameless(entry, day))
    return Present(
        viewer.organisation_id, frozenset(entry.organisation_id for entry in there), frozenset(named)
    )


def _is_there(entry: Entry, day: date) -> bool:
    """Whether a need of a candidate still takes part in matching, and the network may still know of it."""
    return entry.matched and entry.to(Audience.NETWORK, day) is not None


def _nameless(entry: Entry, day: date) -> bool:
    """Whether a need withholds its owner's name from the network."""
    fields, _ = withheld(entry.record, [each.field for each in in_force(entry.redactions, day)])
    return not fields.isdisjoint(("organisation", "organisation_id"))


def express(
    session: Session,
    viewer: Viewer,
    place: Place,
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
    own = own_needs(viewer, place.candidate, entries, at.date())
    if kind == PARTICIPANT and not own:
        raise conflict(
            phrase(
                "Only an organisation with a need in the candidate can take part. Enter yours "
                "first, or observe."
            )
        )
    opened(session, place)
    earlier: dict[str, InterestRow] = {}
    for row in interests(session, place, active=True):
        if row.organisation_id != viewer.organisation_id:
            continue
        if row.kind == kind and row.conditions == conditions:
            raise conflict(
                phrase("Your organisation is participant already.")
                if kind == PARTICIPANT
                else phrase("Your organisation is observer already.")
            )
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
        candidate_id=place.id,
        organisation_id=viewer.organisation_id,
        kind=kind,
        need_id=own[0] if own else None,
        conditions=conditions,
        by=viewer.user_id,
        at=at,
        before=before,
    )
    session.add(row)
    follow(session, viewer, CANDIDATE, place.id)
    session.flush()
    audit.record(session, action="interest.expressed", viewer=viewer, kind=CANDIDATE, id=place.id, after=kind)
    subject = phrase("New observer in a joint candidate")
    if kind == PARTICIPANT:
        subject = phrase("New participant in a joint candidate")
    _announce(session, place, "interest", subject, viewer, at)
    return row


def withdraw(
    session: Session, viewer: Viewer, place: Place, reason: str, at: datetime
) -> Sequence[InterestRow]:
    """End an organisation's interest; its needs say again what they said before. The history is kept.

    It ends whole, under whichever id it was expressed. A need whose owner has made it say something else
    since is left alone.
    """
    found = [
        row for row in interests(session, place, active=True) if row.organisation_id == viewer.organisation_id
    ]
    if not found:
        raise conflict(phrase("Your organisation has expressed no interest that stands."))
    for row in found:
        _end(session, viewer, row, at, reason, list(row.before))
    audit.record(
        session,
        action="interest.withdrawn",
        viewer=viewer,
        kind=CANDIDATE,
        id=place.id,
        reason=reason,
    )
    subject = phrase("Interest in a joint candidate was withdrawn")
    _announce(session, place, "interest", subject, viewer, at)
    return found


def move(
    session: Session,
    viewer: Viewer,
    place: Place,
    after: Stage,
    reason: str,
    entries: Mapping[str, Entry],
    at: datetime,
) -> RoomRow:
    """Bring a candidate to another stage, where that stage's conditions hold."""
    row = opened(session, place)
    before = Stage(row.stage)
    standing = interests(session, place, active=True)
    owners = present(viewer, place.candidate, entries, at.date()).owners
    taking_part = {one.organisation_id for one in standing if one.kind == PARTICIPANT} & owners
    check_move(before, after, participants=len(taking_part), agreement=row.agreement, reason=reason)
    assert viewer.user_id is not None
    assert viewer.organisation_id is not None
    row.stage = after.value
    raised(row, at)
    session.add(
        StageRow(
            candidate_id=place.id,
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
        id=place.id,
        before=before.value,
        after=after.value,
        reason=reason,
    )
    # its code in English, as ever; in words for people
    stage = Phrase(after.value, STAGES[after.value].template, {})
    subject = phrase("A joint candidate is now at: {stage}", stage=stage)
    _announce(session, place, "stage", subject, viewer, at)
    return row


def may_act(
    viewer: Viewer, candidate: JointCandidate | None, entries: Mapping[str, Entry], day: date
) -> None:
    """Pass for those who own a need in it now, or run the service; raises 403 for others.

    Who takes part owns a need in it: once that has left, its owner acts no more.
    """
    if viewer.role not in OVERSEEING and not own_needs(viewer, candidate, entries, day):
        raise forbidden(
            phrase(
                "Only participants and owners of its needs may change a candidate. Express interest first."
            )
        )


def own_needs(
    viewer: Viewer, candidate: JointCandidate | None, entries: Mapping[str, Entry], day: date
) -> list[str]:
    """Ids of the viewer's organisation's needs that are in a candidate on a day, in its order."""
    return [
        need.id
        for need in (everybody(candidate) if candidate else ())
        if (entry := entries.get(need.id)) is not None
        and viewer.owns(entry.organisation_id)
        and _is_there(entry, day)
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


def follows(session: Session, viewer: Viewer, kind: str, ids: Sequence[str]) -> Sequence[FollowerRow]:
    """What the viewer follows something by, under any of its ids."""
    query = select(FollowerRow).where(
        FollowerRow.subject_kind == kind,
        FollowerRow.subject_id.in_(ids),
        FollowerRow.user_id == viewer.user_id,
    )
    return session.scalars(query).all()


def unfollow(session: Session, viewer: Viewer, kind: str, ids: Sequence[str]) -> None:
    """Get none from now on, under any of its ids; raises 404 where one does not follow."""
    found = follows(session, viewer, kind, ids)
    if not found:
        raise not_found("follower", ids[0])
    for row in found:
        session.delete(row)


def followers(session: Session, kind: str, ids: Sequence[str], sees: Callable[[Viewer], bool]) -> list[str]:
    """Ids of the users who follow something by any of its ids, are active, and may still see it; sorted."""
    query = (
        select(UserRow)
        .join(FollowerRow, FollowerRow.user_id == UserRow.id)
        .where(FollowerRow.subject_kind == kind, FollowerRow.subject_id.in_(ids), UserRow.active)
    )
    return sorted({user.id for user in session.scalars(query) if sees(viewer_of(user))})


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


def _announce(session: Session, place: Place, kind: str, subject: str, viewer: Viewer, at: datetime) -> None:
    everybody_else = followers(session, CANDIDATE, place.ids, sees_candidates)
    told = [one for one in everybody_else if one != viewer.user_id]
    if told:
        tell(session, told, kind, subject, {"candidate_id": place.id, "at": at.isoformat()})
