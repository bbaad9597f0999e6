"""Requests have an id, headers, a line in the log and a count."""

import json
import logging
import sqlite3

import pytest
from fastapi.testclient import TestClient
from prometheus_client import generate_latest
from sqlalchemy import exc

from service import access
from service.logs import JsonFormatter
from service.store import audit
from service.surround.metrics import REGISTRY


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("build-2031.03_01", True),
        ("short", False),
        ("with space", False),
        ("x" * 37, False),
        ("-dash-first", False),
        ("a\tb-12345678", False),
    ],
)
def test_a_sane_request_id_is_taken_over(client, given, kept):
    """Others are replaced by a new one."""
    found = client.get("/health/live", headers={"X-Request-Id": given}).headers["x-request-id"]
    assert (found == given) is kept
    assert len(found) <= 36


def test_audit_rows_carry_the_request_id(client, ana, stub):
    """Without the route doing anything about it."""
    headers = {**ana.headers, "X-Request-Id": "req-000001"}
    client.post("/api/v1/things", json={"title": "a"}, headers=headers)
    with stub.database.read() as session:
        assert [row.request_id for row in audit.page(session).items] == ["req-000001"]


def test_browsers_are_told_what_not_to_do(client):
    """On every answer, errors included."""
    for path in ("/api/v1/open", "/nowhere", "/api/v1/raise/bug"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers


def test_https_is_kept_to(app):
    """HSTS only where the request came by https."""
    with_tls = TestClient(app, base_url="https://testserver")
    assert "max-age" in with_tls.get("/health/live").headers["strict-transport-security"]


def test_personal_answers_are_kept_by_nobody(client, ana):
    """Of one who is signed in: private; with a tag they may be asked for again."""
    assert client.get("/api/v1/mine", headers=ana.headers).headers["cache-control"] == "private, no-store"
    assert client.get("/api/v1/things/1", headers=ana.headers).headers["cache-control"] == "private, no-cache"
    assert client.get("/api/v1/open").headers["cache-control"] == "no-cache"
    assert client.get("/nowhere").headers["cache-control"] == "no-store"
    assert "Authorization" in client.get("/api/v1/open").headers["vary"]


def lines(caplog):
    """The lines of requests as they would be written."""
    return [
        json.loads(JsonFormatter("w1").format(r)) for r in caplog.records if r.name == "needmatch.request"
    ]


def test_the_log_has_the_route_and_never_the_words(client, ana, caplog):
    """Template, status and time; neither path, query, token nor body."""
    with caplog.at_level(logging.INFO, "needmatch.request"):
        client.get(
            "/api/v1/things/ana@rescue.example", params={"k": 1, "text": "secret"}, headers=ana.headers
        )
        client.get("/nowhere/ana@rescue.example")
    first, second = lines(caplog)
    assert (first["route"], first["status"], first["method"]) == ("/api/v1/things/{thing_id}", 200, "GET")
    assert first["ms"] > 0
    assert first["worker"] == "w1"
    assert first["level"] == "info"
    assert first["time"].endswith("Z")
    assert second["route"] == "none"
    written = json.dumps([first, second])
    for word in ("ana@", "secret", ana.headers["Authorization"][7:]):
        assert word not in written


def test_health_is_not_logged_where_it_is_well(client, caplog):
    """What machines ask every few seconds would hide the rest."""
    with caplog.at_level(logging.INFO, "needmatch.request"):
        client.get("/health/live")
    assert not lines(caplog)


def test_requests_are_counted_by_route(client):
    """By template, method and status; unknown methods and paths have one name each."""
    client.get("/api/v1/things/7")
    client.request("BREW", "/nowhere/7")
    text = generate_latest(REGISTRY).decode()
    assert 'needmatch_requests_total{method="GET",route="/api/v1/things/{thing_id}",status="200"}' in text
    assert 'needmatch_requests_total{method="other",route="none",status="404"}' in text
    assert "/nowhere" not in text


def test_large_answers_are_compressed(client):
    """Above a kilobyte, for those who can read it."""
    answer = client.get("/api/v1/large", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["text"].startswith("word")
    assert "content-encoding" not in client.get("/api/v1/large", headers={"Accept-Encoding": "br"}).headers


@pytest.mark.parametrize(
    ("accept", "locale"),
    [("de-AT, en;q=0.5", "de"), ("xx, fi;q=0.1", "fi"), ("*", "en"), ("de;q=0", "en"), (";;q=,", "en")],
)
def test_the_wanted_language_is_told(client, accept, locale):
    """The best official language of Accept-Language, else English."""
    answer = client.get("/api/v1/things/1", headers={"Accept-Language": accept})
    assert answer.json()["locale"] == locale
    assert answer.headers["content-language"] == locale


def test_a_database_that_is_away_before_any_route_is_asked_is_no_fault_of_ours(client, ana, monkeypatch):
    """Who asks is looked up first: then already the answer is to come again."""

    def away(*_: object) -> None:
        raise exc.OperationalError("SELECT", {}, sqlite3.OperationalError("unable to open database file"))

    monkeypatch.setattr(access, "viewer", away)
    told = client.get("/api/v1/mine", headers=ana.headers)
    assert (told.status_code, told.json()["type"].rpartition("/")[2]) == (503, "busy")
    assert told.headers["retry-after"]
