"""Shards: named by what they say, read alike, kept and loaded."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matcher.embed import Embedder
from matcher.errors import SnapshotIncompatible
from matcher.lexical import TermStatistics
from matcher.protocols import Encoder
from matcher.records import Kind, Need
from matcher.spread import Folder, Reader
from matcher.spread.shards import Shard, Task, cut, do, load
from matcher.text.terms import terms

LONG = "Twelve diesel pumps of 2000 litres a minute for flooded cellars, to EN 1028. " * 80
NEEDS = (
    Need(id="N1", title="Flood pumps", description=LONG, language="en", standards=("EN 1028",)),
    Need(id="N2", title="Kaitsevestid", description="Kaitsevestid patrullpolitseile.", language="et"),
    Need(id="N3", title="12 345"),
)
SHARD = Shard(Kind.NEED, NEEDS)


@pytest.fixture
def reader(embedder: Embedder) -> Reader:
    """The tiny encoder, without fitted statistics."""
    return Reader(embedder)


def test_records_are_cut_in_their_order() -> None:
    """All are in one shard each; the last one holds what is left."""
    shards = list(cut(Kind.NEED, [replace(NEEDS[0], id=str(n)) for n in range(7)], 3))
    assert [[record.id for record in shard.records] for shard in shards] == [list("012"), list("345"), ["6"]]


def test_a_name_says_what_was_read_and_by_whom() -> None:
    """Texts, stated languages and standards count, and the reader; what else a record says does not."""
    name = SHARD.named("reader")

    def other(**changes: object) -> str:
        return Shard(Kind.NEED, (replace(NEEDS[0], **changes), *NEEDS[1:])).named("reader")  # type: ignore[arg-type]

    assert other(country="EE", id="N9", value_eur=3.0) == name
    others = {
        SHARD.named("another"),
        Shard(Kind.NEED, NEEDS[:2]).named("reader"),
        Shard(Kind.NEED, NEEDS[::-1]).named("reader"),
        other(title="Fire pumps"),
        other(language="de"),
        other(standards=()),
    }
    assert len(others) == 6
    assert name not in others


def test_readers_differ_by_model_offset_and_statistics(encoder: Encoder, embedder: Embedder) -> None:
    """Only those with the same key make the same of a text."""
    fitted = TermStatistics.fit([terms("diving suit", "en")])
    keys = {Reader(embedder).key, Reader(Embedder(encoder)).key}
    assert len(keys) == 1
    assert Reader(embedder, fitted).key not in keys


def test_what_a_shard_comes_to_is_kept_and_loaded(reader: Reader, tmp_path: Path) -> None:
    """Every number is as it was: several passages, texts without parts, terms."""
    folder = Folder(tmp_path)
    name = do(reader, Task(folder, reader.key, SHARD))
    assert folder.names() == {name} == {SHARD.named(reader.key)}
    expected, found = reader.read(SHARD), load(folder, name)
    assert len(expected.embedded[0].passages) > 1
    for one, other in zip(found.embedded, expected.embedded, strict=True):
        assert one.language == other.language
        assert np.array_equal(one.passages, other.passages)
        assert one.parts.spans == other.parts.spans
        for mine, theirs in (
            (one.parts.vectors, other.parts.vectors),
            (one.parts.weights, other.parts.weights),
            (one.parts.owners, other.parts.owners),
        ):
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs)
    assert found.weights.shape == expected.weights.shape
    assert (found.weights != expected.weights).nnz == 0


def test_a_worker_with_another_model_is_refused(reader: Reader, tmp_path: Path) -> None:
    """Vectors of two models never mix; the message names the settings to compare."""
    folder = Folder(tmp_path)
    with pytest.raises(SnapshotIncompatible, match="NEEDMATCH_MODEL"):
        do(reader, Task(folder, "another", SHARD))
    assert folder.names() == set()
