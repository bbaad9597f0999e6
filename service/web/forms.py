"""Forms of pages: from what a browser sent to a body of the interface, and from a refusal to its fields."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from matcher.phrases import Phrase, phrase
from service.problems import FieldError, Problem
from service.surround.answers import pointed

M = TypeVar("M", bound=BaseModel)
FORM = frozenset({400, 403, 409, 413, 415, 422, 429})
"""Refusals that show the form again, with what was entered."""

MEANWHILE = phrase("Somebody changed this meanwhile. Look at it as it is now, then make your change.")


def taken(model: type[M], values: Mapping[str, Any]) -> M:
    """The body that the values of a form are. Raises `Problem` 422, with what is wrong at each field."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        found = [
            FieldError(pointed([{**one, "loc": ("body", *one["loc"])}])[0].pointer, _said(one))
            for one in error.errors()
        ]
        raise Problem(422, "invalid", phrase("Correct the fields that are marked."), found) from None


def again(problem: Problem) -> None:
    """Pass where the form is to be shown again; raise the problem where a page of its own tells of it."""
    if problem.status not in FORM:
        raise problem


def errors(problem: Problem | None) -> dict[str, str]:
    """What is wrong, by the name of the field.

    >>> errors(Problem(422, "invalid", "", [FieldError("/languages/0", "no such language")]))
    {'languages': 'no such language'}
    """
    found: dict[str, str] = {}
    for one in problem.errors if problem else ():
        name = one.pointer.removeprefix("query.").lstrip("/").partition("/")[0]
        found.setdefault(name, one.detail)
    return found


def _said(error: Any) -> str:
    context = error.get("ctx") or {}
    match error["type"]:
        case "missing" | "string_too_short" | "too_short":
            return phrase("Fill this in.")
        case "string_too_long":
            return phrase("Use at most {most:,} characters.", most=context["max_length"])
        case "enum" | "literal_error" | "string_pattern_mismatch":
            return phrase("Choose one of the values offered.")
        case "int_parsing" | "int_type":
            return phrase("Give a whole number.")
        case "greater_than_equal":
            return phrase("Give {least} or more.", least=context["ge"])
        case "less_than_equal":
            return phrase("Give {most} or less.", most=context["le"])
    raised = context.get("error")
    if isinstance(raised, ValueError) and raised.args and isinstance(raised.args[0], Phrase):
        return raised.args[0]
    return str(error["msg"]).removeprefix("Value error, ")
