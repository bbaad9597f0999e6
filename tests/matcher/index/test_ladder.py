"""What the index that grows does beyond the contract of all: recall, new bases, files that are mapped."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from matcher.errors import SnapshotCorrupt, SnapshotIncompatible
from matcher.index import FlatIndex, LadderIndex, Planner, Rung, Way, container, ladder
from matcher.index.container import Container, Part
from matcher.index.plan import costs
from matcher.index.settled import halved
from matcher.protocols import Float32, Int64
from matcher.rows import RowSet
from service.measure.lifelike import lifelike

COUNT, DIMENSION, QUERIES = 20_000, 64, 50
PLANNERS = {
    Rung.EXACT16: Planner(rung=Rung.EXACT16),
    Rung.LISTS16: Planner(rung=Rung.LISTS16, measured=replace(costs(), lists_ms=-1e9, lists_share=0.9)),
    Rung.INT8: Planner(rung=Rung.INT8),
}
"""Planners that take one rung at any size, and walk where a graph is there and most rows are allowed."""


@cache
def world() -> tuple[Float32, Float32]:
    """Vectors in clusters of clusters, with neighbours that are truly near, and queries like them."""
    random = np.random.default_rng(3)
    themes = random.normal(size=(40, DIMENSION))
    texts = themes[random.integers(0, 40, 600)] + 0.7 * random.normal(size=(600, DIMENSION))
    source = (texts / np.linalg.norm(texts, axis=1, keepdims=True)).astype(np.float32)
    return halved(lifelike(source, COUNT, seed=1)), lifelike(source, QUERIES, seed=2)


@cache
def grown(rung: Rung) -> LadderIndex:
    """An index of that world on one rung; shared, so that nothing may change it."""
    index = LadderIndex(DIMENSION, PLANNERS[rung])
    index.upsert(np.arange(COUNT), world()[0])
    index.settle()
    return index


def small(rung: Rung, count: int = 300, merged_at: int = 100) -> LadderIndex:
    """An index of the first vectors of that world, which may be changed."""
    index = LadderIndex(DIMENSION, PLANNERS[rung], merged_at)
    index.upsert(np.arange(count), world()[0][:count])
    index.settle()
    return index


def allowed(share: float) -> RowSet:
    """A share of all rows, drawn at random."""
    drawn = np.random.default_rng(4).permutation(COUNT)[: round(COUNT * share)]
    return RowSet.of(drawn.tolist(), size=COUNT)


def recall(index: LadderIndex, rows: RowSet, k: int = 10) -> float:
    """Which part of the true nearest is found."""
    vectors, queries = world()
    scores = np.where(rows.mask, queries @ vectors.T, -np.inf)
    true = np.argsort(-scores, axis=1)[:, :k]
    found, _ = index.search(queries, k, rows)
    assert np.all(rows.contains(found[found >= 0]))
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(true, found, strict=True)]))


@pytest.mark.parametrize("rung", PLANNERS)
@pytest.mark.parametrize(("share", "least"), [(1.0, 0.95), (0.1, 0.99), (0.01, 0.99), (0.001, 0.99)], ids=str)
def test_recall_holds_under_any_filter(rung: Rung, share: float, least: float) -> None:
    """Of the true ten nearest allowed rows nearly all are found, also of one row in a thousand."""
    index = grown(rung)
    assert index.rung is rung
    assert recall(index, allowed(share)) >= least


def test_wide_searches_look_into_lists_and_narrow_ones_gather() -> None:
    """Lists are looked into where most rows are allowed, and nowhere else."""
    index = grown(Rung.LISTS16)
    ways = [index.choice(allowed(share)).way for share in (1.0, 0.5, 0.001)]
    assert ways[0] is Way.LISTS
    assert ways[1] is not Way.LISTS
    assert ways[2] is Way.GATHER


@pytest.mark.parametrize("rung", [Rung.EXACT16, Rung.INT8])
def test_passing_over_all_finds_what_scoring_all_does(rung: Rung) -> None:
    """Both exact ways give the same rows and scores."""
    index = grown(rung)
    rows, queries = allowed(0.5), world()[1]
    planner = index._planner
    found = []
    for way in ({"gather_ns": 0.0}, {"gather_ns": 1e9}):
        index._planner = Planner(rung=rung, measured=replace(planner.costs, **way))
        found.append(index.search(queries, 10, rows))
    index._planner = planner
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_a_small_index_is_the_exact_one_to_the_bit(tmp_path: Path) -> None:
    """While vectors are few nothing differs: neither rows, nor scores, nor the file."""
    vectors, queries = world()
    one, other = LadderIndex(DIMENSION), FlatIndex(DIMENSION)
    for index in (one, other):
        index.upsert(np.arange(500), vectors[:500])
        index.upsert(np.array([7, 7, 600]), vectors[600:603])
        index.delete(np.array([3]))
        index.save(tmp_path / type(index).__name__)
    for a, b in zip(
        one.search(queries, 20, RowSet.all(601)), other.search(queries, 20, RowSet.all(601)), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    assert (tmp_path / "LadderIndex").read_bytes() == (tmp_path / "FlatIndex").read_bytes()


def test_a_mapped_index_is_changed_like_any_other(tmp_path: Path) -> None:
    """Upserts and deletions after loading are found, kept by the next save, and leave the file alone."""
    vectors, _ = world()
    small(Rung.EXACT16).save(tmp_path / "index")
    before = (tmp_path / "index").read_bytes()
    index = LadderIndex.load(tmp_path / "index", DIMENSION, PLANNERS[Rung.EXACT16], 100)
    index.upsert(np.array([5, 5, 400]), vectors[1000:1003])
    assert index.delete(np.array([6, 6, 999])) == 1
    assert (tmp_path / "index").read_bytes() == before
    index.save(tmp_path / "index")  # over what is mapped
    again = LadderIndex.load(tmp_path / "index", DIMENSION, PLANNERS[Rung.EXACT16], 100)
    for held in (index, again):
        assert len(held) == 300
        found, scores = held.search(vectors[1000:1003], 1, RowSet.all(500))
        assert found[:, 0].tolist() == [5, 5, 400]
        np.testing.assert_allclose(scores, 1.0, atol=1e-3)
        assert 6 not in held.search(vectors[6:7], 300, RowSet.all(500))[0]


@pytest.mark.parametrize("rung", PLANNERS)
def test_a_new_base_takes_in_what_came_and_leaves_out_what_died(rung: Rung) -> None:
    """After enough changes one base holds exactly what is alive, and scores stay what they were."""
    vectors, queries = world()
    index = small(rung)
    index.upsert(np.arange(290, 350), vectors[290:350])
    index.delete(np.arange(0, 30))
    rows = np.arange(351)
    before = index.score(queries, rows)
    index.merge()
    assert index._delta.vectors == 0
    assert len(index) == 320
    np.testing.assert_array_equal(index.score(queries, rows), before)
    np.testing.assert_array_equal(index.rows(), np.arange(30, 350))


def test_changes_during_a_merge_are_not_lost() -> None:
    """What is stored or deleted while a new base is made counts, whatever the new base holds."""
    vectors, _ = world()
    index = small(Rung.EXACT16)
    index.upsert(np.array([310]), vectors[310:311])

    def change(done: int) -> None:
        if done and 311 not in index.rows():
            index.upsert(np.array([0, 311]), vectors[500:502])
            index.delete(np.array([1, 310]))

    index.progress = change
    index.merge()
    assert set(index.rows().tolist()) == {0, *range(2, 300), 311}
    assert index.search(vectors[500:502], 1, RowSet.all(400))[0].tolist() == [[0], [311]]


def test_lists_are_added_to_until_too_much_of_them_is_dead() -> None:
    """A few newcomers enter the lists that are there; of many dead, lists are made anew."""
    vectors, _ = world()
    index = small(Rung.LISTS16)
    first = index._base
    index.delete(np.arange(10))
    index.upsert(np.arange(300, 320), vectors[300:320])
    index.merge()
    assert index._base is not first
    assert index._base is not None
    assert len(index._base) == 320
    assert index._base.dead == 10
    index.delete(np.arange(10, 80))
    index.upsert(np.array([330]), vectors[330:331])
    index.merge()
    assert len(index._base) == 241
    assert index._base.dead == 0


def test_a_row_that_died_at_the_end_of_lists_and_came_back_counts_once(tmp_path: Path) -> None:
    """Its old slot and its new one stand beside each other; it is one row, and found."""
    vectors, _ = world()
    index = small(Rung.LISTS16)
    index.upsert(np.array([299, 299]), vectors[500:502])
    index.merge()
    index.save(tmp_path / "index")
    for held in (index, LadderIndex.load(tmp_path / "index", DIMENSION, PLANNERS[Rung.LISTS16])):
        assert len(held) == 300
        assert held.search(vectors[500:502], 1, RowSet.of([299]))[0].tolist() == [[299], [299]]


def test_many_lists_are_made_beside_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The upsert that makes lists due comes back at once; searches are whole before and after."""
    monkeypatch.setattr(ladder, "BESIDE", 50)
    vectors, _ = world()
    index = LadderIndex(DIMENSION, PLANNERS[Rung.LISTS16], 100)
    index.upsert(np.arange(200), vectors[:200])
    while_made = index.search(vectors[:1], 1, RowSet.all(200))[0]
    index.settle()
    assert index.rung is Rung.LISTS16
    assert while_made.tolist() == index.search(vectors[:1], 1, RowSet.all(200))[0].tolist() == [[0]]


