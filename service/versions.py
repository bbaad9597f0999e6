"""Versions over HTTP: `ETag` on the way out, `If-Match` on the way in, so that no change is lost."""

import re
from typing import Annotated

from fastapi import Header, Response

from matcher.phrases import phrase
from service.problems import Problem

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\uffff]*)"\s*(?:,|$)')

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=1_000, description='The `ETag` of what you read, as `"3"`.'),
]


def etag(version: int) -> str:
    """The entity tag of a version.

    >>> etag(3)
    '"3"'
    """
    return f'"{version}"'


def tag(response: Response, version: int) -> None:
    """Name the version of what is sent."""
    response.headers["ETag"] = etag(version)


def unchanged(if_match: str | None, version: int, *, needed: bool = True) -> None:
    """Pass where the client has seen this version.

    Raises `Problem` 428 without `If-Match` where it is needed, and 412 where it names another version. A
    weak tag names none (RFC 9110, 13.1.1).

    >>> unchanged('"2", "3"', 3), unchanged("*", 3)
    (None, None)
    """
    if if_match is None:
        if needed:
            raise Problem(
                428,
                "precondition-required",
                phrase("Send If-Match with the ETag of what you read, so that no other change is lost."),
            )
        return
    if if_match.strip() == "*" or etag(version) in _strong(if_match):
        return
    raise Problem(
        412,
        "stale",
        phrase(
            "It is now of version {version}, you named {named}. Read it again, then change it.",
            version=str(version),
            named=if_match,
        ),
    )


def _strong(if_match: str) -> list[str]:
    return [f'"{name}"' for weak, name in _TAG.findall(if_match) if not weak]
