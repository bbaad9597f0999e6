"""The one page of all figures: what stands on it, what is missing, and what is met."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.measure import bench, jobs, overview
from service.measure.performance import Figure, stored
from service.settings import Settings

FACTS = {
    "date": "2031-02-03",
    "commit": "abc1234",
    "processor": "Abacus, 8 cores",
    "threads": 3,
    "memory_gb": 12.5,
    "system": "Linux x86_64",
    "python": "3.14.1",
    "load_before": 0.5,
    "load_after": 1.5,
    "plan": {"size": 4321, "large": 54321, "seed": 99},
}


@pytest.fixture
def keep(tmp_path: Path) -> Callable[..., Path]:
    """Puts what a part found into its file."""

    def put(name: str, found: dict[str, Any]) -> Path:
        (tmp_path / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")
        return tmp_path

    return put


def test_nothing_is_said_of_what_was_not_measured(tmp_path: Path) -> None:
    """An empty folder gives a page that names each part with the command that measures it."""
    page = overview.write(tmp_path).read_text(encoding="utf-8")
    assert "0 of 0 bars" in page
    for command in overview.COMMANDS.values():
        assert f"`{command}`" in page
    assert not list((tmp_path / "performance").iterdir())


def test_figures_stand_with_their_day_commit_and_machine(tmp_path: Path) -> None:
    """Each machine has a letter, and each part is of its own."""
    stored({"start": {"figures": [Figure("start", 0.61, "s", "3 times", bar=0.5)]}}, FACTS, tmp_path)
    other = FACTS | {"processor": "Slide rule", "commit": "def", "quick": True}
    stored({"memory": {"figures": [Figure("memory", 1.0, "GB", bar=1.5)]}}, other, tmp_path)
    page = overview.write(tmp_path).read_text(encoding="utf-8")
    assert "1 of 2 bars that were measured are met" in page
    assert "| start | 0.61 s | below 0.5 s | **no** | 2031-02-03, abc1234, A |" in page
    assert "| memory | 1 GB | below 1.5 GB | yes | 2031-02-03, def, B, quick |" in page
    assert "- A: Abacus, 8 cores (3 used), 12.5 GB, Linux x86_64, Python 3.14.1" in page
    assert "- B: Slide rule" in page
    assert "by putting\n  sentences" in page
    assert "4,321" in page
    assert "54,321 solutions" in page


def test_figures_of_an_older_form_are_left_out(keep: Callable[..., Path]) -> None:
    """They do not say which part they are of."""
    folder = keep("performance", {"figures": [{"name": "start", "value": 1.0}], **FACTS})
    assert "0 of 0 bars" in overview.write(folder).read_text(encoding="utf-8")


def share(ms: float, recall: float, way: str = "scan") -> dict[str, Any]:
    """What a search under one filter took."""
    return {"way": way, "recall": recall, "p50_ms": ms}


def test_search_is_held_against_others_and_against_its_bars(keep: Callable[..., Path]) -> None:
    """Ratios are over the way of keeping vectors that the planner takes at that size."""
    all_ = {f"{part:g}": share(2.0, 1.0) for part in (1, 0.1, 0.01, 0.001)}
    large = {"1": share(12.0, 0.96, "lists"), "0.01": share(4.0, 1.0)}
    other = {name: share(5.0, 0.5) for name in all_}
    folder = keep(
        "index",
        {
            "machine": FACTS,
            "ours": {
                "100/EXACT32": {"shares": all_},
                "1000000/LISTS16": {"shares": large, "memory_bytes": 1.3e9, "restart_seconds": 0.5},
            },
            "due": {"100": "EXACT32", "1000000": "LISTS16"},
            "rivals": {"size": 100, "Other": {"shares": other}, "Absent": {"failed": "not installed"}},
        },
    )
    page = overview.write(folder).read_text(encoding="utf-8")
    assert "| Other | 5 ms; 0.500 (2.5) |" in page
    assert "| Absent | not measured: not installed |" in page
    assert "| search among 1,000,000 vectors: p50, no filter | 12 ms | below 10 ms | **no** |" in page
    assert "| search among 1,000,000 vectors: memory | 1.3 GB | below 1.2 GB | **no** |" in page
    assert "| search among 1,000,000 vectors: restart | 0.5 s | below 2 s | yes |" in page
    assert "search among 1,000,000 vectors: time, recall" not in page
    assert "![" in page
    assert "<svg" in (folder / "performance" / "search.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("ours", "times", "gain"),
    [((0.2, 0.8), "yes", "yes"), ((4.0, 0.6), "**no**", "**no**")],
)
def test_grouping_is_held_against_the_fastest_other(
    keep: Callable[..., Path], ours: tuple[float, float], times: str, gain: str
) -> None:
    """Ten times faster, and with a better B-cubed F1."""

    def one(seconds: float, bcubed: float) -> dict[str, Any]:
        return {"size": 20_000, "seconds_grouping": seconds, "pair_f1": 0.5, "bcubed_f1": bcubed}

    peers = {"ours": one(*ours), "likewise": one(1.0, 0.75), "community": one(2.5, 0.7)}
    peers["bertopic"] = one(60.0, 0.9)
    growth = [{"size": 100_000, "seconds_grouping": 100.0, "seconds_judging": 90.0}]
    folder = keep("scale", {"machine": FACTS, "growth": growth, "peers": peers})
    page = overview.write(folder).read_text(encoding="utf-8")
    held = [
        line
        for line in page.splitlines()
        if "of community_detection" in line or "over community_detection" in line
    ]
    assert [f"| {met} |" in line for met, line in zip((times, gain), held, strict=True)] == [True, True]
    assert "| the same, both cuts chosen alike | 0.05 | at least 0 | yes |" in page
    assert "| needmatch, its cut chosen as theirs | 1.0 s |" in page
    assert "| grouping and judging 100,000 needs | 190 s | below 180 s | **no** |" in page
    assert "<svg" in (folder / "performance" / "clustering.svg").read_text(encoding="utf-8")


def test_the_page_is_made_of_what_was_really_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small runs of embedding and of queries give tables of ratios, and plots of the same."""
    monkeypatch.setenv("NEEDMATCH_MODEL", "hashing")
    monkeypatch.setenv("NEEDMATCH_CACHE", str(tmp_path / "cache"))

    def job(name: str, *, snapshot: str | None = None, **_: Any) -> dict[str, Any]:
        plan = jobs.Plan(**{field: getattr(jobs.QUICK, field) for field in jobs.QUICK.__slots__})
        return jobs.JOBS[name](plan, Settings(), Path(snapshot) if snapshot else None)

    monkeypatch.setattr(bench, "alone", job)
    bench.main(
        ["--quick", "--only", "embedding,query", "--size", "20", "--large", "30", "--out", str(tmp_path)]
    )
    parts = json.loads((tmp_path / "performance.json").read_text(encoding="utf-8"))["parts"]
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    rates, ratios = parts["embedding"]["rates"], parts["embedding"]["ratios"]
    assert "| " + " | ".join(["needmatch", *(f"{one['needmatch']:.0f}" for one in rates.values())]) in page
    cells = [
        f"{rates[at]['sentence-transformers']:.0f} ({ratios[at]['sentence-transformers']:.2f})"
        for at in rates
    ]
    assert "| " + " | ".join(["sentence-transformers", *cells]) in page
    assert {file.stem for file in (tmp_path / "performance").iterdir()} == {"embedding", "query"}
    assert "![Texts a second by length](performance/embedding.svg)" in page
    assert "`needmatch bench --only index`" in page
