"""From a sentence-transformers folder to graphs that OpenVINO runs without torch: built once, then reused.

Two graphs come out, each giving the pooled unit vector, the token vectors and, where the
model has a late head, the small token vectors with their weights, all in one pass:

* `full.xml`: weights as float16, run in bfloat16 or float32, whichever the processor does best;
* `int8.xml`: matrix products in 8 bits (static quantisation with SmoothQuant, calibrated on the shipped
  reference texts, which no measurement uses).

The word embeddings stay float16 in both: a look-up costs no arithmetic, and left so they are mapped from
the file rather than unpacked in memory.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from matcher.errors import ModelCorrupt, ModelMissing
from matcher.protocols import Role
from models import cache as store
from models import late, runtime
from models.cache import Progress
from models.converter import check_against_carrier, reference_texts
from models.registry import ModelEntry, Source
from models.tuned import check_against_training

FORMAT = 1
FULL, INT8, TOKENIZER = "full.xml", "int8.xml", "tokenizer.json"
INT8_MEAN_COSINE = 0.98
"""An 8-bit graph further than this from the full one is kept, but only used when asked for by name."""


def exported(entry: ModelEntry, cache: Path | str | None = None, progress: Progress | None = None) -> Path:
    """The folder with the graphs of a model that has its own `folder`, building them when they are not there.

    Raises `ModelMissing` without openvino or nncf, `ModelCorrupt` when the network cannot be converted or,
    for carried weights, does not agree with its carrier.
    """
    folder = store.cache_folder(cache) / f"{entry.id}-{entry.revision}.openvino"
    if not _is_current(folder, entry):
        with store.locked(folder):
            if not _is_current(folder, entry):  # another process may just have made it
                if progress:
                    progress(f"Building the fast engine of {entry.id} in {folder} (once, about a minute)")
                _export(entry, folder)
    store.verify(folder)
    return folder


def bears_int8(folder: Path) -> bool:
    """Whether the 8-bit graph in a folder of `exported` stayed close enough to the full one to be used."""
    agreement = (store.read_manifest(folder) or {}).get("int8_mean_cosine")
    return isinstance(agreement, float) and agreement >= INT8_MEAN_COSINE


def runtime_version() -> str:
    """The release of OpenVINO, without its build number; raises `ModelMissing` when it is not installed."""
    try:
        return version("openvino")
    except PackageNotFoundError:
        raise ModelMissing(f"OpenVINO, the fast engine, is not installed. {runtime.REMEDY}") from None


def _is_current(folder: Path, entry: ModelEntry) -> bool:
    manifest = store.read_manifest(folder)
    return manifest is not None and manifest.items() >= _origin(entry).items()


def _origin(entry: ModelEntry) -> dict[str, object]:
    """What the graphs in a folder must have been made of and for, to be used again."""
    return {
        "format": FORMAT,
        "model": entry.id,
        "revision": entry.revision,
        "source": entry.sha256 or entry.revision,
        "openvino": runtime_version(),
    }


def _export(entry: ModelEntry, folder: Path) -> None:
    assert entry.folder is not None
    facts = _origin(entry)
    try:
        facts["nncf"] = version("nncf")
    except PackageNotFoundError:
        raise ModelMissing(
            f"nncf, which builds the 8-bit graph, is not installed. {runtime.REMEDY}"
        ) from None
    with store.written(folder, facts) as target, _quietly():
        ov = runtime.openvino()
        try:
            network = _network(entry.folder, target)
        except ImportError as error:
            raise ModelMissing(
                f"Building the fast engine of {entry.id} needs torch and sentence-transformers ({error}). "
                "Install them, or build on another machine and copy the cache."
            ) from error
        except Exception as error:  # each of the libraries below has kinds of its own
            raise ModelCorrupt(
                f"The model in {entry.folder} cannot be converted for OpenVINO ({error}). "
                "Fetch or save it again, or open it with engine='torch'."
            ) from error
        ov.save_model(network, target / FULL, compress_to_fp16=True)
        if entry.source in (Source.CARRIED, Source.TUNED):
            facts["check"] = _checked(entry, target)
        # from the saved graph, not from `network`: its word embeddings are float16 already and stay so
        ov.save_model(_quantised(ov.Core().read_model(target / FULL), entry, target), target / INT8)
        facts["int8_mean_cosine"] = _agreement(entry, target)


def _network(folder: Path, target: Path) -> Any:
    """The network as an OpenVINO model with inputs of any batch and length; writes its tokenizer as well."""
    import torch
    from sentence_transformers import SentenceTransformer

    ov = runtime.openvino()

    head = late.load(folder)

    class Outputs(torch.nn.Module):
        def __init__(self, model: SentenceTransformer) -> None:
            super().__init__()
            self.steps = torch.nn.ModuleList(model)
            if head:
                both = np.vstack([head.projection, head.salience])
                self.head = torch.nn.Linear(both.shape[1], both.shape[0])
                self.head.weight.data = torch.from_numpy(both)
                self.head.bias.data = torch.from_numpy(np.append(head.bias, np.float32(head.salience_bias)))

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            features: dict[str, Any] = {"input_ids": input_ids, "attention_mask": attention_mask}
            for step in self.steps:
                features = step(features)
            pooled = torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)
            tokens = features["token_embeddings"]
            if not head:
                return pooled, tokens
            small = self.head(tokens)
            return pooled, tokens, small[..., :-1], torch.nn.functional.softplus(small[..., -1])

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise ModelCorrupt(
            f"The model in {folder} has no fast tokenizer (tokenizer.json), which this engine needs. "
            "Save one with transformers' AutoTokenizer, or open the model with engine='torch'."
        )
    tokenizer.save(str(target / TOKENIZER), pretty=False)
    if head:
        head.save(target / late.FILE)
    # two texts of unequal length, so that tracing takes the path with padding
    ids = torch.full((2, 9), 5, dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    dynamic = ov.PartialShape([-1, -1])
    with torch.no_grad():
        network = ov.convert_model(
            Outputs(model.eval()),
            example_input={"input_ids": ids, "attention_mask": mask},
            input=[("input_ids", dynamic, ov.Type.i64), ("attention_mask", dynamic, ov.Type.i64)],
        )
    for output, name in zip(network.outputs, ("pooled", "tokens", "late", "weights"), strict=False):
        output.get_tensor().set_names({name})
    return network


def _checked(entry: ModelEntry, target: Path) -> dict[str, float]:
    from models.openvino import OpenVinoEncoder

    encoder = OpenVinoEncoder(entry, target, kind="fp32")
    check = check_against_training if entry.source is Source.TUNED else check_against_carrier
    mean, least = check(entry, lambda texts: encoder.encode(texts, Role.QUERY).pooled)
    return {"mean_cosine": round(mean, 6), "least_cosine": round(least, 6)}


def _agreement(entry: ModelEntry, target: Path) -> float:
    """Mean cosine of the 8-bit to the full vectors on the calibration texts (on the card: on others)."""
    from models.openvino import OpenVinoEncoder

    full, int8 = (
        OpenVinoEncoder(entry, target, kind=kind).encode(reference_texts(), Role.PASSAGE).pooled
        for kind in ("fp32", "int8")
    )
    return round(float(np.einsum("nd,nd->n", full, int8).mean()), 6)


def _quantised(network: Any, entry: ModelEntry, target: Path) -> Any:
    import nncf
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(target / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(entry.max_tokens)
    roles = (Role.QUERY, Role.PASSAGE)
    texts = [entry.prefix(roles[row % 2]) + text for row, text in enumerate(reference_texts())]

    def features(text: str) -> dict[str, Any]:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    return nncf.quantize(
        network,
        nncf.Dataset(texts, features),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(texts),
        ignored_scope=nncf.IgnoredScope(types=["Gather"], validate=False),
    )


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Hush the progress bars, tracer warnings or notes of the libraries about a routine conversion."""
    loud = [logging.getLogger(name) for name in ("nncf", "transformers", "sentence_transformers")]
    levels = [logger.level for logger in loud]
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        for logger in loud:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loud, levels, strict=True):
                logger.setLevel(level)
