"""Several processes on one database: each answers with what another wrote, and all say the same."""

import http.client
import json
import os
import random
import shutil
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from corpora import load_sample
from matcher.filters import Filter
from matcher.records import Visibility
from service.backend import Backend, open_backend
from service.measure import load
from service.projection import follower
from service.projection.catalogue import Catalogue
from service.projection.follower import Follower
from service.routes.health import BEHIND_S, unready
from service.settings import ServerSettings
from service.store import records
from service.store.records import SYSTEM, RecordDraft
from tests.running import Service, until

SOON_S = 2.0
TITLES = (
    "Ballistic vest for dog handlers, class four, cover can be washed",
    "Mobile flood pump for cellars, diesel, 2000 litres a minute",
)
ASKED = ("ballistic vest for dog handlers", "drone against drones", "Leitstelle", "caméras-piétons")


class Worker:
    """One worker of a service, reached by a connection that only it can have taken."""

    def __init__(self, service: Service, token: str, name: str) -> None:
        self.pid = workers(service)[name]
        self.token = token
        others = [pid for other, pid in workers(service).items() if other != name]
        with stopped(*others):
            self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
            assert self.send("GET", "/models")[0] == 200

    def send(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict]:
        """A request to just this worker."""
        told = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        self.connection.request(method, f"/api/v1{path}", json.dumps(body) if body else None, told)
        answer = self.connection.getresponse()
        read = answer.read()
        return answer.status, json.loads(read) if read else {}

    def finds(self, text: str, id_: str) -> bool:
        """Whether a need is in this worker's index."""
        return id_ in [
            i["need"]["id"] for i in self.send("POST", "/search/needs", {"text": text})[1]["items"]
        ]

    def clusters(self) -> dict[str, list[str]]:
        """Cluster to members."""
        return {
            c["id"]: sorted(c["need_ids"]) for c in self.send("GET", "/clusters?singles=true")[1]["items"]
        }


def workers(service: Service) -> dict[str, int]:
    """Name to process of those that answer requests."""
    named = {Path(f"/proc/{pid}/cmdline").read_text().split("\0")[-2]: pid for pid in service.children()}
    return {name: pid for name, pid in named.items() if name.startswith("worker-")}


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """These processes do nothing within the block."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def pair(serving: Callable[..., Service], tmp_path: Path) -> Iterator[tuple[Service, Worker, Worker]]:
    """A service of two workers, and a connection to each."""
    token = Service(tmp_path).people()["ana@rescue.example"]
    service = serving("--workers", "2")
    until(lambda: len(workers(service)) == 2)
    one, other = (Worker(service, token, f"worker-{n}") for n in (1, 2))
    with closing(one.connection), closing(other.connection):
        yield service, one, other


def test_what_one_worker_wrote_another_finds_soon(pair: tuple[Service, Worker, Worker]) -> None:
    """New and erased needs are so in the other worker's index, as a rule within two seconds."""
    _, *both = pair
    took = []
    for number in range(4):
        writer, reader = both[number % 2], both[1 - number % 2]
        title = f"Pump {'bcdf'[number] * 9} for cellars"
        status, made = writer.send("POST", "/needs", {"title": title})
        began = time.monotonic()
        assert status == 201
        assert writer.finds(title, made["id"]), "who wrote it finds it at once"
        until(partial(reader.finds, title, made["id"]), 20)
        took.append(time.monotonic() - began)
    assert writer.send("DELETE", f"/needs/{made['id']}", **{"If-Match": '"1"'})[0] == 204
    until(lambda: not reader.finds(title, made["id"]), 20)
    assert statistics.median(took) < SOON_S, took


def test_both_workers_give_clusters_the_same_ids(pair: tuple[Service, Worker, Worker]) -> None:
    """While needs come through both, and both are asked at once, ids and members are the same; so after."""
    service, *both = pair

    def agreed(number: int) -> bool:
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(Worker.clusters, both)
        return one == other and sum(map(len, one.values())) == number

    for number, (kind, text) in enumerate(zip("vpvpvv", TITLES * 3, strict=True)):
        made = both[number % 2].send(
            "POST", "/needs", {"title": f"{text}, {kind}{number}", "cpv": ["35815100"]}
        )
        assert made[0] == 201
        until(partial(agreed, number + 1), 20)
    before = both[0].clusters()
    assert max(map(len, before.values())) > 1, "some needs are alike"
    assert service.stop() == 0
    assert "not saved" not in service.log()
    service.start()
    both = [Worker(service, both[0].token, f"worker-{n}") for n in (1, 2)]
    assert [worker.clusters() for worker in both] == [before, before]
    for worker in both:
        worker.connection.close()


