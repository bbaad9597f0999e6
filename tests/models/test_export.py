"""Building the graphs, on a network small enough to do it in a test."""

import numpy as np
import pytest

from matcher.errors import ModelMissing
from matcher.protocols import Role
from models import cache, export
from models.converter import converted
from models.export import bears_int8, exported, runtime_version
from models.loader import open_encoder

pytestmark = pytest.mark.model
TEXTS = ["a body", "net abc query", "", "zebra " * 40, "a net for a body"]


def test_any_folder_becomes_a_fast_engine(tiny_entry, tmp_path):
    """A folder that is no carried model is built once, reused, and agrees with the reference path."""
    folder = str(converted(tiny_entry, tmp_path).folder)
    said: list[str] = []
    spans = [[(0, 1)]] * len(TEXTS)
    full = open_encoder(folder, engine="openvino-fp32", cache=tmp_path, progress=said.append)
    again = open_encoder(folder, engine="openvino-fp32", cache=tmp_path, progress=said.append)
    reference = open_encoder(folder, engine="torch")
    assert len(said) == 1
    assert full.identity.id == "tiny-1"
    assert full.count_tokens(TEXTS) == reference.count_tokens(TEXTS)
    for role in Role:
        fast, slow = full.encode(TEXTS, role, spans), reference.encode(TEXTS, role, spans)
        np.testing.assert_allclose(fast.pooled, slow.pooled, atol=2e-3)
        np.testing.assert_allclose(np.concatenate(fast.spans), np.concatenate(slow.spans), atol=5e-3)
        np.testing.assert_array_equal(fast.pooled, again.encode(TEXTS, role).pooled)


def test_graphs_of_another_release_are_built_again(tiny_entry, tmp_path, monkeypatch):
    """A manifest of another OpenVINO does not count."""
    made = converted(tiny_entry, tmp_path)
    known = open_encoder(str(made.folder), engine="openvino", cache=tmp_path)._entry
    assert "int8_mean_cosine" in cache.read_manifest(exported(known, tmp_path))
    monkeypatch.setattr(export, "runtime_version", lambda: "1999.1")
    monkeypatch.setattr(export, "_export", lambda _, folder: cache.add_fact(folder, "again", True))
    assert cache.read_manifest(exported(known, tmp_path))["again"] is True


def test_eight_bits_that_lose_too_much_are_not_taken(tmp_path):
    """The agreement in the manifest decides; without one, the full graph is used."""
    for agreement, taken in ((0.999, True), (0.9, False), (None, False)):
        folder = tmp_path / str(agreement)
        with cache.written(folder, {"int8_mean_cosine": agreement}):
            assert not folder.exists()
        assert bears_int8(folder) is taken


def test_a_missing_runtime_comes_with_its_remedy(monkeypatch):
    """Without the package the message tells the command to install it."""

    def version(_):
        raise export.PackageNotFoundError

    monkeypatch.setattr(export, "version", version)
    with pytest.raises(ModelMissing, match="pip install 'openvino"):
        runtime_version()
