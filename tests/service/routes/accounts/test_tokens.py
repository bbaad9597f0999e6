"""One's own tokens over HTTP."""

import pytest
from sqlalchemy import select

from service.store.tables import AuditRow, TokenRow

TOKENS = "/api/v1/me/tokens"


def made(client, **changes):
    """A new token."""
    return client.post(TOKENS, json={"name": "script", "scopes": ["read"], **changes})


def test_a_token_is_shown_once_and_works_until_it_is_revoked(house):
    """It comes in with its scopes; the list never shows its secret."""
    browser = house.signed_in("ana")
    answer = made(browser)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["expires_at"] == "2031-05-30T09:00:00Z"
    program = house.browser()
    program.headers["Authorization"] = f"Bearer {body['token']}"
    assert program.get("/api/v1/me").json()["scopes"] == ["read"]
    listed = browser.get(TOKENS)
    assert {one["name"] for one in listed.json()["items"]} == {"test", "script"}
    assert body["token"] not in listed.text
    assert browser.delete(f"{TOKENS}/{body['id']}").status_code == 204
    assert program.get("/api/v1/me").status_code == 401
    assert browser.delete(f"{TOKENS}/{body['id']}").status_code == 404
    with house.database.read() as session:
        actions = session.scalars(select(AuditRow.action).where(AuditRow.object_id == body["id"])).all()
        assert actions == ["token.create", "token.revoke"]


def test_a_token_that_reads_changes_nothing(house):
    """Neither tokens nor the account."""
    program = house.browser()
    program.headers["Authorization"] = f"Bearer {made(house.by_token('ana')).json()['token']}"
    assert made(program, name="more").status_code == 403
    answer = program.patch("/api/v1/me", json={"name": "A"}, headers={"If-Match": "*"})
    assert answer.status_code == 403


def test_a_token_makes_none_that_may_more(house):
    """An administrator's token without 'admin' cannot make one with it."""
    writes = made(house.by_token("root"), scopes=["read", "write"]).json()["token"]
    program = house.browser()
    program.headers["Authorization"] = f"Bearer {writes}"
    assert made(program, name="admin", scopes=["admin"]).status_code == 403
    assert made(program, name="write", scopes=["write"]).status_code == 201


def test_a_token_makes_none_that_lasts_longer(house):
    """A token for a day cannot make itself a successor; what it makes ends with it."""
    day = made(house.by_token("ana"), scopes=["read", "write"], expires_days=1).json()
    program = house.browser()
    program.headers["Authorization"] = f"Bearer {day['token']}"
    for name, days in (("long", 90), ("forever", None)):
        assert made(program, name=name, expires_days=days).json()["expires_at"] == day["expires_at"]
    house.clock.pass_(hours=12)
    assert made(program, name="second", expires_days=1).json()["expires_at"] == day["expires_at"]


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": []},
        {"scopes": ["all"]},
        {"scopes": ["admin"]},
        {"name": ""},
        {"name": "a\x00b"},
        {"name": "x" * 201},
        {"expires_days": 0},
        {"expires_days": 3651},
        {"expires_days": "soon"},
        {"user_id": "root"},
    ],
)
def test_bad_tokens_are_refused(house, changes):
    """422 with the field; a procurer has no use for 'admin'."""
    answer = made(house.signed_in("ana"), **changes)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].split("/")[1] == next(iter(changes))


def test_another_users_token_is_not_there(house):
    """It can be neither seen nor revoked."""
    with house.database.read() as session:
        other = session.scalars(select(TokenRow).where(TokenRow.user_id == house.ids["root"])).one()
    assert house.by_token("ana").delete(f"{TOKENS}/{other.id}").status_code == 404
    assert house.by_token("root").get("/api/v1/me").status_code == 200


def test_a_token_without_an_end_is_possible_and_a_name_serves_once(house):
    """Null lasts; the same name twice is a conflict."""
    browser = house.signed_in("ana")
    assert made(browser, expires_days=None).json()["expires_at"] is None
    assert made(browser).status_code == 409


def test_nobody_has_no_tokens(house):
    """Who is not signed in is told to."""
    assert house.browser().get(TOKENS).status_code == 401
    assert made(house.browser()).status_code == 401


def test_the_same_request_makes_one_token(house):
    """Sent again under its key it gives the same answer, and its secret is not readable in the database."""
    program = house.by_token("ana")
    asked = {"json": {"name": "once", "scopes": ["read"]}, "headers": {"Idempotency-Key": "k-1"}}
    one, other = program.post(TOKENS, **asked), program.post(TOKENS, **asked)
    assert one.status_code == other.status_code == 201
    assert one.json() == other.json()
    with house.database.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT body FROM answers").scalars().all()
    assert all(one.json()["token"].encode() not in bytes(body) for body in kept)
