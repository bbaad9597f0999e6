"""Records entered line by line, in bounded memory: batches of one transaction, an answer for each line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from corpora.readers.jsonl import LINE_MAX
from matcher.records import Kind
from service.backend import Backend
from service.problems import FieldError, Problem
from service.records import keeping
from service.records.entering import Entered
from service.records.patching import MODELS
from service.rights.viewer import Viewer
from service.store import records
from service.store.errors import RefTaken
from service.surround.answers import pointed
from service.surround.bodies import check_json

BATCH = 100

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with what became of it so far: a record to keep, or why not."""

    number: int
    entered: Entered | None = None
    problem: Problem | None = None


def answers(held: Backend, viewer: Viewer, kind: Kind, body: IO[bytes]) -> Iterator[Answer]:
    """An answer for each line, in order: `line` and `status` with `id` and `version`, or with `errors`."""
    batch: list[_Line] = []
    for number, line in _lines(body):
        batch.append(_read(held, viewer, kind, number, line))
        if len(batch) == BATCH:
            yield from _keep(held, viewer, batch)
            batch = []
    if batch:
        yield from _keep(held, viewer, batch)
    held.follower.catch_up()


def _lines(body: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Number and content of each filled line; None for one that is too long."""
    number = 0
    while line := body.readline(LINE_MAX):
        number += 1
        if not line.endswith(b"\n") and len(line) == LINE_MAX:
            while (rest := body.readline(LINE_MAX)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif line.strip():
            yield number, line.strip()


def _read(held: Backend, viewer: Viewer, kind: Kind, number: int, line: bytes | None) -> _Line:
    try:
        if line is None:
            raise Problem(413, "too-large", f"The line is longer than {LINE_MAX:,} bytes.")
        check_json(line)
        given = MODELS[kind].model_validate(json.loads(line))
        tried = keeping.attempt(held, viewer, kind, given)
        return _Line(number, tried.kept())
    except Problem as problem:
        return _Line(number, problem=problem)
    except (ValidationError, RequestValidationError) as error:
        found = pointed([{**one, "loc": ("body", *one["loc"])} for one in error.errors()])
        detail = "Some fields cannot be taken as given; see errors."
        return _Line(number, problem=Problem(422, "invalid", detail, found))
    except ValueError:
        return _Line(number, problem=Problem(400, "malformed", "The line is not JSON in UTF-8."))


def _keep(held: Backend, viewer: Viewer, batch: Sequence[_Line]) -> Iterator[Answer]:
    """Keep the good lines of a batch together; one by one where that fails, so that each says why."""
    good = [line for line in batch if line.entered is not None]
    kept: dict[int, Answer] = {}
    try:
        kept = _written(held, viewer, good)
    except (RefTaken, IntegrityError):
        for line in good:
            try:
                kept |= _written(held, viewer, [line])
            except (RefTaken, IntegrityError) as error:
                said = str(error) if isinstance(error, RefTaken) else "Somebody else entered it just now."
                kept[line.number] = _refused(line.number, Problem(409, "conflict", said))
    for line in batch:
        yield kept[line.number] if line.problem is None else _refused(line.number, line.problem)


def _written(held: Backend, viewer: Viewer, lines: Sequence[_Line]) -> dict[int, Answer]:
    drafts = [line.entered.draft() for line in lines if line.entered is not None]
    if not drafts:
        return {}
    with held.database.write() as session:
        rows = records.create_all(session, drafts, viewer, reason="bulk")
        return {
            line.number: {
                "line": line.number,
                "status": 201,
                "id": row.id,
                "ref": row.ref,
                "version": row.version,
            }
            for line, row in zip(lines, rows, strict=True)
        }


def _refused(number: int, problem: Problem) -> Answer:
    errors = problem.errors or (FieldError("", problem.detail),)
    return {
        "line": number,
        "status": problem.status,
        "type": problem.slug,
        "errors": [{"pointer": error.pointer, "detail": error.detail} for error in errors],
    }
