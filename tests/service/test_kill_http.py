"""A service that is killed while users write to it: what it acknowledged is there, found, and whole.

`NEEDMATCH_TEST_KILLS` sets how often (50 for a long run).
"""

import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from service.store import health
from service.store.database import open_database
from service.store.tables import JobRow, RecordRow
from tests.running import Service, until

KILLS = int(os.environ.get("NEEDMATCH_TEST_KILLS", "6"))
WRITERS = 3
SEARCHED = 12
"""Needs that are searched for after each kill."""
WHOLE, BATCHED, BATCH = 60, 450, 200
"""Rows of an import that is kept whole, and of one that is kept batch by batch."""
OVER_S = 150
"""How long jobs may take to end: one whose worker died is taken up after half a minute."""
UNLIMITED = "NEEDMATCH_REQUESTS_PER_MINUTE=10000000\n"


def send(service, token, method, path, body=None, headers=()):
    """One request on a connection of its own: status and JSON."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        told = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **dict(headers)}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, f"/api/v1{path}", content, told)
        answer = connection.getresponse()
        read = answer.read()
    return answer.status, json.loads(read) if read else {}


@dataclass
class Need:
    """What is known of a need that was entered."""

    title: str
    version: int = 1
    quantity: str = ""
    erased: bool = False
    doubt: str = ""
    """What was asked of it and not acknowledged."""


@dataclass
class Writer:
    """Enters, changes and erases needs while the service is there."""

    token: str
    dice: random.Random
    needs: dict[str, Need] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    """Titles of needs whose entering was not acknowledged."""
    refused: list[str] = field(default_factory=list)
    first: threading.Event = field(default_factory=threading.Event)

    def write(self, service, over):
        """Until a connection breaks, or it is over: another worker may take the next one."""
        with suppress(OSError, http.client.HTTPException):
            while not over.is_set():
                self._one(service)
                self.first.set()

    def _one(self, service):
        standing = [id_ for id_, need in self.needs.items() if not (need.erased or need.doubt)]
        what = self.dice.choice(("enter", "enter", "change", "erase") if len(standing) > 3 else ("enter",))
        if what == "enter":
            need = Need(f"Pump {self._word()} for {self._word()}")
            self.unanswered.append(need.title)
            key = {"Idempotency-Key": str(UUID(int=self.dice.getrandbits(128)))}
            status, told = send(service, self.token, "POST", "/needs", {"title": need.title}, key)
            self.unanswered.pop()
            if status == 201:
                self.needs[told["id"]] = need
        else:
            id_ = self.dice.choice(standing)
            need = self.needs[id_]
            need.doubt = what
            match = {"If-Match": f'"{need.version}"'}
            if what == "change":
                match["Content-Type"] = "application/merge-patch+json"
                said = {"quantity": f"{need.version} sets"}
                status, told = send(service, self.token, "PATCH", f"/needs/{id_}", said, match)
                need.version, need.quantity = told.get("version", 0), said["quantity"]
            else:
                status, told = send(service, self.token, "DELETE", f"/needs/{id_}", None, match)
                need.erased = True
            need.doubt = ""
        if status >= 400:
            self.refused.append(f"{what}: {status} {told}")

    def _word(self):
        return "".join(self.dice.choices("bcdfghklmnprstvw", k=9))

    def check(self, rows, note):
        """All that was acknowledged is in the database; what was not is there or not, and is whole."""
        for id_, need in self.needs.items():
            row = rows.get(id_)
            if need.doubt == "erase":
                need.erased = row is None
            elif need.doubt == "change" and row is not None and row.version == need.version + 1:
                need.version, need.quantity = row.version, f"{need.version} sets"
            need.doubt = ""
            assert (row is None) is need.erased, f"{id_} {'is back' if need.erased else 'is lost'} {note}"
            if row is not None:
                said = (row.version, row.body["title"], row.body.get("quantity", ""))
                assert said == (need.version, need.title, need.quantity), note


def kill(service, dice):
    """End at once: the whole service, its supervisor, or a worker alone, which is then started again."""
    what = dice.choice(("all", "supervisor", "worker"))
    children = service.children()
    if what != "worker":
        service.process.kill()
    for child in children if what != "supervisor" else ():
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    if what != "worker":
        service.process.wait()
        service.process.stdout.close()
    until(lambda: not any(alive(child) for child in children), 10)
    return what


def alive(pid):
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ready(service):
    """Whether it says that it is ready."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)) as connection:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200


