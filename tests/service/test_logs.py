"""Logs are JSON lines that quote nobody."""

import io
import json
import logging

import pytest
from sqlalchemy.exc import IntegrityError

from matcher.errors import SettingInvalid
from service.logs import REQUEST_ID, configure, told


@pytest.fixture
def written(monkeypatch):
    """What is written, line by line; the root logger is left as it was."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("INFO", "worker-7", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


def test_a_line_has_its_fields(written):
    """Time in UTC, level, worker, request and what else is told."""
    token = REQUEST_ID.set("req-12345")
    logging.getLogger("needmatch.test").warning("index saved", extra={"rows": 3})
    REQUEST_ID.reset(token)
    (line,) = written()
    assert line["time"].endswith("Z")
    assert {key: line[key] for key in line if key != "time"} == {
        "level": "warning",
        "logger": "needmatch.test",
        "event": "index saved",
        "request_id": "req-12345",
        "worker": "worker-7",
        "rows": 3,
    }


def test_other_libraries_speak_only_when_it_matters(written):
    """Their INFO is left out, ours is not."""
    logging.getLogger("httpx").info("GET https://user:secret@example")
    logging.getLogger("uvicorn.access").warning("GET /needs/ana")
    logging.getLogger("needmatch.test").info("hello")
    assert [line["event"] for line in written()] == ["hello"]


def test_errors_are_told_without_their_words():
    """Kind and place of each, down to the first cause; a database's values stay out."""
    try:
        try:
            int("ana@rescue.example")
        except ValueError as error:
            raise IntegrityError("INSERT", {"email": "ana@rescue.example"}, error) from error
    except IntegrityError as error:
        found = list(told(error))
    assert [one["kind"] for one in found] == ["sqlalchemy.exc.IntegrityError", "builtins.ValueError"]
    assert "ana@" not in json.dumps(found)
    assert "test_logs.py" in found[0]["at"][0]


def test_errors_of_the_code_keep_their_words():
    """An AttributeError quotes no user."""
    found = list(told(AttributeError("'NoneType' object has no attribute 'id'")))
    assert found[0]["words"] == "'NoneType' object has no attribute 'id'"


def test_an_unknown_level_is_refused():
    """With those that are known."""
    with pytest.raises(SettingInvalid, match="DEBUG, INFO"):
        configure("LOUD")


def test_what_libraries_keep_with_a_record_for_themselves_is_not_told(written):
    """Their names begin with an underscore."""
    logging.getLogger("needmatch.test").warning("index saved", extra={"_stamp": 7, "rows": 3})
    (line,) = written()
    assert "_stamp" not in line
    assert line["rows"] == 3
