"""HEAD and conditional requests."""

import pytest


def test_head_is_get_without_its_body(client):
    """Same status and headers, nothing behind them."""
    got, bare = client.get("/api/v1/things/1"), client.head("/api/v1/things/1")
    assert bare.status_code == 200
    assert bare.content == b""
    assert bare.headers["content-length"] == got.headers["content-length"]
    assert bare.headers["etag"] == got.headers["etag"]
    assert client.head("/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("known", "status"),
    [('"3"', 304), ('W/"3"', 304), ('"1", "3"', 304), ("*", 304), ('"33"', 200), ("3", 200)],
)
def test_what_the_caller_has_is_not_sent_again(client, known, status):
    """304 where If-None-Match names the tag, without body or type."""
    answer = client.get("/api/v1/things/1", headers={"If-None-Match": known})
    assert answer.status_code == status
    if status == 304:
        assert answer.content == b""
        assert answer.headers["etag"] == '"3"'
        assert "content-type" not in answer.headers
        assert answer.headers["x-request-id"]


def test_an_answer_without_tag_is_always_sent(client):
    """`*` means any tag, and here is none."""
    assert client.get("/api/v1/open", headers={"If-None-Match": "*"}).status_code == 200
