"""Signing in at an OpenID provider: a real one, on this machine, that can be told to lie."""

import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr
from pytest_socket import socket_allow_hosts
from sqlalchemy import select
from starlette.testclient import TestClient

from service.problems import Problem
from service.projection.attendance import Attendance
from service.routes import auth
from service.security import oidc
from service.security.limits import Limiter
from service.security.sessions import COOKIE
from service.store.tables import AuditRow, SessionRow, UserRow
from service.surround import surround

CLIENT, SECRET = "needmatch", "a secret between both"
BACK = "http://testserver/api/v1/auth/oidc/callback"


class Provider(ThreadingHTTPServer):
    """Discovery, authorization with PKCE, tokens signed by RS256, and keys."""

    daemon_threads = True

    def __init__(self, key: RSAKey) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.keys = [key]
        self.subject = {"sub": "4711", "email": "Ana@rescue.example", "email_verified": True}
        self.claims: dict[str, object] = {}
        """What it says instead of the truth."""
        self.drop: set[str] = set()
        self.alg = "RS256"
        self.signs = self.keys[0]
        self.discovery: dict[str, object] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.token_status = 200
        self.heard: list[str] = []

    def id_token(self, asked: dict[str, str]) -> str:
        """What it says of the user, true or not."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.subject | self.claims
        claims = {name: value for name, value in claims.items() if name not in self.drop}
        if self.alg == "none":
            parts = [{"alg": "none", "typ": "JWT"}, claims]
            packed = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
            return ".".join([*packed, ""])
        if self.alg == "HS256":
            key = OctKey.import_key(SECRET.encode().ljust(32, b"\0"))
            return jwt.encode({"alg": "HS256", "kid": "first"}, claims, key)
        return jwt.encode({"alg": self.alg, "kid": self.signs.kid}, claims, self.signs, algorithms=[self.alg])


class Handler(BaseHTTPRequestHandler):
    """Answers for a provider."""

    server: Provider

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _json(self, value: object, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Discovery, keys, and the page where the user says yes."""
        it, parts = self.server, urlsplit(self.path)
        it.heard.append(parts.path)
        if parts.path == "/.well-known/openid-configuration":
            named = {
                name: f"{it.issuer}/{path}"
                for name, path in (
                    ("authorization_endpoint", "authorize"),
                    ("token_endpoint", "token"),
                    ("jwks_uri", "keys"),
                )
            }
            self._json({"issuer": it.issuer} | named | it.discovery)
        elif parts.path == "/keys":
            self._json({"keys": [key.as_dict(private=False) for key in it.keys]})
        else:
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            assert asked["client_id"] == CLIENT
            assert asked["code_challenge_method"] == "S256"
            assert "openid" in asked["scope"].split()
            code = f"code-{len(it.codes)}"
            it.codes[code] = asked
            answer = urlencode({"code": code, "state": asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{answer}")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def do_POST(self) -> None:
        """A token for a code, once, for the client that has the verifier."""
        it = self.server
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = {name: values[0] for name, values in parse_qs(sent).items()}
        if it.token_status != 200:
            return self._json({"error": "server_error"}, it.token_status)
        asked = it.codes.pop(given["code"], None)
        user, _, secret = b64decode(self.headers["Authorization"].split()[1]).decode().partition(":")
        challenge = urlsafe_b64encode(sha256(given["code_verifier"].encode()).digest()).decode().rstrip("=")
        if (
            asked is None
            or (user, secret.replace("+", " ").replace("%20", " ")) != (CLIENT, SECRET)
            or challenge != asked["code_challenge"]
            or given["redirect_uri"] != asked["redirect_uri"]
        ):
            return self._json({"error": "invalid_grant"}, 400)
        return self._json({"access_token": "a", "token_type": "Bearer", "id_token": it.id_token(asked)})


def new_key(kid: str) -> RSAKey:
    """A key pair."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


@pytest.fixture(scope="module")
def key() -> RSAKey:
    """The provider's key."""
    return new_key("first")


@pytest.fixture(scope="module")
def other_key() -> RSAKey:
    """A key that the provider does not own up to."""
    return new_key("first")


@pytest.fixture
def database_url(sqlite_url) -> str:
    """One kind of database is enough here."""
    return sqlite_url


@pytest.fixture
def provider(socket_enabled, key) -> Iterator[Provider]:
    """The provider, serving on this machine, which is all that may be reached."""
    socket_allow_hosts(["127.0.0.1"])
    oidc._providers.clear()
    server = Provider(key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)
    oidc._providers.clear()


@pytest.fixture
def browser(provider, settings, database, people, clock) -> Iterator[TestClient]:
    """A browser at a service that is set up for the provider."""
    there = settings.model_copy(
        update={
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SecretStr(SECRET),
            "logins_per_minute": 1000,
        }
    )
    backend = SimpleNamespace(
        settings=there, database=database, clock=clock, limiter=Limiter(), attendance=Attendance()
    )
    app = FastAPI()
    app.state.backend = backend
    surround(app, backend)
    app.include_router(auth.router, prefix="/api/v1")
    with TestClient(app, follow_redirects=False) as client:
        yield client


def at_provider(browser, where="/needs?a=1"):
    """Begin, and let the user say yes; the address that leads back."""
    import httpx2

    begun = browser.get("/api/v1/auth/oidc/login", params={"next": where})
    assert begun.status_code == 303, begun.text
    said_yes = httpx2.get(begun.headers["Location"], verify=False)
    assert said_yes.status_code == 302
    assert said_yes.headers["Location"].startswith(BACK)
    return said_yes.headers["Location"]


def sessions_of(database, people):
    """How many browsers of Ana's are signed in."""
    with database.read() as session:
        return len(session.scalars(select(SessionRow).where(SessionRow.user_id == people.ana)).all())


def refused(browser, database, people, back):
    """Whether coming back is refused with 401, and nobody is signed in."""
    answer = browser.get(back)
    assert answer.status_code == 401, answer.text
    assert COOKIE not in answer.cookies
    assert sessions_of(database, people) == 0
    return answer.json()["detail"]


def test_a_user_with_the_verified_address_is_linked_and_signed_in(browser, provider, database, people):
    """The first time by e-mail, afterwards by subject, whatever the address is then."""
    answer = browser.get(at_provider(browser))
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/needs?a=1"
    cookie = answer.headers["Set-Cookie"]
    assert COOKIE in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    with database.read() as session:
        user = session.get(UserRow, people.ana)
        assert (user.oidc_issuer, user.oidc_subject) == (provider.issuer, "4711")
        actions = session.scalars(select(AuditRow.action).where(AuditRow.object_id == people.ana)).all()
        assert {"user.link", "session.start"} <= set(actions)
    provider.subject = {"sub": "4711", "email": "new@elsewhere.example", "email_verified": False}
    assert browser.get(at_provider(browser)).status_code == 303
    assert sessions_of(database, people) == 1  # the one before has ended


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"nonce": "another"}},
        {"drop": {"nonce"}},
        {"claims": {"aud": "another-service"}},
        {"claims": {"aud": ["needmatch", "another"], "azp": "another"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"exp": 1_000_000_000}},
        {"claims": {"iat": 4_000_000_000}},
        {"drop": {"exp"}},
        {"drop": {"sub"}},
        {"claims": {"sub": ""}},
        {"alg": "none"},
        {"alg": "HS256"},
        {"signs": "other"},
    ],
    ids=str,
)
def test_an_identity_that_does_not_hold_is_refused(browser, provider, database, people, other_key, lie):
    """Wrong nonce, audience, issuer or time; no signature, one by the shared secret, or by another key."""
    for name, value in lie.items():
        setattr(provider, name, other_key if name == "signs" else value)
    assert "does not hold" in refused(browser, database, people, at_provider(browser))


