"""Organisations: found by all, kept by their users, vetted by national contacts."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import phrase
from service.access import BackendIn, require
from service.paging import PagingIn
from service.problems import forbidden, not_found
from service.rights.policy import Permission, Role, Scope
from service.rights.viewer import Viewer
from service.schemas.forms import Key, Page
from service.schemas.organisations import (
    Country,
    Decision,
    OrganisationIn,
    OrganisationKind,
    OrganisationOut,
    OrganisationPatch,
    VettingIn,
    organisation_out,
)
from service.security import accounts, identify
from service.store.tables import OrganisationRow
from service.versions import IfMatch, tag, unchanged

router = APIRouter(prefix="/organisations", tags=["organisations"])
OWN = frozenset({"website", "contact", "languages"})
"""What an organisation's users change of it."""
KEEPERS = frozenset({Role.PROCURER, Role.PRESCRIBER, Role.NATIONAL_CONTACT, Role.INDUSTRY})


@router.get("", response_model=Page[OrganisationOut])
def organisations(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.OPEN),
    country: Annotated[Country | None, Query(description="Only of this country.")] = None,
    kind: Annotated[OrganisationKind | None, Query(description="Only of this kind.")] = None,
    pending: Annotated[bool, Query(description="Only those that wait to be vetted.")] = False,
) -> Page[OrganisationOut]:
    """Vetted organisations, by id, and those that one may vet. Mailboxes are shown to vetted users."""
    asked = select(OrganisationRow).where(accounts.visible(viewer))
    after = paging.place(str)
    if after is not None:
        asked = asked.where(OrganisationRow.id > after[0])
    if country is not None:
        asked = asked.where(OrganisationRow.country == country)
    if kind is not None:
        asked = asked.where(OrganisationRow.kind == kind.value)
    if pending:
        asked = asked.where(OrganisationRow.vetting == "pending")
    asked = asked.order_by(OrganisationRow.id).limit(paging.limit + 1)
    with held.database.read() as session:
        shown, following = paging.cut(session.scalars(asked).all(), lambda row: [row.id])
        return Page(items=[organisation_out(row, viewer) for row in shown], next=following)


@router.post("", status_code=201, response_model=OrganisationOut)
def add_organisation(
    given: OrganisationIn,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.MANAGE_USERS),
) -> OrganisationOut:
    """Make an organisation."""
    with held.database.write() as session:
        row = accounts.add_organisation(session, viewer, given.columns(), held.clock(), vetted=given.vetted)
        tag(response, row.version)
        response.headers["Location"] = f"/api/v1/organisations/{row.id}"
        return organisation_out(row, viewer)


@router.get("/{organisation_id}", response_model=OrganisationOut)
def organisation(
    organisation_id: Key, response: Response, held: BackendIn, viewer: Viewer = require(Permission.OPEN)
) -> OrganisationOut:
    """One organisation."""
    with held.database.read() as session:
        row = _seen(session, viewer, organisation_id)
        tag(response, row.version)
        return organisation_out(row, viewer)


@router.patch("/{organisation_id}", response_model=OrganisationOut)
def change_organisation(
    organisation_id: Key,
    given: OrganisationPatch,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.ACCOUNT),
    if_match: IfMatch = None,
) -> OrganisationOut:
    """Change one's own organisation: website, contact, languages; administrators change all of any."""
    values = given.columns()
    with held.database.write() as session:
        row = _seen(session, viewer, organisation_id, lock=True)
        _may_change(viewer, row, frozenset(values))
        unchanged(if_match, row.version)
        accounts.change_organisation(session, viewer, row, values, held.clock())
        tag(response, row.version)
        shown = organisation_out(row, viewer)
    identify.forget(held.database)
    return shown


@router.post("/{organisation_id}/vetting", response_model=OrganisationOut)
def vet(
    organisation_id: Key,
    given: VettingIn,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.VET),
) -> OrganisationOut:
    """Let an organisation into the network, or refuse it; national contacts judge their own country's."""
    with held.database.write() as session:
        row = accounts.vet(
            session,
            viewer,
            organisation_id,
            held.clock(),
            vetted=given.decision is Decision.VETTED,
            reason=given.reason,
        )
        tag(response, row.version)
        shown = organisation_out(row, viewer)
    identify.forget(held.database)
    return shown


def _seen(session: Session, viewer: Viewer, organisation_id: str, *, lock: bool = False) -> OrganisationRow:
    asked = select(OrganisationRow).where(OrganisationRow.id == organisation_id, accounts.visible(viewer))
    row = session.scalars(asked.with_for_update() if lock else asked).one_or_none()
    if row is None:
        raise not_found("organisation", organisation_id)
    return row


def _may_change(viewer: Viewer, row: OrganisationRow, fields: frozenset[str]) -> None:
    if viewer.role is Role.ADMINISTRATOR and Scope.ADMIN in viewer.scopes:
        return
    if not viewer.owns(row.id) or viewer.role not in KEEPERS | {Role.ADMINISTRATOR}:
        raise forbidden(
            phrase("Users of buyers and suppliers change their own organisation; others ask for it.")
        )
    if not fields <= OWN:
        raise forbidden(
            phrase(
                "Only an administrator changes {others}. You may change {own}.",
                others=", ".join(sorted(fields - OWN)),
                own=", ".join(sorted(OWN)),
            )
        )
