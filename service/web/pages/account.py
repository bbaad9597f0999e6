"""One's own account: profile, organisation, sign-in, tokens, words given, data."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response

from matcher.phrases import counted, phrase
from service.paging import Paging
from service.problems import Problem, invalid
from service.rights.policy import ADMINISTERING, Permission, Scope
from service.routes import auth, feedback
from service.routes import organisations as directory
from service.routes import tokens as keys
from service.routes import users as resource
from service.routes.seeing import need_for, solution_for
from service.schemas.accounts import MePatch, PasswordIn, TokenIn, TokenMade
from service.schemas.forms import Key
from service.schemas.organisations import OrganisationPatch
from service.security import passwords, sessions
from service.versions import etag
from service.web import choices, forms, terms
from service.web.menu import ROLES
from service.web.page import LANGUAGE_COOKIE, YEAR_S, PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
ACCOUNT = Permission.ACCOUNT
PART = 20
LASTING = (30, 90, 365)
"""Days that a new token may last."""
Text = Annotated[str, Form(max_length=2_000)]
Secret = Annotated[str, Form(max_length=1_000)]
Version = Annotated[int, Form()]


@router.get("/account")
def profile(visit: Visit = door(ACCOUNT)) -> Response:
    """Who one is here."""
    return _profile(visit)


@router.post("/account")
def change(
    visit: Visit = door(ACCOUNT), version: Version = 0, name: Text = "", locale: Text = "en"
) -> Response:
    """Change one's name and language."""
    values = {"name": name, "locale": locale}
    try:
        given = forms.taken(MePatch, values)
        resource.change_me(given, visit.request, Response(), visit.held, visit.viewer, etag(version))
    except Problem as problem:
        if problem.status == 412:
            return visit.go("/account", forms.MEANWHILE, "warn")
        forms.again(problem)
        return _profile(visit, values, problem)
    response = visit.go("/account", phrase("Saved."))
    response.set_cookie(
        LANGUAGE_COOKIE, locale, max_age=YEAR_S, httponly=True, samesite="lax",
        secure=sessions.secure(visit.held.settings),
    )  # fmt: skip
    return response


@router.get("/account/organisation")
def organisation(visit: Visit = door(ACCOUNT)) -> Response:
    """One's organisation, and what one may change of it."""
    return _organisation(visit)


