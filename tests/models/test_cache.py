"""Folders of the cache: whole, checked, in one place."""

from pathlib import Path

import pytest

from matcher.errors import ModelCorrupt
from models.cache import add_fact, cache_folder, locked, read_manifest, verify, written


def make(folder: Path, **facts: object) -> Path:
    """A folder with one file, as the converter writes them."""
    with locked(folder), written(folder, facts) as target:
        (target / "weights").write_bytes(b"12345")
    return folder


def test_the_argument_goes_before_the_environment(tmp_path, monkeypatch):
    """An explicit cache wins, then NEEDMATCH_CACHE, then the user's cache folder."""
    monkeypatch.setenv("NEEDMATCH_CACHE", str(tmp_path / "environment"))
    assert cache_folder(tmp_path / "argument") == tmp_path / "argument" / "models"
    assert cache_folder() == tmp_path / "environment" / "models"
    monkeypatch.delenv("NEEDMATCH_CACHE")
    assert "needmatch" in cache_folder().parts


def test_a_written_folder_verifies(tmp_path):
    """What was written carries its facts, and passes both checks."""
    folder = make(tmp_path / "m", format=7)
    assert verify(folder, thorough=True)["format"] == 7
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["m"]


def test_an_interrupted_writing_keeps_what_was_there(tmp_path):
    """The old folder stays until the new one is whole."""
    folder = make(tmp_path / "m", format=1)

    def interrupted() -> None:
        with locked(folder), written(folder, {"format": 2}) as target:
            (target / "weights").write_bytes(b"half")
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        interrupted()
    assert verify(folder, thorough=True)["format"] == 1


@pytest.mark.parametrize(
    ("damage", "thorough", "said"),
    [
        (lambda folder: (folder / "weights").unlink(), False, "is absent"),
        (lambda folder: (folder / "weights").write_bytes(b"1234"), False, "has 4 bytes"),
        (lambda folder: (folder / "weights").write_bytes(b"12346"), True, "sha256"),
        (lambda folder: (folder / "manifest.json").write_text("{"), False, "no readable manifest"),
    ],
)
def test_damage_is_named_with_its_remedy(tmp_path, damage, thorough, said):
    """A missing, shortened or altered file and a broken manifest are each told, with what to delete."""
    folder = make(tmp_path / "m")
    damage(folder)
    with pytest.raises(ModelCorrupt, match=f"{said}.*Delete"):
        verify(folder, thorough=thorough)


def test_sizes_alone_do_not_notice_a_changed_byte(tmp_path):
    """The check at every opening is the cheap one; only the thorough one reads the files."""
    folder = make(tmp_path / "m")
    (folder / "weights").write_bytes(b"12346")
    verify(folder)
    with pytest.raises(ModelCorrupt):
        verify(folder, thorough=True)


def test_a_fact_can_be_added(tmp_path):
    """What is learnt later goes into the manifest beside what stood there."""
    folder = make(tmp_path / "m", format=1)
    add_fact(folder, "check", "passed")
    manifest = read_manifest(folder)
    assert (manifest["format"], manifest["check"]) == (1, "passed")
    assert list(manifest["files"]) == ["weights"]
