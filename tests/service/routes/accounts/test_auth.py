"""Signing in and out over HTTP."""

import pytest
from sqlalchemy import select

from service.store.tables import AuditRow, SessionRow

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/me"
RIGHT = {"email": "Ana@people.example", "password": "seven green lamps at noon"}


def test_a_browser_signs_in_and_is_known(house):
    """The cookie is not for scripts; the CSRF token and the end of the session are told."""
    browser = house.browser()
    answer = browser.post(LOGIN, json=RIGHT)
    assert answer.status_code == 200
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["expires_at"] == "2031-03-01T21:00:00Z"
    me = browser.get(ME).json()
    assert me["id"] == house.ids["ana"]
    assert me["session"] == answer.json()
    assert set(me["scopes"]) == {"read", "write", "admin"}


def test_cookies_are_for_tls_only_where_the_service_has_it(open_house):
    """A public address of https makes the cookie secure."""
    house = open_house(public_url="https://needmatch.example")
    assert "Secure" in house.browser().post(LOGIN, json=RIGHT).headers["Set-Cookie"]


def test_a_write_by_cookie_needs_the_csrf_token(house):
    """Another site's form has the cookie only, and changes nothing."""
    browser = house.signed_in("ana")
    csrf = browser.headers.pop("X-CSRF-Token")
    tag = browser.get(ME).headers["ETag"]
    for token in (None, "", "wrong", house.signed_in("ana").headers["X-CSRF-Token"]):
        headers = {"If-Match": tag} | ({} if token is None else {"X-CSRF-Token": token})
        answer = browser.patch(ME, json={"name": "A"}, headers=headers)
        assert answer.status_code == 403
        assert "X-CSRF-Token" in answer.json()["detail"]
    headers = {"If-Match": tag, "X-CSRF-Token": csrf}
    assert browser.patch(ME, json={"name": "A"}, headers=headers).status_code == 200


def test_a_program_with_a_token_needs_no_csrf_token(house):
    """What is sent on purpose is meant."""
    program = house.by_token("ana")
    tag = program.get(ME).headers["ETag"]
    assert program.patch(ME, json={"name": "A"}, headers={"If-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ana@people.example", "password": "wrong"},
        {"email": "nobody@people.example", "password": "seven green lamps at noon"},
        {"email": "\u0130\u212a@x", "password": "\u0130\t"},
        {"email": "ana@people.example' OR 1=1 --", "password": "x"},
    ],
)
def test_wrong_and_unknown_get_the_same_answer(house, wrong):
    """401 with the same words; nobody is signed in."""
    answer = house.browser().post(LOGIN, json=wrong)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    del body["instance"]
    first = house.browser().post(LOGIN, json={"email": "a@b.example", "password": "y"}).json()
    del first["instance"]
    assert body == first
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"email": "ana@people.example"},
        {"email": 7, "password": "x"},
        {"email": "a\x00b@c.example", "password": "x"},
        {"email": "a" * 400, "password": "x"},
        {"email": "ana@people.example", "password": ""},
        {"email": "ana@people.example", "password": "x" * 201},
        {"email": "ana@people.example", "password": "x", "more": 1},
    ],
)
def test_what_is_no_sign_in_is_refused_without_repeating_it(house, body):
    """422, and the password is in no answer."""
    answer = house.browser().post(LOGIN, json=body)
    assert answer.status_code == 422
    assert "x" * 150 not in answer.text


def test_half_a_character_is_refused(house):
    """A lone surrogate cannot be kept by every database."""
    body = b'{"email": "\\ud800@people.example", "password": "\\ud800"}'
    answer = house.browser().post(LOGIN, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)


def test_a_form_of_another_site_signs_nobody_in(house):
    """A body that a page of another site may send without asking is not taken."""
    answer = house.browser().post(
        LOGIN,
        content=b'{"email": "ana@people.example", "password": "seven green lamps at noon"}',
        headers={"Content-Type": "text/plain"},
    )
    assert 400 <= answer.status_code < 500
    assert "Set-Cookie" not in answer.headers


