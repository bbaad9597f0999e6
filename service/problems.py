"""What went wrong with a request, as RFC 9457 problem details; nothing inside ever shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcher.phrases import Phrase, phrase

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


TITLES: Mapping[str, Phrase] = {
    "not-found": phrase("There is no such thing, or you may not see it"),
    "invalid": phrase("Some fields cannot be taken as given"),
    "unauthenticated": phrase("Sign in first"),
    "forbidden": phrase("Your role does not allow this"),
    "conflict": phrase("It stands against what is there"),
    "stale": phrase("It was changed since you read it"),
    "too-large": phrase("The body is too large"),
    "too-many": phrase("Too many requests"),
    "classified": phrase("Classified information must not be entered"),
}
NOUNS: Mapping[str, Phrase] = {
    "need": phrase("need"),
    "solution": phrase("solution"),
    "cluster": phrase("cluster"),
    "candidate": phrase("candidate"),
    "cycle": phrase("cycle"),
    "edit": phrase("edit"),
    "question": phrase("question"),
    "follower": phrase("follower"),
    "feedback": phrase("feedback"),
    "saved search": phrase("saved search"),
    "message": phrase("message"),
    "feed": phrase("feed"),
    "subscription": phrase("subscription"),
    "job": phrase("job"),
    "file of job": phrase("file of job"),
    "file": phrase("file"),
    "page": phrase("page"),
    "topic": phrase("topic"),
    "analysis": phrase("analysis"),
    "CPV code": phrase("CPV code"),
    "organisation": phrase("organisation"),
    "user": phrase("user"),
    "token": phrase("token"),
}


def not_found(what: str, given: str) -> Problem:
    """The same answer for what is not there and for what the viewer may not see."""
    return Problem(
        404,
        "not-found",
        phrase(
            "No {what} with the id {given!r} is there for you to see.",
            what=NOUNS.get(what, what),
            given=given,
        ),
    )


def forbidden(detail: str) -> Problem:
    """A signed-in user without the right."""
    return Problem(403, "forbidden", detail)


_NOBODY = phrase("Send a token (Authorization: Bearer ...) or sign in.")


def unauthenticated(detail: str = _NOBODY) -> Problem:
    """Nobody known."""
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})


def invalid(pointer: str, detail: str) -> Problem:
    """One field that cannot be taken."""
    return Problem(422, "invalid", detail, [FieldError(pointer, detail)])


def conflict(detail: str) -> Problem:
    """What is asked contradicts what is there."""
    return Problem(409, "conflict", detail)


def told(error: Exception) -> str:
    """What an error says; a phrase stays one."""
    return error.args[0] if error.args and isinstance(error.args[0], Phrase) else str(error)
