"""The front page, signing in and out, the language and the colours of pages."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from matcher.phrases import Phrase, phrase
from service.language import CODES, language
from service.problems import Problem
from service.rights.policy import Role
from service.routes.auth import limit, logout, methods
from service.security import identify, sessions
from service.security.signin import sign_in
from service.web.page import (
    LANGUAGE_COOKIE,
    THEME_COOKIE,
    THEMES,
    YEAR_S,
    PageRoute,
    Visit,
    door,
    local,
)

router = APIRouter(route_class=PageRoute)
FIRST_COOKIE = "needmatch_first"
BUYING = (
    ("/needs/new", phrase("Describe a need in your own language, or save a draft.")),
    ("/needs?mine=true", phrase("Open one of your needs and read who answers it, and why.")),
    ("/candidates", phrase("Look who in other countries could buy the same with you.")),
    ("/help/matches", phrase("Learn what the levels mean.")),
)
SELLING = (
    ("/solutions/new", phrase("Describe what you offer.")),
    ("/demand", phrase("Search demand by a sentence in any language.")),
    ("/saved-searches", phrase("Save a search, and be told of what is new.")),
    ("/help/industry", phrase("Learn how to be found.")),
)
STUDYING = (
    ("/clusters", phrase("Look at groups of needs, and at the map.")),
    ("/market", phrase("Open an analysis, and the table beside it.")),
    ("/candidates", phrase("Compare joint candidates.")),
    ("/help/analysis", phrase("Learn what the figures do not say.")),
)
RUNNING = (
    ("/administration/organisations", phrase("See which organisations wait to be vetted.")),
    ("/administration/users", phrase("Add users.")),
    ("/imports", phrase("Import needs or solutions from files.")),
    ("/help/data", phrase("Learn what is kept of whom.")),
)
FIRST: Mapping[Role, tuple[tuple[str, Phrase], ...]] = {
    Role.INDUSTRY: SELLING,
    Role.ANALYST: STUDYING,
    Role.ADMINISTRATOR: RUNNING,
}
"""What to do on a first visit, by role; who is not named buys."""
Next = Annotated[str, Form(max_length=2_000)]


@router.get("/")
def start(visit: Visit = door()) -> Response:
    """What this is, and the three doors; at first what to do, step by step."""
    role = visit.viewer.role
    new = role is not None and visit.request.cookies.get(FIRST_COOKIE) != "seen"
    return visit.show("start.html", steps=FIRST.get(role, BUYING) if role and new else ())


@router.post("/first-visit")
def seen(visit: Visit = door()) -> Response:
    """Show the first steps no more."""
    response = visit.go("/")
    secure = sessions.secure(visit.held.settings)
    response.set_cookie(FIRST_COOKIE, "seen", max_age=YEAR_S, httponly=True, samesite="lax", secure=secure)
    return response


@router.get("/login")
def ask(visit: Visit = door(), next: Annotated[str, Query(max_length=2_000)] = "/") -> Response:
    """The form to sign in with."""
    if visit.viewer.user_id is not None:
        return RedirectResponse(local(next), 303)
    ways = methods(visit.held, visit.viewer)
    return visit.show("login.html", next=local(next), ways=ways, email="", problem=None)


@router.post("/login")
def enter(
    request: Request,
    visit: Visit = door(),
    email: Annotated[str, Form(max_length=320)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    next: Next = "/",
) -> Response:
    """Sign in with address and password."""
    held = visit.held
    try:
        limit(request, held)
        _, started = sign_in(
            held.database, held.settings, email.strip(), password, held.clock(),
            before=request.cookies.get(sessions.COOKIE),
        )  # fmt: skip
        identify.forget(held.database)
    except Problem as problem:
        if problem.status not in {401, 422, 429}:
            raise
        ways = methods(held, visit.viewer)
        return visit.show(
            "login.html", status=problem.status, next=local(next), ways=ways, email=email, problem=problem
        )
    response = visit.go(local(next))
    sessions.give(response, started, held.settings)
    return response


@router.post("/logout")
def leave(request: Request, visit: Visit = door()) -> Response:
    """Sign this browser out."""
    response = visit.go("/", phrase("You are signed out."))
    logout(request, response, visit.held, visit.viewer)
    return response


@router.post("/language")
def speak_in(
    visit: Visit = door(), code: Annotated[str, Form(max_length=2)] = "en", next: Next = "/"
) -> Response:
    """Show pages in another language."""
    visit.spoken = language(code)
    response = visit.go(local(next))
    if code in CODES:
        secure = sessions.secure(visit.held.settings)
        response.set_cookie(
            LANGUAGE_COOKIE, code, max_age=YEAR_S, httponly=True, samesite="lax", secure=secure
        )
    return response


@router.post("/theme")
def colour(
    visit: Visit = door(), theme: Annotated[str, Form(max_length=5)] = "light", next: Next = "/"
) -> Response:
    """Show pages in light or dark colours."""
    response = visit.go(local(next))
    if theme in THEMES:
        secure = sessions.secure(visit.held.settings)
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, httponly=True, samesite="lax", secure=secure)
    return response
