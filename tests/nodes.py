"""More PostgreSQL servers for a test, of the programs of the first: shards, a primary and its replica."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import which
from socket import socket

import pytest

from tests.postgres import ENDING, REACHABLE, START_S, PostgresServer, kill_server

PASSWORD = "secret-of-tests"


class Nodes:
    """Servers in folders of their own, each on a free port of this machine."""

    def __init__(self, home: Path, binaries: Path) -> None:
        self.home = home
        path = f"{binaries}:{os.environ.get('PATH', '')}"
        self.command = ["env", f"PATH={path}", f"LD_LIBRARY_PATH={binaries.parent / 'lib'}", f"HOME={home}"]
        if os.geteuid() == 0:
            shutil.chown(home, "nobody")
            self.command = ["runuser", "-u", "nobody", "--", *self.command]

    def folder(self, name: str) -> Path:
        """Where the files of a server are."""
        return self.home / name

    def run(self, shell: str) -> None:
        """Run a line of a shell as the servers' user; fails the test where it fails."""
        said = self.home / "said.txt"
        # into a file: a server that is started inherits the stream, and would keep a pipe open
        with said.open("wb") as out:
            ended = subprocess.run(
                [*self.command, "sh", "-c", shell], cwd=self.home, stdout=out, stderr=out, timeout=START_S,
                check=False,
            )  # fmt: skip
        if ended.returncode:
            pytest.fail(f"{shell}\n{said.read_text(errors='replace')[-2000:]}")

    def start(self, name: str) -> str:
        """A new server; returns its URL."""
        template, folder = self.folder("template"), self.folder(name)
        if not template.exists():
            secret = self.home / "secret"
            secret.write_text(PASSWORD)
            secret.chmod(0o644)
            self.run(
                f"initdb --no-sync --username=postgres --auth=scram-sha-256 --pwfile={secret} {template}"
            )
        self.run(f"cp -r {template} {folder}")
        with (folder / "postgresql.conf").open("a") as out:
            out.write("fsync = off\nshared_buffers = 64MB\nlisten_addresses = '127.0.0.1'\n")
            out.write(f"unix_socket_directories = '{self.home}'\nport = {free_port()}\n")
        self.run(f"pg_ctl --pgdata={folder} --wait --log={folder}.log start")
        return self.url(name)

    def again(self, name: str) -> None:
        """Start a server that was killed."""
        folder = self.folder(name)
        self.run(f"pg_ctl --pgdata={folder} --wait --log={folder}.log start")

    def url(self, name: str) -> str:
        """The URL of a server that runs."""
        port = (self.folder(name) / "postmaster.pid").read_text().split("\n")[3]
        return f"postgresql+psycopg://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"

    def kill(self, name: str) -> None:
        """End all processes of a server at once, as a crash does."""
        kill_server(self.folder(name))


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _nodes(binaries: Path) -> Iterator[Nodes]:
    home = Path(tempfile.mkdtemp(prefix="needmatch-nodes-", dir=REACHABLE))
    nodes = Nodes(home, binaries)
    stop = "for each in */postmaster.pid; do pg_ctl --pgdata=${each%/*} --mode=immediate stop; done"
    # it waits for the end of its input, which comes with the end of this process, however that comes
    keeper = subprocess.Popen(
        ["sh", "-c", ENDING, "sh", home, *nodes.command, "sh", "-c", stop],
        cwd=home,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert keeper.stdin is not None
    try:
        yield nodes
    finally:
        keeper.stdin.close()
        keeper.wait(START_S)


@pytest.fixture(scope="module")
def nodes(postgres_server: PostgresServer) -> Iterator[Nodes]:
    """More servers, stopped and removed when the module's tests are over, or were killed."""
    binaries = postgres_server.binaries
    if binaries is None:
        found = which("initdb")
        if found is None:
            pytest.fail("These tests start servers: put the programs of PostgreSQL (initdb) on the PATH.")
        binaries = Path(found).parent
    with _nodes(binaries) as made:
        yield made