@pytest.mark.parametrize("rung", PLANNERS)
def test_what_could_lead_astray_is_verified_on_opening(rung: Rung, tmp_path: Path) -> None:
    """An altered row number, list or mark of the dead is refused; an altered vector is found by the check."""
    small(rung).save(tmp_path / "index")
    held = Container(tmp_path / "index")
    whole = bytearray((tmp_path / "index").read_bytes())
    lists = ("lists.middles", "lists.order", "lists.starts") if rung is Rung.LISTS16 else ()
    for name in ("rows", "alive", "vectors", "delta.rows", *lists):
        section = held._table.sections[name]
        if section.size:
            broken = whole.copy()
            broken[section.offset + section.size // 2 if name == "rows" else section.offset] ^= 1
            (tmp_path / "broken").write_bytes(broken)
            with pytest.raises(SnapshotCorrupt, match=rf"broken .*{name}"):
                LadderIndex.load(tmp_path / "broken", DIMENSION)
    last = held._table.sections["fine" if rung is Rung.INT8 else "vectors"]
    late = whole.copy()
    late[last.offset + last.size - 1] ^= 1
    (tmp_path / "late").write_bytes(late)
    told: list[int] = []
    held.check(told.append)
    assert told[-1] == len(held)
    with pytest.raises(SnapshotCorrupt, match="altered"):
        Container(tmp_path / "late").check(told.append)


def test_sections_that_contradict_each_other_are_corrupt(tmp_path: Path) -> None:
    """Whole sections of two different indexes make no index."""
    few, many = small(Rung.EXACT16, 200), small(Rung.EXACT16, 300)
    assert few._base is not None
    assert many._base is not None
    parts = {
        **many._base.parts(),
        "rows": few._base.parts()["rows"],
        "delta.rows": Part(lambda write: write(b"")),
        "delta.vectors": Part(lambda write: write(b"")),
    }
    container.write(tmp_path / "mixed", {"dimension": DIMENSION, "rung": "EXACT16"}, parts)
    with pytest.raises(SnapshotCorrupt, match=r"mixed .*200 rows and 300 vectors"):
        LadderIndex.load(tmp_path / "mixed", DIMENSION)


@pytest.mark.parametrize(
    "facts", [{"dimension": DIMENSION, "rung": "ROPE"}, {"dimension": 3, "rung": "INT8"}]
)
def test_other_kinds_and_lengths_are_incompatible(tmp_path: Path, facts: dict[str, object]) -> None:
    """What a later version, or another model, wrote is told as such."""
    container.write(tmp_path / "other", facts, {})
    with pytest.raises(SnapshotIncompatible, match="other"):
        LadderIndex.load(tmp_path / "other", DIMENSION)


def test_rows_far_apart_are_found(tmp_path: Path) -> None:
    """Row numbers need not be dense, nor start anywhere near 0."""
    vectors, _ = world()
    rows: Int64 = np.arange(150, dtype=np.int64) * 7919 + 100_000
    index = LadderIndex(DIMENSION, PLANNERS[Rung.EXACT16], 100)
    index.upsert(rows, vectors[:150])
    index.save(tmp_path / "index")
    for held in (index, LadderIndex.load(tmp_path / "index", DIMENSION, PLANNERS[Rung.EXACT16])):
        found, _ = held.search(vectors[:3], 1, RowSet.of(rows.tolist()))
        assert found[:, 0].tolist() == rows[:3].tolist()
