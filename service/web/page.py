"""One visit of a page: who comes, in which language, and how the answer is made."""

import json
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from fastapi import Depends, FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from matcher.errors import NeedmatchError
from matcher.phrases import phrase
from matcher.text.language import detect
from service.access import SAFE, BackendIn, Right
from service.backend import Backend
from service.language import CODES, Language, language, speak
from service.problems import Problem, forbidden
from service.rights.policy import Permission, may
from service.rights.viewer import ANONYMOUS, Viewer
from service.security import sessions, tokens
from service.security.identify import identify
from service.store.tables import SessionRow, UserRow
from service.surround import answers
from service.web.menu import menu
from service.web.rendering import environment

logger = logging.getLogger("needmatch.web")

LANGUAGE_COOKIE = "needmatch_language"
THEME_COOKIE = "needmatch_theme"
SAID_COOKIE = "needmatch_said"
THEMES = ("light", "dark")
YEAR_S = 365 * 24 * 3600
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No script or style but our own files, and nothing from elsewhere."""


@dataclass
class Visit:
    """A request for a page, and everything that its answer needs to know of who asks."""

    request: Request
    held: Backend
    viewer: Viewer
    spoken: Language
    csrf: str = ""
    name: str = ""
    organisation: str = ""
    said: list[dict[str, str]] = field(default_factory=list)

    @property
    def theme(self) -> str:
        """`light`, `dark`, or empty for what the browser prefers."""
        given = self.request.cookies.get(THEME_COOKIE, "")
        return given if given in THEMES else ""

    @property
    def partly(self) -> bool:
        """Whether a script asks for a part of the page only."""
        return self.request.headers.get("HX-Request") == "true"

    def language_of(self, text: str) -> str | None:
        """The language that the reader most likely wrote a text in; None for a text without letters."""
        found = detect(text, self.spoken.code)
        return found.language if found else None

    @property
    def here(self) -> str:
        """Path and query of the page."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def may(self, permission: str) -> bool:
        """Whether the visitor has a permission, by its name."""
        return may(self.viewer.role, Permission(permission))

    def show(self, template: str, *, status: int = 200, part: str | None = None, **values: Any) -> Response:
        """The page of a template; only its block `part` where a script asks for that."""
        return render(self, template, status=status, part=part, **values)

    def go(self, where: str, said: str = "", tone: str = "good") -> Response:
        """Send the browser to a page, which then says what happened."""
        response = RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})
        if said:
            told = [*self.said, {"tone": tone, "text": self.spoken.say(said)}]
            response.set_cookie(
                SAID_COOKIE, quote(json.dumps(told)), max_age=60, httponly=True, samesite="lax",
                secure=sessions.secure(self.held.settings),
            )  # fmt: skip
        return response


def render(
    visit: Visit, template: str, *, status: int = 200, part: str | None = None, **values: Any
) -> Response:
    """A page as an answer."""
    speak(visit.spoken)
    found = environment().get_template(template)
    known = {
        "visit": visit, "viewer": visit.viewer, "spoken": visit.spoken,
        "languages": [language(code) for code in CODES],
        "menu": menu(visit.viewer, visit.request.url.path), **values,
    }  # fmt: skip
    if part is not None and visit.partly:
        text = "".join(found.blocks[part](found.new_context(known)))
    else:
        text = found.render(known)
    headers = {
        "Content-Security-Policy": POLICY, "Cache-Control": "private, no-store", "Vary": "HX-Request",
        "Content-Language": visit.spoken.code, "Referrer-Policy": "same-origin",
    }  # fmt: skip
    response = HTMLResponse(text, status, headers)
    if visit.said and not visit.partly:
        response.delete_cookie(SAID_COOKIE)
    return response


def chosen(request: Request, asking: Viewer) -> Language:
    """The language that the visitor chose here, else that of the account, else what the browser asks for."""
    code = request.cookies.get(LANGUAGE_COOKIE)
    if code not in CODES:
        code = getattr(request.state, "locale", None) or asking.locale
    return language(str(code))


class Door(Right):
    """Lets those through to a page who may see it; who is not signed in is sent to sign in.

    A form is taken only from our own pages, and of somebody signed in only with their token.
    """

    def __call__(  # type: ignore[override]
        self, request: Request, held: BackendIn, csrf: Annotated[str, Form()] = ""
    ) -> Visit:
        """The visit. Raises `Problem` 401 and 403."""
        if request.method not in SAFE:
            check_origin(request)
        asking = browsing(request, held, csrf)
        if not may(asking.role, self.permission):
            if asking.role is None:
                raise Problem(401, "unauthenticated", phrase("Sign in to see this page."))
            raise forbidden(phrase("Your role does not allow this."))
        return visit_of(request, held, asking)


