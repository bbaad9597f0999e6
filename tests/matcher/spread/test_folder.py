"""Files that machines share: whole or not there."""

from pathlib import Path

import numpy as np
import pytest

from matcher.errors import SnapshotCorrupt
from matcher.spread import Folder, folder

VALUES = {"counts": np.arange(5), "none": np.empty((0, 3), np.float32), "halves": np.ones((2, 2), np.float16)}


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    """Facts and arrays, empty ones too, with their types and shapes."""
    kept = Folder(tmp_path / "new" / "work")
    assert kept.names() == set()
    kept.keep("one", {"languages": ["et", None]}, VALUES)
    facts, arrays = kept.open("one")
    assert facts["languages"] == ["et", None]
    assert list(arrays) == list(VALUES)
    for name, array in arrays.items():
        assert array.dtype == VALUES[name].dtype
        assert np.array_equal(array, VALUES[name])
    assert kept.names() == {"one"}
    assert kept.whole("one")


@pytest.mark.parametrize("harm", ["cut off", "altered", "gone"])
def test_a_file_that_came_to_harm_is_not_whole(tmp_path: Path, harm: str) -> None:
    """So that whoever needs it makes it again."""
    kept = Folder(tmp_path)
    kept.keep("one", {}, VALUES)
    file = tmp_path / "one"
    content = file.read_bytes()
    match harm:
        case "cut off":
            file.write_bytes(content[:-9])
        case "altered":
            file.write_bytes(content[:64] + b"\xff" + content[65:])
        case "gone":
            file.unlink()
    assert not kept.whole("one")
    with pytest.raises(SnapshotCorrupt):
        kept.open("one")
    kept.keep("one", {}, VALUES)
    assert kept.whole("one")


def test_writing_that_fails_leaves_nothing_that_counts(tmp_path: Path) -> None:
    """What a writer that died left is no file of the folder, and is swept away."""
    kept = Folder(tmp_path)
    (tmp_path / f"{folder.UNFINISHED}1").write_bytes(b"half")
    assert kept.names() == set()
    kept.tidy()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_never_comes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that machines do not share is said to be the likely cause."""
    monkeypatch.setattr(folder, "PATIENCE_S", 0.2)
    with pytest.raises(SnapshotCorrupt, match="all machines share"):
        Folder(tmp_path).await_("one")


def test_files_are_forgotten_by_name(tmp_path: Path) -> None:
    """Those that are not there are passed over."""
    kept = Folder(tmp_path)
    for name in ("one", "two"):
        kept.keep(name, {}, VALUES)
    kept.forget(["two", "three"])
    assert kept.names() == {"one"}