def test_one_address_has_so_many_attempts(open_house):
    """The eleventh attempt of a minute waits, right or wrong; the answer says how long."""
    house = open_house(logins_per_minute=10)
    browser = house.browser()
    for number in range(10):
        wrong = {"email": f"user{number}@people.example", "password": "x"}
        assert browser.post(LOGIN, json=wrong).status_code == 401
    answer = browser.post(LOGIN, json=RIGHT)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


def test_signing_out_ends_this_browser_only(house):
    """The other browser stays; a copy of the cookie is worth nothing."""
    one, other = house.signed_in("ana"), house.signed_in("ana")
    copy = one.cookies["needmatch_session"]
    answer = one.post("/api/v1/auth/logout")
    assert answer.status_code == 204
    assert 'needmatch_session=""' in answer.headers["Set-Cookie"]
    thief = house.browser()
    thief.cookies.set("needmatch_session", copy)
    assert thief.get(ME).status_code == 401
    assert one.get(ME).status_code == 401
    assert other.get(ME).status_code == 200


def test_signing_out_everywhere_ends_all_browsers_of_the_user(house):
    """Tokens go on, and so do other users."""
    one, other, pia = house.signed_in("ana"), house.signed_in("ana"), house.signed_in("pia")
    assert one.post("/api/v1/auth/logout?everywhere=true").status_code == 204
    assert one.get(ME).status_code == other.get(ME).status_code == 401
    assert pia.get(ME).status_code == 200
    assert house.by_token("ana").get(ME).status_code == 200
    with house.database.read() as session:
        assert len(session.scalars(select(SessionRow)).all()) == 1
        ended = session.scalars(select(AuditRow).where(AuditRow.action == "session.end")).one()
        assert (ended.actor_id, ended.reason) == (house.ids["ana"], "everywhere")
        assert ended.request_id


def test_signing_out_needs_the_csrf_token_and_hurts_nobody_who_is_out(house):
    """Another site cannot sign one out; who is out already may do it again."""
    browser = house.signed_in("ana")
    csrf = browser.headers.pop("X-CSRF-Token")
    assert browser.post("/api/v1/auth/logout").status_code == 403
    assert browser.post("/api/v1/auth/logout", headers={"X-CSRF-Token": csrf}).status_code == 204
    assert browser.post("/api/v1/auth/logout").status_code == 204


def test_signing_in_gives_another_cookie_and_ends_the_session_before(house):
    """A cookie that was there before, whoever set it, is worth nothing afterwards."""
    browser = house.signed_in("ana")
    before = browser.cookies["needmatch_session"]
    answer = browser.post("/api/v1/auth/login", json=RIGHT | {"email": "root@people.example"})
    assert answer.status_code == 200
    assert browser.cookies["needmatch_session"] != before
    left = house.browser()
    left.cookies.set("needmatch_session", before)
    assert left.get("/api/v1/me").status_code == 401
    assert browser.get("/api/v1/me").json()["email"] == "root@people.example"


def test_an_old_cookie_does_not_hinder_signing_in(house):
    """A browser that is signed in still, or no longer, signs in again without the CSRF token."""
    browser = house.signed_in("ana")
    del browser.headers["X-CSRF-Token"]
    assert browser.post(LOGIN, json=RIGHT).status_code == 200
    house.clock.pass_(days=2)
    assert browser.post(LOGIN, json=RIGHT).status_code == 200


@pytest.mark.parametrize("header", ["Bearer nm_unknown", "Basic YTpi", "Bearer"])
def test_a_bad_token_is_told_even_where_all_may_read(house, header):
    """401 with the way to do it, not the public view."""
    for path in ("/api/v1/organisations", ME):
        answer = house.browser().get(path, headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_ways_to_sign_in_are_told(open_house):
    """By password, and by a provider where one is set up; else its addresses are not there."""
    house = open_house()
    assert house.browser().get("/api/v1/auth/methods").json() == {
        "password": True,
        "oidc": None,
        "oidc_login": None,
    }
    for path in ("login", "callback"):
        assert house.browser().get(f"/api/v1/auth/oidc/{path}").status_code == 404
