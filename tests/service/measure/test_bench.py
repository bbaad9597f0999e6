import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from corpora import load_sample
from service.measure import bench
from service.settings import Settings


@pytest.fixture(autouse=True)
def hashing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The model without weights, and a cache that is empty."""
    monkeypatch.setenv("NEEDMATCH_MODEL", "hashing")
    monkeypatch.setenv("NEEDMATCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs in this process: a fresh one for each would load every language's rules again."""

    def job(name: str, *, size: int, quick: bool = False, snapshot: str | None = None) -> dict[str, Any]:
        plan = replace(bench.QUICK if quick else bench.Plan(), size=size)
        found = bench.JOBS[name](plan, Settings(), Path(snapshot) if snapshot else None)
        as_printed: dict[str, Any] = json.loads(json.dumps(found))
        return as_printed

    monkeypatch.setattr(bench, "alone", job)


@pytest.mark.usefixtures("here")
def test_a_quick_run_writes_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both files are written, hold every figure that has a bar and the others, and agree."""
    bench.main(["--quick", "--size", "30", "--out", str(tmp_path)])
    facts = json.loads((tmp_path / "performance.json").read_text(encoding="utf-8"))
    figures = {figure["name"]: figure for figure in facts["figures"]}
    held = {name: (f["bar"], f["unit"]) for name, f in figures.items() if f["bar"] is not None}
    assert held == {
        "embedding speed over sentence-transformers, 120 tokens": (2.5, "x"),
        "`needmatch --help`": (0.5, "s"),
        "peak memory, no records": (1.5, "GB"),
        "loading a snapshot of 30 solutions": (1.0, "s"),
        "one query over 30 solutions, p50": (40, "ms"),
        "one query over 30 solutions, p95": (100, "ms"),
        "peak memory, 30 solutions": (2.0, "GB"),
    }
    assert set(figures) - set(held) == {
        "embedding speed over sentence-transformers, 20 tokens",
        "embedding speed over sentence-transformers, 300 tokens",
        "opening the engine",
        "of it, reading the need (model, sentences, terms), p50",
        "the first queries of a process",
        f"grouping the sample's {len(load_sample().needs)} needs",
        "grouping 30 vectors",
    }
    assert all(figure["value"] > 0 for figure in figures.values())
    assert (facts["quick"], facts["plan"]["size"]) == (True, 30)
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in page for name in figures)
    assert "figures say nothing" in page
    printed = capsys.readouterr().out
    assert "grouping 30 vectors" in re.sub(r"\s+", " ", printed)


def test_a_job_runs_in_a_process_of_its_own() -> None:
    """What a job finds comes back through its standard output."""
    found = bench.alone("throughput", size=30, quick=True)
    assert found["fast"] == "hashing@1/hashing"
    assert {tokens: one["texts"] for tokens, one in found["lengths"].items()} == {"20": 4, "120": 2, "300": 2}


def test_the_process_that_starts_the_jobs_imports_no_engine() -> None:
    """Its memory would count as theirs, and its imports would have warmed the disk for them."""
    script = (
        "import sys; from service.measure import bench; from service.settings import Settings;"
        "bench.machine(Settings());"
        "print({'numpy', 'faiss', 'spacy', 'torch', 'openvino'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "set()"


def test_a_job_that_fails_stops_the_run(tmp_path: Path) -> None:
    """A process that fails is named, and no figure is made of it."""
    with pytest.raises(SystemExit, match="'load'"):
        bench.alone("load", size=30, quick=True, snapshot=str(tmp_path / "absent"))


def test_the_snapshot_is_made_once_and_again_for_other_content(tmp_path: Path) -> None:
    """A second build takes what is there; another seed replaces it."""
    plan = replace(bench.QUICK, size=5)
    first = bench.build(plan, Settings())
    assert bench.build(plan, Settings()) == {"snapshot": first["snapshot"], "reused": True}
    other = bench.build(replace(plan, seed=plan.seed + 1), Settings())
    assert not other["reused"]
    kept = [path for path in (tmp_path / "cache" / "bench").glob("5-*") if path.is_dir()]
    assert kept == [Path(other["snapshot"])]


@pytest.mark.parametrize("size", ["0", "-3"])
def test_a_size_below_one_is_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says what was given."""
    with pytest.raises(SystemExit):
        bench.main(["--size", size])
    assert f"got {size}" in capsys.readouterr().err


def test_both_sides_take_turns_at_going_first() -> None:
    """A round starts with the side that went second before; each runs once unmeasured."""
    ran: list[str] = []

    def side(name: str) -> Callable[[], None]:
        return lambda: ran.append(name)

    pairs = bench.alternated(side("a"), side("b"), rounds=3)
    assert "".join(ran) == "ab" + "ab" + "ba" + "ab"
    assert len(pairs) == 3


def test_the_commit_says_when_files_differ(tmp_path: Path) -> None:
    """Changed pages of docs do not count; anything else does; without a repository it is unknown."""
    assert bench.commit(tmp_path).startswith("unknown")
    for command in (
        "init -q",
        "-c user.name=a -c user.email=a@example.org -c commit.gpgsign=false commit -q --allow-empty -m x",
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command.split()], check=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "performance.md").write_text("figures", encoding="utf-8")
    assert re.fullmatch(r"[0-9a-f]{7,}", bench.commit(tmp_path))
    (tmp_path / "engine.py").write_text("", encoding="utf-8")
    assert bench.commit(tmp_path).endswith("with changes")