def test_a_provider_that_changed_its_keys_is_asked_again(browser, provider, database, people):
    """A key that came after the first sign-in is found; the old one is no longer taken."""
    assert browser.get(at_provider(browser)).status_code == 303
    old = provider.keys[0]
    provider.keys = [new_key("second")]
    provider.signs = provider.keys[0]
    assert browser.get(at_provider(browser)).status_code == 303
    provider.signs = old
    before = sessions_of(database, people)
    assert browser.get(at_provider(browser)).status_code == 401
    assert sessions_of(database, people) == before


@pytest.mark.parametrize("change", ["state", "no-state", "no-cookie", "other-cookie", "late", "error", "iss"])
def test_an_answer_of_another_attempt_is_refused(browser, provider, database, people, change, monkeypatch):
    """Another state, another browser, too late, refused by the user, or from another provider."""
    back = at_provider(browser)
    if change == "state":
        back = back.replace("state=", "state=x")
    elif change == "no-state":
        back = back.partition("&state=")[0]
    elif change == "no-cookie":
        browser.cookies.clear()
    elif change == "other-cookie":
        kept = browser.cookies[oidc.COOKIE]
        at_provider(browser)
        assert browser.cookies[oidc.COOKIE] != kept
    elif change == "late":
        real = time.time
        monkeypatch.setattr(oidc.time, "time", lambda: real() + oidc.FLOW_S + 1)
    elif change == "error":
        back += "&error=access_denied"
    elif change == "iss":
        back += "&iss=https%3A%2F%2Fevil.example"
    refused(browser, database, people, back)


