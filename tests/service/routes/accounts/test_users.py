"""One's own account, and all accounts for administrators, over HTTP."""

import json

import pytest
from sqlalchemy import select

from service.store.tables import AuditRow, UserRow

ME, USERS = "/api/v1/me", "/api/v1/users"
PASSWORD = "seven green lamps at noon"
FRESH = "nine blue kettles in rain"
NEW = {"organisation_id": "rescue-mt", "email": "Eva@people.example", "role": "prescriber", "name": "Eva"}


def row(house, who):
    """A user as it is in the database."""
    with house.database.read() as session:
        return session.get(UserRow, house.ids.get(who, who))


def change(client, path, tag=None, **values):
    """PATCH with the version as it is now."""
    tag = tag or client.get(path).headers["ETag"]
    return client.patch(path, json=values, headers={"If-Match": tag})


class TestMe:
    """One's own account."""

    def test_one_sees_what_one_may_do(self, house):
        """Role, organisation and permissions; no secrets; nobody else's cache keeps it."""
        answer = house.by_token("ana").get(ME)
        me = answer.json()
        assert me["organisation"] == {
            "id": "rescue-mt",
            "name": "Civil Rescue",
            "kind": "contracting_authority",
            "country": "MT",
            "vetted": True,
        }
        assert "match" in me["permissions"]
        assert "manage_users" not in me["permissions"]
        assert me["session"] is None
        assert answer.headers["Cache-Control"] == "no-store"
        assert "argon2" not in answer.text

    def test_name_and_language_are_ones_own_to_change(self, house):
        """What is not named stays; the language holds for the next request."""
        client = house.by_token("ana")
        assert change(client, ME, name="Ana Zammit", locale="mt").status_code == 200
        assert change(client, ME, name="Ana Z.").json()["locale"] == "mt"
        assert row(house, "ana").name == "Ana Z."

    @pytest.mark.parametrize(
        "values", [{"role": "administrator"}, {"active": False}, {"locale": "xx"}, {"name": "x" * 201}]
    )
    def test_nothing_else_is(self, house, values):
        """Nobody makes oneself an administrator."""
        assert change(house.by_token("ana"), ME, **values).status_code == 422
        assert row(house, "ana").role == "procurer"

    def test_a_change_names_the_version(self, house):
        """428 without, 412 with an old one."""
        client = house.by_token("ana")
        tag = client.get(ME).headers["ETag"]
        assert client.patch(ME, json={"name": "A"}).status_code == 428
        assert change(client, ME, name="A").status_code == 200
        assert change(client, ME, tag, name="B").status_code == 412

    def test_another_password_signs_other_browsers_out(self, house):
        """The browser at hand and tokens stay; the old password is worth nothing."""
        one, other = house.signed_in("ana"), house.signed_in("ana")
        answer = one.post(f"{ME}/password", json={"current": PASSWORD, "new": FRESH})
        assert answer.status_code == 204
        assert one.get(ME).status_code == 200
        assert other.get(ME).status_code == 401
        assert house.by_token("ana").get(ME).status_code == 200
        assert house.signed_in("ana", FRESH).get(ME).status_code == 200
        old = {"email": "ana@people.example", "password": PASSWORD}
        assert house.browser().post("/api/v1/auth/login", json=old).status_code == 401

    def test_another_password_gives_the_browser_at_hand_another_cookie(self, house):
        """Who has stolen the cookie before is out too; the new CSRF token is told."""
        browser = house.signed_in("ana")
        stolen, csrf = browser.cookies["needmatch_session"], browser.headers["X-CSRF-Token"]
        answer = browser.post(f"{ME}/password", json={"current": PASSWORD, "new": FRESH})
        assert answer.status_code == 204
        assert browser.cookies["needmatch_session"] != stolen
        thief = house.browser()
        thief.cookies.set("needmatch_session", stolen)
        assert thief.get(ME).status_code == 401
        assert answer.headers["X-CSRF-Token"] not in ("", csrf)
        assert browser.patch(ME, json={"name": "A"}, headers={"If-Match": "*"}).status_code == 403
        browser.headers["X-CSRF-Token"] = answer.headers["X-CSRF-Token"]
        assert browser.patch(ME, json={"name": "A"}, headers={"If-Match": "*"}).status_code == 200

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"current": "wrong", "new": FRESH}, "/current"),
            ({"new": FRESH}, "/current"),
            ({"current": PASSWORD, "new": "short"}, "/new"),
            ({"current": PASSWORD, "new": "Ana@people.example"}, "/new"),
            ({"current": PASSWORD, "new": "Password2031!"}, "/new"),
        ],
    )
    def test_a_bad_password_changes_nothing(self, house, body, pointer):
        """The current one is needed, and the new one has to be one."""
        answer = house.signed_in("ana").post(f"{ME}/password", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert house.signed_in("ana").get(ME).status_code == 200

    def test_guessing_the_current_password_is_slow(self, open_house):
        """So many attempts a minute, then 429."""
        house = open_house(logins_per_minute=3)
        client = house.by_token("ana")
        body = {"current": "wrong", "new": FRESH}
        codes = [client.post(f"{ME}/password", json=body).status_code for _ in range(4)]
        assert codes == [422, 422, 422, 429]

    def test_a_token_gives_its_user_no_first_password(self, house):
        """Else a token that may little would become a session that may all."""
        with house.database.write() as session:
            session.get(UserRow, house.ids["ana"]).password_hash = None
        answer = house.by_token("ana").post(f"{ME}/password", json={"new": FRESH})
        assert answer.status_code == 403
        assert row(house, "ana").password_hash is None

    def test_one_gets_all_ones_data(self, house):
        """Account, tokens and sessions, without secrets; that they were given is logged."""
        answer = house.signed_in("ana").get(f"{ME}/data")
        assert answer.status_code == 200
        data = answer.json()["data"]
        assert data["account"]["email"] == "ana@people.example"
        assert [one["name"] for one in data["tokens"]] == ["test"]
        assert len(data["sessions"]) == 1
        assert "argon2" not in answer.text
        assert "digest" not in json.dumps(data["tokens"])
        with house.database.read() as session:
            assert session.scalars(select(AuditRow).where(AuditRow.action == "user.access")).one()

    def test_an_account_is_erased_when_it_is_meant(self, house):
        """With one's own id it is gone, with tokens and sessions; the log keeps no name."""
        browser = house.signed_in("ana")
        assert browser.delete(ME).status_code == 422
        assert browser.delete(ME, params={"confirm": house.ids["pia"]}).status_code == 422
        answer = browser.delete(ME, params={"confirm": house.ids["ana"]})
        assert answer.status_code == 204
        assert row(house, "ana") is None
        assert browser.get(ME).status_code == 401
        assert house.by_token("ana").get(ME).status_code == 401
        with house.database.read() as session:
            assert not session.scalars(select(AuditRow).where(AuditRow.actor_id == house.ids["ana"])).all()
            assert session.scalars(select(AuditRow).where(AuditRow.action == "user.erase")).one()

    def test_the_last_administrator_stays(self, house):
        """Otherwise nobody could let others in."""
        root = house.by_token("root")
        assert root.delete(ME, params={"confirm": house.ids["root"]}).status_code == 409
        assert row(house, "root") is not None


class TestUsers:
    """All accounts."""

    @pytest.mark.parametrize("who", ["ana", "pia", "kai", "ivo", ""])
    def test_only_administrators_see_or_change_them(self, house, who):
        """Others learn nothing, not even whether an id is there."""
        client = house.by_token(who)
        status = 403 if who else 401
        assert client.get(USERS).status_code == status
        for known in (house.ids["root"], "nobody"):
            assert client.get(f"{USERS}/{known}").status_code == status
            assert client.patch(f"{USERS}/{known}", json={}, headers={"If-Match": "*"}).status_code == status
        assert client.post(USERS, json=NEW).status_code == status

    def test_an_administrators_token_without_the_scope_is_none(self, house):
        """A token for reading and writing manages no users."""
        made = house.by_token("root").post(f"{ME}/tokens", json={"name": "w", "scopes": ["read", "write"]})
        client = house.browser()
        client.headers["Authorization"] = f"Bearer {made.json()['token']}"
        assert client.get(USERS).status_code == 403

    def test_a_user_is_made_and_signs_in(self, house):
        """The address is folded; the answer says where it is."""
        root = house.by_token("root")
        answer = root.post(USERS, json=NEW | {"password": FRESH})
        assert answer.status_code == 201
        body = answer.json()
        assert body["email"] == "eva@people.example"
        assert root.get(answer.headers["Location"]).json() == body
        assert house.signed_in("eva", FRESH).get(ME).json()["role"] == "prescriber"

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"email": "ana@people.example"}, 409),
            ({"email": "ANA@people.example"}, 409),
            ({"email": "no address"}, 422),
            ({"email": "a\x00@b.example"}, 422),
            ({"organisation_id": "nowhere"}, 422),
            ({"role": "king"}, 422),
            ({"password": "short"}, 422),
            ({"organisation_id": "pumps-nl", "role": "procurer"}, 422),
            ({"organisation_id": "pumps-nl", "role": "administrator"}, 422),
            ({"password_hash": "x"}, 422),
        ],
    )
    def test_bad_users_are_refused(self, house, changes, status):
        """Taken addresses, organisations that are not there, suppliers among the buyers."""
        answer = house.by_token("root").post(USERS, json=NEW | changes)
        assert answer.status_code == status
        with house.database.read() as session:
            assert len(session.scalars(select(UserRow)).all()) == 6

    def test_a_deactivated_user_is_out_at_once_and_for_good(self, house):
        """Sessions end; tokens do not come back with the user."""
        browser, token = house.signed_in("ana"), house.by_token("ana")
        root, path = house.by_token("root"), f"{USERS}/{house.ids['ana']}"
        assert token.get(ME).status_code == 200
        assert change(root, path, active=False).json()["active"] is False
        assert browser.get(ME).status_code == token.get(ME).status_code == 401
        assert change(root, path, active=True).status_code == 200
        assert browser.get(ME).status_code == token.get(ME).status_code == 401
        assert house.signed_in("ana").get(ME).status_code == 200

    def test_a_role_holds_from_the_next_request(self, house):
        """Who becomes legal writes no needs any more."""
        token = house.by_token("ana")
        assert "write_needs" in token.get(ME).json()["permissions"]
        change(house.by_token("root"), f"{USERS}/{house.ids['ana']}", role="legal")
        assert "write_needs" not in token.get(ME).json()["permissions"]

    def test_an_administrator_unlocks_and_gives_another_password(self, house):
        """Both let a user in again who was locked out; another password signs it out first."""
        browser = house.browser()
        for _ in range(3):
            browser.post("/api/v1/auth/login", json={"email": "ana@people.example", "password": "x"})
        root, path = house.by_token("root"), f"{USERS}/{house.ids['ana']}"
        assert root.get(path).json()["locked_until"] == "2031-03-01T09:15:00Z"
        assert change(root, path, unlock=True).json()["locked_until"] is None
        signed_in = house.signed_in("ana")
        assert change(root, path, password=FRESH).status_code == 200
        assert signed_in.get(ME).status_code == 401
        assert house.signed_in("ana", FRESH).get(ME).status_code == 200

    @pytest.mark.parametrize("values", [{"active": False}, {"role": "analyst"}])
    def test_the_last_administrator_stays(self, house, values):
        """Another one has to be there first."""
        root, path = house.by_token("root"), f"{USERS}/{house.ids['root']}"
        assert change(root, path, **values).status_code == 409
        root.post(USERS, json=NEW | {"organisation_id": "office", "role": "administrator"})
        assert change(root, path, **values).status_code == 200

    def test_the_list_comes_in_parts(self, house):
        """All users once, in parts of two; filters narrow it."""
        root, seen, cursor = house.by_token("root"), [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            part = root.get(USERS, params=query).json()
            assert len(part["items"]) <= 2
            seen += [one["id"] for one in part["items"]]
            cursor = part["next"]
            if cursor is None:
                break
        assert sorted(seen) == sorted(house.ids.values())
        own = root.get(USERS, params={"organisation_id": "rescue-mt"}).json()["items"]
        assert {one["id"] for one in own} == {house.ids[who] for who in ("ana", "pia", "kai")}
        for wrong in ("nonsense", "é"):
            assert root.get(USERS, params={"cursor": wrong}).status_code == 422

    def test_an_unknown_user_is_not_there(self, house):
        """404 for an id of nobody."""
        assert house.by_token("root").get(f"{USERS}/nobody").status_code == 404

    def test_everything_is_logged_without_personal_data(self, house):
        """Who did what to whom, by ids; no address, no name."""
        root, path = house.by_token("root"), f"{USERS}/{house.ids['ana']}"
        root.post(USERS, json=NEW)
        change(root, path, name="Ana Zammit", password=FRESH)
        with house.database.read() as session:
            rows = session.scalars(select(AuditRow).where(AuditRow.actor_id == house.ids["root"])).all()
            assert [one.action for one in rows] == ["user.create", "user.password", "user.update"]
            assert all(one.request_id for one in rows)
            assert rows[2].before_hash != rows[2].after_hash
            for one in session.scalars(select(AuditRow)):
                written = " ".join(str(getattr(one, column.key)) for column in AuditRow.__table__.columns)
                assert "@" not in written
                assert "Zammit" not in written
