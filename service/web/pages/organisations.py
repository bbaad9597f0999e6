"""Organisations as those see them who vet them and keep them."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response

from matcher.phrases import phrase
from service.paging import Paging
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import organisations as resource
from service.schemas.forms import Key
from service.schemas.organisations import (
    OrganisationIn,
    OrganisationKind,
    OrganisationOut,
    OrganisationPatch,
    VettingIn,
)
from service.versions import etag
from service.web import choices, forms, terms
from service.web.page import PageRoute, Visit, door
from service.web.pages.administration import judges
from service.web.pages.users import all_organisations

router = APIRouter(route_class=PageRoute)
AT = "/administration/organisations"
PART = 50
FOUND = 200
"""Organisations that a search shows at most."""
Text = Annotated[str, Form(max_length=2_000)]
Codes = Annotated[list[str] | None, Form()]
Given = dict[str, Any]


@router.get(AT)
def organisations(
    visit: Visit = door(Permission.VET),
    q: Annotated[str, Query(max_length=200)] = "",
    country: Annotated[str, Query(pattern="^([A-Za-z]{2})?$")] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    pending: bool = False,
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """The organisations that the visitor sees, found by name, country, kind, or that wait."""
    of_kind = OrganisationKind(kind) if kind in set(OrganisationKind) else None
    following, more = None, False
    if q:
        wanted = q.casefold().strip()
        shown = [
            one
            for one in all_organisations(visit)
            if wanted in one.name.casefold()
            and (not country or one.country == country.upper())
            and (of_kind is None or one.kind is of_kind)
            and (not pending or one.vetting == "pending")
        ]
        more, shown = len(shown) > FOUND, shown[:FOUND]
    else:
        part = resource.organisations(
            visit.held, Paging(cursor, PART), visit.viewer, country.upper() or None, of_kind, pending
        )
        shown, following = part.items, part.next
    return visit.show(
        "administration/organisations.html", part="results", found=shown, next=following, more=more, q=q,
        country=country, kind=kind, pending=pending, cursor=cursor, terms=terms,
        countries=choices.countries(visit.spoken),
    )  # fmt: skip


@router.get(AT + "/new")
def ask(visit: Visit = door(Permission.MANAGE_USERS)) -> Response:
    """The form of a new organisation."""
    return _form(visit, {"languages": []})


@router.post(AT)
def add(
    visit: Visit = door(Permission.MANAGE_USERS),
    name: Text = "",
    kind: Text = "",
    country: Text = "",
    buyer_type: Text = "",
    size: Text = "",
    website: Text = "",
    contact: Text = "",
    is_cpb: Annotated[bool, Form()] = False,
    languages: Codes = None,
    identifiers: Text = "",
    vetted: Annotated[bool, Form()] = False,
) -> Response:
    """Make an organisation."""
    values = {
        "name": name, "kind": kind, "country": country or None, "buyer_type": buyer_type, "size": size,
        "website": website, "contact": contact, "is_cpb": is_cpb, "languages": languages or [],
        "identifiers": identifiers, "vetted": vetted,
    }  # fmt: skip
    try:
        given = forms.taken(OrganisationIn, values | {"identifiers": _identifiers(identifiers)})
        made = resource.add_organisation(given, Response(), visit.held, visit.viewer)
    except Problem as problem:
        forms.again(problem)
        return _form(visit, values, problem)
    return visit.go(f"{AT}/{made.id}", phrase("{name} was added.", name=made.name))


@router.get(AT + "/{organisation_id}")
def show(organisation_id: Key, visit: Visit = door(Permission.VET)) -> Response:
    """One organisation, with the decision on it."""
    return _page(visit, resource.organisation(organisation_id, Response(), visit.held, visit.viewer))


@router.get(AT + "/{organisation_id}/edit")
def ask_change(organisation_id: Key, visit: Visit = door(Permission.MANAGE_USERS)) -> Response:
    """The form of an organisation."""
    one = resource.organisation(organisation_id, Response(), visit.held, visit.viewer)
    return _form(visit, _values(one), one=one)


@router.post(AT + "/{organisation_id}")
def change(
    organisation_id: Key,
    visit: Visit = door(Permission.MANAGE_USERS),
    version: Annotated[int, Form()] = 0,
    name: Text = "",
    kind: Text = "",
    country: Text = "",
    buyer_type: Text = "",
    size: Text = "",
    website: Text = "",
    contact: Text = "",
    is_cpb: Annotated[bool, Form()] = False,
    languages: Codes = None,
    identifiers: Text = "",
) -> Response:
    """Change an organisation."""
    values = {
        "name": name, "kind": kind, "country": country or None, "buyer_type": buyer_type, "size": size,
        "website": website, "contact": contact, "is_cpb": is_cpb, "languages": languages or [],
        "identifiers": identifiers,
    }  # fmt: skip
    where = f"{AT}/{organisation_id}"
    try:
        given = forms.taken(OrganisationPatch, values | {"identifiers": _identifiers(identifiers)})
        resource.change_organisation(
            organisation_id, given, Response(), visit.held, visit.viewer, etag(version)
        )
    except Problem as problem:
        if problem.status == 412:
            return visit.go(where, forms.MEANWHILE, "warn")
        forms.again(problem)
        one = resource.organisation(organisation_id, Response(), visit.held, visit.viewer)
        return _form(visit, values, problem, one)
    return visit.go(where, phrase("Saved."))


@router.post(AT + "/{organisation_id}/vetting")
def vet(
    organisation_id: Key,
    visit: Visit = door(Permission.VET),
    decision: Text = "",
    reason: Text = "",
) -> Response:
    """Let an organisation into the network, or refuse it."""
    values = {"decision": decision, "reason": reason.strip()}
    try:
        given = forms.taken(VettingIn, values)
        made = resource.vet(organisation_id, given, Response(), visit.held, visit.viewer)
    except Problem as problem:
        forms.again(problem)
        one = resource.organisation(organisation_id, Response(), visit.held, visit.viewer)
        return _page(visit, one, values, problem)
    if made.vetting == "vetted":
        return visit.go(f"{AT}/{made.id}", phrase("{name} is vetted now.", name=made.name))
    return visit.go(f"{AT}/{made.id}", phrase("{name} is refused now.", name=made.name))


def _page(
    visit: Visit, one: OrganisationOut, values: Given | None = None, problem: Problem | None = None
) -> Response:
    return visit.show(
        "administration/organisation.html", status=problem.status if problem else 200, one=one,
        judges=judges(visit.viewer, one), values=values or {"decision": "", "reason": ""}, problem=problem,
        errors=forms.errors(problem), terms=terms,
    )  # fmt: skip


def _form(
    visit: Visit, values: Given, problem: Problem | None = None, one: OrganisationOut | None = None
) -> Response:
    return visit.show(
        "administration/organisation_form.html", status=problem.status if problem else 200, one=one,
        values=values, problem=problem, errors=forms.errors(problem), terms=terms,
        countries=choices.countries(visit.spoken), tongues=choices.languages(visit.spoken),
    )  # fmt: skip


def _values(one: OrganisationOut) -> Given:
    values = one.model_dump(mode="json")
    numbers = [f"{number['scheme']} {number['id']}" for number in values["identifiers"] or []]
    return values | {"identifiers": "\n".join(numbers)}


def _identifiers(text: str) -> list[dict[str, str]]:
    """Registration numbers, each a line: the register, a space, the number."""
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [{"scheme": line[0], "id": line[1].strip() if len(line) > 1 else ""} for line in lines]
