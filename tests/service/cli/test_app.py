"""The command as a whole: instant help, every option explained, completion, messages for errors."""

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer

from service.cli import main
from service.cli.app import app

COMMAND = Path(sys.executable).with_name("needmatch")
HEAVY = (
    *("faiss", "torch", "sklearn", "openvino", "scipy", "spacy", "transformers", "sentence_transformers"),
    *("pandas", "plotly", "docx", "jinja2"),
)
ARGUMENTS = [["--help"], ["match", "--help"], ["--version"], ["models", "list"], ["market"]]
"""What is answered at once."""
HELP_SECONDS = 1.0
"""Half of it is the aim; a busy machine gets twice that."""


def commands(command: Any = None, name: str = "needmatch") -> Iterator[tuple[str, Any]]:
    """Every command and sub-command with its full name."""
    command = command or typer.main.get_command(app)
    yield name, command
    for child, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {child}")


def test_all_jobs_are_commands():
    """The commands that the documents name are there."""
    names = {name.removeprefix("needmatch").strip() for name, _ in commands()}
    jobs = "demo import export match demand similar why-not duplicates suggest candidates candidate dossier "
    jobs += "market rank group evaluate batch bench index serve migrate backup restore"
    edits = "merge split lock unlock rename must-link cannot-link undo list"
    assert names == {
        "",
        *jobs.split(),
        "cycle",
        "cycle save",
        "cycle diff",
        "review",
        *(f"review {edit}" for edit in edits.split()),
        "admin",
        *(f"admin {job}" for job in "organisation user token network list disable-user password".split()),
        "database",
        *(f"database {job}" for job in "up down check vectors shard replica promote".split()),
        "models",
        *(f"models {job}" for job in "list prepare offsets cpv duplicates grouping train fit".split()),
    }


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_every_command_and_option_is_explained(name, command):
    """No command, argument or option is without help, and none loses a part of it to markup."""
    assert command.help
    for parameter in command.params:
        assert parameter.help, f"{name} {parameter.name}"
        assert not re.search(r"(?<!\\)\[default", parameter.help)


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_help_is_shown_for_every_command(needmatch, name):
    """`--help` ends with 0 and prints the usage."""
    ran = needmatch(*name.split()[1:], "--help")
    assert ran.code == 0
    assert name in " ".join(ran.out.split())


@pytest.mark.parametrize(
    "command", ["import", "match", "demand", "similar", "candidates", "candidate", "market", "export"]
)
def test_help_says_what_the_environment_sets(needmatch, command):
    """Defaults that come from the environment are named, brackets included."""
    text = " ".join(re.sub(r"[│\n]", " ", needmatch(command, "--help").out).split())
    for name in ("NEEDMATCH_DATA", "NEEDMATCH_MODEL", "NEEDMATCH_ENGINE"):
        assert f"{name}]" in text


def test_help_is_instant(record_property):
    """The median of five runs is under a second."""
    took = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([COMMAND, "--help"], check=True, capture_output=True, timeout=60)
        took.append(time.perf_counter() - start)
    middle = statistics.median(took)
    record_property("help_seconds", middle)
    print(f"needmatch --help: median {middle:.2f} s of {', '.join(f'{t:.2f}' for t in took)}")
    assert middle < HELP_SECONDS


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_help_loads_nothing_heavy(arguments):
    """Libraries of models and indexes wait for a command that needs them."""
    code = f"""
import sys
sys.argv = ["needmatch", *{arguments!r}]
from service.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stderr.strip() == "[]"
    assert ran.stdout


def test_version(needmatch):
    """The version is that of the installed distribution."""
    assert needmatch("--version").out == f"needmatch {version('needmatch')}\n"


def test_alone_it_shows_its_help(needmatch):
    """Without a command there is nothing to do but to explain."""
    ran = needmatch()
    assert "Usage" in ran.out
    assert ran.code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(shell):
    """A shell gets the script that asks the command for completions."""
    environment = {**os.environ, "_NEEDMATCH_COMPLETE": f"source_{shell}"}
    ran = subprocess.run([COMMAND], env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0
    assert f"_NEEDMATCH_COMPLETE=complete_{shell}" in ran.stdout


def test_completion_knows_the_commands():
    """What begins with `mat` is `match`."""
    environment = {**os.environ, "_NEEDMATCH_COMPLETE": "complete_bash"}
    environment |= {"COMP_WORDS": "needmatch mat", "COMP_CWORD": "1"}
    ran = subprocess.run([COMMAND], env=environment, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["match"]


def test_an_unknown_id_is_one_line_on_standard_error(loaded):
    """The exit code is 2, the line says what to do, and there is no traceback."""
    for command in ("match", "similar"):
        ran = loaded(command, "NOPE")
        assert ran.code == 2
        assert ran.out == ""
        (line,) = ran.err.splitlines()
        assert "'NOPE'" in line
        assert "needmatch export" in line


@pytest.mark.parametrize("command", ["match", "similar", "demand", "candidates", "candidate", "export"])
def test_nothing_imported_is_one_line(needmatch, refuses, command):
    """Before the first import, the message names the import."""
    arguments = [] if command == "candidates" else ["out.csv" if command == "export" else "N1"]
    assert "needmatch import" in refuses(needmatch(command, *arguments))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["match", "N1", "--model", "no-such-model"], "e5-small"),
        (["match", "N1", "--engine", "steam"], "openvino"),
        (["models", "prepare", "--engine", "steam"], "openvino"),
        (["export", "out.csv", "--kind", "wish"], "'need' or 'solution'"),
        (["export", "out.pdf"], "pdf"),
        (["group", "--needs", "needs.csv", "--out", "no/such/folder/groups.tsv"], "no/such/folder"),
    ],
)
def test_foreseen_errors_are_one_line(loaded, refuses, arguments, words):
    """Settings, formats and paths that cannot be used are named, with what can."""
    if arguments[0] == "match" and "--engine" in arguments:
        arguments = [*arguments, "--model", "hashing"]
    assert words in refuses(loaded(*arguments))


def test_a_setting_outside_its_range_is_one_line(needmatch, refuses, monkeypatch):
    """The message has the name of the variable and its value."""
    monkeypatch.setenv("NEEDMATCH_THREADS", "0")
    line = refuses(needmatch("models", "prepare"))
    assert "NEEDMATCH_THREADS is '0'" in line


def test_an_error_nobody_foresaw_keeps_its_traceback(monkeypatch):
    """Only errors that are meant for users are shortened."""

    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("service.cli.app", broken)
    with pytest.raises(ZeroDivisionError):
        main()


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141)])
def test_being_stopped_is_no_error_of_ours(monkeypatch, capsys, error, code):
    """Ctrl-C and a closed pipe end the command with the shell's usual codes."""

    def stopped() -> None:
        raise error

    monkeypatch.setattr("service.cli.app", stopped)
    monkeypatch.setattr("sys.stderr.close", lambda: None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert "Traceback" not in capsys.readouterr().err
