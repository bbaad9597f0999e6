"""Errors of all kinds come out as problems, and nothing inside shows."""

import json
import logging

import pytest
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, TimeoutError

from service.logs import JsonFormatter
from service.surround.answers import of_database, pointed

from .conftest import SECRET

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("what", "status", "slug"),
    [
        ("record", 404, "not-found"),
        ("cluster", 404, "not-found"),
        ("invalid", 422, "invalid"),
        ("setting", 422, "invalid"),
        ("review", 409, "conflict"),
        ("busy", 503, "busy"),
        ("overflow", 422, "invalid"),
        ("bug", 500, "internal"),
    ],
)
def test_every_error_is_a_problem(client, what, status, slug):
    """Status and slug by the kind of error, with the request's id as instance."""
    answer = client.get(f"/api/v1/raise/{what}", headers={"X-Request-Id": "test-12345"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    body = answer.json()
    assert body["type"].endswith("/" + slug)
    assert body["status"] == status
    assert body["instance"] == "urn:request:test-12345"
    assert SECRET not in answer.text
    assert "SELECT" not in answer.text


def test_busy_says_when_to_ask_again(client):
    """503 carries Retry-After."""
    assert client.get("/api/v1/raise/busy").headers["retry-after"] == "1"


def test_a_fault_is_logged_with_its_place_and_without_its_words(client, caplog):
    """The log names kind and line; what the error quotes stays out."""
    with caplog.at_level(logging.ERROR, "needmatch.request"):
        client.get("/api/v1/raise/bug")
    (record,) = [r for r in caplog.records if r.message == "request failed"]
    line = JsonFormatter().format(record)
    assert SECRET not in line
    error = json.loads(line)["error"][0]
    assert error["kind"] == "builtins.ZeroDivisionError"
    assert any("conftest.py" in place for place in error["at"])


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/api/v1/open", 405)]
)
def test_what_the_framework_refuses_is_a_problem_too(client, method, path, status):
    """Unknown addresses and methods."""
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert (status == 405) == ("allow" in answer.headers)


def test_a_validation_points_at_fields_and_repeats_no_secret(client, ana):
    """JSON pointers for the body; a password's validator is not quoted."""
    answer = client.post("/api/v1/things", json={"count": -1, "password": "abc"}, headers=ana.headers)
    assert answer.status_code == 422
    found = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert set(found) == {"/title", "/count", "/password"}
    assert "abc" not in answer.text


def test_parameters_are_named(client):
    """`query.k` for a parameter that is no number."""
    answer = client.get("/api/v1/things/1", params={"k": "x"})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["query.k"]


def test_pointers_are_escaped():
    """A slash in a key is `~1`, a tilde `~0` (RFC 6901)."""
    assert pointed([{"loc": ("body", "a/b~c"), "msg": "no", "type": "x"}])[0].pointer == "/a~1b~0c"


def test_a_trailing_slash_redirects_nowhere(client):
    """No redirect is built from the Host header."""
    answer = client.get("/api/v1/open/", headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code == 404
    assert "location" not in answer.headers


def sqlite(words):
    """An error of SQLite as SQLAlchemy wraps it."""
    import sqlite3

    return OperationalError("SELECT 1", {}, sqlite3.OperationalError(words))


def test_a_locked_database_is_busy_and_a_wrong_statement_a_fault():
    """Only what passes by itself is 503."""
    assert of_database(sqlite("database is locked")).status == 503
    assert of_database(TimeoutError("no connection")).status == 503
    with pytest.raises(OperationalError):
        of_database(sqlite("no such column: x"))


def test_values_and_races_are_the_callers():
    """What cannot be stored is 422, what another one wrote first 409."""
    assert of_database(DataError("x", {}, Exception())).status == 422
    assert of_database(IntegrityError("x", {}, Exception())).status == 409
