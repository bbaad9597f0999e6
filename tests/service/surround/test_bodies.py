"""Bodies that no route should have to read are refused before it does."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.problems import Problem
from service.surround.bodies import DEEPEST, check_json

JSON = {"Content-Type": "application/json"}


def test_a_body_too_large_is_refused_whether_it_says_so_or_not(client, ana):
    """413 by Content-Length, and by counting what comes in pieces."""
    large = json.dumps({"title": "x" * 3000}).encode()
    for content in (large, iter([large[:1000], large[1000:]])):
        answer = client.post("/api/v1/things", content=content, headers={**JSON, **ana.headers})
        assert answer.status_code == 413
        assert "2,000 bytes" in answer.json()["detail"]


def test_a_route_that_reads_the_stream_is_guarded_too(client):
    """Whoever reads the body in pieces gets no more than the limit."""
    answer = client.post("/api/v1/raw", content=iter([b"x" * 1500, b"x" * 1500]))
    assert answer.status_code == 413


def test_uploads_have_a_limit_of_their_own(client, ana):
    """Imports and bulk paths take larger bodies, and no larger than that."""
    assert client.post("/api/v1/things/bulk", content=b"x" * 15_000).json() == {"bytes": 15_000}
    assert client.post("/api/v1/things/bulk", content=b"x" * 25_000).status_code == 413
    small, large = {"file": ("a.csv", b"x" * 15_000)}, {"file": ("a.csv", b"x" * 25_000)}
    assert client.post("/api/v1/imports", files=small, headers=ana.headers).status_code == 202
    assert client.post("/api/v1/imports", files=large, headers=ana.headers).status_code == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"title": NaN}', 400),
        (b'{"title": "a", "count": Infinity}', 400),
        (b'{"title": -Infinity}', 400),
        (b'{"title": "\xff\xfe"}', 400),
        (b'{"title": "\\ud800"}', 400),
        (b'{"title"', 400),
        (b"[" * 900, 400),
        (b"[" * 150 + b"]" * 150, 400),
        (b"", 422),
        (b'{"title": "a\\u0000b"}', 422),
        (b'{"ti\\u0000tle": "a"}', 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"title": "a", "count": 1' + b"0" * 400 + b"}", 201),
        (b'{"title": "a", "title": "b"}', 201),
        ('{"title": "Häirekeskus \\ud83d\\ude00"}'.encode(), 201),
    ],
)
def test_json_is_json(client, ana, body, status):
    """Broken, endless or unstorable JSON is the caller's error, never ours."""
    answer = client.post("/api/v1/things", content=body, headers={**JSON, **ana.headers})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ],
)
def test_another_kind_of_body_is_415(client, ana, kind):
    """The answer says which kind is read."""
    headers = {**ana.headers, "Content-Type": kind}
    answer = client.post("/api/v1/things", content=b'{"title": "a"}', headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", "application/a+json"]
)
def test_json_by_any_name_is_taken(client, ana, kind):
    """Case and parameters do not matter."""
    headers = {**ana.headers, "Content-Type": kind}
    assert client.post("/api/v1/things", content=b'{"title": "a"}', headers=headers).status_code == 201


def test_packed_bodies_are_not_unpacked(client, ana):
    """No bomb goes off: Content-Encoding is 415."""
    headers = {**JSON, **ana.headers, "Content-Encoding": "gzip"}
    assert client.post("/api/v1/things", content=b"\x1f\x8b", headers=headers).status_code == 415


def test_an_upload_that_is_none_is_refused(client, ana):
    """JSON for a form is 415, a broken form 400 or 422."""
    assert client.post("/api/v1/imports", json={}, headers=ana.headers).status_code == 415
    headers = {**ana.headers, "Content-Type": "multipart/form-data"}
    assert client.post("/api/v1/imports", content=b"xx", headers=headers).status_code in {400, 422}


@pytest.mark.parametrize(("path", "status"), [("/api/v1/things/a%00b", 404), ("/api/v1/things/a?k=%00", 422)])
def test_nul_in_an_address_is_refused(client, path, status):
    """No database can hold it."""
    assert client.get(path).status_code == status


def test_a_deep_body_is_counted_not_recursed():
    """The limit is exact."""
    check_json(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(Problem) as caught:
        check_json(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))
    assert caught.value.status == 400


@given(st.binary(max_size=60))
def test_whatever_comes_passes_or_is_a_problem(body):
    """No bytes raise anything else."""
    with suppress(Problem):
        check_json(body)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
        max_leaves=8,
    )
)
def test_every_proper_value_passes(value):
    """What Python writes as JSON is taken."""
    check_json(json.dumps(value).encode())
