"""The index by size and filter: vectors that are made, steps that are measured, and what the page says."""

import sys
from collections import Counter
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from matcher.index import Planner, Rung
from service.measure import index, lifelike, rivals, rungs


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A world of few vectors, made of random directions in place of texts."""
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(index, "QUERIES", 8)
    monkeypatch.setattr(index, "PASSES", 2)
    monkeypatch.setattr(index, "CHANGES", 4)
    random = np.random.default_rng(1).normal(size=(60, 32)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    monkeypatch.setattr(lifelike, "real", lambda progress: random)
    return 4_000


def test_vectors_are_made_once_and_alike_ever_after(small, tmp_path, monkeypatch):
    """What is kept is used again; the same seed makes the same vectors."""
    first, source = lifelike.kept(tmp_path, 50, lambda done: None)
    monkeypatch.setattr(lifelike, "real", lambda progress: pytest.fail("texts were embedded again"))
    again, _ = lifelike.kept(tmp_path, 50, lambda done: None)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(lifelike.lifelike(source, 50, lifelike.SEED), first)


def test_made_vectors_stay_near_the_real_ones(small, tmp_path):
    """Each is nearer to some real vector than real ones are to each other in the mean."""
    made, source = lifelike.kept(tmp_path, 300, lambda done: None)
    near = (made @ source.T).max(axis=1)
    assert np.median(near) > 0.6
    assert np.median(near) > np.median(source @ source.T) + 0.3


def test_truth_is_what_sorting_all_products_gives(small):
    """Under a filter too."""
    made = index.world(small)
    for share, rows in made.allowed.items():
        scores = np.where(rows.mask, made.queries @ made.vectors.T, -np.inf)
        best = np.argsort(-scores, axis=1)[:, : index.K]
        assert made.recall(share, best) == 1.0
        assert len(rows) == max(index.K, round(share * small))


@pytest.mark.parametrize("rung", list(Rung))
def test_a_rung_is_built_once_and_searched_under_every_filter(small, rung):
    """Recall, times, memory and the cost of changes come out."""
    built = index.build(small, rung)
    assert index.build(small, rung) == built
    found = index.search(small, rung)
    assert set(found["shares"]) == {"1", "0.1", "0.01", "0.001"}
    assert all(one["recall"] >= 0.95 for one in found["shares"].values())
    assert all(0 < one["p50_from_ms"] <= one["p50_ms"] <= one["p95_ms"] for one in found["shares"].values())
    assert 0 < found["load_seconds"] <= found["restart_seconds"]


def test_costs_come_from_steps_that_were_timed(small):
    """Every step has a time, and a planner can be made of them."""
    measured = index.stepwise(small)
    assert min(measured.flat_ns, measured.scan16_ns, measured.scan8_ns, measured.skip_ns) > 0
    assert measured.lists_looked in index.LOOKED
    assert Planner(10**10, measured).plan(100, 32).rung is Rung.EXACT32


HERE = [one for one in rivals.RIVALS if find_spec(one.package)]
"""With the extra `peers` all of them."""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("one", HERE, ids=lambda one: one.name)
def test_rivals_find_what_is_near_and_allowed(small, one, tmp_path):
    """Each that is installed is asked under the same filters, and gives rows that these allow."""
    made = index.world(small)
    ask = one.made(made.vectors, made.allowed, index.K, tmp_path)
    for share, rows in made.allowed.items():
        found = [ask(query, share) for query in made.queries]
        assert all(len(each) <= index.K for each in found)
        assert all(np.all(rows.contains(each[each >= 0])) for each in found)
        # IVF loses what a narrow filter leaves in lists that it does not look at, and txtai what is not
        # among the nearest of all
        exact = "IVF" not in one.name and one.package != "txtai"
        assert made.recall(share, found) > (0.99 if exact else 0.6 if share == 1 else -1)


def test_a_slow_rival_is_timed_on_fewer_questions(small, monkeypatch):
    """Its recall is of all of them all the same."""
    monkeypatch.setattr(index, "PATIENCE_S", 0.0)
    asked = []
    flat = rivals.RIVALS[0]

    def counted(*given):
        ask = flat.made(*given)
        return lambda query, share: asked.append(share) or ask(query, share)

    monkeypatch.setattr(rivals, "RIVALS", (replace(flat, made=counted),))
    found = index.rival(small, flat.name)
    assert all(one["recall"] == 1.0 for one in found["shares"].values())
    assert Counter(asked) == dict.fromkeys(rungs.SHARES, index.QUERIES + index.QUERIES // 5)


def test_a_rival_that_is_not_installed_says_so(monkeypatch):
    """Nothing is computed for it, and how to install it is told."""
    monkeypatch.setitem(sys.modules, "lancedb", None)
    monkeypatch.setattr(index, "world", lambda size: pytest.fail("a world was made"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert ".[peers]" in index.rival(100, "LanceDB, no index")["failed"]


def figures(p50=1.0, recall=1.0, way="scan"):
    """What one job found."""
    share = {"way": way, "why": "", "recall": recall, "p50_ms": p50, "p95_ms": 2 * p50, "busy_ms": p50}
    share |= {"p50_from_ms": p50, "p50_to_ms": p50}
    return {
        "build_seconds": 1.0,
        "file_bytes": 10**6,
        "load_seconds": 0.1,
        "restart_seconds": 0.2,
        "memory_bytes": 10**9,
        "upsert_ms": 0.1,
        "replace_ms": 0.1,
        "delete_ms": 0.1,
        "shares": {f"{number:g}": share for number in rungs.SHARES},
    }


FACTS = {
    "date": "2031-01-01",
    "commit": "abc",
    "processor": "a processor",
    "threads": 2,
    "memory_gb": 8,
    "load_before": 0.1,
    "queries": 10,
    "passes": 3,
}


def test_bars_are_held_to_the_rung_that_the_planner_takes(tmp_path):
    """At a million vectors; a figure on the wrong side of its bar is not met."""
    found = {
        "machine": FACTS,
        "ours": {"1000000/LISTS16": figures(12.0, 0.96, "lists"), "1000000/INT8": {"failed": "killed"}},
        "due": {1_000_000: "LISTS16"},
        "rivals": {"size": 100, "LanceDB, no index": {"failed": "lancedb is not installed"}},
    }
    page = rungs.page(found)
    assert "| p50 ms, no filter | 12 | under 10 | **no** |" in page
    assert "| recall@10, no filter | 0.96 | at least 0.95 | yes |" in page
    assert "Not measured: killed" in page
    assert "lancedb is not installed" in page
    rungs.drawn(tmp_path / "one.svg", found, 0.01)
    assert "<svg" in (tmp_path / "one.svg").read_text("utf-8")


def test_bars_that_were_not_measured_are_not_shown():
    """A run of small sizes says nothing of a million."""
    found = {
        "machine": FACTS,
        "ours": {"100/EXACT32": figures()},
        "due": {100: "EXACT32"},
        "rivals": {"size": 100},
    }
    assert "Bars" not in rungs.page(found)
