"""Signing in and out."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from service.access import BackendIn, require
from service.backend import Backend
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.schemas.accounts import LoginIn, MethodsOut, SessionOut
from service.security import identify, oidc, sessions
from service.security.limits import address_key
from service.security.signin import sign_in, welcome
from service.store import audit

router = APIRouter(prefix="/auth", tags=["account"])
PATH = "/api/v1/auth/oidc"
NONE: dict[int | str, dict[str, Any]] = {404: {"description": "No OpenID provider is set up."}}


@router.get("/methods", response_model=MethodsOut)
def methods(held: BackendIn, viewer: Viewer = require(Permission.OPEN)) -> MethodsOut:
    """The ways to sign in to this service."""
    del viewer
    there = oidc.configured(held.settings)
    return MethodsOut(
        oidc=held.settings.oidc_name if there else None, oidc_login=f"{PATH}/login" if there else None
    )


@router.post("/login", response_model=SessionOut)
def login(given: LoginIn, request: Request, response: Response, held: BackendIn) -> SessionOut:
    """Sign in with e-mail address and password; the cookie is for browsers, programs take tokens.

    The answer is the same, and takes as long, for a wrong password, an unknown address and a locked account.
    """
    limit(request, held)
    _, started = sign_in(
        held.database,
        held.settings,
        given.email,
        given.password.get_secret_value(),
        held.clock(),
        before=request.cookies.get(sessions.COOKIE),
    )
    identify.forget(held.database)
    sessions.give(response, started, held.settings)
    response.headers["Cache-Control"] = "no-store"
    return SessionOut(csrf=started.csrf, expires_at=started.expires_at)


@router.post("/logout", status_code=204)
def logout(
    request: Request,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.OPEN),
    everywhere: Annotated[bool, Query(description="Sign out all browsers of the user.")] = False,
) -> None:
    """Sign this browser out, or all of the user's; tokens stay as they are."""
    cookie = request.cookies.get(sessions.COOKIE)
    if viewer.user_id is not None and (cookie or everywhere):
        with held.database.write() as session:
            ended = sessions.end(session, cookie) is not None if cookie else False
            if everywhere:
                ended = bool(sessions.end_all(session, viewer.user_id)) or ended
            if ended:
                audit.record(
                    session,
                    action="session.end",
                    viewer=viewer,
                    kind="user",
                    id=viewer.user_id,
                    reason="everywhere" if everywhere else "",
                )
        identify.forget(held.database)
    sessions.take_back(response, held.settings)


@router.get("/oidc/login", status_code=303, response_class=RedirectResponse, responses=NONE)
def oidc_login(
    request: Request,
    held: BackendIn,
    next: Annotated[str, Query(max_length=1_000, description="Page of this service to come back to.")] = "/",
) -> RedirectResponse:
    """Go to the OpenID provider to sign in."""
    provider = oidc.provider(held.settings)
    limit(request, held)
    url, cookie = provider.begin(_callback(request, held), next)
    response = RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
    # Lax, not strict: it has to come back with the provider's redirect
    response.set_cookie(
        oidc.COOKIE,
        cookie,
        max_age=oidc.FLOW_S,
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=sessions.secure(held.settings),
    )
    return response


@router.get("/oidc/callback", status_code=303, response_class=RedirectResponse, responses=NONE)
def oidc_callback(
    request: Request,
    held: BackendIn,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
    error: Annotated[str | None, Query(max_length=500)] = None,
    iss: Annotated[str | None, Query(max_length=1_000)] = None,
) -> RedirectResponse:
    """Come back from the OpenID provider: the user whom it vouches for is signed in."""
    provider = oidc.provider(held.settings)
    limit(request, held)
    answer = {"state": state, "code": code}
    answer |= {name: value for name, value in (("error", error), ("iss", iss)) if value is not None}
    identity, where = provider.finish(answer, request.cookies.get(oidc.COOKIE), _callback(request, held))
    now = held.clock()
    with held.database.write() as session:
        user = oidc.linked(session, identity, now)
        before = request.cookies.get(sessions.COOKIE)
        started = welcome(session, held.settings, user, now, how="oidc", before=before)
    identify.forget(held.database)
    response = RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})
    response.delete_cookie(oidc.COOKIE, path=PATH)
    sessions.give(response, started, held.settings)
    return response


def limit(request: Request, held: Backend) -> None:
    """Count an attempt to sign in against its address. Raises `Problem` 429."""
    host = request.client.host if request.client else None
    held.limiter.take(f"sign-in {address_key(host)}", held.settings.logins_per_minute)


def _callback(request: Request, held: Backend) -> str:
    base = held.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{PATH}/callback"
