"""An index whose partitions stand on two other servers finds what one server finds."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pytest

from matcher.errors import SettingInvalid
from matcher.index import FlatIndex
from matcher.protocols import Float32
from matcher.rows import RowSet
from service.store.database import Database, open_database
from service.store.vectors import PgVectorIndex, partitions, shards
from tests.nodes import Nodes
from tests.postgres import PostgresServer

ROWS, DIMENSION, QUERIES, THEMES = 3_000, 48, 40, 60


def texts_like(count: int, seed: int) -> Float32:
    """Vectors that lie in clouds, as those of texts do."""
    random = np.random.default_rng(seed)
    themes = np.random.default_rng(7).normal(size=(THEMES, DIMENSION))
    vectors = themes[random.integers(0, THEMES, count)] + random.normal(scale=0.7, size=(count, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


@dataclass
class Sharded:
    """One index on three servers, and the same rows on one and in memory."""

    database: Database
    far: tuple[str, str]
    spread: PgVectorIndex
    single: PgVectorIndex
    exact: FlatIndex


@pytest.fixture(scope="module")
def sharded(nodes: Nodes, postgres_server: PostgresServer) -> Iterator[Sharded]:
    """Both partitions of an index are moved to a shard each, as the command does it."""
    far = nodes.start("north"), nodes.start("south")
    url = postgres_server.empty()
    with closing(open_database(url)) as database:
        vectors = texts_like(ROWS, 1)
        made = [PgVectorIndex.made(database, name, DIMENSION, count=n, narrow=0)
                for name, n in (("single", 1), ("spread", 2))]  # fmt: skip
        exact = FlatIndex(DIMENSION)
        for index in (*made, exact):
            index.upsert(np.arange(ROWS), vectors)
        for remainder, each in enumerate(far):
            shards.move(database, "spread", remainder, each)
        spread = PgVectorIndex(database, "spread", DIMENSION, narrow=0)
        yield Sharded(database, far, spread, made[0], exact)
    postgres_server.drop(url)


def found_by_both(one: np.ndarray, other: np.ndarray) -> float:
    """The share of rows that both found."""
    return float(
        np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(one.tolist(), other.tolist(), strict=True)])
    )


def test_two_shards_find_what_one_server_finds(sharded: Sharded) -> None:
    """Of each ten nearest at least .98 are the same, with everything allowed and under filters."""
    queries = texts_like(QUERIES, 2)
    random = np.random.default_rng(3)
    for share in (1.0, 0.5, 0.05):
        allowed = RowSet(random.random(ROWS) < share)
        rows, scores = sharded.spread.search(queries, 10, allowed)
        assert allowed.contains(rows.ravel()).all()
        exact = sharded.exact.search(queries, 10, allowed)[0]
        assert found_by_both(rows, exact) >= 0.98, share
        assert found_by_both(rows, sharded.single.search(queries, 10, allowed)[0]) >= 0.98, share
        np.testing.assert_allclose(
            np.take_along_axis(scores, np.argsort(-scores, axis=1, kind="stable"), axis=1), scores
        )


def test_order_and_limit_are_worked_out_on_the_shards(sharded: Sharded) -> None:
    """The plan sends both to each shard at once, in a form for which a shard can walk its graph."""
    plan = sharded.spread.explain(texts_like(1, 4)[0], 10)
    sent = [line for line in plan.splitlines() if "Remote SQL" in line]
    assert len(sent) == 2
    assert all("ORDER BY" in line and "LIMIT" in line for line in sent)
    assert plan.count("Async Foreign Scan") == 2
    statement = sent[0].partition("Remote SQL: ")[2]
    with closing(open_database(sharded.far[0])) as far, far.engine.connect() as connection:
        # so few vectors it would rather read one by one
        connection.exec_driver_sql("SET enable_seqscan = off")
        shard_plan = connection.exec_driver_sql(f"EXPLAIN {statement}").scalars().all()
    assert any("spread_0_near" in line for line in shard_plan), shard_plan


def test_writes_go_to_the_shard_that_has_the_row(sharded: Sharded) -> None:
    """What is replaced or deleted is so on the shards, and read back through the first server."""
    vector = texts_like(1, 5)
    before = len(sharded.spread)
    rows = np.arange(ROWS, ROWS + 20)
    sharded.spread.upsert(rows, np.repeat(vector, 20, axis=0))
    assert len(sharded.spread) == before + 20
    with sharded.database.engine.connect() as connection:
        assert [part.foreign for part in partitions.parts(connection, "spread")] == [True, True]
    held = []
    for remainder, url in enumerate(sharded.far):
        with closing(open_database(url)) as far, far.engine.connect() as connection:
            asked = f"SELECT count(*) FROM vectors.spread_{remainder} WHERE row >= {ROWS}"
            held.append(connection.exec_driver_sql(asked).scalar())
    assert sum(held) == 20
    assert min(held) > 0
    found, _ = sharded.spread.search(vector, 20, RowSet.all(ROWS + 20))
    assert set(found[0].tolist()) == set(rows.tolist())
    assert sharded.spread.delete(rows) == 20
    assert len(sharded.spread) == before


def test_a_partition_moves_once(sharded: Sharded) -> None:
    """One that is on a shard already is refused, and so is one that does not exist."""
    for remainder in (0, 9):
        with pytest.raises(SettingInvalid, match="here are none"):
            shards.move(sharded.database, "spread", remainder, sharded.far[0])
