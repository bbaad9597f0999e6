"""Signing in at an OpenID provider: authorization code with PKCE, state and nonce.

It signs existing users in and makes none. A user is linked by issuer and subject; the first time, by an
e-mail address that the provider has verified.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import compare_digest, token_urlsafe
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, OctKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.phrases import joined, phrase
from service.problems import Problem
from service.security.identify import viewer_of
from service.security.signin import of_email
from service.settings import ServerSettings
from service.store import audit
from service.store.tables import UserRow

COOKIE = "needmatch_oidc"
FLOW_S = 600
"""How long one may take at the provider."""
KEPT_S = 3600.0
"""How long the provider's addresses and keys are taken as read."""
LEEWAY_S = 60
"""How far the provider's clock may be from ours."""
TIMEOUT_S = 10.0
SCOPE = "openid email profile"
ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split()
"""Signatures that are taken: with a key pair only, never `none`, never with the client's secret."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, by the word of a provider."""

    issuer: str
    subject: str
    email: str | None
    """Only where the provider has verified it."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What is remembered, in the browser, while its user is at the provider."""

    state: str
    nonce: str
    verifier: str
    next: str


class Provider:
    """One OpenID provider and what it says of itself."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._key = OctKey.import_key(sha256(b"needmatch oidc flow " + client_secret.encode()).digest())
        self._tls = httpx2.create_ssl_context()  # slow to make, so it is made once
        self._lock = Lock()
        self._found: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read = {"metadata": -KEPT_S, "keys": -KEPT_S}

    def begin(self, redirect_uri: str, where: str) -> tuple[str, str]:
        """The provider's page to go to, and the cookie that remembers the way; `where` to go afterwards."""
        flow = Flow(token_urlsafe(32), token_urlsafe(32), token_urlsafe(48), local(where))
        with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                self._metadata()["authorization_endpoint"],
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.verifier,
            )
        claims = {name: getattr(flow, name) for name in Flow.__slots__} | {"exp": int(time.time()) + FLOW_S}
        return url, jwt.encode({"alg": "HS256"}, claims, self._key)

    def finish(
        self, answer: Mapping[str, str], cookie: str | None, redirect_uri: str
    ) -> tuple[Identity, str]:
        """Who came back from the provider, and where to go. Raises `Problem`: 401; 503 while it is silent."""
        flow = self._flow(cookie)
        if not compare_digest(answer.get("state", "").encode("utf-8", "replace"), flow.state.encode()):
            raise _refused(phrase("the answer belongs to another attempt"))
        if "error" in answer or not answer.get("code"):
            raise _refused(phrase("the provider did not sign you in"))
        # RFC 9207: an answer of another provider is not taken for one of this
        if answer.get("iss", self.issuer) != self.issuer:
            raise _refused(phrase("the answer is of another provider"))
        try:
            with self._client(redirect_uri) as client:
                given = client.fetch_token(
                    self._metadata()["token_endpoint"],
                    grant_type="authorization_code",
                    code=answer["code"],
                    code_verifier=flow.verifier,
                    redirect_uri=redirect_uri,
                )
        except OAuthError as error:
            raise _refused(phrase("the provider does not know its code")) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise _silent() from error
        claims = self._claims(given.get("id_token"), given.get("access_token"), flow.nonce)
        verified = claims.get("email") if claims.get("email_verified") is True else None
        return Identity(self.issuer, str(claims["sub"]), verified), flow.next

    def _flow(self, cookie: str | None) -> Flow:
        try:
            claims = jwt.decode(cookie or "", self._key, algorithms=["HS256"]).claims
            flow = Flow(**{name: claims[name] for name in Flow.__slots__})
        except (JoseError, ValueError, KeyError) as error:
            raise _refused(phrase("this browser did not begin it")) from error
        if claims.get("exp", 0) < time.time():
            raise _refused(phrase("it took too long"))
        return flow

    def _claims(self, token: object, access_token: object, nonce: str) -> CodeIDToken:
        if not isinstance(token, str):
            raise _refused(phrase("the provider sent no identity"))
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {"nonce": nonce, "client_id": self._client_id, "access_token": access_token}
        try:
            try:
                decoded = jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                decoded = jwt.decode(token, self._key_set(fresh=True), algorithms=ALGORITHMS)
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise _refused(phrase("what the provider says of you does not hold")) from error
        return claims

    def _client(self, redirect_uri: str = "") -> OAuth2Client:
        return OAuth2Client(
            self._client_id,
            self._client_secret,
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
            verify=self._tls,
        )

    def _metadata(self) -> dict[str, Any]:
        with self._lock:
            if time.monotonic() - self._read["metadata"] > KEPT_S:
                found = self._get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise _silent(
                        phrase("It calls itself {issuer!r}.", issuer=str(found.get("issuer"))[:200])
                    )
                # who is reached by TLS sends nobody, and no request of ours, to a plain port of this machine
                plain = not self.issuer.startswith("https:")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    address = str(found.get(name, ""))
                    if not safe(address) or not (plain or address.startswith("https:")):
                        raise _silent(phrase("Its {name} is no https address.", name=name))
                self._found, self._read["metadata"] = found, time.monotonic()
            return self._found

    def _key_set(self, *, fresh: bool = False) -> KeySet:
        address = self._metadata()["jwks_uri"]
        with self._lock:
            if self._keys is None or fresh or time.monotonic() - self._read["keys"] > KEPT_S:
                try:
                    self._keys = KeySet.import_key_set(self._get(address))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError) as error:
                    raise _silent(phrase("Its keys cannot be read.")) from error
                self._read["keys"] = time.monotonic()
            return self._keys

    def _get(self, address: str) -> dict[str, Any]:
        try:
            with self._client() as client:
                found = client.request("GET", address, withhold_token=True).raise_for_status().json()
        except (httpx2.HTTPError, ValueError) as error:
            raise _silent() from error
        if not isinstance(found, dict):
            raise _silent(phrase("Its answer is of another form."))
        return found