def test_a_cookie_that_was_altered_is_refused(browser, provider, database, people):
    """What is remembered in the browser is signed."""
    back = at_provider(browser)
    head, body, mark = browser.cookies[oidc.COOKIE].split(".")
    browser.cookies.clear()
    browser.cookies.set(oidc.COOKIE, ".".join([head, body, mark[::-1]]), path="/api/v1/auth/oidc")
    refused(browser, database, people, back)


def test_a_code_serves_once(browser, provider, database, people):
    """Coming back a second time, without a cookie or with it, signs nobody in."""
    back = at_provider(browser)
    kept = browser.cookies[oidc.COOKIE]
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 401
    browser.cookies.set(oidc.COOKIE, kept, path="/api/v1/auth/oidc")
    assert browser.get(back).status_code == 401
    assert sessions_of(database, people) == 1


@pytest.mark.parametrize(
    ("subject", "change"),
    [
        ({"sub": "1", "email": "ana@rescue.example", "email_verified": False}, {}),
        ({"sub": "1", "email": "ana@rescue.example"}, {}),
        ({"sub": "1", "email": "ana@rescue.example", "email_verified": "true"}, {}),
        ({"sub": "1", "email": "nobody@rescue.example", "email_verified": True}, {}),
        ({"sub": "1"}, {}),
        ({"sub": "4711", "email": "ana@rescue.example", "email_verified": True}, {"active": False}),
        (
            {"sub": "1", "email": "ana@rescue.example", "email_verified": True},
            {"oidc_issuer": "https://other.example", "oidc_subject": "1"},
        ),
    ],
)
def test_nobody_is_let_in_who_is_not_known(browser, provider, database, people, subject, change):
    """No account is made; none is taken over by an unverified address or from another link."""
    provider.subject = subject
    with database.write() as session:
        user = session.get(UserRow, people.ana)
        for name, value in change.items():
            setattr(user, name, value)
    detail = refused(browser, database, people, at_provider(browser))
    assert "administrator" in detail
    with database.read() as session:
        assert len(session.scalars(select(UserRow)).all()) == 2
        assert session.get(UserRow, people.ana).oidc_issuer == change.get("oidc_issuer")


@pytest.mark.parametrize("where", ["https://evil.example", "//evil.example", "/\\evil.example", "", "needs"])
def test_nobody_is_led_elsewhere(browser, provider, where):
    """After signing in one comes to a page of this service."""
    assert browser.get(at_provider(browser, where)).headers["Location"] == "/"


def test_a_provider_that_is_not_what_it_should_be_is_not_used(browser, provider):
    """Another issuer than was set, addresses without TLS, or no answer: 503, and told when to try again."""
    for wrong in ({"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}):
        provider.discovery = wrong
        answer = browser.get("/api/v1/auth/oidc/login")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    provider.discovery = {}
    back = at_provider(browser)
    provider.token_status = 500
    assert browser.get(back).status_code in (401, 503)


def test_a_provider_elsewhere_sends_no_request_to_this_machine(browser, provider, monkeypatch):
    """Plain addresses of this machine are for a provider on this machine alone."""
    there = oidc.Provider("https://id.example", CLIENT, SECRET)
    said = {"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize"}
    said |= {"token_endpoint": f"{provider.issuer}/token", "jwks_uri": "https://id.example/keys"}
    monkeypatch.setattr(there, "_get", lambda _: said)
    with pytest.raises(Problem) as caught:
        there.begin(BACK, "/")
    assert (caught.value.status, provider.heard) == (503, [])


def test_what_the_provider_says_of_itself_is_read_once(browser, provider):
    """Signing in twice asks for addresses and keys once."""
    for _ in range(2):
        assert browser.get(at_provider(browser)).status_code == 303
    assert provider.heard.count("/.well-known/openid-configuration") == 1
    assert provider.heard.count("/keys") == 1


def test_without_a_provider_there_is_no_such_login(settings):
    """Nothing set, no secret, or an address without TLS: there is none."""
    wrong = [
        {},
        {"oidc_issuer": "https://id.example", "oidc_client_id": "n"},
        {"oidc_issuer": "http://id.example", "oidc_client_id": "n", "oidc_client_secret": SecretStr("s")},
    ]
    for given in wrong:
        assert not oidc.configured(settings.model_copy(update=given))
    good = {"oidc_issuer": "https://id.example", "oidc_client_id": "n", "oidc_client_secret": SecretStr("s")}
    assert oidc.configured(settings.model_copy(update=good))
