"""A corpus in shards: the same collections as an import, and only what is missing is read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpora import load_sample
from matcher.collection import Collection
from matcher.embed import Embedder, MemoryCache
from matcher.engine import Engine
from matcher.errors import SnapshotCorrupt
from matcher.index import LadderIndex, Planner, Rung
from matcher.lexical import TermStatistics
from matcher.protocols import Encoder
from matcher.records import Kind, Need, Record
from matcher.rows import RowSet
from matcher.spread import Alone, Batch, Folder, Reader
from matcher.text.terms import terms

SIZE = 32


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """The sample; one need is so long that it has several passages."""
    sample = load_sample()
    first = sample.needs[0]
    long = replace(first, description=" ".join([need.description for need in sample.needs[:40]]))
    return [long, *sample.needs[1:], *sample.solutions]


@pytest.fixture
def reader(encoder: Encoder) -> Reader:
    """The tiny encoder, with words weighed by two texts."""
    fitted = TermStatistics.fit([terms("diving suit", "en"), terms("fire pump", "en")])
    return Reader(Embedder(encoder), fitted)


class Stopped(Alone):
    """A process that ends after so many pieces."""

    def __init__(self, after: int) -> None:
        self._after = after

    def each(
        self, prepare: Callable[[], Any], do: Callable[[Any, Any], Any], pieces: Iterable[Any]
    ) -> Iterator[tuple[int, Any]]:
        """As far as it comes."""
        for number, result in super().each(prepare, do, pieces):
            if number == self._after:
                raise KeyboardInterrupt
            yield number, result


def read(records: Iterable[Record], reader: Reader, folder: Folder) -> tuple[dict[Kind, Collection], int]:
    """The collections of records, and how many shards were read for them."""
    batch = Batch(records, reader, folder, SIZE)
    missing = len(batch.missing)
    batch.read(Alone(), lambda: reader)
    return batch.collections(), missing


def assert_same(one: Collection, other: Collection) -> None:
    """Records, vectors, parts and terms, to the last bit."""
    rows = np.arange(one.size)
    assert one.records == other.records
    assert one.languages == other.languages
    assert np.array_equal(one.centroids(rows), other.centroids(rows))
    for row in rows.tolist():
        mine, theirs = one.passages(row), other.passages(row)
        assert mine is not None
        assert theirs is not None
        assert np.array_equal(mine, theirs)
        here, there = one.parts[row], other.parts[row]
        assert here is not None
        assert there is not None
        assert here.spans == there.spans
        assert np.array_equal(here.vectors, there.vectors)
    query = terms("flood pumps for rescue", "en")
    assert np.array_equal(one.lexical.score(query).rows, other.lexical.score(query).rows)
    assert np.array_equal(one.lexical.score(query).words, other.lexical.score(query).words)


def test_shards_come_to_what_an_import_comes_to(
    records: list[Record], reader: Reader, encoder: Encoder, tmp_path: Path
) -> None:
    """The same rows, and under each the same numbers."""
    plain = Engine(Embedder(encoder, cache=MemoryCache()), statistics=reader.statistics)
    plain.add(records)
    found, missing = read(records, reader, Folder(tmp_path))
    assert missing == 9
    assert found[Kind.NEED].several()
    for kind in Kind:
        assert_same(found[kind], plain.collections[kind])


def test_a_second_run_reads_nothing(records: list[Record], reader: Reader, tmp_path: Path) -> None:
    """Shards are known by what they say; more records at the end cost one shard."""
    folder = Folder(tmp_path)
    first, _ = read(records, reader, folder)
    again, missing = read(records, reader, folder)
    assert missing == 0
    for kind in Kind:
        assert_same(again[kind], first[kind])
    later = Need(id="later", title="Avalanche transceivers")
    more, missing = read([*records, later], reader, folder)
    assert missing == 1
    assert more[Kind.NEED].row("later") == 160


def test_a_run_that_was_stopped_goes_on(records: list[Record], reader: Reader, tmp_path: Path) -> None:
    """What was read before is read no more, unless it came to harm meanwhile."""
    folder = Folder(tmp_path)
    batch = Batch(records, reader, folder, SIZE)
    with pytest.raises(KeyboardInterrupt):
        batch.read(Stopped(4), lambda: reader)
    with pytest.raises(SnapshotCorrupt, match="not read yet"):
        batch.collections()
    assert len(folder.names()) == 5
    harmed = tmp_path / sorted(folder.names())[0]
    harmed.write_bytes(harmed.read_bytes()[:-1])
    heard: list[int] = []
    rest = Batch(records, reader, folder, SIZE)
    assert len(rest.missing) == 5
    left = rest.left
    rest.read(Alone(), lambda: reader, heard.append)
    assert heard == sorted(set(heard))
    assert heard[-1] == left
    assert_same(rest.collections()[Kind.NEED], read(records, reader, Folder(tmp_path / "new"))[0][Kind.NEED])


def test_of_an_id_that_comes_twice_the_later_stands(
    records: list[Record], reader: Reader, encoder: Encoder, tmp_path: Path
) -> None:
    """In the row of the first, as when one is imported after the other."""
    later = replace(records[3], title="Something else")
    plain = Engine(Embedder(encoder, cache=MemoryCache()), statistics=reader.statistics)
    plain.add(records)
    plain.add([later])
    found, _ = read([*records, later], reader, Folder(tmp_path))
    assert found[Kind.NEED].record(3) == later
    assert_same(found[Kind.NEED], plain.needs)


@pytest.mark.parametrize("rung", [Rung.EXACT16, Rung.LISTS16, Rung.INT8])
def test_a_large_index_is_built_from_the_shards_in_one_go(
    rung: Rung, records: list[Record], reader: Reader, tmp_path: Path
) -> None:
    """On the rung that is due, from vectors in two bytes a number; written and mapped as any other."""
    batch = Batch(records, reader, Folder(tmp_path / "work"), SIZE)
    batch.read(Alone(), lambda: reader)
    heard: list[int] = []
    needs = batch.collections(Planner(rung=rung), heard.append)[Kind.NEED]
    assert isinstance(needs.dense, LadderIndex)
    assert needs.dense.rung is rung
    passages = [needs.passages(row) for row in range(needs.size)]
    assert needs.dense.vectors == sum(len(own) for own in passages if own is not None) > needs.size
    assert max(heard) == needs.dense.vectors
    held = np.concatenate([own for own in passages if own is not None and len(own) == 1])
    rows = np.flatnonzero([own is not None and len(own) == 1 for own in passages])
    grown = LadderIndex(needs.dense.dimension, Planner(rung=rung), merged_at=1)
    grown.upsert(rows, held)
    grown.settle()
    assert np.array_equal(needs.dense.centroids(rows), grown.centroids(rows))
    needs.dense.save(tmp_path / "index")
    mapped = LadderIndex.load(tmp_path / "index", needs.dense.dimension)
    allowed = RowSet.all(needs.size)
    for one, other in zip(
        needs.dense.search(held[:5], 10, allowed), mapped.search(held[:5], 10, allowed), strict=True
    ):
        assert np.array_equal(one, other)


def test_without_records_of_a_kind_its_collection_is_empty(reader: Reader, tmp_path: Path) -> None:
    """Needs alone, and nothing at all."""
    found, missing = read([Need(id="N", title="rope")], reader, Folder(tmp_path))
    assert (len(found[Kind.NEED]), len(found[Kind.SOLUTION]), missing) == (1, 0, 1)
    found, missing = read([], reader, Folder(tmp_path))
    assert (len(found[Kind.NEED]), missing) == (0, 0)
