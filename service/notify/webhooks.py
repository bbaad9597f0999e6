"""Webhooks: signed, never redirected, and never sent into the service's own network.

The receiver's name is resolved here and the connection goes to the very address that was checked, so that a
name that means another address a moment later (DNS rebinding) gains nothing.
"""

import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from matcher.phrases import phrase
from service.notify.mail import NotSent

TIMEOUT_S = 10.0
WHOLE_S = 20.0
"""Seconds for all of an exchange: a receiver that answers byte by byte holds nobody up."""
ANSWER_MAX = 65_536
"""Bytes of an answer that are read; only its status counts."""
SIGNATURE = "X-Needmatch-Signature"
_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that the internet routes; what is outside of it is some network's own, whatever it wraps."""
_INSIDE: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")),
    *map(IPv6Network, ("2001::/23", "3fff::/20")),
)
"""Beside what the registry calls not global: protocols' own, a cloud's host agent, documentation."""
_PORTS = frozenset({80, 443, *range(1024, 65536)})
"""Ports below 1024 are of other services, which do not expect HTTP."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes."""

    secure: bool
    host: str
    port: int
    path: str


def target_of(url: str) -> Target:
    """The parts of a webhook's address. Raises `ValueError`, in words for its owner.

    >>> target_of("https://hooks.example/in?a=1")
    Target(secure=True, host='hooks.example', port=443, path='/in?a=1')
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(phrase("The address of a webhook is plain ASCII without spaces."))
    parts = urlsplit(url)
    port = parts.port  # raises ValueError for what is no port
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(phrase("The address of a webhook begins with https:// or http:// and names a host."))
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            phrase("The address of a webhook holds no user or password; what is sent is signed.")
        )
    secure = parts.scheme == "https"
    port = port or (443 if secure else 80)
    if port not in _PORTS:
        raise ValueError(
            phrase("A webhook cannot go to port {port}. Take 80, 443, or one from 1024.", port=str(port))
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, parts.hostname, port, path)


def private(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is inside some network rather than on the internet.

    >>> private(ip_address("::ffff:127.0.0.1")), private(ip_address("169.254.1.1"))
    (True, True)
    >>> private(ip_address("93.184.215.14"))
    False
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return private(inner)
        if address in _NAT64:
            return private(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _UNICAST:
            return True
    inside = any(address in network for network in _INSIDE if network.version == address.version)
    return inside or not address.is_global or address.is_multicast


def resolved(target: Target, *, private_too: bool) -> str:
    """The address that a webhook is sent to. Raises `NotSent`: there is none, or one inside a network."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent("The host of the webhook has no address.") from error
    addresses: Sequence[str] = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not private_too and any(private(ip_address(address)) for address in addresses):
        # a name with one address inside and one outside is refused as a whole
        raise NotSent("The webhook points into a private network, which is not allowed here.", final=True)
    return addresses[0]


def signature(secret: str, body: bytes, at: datetime) -> str:
    """What the receiver checks: `v1` is HMAC-SHA256 over the moment, a full stop, and the body.

    >>> from datetime import UTC
    >>> signature("key", b"{}", datetime(2027, 1, 1, tzinfo=UTC))[:17]
    't=1798761600,v1=8'
    """
    moment = int(at.timestamp())
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    return f"t={moment},v1={mac}"


def send(
    url: str,
    secret: str,
    payload: Mapping[str, Any],
    *,
    delivery_id: str,
    at: datetime,
    private_too: bool = False,
) -> None:
    """Post a payload as JSON, within `WHOLE_S`. Raises `NotSent` for anything but a 2xx answer."""
    try:
        target = target_of(url)
    except ValueError as error:
        raise NotSent(str(error), final=True) from error
    address = resolved(target, private_too=private_too)
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    host = f"[{target.host}]" if ":" in target.host else target.host
    headers = {
        "Host": host if target.port in (80, 443) else f"{host}:{target.port}",
        "Content-Type": "application/json",
        "User-Agent": "needmatch",
        "Accept": "*/*",
        "X-Needmatch-Delivery": delivery_id,
        SIGNATURE: signature(secret, body, at),
    }
    connection = _Pinned(target, address)
    bell = Timer(WHOLE_S, connection.cut)
    bell.daemon = True
    bell.start()
    try:
        connection.request("POST", target.path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(ANSWER_MAX)
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"The receiver could not be reached ({type(error).__name__}).") from error
    finally:
        bell.cancel()
        connection.close()
    if 300 <= status < 400:
        raise NotSent(f"The receiver answered {status}; redirects are not followed.")
    if not 200 <= status < 300:
        raise NotSent(f"The receiver answered {status}.", final=status == 410)


class _Pinned(http.client.HTTPConnection):
    """A connection to one checked address, under the name of its host."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT_S)
        self._target = target
        self._address = address

    def connect(self) -> None:
        """Connect to the address, and let the certificate be that of the host."""
        plain = socket.create_connection((self._address, self._target.port), TIMEOUT_S)
        if not self._target.secure:
            self.sock = plain
            return
        context = ssl.create_default_context()
        try:
            # known before the handshake, which a slow receiver could spin out: `cut` ends it too
            self.sock = context.wrap_socket(
                plain, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()
        except BaseException:
            plain.close()
            raise

    def cut(self) -> None:
        """End the exchange from another thread."""
        held = self.sock
        if held is not None:
            with suppress(OSError):  # it ended by itself at this moment
                held.shutdown(socket.SHUT_RDWR)