def send_import(service, token, name, rows, on_error):
    """An import of so many rows; its job's id."""
    lines = "".join(f"{name}-{at},Pump {name} {at}\n" for at in range(rows))
    path = f"/imports?kind=needs&format=csv&on_error={on_error}"
    status, told = send(
        service, token, "POST", path, f"id,title\n{lines}".encode(), {"Content-Type": "text/csv"}
    )
    assert status == 202, told
    return told["id"]


def look(database, writers, imports, note):
    """The database is sound, holds what was acknowledged, and no import in part."""
    assert health.check(database).faults == (), note
    with database.read() as session:
        rows = {row.id: row for row in session.scalars(select(RecordRow))}
    for writer in writers:
        writer.check(rows, note)
        assert not writer.refused, (writer.refused, note)
    titles = Counter(row.body["title"] for row in rows.values())
    assert max(titles.values(), default=1) == 1, (titles.most_common(3), note)
    refs = Counter((row.ref or "").rpartition("-")[0] for row in rows.values())
    for name, whole in imports.items():
        kept = refs[name]
        assert kept in (0, WHOLE) if whole else kept % BATCH == 0 or kept == BATCHED, (name, kept, note)
    return rows


def search(service, token, writers, dice, note):
    """Each of some needs is found by its title, and those that were erased are not."""
    known = [(id_, need) for writer in writers for id_, need in writer.needs.items()]
    for id_, need in dice.sample(known, min(SEARCHED, len(known))):
        status, told = send(service, token, "POST", "/search/needs", {"text": need.title, "k": 20})
        found = [item["need"]["id"] for item in told["items"]]
        assert status == 200
        assert (id_ in found) is not need.erased, f"{need} among {len(found)} {note}"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_acknowledged_is_there_after_every_kill(kind, tmp_path, serving, request):
    """Killed under load again and again: nothing is lost or doubled, and the index is the database."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    url = f"sqlite:///{tmp_path / 'data' / 'needmatch.db'}"
    settings = UNLIMITED
    if kind == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
        settings += f"NEEDMATCH_DATABASE={url}\n"
    (tmp_path / ".env").write_text(settings)
    people = Service(tmp_path).people()
    token = people["ana@rescue.example"]
    service = serving()
    writers = [Writer(token, random.Random(dice.random())) for _ in range(WRITERS)]
    imports = {}
    jobs = []
    with closing(open_database(url)) as database:
        for number in range(max(1, KILLS // 2)):
            note = f"(kill {number}, seed {seed})"
            ended = threading.Event()
            threads = [threading.Thread(target=writer.write, args=(service, ended)) for writer in writers]
            for writer, thread in zip(writers, threads, strict=True):
                writer.first.clear()
                thread.start()
            assert writers[0].first.wait(60), note
            whole = number % 2 == 0
            imports[name := f"j{number}"] = whole
            rows, on_error = (WHOLE, "refuse_all") if whole else (BATCHED, "keep_good")
            jobs.append(send_import(service, token, name, rows, on_error))
            time.sleep(dice.uniform(0.0, 2.0))
            what = kill(service, dice)
            ended.set()
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive(), note
            note = f"({what}, kill {number}, seed {seed})"
            if what == "worker":
                until(lambda: ready(service))
            else:
                look(database, writers, imports, note)
                service.start()
            look(database, writers, imports, note)
            search(service, token, writers, dice, note)
        until(lambda: over(database, jobs), OVER_S)
        rows = look(database, writers, imports, f"(seed {seed})")
        refs = Counter((row.ref or "").rpartition("-")[0] for row in rows.values())
        assert {name: refs[name] for name in imports} == {
            name: WHOLE if whole else BATCHED for name, whole in imports.items()
        }
        search(service, token, writers, dice, f"(at the end, seed {seed})")
    assert sum(len(writer.needs) for writer in writers) >= KILLS // 2


def over(database, jobs):
    """Whether all jobs are done."""
    with database.read() as session:
        return all(session.get_one(JobRow, job).status == "done" for job in jobs)