@pytest.mark.usefixtures("still")
def test_a_worker_that_does_not_keep_up_is_not_ready(tmp_path: Path) -> None:
    """It says no as long as its index lacks what is in the database for some time, then yes."""
    held = opened(tmp_path)
    try:
        assert [one.pointer for one in unready(held)] == ["index"], "not started"
        held.start()
        assert unready(held) == []
        filled(held)
        assert unready(held) == [], "a moment behind is no trouble"
        moment = held.clock
        held.clock = lambda: moment() + timedelta(seconds=BEHIND_S + 1)
        assert [one.pointer for one in unready(held)] == ["index"]
        held.follower.catch_up()
        assert unready(held) == []
    finally:
        held.stop()


# -- the index on disk ------------------------------------------------------------------------


def opened(folder: Path) -> Backend:
    """A backend that is not started."""
    return open_backend(ServerSettings(model="hashing", cache=folder / "cache", data=folder / "data"))


def filled(held: Backend) -> None:
    """Some needs and solutions of the sample, in the database alone."""
    sample = load_sample()
    load.enter(held.database, sample.needs[:30], sample.solutions[:20])


def answers(catalogue: Catalogue) -> list[object]:
    """What each audience is answered, with scores as they are shown."""
    found: list[object] = []
    for audience, engine in sorted(catalogue.engines.items()):
        where = Filter(open_to=Visibility(audience.value))
        found.append((audience, len(engine.needs), len(engine.solutions)))
        for text in ASKED:
            hits = engine.demand(text, 5, where).items
            found.append([(hit.record.id, round(hit.score, 4)) for hit in hits])
    return found


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Followers take in nothing unless they are told to."""
    monkeypatch.setattr(follower, "POLL_S", 3600.0)


@pytest.fixture
def kept(tmp_path: Path, still: None) -> Iterator[tuple[Backend, list[object]]]:
    """A service with an index on disk, and what it answers."""
    held = opened(tmp_path)
    filled(held)
    held.start()
    held.follower.save()
    yield held, answers(held.catalogue)
    held.stop()


@pytest.fixture
def again(kept: tuple[Backend, list[object]]) -> Iterator[Callable[[], Follower]]:
    """Starts another process, as it were, from the same database and folder."""
    held, _ = kept
    made: list[Follower] = []

    def start() -> Follower:
        catalogue, own = Catalogue(held.catalogue._make), held.follower
        made.append(Follower(held.database, catalogue, own.folder, load=own._load, today=lambda: held.today))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.stop()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "flipped": lambda content: (
        content[: len(content) // 2]
        + bytes([content[len(content) // 2] ^ 0x10])
        + content[len(content) // 2 + 1 :]
    ),
    "emptied": lambda content: b"",
    "noise": lambda content: random.Random(7).randbytes(max(1, len(content))),
}


@pytest.mark.parametrize("damage", [*DAMAGES, "removed"])
def test_whatever_file_of_the_index_is_broken_answers_are_the_same(
    kept: tuple[Backend, list[object]],
    again: Callable[[], Follower],
    tmp_path: Path,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A start finds every broken file, makes the index again, answers as before, and keeps it mended."""
    held, expected = kept
    index = held.follower.folder
    assert index is not None
    sound = tmp_path / "sound"
    shutil.copytree(index, sound)
    files = [each for each in sorted(sound.rglob("*")) if each.is_file() and each.stat().st_size]
    assert len(files) > 20
    # other ones for each damage, and always what says which files count
    named = [each for each in files if each.name in ("CURRENT", "applied.json")]
    chosen = random.Random(damage).sample([each for each in files if each not in named], 3)
    for file in (random.Random(damage).choice(named), *chosen):
        shutil.rmtree(index)
        shutil.copytree(sound, index)
        target = index / file.relative_to(sound)
        content = target.read_bytes()
        target.unlink()
        if damage != "removed":
            target.write_bytes(DAMAGES[damage](content))
        after = again()
        assert answers(after.catalogue) == expected, file
        after.save()
        caplog.clear()
        assert answers(again().catalogue) == expected
        assert not caplog.records, f"{file} is still broken"


def test_processes_that_keep_their_index_at_once_leave_a_sound_one(
    kept: tuple[Backend, list[object]], again: Callable[[], Follower], caplog: pytest.LogCaptureFixture
) -> None:
    """All workers of a service end together: what is on disk after is whole, and of the last change."""
    held, _ = kept
    sample = load_sample()
    for turn in range(4):
        others = [again() for _ in range(3)]
        with held.database.write() as session:
            title = sample.needs[40 + turn].title
            draft = RecordDraft(kind="need", organisation_id="needs-0", body={"title": title}, status="open")
            records.create(session, draft, SYSTEM)
        # the first is behind, as a worker may be
        for other in others[1:]:
            other.catch_up()
        start = threading.Barrier(3)

        def save(one: Follower, start: threading.Barrier = start) -> None:
            start.wait()
            one.save()

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(save, others))
        fresh = again()
        assert fresh._saved == others[1].catalogue.sequence, "that of the last change is kept"
        assert answers(fresh.catalogue) == answers(others[1].catalogue)
    assert "made again" not in caplog.text
