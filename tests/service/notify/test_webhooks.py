"""Webhooks go where they should, signed, and nowhere else."""

import hmac
import json
import socket
import time
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.notify import webhooks
from service.notify.mail import NotSent

START = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)


def send(url, payload=None, **rest):
    """Send a payload to an address."""
    webhooks.send(url, "key", payload or {"title": "Vests"}, delivery_id="d-1", at=START, **rest)


def test_a_receiver_can_check_who_sent_what(hook):
    """The signature is over the moment and the very bytes of the body."""
    send(hook.url, private_too=True)
    ((path, headers, body),) = hook.got
    assert path == "/in?a=1"
    assert json.loads(body) == {"title": "Vests"}
    moment, _, mac = headers[webhooks.SIGNATURE].partition(",v1=")
    assert moment == f"t={int(START.timestamp())}"
    assert mac == hmac.new(b"key", moment[2:].encode() + b"." + body, sha256).hexdigest()
    assert headers["X-Needmatch-Delivery"] == "d-1"
    assert headers["Host"] == f"127.0.0.1:{hook.port}"


@pytest.mark.parametrize(
    ("status", "final"), [(302, False), (307, False), (404, False), (410, True), (500, False)]
)
def test_only_2xx_is_an_arrival_and_redirects_are_not_followed(hook, status, final):
    """A redirect is a failure, however it is meant."""
    hook.status, hook.headers = status, {"Location": hook.url}
    with pytest.raises(NotSent, match=str(status)) as caught:
        send(hook.url, private_too=True)
    assert caught.value.final is final
    assert len(hook.got) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "198.18.0.1", "fec0::1", "::127.0.0.1",
        "::ffff:0:10.0.0.1", "64:ff9b:1::a00:1", "3fff::1", "4000::1", "192.0.0.8", "192.88.99.1",
        "168.63.129.16", "fd00:ec2::254",
    ],
)  # fmt: skip
def test_addresses_inside_are_private(address):
    """Loopback, private, link-local, shared, multicast, and whatever wraps them."""
    assert webhooks.private(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_outside_are_not(address):
    """Ordinary addresses are reached."""
    assert not webhooks.private(ip_address(address))


def test_a_name_that_means_an_address_inside_is_not_asked(hook, monkeypatch):
    """One address inside among several refuses the name, and nothing is connected to."""
    for addresses in (["127.0.0.1"], ["93.184.215.14", "10.0.0.1"]):
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, hook.port)) for one in addresses]
        monkeypatch.setattr(webhooks.socket, "getaddrinfo", lambda *_, found=found, **__: found)
        with pytest.raises(NotSent, match="private network") as caught:
            send(f"http://hooks.example:{hook.port}/")
        assert caught.value.final
    assert hook.got == []


def test_the_address_that_was_checked_is_the_one_connected_to(hook, monkeypatch):
    """A name is resolved once: one that means another address a moment later gains nothing."""
    asked = []
    real = socket.getaddrinfo

    def once(host, *rest, **more):
        asked.append(host)
        if host != "hooks.example":
            return real(host, *rest, **more)
        return real("127.0.0.1" if asked.count(host) == 1 else "192.0.2.1", *rest, **more)

    monkeypatch.setattr(webhooks.socket, "getaddrinfo", once)
    send(f"http://hooks.example:{hook.port}/", private_too=True)
    assert asked.count("hooks.example") == 1
    assert hook.got[0][1]["Host"] == f"hooks.example:{hook.port}"


@pytest.mark.parametrize(
    "host", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0", "localhost", "[::ffff:7f00:1]"]
)
def test_other_spellings_of_an_address_inside_are_looked_through(hook, host):
    """Decimal, octal, hexadecimal, short and mapped forms mean what the system takes them for."""
    with pytest.raises(NotSent, match=r"private network|no address") as caught:
        send(f"http://{host}:{hook.port}/")
    assert hook.got == []
    assert caught.value.final or "no address" in str(caught.value)


def test_a_receiver_that_spins_out_its_handshake_holds_nobody_up(socket_enabled, monkeypatch):
    """The time for the whole exchange holds while TLS is being agreed on, too."""
    monkeypatch.setattr(webhooks, "WHOLE_S", 0.3)
    monkeypatch.setattr(webhooks, "TIMEOUT_S", 5.0)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        begun = time.monotonic()
        with pytest.raises(NotSent, match="could not be reached"):
            send(f"https://127.0.0.1:{held.getsockname()[1]}/", private_too=True)
    assert time.monotonic() - begun < 4


def test_a_large_answer_is_not_read_to_its_end(hook):
    """What the receiver says does not matter, however long it is."""
    hook.body = b"x" * 3_000_000
    send(hook.url, private_too=True)


def test_a_receiver_that_is_away_is_said(socket_enabled):
    """Nobody listens: it is said without details of the network."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent, match="could not be reached"):
            send(f"http://127.0.0.1:{held.getsockname()[1]}/", private_too=True)


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example", "ftp://a.example/", "https:///in", "https://a.example:22/", "https://a.example:99999/",
     "https://me@a.example/", "https://a.example/ x", "https://a.example/\n", "https://ä.example/"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url):
    """What is wrong with it is said to its owner."""
    with pytest.raises(ValueError, match=r"."):
        webhooks.target_of(url)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text):
    """No text breaks the reading of addresses, and none smuggles a line into the request."""
    try:
        found = webhooks.target_of(text)
    except ValueError:
        return
    assert not set("\r\n ") & set(found.host + found.path)
