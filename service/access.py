"""What every route needs to know: the backend, the one who asks, and whether that one may."""

from typing import Annotated, Any

from fastapi import Depends, Request

from matcher.phrases import phrase
from service.backend import Backend
from service.problems import forbidden, unauthenticated
from service.rights.policy import Permission, may, needed
from service.rights.viewer import Viewer
from service.security.identify import identify
from service.security.sessions import COOKIE, CSRF_HEADER

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def backend(request: Request) -> Backend:
    """The backend of this process."""
    found: Backend = request.app.state.backend
    return found


BackendIn = Annotated[Backend, Depends(backend)]


def viewer(request: Request, held: BackendIn) -> Viewer:
    """The one who asks; raises 401 for a token or session that is not good."""
    known = getattr(request.state, "viewer", None)
    if known is None:
        known = identify(
            held.database,
            held.settings,
            authorization=request.headers.get("Authorization"),
            cookie=request.cookies.get(COOKIE),
            csrf=None if request.method in SAFE else request.headers.get(CSRF_HEADER, ""),
            at=held.clock(),
        )
        request.state.viewer = known
    found: Viewer = known
    return found


class Right:
    """A dependency that lets only those through who may; it carries its permission, for docs and tests."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request, asking: Annotated[Viewer, Depends(viewer)]) -> Viewer:
        """The viewer. Raises 401 for nobody and 403 for somebody without the right."""
        if not may(asking.role, self.permission):
            if asking.role is None:
                raise unauthenticated()
            raise forbidden(
                phrase(
                    "The role {role} may not do this ({permission}).",
                    role=asking.role.value,
                    permission=self.permission.value,
                )
            )
        scope = needed(self.permission, safe=request.method in SAFE)
        if asking.role is not None and scope not in asking.scopes:
            raise forbidden(phrase("The token lacks the scope {scope!r}.", scope=scope.value))
        return asking


def require(permission: Permission) -> Any:
    """The default of a route's parameter `viewer`, which lets only those in who have a permission."""
    return Depends(Right(permission))
