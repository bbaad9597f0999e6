"""Where a request goes: the route behind a path, known before the application is asked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fastapi import params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, compile_path

from service.access import Right
from service.rights.policy import Permission

NOWHERE = "none"
"""What logs and metrics call a path that leads nowhere: paths are the callers' words."""


class Body(StrEnum):
    """What a route reads."""

    JSON = "json"
    FORM = "form"
    RAW = "raw"
    """The stream itself, or nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """One route under one path."""

    template: str
    """`/api/v1/needs/{id}`: what may be logged."""
    methods: frozenset[str]
    body: Body = Body.RAW
    media_type: str = "application/json"
    permission: Permission | None = None
    name: str = ""
    tags: tuple[str, ...] = ()
    pattern: re.Pattern[str] = field(default=re.compile(""), repr=False)


class Places:
    """All routes of an application, looked up by path; read when first asked, as routers come later."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes
        self._places: tuple[Place, ...] | None = None

    def __iter__(self) -> Iterator[Place]:
        if self._places is None:
            self._places = tuple(found for c in iter_route_contexts(self._routes) if (found := _place(c)))
        return iter(self._places)

    def find(self, method: str, path: str) -> Place | None:
        """The route that answers; for a method that none has, the first with the path."""
        partial = None
        for place in self:
            if place.pattern.match(path):
                if method in place.methods:
                    return place
                partial = partial or place
        return partial


def permission_of(dependant: Dependant) -> Permission | None:
    """The permission that a route asks for, wherever it stands among its dependencies."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, Right):
            return inner.call.permission
        if (found := permission_of(inner)) is not None:
            return found
    return None


def _place(context: RouteContext) -> Place | None:
    path, methods = context.path, context.methods
    if path is None or methods is None:
        return None
    pattern, template, _ = compile_path(path)
    if not isinstance(context.original_route, APIRoute):
        return Place(template, frozenset(methods), name=context.name or "", pattern=pattern)
    body, media_type = _body(context.body_field)
    return Place(
        template,
        frozenset(methods),
        body,
        media_type,
        permission_of(context.dependant),
        context.name or "",
        tuple(str(tag) for tag in context.tags or ()),
        pattern,
    )


def _body(field: Any) -> tuple[Body, str]:
    if field is None:
        return Body.RAW, "application/json"
    info = field.field_info
    if isinstance(info, params.File):
        return Body.FORM, "multipart/form-data"
    if isinstance(info, params.Form):
        return Body.FORM, info.media_type
    media_type = getattr(info, "media_type", "application/json")
    return (Body.JSON if media_type.endswith("json") else Body.RAW), media_type
