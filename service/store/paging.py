"""Lists in parts: each part ends with the place where the next one begins."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.store.errors import CursorInvalid

Item = TypeVar("Item")
Place = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items of a list, and the cursor of those after them; None where there are no more."""

    items: tuple[Item, ...]
    next: str | None


def cursor(place: Place) -> str:
    """A place in a list, as callers hand it around without looking into it.

    >>> cursor(["2027-01-01", "id"])
    'WyIyMDI3LTAxLTAxIiwiaWQiXQ'
    """
    return urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def place(given: str, *kinds: type) -> list[str | int]:
    """The place that a cursor stands for, as values of these kinds. Raises `CursorInvalid`.

    >>> place("WyIyMDI3LTAxLTAxIiwiaWQiXQ", str, str)
    ['2027-01-01', 'id']
    """
    try:
        raw = urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4))
        found = json.loads(raw.decode("utf-8"))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, list)
        or [type(value) for value in found] != list(kinds)
        or not all(_storable(value) for value in found)
    ):
        raise CursorInvalid(f"{given[:80]!r} is no place in this list. Begin again without a cursor.")
    return found


def _storable(value: str | int) -> bool:
    """Whether both databases can compare with it."""
    if isinstance(value, int):
        return abs(value) < 2**63
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
