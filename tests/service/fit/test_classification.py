"""CPV suggestions are fitted on one fold of notices, measured on the other, and shown as a table."""

import json

import pytest

from corpora.taxonomy.cpv import CpvTable
from matcher.errors import FileUnreadable
from models import classifier
from service import wiring
from service.fit import classification
from service.fit.classification import fit_classifier, measure, read_notices

KINDS = {
    "35811200": "Police uniforms and badges for officers",
    "39113000": "Seats and chairs for the canteen of the school",
    "48761000": "Anti-virus software package for computers",
}


@pytest.fixture
def folder(tmp_path):
    """Twelve notices of three kinds a fold, and one without a code."""
    rows = [
        {
            "id": f"{fold}-{code}-{i}",
            "title": f"Tender {i}",
            "description": f"{text}, delivery of lot {i}",
            "language": "en",
            "cpv_main": code,
            "cpv": [code],
            "family": f"{fold}-{code}-{i}",
            "fold": fold,
        }
        for fold in ("train", "test")
        for code, text in KINDS.items()
        for i in range(12)
    ]
    rows.append({**rows[0], "id": "none", "cpv_main": None})
    path = tmp_path / "notices.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


@pytest.fixture
def fitted(folder, hashing, monkeypatch):
    """A classifier of the encoder without weights, as if it had shipped."""
    small = {code: {"en": text} for code, text in KINDS.items()}
    monkeypatch.setattr(CpvTable, "load", classmethod(lambda cls, path=None: cls(small)))
    own = [(code, "en", f"{text}, of our own set") for code, text in KINDS.items()]
    monkeypatch.setattr(classification, "_tuning_set", lambda: own)
    found, figures = fit_classifier(folder, hashing)
    monkeypatch.setattr(classifier, "shipped", lambda _: found)
    return found, figures


def test_a_fold_is_read_whole_and_alone(folder):
    """Notices with a code, of one fold; a fold that is not there is refused."""
    assert len(read_notices(folder / "notices.jsonl", "train").texts) == 36
    with pytest.raises(FileUnreadable, match="'dev'"):
        read_notices(folder / "notices.jsonl", "dev")


def test_what_is_fitted_knows_the_divisions(fitted, folder, hashing):
    """On the other fold, with likelihoods and the codes themselves."""
    found, figures = fitted
    assert found.divisions == ("35", "39", "48")
    assert found.model == "hashing@1"
    assert figures["division_top_1"] > 0.9
    measured = measure(folder, hashing)
    assert measured["notices"] == 36
    assert measured["division_top_1"] > 0.9
    assert measured["division_top_5"] == 1.0
    assert measured["code_in_top_5"] > 0.9
    assert 0 <= measured["ece"] <= 1
    assert set(measured["division_top_1_by_language"]) == {"en"}


def test_it_ships_as_numbers(fitted, tmp_path):
    """Saved and loaded it says the same, and holds no text of a notice."""
    found, _ = fitted
    classifier.save(found, tmp_path / "c.npz")
    content = (tmp_path / "c.npz").read_bytes()
    read = classifier.load(content, "c.npz")
    assert (read.model, read.divisions, read.sharpness) == (found.model, found.divisions, found.sharpness)
    assert b"canteen" not in content
    assert abs(read.weights - found.weights).max() < 0.02


def test_suggestions_are_made_for_any_text(fitted, hashing):
    """The wiring puts model, classifier and labels together."""
    best = wiring.open_suggester(hashing).suggest("uniforms for officers", "en")
    assert best[0].code == "35811200"
    assert best[0].label == KINDS["35811200"]
    assert classification.CHARACTERS > 0
