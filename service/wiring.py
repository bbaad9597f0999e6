"""The one place where engine, model, corpus and settings are joined."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from corpora.taxonomy.areas import areas
from corpora.taxonomy.cpv import CpvTable
from matcher import pairs, profiles
from matcher.calibrate import FEATURES, LogisticCalibrator
from matcher.classify import Suggester
from matcher.cluster import Grouping
from matcher.duplicates import DuplicateModel
from matcher.embed import Embedder, SqliteCache
from matcher.engine import Engine, Tuning, Vocabulary
from matcher.errors import ModelCorrupt, ModelUnknown, SettingInvalid
from matcher.fuse import FusionWeights
from matcher.lexical import TermStatistics
from matcher.protocols import Encoder, Role
from models import classifier, offsets, open_encoder, tunings
from models.registry import entry
from service.settings import Settings

Say = Callable[[str], None]
DUPLICATES = ".duplicates.json"
REFERENCE = "reference/terms.npz"
"""Within `models`: how common terms are in our own texts (`service.fit.reference`)."""
PAIR_MODELS = {
    "beside": len(pairs.FEATURES),
    "alone": len(pairs.FEATURES),
    "answers": len(profiles.FEATURES),
}
"""The calibrators within what is fitted for grouping, and how many scores each is of."""


def open_embedder(
    settings: Settings, say: Say | None = None, *, keep: bool = True, encoder: Encoder | None = None
) -> Embedder:
    """The model of the settings with its language offsets; `keep` puts vectors into the disk cache.

    `encoder` is the model where it is open already.
    """
    encoder = encoder or open_encoder(
        settings.model, engine=settings.engine, cache=settings.cache, threads=settings.threads, progress=say
    )
    cache = SqliteCache(settings.cache / "vectors.db") if keep else None
    offset = offsets.shipped(encoder.identity)
    fitted = tunings.shipped(encoder.identity)
    if offset is not None and fitted is not None:
        offset = replace(offset, strength=fitted["offset_strength"])
    return Embedder(encoder, offset, cache)


def tuning_of(encoder: Encoder) -> Tuning:
    """What ships as fitted for the model revision; plain defaults, and no level, for any other model.

    Raises `ModelCorrupt` when it was fitted for other scores than the engine has.
    """
    stored: dict[str, Any] | None = tunings.shipped(encoder.identity)
    if stored is None:
        return Tuning()
    calibrator = stored.get("calibrator")
    if calibrator and len(calibrator["coefficients"]) != len(FEATURES):
        raise ModelCorrupt(
            f"The calibrator of {encoder.identity.model} is of {len(calibrator['coefficients'])} scores, "
            f"expected {len(FEATURES)}. Fit it again with 'needmatch models fit'."
        )
    copies = tunings.shipped(encoder.identity, DUPLICATES)
    return Tuning(
        FusionWeights(**stored["fusion"]),
        grouping_of(stored["grouping"]),
        LogisticCalibrator.from_json(calibrator) if calibrator else None,
        DuplicateModel.from_json(copies) if copies else None,
        stored.get("covered", 0.0),
        symmetric(encoder),
    )


def symmetric(encoder: Encoder) -> bool:
    """Whether a model reads a text alike as query and as passage: one prefix, and the same offsets."""
    identity = encoder.identity
    try:
        known = entry(identity.id)
    except ModelUnknown:
        return False
    offset = offsets.shipped(identity)
    one, other = (known.prefix(role) for role in Role)
    alike = offset is None or bool((offset.means[0] == offset.means[1]).all())
    return known.revision == identity.revision and one == other and alike


@cache
def reference_statistics() -> TermStatistics:
    """How common terms are in texts that ship: what an engine weighs words by that must learn from nobody's.

    Raises `ModelCorrupt` when the file cannot be read.
    """
    file = files("models").joinpath(REFERENCE)
    return TermStatistics.load(file.read_bytes(), file.name)


def grouping_of(stored: Mapping[str, Any]) -> Grouping:
    """The thresholds and pair models of grouping, from plain values.

    Raises `ModelCorrupt` when they are of another form, or fitted for other scores than the engine has.
    """
    try:
        models = {
            name: LogisticCalibrator.from_json(stored[name]) if stored[name] else None for name in PAIR_MODELS
        }
        grouping = Grouping(**{**stored, **models})
    except (TypeError, KeyError) as error:
        raise ModelCorrupt(
            f"The grouping fitted for this model is of another form ({error}). "
            "Fit it again with 'needmatch models grouping'."
        ) from error
    for name, scores in PAIR_MODELS.items():
        model = models[name]
        if model and len(model.coefficients) != scores:
            raise ModelCorrupt(
                f"{name!r} of the fitted grouping is of {len(model.coefficients)} scores, expected {scores}. "
                "Fit it again with 'needmatch models grouping'."
            )
    return grouping


def vocabulary() -> Vocabulary:
    """Labels, areas and functions of CPV codes, from the tables that ship."""
    labels, placed = CpvTable.load().called("en"), areas()

    def area(codes: Sequence[str]) -> str | None:
        found = placed.area(codes)
        return found.label if found else None

    def function(codes: Sequence[str]) -> str | None:
        found = placed.function(codes)
        return found.label if found else None

    return Vocabulary(labels.get, area, function)


def duplicate_model(encoder: Encoder) -> DuplicateModel:
    """What tells a need entered twice, as fitted for the model revision.

    Raises `SettingInvalid` for a model it was not fitted for.
    """
    stored = tunings.shipped(encoder.identity, DUPLICATES)
    if stored is None:
        raise SettingInvalid(
            f"Near-duplicates were not fitted for {encoder.identity.model}. Use the default model, or fit "
            "them with 'needmatch models duplicates'."
        )
    return DuplicateModel.from_json(stored)


def open_suggester(settings: Settings, say: Say | None = None) -> Suggester:
    """CPV suggestions with the model of the settings, over the labels that ship.

    Raises `SettingInvalid` for a model without a fitted classifier.
    """
    embedder = open_embedder(settings, say)
    found = suggester_of(embedder)
    if found is None:
        raise SettingInvalid(
            f"No CPV classifier is fitted for {embedder.encoder.identity.model}. Use the default model, or "
            "fit one with 'needmatch models cpv'."
        )
    return found


def suggester_of(embedder: Embedder) -> Suggester | None:
    """CPV suggestions with a model that is open; None for one without a fitted classifier."""
    fitted = classifier.shipped(embedder.encoder.identity)
    return None if fitted is None else Suggester(embedder, fitted, CpvTable.load().called("en"))


def open_engine(
    path: Path | str | None = None,
    *,
    settings: Settings | None = None,
    say: Say | None = None,
    keep: bool = True,
    statistics: TermStatistics | None = None,
) -> Engine:
    """An engine with the model of the settings; with what was saved at `path`, or empty.

    `say` hears in words what takes long (converting a model for the first time). With `statistics`, such as
    `reference_statistics()`, words weigh the same whatever is loaded; else by what is loaded first.
    """
    embedder = open_embedder(settings or Settings(), say, keep=keep)
    tuning = tuning_of(embedder.encoder)
    if path is None:
        return Engine(embedder, tuning, vocabulary(), statistics)
    return Engine.load(Path(path), embedder, tuning, vocabulary(), statistics)
