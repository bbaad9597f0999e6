"""Who asks too often has to wait."""

import pytest


@pytest.fixture
def strict(stub):
    """Three requests a minute for each."""
    stub.settings.requests_per_minute = 3
    stub.settings.anonymous_per_minute = 3
    return stub


def test_a_user_has_a_number_of_requests(strict, client, ana, root):
    """The fourth is 429 with Retry-After; another user is not touched."""
    statuses = [client.get("/api/v1/mine", headers=ana.headers).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = client.get("/api/v1/mine", headers=ana.headers)
    assert int(answer.headers["retry-after"]) == 20
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/mine", headers=root.headers).status_code == 200


def test_unknown_callers_are_told_apart_by_address(strict, client):
    """A token that is not good counts against its address."""
    bad = {"Authorization": "Bearer nm_wrong"}
    statuses = [client.get("/api/v1/open", headers=bad).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert client.get("/api/v1/open").status_code == 429


def test_health_is_never_refused(strict, client):
    """However often it is asked."""
    assert {client.get("/health/live").status_code for _ in range(10)} == {200}
