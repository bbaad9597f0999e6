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
from service.measure import bench, jobs
from service.settings import Settings


@pytest.fixture(autouse=True)
def hashing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The model without weights, and a cache that is empty."""
    monkeypatch.setenv("NEEDMATCH_MODEL", "hashing")
    monkeypatch.setenv("NEEDMATCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs in this process: a fresh one for each would load every language's rules again."""

    def job(
        name: str, *, size: int, large: int = 0, quick: bool = False, snapshot: str | None = None
    ) -> dict[str, Any]:
        plan = replace(jobs.QUICK if quick else jobs.Plan(), size=size, large=large)
        found = jobs.JOBS[name](plan, Settings(), Path(snapshot) if snapshot else None)
        as_printed: dict[str, Any] = json.loads(json.dumps(found))
        return as_printed

    monkeypatch.setattr(bench, "alone", job)


@pytest.mark.usefixtures("here")
def test_a_quick_run_writes_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both files are written, hold every figure that has a bar and the others, and agree."""
    bench.main(["--quick", "--size", "30", "--large", "40", "--out", str(tmp_path)])
    parts = json.loads((tmp_path / "performance.json").read_text(encoding="utf-8"))["parts"]
    assert list(parts) == list(bench.PARTS)
    figures = {figure["name"]: figure for part in parts.values() for figure in part["figures"]}
    held = {name: (f["bar"], f["unit"]) for name, f in figures.items() if f["bar"] is not None}
    assert held == {
        "embedding speed over the fastest other, 120 tokens": (3.0, "x"),
        "`needmatch --help`": (0.5, "s"),
        "peak memory, no records": (1.5, "GB"),
        "loading a snapshot of 30 solutions": (1.0, "s"),
        "loading a snapshot of 40 solutions": (1.0, "s"),
        "one query over 30 solutions, p50": (40, "ms"),
        "one query over 30 solutions, p95": (100, "ms"),
        "one query over 40 solutions, p50": (40, "ms"),
        "one query over 40 solutions, p95": (100, "ms"),
        "peak memory, 30 solutions": (2.0, "GB"),
        "peak memory, 40 solutions": (2.0, "GB"),
    }
    assert set(figures) - set(held) == {
        "embedding speed over the fastest other, 20 tokens",
        "embedding speed over the fastest other, 300 tokens",
        "opening the engine",
        *(f"of it, reading the need, p50 ({size})" for size in (30, 40)),
        *(f"the first queries of a process ({size})" for size in (30, 40)),
        f"grouping the sample's {len(load_sample().needs)} needs",
        "grouping 30 vectors",
    }
    assert all(figure["value"] > 0 for figure in figures.values())
    machines = [part["machine"] for part in parts.values()]
    assert all(
        (one["quick"], one["plan"]["size"], one["plan"]["large"]) == (True, 30, 40) for one in machines
    )
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in page for name in figures)
    assert ", quick" in page
    printed = capsys.readouterr().out
    assert "grouping 30 vectors" in re.sub(r"\s+", " ", printed)


@pytest.mark.usefixtures("here")
def test_a_part_is_measured_anew_without_the_others(tmp_path: Path) -> None:
    """What is stored of the others stays, with the machine and the day of its own."""
    bench.main(["--quick", "--only", "start", "--size", "5", "--large", "0", "--out", str(tmp_path)])
    file = tmp_path / "performance.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["parts"]["start"]["machine"]["commit"] = "of old"
    file.write_text(json.dumps(kept), encoding="utf-8")
    bench.main(["--quick", "--only", "embedding", "--out", str(tmp_path)])
    parts = json.loads(file.read_text(encoding="utf-8"))["parts"]
    assert set(parts) == {"start", "embedding"}
    assert parts["start"] == kept["parts"]["start"]
    assert "of old" in (tmp_path / "performance.md").read_text(encoding="utf-8")


def test_a_job_runs_in_a_process_of_its_own() -> None:
    """What a job finds comes back through its standard output."""
    found = bench.alone("throughput", size=30, quick=True)
    assert found["engines"]["needmatch"] == "hashing@1/hashing"
    assert {tokens: one["texts"] for tokens, one in found["lengths"].items()} == {"20": 4, "120": 2, "300": 2}
    assert set(found["missing"]) == {"txtai"}  # not installed, or no model of its kind


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


@pytest.mark.parametrize(("job", "named"), [(jobs.build, "5-*"), (jobs.assemble, "assembled-6-*")])
def test_a_snapshot_is_made_once_and_again_for_other_content(
    tmp_path: Path, job: Callable[..., dict[str, Any]], named: str
) -> None:
    """A second build takes what is there; another seed replaces it."""
    plan = replace(jobs.QUICK, size=5, large=6)
    first = job(plan, Settings())
    assert job(plan, Settings()) == {"snapshot": first["snapshot"], "reused": True}
    other = job(replace(plan, seed=plan.seed + 1), Settings())
    assert not other["reused"]
    kept = [path for path in (tmp_path / "cache" / "bench").glob(named) if path.is_dir()]
    assert kept == [Path(other["snapshot"])]


@pytest.mark.parametrize(
    "wrong", [("--size", "0"), ("--size", "-3"), ("--large", "-1"), ("--only", "nothing")]
)
def test_what_cannot_be_measured_is_refused(
    wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what was given."""
    with pytest.raises(SystemExit):
        bench.main(wrong)
    assert f"got {wrong[1]}" in capsys.readouterr().err


def test_all_sides_take_turns_at_going_first() -> None:
    """A round starts with another side than the one before; each runs once unmeasured."""
    ran: list[str] = []

    def side(name: str) -> Callable[[], None]:
        return lambda: ran.append(name)

    found = jobs.in_turn({name: side(name) for name in "abc"}, rounds=4)
    assert "".join(ran) == "abc" + "abc" + "bca" + "cab" + "abc"
    assert {name: len(seconds) for name, seconds in found.items()} == dict.fromkeys("abc", 4)