_providers: dict[tuple[str, str, str], Provider] = {}


def configured(settings: ServerSettings) -> bool:
    """Whether a provider is set up: its address (TLS), our name there, and our secret."""
    secret = settings.oidc_client_secret.get_secret_value()
    return bool(settings.oidc_client_id and secret) and safe(settings.oidc_issuer)


def provider(settings: ServerSettings) -> Provider:
    """The provider of the settings. Raises `Problem` 404 where none is set up."""
    if not configured(settings):
        raise Problem(404, "not-found", phrase("No OpenID provider is set up for this service."))
    named = (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret.get_secret_value())
    if named not in _providers:
        _providers[named] = Provider(*named)
    return _providers[named]


def linked(session: Session, identity: Identity, now: datetime) -> UserRow:
    """The user that a provider vouches for; linked now, if it verified the e-mail of a user without link.

    Raises `Problem` 401 where there is none: accounts are made by administrators.
    """
    user = session.scalars(
        select(UserRow)
        .where(UserRow.oidc_issuer == identity.issuer, UserRow.oidc_subject == identity.subject)
        .with_for_update(of=UserRow)
    ).one_or_none()
    if user is None and identity.email:
        user = of_email(session, identity.email)
        if user is not None and user.active and user.oidc_subject is None:
            user.oidc_issuer, user.oidc_subject = identity.issuer, identity.subject
            user.version, user.updated_at = user.version + 1, now
            audit.record(session, action="user.link", viewer=viewer_of(user), kind="user", id=user.id)
    named = (identity.issuer, identity.subject)
    if user is None or not user.active or (user.oidc_issuer, user.oidc_subject) != named:
        raise _refused(phrase("no account here belongs to you; ask your administrator for one"))
    return user


def local(where: str) -> str:
    """A page of this service to go to; its first page instead of anything that could lead elsewhere.

    >>> [local(text) for text in ("/needs?a=1", "//evil.example", "https://evil.example")]
    ['/needs?a=1', '/', '/']
    """
    plain = where.isprintable() and "\\" not in where and len(where) <= 1000
    return where if plain and where.startswith("/") and not where.startswith("//") else "/"


def safe(address: str) -> bool:
    """Whether an address is of TLS, or of this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in {"127.0.0.1", "::1", "localhost"})
    )


def _refused(why: str) -> Problem:
    return Problem(401, "unauthenticated", phrase("You are not signed in: {why}. Begin again.", why=why))


def _silent(why: str = "") -> Problem:
    return Problem(
        503,
        "provider-silent",
        joined([phrase("The OpenID provider gives no answer that can be used."), why]),
        headers={"Retry-After": "30"},
    )
