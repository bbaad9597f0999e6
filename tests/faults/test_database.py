"""A PostgreSQL that is slow, or that dies."""

import threading
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.nodes import Nodes, nodes
from tests.running import Service, until
from tests.service.test_kill_http import send

__all__ = ["nodes"]
KILLS = 3
SLOW_S = 4.0


@pytest.fixture(scope="module")
def server(nodes: Nodes) -> str:
    """The URL of a server that a test may kill."""
    return nodes.start("victim")


@pytest.fixture
def service(serving, server: str, tmp_path: Path) -> Service:
    """A service on a database of its own there."""
    url = make_url(server)
    name = f"needmatch_{tmp_path.name}".replace("-", "_").lower()[:60]
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    own = url.set(database=name).render_as_string(hide_password=False)
    with (tmp_path / ".env").open("a") as settings:
        settings.write(f"NEEDMATCH_DATABASE={own}\n")
    found: Service = serving()
    return found


def test_a_database_that_dies_costs_answers_and_no_writes(service: Service, nodes: Nodes) -> None:
    """While it is away requests are told to come again; once it is back so is everything."""
    token = service.people()["ana@rescue.example"]
    ids: list[str] = []
    statuses: Counter[int] = Counter()
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            status, told = send(service, token, "POST", "/needs", {"title": f"Pump {len(ids)}"})
            statuses[status] += 1
            if status == 201:
                ids.append(told["id"])
            if status not in (201, 503):
                statuses[told.get("detail", "")] += 1  # type: ignore[index]

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(KILLS):
        known = len(ids)
        until(lambda known=known: len(ids) > known + 3)
        nodes.kill("victim")
        time.sleep(1.0)
        nodes.run(f"pg_ctl --pgdata={nodes.folder('victim')} --wait --log=victim.log start")
    known = len(ids)
    until(lambda: len(ids) > known + 3)
    over.set()
    writer.join(60)
    assert set(statuses) <= {201, 503}, statuses
    for id_ in ids:
        assert send(service, token, "GET", f"/needs/{id_}")[0] == 200
    until(lambda: send(service, token, "POST", "/search/needs", {"text": "Pump", "k": 5})[0] == 200)


def test_a_slow_database_keeps_readers_waiting_and_breaks_nothing(service: Service, server: str) -> None:
    """Writes that cannot get to a table are answered late, or told to come again."""
    token = service.people()["ana@rescue.example"]
    first = send(service, token, "POST", "/needs", {"title": "Pump"})[1]["id"]
    text = (service.folder / ".env").read_text()
    url = make_url(text.partition("NEEDMATCH_DATABASE=")[2].strip()).set(drivername="postgresql")
    answered: list[int] = []

    def write() -> None:
        answered.append(send(service, token, "POST", "/needs", {"title": "Hose"})[0])

    with psycopg.connect(url.render_as_string(hide_password=False)) as other:
        other.execute("LOCK TABLE records IN EXCLUSIVE MODE")
        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        time.sleep(SLOW_S)
        assert send(service, token, "POST", "/search/needs", {"text": "pump", "k": 5})[0] == 200
        other.rollback()
    for writer in writers:
        writer.join(60)
    assert set(answered) <= {201, 503}
    assert send(service, token, "GET", f"/needs/{first}")[0] == 200
    assert send(service, token, "POST", "/needs", {"title": "Tent"})[0] == 201
