"""Which models are known, and how a name becomes an entry."""

import json
from pathlib import Path

import pytest

from matcher.errors import ModelCorrupt, ModelUnknown
from matcher.protocols import Role
from matcher.records import EU_LANGUAGES
from models.converter import converted
from models.registry import DEFAULT, ENTRIES, Source, entry, file_sha256, fingerprint, folder_entry


def folder_of(tmp_path: Path, **configuration: object) -> Path:
    """A model folder with everything but a network."""
    folder = tmp_path / "tuned"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text(
        json.dumps({"hidden_size": 48, "max_position_embeddings": 128, **configuration})
    )
    (folder / "modules.json").write_text(
        json.dumps([{"type": "sentence_transformers.models.Transformer", "path": ""}])
    )
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "q: ", "document": "d: "}})
    )
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_the_default_is_carried_and_pinned():
    """The default needs no hub: its delta has a checksum, its base a package with a version."""
    default = ENTRIES[DEFAULT]
    assert default.source is Source.TUNED
    assert default.delta.stat().st_size < 12_000_000
    assert file_sha256(default.delta) == default.sha256
    base = ENTRIES[default.base]
    assert base.source is Source.CARRIED
    assert "==" in base.carrier
    assert len(base.sha256) == 64
    assert set(default.languages) == set(EU_LANGUAGES)


def test_prefixes_belong_to_the_entry():
    """e5 wants its two words; a model that wants none gets none."""
    assert (entry("e5-small").prefix(Role.QUERY), entry("e5-small").prefix(Role.PASSAGE)) == (
        "query: ",
        "passage: ",
    )
    assert entry("bge-m3").prefix(Role.QUERY) == ""


def test_a_known_hub_model_is_found_by_either_name():
    """The short name and the hub id lead to one entry."""
    assert entry("intfloat/multilingual-e5-base") is entry("multilingual-e5-base")


def test_any_other_hub_id_is_taken_at_its_word():
    """Owner and name are enough; the rest is known when it is here."""
    found = entry("someone/some-model")
    assert (found.source, found.hub_id) == (Source.HUB, "someone/some-model")


@pytest.mark.parametrize("name", ["", "e5-smal", "/no/such/folder", "./absent/model", "a/b/c", "owner/"])
def test_an_unknown_name_lists_the_known_ones(name):
    """What is neither known, nor a folder, nor a hub id is refused with the choices."""
    with pytest.raises(ModelUnknown, match=r"Use one of .*e5-small.*hashing"):
        entry(name)


def test_a_folder_tells_of_itself(tmp_path):
    """Dimension, limit and prompts come from its files, the revision from its weights."""
    found = entry(str(folder_of(tmp_path)))
    assert (found.id, found.source, found.dimension, found.max_tokens) == ("tuned", Source.FOLDER, 48, 128)
    assert (found.query_prefix, found.passage_prefix) == ("q: ", "d: ")
    assert found.revision == fingerprint(found.folder)[:12]


def test_new_weights_are_a_new_revision(tmp_path):
    """Vectors of retrained weights are never taken for those of the old ones; a touch changes nothing."""
    folder = folder_of(tmp_path)
    before = entry(str(folder)).revision
    (folder / "model.safetensors").touch()
    assert entry(str(folder)).revision == before
    (folder / "model.safetensors").write_bytes(b"WEIGHTS")
    assert entry(str(folder)).revision != before


def test_another_prompt_is_another_revision(tmp_path):
    """Settings shape the vectors as weights do."""
    folder = folder_of(tmp_path)
    before = entry(str(folder)).revision
    (folder / "config_sentence_transformers.json").write_text("{}")
    assert entry(str(folder)).revision != before


def test_roberta_positions_start_after_the_padding(tmp_path):
    """Of 514 positions a RoBERTa reads 512; a stated limit below that wins."""
    folder = folder_of(tmp_path, model_type="xlm-roberta", max_position_embeddings=514)
    assert entry(str(folder)).max_tokens == 512
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 100}')
    assert entry(str(folder)).max_tokens == 100


@pytest.mark.parametrize(
    ("name", "content"),
    [("config.json", "{"), ("config.json", "{}"), ("modules.json", "[")],
)
def test_a_folder_that_cannot_be_read_is_corrupt(tmp_path, name, content):
    """A broken or empty configuration is told by its path."""
    folder = folder_of(tmp_path)
    (folder / name).write_text(content)
    with pytest.raises(ModelCorrupt, match="json"):
        entry(str(folder))


def test_a_folder_without_weights_is_corrupt(tmp_path):
    """A configuration alone is no model."""
    folder = folder_of(tmp_path)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelCorrupt, match="no weights"):
        entry(str(folder))


def test_a_converted_folder_can_be_opened_as_a_folder(tiny_entry, tmp_path):
    """What the converter writes says all that the entry said."""
    made = converted(tiny_entry, tmp_path)
    alone = folder_entry(made.folder)
    assert (alone.dimension, alone.max_tokens) == (made.dimension, made.max_tokens)
    assert (alone.query_prefix, alone.passage_prefix) == (made.query_prefix, made.passage_prefix)


def test_file_sha256_is_the_ordinary_one(tmp_path):
    """The digest of an empty file is the well-known one."""
    (tmp_path / "empty").touch()
    assert file_sha256(tmp_path / "empty").startswith("e3b0c44298fc1c149afbf4c8996fb924")
