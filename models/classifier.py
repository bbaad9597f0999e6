"""The fitted CPV classifier of a model revision, as it ships: vectors and weights, no text of any notice."""

import json
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from matcher.divisions import DivisionClassifier
from matcher.errors import ModelCorrupt
from matcher.protocols import Float32, ModelIdentity

SUFFIX = ".cpv.npz"


def save(classifier: DivisionClassifier, path: Path) -> None:
    """Write the classifier as one npz file: weights in float16, unit vectors in 8 bits (about 3 MB)."""
    about = {
        "model": classifier.model,
        "divisions": classifier.divisions,
        "sharpness": classifier.sharpness,
        "codes": classifier.codes,
        "mixed": classifier.mixed,
    }
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            about=np.array(json.dumps(about)),
            weights=classifier.weights.astype(np.float16),
            bias=classifier.bias.astype(np.float32),
            labels=_eight(classifier.labels),
            known=_eight(classifier.known),
            known_divisions=classifier.known_divisions.astype(np.int16),
            known_weights=classifier.known_weights.astype(np.float16),
        )


def load(content: bytes, name: str) -> DivisionClassifier:
    """The classifier that `save` wrote. Raises `ModelCorrupt` when it cannot be read."""
    try:
        with np.load(BytesIO(content)) as stored:
            about = json.loads(str(stored["about"]))
            return DivisionClassifier(
                about["model"],
                tuple(about["divisions"]),
                stored["weights"].astype(np.float32),
                stored["bias"].astype(np.float32),
                about["sharpness"],
                tuple(about["codes"]),
                _unit(stored["labels"]),
                _unit(stored["known"]),
                stored["known_divisions"].astype(np.int64),
                stored["known_weights"].astype(np.float32),
                tuple(about["mixed"]),
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelCorrupt(
            f"The CPV classifier {name} cannot be read ({error}). Install needmatch again."
        ) from error


def _eight(vectors: Float32) -> NDArray[np.int8]:
    """Unit vectors in 8 bits, each by its own largest part; only their direction is kept."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)
    kept: NDArray[np.int8] = np.rint(vectors / largest * 127).astype(np.int8)
    return kept


def _unit(kept: NDArray[np.int8]) -> Float32:
    vectors = kept.astype(np.float32)
    unit: Float32 = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


def shipped(identity: ModelIdentity) -> DivisionClassifier | None:
    """The classifier that ships for a model revision, None if there is none."""
    file = files("models").joinpath("fitted", f"{identity.id}{SUFFIX}")
    if not file.is_file():
        return None
    classifier = load(file.read_bytes(), file.name)
    return classifier if classifier.model == identity.model else None
