"""The audit log over HTTP: for administrators, in parts, narrowed down."""

from datetime import timedelta

import pytest

from service.routes import audit as routes
from service.store.tables import AuditRow

PATH = "/api/v1/audit"


@pytest.fixture
def log(app, stub):
    """Five events, an hour apart."""
    app.include_router(routes.router, prefix="/api/v1")
    with stub.database.write() as session:
        for n in range(5):
            session.add(
                AuditRow(
                    at=stub.now + timedelta(hours=n),
                    action="need.create" if n % 2 else "need.show",
                    object_kind="need",
                    object_id=f"N{n}",
                    versions={"model": "hashing@1", "weights": [0.5]},
                )
            )


def shown(client, root, **filters):
    """Ids of objects, in the order of the answer."""
    answer = client.get(PATH, params=filters, headers=root.headers)
    assert answer.status_code == 200, answer.text
    return [event["object_id"] for event in answer.json()["items"]]


def test_it_is_for_administrators(client, ana, log):
    """Others are refused, also with the right scope."""
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=ana.headers).status_code == 403


def test_the_newest_come_first_and_in_parts(client, root, log):
    """Each part follows the one before."""
    first = client.get(PATH, params={"limit": 3}, headers=root.headers).json()
    rest = client.get(PATH, params={"limit": 3, "cursor": first["next"]}, headers=root.headers).json()
    found = [event["object_id"] for part in (first, rest) for event in part["items"]]
    assert found == ["N4", "N3", "N2", "N1", "N0"]
    assert rest["next"] is None
    assert first["items"][0]["versions"] == {"model": "hashing@1", "weights": "[0.5]"}


def test_filters_narrow_it_down(client, root, log):
    """By action, object and time: the beginning included, the end not."""
    assert shown(client, root, action="need.create") == ["N3", "N1"]
    assert shown(client, root, object="N2") == ["N2"]
    assert shown(client, root, since="2031-03-01T10:00:00Z", until="2031-03-01T12:00:00Z") == ["N2", "N1"]
    assert shown(client, root, actor="nobody") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"cursor": "x"},
        {"limit": 0},
        {"since": "today"},
        {"since": "2031-01-02T00:00:00Z", "until": "2031-01-01T00:00:00Z"},
    ],
)
def test_what_makes_no_sense_is_refused(client, root, log, wrong):
    """422, whatever it is."""
    assert client.get(PATH, params=wrong, headers=root.headers).status_code == 422
