"""Organisations and their users: made, changed, vetted, put out of use. Each change leaves an audit row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.problems import conflict, forbidden, invalid, not_found
from service.rights.policy import Role
from service.rights.viewer import Viewer
from service.security import passwords, sessions, tokens
from service.security.signin import folded, of_email
from service.store import audit
from service.store.tables import OrganisationRow, UserRow, new_id

SUPPLIER = "supplier"
OPERATOR = Viewer(role=Role.ADMINISTRATOR)
"""Who works at the command line: trusted, and without an account."""


def add_organisation(
    session: Session, by: Viewer, values: Mapping[str, Any], now: datetime, *, vetted: bool
) -> OrganisationRow:
    """A new organisation, from the values of its columns. Raises `Problem` 409 where the id is in use."""
    given = {name: value for name, value in values.items() if value is not None}
    given.setdefault("id", new_id())
    if session.get(OrganisationRow, given["id"]) is not None:
        raise conflict(phrase("There is an organisation with the id {id!r}.", id=given["id"]))
    row = OrganisationRow(**given, created_at=now, updated_at=now, vetting="vetted" if vetted else "pending")
    if vetted:
        row.vetted_by, row.vetted_at = by.user_id, now
    session.add(row)
    session.flush()
    audit.record(
        session, action="organisation.create", viewer=by, kind="organisation", id=row.id, after=state(row)
    )
    return row


def change_organisation(
    session: Session, by: Viewer, row: OrganisationRow, values: Mapping[str, Any], now: datetime
) -> OrganisationRow:
    """Change columns of an organisation. Raises `Problem` 409 for a kind that its users cannot be of."""
    before = state(row)
    if values.get("kind", row.kind) == SUPPLIER and row.kind != SUPPLIER:
        others = select(UserRow.id).where(
            UserRow.organisation_id == row.id, UserRow.role != Role.INDUSTRY.value, UserRow.active.is_(True)
        )
        if session.scalars(others.limit(1)).first() is not None:
            raise conflict(
                phrase("It has users with other roles than 'industry', so it cannot be a supplier.")
            )
    for name, value in values.items():
        setattr(row, name, value)
    touch(row, now)
    audit.record(
        session,
        action="organisation.update",
        viewer=by,
        kind="organisation",
        id=row.id,
        before=before,
        after=state(row),
    )
    return row


def vet(
    session: Session, by: Viewer, organisation_id: str, now: datetime, *, vetted: bool, reason: str
) -> OrganisationRow:
    """Let an organisation in, or refuse it; national contacts judge those of their own country.

    Raises `Problem`: 404 for what they may not see, 403 for what is not theirs to judge.
    """
    row = session.scalars(
        select(OrganisationRow).where(OrganisationRow.id == organisation_id, visible(by)).with_for_update()
    ).one_or_none()
    if row is None:
        raise not_found("organisation", organisation_id)
    if by.role is not Role.ADMINISTRATOR:
        if not by.vetted or by.country is None or row.country != by.country:
            raise forbidden(phrase("National contacts vet organisations of their own country."))
        if by.owns(row.id):
            raise forbidden(phrase("Nobody vets their own organisation. Ask the administrator."))
    before = state(row)
    row.vetting = "vetted" if vetted else "refused"
    row.vetted_by, row.vetted_at = by.user_id, now
    touch(row, now)
    audit.record(
        session,
        action="organisation.vet" if vetted else "organisation.refuse",
        viewer=by,
        kind="organisation",
        id=row.id,
        before=before,
        after=state(row),
        reason=reason,
    )
    return row


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Which organisations a viewer sees: vetted ones, its own, and those that it may vet."""
    if viewer.role is Role.ADMINISTRATOR:
        return true()
    seen = [OrganisationRow.vetting == "vetted"]
    if viewer.organisation_id is not None:
        seen.append(OrganisationRow.id == viewer.organisation_id)
    if viewer.role is Role.NATIONAL_CONTACT and viewer.vetted and viewer.country is not None:
        seen.append(OrganisationRow.country == viewer.country)
    return or_(*seen)


