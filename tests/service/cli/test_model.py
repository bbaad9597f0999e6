"""`models`: what there is, what is ready, and what is fitted."""

import json

import numpy as np
import pytest

from matcher.protocols import Role
from models import ENTRIES
from models.offsets import load
from service.fit import offsets, tuning


def test_all_known_models_are_listed(needmatch):
    """Each with its licence, 80 columns wide; the same for programs."""
    ran = needmatch("models", "list")
    assert max(map(len, ran.lines)) <= 80
    assert all(name in ran.out for name in ENTRIES)
    found = needmatch("models", "list", "--json").json
    assert {model["id"]: model["licence"] for model in found} == {e.id: e.licence for e in ENTRIES.values()}
    assert all(model["revision"] and model["source"] for model in found)


def test_a_model_is_made_ready(needmatch):
    """What it is, and what runs it."""
    assert needmatch("models", "prepare", "--json").json == {
        "model": "hashing@1",
        "engine": "hashing",
        "dimension": 64,
    }
    assert "hashing@1 is ready (hashing, 64 dimensions)" in needmatch("models", "prepare").out


@pytest.fixture
def references(tmp_path, jsonl):
    """Texts in two languages, of two folds; one in a language that is none of the 24."""
    rows = [
        {"id": f"{language}-{fold}-{i}", "titel": f"{word} {i}", "language": language, "fold": fold}
        for language, word in (("en", "pumps"), ("fr", "pompes"))
        for fold in ("train", "test")
        for i in range(3)
    ]
    rows.append({"id": "no-1", "titel": "pumper", "language": "no", "fold": "train"})
    return jsonl(tmp_path / "reference.jsonl", rows)


def test_offsets_are_fitted_on_references_and_the_tuning_half(
    needmatch, monkeypatch, references, tiny_sample
):
    """Counts say how many texts each language has; the test half and other folds are not among them."""
    monkeypatch.setattr(offsets, "load_sample", lambda: tiny_sample)
    arguments = [
        "models",
        "offsets",
        references,
        "--out",
        "own.npz",
        "--map",
        "title=titel",
        "--only",
        "fold=train",
    ]
    found = needmatch(*arguments, "--json").json
    assert found == {"model": "hashing@1", "out": "own.npz", "texts": {"de": 2, "en": 2 + 3, "fr": 3}}
    fitted = load((references.parent / "own.npz").read_bytes(), "own.npz")
    assert dict(zip(fitted.languages, fitted.counts, strict=True)) == found["texts"]
    assert np.isfinite(fitted.offsets(Role.QUERY)).all()
    assert "10 texts in 3 languages" in needmatch(*arguments).out


@pytest.fixture(autouse=True)
def small_tuning_set(monkeypatch, tiny_tuning):
    """Fitted on what is seen at a glance."""
    for module in (offsets, tuning):
        monkeypatch.setattr(module, "load_tuning", lambda: tiny_tuning)


@pytest.mark.parametrize("only", ["fold", "=train"])
def test_a_condition_of_another_form_is_refused(
    needmatch, refuses, monkeypatch, references, tiny_sample, only
):
    """The message shows the form."""
    monkeypatch.setattr(offsets, "load_sample", lambda: tiny_sample)
    arguments = ["models", "offsets", references, "--out", "own.npz", "--map", "title=titel", "--only", only]
    assert "column=value" in refuses(needmatch(*arguments))


def test_a_tuning_is_fitted_and_written(needmatch, monkeypatch, tmp_path, tiny_sample, tiny_themes):
    """The file holds what is printed."""
    monkeypatch.setattr(tuning, "load_sample", lambda: tiny_sample)
    monkeypatch.setattr(tuning, "themes", lambda _: {"sample": tiny_themes})
    found = needmatch("models", "fit", "--out", "own.json", "--json").json
    assert found["model"] == "hashing@1"
    assert json.loads((tmp_path / "own.json").read_text(encoding="utf-8")) == found
    assert "Fitted for hashing@1" in needmatch("models", "fit", "--out", "own.json").out


def test_a_folder_without_notices_is_one_line(needmatch, refuses, monkeypatch, tmp_path, tiny_sample):
    """The message names the file that is missing."""
    monkeypatch.setattr(tuning, "load_sample", lambda: tiny_sample)
    assert "jsonl" in refuses(needmatch("models", "fit", "--out", "own.json", "--data", tmp_path))
