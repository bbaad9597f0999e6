"""Engine, model, offsets, tuning and cache are joined as the settings say."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from matcher import pairs, profiles
from matcher.calibrate import LogisticCalibrator
from matcher.cluster import Grouping
from matcher.embed import SqliteCache
from matcher.engine import Tuning
from matcher.errors import ModelCorrupt, ModelUnknown, SnapshotIncompatible, SnapshotMissing
from matcher.fuse import FusionWeights
from matcher.protocols import ModelIdentity
from matcher.records import Need, Solution
from models import offsets, tunings
from models.hashing import HashingEncoder
from models.registry import entry
from service import Settings, open_engine, wiring
from service.fit.tuning import plain

CALIBRATOR = {
    "model": "hashing@1",
    "coefficients": [4.0, 1.0, 1.0, 1.0, 1.0, 0.5],
    "intercept": -2.0,
    "judgements": 10,
    "date": "2031-01-01",
}
STORED = {
    "model": "hashing@1",
    "offset_strength": 0.5,
    "fusion": {"words_same_language": 0.1, "words_cross_language": 0.2, "codes": 0.3},
    "grouping": {
        "similarity": 0.25,
        "edge": 0.4,
        "linkage": 0.6,
        "linkage_beside": 0.5,
        "strength": 0.6,
        "beside": {**CALIBRATOR, "coefficients": [1.0] * len(pairs.FEATURES)},
        "alone": None,
        "answers": {**CALIBRATOR, "coefficients": [1.0] * len(profiles.FEATURES)},
    },
    "calibrator": CALIBRATOR,
}


def shipping(stored):
    """In place of what ships: this as fitted, and no model of duplicates."""
    return lambda _, name="": None if name == wiring.DUPLICATES else stored


def test_an_unfitted_model_gets_plain_defaults(hashing):
    """No offset, no calibrator, hence no level."""
    engine = open_engine(settings=hashing)
    assert engine.tuning == Tuning()
    assert engine.tuning.calibrator is None
    assert engine.embedder.offset_key == ""


def test_a_fitted_model_gets_what_was_fitted(monkeypatch):
    """Fusion, grouping and calibrator are the stored ones."""
    monkeypatch.setattr(tunings, "shipped", shipping(STORED))
    tuning = wiring.tuning_of(HashingEncoder())
    assert tuning.fusion == FusionWeights(0.1, 0.2, 0.3)
    grouping = tuning.grouping
    thresholds = grouping.similarity, grouping.edge, grouping.linkage, grouping.linkage_beside
    assert thresholds == (0.25, 0.4, 0.6, 0.5)
    assert grouping.strength == 0.6
    assert grouping.beside == LogisticCalibrator.from_json(STORED["grouping"]["beside"])
    assert grouping.answers == LogisticCalibrator.from_json(STORED["grouping"]["answers"])
    assert grouping.alone is None
    assert tuning.calibrator == LogisticCalibrator.from_json(CALIBRATOR)


def test_grouping_survives_its_plain_values():
    """What is written into the fitted file is read back, equal."""
    grouping = wiring.grouping_of(STORED["grouping"])
    assert wiring.grouping_of(json.loads(json.dumps(plain(grouping)))) == grouping
    assert wiring.grouping_of(plain(Grouping())) == Grouping()


def test_a_fitted_model_groups(monkeypatch, hashing):
    """With pair models, and the vocabulary of the tables that ship."""
    monkeypatch.setattr(tunings, "shipped", shipping(STORED))
    engine = open_engine(settings=hashing)
    engine.add(
        [Need(id=f"N{i}", title="fire pump", country=c, cpv=("42122000",)) for i, c in enumerate("AB")]
    )
    engine.add([Solution(id="S", name="pump for fires")])
    (candidate,) = engine.candidates()
    assert len(candidate.members) == 2
    assert candidate.label.cpv_label
    assert engine.vocabulary.area(("35811200",))


def test_a_tuning_without_calibrator_shows_no_level(monkeypatch):
    """What was not calibrated is ranked only."""
    monkeypatch.setattr(tunings, "shipped", shipping({**STORED, "calibrator": None}))
    assert wiring.tuning_of(HashingEncoder()).calibrator is None


def test_the_offset_has_the_strength_that_was_fitted(monkeypatch, hashing):
    """The means ship apart from their strength."""
    vectors = HashingEncoder().encode(["pump", "Pumpe"], offsets.Role.QUERY).pooled
    means = offsets.fit(dict.fromkeys(offsets.ROLES, vectors), ["en", "de"], "hashing@1")
    monkeypatch.setattr(offsets, "shipped", lambda _: means)
    monkeypatch.setattr(tunings, "shipped", shipping(STORED))
    neutraliser = wiring.open_embedder(hashing).neutraliser
    assert isinstance(neutraliser, offsets.LanguageOffsets)
    assert neutraliser.strength == 0.5
    monkeypatch.setattr(tunings, "shipped", shipping(None))
    assert wiring.open_embedder(hashing).neutraliser == means


def test_a_calibrator_of_other_scores_is_refused(monkeypatch, hashing):
    """With both numbers and the remedy, rather than at the first search."""
    older = {**STORED, "calibrator": {**CALIBRATOR, "coefficients": [4.0, 1.0]}}
    monkeypatch.setattr(tunings, "shipped", shipping(older))
    with pytest.raises(ModelCorrupt, match="2 scores, expected 6"):
        open_engine(settings=hashing)


def test_vectors_are_kept_on_disk_if_wanted(hashing):
    """The disk cache lies in the settings' folder; without it nothing is written."""
    assert wiring.open_embedder(hashing, keep=False).cache is None
    assert not hashing.cache.exists()
    assert isinstance(wiring.open_embedder(hashing).cache, SqliteCache)
    assert (hashing.cache / "vectors.db").exists()


