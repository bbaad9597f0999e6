"""Measuring a whole service under load works, tells what went wrong, and keeps its data."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from matcher.records import Need
from service.measure import capacity, load, traffic
from service.measure.traffic import MIX, Asked, Person, User, World

WORLD = World(("N1",), ("S1",), ("pumps", "vests"), (Need(id="N", title="pump"), Need(id="M", title="vest")))


@pytest.mark.usefixtures("loopback")
def test_a_short_run_measures_a_service_and_finds_its_data_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Users work without an error, all is read back, and another run starts from the data that were made."""
    monkeypatch.setenv("NEEDMATCH_MODEL", "hashing")
    monkeypatch.setenv("NEEDMATCH_CACHE", str(tmp_path / "cache"))
    size = ["--needs", "200", "--solutions", "200"]
    users = ["--users", "4", "--minutes", "0.085", "--think", "0.2"]
    load.main([*size, *users, "--data", str(tmp_path / "kept"), "--out", str(tmp_path / "docs")])
    facts = json.loads((tmp_path / "docs" / "load.json").read_text(encoding="utf-8"))
    assert facts["errors"] == {}
    assert (facts["failed"], facts["lost_number"]) == (0, 0)
    assert facts["requests"] == sum(told["requests"] for told in facts["kinds"].values())
    assert facts["requests"] >= 4, "each user asked something"
    assert set(facts["kinds"]) == set(MIX)
    assert facts["peak_gb"] >= facts["idle_gb"] > 0
    page = (tmp_path / "docs" / "load.md").read_text(encoding="utf-8")
    assert all(kind in page for kind in MIX)
    (kept,) = (tmp_path / "kept").iterdir()
    before = (kept / load.WORLD).stat().st_mtime_ns
    settings = load.Settings()
    assert load.prepare(load.Plan(needs=200, solutions=200), settings, tmp_path / "kept") == kept
    assert (kept / load.WORLD).stat().st_mtime_ns == before
    assert "from start to ready" in capsys.readouterr().out


def user(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, dict[str, Any]]) -> User:
    """A user whose service gives these answers."""
    made = User(Person("token", ()), WORLD, 1, 1)
    waiting = list(answers)
    monkeypatch.setattr(made, "_send", lambda *_: waiting.pop(0) if waiting else (500, {"detail": "no"}))
    return made


def test_what_was_not_kept_as_it_was_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost, or of another version: each is named; what is right is not."""
    asked = user(
        monkeypatch, (200, {"title": "a", "version": 1}), (200, {"title": "b", "version": 1}), (404, {})
    )
    asked.written = {
        "right": {"title": "a", "version": 1},
        "older": {"title": "b", "version": 2},
        "lost": {"title": "c", "version": 1},
    }
    assert [told.partition(":")[0] for told in asked.check(2)] == ["older", "lost"]


def test_refusals_and_broken_connections_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is no success counts, with what was said."""
    asked = user(monkeypatch)
    over = SimpleNamespace(turns=[False] * 30 + [True], wait=lambda _: over.turns.pop(0))
    asked.use(0.0, over)  # type: ignore[arg-type]
    assert len(asked.asked) == 30
    assert all(one.error.startswith("500 no") for one in asked.asked)

    def broken(*_: object) -> None:
        raise ConnectionResetError("gone")

    monkeypatch.setattr(asked, "_send", broken)
    over.turns = [False, True]
    asked.use(0.0, over)  # type: ignore[arg-type]
    assert asked.asked[-1].error == "ConnectionResetError: gone"


def test_shares_are_of_one() -> None:
    """Kinds make up the whole, and recommendations come first."""
    assert sum(MIX.values()) == pytest.approx(1)
    assert max(MIX, key=MIX.__getitem__) == traffic.RECOMMENDATIONS


def facts(**changed: Any) -> dict[str, Any]:
    """What a run of two requests found."""
    one = capacity.summary([Asked(traffic.RECOMMENDATIONS, 0.0, 0.05)])
    kinds = {kind: one if kind == traffic.RECOMMENDATIONS else capacity.summary([]) for kind in MIX}
    measured = {"ready_s": 5.0, "again_s": 4.0, "idle_gb": 0.5, "peak_gb": 0.6, "seconds": 2.0, "requests": 1}
    told = {
        "per_second": 0.5,
        "kinds": kinds,
        "failed": 0,
        "errors": {},
        "written": 0,
        "lost_number": 0,
        "lost": [],
    }
    place = {
        "date": "2031-01-01",
        "commit": "abc",
        "processor": "P",
        "threads": 2,
        "memory_gb": 8.0,
        "system": "L",
    }
    rest = {"python": "3.11", "load_before": 1.0, "load_after": 2.0, "organisations": 20}
    return {**measured, **told, **place, **rest, "plan": vars_of(load.Plan()), **changed}


def vars_of(plan: load.Plan) -> dict[str, Any]:
    """A plan as plain values."""
    return {name: getattr(plan, name) for name in plan.__slots__}


def test_a_page_tells_bars_that_are_missed_and_what_went_wrong() -> None:
    """Errors and losses stand on the page with their words; without any there is no such part."""
    good = capacity.figures_of(facts())
    assert all(figure.met is not False for figure in good)
    assert "What went wrong" not in capacity.page(good, facts())
    trouble = facts(
        failed=2, errors={"feedback: 409 stale": 2}, lost_number=1, lost=["N1: 404, {}"], ready_s=9.0
    )
    figures = capacity.figures_of(trouble)
    assert [figure.name for figure in figures if figure.met is False] == [
        "from start to ready",
        "requests that failed",
        "writes lost in a restart",
    ]
    page = capacity.page(figures, trouble)
    assert "2 times feedback: 409 stale" in page
    assert "N1: 404" in page


def test_memory_is_that_of_all_processes() -> None:
    """A process and its child weigh more than the child; one that is not there has no weight."""
    waiting = "import sys; sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()"
    starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {waiting!r}])"
    with subprocess.Popen([sys.executable, "-c", starts], stdin=-1, stdout=-1) as both:
        assert both.stdout is not None
        assert both.stdin is not None
        both.stdout.read(1)
        (child,) = Path(f"/proc/{both.pid}/task/{both.pid}/children").read_text().split()
        whole, part = load.resident_gb(both.pid), load.resident_gb(int(child))
        both.stdin.close()
    assert whole is not None
    assert part is not None
    assert whole > part > 0
    assert load.resident_gb(both.pid) is None
