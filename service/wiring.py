"""The one place where engine, model, corpus and settings are joined."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpora.taxonomy.cpv import CpvTable
from matcher.calibrate import FEATURES, LogisticCalibrator
from matcher.classify import Suggester
from matcher.cluster import Grouping
from matcher.duplicates import DuplicateModel
from matcher.embed import Embedder, SqliteCache
from matcher.engine import Engine, Tuning
from matcher.errors import ModelCorrupt, SettingInvalid
from matcher.fuse import FusionWeights
from matcher.protocols import Encoder
from models import classifier, offsets, open_encoder, tunings
from service.settings import Settings

Say = Callable[[str], None]
DUPLICATES = ".duplicates.json"


def open_embedder(settings: Settings, say: Say | None = None, *, keep: bool = True) -> Embedder:
    """The model of the settings with its language offsets; `keep` puts vectors into the disk cache."""
    encoder = open_encoder(
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
    return Tuning(
        FusionWeights(**stored["fusion"]),
        Grouping(**stored["grouping"]),
        LogisticCalibrator.from_json(calibrator) if calibrator else None,
        stored.get("covered", 0.0),
    )


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
    fitted = classifier.shipped(embedder.encoder.identity)
    if fitted is None:
        raise SettingInvalid(
            f"No CPV classifier is fitted for {embedder.encoder.identity.model}. Use the default model, or "
            "fit one with 'needmatch models cpv'."
        )
    return Suggester(embedder, fitted, CpvTable.load().called("en"))


def open_engine(
    path: Path | str | None = None,
    *,
    settings: Settings | None = None,
    say: Say | None = None,
    keep: bool = True,
) -> Engine:
    """An engine with the model of the settings; with what was saved at `path`, or empty.

    `say` hears in words what takes long (converting a model for the first time).
    """
    embedder = open_embedder(settings or Settings(), say, keep=keep)
    tuning = tuning_of(embedder.encoder)
    return Engine(embedder, tuning) if path is None else Engine.load(Path(path), embedder, tuning)
