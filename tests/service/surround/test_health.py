"""Health says whether the service works, metrics to whom they may be told."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from service.store import outbox


def test_a_service_that_works_says_so(client):
    """Alive and ready, without numbers: they would tell of what is hidden."""
    assert client.get("/health/live").json() == {"status": "alive"}
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_it_is_not_ready_while_its_index_loads(client, stub):
    """503 names what is missing, and is still alive."""
    stub.ready.clear()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == ["index"]
    assert client.get("/health/live").status_code == 200


def test_it_is_not_ready_far_behind_the_database(client, stub):
    """A change that the index takes in soon does not matter; an old one does."""
    with stub.database.write() as session:
        outbox.append(session, "need", "N1")
        from service.store.tables import ChangeRow

        stub.now = session.query(ChangeRow).one().at
    assert client.get("/health/ready").status_code == 200
    stub.pass_(seconds=60)
    assert client.get("/health/ready").status_code == 503
    stub.catalogue.sequence = 1
    assert client.get("/health/ready").status_code == 200


def test_it_is_not_ready_on_another_schema(client, stub):
    """Of whichever direction."""
    from sqlalchemy import text

    with stub.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'other'"))
    assert client.get("/health/ready").json()["errors"][0]["pointer"] == "schema"


def test_it_is_not_ready_without_its_database(client, stub, tmp_path):
    """And says so instead of failing."""
    stub.database.close()
    (tmp_path / "needmatch.db").rename(tmp_path / "away")
    (tmp_path / "needmatch.db").mkdir()
    for name in ("needmatch.db-wal", "needmatch.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    (tmp_path / "needmatch.db").rmdir()


@pytest.fixture
def near(app):
    """A caller on the same machine."""
    return TestClient(app, client=("127.0.0.1", 5000))


def test_metrics_are_for_the_machine_and_for_operators(client, near, ana, root, stub):
    """Strangers get 401, users 403; a proxy on the machine is a stranger."""
    from matcher.records import Kind

    stub.catalogue.entries = {"N1": SimpleNamespace(kind=Kind.NEED)}
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=ana.headers).status_code == 403
    assert near.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401
    for answer in (near.get("/metrics"), client.get("/metrics", headers=root.headers)):
        assert answer.status_code == 200
        assert 'needmatch_records{kind="need"} 1.0' in answer.text
        assert 'needmatch_jobs{status="queued"} 0.0' in answer.text
        assert "needmatch_follower_lag_changes 0.0" in answer.text


def test_metrics_can_be_turned_off(near, stub):
    """Then there is nothing at that address."""
    stub.settings.metrics = False
    assert near.get("/metrics").status_code == 404
