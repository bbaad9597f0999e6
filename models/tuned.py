"""From a delta and the weights it began with to an ordinary model folder in the user's cache, once."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from matcher.errors import ModelCorrupt
from matcher.protocols import Float32
from models import cache as store
from models import late
from models.cache import Progress
from models.converter import converted, reference_texts
from models.delta import Delta
from models.delta import load as load_delta
from models.registry import ENTRIES, ModelEntry, folder_entry

FORMAT = 1
WEIGHTS = "model.safetensors"
LEAST_COSINE = 0.995
"""Of a reference text's vector to the one that was shipped with the delta."""


def tuned(entry: ModelEntry, cache: Path | str | None = None, progress: Progress | None = None) -> ModelEntry:
    """The entry of a tuned model with its `folder` set, making the folder when that was not yet done.

    Raises `ModelMissing` when the package that carries the base is not installed, `ModelCorrupt` when the
    delta or the base cannot be read.
    """
    folder = store.cache_folder(cache) / f"{entry.id}-{entry.revision}"
    if not _is_current(folder, entry):
        base = converted(ENTRIES[entry.base or ""], cache, progress)
        with store.locked(folder):
            if not _is_current(folder, entry):  # another process may just have made it
                if progress:
                    progress(f"Unpacking the weights of {entry.id} into {folder} (once, some seconds)")
                _make(entry, base, folder)
    store.verify(folder)
    return replace(folder_entry(folder, known=entry), max_tokens=entry.max_tokens)


def _is_current(folder: Path, entry: ModelEntry) -> bool:
    manifest = store.read_manifest(folder)
    return manifest is not None and (manifest["format"], manifest["source"]) == (FORMAT, entry.sha256)


def _make(entry: ModelEntry, base: ModelEntry, folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    assert base.folder is not None
    tensors = load_file(base.folder / WEIGHTS)
    delta = read(entry, {name: tensor.shape for name, tensor in tensors.items()})
    for name, change in delta.changes.items():
        tensors[name] = tensors[name] + change
    facts = {"format": FORMAT, "source": entry.sha256, "model": entry.id, "revision": entry.revision}
    with store.written(folder, facts) as target:
        for part in base.folder.iterdir():
            if part.name not in (WEIGHTS, store.MANIFEST):
                copy = shutil.copytree if part.is_dir() else shutil.copy2
                copy(part, target / part.name)
        _set_prompts(target / "config_sentence_transformers.json", entry)
        save_file(tensors, target / WEIGHTS, metadata={"format": "pt"})
        (target / WEIGHTS).chmod(0o644)
        delta.head.save(target / late.FILE)


def read(entry: ModelEntry, shapes: dict[str, tuple[int, ...]]) -> Delta:
    """The delta of an entry. Raises `ModelCorrupt` when it is absent, damaged or of other tensors."""
    assert entry.delta is not None
    try:
        content = entry.delta.read_bytes()
    except OSError as error:
        raise ModelCorrupt(f"{entry.delta} cannot be read ({error}). Install needmatch again.") from error
    delta = load_delta(content, entry.delta.name, shapes)
    if delta.about.get("base") != entry.base:
        raise ModelCorrupt(
            f"{entry.delta} changes {delta.about.get('base')!r}, expected {entry.base!r}. "
            "Train it again on the model that this version of needmatch carries."
        )
    return delta


def _set_prompts(path: Path, entry: ModelEntry) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["prompts"] = {"query": entry.query_prefix, "document": entry.passage_prefix}
    path.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def checked_texts() -> list[str]:
    """The texts whose vectors go with a delta."""
    return reference_texts()[::4]


def check_against_training(
    entry: ModelEntry, encode: Callable[[Sequence[str]], Float32]
) -> tuple[float, float]:
    """Compare vectors of the unpacked weights with those of the training: mean and least cosine.

    `encode` gives the query vectors of texts in full precision. Raises `ModelCorrupt` when they disagree.
    """
    from safetensors import safe_open

    assert entry.folder is not None
    with safe_open(entry.folder / WEIGHTS, "numpy") as stored:
        shapes = {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118
    expected = read(entry, shapes).reference
    cosines = np.einsum("nd,nd->n", encode(checked_texts()), expected)
    mean, least = float(cosines.mean()), float(cosines.min())
    if not least >= LEAST_COSINE:
        raise ModelCorrupt(
            f"The unpacked {entry.id} does not agree with its training: cosine {least:.5f} at worst, "
            f"expected {LEAST_COSINE}. Delete {entry.folder} and open the model again."
        )
    return mean, least
