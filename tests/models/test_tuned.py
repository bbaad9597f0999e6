"""A delta on top of a carried model becomes a folder like any other."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from matcher.errors import ModelCorrupt
from models import registry, tuned
from models.converter import converted
from models.delta import Delta, save
from models.late import Head, load
from models.registry import ModelEntry, Source, entry, tuned_entry

HEAD = Head(np.ones((2, 64), np.float32), np.zeros(2, np.float32), np.zeros(64, np.float32), 0.0)
NAME = "encoder.layer.0.output.dense.weight"


@pytest.fixture
def base(tiny_entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """The small model as what tuned ones begin as."""
    monkeypatch.setattr(registry, "BASE", "tiny")
    for module in (registry, tuned):
        monkeypatch.setattr(module, "ENTRIES", {"tiny": tiny_entry})
    return tiny_entry


@pytest.fixture
def delta(base: ModelEntry, tmp_path: Path) -> Path:
    """A file that changes one matrix by a constant."""
    change = np.full((64, 128), 0.07, np.float32)
    path = tmp_path / "better.npz"
    save(Delta({"base": base.id}, {NAME: change}, HEAD, np.eye(1, 64, dtype=np.float32)), path)
    return path


def test_the_entry_is_of_the_file(delta: Path, base: ModelEntry) -> None:
    """Named and versioned by it, with one prefix for both roles."""
    found = entry(str(delta))
    assert (found.id, found.source, found.base) == ("better", Source.TUNED, "tiny")
    assert found.revision == registry.file_sha256(delta)[:12]
    assert found.passage_prefix == found.query_prefix == base.query_prefix


def test_the_folder_is_the_base_with_the_change(delta: Path, base: ModelEntry, tmp_path: Path) -> None:
    """One matrix differs, the late head is there, the prompts are those of the tuned model."""
    before = load_file(converted(base, tmp_path / "c").folder / "model.safetensors")
    made = tuned.tuned(tuned_entry(delta), tmp_path / "c")
    assert made.folder is not None
    after = load_file(made.folder / "model.safetensors")
    assert {name for name in before if not np.array_equal(before[name], after[name])} == {NAME}
    np.testing.assert_allclose(after[NAME] - before[NAME], 0.07, atol=1e-3)
    head = load(made.folder)
    assert head is not None
    assert head.dimension == 2
    prompts = json.loads((made.folder / "config_sentence_transformers.json").read_text())["prompts"]
    assert prompts == {"query": "query: ", "document": "query: "}
    assert made.max_tokens == base.max_tokens


def test_it_is_made_once(delta: Path, base: ModelEntry, tmp_path: Path) -> None:
    """The second opening uses what the first made; another delta makes another folder."""
    said: list[str] = []
    one = tuned.tuned(tuned_entry(delta), tmp_path / "c", said.append)
    again = tuned.tuned(tuned_entry(delta), tmp_path / "c", said.append)
    assert one.folder == again.folder
    assert sum("Unpacking the weights of better" in line for line in said) == 1


def test_vectors_unlike_those_of_the_training_are_refused(
    delta: Path, base: ModelEntry, tmp_path: Path
) -> None:
    """The shipped vectors of the reference texts tell whether the unpacked weights are the trained ones."""
    made = tuned.tuned(tuned_entry(delta), tmp_path / "c")
    good, bad = np.eye(1, 64, dtype=np.float32), np.eye(1, 64, k=1, dtype=np.float32)
    assert tuned.check_against_training(made, lambda _: good) == (1.0, 1.0)
    with pytest.raises(ModelCorrupt, match="does not agree with its training"):
        tuned.check_against_training(made, lambda _: bad)


def test_a_delta_of_another_base_is_refused(delta: Path, base: ModelEntry, tmp_path: Path) -> None:
    """So is one that is not there."""
    other = replace(tuned_entry(delta), base="tiny")
    save(Delta({"base": "other"}, {}, HEAD, np.eye(1, 64, dtype=np.float32)), delta)
    with pytest.raises(ModelCorrupt, match="changes 'other', expected 'tiny'"):
        tuned.tuned(other, tmp_path / "c")
    delta.unlink()
    with pytest.raises(ModelCorrupt, match="cannot be read"):
        tuned.tuned(other, tmp_path / "c")
