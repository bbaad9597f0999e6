"""A mail server and a receiver of webhooks on this machine."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest


@dataclass
class Post:
    """What a mail server got, and what it says to recipients."""

    port: int = 0
    reply: str = "250 ok"
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@dataclass
class Hook:
    """What a receiver of webhooks got, and how it answers."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/in?a=1"


@pytest.fixture
def post(socket_enabled: None) -> Iterator[Post]:
    """A server that speaks as much SMTP as `smtplib` asks for."""
    held = Post()

    class Session(socketserver.StreamRequestHandler):
        timeout = 20

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                verb = line[:4].upper()
                if verb == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part.removeprefix(b"."))
                    made = message_from_bytes(b"".join(lines), policy=policy.default)
                    held.mails.append(cast("EmailMessage", made))
                    self.say("250 taken")
                elif verb == "RCPT":
                    held.recipients.append(line)
                    self.say(held.reply)
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    yield from _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session), held)


@pytest.fixture
def hook(socket_enabled: None) -> Iterator[Hook]:
    """A receiver of webhooks."""
    held = Hook()

    class Receiver(BaseHTTPRequestHandler):
        timeout = 20

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            held.got.append((self.path, dict(self.headers), body))
            self.send_response(held.status)
            for name, value in held.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(held.body)))
            self.end_headers()
            self.wfile.write(held.body)

        def log_message(self, *_: Any) -> None:
            pass

    yield from _serving(ThreadingHTTPServer(("127.0.0.1", 0), Receiver), held)


def _serving(server: Any, held: Any) -> Iterator[Any]:
    server.daemon_threads = True
    held.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