def browsing(request: Request, held: Backend, csrf: str = "") -> Viewer:
    """Who browses, by the session alone: pages are for browsers, tokens for programs.

    Raises `Problem` 403 for a form without its secret.
    """
    given = csrf or request.headers.get(sessions.CSRF_HEADER, "")
    return identify(
        held.database, held.settings, authorization=None, cookie=request.cookies.get(sessions.COOKIE),
        csrf=None if request.method in SAFE else given, at=held.clock(),
    )  # fmt: skip


def visit_of(request: Request, held: Backend, asking: Viewer) -> Visit:
    """The visit of somebody known."""
    spoken = chosen(request, asking)
    made = Visit(request, held, replace(asking, locale=spoken.code), spoken)
    cookie = request.cookies.get(sessions.COOKIE)
    if asking.user_id is not None and cookie:
        with held.database.read() as session:
            row = session.get(SessionRow, tokens.digest(cookie))
            made.csrf = row.csrf if row is not None else ""
            user = session.get(UserRow, asking.user_id)
            if user is not None:
                made.name = user.name or user.email
                made.organisation = user.organisation.name
    made.said = _said(request)
    return made


def _said(request: Request) -> list[dict[str, str]]:
    try:
        told = json.loads(unquote(request.cookies.get(SAID_COOKIE, "[]")))
        return [{"tone": str(one["tone"]), "text": str(one["text"])} for one in told][:5]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def door(permission: Permission = Permission.OPEN) -> Any:
    """The default of a page's parameter `visit`, which lets only those in who have a permission."""
    return Depends(Door(permission))


def check_origin(request: Request) -> None:
    """Refuse a form that another site sent. Raises `Problem` 403."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        own = origin is None or urlsplit(origin).netloc == request.headers.get("Host", "")
    if not own:
        raise forbidden(phrase("This form came from another site. Open the page here and send it again."))


class PageRoute(APIRoute):
    """A route whose errors are pages too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors turned into pages."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            import anyio.to_thread

            # here, because what a dependency sets in its thread is not seen in the page's
            speak(chosen(request, ANONYMOUS))
            try:
                return await inner(request)
            except (Problem, HTTPException, RequestValidationError, NeedmatchError, SQLAlchemyError) as error:
                return await anyio.to_thread.run_sync(failed, request, answers.problem_of(error))
            except Exception as error:  # people get a page, whatever happened
                logger.error("page failed", exc_info=error)
                return await anyio.to_thread.run_sync(failed, request, answers.internal())

        return handle


def failed(request: Request, problem: Problem) -> Response:
    """The page that tells of a problem; who is not signed in is sent to sign in first."""
    held: Backend = request.app.state.backend
    if problem.status == 401 and request.method in SAFE:
        where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse("/login?" + urlencode({"next": where}), 303)
    try:
        asking = browsing(request, held) if request.method in SAFE else ANONYMOUS
    except Problem:
        asking = ANONYMOUS
    visit = visit_of(request, held, asking)
    response = render(visit, "problem.html", status=problem.status, problem=problem)
    for name, value in problem.headers.items():
        response.headers.setdefault(name, value)
    return response


def install(app: FastAPI) -> None:
    """Answer browsers that ask for what is not there with a page."""
    plain = app.exception_handlers[HTTPException]

    async def handle(request: Request, error: Exception) -> Response:
        import anyio.to_thread

        wanted = "text/html" in request.headers.get("Accept", "")
        if wanted and not request.url.path.startswith(("/api/", "/static/", "/health/", "/metrics")):
            return await anyio.to_thread.run_sync(failed, request, answers.problem_of(error))
        found: Response = await plain(request, error)  # type: ignore[misc]
        return found

    app.add_exception_handler(HTTPException, handle)


def local(where: str) -> str:
    """A path of this service to go on to, whatever was asked for.

    >>> local("/needs?mine=1"), local("https://elsewhere.example/"), local("//elsewhere.example")
    ('/needs?mine=1', '/', '/')
    """
    try:
        parts = urlsplit(where.replace("\\", "/"))
    except ValueError:  # brackets that are no address
        return "/"
    good = where.startswith("/") and not where.startswith("//") and not parts.netloc and not parts.scheme
    return where if good and where.isprintable() else "/"
