"""A service of several processes starts, mends itself, and ends in good order."""

import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from matcher.errors import SettingInvalid
from service.server import supervisor
from service.server.supervisor import apart, environment, listening
from service.settings import ServerSettings
from tests.running import until


def gone(pid):
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_it_serves_from_an_empty_folder_and_ends_without_error(serving):
    """One command, no preparation: ready, then exit code 0 after SIGTERM."""
    service = serving()
    assert httpx.get(f"{service.url}/health/ready").json() == {"status": "ready"}
    assert service.stop() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{service.url}/health/live")
    assert (service.folder / "data" / "needmatch.db").exists()
    assert '"event": "request"' not in service.log()


def test_workers_share_a_port_and_are_started_again(serving):
    """A killed worker is replaced while the other answers; counts are of all; SIGINT ends it too."""
    service = serving("--workers", "2")
    until(lambda: len(service.children()) == 3)
    for _ in range(8):
        assert httpx.get(f"{service.url}/api/v1/models").status_code == 200
    text = httpx.get(f"{service.url}/metrics").text
    assert 'needmatch_requests_total{method="GET",route="/api/v1/models",status="200"} 8.0' in text
    killed = service.children()[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(service.children()) == 3 and killed not in service.children())
    until(lambda: httpx.get(f"{service.url}/health/ready").status_code == 200)
    assert '"event": "process ended"' in service.log()
    assert 'route="/api/v1/models",status="200"} 8.0' in httpx.get(f"{service.url}/metrics").text
    assert service.stop(signal.SIGINT) == 0


def test_workers_count_rates_together(serving, tmp_path):
    """A user has the limit once, whichever worker answers, also when one of them has died meanwhile."""
    (tmp_path / ".env").write_text("NEEDMATCH_ANONYMOUS_PER_MINUTE=20\n")
    service = serving("--workers", "2")
    begun = time.monotonic()

    def passed(times):
        # each over a connection of its own, which either worker may take
        return sum(httpx.get(f"{service.url}/api/v1/models").status_code == 200 for _ in range(times))

    first = passed(40)
    assert 20 <= first <= 20 + (time.monotonic() - begun) / 3 + 1
    killed = service.children()[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(service.children()) == 3 and killed not in service.children())
    until(lambda: service.log().count('"event": "process ended"') == 1)
    assert first + passed(20) <= 20 + (time.monotonic() - begun) / 3 + 1
    assert service.stop() == 0


def test_children_end_with_a_supervisor_that_is_killed(serving):
    """Another service can take the port at once."""
    service = serving()
    children = service.children()
    assert service.process is not None
    service.process.kill()
    service.process.wait()
    until(lambda: all(gone(child) for child in children), 5)
    again = serving(port=service.port)
    assert again.url == service.url


def test_a_database_of_a_newer_version_is_not_touched(serving):
    """The service says so in a sentence and ends with 2, without trying again."""
    service = serving()
    service.stop()
    with closing(sqlite3.connect(service.folder / "data" / "needmatch.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
    with pytest.raises(AssertionError, match="9999_future"):
        serving()


def test_a_port_in_use_is_told(monkeypatch, loopback):
    """With what to do about it."""
    monkeypatch.setattr(supervisor, "BIND_S", 0.0)
    with closing(listening("127.0.0.1", 0)) as first, pytest.raises(SettingInvalid, match="--port 0"):
        listening("127.0.0.1", first.getsockname()[1])


def test_cores_are_divided(monkeypatch):
    """Between workers; jobs take one; what the user says holds."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    settings = ServerSettings(workers=4)
    found = environment(settings, "worker-1")
    assert (found["NEEDMATCH_THREADS"], found["OMP_NUM_THREADS"]) == ("2", "2")
    assert environment(settings, "jobs")["NEEDMATCH_THREADS"] == "1"
    assert environment(ServerSettings(workers=4, threads=3), "worker-1")["NEEDMATCH_THREADS"] == "3"


def test_jobs_stand_apart_beside_several_workers():
    """And nowhere where they are not wanted."""
    assert apart(ServerSettings(workers=2))
    assert not apart(ServerSettings(workers=1))
    assert not apart(ServerSettings(workers=2, jobs=False))
