"""A real service for tests, in processes of its own: over loopback, on a free port, for a bounded time."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytest_socket import _remove_restrictions, disable_socket, enable_socket, socket_allow_hosts

START_S = 150
"""For a machine on which everything else runs as well."""
LEAVE_S = 60
NETWORK = {
    "organisations": [
        {
            "id": "rescue",
            "name": "Civil Rescue",
            "kind": "contracting_authority",
            "country": "MT",
            "users": [
                {"email": "ana@rescue.example", "role": "procurer"},
                {"email": "root@rescue.example", "role": "administrator"},
            ],
        },
        {
            "id": "pompen",
            "name": "Laagland Pompen",
            "kind": "supplier",
            "country": "NL",
            "users": [{"email": "piet@pompen.example", "role": "industry"}],
        },
    ]
}


@dataclass
class Service:
    """`needmatch serve` on a folder."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    url: str = ""
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the machine's own settings, and the encoder without weights."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("NEEDMATCH_")}
        own = {"MODEL": "hashing", "CACHE": str(self.folder / "cache"), "DATA": str(self.folder / "data")}
        return kept | {f"NEEDMATCH_{key}": value for key, value in own.items()} | {"HF_HUB_OFFLINE": "1"}

    def start(self) -> "Service":
        """Start, and wait until requests are served."""
        command = [sys.executable, "-m", "service.cli", "serve", "--port", str(self.port), *self.options]
        log = (self.folder / "log").open("a")
        with log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder
            )
        guard = _killed_after(self.process, START_S)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        guard()
        found = re.fullmatch(r"needmatch is ready on (http://127\.0\.0\.1:(\d+))\n", line)
        if found is None:
            self.stop()
            raise AssertionError(f"instead of being ready: {line!r}\n{self.log()[-3000:]}")
        self.url, self.port = found[1], int(found[2])
        return self

    def children(self) -> list[int]:
        """Ids of the processes that it started."""
        assert self.process is not None
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(LEAVE_S)
        finally:
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()

    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.folder / "log").read_text()

    def command(self, *arguments: str) -> str:
        """What another command on the same folder prints."""
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *arguments],
            env=self.environment,
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=START_S,
        ).stdout

    def people(self) -> dict[str, str]:
        """E-mail address to token, of a small network that is set up."""
        file = self.folder / "network.json"
        file.write_text(json.dumps(NETWORK))
        made = json.loads(self.command("admin", "network", str(file)))
        return {token["email"]: token["token"] for token in made["tokens"]}


@pytest.fixture
def loopback() -> Iterator[None]:
    """Sockets to this machine, and to no other."""
    enable_socket()
    socket_allow_hosts(["127.0.0.1"])
    yield
    _remove_restrictions()
    disable_socket(allow_unix_socket=True)


@pytest.fixture
def serving(tmp_path: Path, loopback: None) -> Iterator[Callable[..., Service]]:
    """Makes services that end with the test."""
    made: list[Service] = []

    def serve(*options: str, port: int = 0) -> Service:
        made.append(Service(tmp_path, options, port))
        return made[-1].start()

    yield serve
    for service in made:
        if service.process is not None:
            service.stop()


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with suppress(OSError):
            if true():
                return
        time.sleep(0.05)
    raise AssertionError(f"not so after {seconds:g} s")


def _killed_after(process: subprocess.Popen[str], seconds: float) -> Callable[[], None]:
    import threading

    timer = threading.Timer(seconds, process.kill)
    timer.start()
    return timer.cancel