def test_what_was_saved_is_opened(hashing, tmp_path):
    """An engine opened at a path has the records and finds the same."""
    engine = open_engine(settings=hashing)
    engine.add([Need(id="N", title="fire pump"), Solution(id="S", name="pump for fires")])
    engine.save(tmp_path / "kept")
    again = open_engine(tmp_path / "kept", settings=hashing)
    assert [m.record.id for m in again.match("N").items] == [m.record.id for m in engine.match("N").items]
    assert len(again.needs) == len(again.solutions) == 1


def test_a_path_without_anything_is_refused(hashing, tmp_path):
    """There is no empty engine by mistake."""
    with pytest.raises(SnapshotMissing, match="needmatch import"):
        open_engine(tmp_path / "nothing", settings=hashing)


def test_vectors_of_another_model_are_refused(monkeypatch, hashing, tmp_path):
    """A snapshot belongs to the model revision that made it."""
    engine = open_engine(settings=hashing)
    engine.add([Need(id="N", title="fire pump")])
    engine.save(tmp_path / "kept")
    monkeypatch.setattr(
        HashingEncoder, "identity", property(lambda _: ModelIdentity("hashing", "2", "hashing", 64))
    )
    with pytest.raises(SnapshotIncompatible):
        open_engine(tmp_path / "kept", settings=hashing)


def test_an_unknown_model_is_refused(tmp_path):
    """The message lists the known ones."""
    with pytest.raises(ModelUnknown, match="e5-small"):
        open_engine(settings=Settings(model="no-such-model", cache=tmp_path))


def test_the_package_hands_out_its_names_late():
    """`import service` loads neither FAISS nor scikit-learn; an unknown name is an error."""
    code = (
        "import sys, service; assert 'faiss' not in sys.modules and 'sklearn' not in sys.modules;"
        "assert service.Settings.__name__ == 'Settings' and callable(service.open_engine)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    import service

    with pytest.raises(AttributeError, match="nothing_of_the_sort"):
        _ = service.nothing_of_the_sort


def test_reference_statistics_ship_and_can_be_asked_for(hashing, tmp_path):
    """An engine that starts with them keeps them; without them it learns from what comes first."""
    shipped = wiring.reference_statistics()
    assert shipped.texts > 1000
    assert wiring.reference_statistics() is shipped
    engine = open_engine(settings=hashing, statistics=shipped)
    engine.add([Need(id="N", title="fire pump"), Solution(id="S", name="pump for fires")])
    assert engine.needs.lexical.statistics is engine.solutions.lexical.statistics is shipped
    engine.save(tmp_path / "kept")
    again = open_engine(tmp_path / "kept", settings=hashing, statistics=shipped)
    assert again.needs.lexical.statistics.texts == shipped.texts
    own = open_engine(settings=hashing)
    own.add([Need(id="N", title="fire pump")])
    assert own.needs.lexical.statistics.texts == 1


@pytest.mark.parametrize(
    ("model", "revision", "expected"),
    [
        ("e5-small", "1", False),
        ("hashing", "1", True),
        ("hashing", "2", False),
        ("no-such-model", "1", False),
    ],
)
def test_a_model_with_one_prefix_and_one_offset_is_symmetric(model, revision, expected):
    """Only of a known revision; what is not known is not taken to be so."""
    encoder = SimpleNamespace(identity=ModelIdentity(model, revision, "any", 64))
    assert wiring.symmetric(encoder) is expected


def test_the_default_model_is_symmetric(monkeypatch):
    """Its records are asked as they are stored; not so with offsets that tell roles apart."""
    known = entry(Settings().model)
    encoder = SimpleNamespace(identity=ModelIdentity(known.id, known.revision, "any", 384))
    assert wiring.tuning_of(encoder).symmetric
    vectors = HashingEncoder().encode(["pump", "Pumpe"], offsets.Role.QUERY).pooled
    means = offsets.fit({r: vectors * (1 + i) for i, r in enumerate(offsets.ROLES)}, ["en", "de"], "any")
    monkeypatch.setattr(offsets, "shipped", lambda _: means)
    assert not wiring.symmetric(encoder)


def test_suggestions_need_a_fitted_classifier(hashing):
    """A model without one suggests nothing."""
    assert wiring.suggester_of(wiring.open_embedder(hashing)) is None
