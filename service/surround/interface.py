"""The description of the interface: what FastAPI says, made whole.

Every operation has an id, a summary, the permission it asks for (`x-permission`), who may come in, and every
problem it can answer with.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI

from service.problems import MEDIA_TYPE, TYPES
from service.rights.policy import ALLOWED, Permission
from service.security.sessions import COOKIE, CSRF_HEADER
from service.surround.places import Place, Places

WRITES = frozenset({"post", "put", "patch", "delete"})
TAGS: Mapping[str, str] = {
    "account": "Signing in, oneself, one's tokens.",
    "audit": "Who did what, and who saw what.",
    "candidates": "Needs of different countries that could be bought together.",
    "clusters": "Needs that ask for the same.",
    "feedback": "What users say of results.",
    "health": "Whether the service works.",
    "jobs": "Work that outlives its request: imports and exports.",
    "market": "The market from above, with small cells withheld.",
    "matching": "What answers a need, what a solution answers, and why.",
    "needs": "What procurers need.",
    "organisations": "Buyers, suppliers and agencies, and their vetting.",
    "service": "What answers are made with.",
    "solutions": "What industry offers.",
}
PROBLEMS: Mapping[int, tuple[str, str, str]] = {
    400: ("Malformed", "malformed", "The body is not JSON in UTF-8."),
    401: ("NotSignedIn", "unauthenticated", "Send a token (Authorization: Bearer ...) or sign in."),
    403: ("NotAllowed", "forbidden", "The role industry may not do this (write_needs)."),
    404: ("NotFound", "not-found", "No need with the id 'x' is there for you to see."),
    409: ("Conflict", "conflict", "It stands against what is there."),
    412: ("Stale", "stale", 'It is now of version 4, you named "3". Read it again, then change it.'),
    413: ("TooLarge", "too-large", "The body is larger than 2,000,000 bytes. Send less at once."),
    415: ("MediaType", "media-type", "This address reads application/json, not text/plain."),
    422: ("Invalid", "invalid", "1 field cannot be taken as given; see errors."),
    428: ("NoPrecondition", "precondition-required", "Send If-Match with the ETag of what you read."),
    429: ("TooMany", "too-many", "Too many requests. Ask again in 3 s."),
    503: ("Busy", "busy", "The service is busy. Ask again in a moment."),
}
"""Status to name, slug and example sentence."""
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": f"{TYPES} and the problem's name."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What was seen, what was expected, what to do."},
        "instance": {"type": "string", "description": "`urn:request:` and the id of the request."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer into the body, or a parameter.",
                    },
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
KEY: Mapping[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name for this write, 1 to 255 characters: sent again within 24 hours it is done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "example": "0b7e5c1e-6a53-4a0e-9d3c-9d1a1a4f6f2b",
}


def describe(app: FastAPI) -> None:
    """Have an application describe itself in full; made when first asked, as routers come later."""
    plain = app.openapi
    kept: list[tuple[object, dict[str, Any]]] = []

    def openapi() -> dict[str, Any]:
        made = plain()
        if not kept or kept[0][0] is not made:
            kept[:] = [(made, completed(made, Places(app.router.routes)))]
        return kept[0][1]

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI's documentation shows


def completed(made: Mapping[str, Any], places: Iterable[Place]) -> dict[str, Any]:
    """A description with what FastAPI leaves out."""
    known = {(method, place.template): place for place in reversed(list(places)) for method in place.methods}
    described: dict[str, Any] = {**made, "paths": {}}
    named = Counter(place.name for place in known.values())
    used: set[str] = set()
    for path, item in made["paths"].items():
        described["paths"][path] = {}
        for method, operation in item.items():
            place = known.get((method.upper(), path))
            whole = _operation(method, path, operation, place) if place else dict(operation)
            if place:
                whole["operationId"] = _name(method, place, named, used)
            described["paths"][path][method] = whole
            for tag in whole.get("tags", []):
                used.add(f"tag {tag}")
    components = {key: dict(value) for key, value in made.get("components", {}).items()}
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = dict(SCHEMA)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["responses"] = {name: _problem(status) for status, (name, _, _) in PROBLEMS.items()}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `POST /api/v1/me/tokens`."},
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": f"A browser's session; changes also need the header `{CSRF_HEADER}`.",
        },
    }
    described["components"] = components
    tags = sorted(tag.removeprefix("tag ") for tag in used if tag.startswith("tag "))
    described["tags"] = [{"name": tag, "description": TAGS.get(tag, tag.capitalize() + ".")} for tag in tags]
    return described


def statuses(method: str, path: str, operation: Mapping[str, Any], place: Place) -> set[int]:
    """The problems that an operation can answer with."""
    parameters = {(one["in"], one["name"]) for one in operation.get("parameters", [])}
    found = {429, 503}
    if place.permission is not None:
        found |= {401}
        if place.permission is not Permission.OPEN:
            found |= {403}
    if "{" in path:
        found |= {404}
    if parameters:
        found |= {422}
    if "requestBody" in operation:
        found |= {400, 413, 415, 422}
    if method in WRITES:
        # a body may be sent where none is read; a cookie without its CSRF token is refused
        found |= {400, 401, 403, 409, 413, 422}
    if ("header", "If-Match") in parameters:
        found |= {412, 428}
    return found


def _operation(method: str, path: str, operation: Mapping[str, Any], place: Place) -> dict[str, Any]:
    whole = dict(operation)
    first = whole.get("description", "").strip().split("\n\n")[0].replace("\n", " ")
    sentence = first.partition(". ")[0].partition(": ")[0].rstrip(".:;")
    if sentence:
        whole["summary"] = sentence if len(sentence) <= 120 else sentence[:117].rsplit(" ", 1)[0] + "..."
    parameters = list(whole.get("parameters", []))
    if method == "post" and place.permission is not None:
        parameters.append(dict(KEY))
    if parameters:
        whole["parameters"] = parameters
    responses = {key: value for key, value in whole.get("responses", {}).items() if not _stock(key, value)}
    for status in sorted(statuses(method, path, whole, place)):
        responses[str(status)] = {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}
    for status, given in responses.items():
        if status.isdigit() and int(status) in PROBLEMS and "$ref" not in given and "content" not in given:
            responses[status] = {"$ref": f"#/components/responses/{PROBLEMS[int(status)][0]}"}
    whole["responses"] = dict(sorted(responses.items()))
    if place.permission is not None:
        whole["x-permission"] = place.permission.value
        whole["x-roles"] = [
            role.value if role else "anybody" for role, may in ALLOWED.items() if place.permission in may
        ]
        opened: list[dict[str, list[str]]] = [{}] if place.permission is Permission.OPEN else []
        whole["security"] = [*opened, {"bearer": []}, {"cookie": []}]
    else:
        whole["security"] = []
    return whole


def _stock(status: str, response: Mapping[str, Any]) -> bool:
    """Whether a response is FastAPI's own description of a validation error."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return status == "422" and str(schema.get("$ref", "")).endswith("HTTPValidationError")


def _problem(status: int) -> dict[str, Any]:
    _, slug, detail = PROBLEMS[status]
    example: dict[str, Any] = {
        "type": TYPES + slug,
        "title": slug.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "instance": "urn:request:0b7e5c1e-6a53-4a0e-9d3c-9d1a1a4f6f2b",
    }
    if status == 422:
        example["errors"] = [{"pointer": "/title", "detail": "Field required"}]
    found: dict[str, Any] = {
        "description": detail,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }
    if status in {429, 503}:
        found["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return found


def _name(method: str, place: Place, named: Mapping[str, int], used: set[str]) -> str:
    """An id by the route's function, with its tag and method only where that is not enough."""
    tag = place.tags[0] if place.tags else "root"
    wanted = [place.name] if named[place.name] == 1 else []
    stem = f"{tag}_{place.name}".replace("-", "_").replace(" ", "_")
    for name in (*wanted, stem, f"{stem}_{method}", *(f"{stem}_{method}_{n}" for n in range(2, 50))):
        if name not in used:
            used.add(name)
            return name
    raise AssertionError(stem)
