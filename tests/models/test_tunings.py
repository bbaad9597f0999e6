"""What ships as fitted for a model belongs to its revision, and can be used."""

import json
from pathlib import Path

import numpy as np
import pytest

from matcher.calibrate import FEATURES, LogisticCalibrator
from matcher.cluster import Grouping
from matcher.errors import ModelCorrupt
from matcher.fuse import FusionWeights
from matcher.protocols import ModelIdentity
from models import tunings
from models.registry import DEFAULT, entry
from models.tunings import shipped


def identity(revision: str | None = None, name: str = DEFAULT) -> ModelIdentity:
    """The default model, or another revision of it."""
    known = entry(DEFAULT)
    return ModelIdentity(name, revision or known.revision, "any", known.dimension)


def test_the_default_model_comes_with_a_tuning():
    """It names the registry's id and revision."""
    stored = shipped(identity())
    assert stored is not None
    assert stored["model"] == f"{DEFAULT}@{entry(DEFAULT).revision}"


def test_every_shipped_value_can_be_used():
    """Weights leave something to the vectors, thresholds are cosines, the strength is a share."""
    stored = shipped(identity())
    assert stored is not None
    weights = FusionWeights(**stored["fusion"])
    for words in (weights.words_same_language, weights.words_cross_language):
        assert words >= 0
        assert 0 <= words + weights.codes < 1
    grouping = Grouping(**stored["grouping"])
    assert 0 < grouping.edge <= grouping.linkage < 1
    assert 0 <= stored["offset_strength"] <= 1


def test_the_shipped_calibrator_is_of_the_model_and_monotone():
    """Better scores never make a lower probability."""
    stored = shipped(identity())
    assert stored is not None
    calibrator = LogisticCalibrator.from_json(stored["calibrator"])
    assert calibrator.model == stored["model"]
    for at in range(len(FEATURES)):
        features = np.zeros((3, len(FEATURES)), dtype=np.float32)
        features[:, at] = (0.0, 0.5, 1.0)
        assert (np.diff(calibrator.probability(features)) >= 0).all()


def test_every_shipped_tuning_has_offsets_of_the_same_model():
    """A tuning was fitted with the offsets that ship beside it."""
    from importlib.resources import files

    from models.offsets import load

    folder = files("models").joinpath("fitted")
    names = {file.name.removesuffix(".json") for file in folder.iterdir() if file.name.count(".") == 1}
    names = {name for name in names if not name.endswith(".npz")}
    assert DEFAULT in names
    for name in names:
        stored = json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
        assert len(stored["calibrator"]["coefficients"]) == len(FEATURES)
        assert load(folder.joinpath(f"{name}.npz").read_bytes(), name).model == stored["model"]


def test_another_model_has_none():
    """Neither another revision nor an unknown model gets weights that were not fitted for it."""
    assert shipped(identity(revision="0")) is None
    assert shipped(identity(name="hashing")) is None


@pytest.mark.parametrize("content", ["{", "[]", '"text"', '{"fusion": {}}'])
def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str):
    """The message names the file and says what to do."""
    (tmp_path / "fitted").mkdir()
    (tmp_path / "fitted" / f"{DEFAULT}.json").write_text(content, encoding="utf-8")
    monkeypatch.setattr(tunings, "files", lambda _: tmp_path)
    with pytest.raises(ModelCorrupt, match=rf"{DEFAULT}\.json cannot be read .*Install"):
        shipped(identity())
