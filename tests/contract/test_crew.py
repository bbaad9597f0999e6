"""What every crew must do, and that a corpus comes to the same whoever works on it and whoever dies.

Ray is started once for all of this, on this machine: what the tests hand to its workers are functions within
functions, for workers cannot import this file.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_socket import _remove_restrictions, disable_socket, enable_socket

from corpora import load_sample
from matcher.embed import Embedder, MemoryCache
from matcher.engine import Engine
from matcher.errors import ModelMissing, WorkerLost
from matcher.records import Kind, Record
from matcher.rows import RowSet
from matcher.spread import Alone, Batch, Crew, Folder, Reader, Tiles
from matcher.text.terms import terms
from models import open_encoder
from service.crew import ATTEMPTS, HERE, RayCrew, ray_crew
from service.wiring import reference_statistics
from tests.running import until

SIZE = 32
"""Records of a shard; the sample fills nine."""
SMALLEST = 48
"""Places on the side of a tile."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Processes of Ray on this machine; its own ports are not those that tests must not open."""
    enable_socket()
    try:
        with ray_crew(HERE, 2):
            yield
    finally:
        _remove_restrictions()
        disable_socket(allow_unix_socket=True)


CREWS = {"alone": 0, "one worker": 1, "two workers": 2, "more workers than there is room for": 3}
"""Workers of Ray's; none for this process alone."""


class Hands:
    """The crew of Ray's that is there: one at a time, for there is room for two workers."""

    def __init__(self) -> None:
        self._crew: RayCrew | None = None

    def of(self, workers: int) -> RayCrew:
        """So many workers, none of which has died yet."""
        if self._crew is None or self._crew.workers != workers:
            self.leave()
            self._crew = RayCrew(workers)
        self._crew.lost = 0
        return self._crew

    def leave(self) -> None:
        """Make room for others."""
        if self._crew is not None:
            self._crew.close()
        self._crew = None


@pytest.fixture(scope="module")
def hands(cluster: None) -> Iterator[Hands]:
    """Workers of Ray's, which stay from test to test."""
    found = Hands()
    yield found
    found.leave()


@pytest.fixture(scope="module", params=CREWS)
def chosen(request: pytest.FixtureRequest) -> str:
    """An implementation; tests of one are run after each other."""
    return str(request.param)


@pytest.fixture
def crew(chosen: str, request: pytest.FixtureRequest) -> Crew:
    """Each implementation in turn."""
    found: Crew = Alone()
    return request.getfixturevalue("hands").of(CREWS[chosen]) if CREWS[chosen] else found


@pytest.fixture
def two(hands: Hands) -> RayCrew:
    """Two workers of Ray's."""
    return hands.of(2)


def killed_once(marker: str) -> Callable[[], None]:
    """What kills the process that calls it, but only the first that does."""

    def die() -> None:
        import os
        import signal
        from contextlib import suppress
        from pathlib import Path

        with suppress(FileExistsError):
            Path(marker).touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)

    return die


# -- the contract ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 7])
def test_every_piece_is_done_once(crew: Crew, count: int) -> None:
    """Each result comes with the number of its piece, in whatever order."""
    done = list(crew.each(lambda: 3, lambda tool, piece: tool * piece, range(10, 10 + count)))
    assert sorted(done) == [(number, 3 * (10 + number)) for number in range(count)]
    assert crew.lost == 0


def test_a_tool_is_prepared_once_a_worker(crew: Crew, tmp_path: Path) -> None:
    """Opening a model is dear: it is done when the first piece comes, and never again."""
    folder = str(tmp_path)

    def prepare() -> str:
        import os
        import uuid
        from pathlib import Path

        name = f"{os.getpid()}-{uuid.uuid4().hex}"
        Path(folder, name).touch()
        return name

    assert list(crew.each(prepare, lambda tool, piece: tool, [])) == []
    assert list(tmp_path.iterdir()) == []
    used = {tool for _, tool in crew.each(prepare, lambda tool, piece: tool, range(8))}
    made = {file.name for file in tmp_path.iterdir()}
    assert used <= made
    assert len({name.partition("-")[0] for name in made}) == len(made) <= crew.workers


