import re
import subprocess
from pathlib import Path

from service.measure import machine


def test_the_commit_says_when_files_differ(tmp_path: Path) -> None:
    """Changed pages of docs do not count; anything else does; without a repository it is unknown."""
    assert machine.commit(tmp_path).startswith("unknown")
    for command in (
        "init -q",
        "-c user.name=a -c user.email=a@example.org -c commit.gpgsign=false commit -q --allow-empty -m x",
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command.split()], check=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "performance.md").write_text("figures", encoding="utf-8")
    assert re.fullmatch(r"[0-9a-f]{7,}", machine.commit(tmp_path))
    (tmp_path / "engine.py").write_text("", encoding="utf-8")
    assert machine.commit(tmp_path).endswith("with changes")
