import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from corpora.columns import contract_names
from matcher.records import Kind
from service.handbook import readme

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
ROOT = Path(__file__).parents[1]
BLOCKS = readme.blocks(readme.README.read_text(encoding="utf-8"))


def test_readme_shows_output() -> None:
    """The first screen holds an example with what it prints."""
    assert BLOCKS
    assert all(output.strip() for _, _, output in BLOCKS)


@pytest.mark.model
@pytest.mark.parametrize(("kind", "code", "shown"), BLOCKS)
def test_readme_example_prints_what_it_shows(kind: str, code: str, shown: str) -> None:
    """Every example of the README, run with the real model, prints what the README says.

    Figures may differ in the last digits: processors round the 8-bit arithmetic each in its own way.
    """
    printed = readme.printed(kind, code)
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
    said, expected = ([float(number) for number in NUMBER.findall(text)] for text in (printed, shown))
    assert said == pytest.approx(expected, rel=0.02, abs=0.02)


def test_readme_commands_exist() -> None:
    """Every make target and every command that the README or a docs page names is there."""
    import typer.main

    from service.cli.app import app

    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in (readme.README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"):
        text = page.read_text(encoding="utf-8")
        shown = "\n".join(re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL))
        named = set(re.findall(r"^(?:\$ )?needmatch ([a-z-]+)", shown, re.MULTILINE))
        assert named <= commands, f"{page.name} names {named - commands}"
        made = set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", text, re.MULTILINE))
        assert made <= targets, f"{page.name} names {made - targets}"


def test_readme_sets_up_the_service_that_it_starts(tmp_path: Path) -> None:
    """Accounts of the example stand in the very folder that its `serve` opens, and are backed up."""
    page = readme.README.read_text(encoding="utf-8")
    found = re.search(r"## Serving a network.*?```sh\n(.*?)```", page, re.DOTALL)
    assert found is not None
    (serve,) = re.findall(r"^needmatch serve.*$", found[1], re.MULTILINE)
    script = found[1].replace(serve, 'echo "serves ${NEEDMATCH_DATA:-nothing}"')
    own = ("NEEDMATCH_", "XDG_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    environment["HOME"] = str(tmp_path)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    ran = subprocess.run(
        ["bash", "-euc", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    named = re.search(r"--data (\S+)", serve) or re.search(r"^serves (\S+)$", ran.stdout, re.MULTILINE)
    assert named is not None
    with sqlite3.connect(tmp_path / named[1] / "needmatch.db") as database:
        assert database.execute("SELECT count(*) FROM tokens").fetchone() == (1,)
    database.close()
    assert (tmp_path / "backup.gz").stat().st_size


def test_readme_names_files_that_are_there() -> None:
    """Every path that the README and the architecture page name leads somewhere."""
    for page in (readme.README, ROOT / "docs" / "architecture.md"):
        for path in re.findall(r"`((?:[a-z_]+/)+[A-Za-z_.-]*)`", page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{page.name} names {path}"


@pytest.mark.parametrize("kind", list(Kind))
def test_formats_page_names_every_column(kind: Kind) -> None:
    """The page on formats tells of every column that is read or written."""
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    missing = [name for name in contract_names(kind) if f"`{name}`" not in page]
    assert not missing
