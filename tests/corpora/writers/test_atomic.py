from pathlib import Path

import pytest

from corpora.writers.atomic import replacing
from matcher.errors import FileUnreadable


def test_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    """Until then the target is as it was, and afterwards nothing else lies beside it."""
    target = tmp_path / "out.txt"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    with replacing(target) as part:
        part.write_text("new", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "old"
    assert target.read_text(encoding="utf-8") == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_failure_leaves_the_target_as_it_was(tmp_path: Path) -> None:
    """A writer that breaks off leaves neither half a file nor a part of one."""
    target = tmp_path / "out.txt"
    target.write_text("old", encoding="utf-8")

    def fail() -> None:
        with replacing(target) as part:
            part.write_text("ne", encoding="utf-8")
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        fail()
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_link_keeps_pointing_at_its_file(tmp_path: Path) -> None:
    """What is replaced is the file that a link leads to, not the link."""
    target, link = tmp_path / "out.txt", tmp_path / "link.txt"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    with replacing(link) as part:
        part.write_text("new", encoding="utf-8")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"


def test_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    """The message names the target, not the part."""
    target = tmp_path / "none" / "out.txt"

    def write() -> None:
        with replacing(target) as part:
            part.write_text("new", encoding="utf-8")

    with pytest.raises(FileUnreadable, match=r"out\.txt cannot be written"):
        write()
