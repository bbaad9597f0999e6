"""Opening a model by name: finding or making its files, and choosing what runs them."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from matcher.errors import ModelMissing, SettingInvalid
from matcher.protocols import Encoder, Role
from models import processor
from models.converter import converted, ensure_checked
from models.export import bears_int8, exported
from models.hashing import HashingEncoder
from models.registry import DEFAULT, ModelEntry, Source, entry, folder_entry
from models.tuned import tuned

ENGINES = ("auto", "openvino", "openvino-int8", "openvino-bf16", "openvino-fp32", "torch")

# what sentence-transformers reads; exports for other runtimes in the same repository are left there
_HUB_FILES = ("*.json", "*.txt", "*.model", "*.safetensors")
_HUB_LEAVE = ("onnx/*", "openvino/*")


def open_encoder(
    name: str = DEFAULT,
    *,
    engine: str = "auto",
    cache: Path | str | None = None,
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Encoder:
    """The encoder of a model: a known name, a sentence-transformers folder or a hub id.

    The first time, its weights are unpacked (or fetched) and its fast engine is built in the cache;
    `progress` hears of that. `engine` is `auto` (OpenVINO when installed, else torch), `openvino` (8 bits
    where the processor is fast at it and the model bears it, else bfloat16 or float32), one of these by
    name, or `torch`; `identity.engine` tells what came of it. Raises `ModelUnknown`,
    `ModelMissing`, `ModelCorrupt`, or `SettingInvalid` for an unknown engine.

    >>> open_encoder("hashing").identity.key
    'hashing@1/hashing'
    """
    if engine not in ENGINES:
        raise SettingInvalid(f"The engine {engine!r} is unknown. Use one of {', '.join(ENGINES)}.")
    if threads is not None and threads < 1:
        raise SettingInvalid(f"{threads} threads were asked for, expected at least 1, or None for all cores.")
    known = entry(name)
    if known.source is Source.BUILTIN:
        return HashingEncoder(known)
    if engine == "auto":
        engine = "openvino" if find_spec("openvino") else "torch"
    local = _local(known, cache, progress)
    if engine == "torch":
        return _reference(local, threads)
    folder = exported(local, cache, progress)
    if engine == "openvino":
        engine = "openvino-int8" if processor.fast_int8() and bears_int8(folder) else "openvino-bf16"
    from models.openvino import OpenVinoEncoder

    return OpenVinoEncoder(local, folder, kind=engine.removeprefix("openvino-"), threads=threads)


def _local(known: ModelEntry, cache: Path | str | None, progress: Callable[[str], None] | None) -> ModelEntry:
    """The entry with its files on this machine."""
    if known.source is Source.CARRIED:
        return converted(known, cache, progress)
    if known.source is Source.TUNED:
        return tuned(known, cache, progress)
    if known.source is Source.HUB:
        return fetched(known, progress)
    return known


def _reference(local: ModelEntry, threads: int | None) -> Encoder:
    from models.sentence_transformer import SentenceTransformerEncoder

    encoder = SentenceTransformerEncoder(local, threads=threads)
    if local.source is Source.CARRIED:
        ensure_checked(local, lambda texts: encoder.encode(texts, Role.QUERY).pooled)
    return encoder


def fetched(known: ModelEntry, progress: Callable[[str], None] | None = None) -> ModelEntry:
    """The entry of a hub model with its folder: what the hub's cache holds, else fetched.

    The revision becomes that of the fetched files. Raises `ModelMissing` when the hub cannot be reached or
    has no such model.
    """
    hub_id = known.hub_id or known.id
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    def fetch(*, local: bool, files: tuple[str, ...] = _HUB_FILES) -> Path:
        return Path(
            snapshot_download(
                hub_id,
                revision=known.revision,
                allow_patterns=list(files),
                ignore_patterns=list(_HUB_LEAVE),
                local_files_only=local,
            )
        )

    try:
        folder = _complete(fetch(local=True))
        if folder is None:
            raise LocalEntryNotFoundError(f"{hub_id} is in the cache without weights")
    except (LocalEntryNotFoundError, OSError):
        if progress:
            progress(f"Fetching {hub_id} from the model hub (once)")
        try:
            fetched_folder = fetch(local=False)
            # some models come as a torch file only
            folder = _complete(fetched_folder) or fetch(
                local=False, files=(*_HUB_FILES, "pytorch_model*.bin")
            )
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
            raise ModelMissing(
                f"The model {hub_id} is not on this machine and could not be fetched "
                f"({type(error).__name__}). Check the name and the connection, fetch it elsewhere and give "
                f"its folder instead, or use {DEFAULT!r}, which needs no hub."
            ) from error
    found = folder_entry(folder, known=replace(known, revision=folder.name[:12]))
    if known.query_prefix or known.passage_prefix:
        return found
    own = folder_entry(folder)  # not in the registry: its own files say what it wants before a text
    return replace(found, query_prefix=own.query_prefix, passage_prefix=own.passage_prefix)


def _complete(folder: Path) -> Path | None:
    weights = (*folder.rglob("*.safetensors"), *folder.rglob("pytorch_model*.bin"))
    return folder if weights else None
