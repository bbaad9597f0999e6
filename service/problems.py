"""What went wrong with a request, as RFC 9457 problem details; nothing inside ever shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MEDIA_TYPE = "application/problem+json"
TYPES = "https://needmatch.eu/problems/"
"""Prefix of problem types: names, not addresses that must answer."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that cannot be taken as given."""

    pointer: str
    """JSON pointer into the body (`/title`), or the name of a parameter (`query.k`)."""
    detail: str


class Problem(Exception):
    """A request that is refused; raised anywhere in the service, turned into an answer in one place.

    >>> Problem(404, "not-found", "No need with the id 'x'.").as_json()["status"]
    404
    """

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.slug = slug
        """Machine name: the last part of `type`."""
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(detail)

    def as_json(self, request_id: str = "") -> dict[str, object]:
        """The body of the answer."""
        found: dict[str, object] = {
            "type": TYPES + self.slug,
            "title": TITLES.get(self.slug, self.slug.replace("-", " ").capitalize()),
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            found["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        if request_id:
            found["instance"] = f"urn:request:{request_id}"
        return found


TITLES = {
    "not-found": "There is no such thing, or you may not see it",
    "invalid": "Some fields cannot be taken as given",
    "unauthenticated": "Sign in first",
    "forbidden": "Your role does not allow this",
    "conflict": "It stands against what is there",
    "stale": "It was changed since you read it",
    "too-large": "The body is too large",
    "too-many": "Too many requests",
    "classified": "Classified information must not be entered",
}


def not_found(what: str, given: str) -> Problem:
    """The same answer for what is not there and for what the viewer may not see."""
    return Problem(404, "not-found", f"No {what} with the id {given!r} is there for you to see.")


def forbidden(detail: str) -> Problem:
    """A signed-in user without the right."""
    return Problem(403, "forbidden", detail)


def unauthenticated(detail: str = "Send a token (Authorization: Bearer ...) or sign in.") -> Problem:
    """Nobody known."""
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})


def invalid(pointer: str, detail: str) -> Problem:
    """One field that cannot be taken."""
    return Problem(422, "invalid", detail, [FieldError(pointer, detail)])


def conflict(detail: str) -> Problem:
    """What is asked contradicts what is there."""
    return Problem(409, "conflict", detail)
