"""`bench`: what is asked for reaches what measures, and how that ended reaches whoever asked."""

import json

import pytest

from service import cli


def run(*arguments: str) -> int:
    """How the command ends; what it writes comes from a process of its own."""
    with pytest.raises(SystemExit) as ended:
        cli.app([*arguments])
    return int(ended.value.code or 0)


def test_a_plan_is_shown_without_measuring(capfd: pytest.CaptureFixture[str]) -> None:
    """The parts that were chosen, their commands, and the folder."""
    assert run("bench", "--plan", "--json", "--only", "query,index", "--out", "elsewhere", "--quick") == 0
    told = json.loads(capfd.readouterr().out)
    assert [one["part"] for one in told["parts"]] == ["query", "index"]
    assert all("--out elsewhere" in command for command in told["commands"])
    assert "--only query --quick" in told["commands"][0]


def test_a_part_that_does_not_exist_fails(capfd: pytest.CaptureFixture[str]) -> None:
    """With the message and the code of what measures."""
    assert run("bench", "--only", "nothing") == 2
    assert "got nothing" in capfd.readouterr().err
