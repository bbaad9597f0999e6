"""The whole benchmark: which processes run, what is written, and what is said where a part fails."""

import json
import sys
from pathlib import Path

import pytest

from service.measure import __main__ as whole
from service.measure import bench, index, load, scale
from service.measure.parts import ALL, PARTS, runs


def test_each_part_is_measured_once(tmp_path: Path) -> None:
    """Parts of one process go together, and every part is in one."""
    todo = runs(ALL, tmp_path, quick=False)
    modules = [given[0] for _, given in todo]
    assert len(set(modules)) == len(modules)
    assert {part.name for parts, _ in todo for part in parts} == set(ALL)
    own = next(given for _, given in todo if given[0] == "service.measure.bench")
    assert own[own.index("--only") + 1].split(",") == list(bench.PARTS)


@pytest.mark.parametrize("quick", [False, True])
def test_arguments_of_each_process_are_understood(
    tmp_path: Path, quick: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is refused by what it is given to: asked for help besides, it gives help."""
    mains = {module.__name__: module.main for module in (bench, index, load, scale)}
    for _, (module, *given) in runs(ALL, tmp_path, quick=quick):
        with pytest.raises(SystemExit) as ended:
            mains[module]([*given, "--help"])
        assert ended.value.code == 0
        assert "usage" in capsys.readouterr().out


def test_a_plan_names_commands_files_and_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    """And measures nothing."""
    whole.main(["--plan", "--json", "--only", "index,load"])
    told = json.loads(capsys.readouterr().out)
    assert [one["part"] for one in told["parts"]] == ["index", "load"]
    assert all(one["minutes"] > 0 for one in told["parts"])
    assert [command.split()[2] for command in told["commands"]] == [
        "service.measure.index", "service.measure.load",
    ]  # fmt: skip
    whole.main(["--plan"])
    assert all(part.name in capsys.readouterr().out for part in PARTS[:1])


def test_a_quick_part_is_really_measured_and_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As JSON, and into the files of the folder."""
    monkeypatch.setenv("NEEDMATCH_MODEL", "hashing")
    monkeypatch.setenv("NEEDMATCH_CACHE", str(tmp_path / "cache"))
    whole.main(["--only", "start", "--quick", "--json", "--out", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)
    assert told["performance"] == json.loads((tmp_path / "performance.json").read_text(encoding="utf-8"))
    names = [figure["name"] for figure in told["performance"]["parts"]["start"]["figures"]]
    assert "opening the engine" in names
    assert "opening the engine" in (tmp_path / "performance.md").read_text(encoding="utf-8")


def test_a_part_that_fails_is_named_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is written all the same, of what there is."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SystemExit, match="Not measured, for the reasons above: index; load"):
        whole.main(["--only", "index,load", "--out", str(tmp_path)])
    assert (tmp_path / "performance.md").is_file()


def test_a_part_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says which there are."""
    with pytest.raises(SystemExit):
        whole.main(["--only", "start,nothing"])
    assert "got nothing" in capsys.readouterr().err