def test_an_error_of_a_piece_is_raised_as_it_was(crew: Crew) -> None:
    """Its class and its message are those of the work; the crew can be used again."""

    def fail(tool: None, piece: int) -> int:
        if piece == 3:
            raise ModelMissing("piece 3 has no model")
        return piece

    with pytest.raises(ModelMissing, match="piece 3 has no model"):
        list(crew.each(lambda: None, fail, range(6)))
    assert len(list(crew.each(lambda: None, fail, range(3)))) == 3


def test_an_error_while_preparing_is_raised_as_it_was(crew: Crew) -> None:
    """A model that cannot be opened is told as if it were opened here."""

    def prepare() -> None:
        raise ModelMissing("no weights on this machine")

    with pytest.raises(ModelMissing, match="no weights on this machine"):
        list(crew.each(prepare, lambda tool, piece: piece, range(3)))


def test_pieces_are_taken_as_they_are_needed(crew: Crew) -> None:
    """Of a long stream few are in memory; who stops listening leaves no work behind."""
    taken = []

    def stream() -> Iterator[int]:
        for piece in range(1_000):
            taken.append(piece)
            yield piece

    work = crew.each(lambda: None, lambda tool, piece: piece, stream())
    next(work)
    work.close()  # type: ignore[attr-defined]
    assert len(taken) <= 2 * crew.workers + 1
    assert len(list(crew.each(lambda: None, lambda tool, piece: piece, range(4)))) == 4


# -- what workers alone can do: die ------------------------------------------------------------


def test_the_death_of_a_worker_loses_nothing(two: RayCrew, tmp_path: Path) -> None:
    """A worker is killed in the middle of a piece: another does it, and each comes once."""
    die = killed_once(str(tmp_path / "died"))

    def work(tool: None, piece: int) -> int:
        if piece == 5:
            die()
        return piece * piece

    done = list(two.each(lambda: None, work, range(12)))
    assert sorted(done) == [(piece, piece * piece) for piece in range(12)]
    assert two.lost == 1


def test_a_worker_may_die_while_it_prepares(two: RayCrew, tmp_path: Path) -> None:
    """Its first piece goes to another."""
    die = killed_once(str(tmp_path / "died"))
    assert len(list(two.each(die, lambda tool, piece: piece, range(4)))) == 4
    assert two.lost == 1


def test_a_piece_that_kills_every_worker_is_given_up(two: RayCrew) -> None:
    """So that work ends; the message says which piece it was, and what to look for."""

    def work(tool: None, piece: int) -> int:
        import os
        import signal

        if piece == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return piece

    with pytest.raises(WorkerLost, match=r"piece 2 .* memory"):
        list(two.each(lambda: None, work, range(4)))
    assert two.lost == ATTEMPTS


# -- a corpus ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """The sample, needs and solutions."""
    sample = load_sample()
    return [*sample.needs, *sample.solutions]


def reading() -> Callable[[], Reader]:
    """What opens the tiny encoder in any process, with words weighed by what ships."""

    def opened() -> Reader:
        from matcher.embed import Embedder
        from matcher.spread import Reader
        from models import open_encoder
        from service.wiring import reference_statistics

        return Reader(Embedder(open_encoder("hashing")), reference_statistics())

    return opened


@dataclass
class Mortal:
    """A crew of which one worker dies each time: it has done its piece, and cannot tell."""

    crew: RayCrew
    folder: Path
    times: int = 0

    @property
    def workers(self) -> int:
        """Those of the crew."""
        return self.crew.workers

    @property
    def lost(self) -> int:
        """Those of the crew."""
        return self.crew.lost

    def each(
        self, prepare: Callable[[], Any], do: Callable[[Any, Any], Any], pieces: Iterable[Any]
    ) -> Iterator[tuple[int, Any]]:
        """The work of the crew, with a death."""
        self.times += 1
        die = killed_once(str(self.folder / f"died-{self.times}"))

        def done(tool: Any, piece: Any) -> Any:
            found = do(tool, piece)
            die()
            return found

        return self.crew.each(prepare, done, pieces)


def come_to(batch: Batch, crew: Crew, folder: Folder) -> Engine:
    """The engine of what was read, its needs grouped by the crew."""
    engine = Engine(Embedder(open_encoder("hashing")), statistics=reference_statistics())
    engine.collections |= batch.collections()
    engine.cooperation.whole = Tiles(crew, folder, smallest=SMALLEST)
    engine.clusters()
    return engine


