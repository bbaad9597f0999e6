"""The fitted CPV classifier of a model revision, as it ships: numbers only, no text of any notice."""

import json
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from matcher.divisions import DivisionClassifier
from matcher.errors import ModelCorrupt
from matcher.protocols import ModelIdentity

SUFFIX = ".cpv.npz"


def save(classifier: DivisionClassifier, path: Path) -> None:
    """Write the classifier as one npz file (float16: 40 kB for 45 divisions)."""
    about = {
        "model": classifier.model,
        "divisions": classifier.divisions,
        "sharpness": classifier.sharpness,
    }
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            about=np.array(json.dumps(about)),
            weights=classifier.weights.astype(np.float16),
            bias=classifier.bias.astype(np.float32),
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
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelCorrupt(
            f"The CPV classifier {name} cannot be read ({error}). Install needmatch again."
        ) from error


def shipped(identity: ModelIdentity) -> DivisionClassifier | None:
    """The classifier that ships for a model revision, None if there is none."""
    file = files("models").joinpath("fitted", f"{identity.id}{SUFFIX}")
    if not file.is_file():
        return None
    classifier = load(file.read_bytes(), file.name)
    return classifier if classifier.model == identity.model else None
