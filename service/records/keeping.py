"""Needs and solutions that users keep: entered, changed, moved on, taken out; the same for both kinds.

Each function opens its own sessions, and brings this process's index up to date after a write.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import Phrase, joined, phrase
from matcher.records import Kind, Visibility
from service.backend import Backend
from service.confidentiality.redaction import Redaction
from service.confidentiality.tlp import Tlp
from service.problems import NOUNS, FieldError, conflict, forbidden, invalid
from service.projection.entry import MATCHED
from service.projection.follower import entry_of_row
from service.records.entering import (
    Attempt,
    Before,
    Entered,
    Owner,
    Reading,
    Terms,
    enter,
    unvetted,
)
from service.records.finding import own
from service.records.patching import Given, read_given, read_patched, understood
from service.rights.policy import Role
from service.rights.viewer import Viewer
from service.security import accounts
from service.store import audit, records
from service.store.rows import record_of
from service.store.tables import OrganisationRow, RecordRow, new_id
from service.versions import unchanged

OWNER_ID = {Kind.NEED: "organisation_id", Kind.SOLUTION: "vendor_id"}
SPEAKERS = frozenset({Role.ADMINISTRATOR, Role.NATIONAL_CONTACT})
"""Roles that may enter records of other organisations."""
RENEWED = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Move:
    """One step in the life of a record."""

    name: str
    allowed: frozenset[str]
    """Statuses that it starts from."""
    status: str
    """Where it leads."""


SUBMIT = Move("submit", frozenset({"draft"}), "open")
WITHDRAW = Move("withdraw", frozenset({"open", "in_candidate", "paused", "expired"}), "withdrawn")
"""Of what was open: a draft was shown to nobody, and what is withdrawn is still found by its id."""
RENEW = Move("renew", frozenset({"open", "in_candidate", "paused", "expired"}), "open")
PAUSE = Move("pause", frozenset({"open", "in_candidate"}), "paused")
REOPEN = Move("reopen", frozenset({"paused", "withdrawn", "fulfilled"}), "open")
FULFIL = Move("fulfil", frozenset({"open", "in_candidate", "paused"}), "fulfilled")
STEPS: Mapping[str, Phrase] = {
    "submit": phrase("submit"),
    "withdraw": phrase("withdraw"),
    "renew": phrase("renew"),
    "pause": phrase("pause"),
    "reopen": phrase("reopen"),
    "fulfil": phrase("fulfil"),
}
STATUSES: Mapping[str, Phrase] = {
    "draft": phrase("draft"),
    "open": phrase("open"),
    "in_candidate": phrase("in_candidate"),
    "paused": phrase("paused"),
    "fulfilled": phrase("fulfilled"),
    "withdrawn": phrase("withdrawn"),
    "expired": phrase("expired"),
}


def attempt(held: Backend, viewer: Viewer, kind: Kind, given: Given) -> Attempt:
    """What would come of a new record. Raises `Problem` 403 for the wrong organisation, and 422."""
    name = OWNER_ID[kind]
    with held.database.read() as session:
        owner = _owner(session, viewer, getattr(given, name), name)
        known = _organisations(session, viewer, given.shared_with)
    reading, errors = read_given(given, kind, new_id(), {})
    terms = Terms(
        ref=given.ref if given.ref is not None else given.id,
        status=given.status or "open",
        visibility=given.visibility,
        tlp=given.tlp,
        shared_with=tuple(given.shared_with),
        redactions=_redactions(given),
        expires_at=given.expires_at,
    )
    found = _entered(held, viewer, reading, terms, owner, known)
    return Attempt(kind, reading, tuple(errors), found)


def create(
    held: Backend, viewer: Viewer, kind: Kind, given: Given, override_reason: str | None = None
) -> tuple[RecordRow, Entered]:
    """Keep a new record. Raises `Problem`: 403, 409 or 422."""
    tried = attempt(held, viewer, kind, given)
    override = _override(viewer, tried, override_reason)
    found = tried.kept(override=override is not None)
    with held.database.write() as session:
        row = records.create(session, found.draft(), viewer, reason=override or "")
        _note(session, viewer, row, override)
    held.follower.catch_up()
    return row, found


def put(
    held: Backend,
    viewer: Viewer,
    kind: Kind,
    key: str,
    given: Given,
    if_match: str | None,
    override_reason: str | None = None,
) -> tuple[RecordRow, Entered]:
    """Say everything about a record anew. Raises `Problem`: 403, 404, 409, 412, 422 or 428.

    Status, visibility, TLP, shares, redactions, end and the owner's id stay where they are left out.
    """
    row = _read_own(held, viewer, kind, key, if_match)
    reading, errors = read_given(given, kind, row.id, row.body.get("extra", {}))
    return _change(held, viewer, row, given, given.model_fields_set, reading, errors, override_reason)


def patch(
    held: Backend,
    viewer: Viewer,
    kind: Kind,
    key: str,
    given: Mapping[str, Any],
    if_match: str | None,
    override_reason: str | None = None,
) -> tuple[RecordRow, Entered]:
    """Change some fields of a record. Raises `Problem` as `put`."""
    row = _read_own(held, viewer, kind, key, if_match)
    asked = understood(given, kind)
    reading, errors = read_patched(asked, kind, row)
    return _change(held, viewer, row, asked.given, asked.touched, reading, errors, override_reason)


def move(
    held: Backend,
    viewer: Viewer,
    kind: Kind,
    key: str,
    step: Move,
    *,
    reason: str = "",
    expires_at: datetime | None = None,
    if_match: str | None = None,
) -> RecordRow:
    """Take a record one step on. Raises `Problem`: 403, 404, 409, 412 or 422."""
    at = held.clock()
    with held.database.write() as session:
        row = own(session, held, viewer, kind, key)
        unchanged(if_match, row.version, needed=False)
        if row.status not in step.allowed:
            raise conflict(
                phrase(
                    "This {kind} is {status}; {step} needs one of: {allowed}.",
                    kind=NOUNS[kind.value],
                    status=STATUSES[row.status],
                    step=STEPS[step.name],
                    allowed=joined((STATUSES[each] for each in sorted(step.allowed)), between=", "),
                )
            )
        status = step.status
        if step is RENEW:
            expires_at = expires_at or at + RENEWED
            if expires_at <= at:
                raise invalid("/expires_at", phrase("The moment is past. Give a later one."))
            status = "open" if row.status == "expired" else row.status
        elif status == "open" and row.expires_at is not None and row.expires_at <= at:
            raise conflict(
                phrase(
                    "Its time was over on {day:%Y-%m-%d}. Renew it or change that.",
                    day=row.expires_at.date(),
                )
            )
        problem = unvetted(Owner.of(row.organisation), status, Visibility(row.visibility))
        if problem and status in records.RUNNING and status != row.status:
            raise forbidden(problem)
        row = records.set_status(
            session, row.id, row.version, status, viewer, reason=reason, expires_at=expires_at
        )
    held.follower.catch_up()
    return row


def erase(held: Backend, viewer: Viewer, kind: Kind, key: str, if_match: str | None) -> None:
    """Take a record out of everything and forget its text. Raises `Problem`: 403, 404, 412 or 428."""
    with held.database.write() as session:
        row = own(session, held, viewer, kind, key)
        unchanged(if_match, row.version)
        records.erase(session, row.id, row.version, viewer)
    held.follower.catch_up()


# -- inside -----------------------------------------------------------------------------------


def _read_own(held: Backend, viewer: Viewer, kind: Kind, key: str, if_match: str | None) -> RecordRow:
    with held.database.read() as session:
        row = own(session, held, viewer, kind, key)
    unchanged(if_match, row.version)
    return row


def _change(
    held: Backend,
    viewer: Viewer,
    row: RecordRow,
    given: Given,
    stated: Set[str],
    reading: Reading,
    errors: list[FieldError],
    override_reason: str | None,
) -> tuple[RecordRow, Entered]:
    kind = Kind(row.kind)
    wanted = getattr(given, OWNER_ID[kind])
    if wanted is not None and wanted != row.organisation_id:
        errors.append(
            FieldError(f"/{OWNER_ID[kind]}", phrase("a record stays with its organisation; leave it out"))
        )
    before = Before(record_of(row), terms_of(row))
    terms = _stated(before.terms, given, stated, row.id)
    with held.database.read() as session:
        known = _organisations(session, viewer, given.shared_with) if "shared_with" in stated else None
    found = _entered(held, viewer, reading, terms, Owner.of(row.organisation), known, before)
    tried = Attempt(kind, reading, tuple(errors), found)
    override = _override(viewer, tried, override_reason)
    kept = tried.kept(override=override is not None)
    with held.database.write() as session:
        row = records.change(session, row.id, row.version, kept.changes(), viewer, reason=override or "")
        _note(session, viewer, row, override)
    held.follower.catch_up()
    return row, kept


def _entered(
    held: Backend,
    viewer: Viewer,
    reading: Reading,
    terms: Terms,
    owner: Owner,
    organisations: frozenset[str] | None,
    before: Before | None = None,
) -> Entered | None:
    if reading.record is None:
        return None
    return enter(
        reading.record,
        terms,
        owner,
        at=held.clock(),
        speaks_for_others=viewer.role in SPEAKERS,
        organisations=organisations,
        before=before,
    )


def _owner(session: Session, viewer: Viewer, wanted: str | None, name: str) -> Owner:
    """The organisation that a new record is of. Raises 403 and 422."""
    if wanted is None or viewer.owns(wanted):
        row = session.get(OrganisationRow, viewer.organisation_id) if viewer.organisation_id else None
        if row is None:
            raise forbidden(phrase("You belong to no organisation, so nothing can be entered for it."))
        return Owner.of(row)
    if viewer.role not in SPEAKERS:
        raise forbidden(
            phrase(
                "Only administrators and national contacts enter records of other "
                "organisations. Leave {name} out.",
                name=name,
            )
        )
    row = session.scalars(
        select(OrganisationRow).where(OrganisationRow.id == wanted, accounts.visible(viewer))
    ).one_or_none()
    if row is None:
        raise invalid(
            f"/{name}", phrase("No organisation has the id {wanted!r}. Make it first.", wanted=wanted)
        )
    if viewer.role is Role.NATIONAL_CONTACT and row.country != viewer.country:
        raise forbidden(phrase("A national contact enters records of organisations of its own country only."))
    return Owner.of(row)


def _organisations(session: Session, viewer: Viewer, wanted: Sequence[str]) -> frozenset[str]:
    """Those of some ids that are organisations, as far as the viewer knows of them."""
    if not wanted:
        return frozenset()
    asked = select(OrganisationRow.id).where(OrganisationRow.id.in_(wanted), accounts.visible(viewer))
    return frozenset(session.scalars(asked))


def _redactions(given: Given) -> tuple[Redaction, ...]:
    return tuple(Redaction(r.field, r.reason_code, r.reason, r.until) for r in given.redactions)


def terms_of(row: RecordRow) -> Terms:
    """How a record is kept now."""
    return Terms(
        ref=row.ref,
        status=row.status,
        visibility=Visibility(row.visibility),
        tlp=Tlp(row.tlp) if row.tlp else None,
        shared_with=tuple(sorted(share.organisation_id for share in row.shares)),
        redactions=entry_of_row(row).redactions,
        expires_at=row.expires_at,
    )


def _stated(before: Terms, given: Given, stated: Set[str], row_id: str) -> Terms:
    """What held before, with what is stated anew."""
    changes: dict[str, Any] = {}
    reference = given.ref if given.ref is not None else given.id
    # who sends back what was read sends the id of the database
    if {"ref", "id"} & stated and reference != row_id:
        changes["ref"] = reference
    if given.status is not None:
        changes["status"] = _status(before.status, given.status)
    if given.visibility is not None:
        changes["visibility"] = given.visibility
        if given.visibility is not Visibility.GROUP:
            changes["shared_with"] = ()
    if "tlp" in stated:
        changes["tlp"] = given.tlp
    if "shared_with" in stated:
        changes["shared_with"] = tuple(given.shared_with)
    if "redactions" in stated:
        changes["redactions"] = _redactions(given)
    if "expires_at" in stated:
        changes["expires_at"] = given.expires_at
    return replace(before, **changes)


def _status(before: str, wanted: str) -> str:
    if wanted == "open" and before in MATCHED:
        return before
    if wanted == before or before == "draft" or (wanted == "draft" and before in MATCHED):
        return wanted
    raise conflict(
        phrase(
            "It is {before}. That is changed by submit, renew, reopen and the like, not here.", before=before
        )
    )


def _override(viewer: Viewer, tried: Attempt, reason: str | None) -> str | None:
    """The reason for letting markings through; None where there are none, or where the viewer may not."""
    marked = tried.found is not None and tried.found.markings
    if not marked or viewer.role is not Role.ADMINISTRATOR:
        return None
    return (reason or "").strip() or None


def _note(session: Session, viewer: Viewer, row: RecordRow, override: str | None) -> None:
    if override is not None:
        audit.record(
            session, action=f"{row.kind}.override", viewer=viewer, kind=row.kind, id=row.id, reason=override
        )