@router.post("/account/organisation")
def change_organisation(
    visit: Visit = door(ACCOUNT),
    version: Version = 0,
    website: Text = "",
    contact: Text = "",
    languages: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Change website, mailbox and languages of one's organisation."""
    values = {"website": website, "contact": contact, "languages": languages or []}
    try:
        given = forms.taken(OrganisationPatch, values)
        directory.change_organisation(
            visit.viewer.organisation_id or "", given, Response(), visit.held, visit.viewer, etag(version)
        )
    except Problem as problem:
        if problem.status == 412:
            return visit.go("/account/organisation", forms.MEANWHILE, "warn")
        forms.again(problem)
        return _organisation(visit, values, problem)
    return visit.go("/account/organisation", phrase("Saved."))


@router.get("/account/sign-in")
def signing_in(visit: Visit = door(ACCOUNT)) -> Response:
    """Password and browsers."""
    return _signing_in(visit)


@router.post("/account/password")
def change_password(
    visit: Visit = door(ACCOUNT), current: Secret = "", new: Secret = "", repeated: Secret = ""
) -> Response:
    """Take another password."""
    try:
        if new != repeated:
            raise invalid("/repeated", phrase("The two new passwords differ. Enter the same twice."))
        given = forms.taken(PasswordIn, {"current": current or None, "new": new})
        said = phrase("Your password is changed. All other browsers are signed out.")
        response = visit.go("/account/sign-in", said)
        resource.change_password(given, visit.request, response, visit.held, visit.viewer)
    except Problem as problem:
        forms.again(problem)
        return _signing_in(visit, problem)
    return response


@router.post("/account/sign-out")
def leave_everywhere(visit: Visit = door(ACCOUNT)) -> Response:
    """Sign all browsers out."""
    response = visit.go("/", phrase("You are signed out everywhere."))
    auth.logout(visit.request, response, visit.held, visit.viewer, True)
    return response


@router.get("/account/tokens")
def tokens(visit: Visit = door(ACCOUNT)) -> Response:
    """What programs come in with."""
    return _tokens(visit)


@router.post("/account/tokens")
def make_token(
    visit: Visit = door(ACCOUNT),
    name: Text = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    expires_days: Text = "",
) -> Response:
    """Make a token and show it, this once."""
    values = {"name": name, "scopes": scopes or [], "expires_days": expires_days}
    try:
        given = forms.taken(TokenIn, values | {"expires_days": expires_days or None})
        made = keys.create(given, visit.held, visit.request, Response(), visit.viewer)
    except Problem as problem:
        forms.again(problem)
        return _tokens(visit, values, problem)
    return _tokens(visit, made=made)


@router.post("/account/tokens/{token_id}/revoke")
def revoke(token_id: Key, visit: Visit = door(ACCOUNT)) -> Response:
    """Revoke a token."""
    keys.revoke(token_id, visit.held, visit.viewer)
    return visit.go("/account/tokens", phrase("The token is revoked."))


@router.get("/account/feedback")
def given(
    visit: Visit = door(Permission.FEEDBACK), cursor: Annotated[str | None, Query(max_length=2_000)] = None
) -> Response:
    """What one said of results, to be taken back."""
    found = feedback.mine(visit.held, Paging(cursor, PART), visit.viewer, None)
    names: dict[str, dict[str, str]] = {}
    for one in found.items:
        for id_ in (one.query_id, one.document_id):
            if id_ not in names and (named := _record(visit, id_)):
                names[id_] = named
    return visit.show("account/feedback.html", found=found, names=names, terms=terms, cursor=cursor)


@router.post("/account/feedback/{feedback_id}/undo")
def undo(feedback_id: Key, visit: Visit = door(Permission.FEEDBACK)) -> Response:
    """Take a word back."""
    feedback.undo(feedback_id, visit.held, visit.viewer)
    said = phrase("Taken back: the result shows again, and your word no longer counts.")
    return visit.go("/account/feedback", said)


@router.get("/account/data")
def data(visit: Visit = door(ACCOUNT)) -> Response:
    """What is kept of one's person: to take along, and to have erased."""
    return _data(visit)


@router.get("/account/data.json")
def download(visit: Visit = door(ACCOUNT)) -> Response:
    """All that is kept of one's person, as a file."""
    found = resource.my_data(Response(), visit.held, visit.viewer)
    return Response(
        json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"},
    )


@router.post("/account/erase")
def erase(visit: Visit = door(ACCOUNT), confirm: Text = "") -> Response:
    """Erase one's account, when the e-mail address was typed to mean it."""
    me = _me(visit)
    response = visit.go("/", phrase("Your account and your personal data are erased."))
    try:
        if confirm.strip().casefold() != me.email:
            raise invalid("/confirm", phrase("Type your e-mail address as it stands above."))
        resource.erase_me(response, visit.held, me.id, visit.viewer)
    except Problem as problem:
        forms.again(problem)
        return _data(visit, problem)
    return response


def _me(visit: Visit) -> Any:
    return resource.me(visit.request, Response(), visit.held, visit.viewer)


def _profile(visit: Visit, values: dict[str, str] | None = None, problem: Problem | None = None) -> Response:
    me = _me(visit)
    return visit.show(
        "account/profile.html", status=problem.status if problem else 200, me=me,
        values=values or {"name": me.name, "locale": me.locale}, problem=problem,
        errors=forms.errors(problem), roles=ROLES, tongues=choices.languages(visit.spoken),
    )  # fmt: skip


def _organisation(
    visit: Visit, values: dict[str, Any] | None = None, problem: Problem | None = None
) -> Response:
    one = directory.organisation(visit.viewer.organisation_id or "", Response(), visit.held, visit.viewer)
    keeps = visit.viewer.role in directory.KEEPERS or visit.may("manage_users")
    return visit.show(
        "account/organisation.html", status=problem.status if problem else 200, one=one, keeps=keeps,
        values=values or one.model_dump(mode="json"), problem=problem, errors=forms.errors(problem),
        terms=terms, tongues=choices.languages(visit.spoken),
    )  # fmt: skip


def _signing_in(visit: Visit, problem: Problem | None = None) -> Response:
    return visit.show(
        "account/signing_in.html", status=problem.status if problem else 200, me=_me(visit), problem=problem,
        errors=forms.errors(problem), shortest=passwords.SHORTEST,
    )  # fmt: skip


def _tokens(
    visit: Visit,
    values: dict[str, Any] | None = None,
    problem: Problem | None = None,
    made: TokenMade | None = None,
) -> Response:
    scopes = [s.value for s in Scope if s is not Scope.ADMIN or visit.viewer.permissions & ADMINISTERING]
    return visit.show(
        "account/tokens.html", status=problem.status if problem else 200, made=made,
        scope_words=[(scope, terms.SCOPES[scope]) for scope in scopes],
        found=keys.mine(visit.held, visit.viewer), problem=problem, errors=forms.errors(problem),
        values=values or {"name": "", "scopes": ["read"], "expires_days": "90"}, terms=terms,
        lasting=[(str(n), counted("{n} day", "{n} days", n)) for n in LASTING],
    )  # fmt: skip


def _data(visit: Visit, problem: Problem | None = None) -> Response:
    return visit.show(
        "account/data.html", status=problem.status if problem else 200, me=_me(visit), problem=problem,
        errors=forms.errors(problem),
    )  # fmt: skip


def _record(visit: Visit, record_id: str) -> dict[str, str] | None:
    """Title, language and page of a record that the visitor still sees."""
    for find, place in ((need_for, "/needs/"), (solution_for, "/solutions/")):
        try:
            _, record = find(visit.held, visit.viewer, record_id)
        except Problem:
            continue
        return {"title": record.title, "language": record.language or "", "at": place + record.id}
    return None
