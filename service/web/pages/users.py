"""Users as administrators keep them."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Response

from matcher.phrases import phrase
from service.paging import MOST, Paging
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import organisations as directory
from service.routes import users as resource
from service.schemas.accounts import UserIn, UserOut, UserPatch
from service.schemas.forms import Key
from service.schemas.organisations import OrganisationOut
from service.versions import etag
from service.web import choices, forms
from service.web.menu import ROLES
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
MANAGE = Permission.MANAGE_USERS
AT = "/administration/users"
PART = 50
FOUND = 200
"""Users that a search shows at most."""
Text = Annotated[str, Form(max_length=400)]
Secret = Annotated[str, Form(max_length=1_000)]


@router.get(AT)
def users(
    visit: Visit = door(MANAGE),
    q: Annotated[str, Query(max_length=200)] = "",
    organisation: Annotated[str, Query(max_length=200)] = "",
    active: Literal["", "true", "false", "locked"] = "",
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """All users, found by name, address, organisation or state."""
    narrow = {"true": True, "false": False}.get(active)
    following, more = None, False
    if q or active == "locked":
        wanted, now = q.casefold().strip(), visit.held.clock()
        shown = [
            one
            for one in all_users(visit, organisation, narrow)
            if wanted in f"{one.name} {one.email} {one.organisation.name}".casefold()
            and (active != "locked" or (one.locked_until is not None and one.locked_until > now))
        ]
        shown.sort(key=lambda one: (one.name or one.email).casefold())
        more, shown = len(shown) > FOUND, shown[:FOUND]
    else:
        part = resource.users(visit.held, Paging(cursor, PART), visit.viewer, organisation or None, narrow)
        shown, following = part.items, part.next
    of = one_organisation(visit, organisation) if organisation else None
    return visit.show(
        "administration/users.html", part="results", users=shown, next=following, more=more, q=q, of=of,
        active=active, cursor=cursor, roles=ROLES, now=visit.held.clock(),
    )  # fmt: skip


@router.get(AT + "/new")
def ask(visit: Visit = door(MANAGE), organisation: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The form of a new user."""
    values = {"organisation_id": organisation, "locale": visit.spoken.code, "role": ""}
    return _form(visit, values)


@router.post(AT)
def add(
    visit: Visit = door(MANAGE),
    organisation_id: Text = "",
    email: Text = "",
    name: Text = "",
    role: Text = "",
    locale: Text = "en",
    password: Secret = "",
) -> Response:
    """Make a user."""
    values = {
        "organisation_id": organisation_id, "email": email, "name": name, "role": role, "locale": locale,
    }  # fmt: skip
    try:
        given = forms.taken(UserIn, values | ({"password": password} if password else {}))
        made = resource.add_user(given, Response(), visit.held, visit.viewer)
    except Problem as problem:
        forms.again(problem)
        return _form(visit, values, problem)
    return visit.go(f"{AT}/{made.id}", phrase("{name} was added.", name=made.name or made.email))


@router.get(AT + "/{user_id}")
def show(user_id: Key, visit: Visit = door(MANAGE)) -> Response:
    """One user, with everything that can be changed."""
    return _page(visit, resource.user(user_id, Response(), visit.held, visit.viewer))


@router.post(AT + "/{user_id}")
def change(
    user_id: Key,
    visit: Visit = door(MANAGE),
    version: Annotated[int, Form()] = 0,
    name: Text = "",
    role: Text = "",
    locale: Text = "en",
) -> Response:
    """Change name, role and language."""
    values = {"name": name, "role": role, "locale": locale}
    return _changed(visit, user_id, version, values, phrase("Saved."), values)


@router.post(AT + "/{user_id}/password")
def set_password(
    user_id: Key,
    visit: Visit = door(MANAGE),
    version: Annotated[int, Form()] = 0,
    password: Secret = "",
) -> Response:
    """Give another password."""
    said = phrase("The password was changed. All browsers of this user are signed out.")
    return _changed(visit, user_id, version, {"password": password}, said, {})