def add_user(
    session: Session,
    by: Viewer,
    values: Mapping[str, Any],
    now: datetime,
    *,
    password_hash: str | None = None,
) -> UserRow:
    """A new user, from the values of its columns.

    Raises `Problem`: 409 for an e-mail address in use, 422 for an organisation that is not there or that has
    no such role.
    """
    given = dict(values)
    given["email"] = folded(given["email"])
    organisation = session.get(OrganisationRow, given["organisation_id"])
    if organisation is None:
        raise invalid(
            "/organisation_id", phrase("No organisation with the id {id!r}.", id=given["organisation_id"])
        )
    check_role(organisation, Role(given["role"]))
    if of_email(session, given["email"]) is not None:
        raise conflict(phrase("There is a user with this e-mail address."))
    row = UserRow(**given, password_hash=password_hash, created_at=now, updated_at=now)
    row.organisation = organisation
    session.add(row)
    session.flush()
    audit.record(session, action="user.create", viewer=by, kind="user", id=row.id, after=state(row))
    return row


def change_user(
    session: Session, by: Viewer, row: UserRow, values: Mapping[str, Any], now: datetime
) -> UserRow:
    """Change columns of a user. Raises `Problem` 409 where no administrator would be left."""
    before = state(row)
    role = Role(values.get("role", row.role))
    active = bool(values.get("active", row.active))
    if role is not Role.ADMINISTRATOR or not active:
        keep_an_administrator(session, row)
    check_role(row.organisation, role)
    for name, value in values.items():
        setattr(row, name, value)
    if not row.active:
        sessions.end_all(session, row.id)
        tokens.revoke_all(session, row.id, now)
    touch(row, now)
    audit.record(
        session, action="user.update", viewer=by, kind="user", id=row.id, before=before, after=state(row)
    )
    return row


def set_password(
    session: Session,
    by: Viewer,
    row: UserRow,
    password_hash: str | None,
    now: datetime,
) -> None:
    """Give a user another password; all browsers are signed out."""
    row.password_hash = password_hash
    row.failures, row.locked_until = 0, None
    sessions.end_all(session, row.id)
    touch(row, now)
    audit.record(session, action="user.password", viewer=by, kind="user", id=row.id)


def hashed(password: str, email: str, pointer: str = "/password") -> str:
    """What is kept of a new password. Raises `Problem` 422 where it is none."""
    why = passwords.refused(password, email)
    if why is not None:
        raise invalid(pointer, why)
    return passwords.hashed(password)


def check_role(organisation: OrganisationRow, role: Role) -> None:
    """Refuse users of a supplier who would see what is for the network of buyers. Raises `Problem` 422."""
    if organisation.kind == SUPPLIER and role is not Role.INDUSTRY:
        raise invalid(
            "/role", phrase("A user of a supplier has the role 'industry', not {role!r}.", role=role.value)
        )


def keep_an_administrator(session: Session, row: UserRow) -> None:
    """Refuse to lose the last active administrator. Raises `Problem` 409."""
    if row.role != Role.ADMINISTRATOR.value or not row.active:
        return
    active = session.scalars(
        select(UserRow.id)
        .where(UserRow.role == Role.ADMINISTRATOR.value, UserRow.active.is_(True))
        .order_by(UserRow.id)
        .with_for_update()
    ).all()
    if len(active) <= 1:
        raise conflict(phrase("This is the last active administrator. Make another one first."))


def touch(row: OrganisationRow | UserRow, now: datetime) -> None:
    """Note that a row was changed."""
    row.version, row.updated_at = row.version + 1, now


def state(row: OrganisationRow | UserRow) -> dict[str, Any]:
    """What the audit log keeps a digest of."""
    left_out = {"password_hash", "failures", "locked_until", "last_login_at", "warned_at", "updated_at"}
    return {
        column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in left_out
    }