@pytest.fixture(scope="module")
def plain(records: list[Record]) -> Engine:
    """What one process makes of the records as an import does: no shards, no tiles."""
    engine = Engine(Embedder(open_encoder("hashing"), cache=MemoryCache()), statistics=reference_statistics())
    engine.add(records)
    engine.clusters()
    return engine


def assert_same(one: Engine, other: Engine) -> None:
    """Vectors, parts, terms, groups and ids are equal to the last bit."""
    for kind in Kind:
        mine, theirs = one.collections[kind], other.collections[kind]
        rows = np.arange(mine.size)
        assert mine.records == theirs.records
        assert mine.languages == theirs.languages
        assert np.array_equal(mine.centroids(rows), theirs.centroids(rows))
        for here, there in zip(mine.parts, theirs.parts, strict=True):
            assert here is not None
            assert there is not None
            assert here.spans == there.spans
            assert np.array_equal(here.vectors, there.vectors)
            assert np.array_equal(here.weights, there.weights)
            assert np.array_equal(here.owners, there.owners)
        asked = terms("portable radio for mountain rescue, EN 1028", "en")
        found, expected = mine.lexical.score(asked), theirs.lexical.score(asked)
        assert np.array_equal(found.rows, expected.rows)
        assert np.array_equal(found.words, expected.words)
        query = np.ones((1, mine.dense.dimension), dtype=np.float32)
        nearest = [held.dense.search(query, 20, RowSet.all(held.size)) for held in (mine, theirs)]
        assert np.array_equal(nearest[0][0], nearest[1][0])
    assert [[need.id for need in group] for group in one.groups()] == [
        [need.id for need in group] for group in other.groups()
    ]
    assert one.identities().clusters == other.identities().clusters


def test_a_corpus_comes_to_the_same_whoever_reads_it(
    crew: Crew, records: list[Record], plain: Engine, tmp_path: Path
) -> None:
    """In shards and tiles, by one or several: as by one process that knows of neither."""
    folder = Folder(tmp_path)
    batch = Batch(records, reading()(), folder, SIZE)
    assert len(batch.missing) == 9
    batch.read(crew, reading())
    assert_same(come_to(batch, crew, folder), plain)


def test_a_corpus_comes_to_the_same_when_workers_die(
    two: RayCrew, records: list[Record], plain: Engine, tmp_path: Path
) -> None:
    """One is killed as it reads, one as tiles are scored, one as neighbours are settled."""
    folder, crew = Folder(tmp_path / "work"), Mortal(two, tmp_path)
    batch = Batch(records, reading()(), folder, SIZE)
    batch.read(crew, reading())
    assert crew.lost == 1
    assert_same(come_to(batch, crew, folder), plain)
    assert crew.lost == crew.times == 3


DRIVER = """
import sys, time
from pathlib import Path
from corpora import load_sample
from matcher.embed import Embedder
from matcher.spread import Batch, Folder, Reader
from models import open_encoder
from service.crew import ray_crew
from service.wiring import reference_statistics

def opened():
    import time
    from matcher.embed import Embedder
    from matcher.spread import Reader
    from models import open_encoder
    from service.wiring import reference_statistics

    class Slow(Reader):
        def read(self, shard):
            time.sleep(1)
            return super().read(shard)

    return Slow(Embedder(open_encoder("hashing")), reference_statistics())

sample = load_sample()
batch = Batch([*sample.needs, *sample.solutions], opened(), Folder(Path(sys.argv[2])), int(sys.argv[3]))
with ray_crew(sys.argv[1], 2) as crew:
    batch.read(crew, opened)
"""


def test_whoever_gave_the_order_may_die_as_well(
    hands: Hands, records: list[Record], plain: Engine, tmp_path: Path
) -> None:
    """Killed in the middle and begun again, it goes on with the shards that are there."""
    import ray

    hands.leave()
    folder = Folder(tmp_path)
    address = ray.get_runtime_context().gcs_address
    command = [sys.executable, "-c", DRIVER, address, str(tmp_path), str(SIZE)]
    with subprocess.Popen(command) as driver:
        until(lambda: len(folder.names()) >= 2 or driver.poll() is not None)
        driver.send_signal(signal.SIGKILL)
    assert driver.returncode == -signal.SIGKILL
    batch = Batch(records, reading()(), folder, SIZE)
    assert 0 < len(batch.missing) < 9
    two = hands.of(2)
    batch.read(two, reading())
    assert_same(come_to(batch, two, folder), plain)