@router.post(AT + "/{user_id}/state")
def set_state(
    user_id: Key,
    visit: Visit = door(MANAGE),
    version: Annotated[int, Form()] = 0,
    to: Annotated[Literal["active", "inactive", "unlocked"], Form()] = "unlocked",
) -> Response:
    """Activate, deactivate or unlock."""
    changes: dict[str, dict[str, object]] = {
        "active": {"active": True}, "inactive": {"active": False}, "unlocked": {"unlock": True},
    }  # fmt: skip
    said = {
        "active": phrase("The account is active again."),
        "inactive": phrase("The account is out of use. Its browsers are signed out and its tokens revoked."),
        "unlocked": phrase("The account is unlocked."),
    }
    return _changed(visit, user_id, version, changes[to], said[to], {})


def all_users(visit: Visit, organisation: str = "", active: bool | None = None) -> Iterator[UserOut]:
    """Every user, part by part."""
    cursor = None
    while True:
        part = resource.users(visit.held, Paging(cursor, MOST), visit.viewer, organisation or None, active)
        yield from part.items
        cursor = part.next
        if cursor is None:
            return


def found(visit: Visit, user_id: str) -> UserOut | None:
    """A user by id; None for one who is not there any more."""
    try:
        return resource.user(user_id, Response(), visit.held, visit.viewer)
    except Problem:
        return None


def id_of(visit: Visit, given: str) -> str | None:
    """The id that somebody means who gives an id or an e-mail address; None for nothing."""
    given = given.strip()
    if "@" not in given:
        return given or None
    wanted = given.casefold()
    return next((one.id for one in all_users(visit) if one.email == wanted), given)


def one_organisation(visit: Visit, organisation_id: str) -> OrganisationOut | None:
    """An organisation by id; None where there is none."""
    try:
        return directory.organisation(organisation_id, Response(), visit.held, visit.viewer)
    except Problem:
        return None


def all_organisations(visit: Visit) -> list[OrganisationOut]:
    """Every organisation that the visitor sees, by name."""
    rows: list[OrganisationOut] = []
    cursor = None
    while True:
        part = directory.organisations(visit.held, Paging(cursor, MOST), visit.viewer, None, None, False)
        rows += part.items
        cursor = part.next
        if cursor is None:
            return sorted(rows, key=lambda one: one.name.casefold())


def _form(visit: Visit, values: dict[str, str], problem: Problem | None = None) -> Response:
    return visit.show(
        "administration/user_new.html", status=problem.status if problem else 200, values=values,
        problem=problem, errors=forms.errors(problem), roles=ROLES,
        organisations=[(one.id, one.name) for one in all_organisations(visit)],
        tongues=choices.languages(visit.spoken),
    )  # fmt: skip


def _page(
    visit: Visit, user: UserOut, values: dict[str, Any] | None = None, problem: Problem | None = None
) -> Response:
    now = visit.held.clock()
    kept = {"name": user.name, "role": user.role.value, "locale": user.locale}
    return visit.show(
        "administration/user.html", status=problem.status if problem else 200, user=user,
        values=kept | (values or {}), problem=problem, errors=forms.errors(problem), roles=ROLES,
        locked=user.locked_until is not None and user.locked_until > now,
        tongues=choices.languages(visit.spoken),
    )  # fmt: skip


def _changed(
    visit: Visit, user_id: str, version: int, values: dict[str, Any], said: str, kept: dict[str, Any]
) -> Response:
    where = f"{AT}/{user_id}"
    try:
        given = forms.taken(UserPatch, values)
        resource.change_user(user_id, given, Response(), visit.held, visit.viewer, etag(version))
    except Problem as problem:
        if problem.status == 412:
            return visit.go(where, forms.MEANWHILE, "warn")
        forms.again(problem)
        return _page(visit, resource.user(user_id, Response(), visit.held, visit.viewer), kept, problem)
    return visit.go(where, said)
