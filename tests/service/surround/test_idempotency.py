"""A write that comes twice is done once."""

import threading
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from service.rights.policy import Scope
from service.security import tokens
from service.store.tables import AnswerRow, AuditRow, UserRow
from service.surround.idempotency import CLAIMED, forget_answers

PATH = "/api/v1/things"


def keyed(person, key="key-1"):
    """Headers of a write under a key."""
    return {**person.headers, "Idempotency-Key": key}


def rows(stub):
    """What is kept."""
    with stub.database.read() as session:
        return session.scalars(select(AnswerRow)).all()


def test_the_same_write_is_done_once(client, ana, stub):
    """The same answer comes again, marked as such, with its headers."""
    first = client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    again = client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == "/api/v1/things/1"
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert stub.runs == ["a"]


def test_another_process_knows_it(app, ana, stub):
    """What counts is in the database."""
    TestClient(app).post(PATH, json={"title": "a"}, headers=keyed(ana))
    assert TestClient(app).post(PATH, json={"title": "a"}, headers=keyed(ana)).headers["idempotent-replayed"]


def test_another_request_under_the_key_is_refused(client, ana, stub):
    """Another body or address is 422."""
    client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    other = client.post(PATH, json={"title": "b"}, headers=keyed(ana))
    assert other.status_code == 422
    assert other.json()["type"].endswith("/key-reused")
    assert client.post("/api/v1/raw", content=b"x", headers=keyed(ana)).status_code == 422
    assert stub.runs == ["a"]


def test_keys_belong_to_a_user(client, ana, root, stub):
    """Two users may use the same one."""
    client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    assert client.post(PATH, json={"title": "b"}, headers=keyed(root)).status_code == 201
    assert stub.runs == ["a", "b"]


def test_a_token_that_may_less_gets_no_answer_of_one_that_may_more(client, ana, stub):
    """A write is repeated to those alone who may do it: secrets that are shown once stay so."""
    client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    with stub.database.write() as session:
        _, secret = tokens.create(
            session, session.get(UserRow, ana.id), name="reads", scopes=[Scope.READ], now=stub.now
        )
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "key-1"}
    refused = client.post(PATH, json={"title": "a"}, headers=headers)
    assert refused.status_code == 422
    assert "run" not in refused.text


def test_nobody_has_no_keys(client, stub):
    """A stranger's write is refused as it is without a key, and nothing is kept."""
    answer = client.post(PATH, json={"title": "a"}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 401
    assert not rows(stub)


@pytest.mark.parametrize(("title", "status"), [("refuse", 422), ("break", 500)])
def test_what_failed_may_be_tried_again(client, ana, stub, title, status):
    """Only success is kept: a refused write changed nothing."""
    assert client.post(PATH, json={"title": title}, headers=keyed(ana)).status_code == status
    assert not rows(stub)
    assert client.post(PATH, json={"title": "good"}, headers=keyed(ana)).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(client, ana, key):
    """Empty, endless or unprintable; to nobody, too."""
    for headers in (keyed(ana, key), {"Idempotency-Key": key}):
        assert client.post(PATH, json={"title": "a"}, headers=headers).status_code == 400


def test_while_it_is_being_answered_the_key_is_taken(client, ana, stub):
    """The second of two at the same time is 409, and is not done."""
    claim(client, ana, stub)
    answer = client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/in-progress")
    assert stub.runs == ["a"]


def claim(client, ana, stub, request_id=""):
    """Leave a claim as a worker does that dies while it answers."""
    client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    with stub.database.write() as session:
        row = session.scalars(select(AnswerRow)).one()
        row.status, row.body, row.headers = 0, b"", {"request_id": request_id}


def test_many_at_once_are_done_once(app, ana, stub):
    """Of eight threads one does it; the others get its answer or 409."""
    found = []

    def post():
        found.append(TestClient(app).post(PATH, json={"title": "a"}, headers=keyed(ana)).status_code)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stub.runs == ["a"]
    assert set(found) <= {201, 409}
    assert 201 in found


def test_a_claim_of_a_dead_worker_is_taken_over(client, ana, stub):
    """After some time, where nothing was written."""
    claim(client, ana, stub, "request-that-wrote-nothing")
    stub.pass_(seconds=CLAIMED.total_seconds() + 1)
    assert client.post(PATH, json={"title": "a"}, headers=keyed(ana)).status_code == 201
    assert len(stub.runs) == 2


def test_what_a_dead_worker_wrote_is_not_written_again(client, ana, stub):
    """The audit log knows that it was done; the caller is told of what."""
    claim(client, ana, stub, "the-request-1")
    with stub.database.write() as session:
        session.add(
            AuditRow(
                at=stub.now,
                action="thing.make",
                object_kind="thing",
                object_id="T1",
                request_id="the-request-1",
            )
        )
    stub.pass_(seconds=CLAIMED.total_seconds() + 1)
    answer = client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    assert answer.status_code == 409
    assert "thing T1" in answer.json()["detail"]
    assert stub.runs == ["a"]


def test_after_a_day_it_is_forgotten(client, ana, stub):
    """Rows go, and a row that is still there does not count."""
    client.post(PATH, json={"title": "a"}, headers=keyed(ana))
    stub.pass_(hours=25)
    assert client.post(PATH, json={"title": "a"}, headers=keyed(ana)).json()["run"] == "2"
    with stub.database.write() as session:
        forget_answers(session, stub.now + timedelta(hours=25))
    assert not rows(stub)


def test_what_is_kept_cannot_be_read_without_the_key(client, ana, stub):
    """Neither the key nor the answer stands in the database."""
    client.post(PATH, json={"title": "a token, shown once"}, headers=keyed(ana, "my-own-key"))
    (row,) = rows(stub)
    assert b"shown once" not in row.body
    assert "my-own-key" not in row.idempotency_key
    assert len(row.idempotency_key) == 64


def test_an_upload_is_told_by_its_content(client, ana, stub):
    """The boundary of a form is chance: the same file is the same request, another one is not."""
    for boundary in ("one", "two-two"):
        part = 'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello'
        body = f"--{boundary}\r\n{part}\r\n--{boundary}--\r\n"
        headers = {**keyed(ana), "Content-Type": f"multipart/form-data; boundary={boundary}"}
        answer = client.post("/api/v1/imports", content=body, headers=headers)
        assert answer.json() == {"bytes": 5, "run": 1}
    changed = client.post("/api/v1/imports", files={"file": ("a", b"other")}, headers=keyed(ana))
    assert changed.status_code == 422
