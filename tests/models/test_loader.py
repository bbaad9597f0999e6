"""Opening a model by name."""

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from matcher.errors import ModelCorrupt, ModelMissing, ModelUnknown, SettingInvalid
from models import loader
from models.hashing import HashingEncoder
from models.loader import fetched, open_encoder
from models.registry import Source, entry


def test_the_builtin_needs_nothing():
    """The hashing encoder opens whatever engine is asked for, since it has but one."""
    assert isinstance(open_encoder("hashing", engine="openvino"), HashingEncoder)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"engine": "onnx"}, SettingInvalid, "Use one of auto, openvino"),
        ({"threads": 0}, SettingInvalid, "at least 1"),
        ({"name": "no-such-model"}, ModelUnknown, "e5-small"),
    ],
)
def test_wrong_settings_are_refused_first(settings, error, said):
    """Nothing is loaded or built before the settings are known to be right."""
    with pytest.raises(error, match=said):
        open_encoder(**settings)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub that keeps what it was asked, and answers with a folder named as a commit."""
    folder = tmp_path / "0123456789abcdef"
    folder.mkdir()
    (folder / "config.json").write_text('{"hidden_size": 8, "max_position_embeddings": 64}')
    asked = []

    def snapshot_download(hub_id, *, allow_patterns, local_files_only, **_):
        asked.append((hub_id, local_files_only))
        if local_files_only:
            raise LocalEntryNotFoundError("not here")
        if "pytorch_model*.bin" in allow_patterns:
            (folder / "pytorch_model.bin").write_bytes(b"weights")
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return asked, folder


def test_a_hub_model_is_looked_for_here_before_it_is_fetched(hub):
    """The revision becomes that of the files; a torch file is fetched only when there is no other."""
    asked, folder = hub
    said = []
    found = fetched(entry("intfloat/multilingual-e5-base"), said.append)
    assert [local for _, local in asked] == [True, False, False]
    assert (found.revision, found.folder, found.dimension) == ("0123456789ab", folder, 8)
    assert found.query_prefix == "query: "
    assert len(said) == 1


def test_a_model_outside_the_registry_says_its_own_prefixes(hub):
    """The prompts of its own files are used."""
    _, folder = hub
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "ask: "}}')
    assert fetched(entry("someone/else")).query_prefix == "ask: "


def test_no_connection_is_a_missing_model_with_ways_out(monkeypatch):
    """The message names the model and the model that needs no hub."""

    def snapshot_download(*_, **__):
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    with pytest.raises(ModelMissing, match=r"someone/else.*'needmatch-e5-small'"):
        open_encoder("someone/else")


@pytest.mark.parametrize(
    ("fast", "bears", "expected"), [(True, True, "int8"), (True, False, "bf16"), (False, True, "bf16")]
)
def test_eight_bits_only_where_processor_and_model_bear_them(monkeypatch, tmp_path, fast, bears, expected):
    """Otherwise the full graph runs in the shortest floats there are."""
    import models.openvino

    chosen = {}
    monkeypatch.setattr(loader, "_local", lambda known, *_: known)
    monkeypatch.setattr(loader, "exported", lambda *_: tmp_path)
    monkeypatch.setattr(loader, "bears_int8", lambda _: bears)
    monkeypatch.setattr(loader.processor, "fast_int8", lambda: fast)
    monkeypatch.setattr(models.openvino, "OpenVinoEncoder", lambda *_, **settings: chosen.update(settings))
    open_encoder("e5-small", engine="openvino", threads=3)
    assert chosen == {"kind": expected, "threads": 3}


def test_without_openvino_auto_is_torch(monkeypatch):
    """The reference path stands in; nothing is built for the missing runtime."""
    monkeypatch.setattr(loader, "find_spec", lambda _: None)
    monkeypatch.setattr(loader, "_local", lambda known, *_: known)
    monkeypatch.setattr(loader, "_reference", lambda known, threads: (known.source, threads))
    assert open_encoder("e5-small") == (Source.CARRIED, None)


@pytest.mark.model
def test_a_broken_folder_is_corrupt_for_either_engine(tmp_path):
    """Weights that are no weights are told as such, not as a trace of some library."""
    (tmp_path / "config.json").write_text('{"model_type": "bert", "hidden_size": 8}')
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    for engine in ("torch", "openvino"):
        with pytest.raises(ModelCorrupt, match="Fetch or save it again"):
            open_encoder(str(tmp_path), engine=engine, cache=tmp_path / "cache")
